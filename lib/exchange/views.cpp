// views.cpp: one view a table: its files in groups that are read alike, or the reason why there is none.
// SPDX-License-Identifier: Apache-2.0
#include "exchange/views.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "exchange/sampled.hpp"
#include "exchange/sql_names.hpp"
#include "exchange/sql_words.hpp"
#include "exchange/view_formats.hpp"
#include "exchange/view_readers.hpp"
#include "model/row_sum.hpp"

namespace neurolake::exchange {
namespace {

constexpr std::string_view k_head =
    R"(-- The tables of a lake as views for DuckDB: neurolake catalog export --format duckdb
-- Paths are relative to the lake's folder: start DuckDB there, or first: SET file_search_path = '/path/of/the/lake';
-- Files that came or went since, or moved to the cloud and back, want a new export.
-- A database in a file must not be called as a bucket: DuckDB cannot tell a database from a schema of its name.
)";

std::vector<std::string> output_names(const model::Table& table) {
    std::vector<std::string> out;
    UniqueNames names(SqlDialect::duckdb);
    for (const auto* columns : {&table.columns, &table.partition_columns})
        for (const model::Column& column : *columns)
            out.push_back(names.take(column.name, fmt::format("column{}", out.size() + 1)));
    return out;
}

// Of columns that are called otherwise in the view.
std::string renamed_columns(const model::Table& table, const std::vector<std::string>& names) {
    std::string text;
    std::size_t n = 0;
    for (const auto* columns : {&table.columns, &table.partition_columns})
        for (const model::Column& column : *columns)
            if (const std::string& name = names[n++]; name != column.name)
                text += sql_comment(fmt::format("in the data {} is called: {}", quoted_name(name), column.name)) + "\n";
    return text;
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
                                 column_type(column, SqlDialect::duckdb), quoted_name(names[n]));
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

bool has_no_row(const formats::Profile& profile) {
    return profile.format == "empty" || (profile.columns.empty() && profile.rows == 0 && profile.rows_exact &&
                                         !profile.format.empty() && profile.format != "unknown");
}

// Do the files still hold the rows that the catalog counted?
Status check_count(const model::Table& table, const std::vector<ViewFile>& files) {
    std::uint64_t rows = 0;
    for (const ViewFile& file : files) model::add_rows(rows, file.profile.rows);
    if (!table.rows_exact || rows == table.rows) return {};
    return not_exact(fmt::format("its files hold {} rows, the catalog counts {}", text::with_thousands(rows),
                                 text::with_thousands(table.rows)),
                     "neurolake catalog index");
}

// What stands behind AS. unsupported: why there is no such view.
Result<std::string> body_of(const model::Table& table, const std::vector<ViewFile>& files,
                            const std::vector<std::string>& names) {
    std::vector<ViewGroup> groups;
    for (const ViewFile& file : files) {
        if (has_no_row(file.profile)) continue;
        TRY(ViewGroup group, group_of(file, table).with_context(file.path));
        if ((group.kind != ViewGroup::Kind::csv || !table.partition_columns.empty()) && names_collide(table, names))
            return not_exact("DuckDB cannot tell its columns apart: two names differ in case only", "rename one");
        const auto like = std::ranges::find_if(groups, [&](const ViewGroup& other) { return may_join(other, group); });
        if (like == groups.end())
            groups.push_back(std::move(group));
        else
            like->paths.push_back(file.path);
    }
    TRY_DO(check_count(table, files));
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
        const SqlNames::Name view = m_names.take(table);
        const std::vector<std::string> names = output_names(table);
        if (names.empty())
            return no_view(table, view,
                           not_exact("its columns are not known", "neurolake catalog explain " + table.full_name()));
        TRY(const std::vector<ViewFile> files, m_files_of(table));
        const auto unreachable = std::ranges::find_if(
            files, [](const ViewFile& file) { return !file.refusal.empty() && !has_no_row(file.profile); });
        if (unreachable != files.end()) return failing_view(table, view, files, *unreachable, names);
        auto body = body_of(table, files, names);
        if (!body && body.error().code == Errc::cancelled) return body.error();
        if (!body) return no_view(table, view, body.error());
        ++report.views;
        tell_name(table, view);
        const bool away = std::ranges::any_of(files, &ViewFile::away);
        const std::string text = create(table, view, headline(table, files), renamed_columns(table, names), *body);
        if (!away) return m_sink(schema(view, m_schemas) + text);
        m_last += secrets(files) + schema(view, m_last_schemas) + text;
        return {};
    }

    Status finish() { return m_last.empty() ? Status() : m_sink(m_last); }

    ViewReport report;

private:
    Status no_view(const model::Table& table, const SqlNames::Name& view, const Error& error) {
        report.without.push_back({table.full_name(), error.message, error.hint});
        return m_sink("\n" + sql_comment(fmt::format("{} has no view: {}", table.full_name(), error.message)) + "\n" +
                      (error.hint.empty() ? "" : sql_comment("  what to do: " + error.hint) + "\n") +
                      fmt::format("DROP VIEW IF EXISTS {};\n", view.whole));
    }

    Status failing_view(const model::Table& table, const SqlNames::Name& view, const std::vector<ViewFile>& files,
                        const ViewFile& file, const std::vector<std::string>& names) {
        const std::string why = fmt::format("{}: {}", file.path, file.refusal);
        report.failing.push_back({table.full_name(), why, ""});
        tell_name(table, view);
        return m_sink(schema(view, m_schemas) +
                      create(table, view, headline(table, files) + "\n" + sql_comment("no data to be had here: " + why),
                             renamed_columns(table, names),
                             failing_select(fmt::format("{}: {}", table.full_name(), why), table, names)));
    }

    // Once in each part of the script: the second part is written behind the first.
    static std::string schema(const SqlNames::Name& view, std::set<std::string>& made) {
        if (!made.insert(view.schema).second) return {};
        return fmt::format("\nCREATE SCHEMA IF NOT EXISTS {};\n", view.schema);
    }

    static std::string create(const model::Table& table, const SqlNames::Name& view, const std::string& comment,
                              const std::string& columns, const std::string& body) {
        std::string text = "\n" + comment + "\n" + renamed_comment(table, view) + columns;
        if (table.sampled_rows > 0)
            text += sql_comment("types " + sample_note(table) +
                                "; a later value that does not fit ends a query with an error") +
                    "\n";
        return text + fmt::format("CREATE OR REPLACE VIEW {} AS\n{};\n", view.whole, body);
    }

    static std::string headline(const model::Table& table, const std::vector<ViewFile>& files) {
        const auto away = std::ranges::count_if(files, &ViewFile::away);
        const auto here = static_cast<std::ptrdiff_t>(files.size()) - away;
        std::string line = fmt::format("{}: {} {} here", table.full_name(), here, here == 1 ? "file" : "files");
        return sql_comment(away > 0 ? line + fmt::format(", {} in the cloud", away) : line);
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

    void tell_name(const model::Table& table, const SqlNames::Name& view) {
        if (!view.why.empty()) report.renamed.push_back({table.full_name(), view.whole});
    }

    const FilesOf& m_files_of;
    const Sink& m_sink;
    std::string m_last;  // views of files in the cloud
    std::set<std::string> m_schemas, m_last_schemas, m_secrets;
    SqlNames m_names{SqlDialect::duckdb};
};

}  // namespace

Result<ViewReport> write_views(const Content& content, const FilesOf& files_of, const Sink& sink) {
    TRY_DO(sink(k_head));
    ViewWriter writer(files_of, sink);
    for (const model::Table* table : content.tables) TRY_DO(writer.table(*table));
    TRY_DO(writer.finish());
    return std::move(writer.report);
}

}  // namespace neurolake::exchange
