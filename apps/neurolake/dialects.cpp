// dialects.cpp: from the profiles of a table's files to the ways they are written.
// SPDX-License-Identifier: Apache-2.0
#include "dialects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "formats/csv_description.hpp"
#include "formats/csv_dialect.hpp"
#include "view_files.hpp"

namespace neurolake::apps {

namespace {

std::uint64_t lines_before(const formats::Profile& profile) {
    constexpr std::string_view k_told = "the table begins at line ";
    for (const auto& finding : profile.findings) {
        if (finding.code != "preamble" || !finding.message.starts_with(k_told)) continue;
        std::uint64_t line = 0;
        std::from_chars(finding.message.data() + k_told.size(), finding.message.data() + finding.message.size(), line);
        return line > 0 ? line - 1 : 0;
    }
    return 0;
}

// Of several files: "1 row group a file, written by ...".
std::string text_of_each(const Dialect& dialect) {
    const std::size_t at = dialect.text.find(" row group");
    if (dialect.files < 2 || at == std::string::npos || !dialect.delimited.empty()) return dialect.text;
    const std::size_t end = std::min(dialect.text.find(','), dialect.text.size());
    return dialect.text.substr(0, end) + " a file" + dialect.text.substr(end);
}

Dialect dialect_of(const formats::Profile& profile) {
    Dialect dialect;
    dialect.text = profile.dialect;
    if (!formats::read_description(profile.dialect)) return dialect;
    dialect.delimited = profile.dialect;
    dialect.lines_before = lines_before(profile);
    dialect.decimal_comma = std::ranges::any_of(profile.columns, [](const model::Column& column) {
        return column.evidence.reason.find("; decimal comma") != std::string::npos;
    });
    if (dialect.decimal_comma) dialect.text += "; decimal comma";
    if (dialect.lines_before > 0)
        dialect.text += fmt::format("; {} before the table", counted(dialect.lines_before, "line"));
    return dialect;
}

std::string character(char c) { return c == '\0' ? "" : std::string(1, c); }

}  // namespace

std::vector<Dialect> dialects_of(Session& session, const model::Table& table) {
    std::vector<Dialect> dialects;
    const auto files_of = view_files(session);
    if (!files_of) return dialects;
    const auto files = (*files_of)(table);
    if (!files) return dialects;
    constexpr std::string_view k_buckets = "buckets/";
    for (const exchange::ViewFile& file : *files) {
        if (file.profile.dialect.empty()) continue;
        Dialect dialect = dialect_of(file.profile);
        const auto known = std::ranges::find(dialects, dialect.text, &Dialect::text);
        if (known != dialects.end()) {
            ++known->files;
            continue;
        }
        dialect.files = 1;
        dialect.example = file.path.starts_with(k_buckets) ? file.path.substr(k_buckets.size()) : file.path;
        dialects.push_back(std::move(dialect));
    }
    std::ranges::stable_sort(dialects, std::greater(), &Dialect::files);
    return dialects;
}

void print_dialects(Output& out, const std::vector<Dialect>& dialects) {
    constexpr std::size_t k_most = 5;
    for (std::size_t i = 0; i < std::min(dialects.size(), k_most); ++i) {
        const Dialect& dialect = dialects[i];
        const std::string which = dialects.size() == 1
                                      ? ""
                                      : fmt::format(" ({}{}{})", counted(dialect.files, "file"),
                                                    dialect.files == 1 ? ": " : ", for instance ", dialect.example);
        out.line(fmt::format("  Read as {}{}", out.name(text_of_each(dialect)), out.name(which)));
    }
    if (dialects.size() > k_most) out.line(fmt::format("  and as {} more: --json", dialects.size() - k_most));
}

json::Value dialects_json(const std::vector<Dialect>& dialects) {
    auto list = json::Value::array();
    for (const Dialect& dialect : dialects) {
        auto entry = json::Value::object().set("text", text::to_valid_utf8(dialect.text)).set("files", dialect.files);
        json::set_path(entry, "example", dialect.example);
        if (const auto csv = formats::read_description(dialect.delimited)) {
            entry.set("delimiter", csv->delimiter == formats::k_no_delimiter ? "" : character(csv->delimiter));
            entry.set("quote", character(csv->quote)).set("escape", character(csv->escape));
            entry.set("comment", character(csv->comment)).set("header", csv->header);
            entry.set("encoding", csv->encoding).set("bom", csv->bom);
            entry.set("decimal_mark", dialect.decimal_comma ? "," : ".").set("lines_before", dialect.lines_before);
        }
        list.push(std::move(entry));
    }
    return list;
}

}  // namespace neurolake::apps
