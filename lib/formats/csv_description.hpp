// csv_description.hpp: the words in which describe() told a dialect, read back: for who opens the file elsewhere.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace neurolake::formats {

struct CsvDescription {
    char delimiter = ',';  // k_no_delimiter: one column
    char quote = '"', escape = '\0', comment = '\0';
    bool header = true, bom = false, cr_line_ends = false, mixed_line_ends = false;
    std::string encoding;  // "utf-8", "utf-16le", "windows-1252" ...
};

// The inverse of describe() and of Profile::dialect of delimited text; nullopt for anything else.
std::optional<CsvDescription> read_description(std::string_view text);

}  // namespace neurolake::formats
