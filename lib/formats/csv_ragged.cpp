// csv_ragged.cpp: the names in the first line say what separates cells where the lines behind it have fewer of them.
// SPDX-License-Identifier: Apache-2.0
#include "formats/csv_ragged.hpp"

#include <algorithm>
#include <unordered_set>

#include "base/text.hpp"
#include "formats/csv_dialect.hpp"
#include "formats/local_spelling.hpp"
#include "formats/value_shapes.hpp"

namespace neurolake::formats {
namespace {

constexpr std::size_t k_least_names = 3;  // of two, lines of one cell would be as good as none
constexpr std::size_t k_least_lines = 2;
constexpr std::size_t k_longest_name = 64;
constexpr std::size_t k_lone_share = 10;  // one line in so many may have a single cell

using Cells = std::vector<HandRow::Piece>;
using Names = std::unordered_set<std::string_view>;

Cells cells_of(std::string_view text, const SampledRow& row, const SeparatorSet& set) {
    return split_row(text.substr(row.begin, row.end - row.begin), set, true, Quotes::known).cells;
}

bool is_blank(std::string_view text, const SampledRow& row) {
    return text.substr(row.begin, row.end - row.begin).find_first_not_of("\r\n") == std::string_view::npos;
}

// No value, and no piece of JSON, of a log or of markup.
bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= k_longest_name && name.find_first_of("{}<>=\"") == std::string_view::npos &&
           is_word(name) && null_word(name) < 0 && !looks_personal(name);
}

// Where blanks stand behind delimiters, as behind the commas of a sentence, a name is a single word.
Names names_in(const Cells& cells) {
    const bool spaced =
        std::any_of(cells.begin() + 1, cells.end(), [](const auto& cell) { return cell.text.starts_with(' '); });
    Names names;
    for (const auto& cell : cells) {
        const std::string_view name = text::trim(cell.text);
        if (!is_name(name) || (spaced && name.find(' ') != std::string_view::npos)) return {};
        names.insert(name);
    }
    return names.size() == cells.size() ? names : Names();
}

}  // namespace

std::uint32_t ragged_delimiters(std::string_view text, const std::vector<SampledRow>& rows, std::size_t candidate,
                                const SeparatorSet& quoting) {
    const auto header = std::ranges::find_if(rows, [&](const auto& row) { return !row.hash && !is_blank(text, row); });
    if (header == rows.end() || header->counts[candidate] + 1 < k_least_names) return 0;
    SeparatorSet set = quoting;
    set.delimiter = k_candidates[candidate];
    const Cells first = cells_of(text, *header, set);
    if (first.size() != header->counts[candidate] + std::size_t{1}) return 0;  // of odd quotes
    const Names names = names_in(first);
    if (names.empty()) return 0;
    std::size_t lines = 0, lone = 0;
    for (auto row = header + 1; row != rows.end(); ++row) {
        const std::uint32_t delimiters = row->counts[candidate];
        if (delimiters > header->counts[candidate] || (row->hash && delimiters > 0)) return 0;
        if (row->hash || is_blank(text, *row)) continue;
        ++lines;
        lone += delimiters == 0;
        const auto is_known = [&](const auto& cell) { return names.contains(text::trim(cell.text)); };
        if (std::ranges::any_of(cells_of(text, *row, set), is_known)) return 0;  // lists of things have no names
    }
    return lines >= k_least_lines && lone * k_lone_share <= lines ? header->counts[candidate] : 0;
}

}  // namespace neurolake::formats
