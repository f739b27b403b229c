// parquet_bounds.hpp: minimum and maximum of a column from the statistics of its row groups.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "formats/parquet_footer.hpp"
#include "formats/value_text.hpp"

namespace neurolake::formats {

// One value of a column in a form that compares in the type's own order.
using ParquetValue = std::variant<std::monostate, WideInteger, double, std::string>;

// monostate where the type has no simple order or the bytes do not fit it.
ParquetValue decode_parquet_value(const ParquetElement& element, const model::Type& type, std::string_view bytes);
std::optional<std::string> parquet_value_text(const ParquetElement& element, const model::Type& type,
                                              const ParquetValue& value);

// Gathers one column over all row groups. A group without statistics makes the bounds unknown.
class ParquetBounds {
public:
    void add(const ParquetElement& element, const model::Type& type, const ParquetChunk& chunk, std::int64_t rows);

    bool nulls_known() const { return m_nulls_known; }
    std::uint64_t nulls() const { return m_nulls; }
    std::optional<std::string> min(const ParquetElement& element, const model::Type& type) const;
    std::optional<std::string> max(const ParquetElement& element, const model::Type& type) const;

private:
    bool m_known = true, m_nulls_known = true;
    std::uint64_t m_nulls = 0;
    ParquetValue m_min, m_max;
};

}  // namespace neurolake::formats
