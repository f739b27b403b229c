// view_look.hpp: what only a look at the file tells of how DuckDB will read it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

#include "exchange/views.hpp"
#include "formats/csv_description.hpp"

namespace neurolake::exchange {

// Of a file with quotes inside cells, comments, or another encoding than UTF-8: whether DuckDB reads each line as we
// do, with the comments taken for rows and left out by their first character. Reads the whole file (1 MiB at a time).
// unsupported: it does not, or the file is not here to be looked at.
Status check_odd_lines(const ViewFile& file, const formats::CsvDescription& dialect, std::uint64_t lines_before);

// How many lines DuckDB must skip before the table: lines_before, and blank lines that
// DuckDB would take for rows (of one column) or for the header (UTF-16). Looks at the file's beginning where there
// could be any. unsupported: a cell before the table begins with a quote, or the file is not here to be looked at.
Result<std::uint64_t> lines_to_skip(const ViewFile& file, const formats::CsvDescription& dialect,
                                    std::uint64_t lines_before);

// Do some lines end in LF and others in CRLF? Looks at the first and the last MiB, as who appends to a file begins
// anew; a query would fail, not lie. Of a file that is not here: no, as nothing tells.
Result<bool> has_two_line_ends(const ViewFile& file);

// The file's bytes, inflated, piece by piece, until `take` returns false. unsupported: the file is not here.
Status look_through(const ViewFile& file, const std::function<bool(std::string_view)>& take);

// Does it begin as text in UTF-16 does? unsupported: the file is not here.
Result<bool> is_utf16(const ViewFile& file);

// The first character that is no blank; 0 where there is none. unsupported: the file is not here.
Result<char> first_character(const ViewFile& file);

}  // namespace neurolake::exchange
