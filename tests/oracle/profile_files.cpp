// profile_files.cpp: prints what formats makes of files, one JSON object a line, for the tests that compare with other
// readers.
// SPDX-License-Identifier: Apache-2.0
//
// Usage: profile_files < NAMES      one path a line
#include <fcntl.h>
#include <fmt/format.h>

#include <iostream>
#include <string>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "formats/formats.hpp"

using namespace neurolake;

namespace {

json::Value describe(const std::string& path) {
    json::Object out;
    out.emplace_back("path", path);
    auto file = open_file(path, O_RDONLY);
    if (!file) {
        out.emplace_back("error", file.error().message);
        return out;
    }
    const CancelFlag never;
    const auto profile = formats::profile(file->get(), path.substr(path.rfind('/') + 1), {}, never);
    if (!profile) {
        out.emplace_back("error", profile.error().message);
        return out;
    }
    out.emplace_back("format", profile->format);
    out.emplace_back("dialect", profile->dialect);
    out.emplace_back("rows", profile->rows);
    out.emplace_back("rows_exact", profile->rows_exact);
    json::Array columns, findings;
    for (model::Column column : profile->columns) {
        for (auto* text : {&column.evidence.min, &column.evidence.max})
            if (*text) *text = text::to_valid_utf8(**text);
        column.name = text::to_valid_utf8(column.name);
        columns.push_back(model::to_json(column));
    }
    for (const model::Finding& finding : profile->findings) findings.push_back(model::to_json(finding));
    out.emplace_back("columns", std::move(columns));
    out.emplace_back("findings", std::move(findings));
    return out;
}

}  // namespace

int main() {
    for (std::string path; std::getline(std::cin, path);) std::cout << json::dump(describe(path)) << '\n' << std::flush;
}
