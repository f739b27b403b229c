// ddl.cpp: CREATE TABLE statements for the tables of the catalog.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <limits>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "exchange/exchange.hpp"
#include "exchange/sampled.hpp"
#include "exchange/sql_names.hpp"
#include "exchange/sql_words.hpp"

namespace neurolake::exchange {
namespace {

// The most columns that a table may have: SQLITE_MAX_COLUMN as it is built by default, PostgreSQL's
// MaxHeapAttributeNumber.
std::size_t most_columns(SqlDialect dialect) {
    if (dialect == SqlDialect::sqlite) return 2000;
    return dialect == SqlDialect::postgresql ? 1600 : std::numeric_limits<std::size_t>::max();
}

// A column in the words of the database.
struct SqlColumn {
    const model::Column* column;
    std::string name, type, note;  // note: what the database cannot say itself
};

std::string note_of(const model::Column& column, const std::string& name, SqlDialect dialect) {
    std::string note;
    if (name != column.name) note = "in the data: " + column.name;
    const auto kind = column.type.kind;
    const bool nested = !column.type.fields.empty() && dialect != SqlDialect::duckdb;
    const bool as_text = kind != model::TypeKind::text && kind != model::TypeKind::unknown &&
                         column_type(column, dialect) == sql_type(model::TypeKind::text, dialect);
    if (nested || as_text || kind == model::TypeKind::unknown)
        note += (note.empty() ? "" : "; ") + model::to_string(column.type);
    if (as_text && is_finer_than_microseconds(column)) note += " with nanoseconds";
    return note;
}

std::vector<SqlColumn> sql_columns(const model::Table& table, SqlDialect dialect) {
    std::vector<SqlColumn> out;
    UniqueNames names(dialect);
    for (const auto* columns : {&table.columns, &table.partition_columns})
        for (const model::Column& column : *columns) {
            std::string name = names.take(column.name, fmt::format("column{}", out.size() + 1));
            std::string note = note_of(column, name, dialect);
            out.push_back({&column, std::move(name), column_type(column, dialect), std::move(note)});
        }
    return out;
}

// What a person should read at the column: its description, and that it is about people.
std::string words_of(const model::Column& column) {
    std::string words = column.description;
    if (column.pii) {
        const std::string about = column.semantic.empty() ? "personal data" : "personal data: " + column.semantic;
        words += words.empty() ? about : fmt::format(" ({})", about);
    }
    return words;
}

class DdlWriter {
public:
    DdlWriter(SqlDialect dialect, const Sink& sink) : m_dialect(dialect), m_sink(sink), m_names(dialect) {}

    Status table(const model::Table& table) {
        if (!table.deleted_at.empty()) return {};
        const auto columns = sql_columns(table, m_dialect);
        if (columns.empty()) return leave_out(table, "its columns are not known");
        if (columns.size() > most_columns(m_dialect))
            return leave_out(table, fmt::format("no table, its {} columns are more than the {} that {} takes",
                                                text::with_thousands(columns.size()),
                                                text::with_thousands(most_columns(m_dialect)), to_string(m_dialect)));
        ++m_report.tables;
        const SqlNames::Name called = m_names.take(table);
        const std::string& name = called.whole;
        TRY_DO(schema(called.schema));
        std::string text = "\n" + renamed_comment(table, called);
        if (!called.why.empty()) m_report.renamed.push_back({table.full_name(), name});
        if (table.sampled_rows > 0) text += sql_comment("types " + sample_note(table)) + "\n";
        text += fmt::format("CREATE TABLE {} (\n", name);
        for (const SqlColumn& column : columns) text += line(column, &column == &columns.back());
        text += ");\n";
        if (m_dialect == SqlDialect::sqlite) {
            if (!table.description.empty()) text += sql_comment(table.description) + "\n";
        } else {
            text += comments(table, columns, name);
        }
        return m_sink(text);
    }

    DdlReport report() && { return std::move(m_report); }

private:
    Status leave_out(const model::Table& table, std::string why) {
        TRY_DO(m_sink("\n" + sql_comment(fmt::format("{}: {}", table.full_name(), why)) + "\n"));
        m_report.without.push_back({table.full_name(), std::move(why), ""});
        return {};
    }

    Status schema(const std::string& name) {
        if (name.empty() || !m_schemas.insert(name).second) return {};
        return m_sink(fmt::format("\nCREATE SCHEMA IF NOT EXISTS {};\n", name));
    }

    std::string line(const SqlColumn& column, bool last) const {
        std::string note = column.note;
        if (const std::string words = words_of(*column.column); m_dialect == SqlDialect::sqlite && !words.empty())
            note = words + (note.empty() ? "" : fmt::format(" [{}]", note));
        return fmt::format("    {} {}{}{}{}\n", quoted_name(column.name), column.type,
                           column.column->nullable ? "" : " NOT NULL", last ? "" : ",",
                           note.empty() ? "" : " " + sql_comment(note));
    }

    static std::string comments(const model::Table& table, const std::vector<SqlColumn>& columns,
                                const std::string& name) {
        std::string text;
        if (!table.description.empty())
            text += fmt::format("COMMENT ON TABLE {} IS {};\n", name, quoted_text(table.description));
        for (const SqlColumn& column : columns)
            if (const std::string words = words_of(*column.column); !words.empty())
                text +=
                    fmt::format("COMMENT ON COLUMN {}.{} IS {};\n", name, quoted_name(column.name), quoted_text(words));
        return text;
    }

    SqlDialect m_dialect;
    const Sink& m_sink;
    DdlReport m_report;
    SqlNames m_names;
    std::set<std::string> m_schemas;  // that were made
};

}  // namespace

Result<DdlReport> write_ddl(const Content& content, SqlDialect dialect, const Sink& sink) {
    TRY_DO(sink(
        fmt::format("-- The tables of a lake for {}: neurolake catalog export --format ddl --dialect {}\n\nBEGIN;\n",
                    to_string(dialect), to_string(dialect))));
    DdlWriter writer(dialect, sink);
    for (const model::Table* table : content.tables) TRY_DO(writer.table(*table));
    TRY_DO(sink("\nCOMMIT;\n"));
    return std::move(writer).report();
}

}  // namespace neurolake::exchange
