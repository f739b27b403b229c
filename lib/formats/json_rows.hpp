// json_rows.hpp: JSON documents of a buffer, one row each, go into one shape; bad ones are told, never half counted.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/json_shape.hpp"
#include "formats/oddities.hpp"

namespace neurolake::formats {

class JsonRows {
public:
    JsonRows();
    JsonRows(JsonRows&&) noexcept;
    JsonRows& operator=(JsonRows&&) noexcept;
    ~JsonRows();

    // Whole lines, a document each, or several. If one is bad, its line is told, nothing of it counts, and the others
    // do.
    void take_lines(std::string_view lines);
    // One whole document, or with `commas` several with a comma between. False: not JSON; nothing of the bad one
    // counts, and lines() is where it begins.
    bool take_documents(std::string_view documents, bool commas);
    void count_huge_row();
    void skip_lines(std::uint64_t lines) { m_lines += lines; }
    void stop_after(std::uint64_t rows) { m_max_rows = rows; }
    bool is_full() const { return m_rows + m_value_rows >= m_max_rows; }
    // Each document that counts, as it stands in the text (valid during the call); "" for a row too large to look at.
    using Seen = std::function<void(std::string_view document)>;
    void show_to(Seen seen) { m_seen = std::move(seen); }

    void merge(JsonRows& next);

    std::uint64_t rows() const { return m_rows; }
    std::uint64_t lines() const { return m_lines; }
    const JsonShape& root() const { return m_root; }
    // Documents that are no objects, when there is no object at all: rows of one value each.
    bool has_only_values() const { return m_rows == 0 && m_value_rows > 0; }
    std::uint64_t value_rows() const { return m_value_rows; }
    const JsonShape& values() const { return m_values; }
    // Fields of objects one deeper are columns, too.
    void spread() { m_column_depth = 1; }
    Oddities& oddities() { return m_oddities; }
    // Keys for which there was no room: merged with other rows they may have been columns.
    bool left_keys_out() const { return m_budget.refused; }
    // A good document of more than one line was met where each should have one.
    bool spans_lines() const { return m_spans_lines; }

private:
    class Walker;
    struct Parser;

    bool index(std::string_view text);
    std::size_t walk(std::string_view text, bool commas);
    std::size_t walk_lines(std::string_view lines, std::uint64_t& newlines);
    bool walk_line(std::string_view line);
    void take_line(std::string_view line);

    std::unique_ptr<Parser> m_parser;
    JsonShape m_root, m_values{true};
    ShapeBudget m_budget;
    Oddities m_oddities;
    std::uint64_t m_rows = 0, m_value_rows = 0, m_lines = 0, m_max_rows = ~std::uint64_t{0};
    std::uint64_t m_objects = 0;  // of any depth, for telling a key that stands twice in one
    unsigned m_column_depth = 0;
    bool m_spans_lines = false;
    Seen m_seen;
    std::string m_repaired;  // a line whose invalid UTF-8 was replaced
};

}  // namespace neurolake::formats
