// written.hpp: what the cells of several files of delimited text make of one column together.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "index/tree.hpp"
#include "model/table.hpp"

namespace neurolake::index {

// How the file writes the column at this place; null where it is not known.
const formats::WrittenAs* written_of(const File& file, std::size_t column);

// The bounds of a column that is text because of some file, made of how each file writes its cells.
class Texts {
public:
    void look(const File& file, const model::Column& column, const formats::WrittenAs* written);
    // Cells of nothing but quotes that files took for null: values of text.
    std::uint64_t empty() const { return m_empty; }
    // Sets min and max where every file's are known.
    void fill_bounds(model::Evidence& evidence) const;

private:
    bool m_known = true;
    std::uint64_t m_empty = 0;
    std::optional<std::string> m_min, m_max;
};

// The type of numbers of which one file alone has too many digits for a double, or zeros that a double would drop: a
// decimal with room for the digits of all.
class Digits {
public:
    void look(const std::string& path, const model::Column& column, const formats::WrittenAs* written);
    // nullopt: the files' types say all, or the digits of some are not known.
    std::optional<model::Type> type() const;
    // Type, bounds and the reason of the file that forced it; nothing where type() has none.
    void settle(model::Column& column) const;

private:
    bool m_known = true, m_exact = false, m_long = false, m_fractions = false;
    std::uint64_t m_whole = 0, m_scale = 0;
    std::optional<std::string> m_min, m_max;
    bool m_bounds_known = true;
    const model::Column* m_because = nullptr;
    std::string m_because_path;
};

}  // namespace neurolake::index
