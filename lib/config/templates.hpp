// templates.hpp: the texts of config-templates/*.yaml; defined in a source file that the build makes of them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace neurolake::config {

struct Template {
    std::string_view name, text;
};
std::span<const Template> templates();

}  // namespace neurolake::config
