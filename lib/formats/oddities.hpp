// oddities.hpp: what is wrong with rows, counted by kind with the first few lines, and told as one finding a kind.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "model/table.hpp"

namespace neurolake::formats {

enum class Oddity : std::uint8_t {
    short_row,           // fewer cells than columns: the missing ones are null
    long_row,            // more: the surplus is not looked at
    stray_quote,         // a quote where none belongs: read as a plain character
    unterminated_quote,  // never closed: the row ends at its line's end
    huge_row,            // beyond the limit: counted, not looked at
    invalid_utf8,        // bytes that are no UTF-8: kept as they are
    zero_byte,           // a binary zero in text
    bad_line,            // no JSON: not counted as a row
    not_an_object,       // a JSON value that is no object: not counted as a row
    duplicate_key,       // twice in one object: the types hold both values
    too_deep,            // nesting beyond the limit: typed json from there
};
inline constexpr std::size_t k_oddities = 11;

// Lines are counted from 0 within the part scanned; merge() shifts them.
class Oddities {
public:
    void note(Oddity kind, std::uint64_t line, std::uint64_t detail = 0);
    void merge(const Oddities& other, std::uint64_t line_offset);
    std::uint64_t count(Oddity kind) const { return m_kinds[static_cast<std::size_t>(kind)].count; }
    void forget(Oddity kind) { m_kinds[static_cast<std::size_t>(kind)] = {}; }
    // One finding a kind, lines counted from 1. `columns` is how many cells a row should have.
    void report(std::vector<model::Finding>& findings, std::size_t columns) const;

private:
    static constexpr std::size_t k_kept = 5;
    struct Kind {
        std::uint64_t count = 0, detail = 0;  // the detail is of the first line
        std::size_t kept = 0;
        std::array<std::uint64_t, k_kept> lines{};
    };
    std::array<Kind, k_oddities> m_kinds;
};

}  // namespace neurolake::formats
