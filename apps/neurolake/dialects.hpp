// dialects.hpp: how the text files of a table are written, as the last index read them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "model/table.hpp"
#include "session.hpp"

namespace neurolake::apps {

// One way in which files of a table are written: "delimiter ;, quote ", header, utf-8; decimal comma; 2 lines before
// the table". The example is the first of the files, "bucket/path".
struct Dialect {
    std::string text, example;
    std::string delimited;  // for formats::read_description; "" where there are no delimiters
    std::uint64_t files = 0, lines_before = 0;
    bool decimal_comma = false;
};
// Most files first. Empty for formats that leave nothing open, and where the profiles cannot be read.
std::vector<Dialect> dialects_of(Session& session, const model::Table& table);

void print_dialects(Output& out, const std::vector<Dialect>& dialects);
json::Value dialects_json(const std::vector<Dialect>& dialects);

}  // namespace neurolake::apps
