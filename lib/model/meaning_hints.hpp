// meaning_hints.hpp: what the name of a column says about its values.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace neurolake::model {

// The words of a column's name ("customerEmail", "E-Mail_2") that hint at a meaning, in several languages.
class NameHints {
public:
    explicit NameHints(std::string_view column_name);
    bool says(std::string_view semantic) const;  // "email", "phone" ...; also "version"

private:
    std::uint32_t m_said = 0;  // a bit for each known meaning
};

}  // namespace neurolake::model
