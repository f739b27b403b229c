// csv_dialect.hpp: how delimited text is written: delimiter, line ends, where the table begins; and one row by hand.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/csv_separators.hpp"

namespace neurolake::formats {

// Of one table: more would take more memory than a file may, in the catalog above all.
inline constexpr std::size_t k_max_columns = 10000;
inline constexpr char k_no_delimiter = '\x1f';  // a table of one column

struct CsvDialect {
    SeparatorSet set;
    std::size_t columns = 1;         // of most rows, or of the first row if that has more
    char comment = '\0';             // lines that begin with it are no rows
    std::size_t preamble_bytes = 0;  // BOM, title lines and comments before the table
    std::uint64_t preamble_lines = 0;
    std::uint64_t preamble_comments = 0;  // of these lines, those whose very first byte (no BOM before it) is `comment`
    bool spread_names = false;            // empty cells stand between the names, for the eye: they name nothing
    bool has_bom = false;
    bool convincing = false;      // several rows agree on several columns
    bool mixed_newlines = false;  // LF and lone CR both end rows: only the text with one kind of line end can be read
    bool is_cut = false;          // a quoted cell goes on behind the sample and few rows stand before it: a longer
                                  // sample tells more
};

// From the beginning of the file (whole file or at least a few KiB). `prefer` is tried first ('\t' for .tsv), 0 = none.
CsvDialect detect_dialect(std::string_view sample, bool sample_is_whole, char prefer);
std::string describe(const CsvDialect& dialect, bool header, std::string_view encoding);

// Is it a word, as the names of columns are? "NA" and "-" are no values.
bool is_word(std::string_view text);

// One row parsed character by character, by rules that know every odd quote.
struct HandRow {
    struct Piece {
        std::string text;
        bool quoted = false;
    };
    std::vector<Piece> cells;    // one more than k_max_columns at most
    std::size_t cell_count = 0;  // of all
    std::size_t bytes = 0;       // with its newline; 0: the row is not whole
    std::uint64_t lines = 0;     // newlines in it, its own included
    bool stray_quote = false;
};
enum class Quotes { known, literal };
// `at_end`: nothing follows `text`, so the last row needs no newline. With Quotes::literal a quote is a plain
// character.
HandRow split_row(std::string_view text, const SeparatorSet& set, bool at_end, Quotes quotes);

}  // namespace neurolake::formats
