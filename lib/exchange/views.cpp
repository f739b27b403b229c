// views.cpp: one view a table: its files in groups that are read alike, or the reason why they cannot be read.
// SPDX-License-Identifier: Apache-2.0
#include "exchange/views.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "exchange/sql_words.hpp"
#include "exchange/view_readers.hpp"

namespace neurolake::exchange {
namespace {

constexpr std::string_view k_head =
    R"(-- The tables of a lake as views for DuckDB: neurolake catalog export --format duckdb
-- Paths are relative to the lake's folder: start DuckDB there, or first: SET file_search_path = '/path/of/the/lake';
-- Files that came or went since, or moved to the cloud and back, want a new export.
)";

constexpr std::string_view k_not_for_duckdb[] = {"ncf", "avro", "unknown", "orc", "arrow"};

std::vector<std::string> output_names(const model::Table& table) {
    std::vector<std::string> out;
    UniqueNames names(SqlDialect::duckdb);
    for (const auto* columns : {&table.columns, &table.partition_columns})
        for (const model::Column& column : *columns)
            out.push_back(names.take(column.name, fmt::format("column{}", out.size() + 1)));
    return out;
}

// Readers that know columns by name cannot tell "a" and "A" apart.
bool names_collide(const model::Table& table, const std::vector<std::string>& names) {
    std::size_t n = 0;
    for (const auto* columns : {&table.columns, &table.partition_columns})
        for (const model::Column& column : *columns)
            if (names[n++] != column.name) return true;
    return false;
}

// The table's columns, each as CAST(value AS its type), behind a condition.
std::string select_all_as(const std::string& value, const model::Table& table, const std::vector<std::string>& names,
                          const std::string& where) {
    std::string cells;
    std::size_t n = 0;
    for (const auto* columns : {&table.columns, &table.partition_columns})
        for (const model::Column& column : *columns) {
            cells += fmt::format("{}CAST({} AS {}) AS {}", n ? ", " : "", value,
                                 sql_type(column.type, SqlDialect::duckdb), quoted_name(names[n]));
            ++n;
        }
    return fmt::format("SELECT {}\nFROM range(1) WHERE {}", cells, where);
}

// error() is each column and the condition: DuckDB leaves out what a query does not ask for, and would answer a
// question about NULLs without looking.
std::string failing_select(const std::string& why, const model::Table& table, const std::vector<std::string>& names) {
    const std::string error = fmt::format("error({})", quoted_text(why));
    return select_all_as(error, table, names, error + " IS NOT NULL");
}

// What stands behind AS. unsupported: why there is no such view.
Result<std::string> body_of(const model::Table& table, const std::vector<ViewFile>& files,
                            const std::vector<std::string>& names) {
    std::vector<ViewGroup> groups;
    for (const ViewFile& file : files) {
        if (file.profile.format == "empty" ||
            (file.profile.columns.empty() && file.profile.rows == 0 && !file.profile.format.empty()))
            continue;  // no row in it
        if (!file.refusal.empty()) return Error(Errc::unsupported, fmt::format("{}: {}", file.path, file.refusal));
        TRY(ViewGroup group, group_of(file, table).with_context(file.path));
        if (group.kind != ViewGroup::Kind::csv && names_collide(table, names))
            return Error(Errc::unsupported, "DuckDB cannot tell its columns apart: two names differ in case only");
        const auto like = std::ranges::find_if(groups, [&](const ViewGroup& other) { return may_join(other, group); });
        if (like == groups.end())
            groups.push_back(std::move(group));
        else
            like->paths.push_back(file.path);
    }
    if (groups.empty()) return select_all_as("NULL", table, names, "false");
    std::string body;
    for (const ViewGroup& group : groups)
        body += (body.empty() ? "" : "\nUNION ALL\n") + select_of(group, table, names);
    return body;
}

class ViewWriter {
public:
    ViewWriter(const FilesOf& files_of, const Sink& sink) : m_files_of(files_of), m_sink(sink) {}

    Status table(const model::Table& table) {
        if (!table.deleted_at.empty()) return {};
        const std::string name = table.full_name();
        if (std::ranges::find(k_not_for_duckdb, table.format) != std::end(k_not_for_duckdb))
            return m_sink(
                "\n" + sql_comment(fmt::format("{}: no view, DuckDB does not read {}", name, of_format(table))) + "\n");
        const std::vector<std::string> names = output_names(table);
        if (names.empty()) return m_sink("\n" + sql_comment(name + ": no view, its columns are not known") + "\n");
        TRY(const std::vector<ViewFile> files, m_files_of(table));
        std::string text = secrets(files);
        if (m_schemas.insert(table.bucket).second)
            text += fmt::format("\nCREATE SCHEMA IF NOT EXISTS {};\n", quoted_name(table.bucket));
        auto body = body_of(table, files, names);
        text += "\n" + sql_comment(headline(table, files)) + "\n";
        if (!body) text += sql_comment("no data to be had here: " + body.error().message) + "\n";
        const std::string select =
            body ? std::move(*body) : failing_select(fmt::format("{}: {}", name, body.error().message), table, names);
        text += fmt::format("CREATE OR REPLACE VIEW {}.{} AS\n{};\n", quoted_name(table.bucket),
                            quoted_name(take_name(table)), select);
        return m_sink(text);
    }

private:
    static std::string of_format(const model::Table& table) {
        if (table.format == "unknown") return "its format";
        return table.format == "avro" ? "avro without its extension of that name" : table.format;
    }

    static std::string headline(const model::Table& table, const std::vector<ViewFile>& files) {
        const auto away = std::ranges::count_if(files, &ViewFile::away);
        const auto here = static_cast<std::ptrdiff_t>(files.size()) - away;
        std::string line = fmt::format("{}: {} {} here", table.full_name(), here, here == 1 ? "file" : "files");
        return away > 0 ? line + fmt::format(", {} in the cloud", away) : line;
    }

    std::string secrets(const std::vector<ViewFile>& files) {
        std::string text;
        for (const ViewFile& file : files)
            if (!file.secret.empty() && m_secrets.insert(file.secret).second)
                text += fmt::format(
                    "\n-- For the files at s3:// below, once in each session:\n{}\n{}\n",
                    sql_comment("  INSTALL httpfs; LOAD httpfs;"),
                    sql_comment(fmt::format("  CREATE SECRET (TYPE s3, PROVIDER credential_chain{});", file.secret)));
        return text;
    }

    std::string take_name(const model::Table& table) {
        return m_names.try_emplace(table.bucket, SqlDialect::duckdb).first->second.take(table.name, "table");
    }

    const FilesOf& m_files_of;
    const Sink& m_sink;
    std::set<std::string> m_schemas, m_secrets;
    std::map<std::string, UniqueNames> m_names;
};

}  // namespace

Status write_views(const Content& content, const FilesOf& files_of, const Sink& sink) {
    TRY_DO(sink(k_head));
    ViewWriter writer(files_of, sink);
    for (const model::Table* table : content.tables) TRY_DO(writer.table(*table));
    return {};
}

}  // namespace neurolake::exchange
