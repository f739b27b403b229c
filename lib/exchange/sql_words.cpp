// sql_words.cpp: quoting, type names and unique names of DuckDB, PostgreSQL and SQLite.
// SPDX-License-Identifier: Apache-2.0
#include "exchange/sql_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace neurolake::exchange {

using model::Type;
using model::TypeKind;

namespace {

constexpr std::pair<SqlDialect, std::string_view> k_dialects[] = {
    {SqlDialect::duckdb, "duckdb"}, {SqlDialect::postgresql, "postgresql"}, {SqlDialect::sqlite, "sqlite"}};

constexpr std::size_t k_postgresql_name = 63;  // NAMEDATALEN - 1: what is longer is cut, and two names may become one
constexpr int k_sqlite_exact_digits = 15;      // of a number with decimals, which SQLite keeps as a double

// One row a plain type: how each database calls the type that holds all its values.
struct PlainType {
    TypeKind kind;
    std::string_view duckdb, postgresql, sqlite;
};
constexpr PlainType k_plain_types[] = {
    {TypeKind::unknown, "VARCHAR", "text", "TEXT"},
    {TypeKind::boolean, "BOOLEAN", "boolean", "BOOLEAN"},
    {TypeKind::int8, "TINYINT", "smallint", "INTEGER"},
    {TypeKind::int16, "SMALLINT", "smallint", "INTEGER"},
    {TypeKind::int32, "INTEGER", "integer", "INTEGER"},
    {TypeKind::int64, "BIGINT", "bigint", "INTEGER"},
    {TypeKind::uint8, "UTINYINT", "smallint", "INTEGER"},
    {TypeKind::uint16, "USMALLINT", "integer", "INTEGER"},
    {TypeKind::uint32, "UINTEGER", "bigint", "INTEGER"},
    {TypeKind::uint64, "UBIGINT", "numeric(20)", "TEXT"},
    {TypeKind::float32, "FLOAT", "real", "REAL"},
    {TypeKind::float64, "DOUBLE", "double precision", "REAL"},
    {TypeKind::date, "DATE", "date", "TEXT"},
    {TypeKind::time, "TIME", "time", "TEXT"},
    {TypeKind::timestamp, "TIMESTAMP", "timestamp", "TEXT"},
    {TypeKind::timestamp_tz, "TIMESTAMPTZ", "timestamptz", "TEXT"},
    {TypeKind::interval, "INTERVAL", "interval", "TEXT"},
    {TypeKind::uuid, "UUID", "uuid", "TEXT"},
    {TypeKind::text, "VARCHAR", "text", "TEXT"},
    {TypeKind::binary, "BLOB", "bytea", "BLOB"},
    {TypeKind::json, "JSON", "jsonb", "TEXT"},
};

const PlainType* plain_type(TypeKind kind) {
    const auto* found = std::ranges::find(k_plain_types, kind, &PlainType::kind);
    return found == std::end(k_plain_types) ? nullptr : found;
}

std::string without_nul(std::string_view bytes) {
    std::string text = text::to_valid_utf8(bytes);
    std::erase(text, '\0');
    return text;
}

std::string quoted(std::string_view bytes, char quote) {
    std::string out(1, quote);
    for (const char c : without_nul(bytes)) out.append(c == quote ? 2 : 1, c);
    return out + quote;
}

std::string duckdb_nested(const Type& type) {
    const auto part = [&](std::size_t i) { return sql_type(type.fields[i].type, SqlDialect::duckdb); };
    if (type.kind == TypeKind::list && type.fields.size() == 1) return part(0) + "[]";
    if (type.kind == TypeKind::map && type.fields.size() == 2) return fmt::format("MAP({}, {})", part(0), part(1));
    if (type.kind != TypeKind::structure || type.fields.empty()) return "JSON";
    UniqueNames names(SqlDialect::duckdb);
    std::string out;
    for (std::size_t i = 0; i < type.fields.size(); ++i)
        out += fmt::format("{}{} {}", i ? ", " : "STRUCT(",
                           quoted_name(names.take(type.fields[i].name, fmt::format("field{}", i + 1))), part(i));
    return out + ")";
}

std::string postgresql_nested(const Type& type) {
    const bool plain_list =
        type.kind == TypeKind::list && type.fields.size() == 1 && type.fields[0].type.fields.empty();
    return plain_list ? sql_type(type.fields[0].type, SqlDialect::postgresql) + "[]" : "jsonb";
}

std::string cut_utf8(std::string text, std::size_t bytes) {
    if (text.size() <= bytes) return text;
    while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
    text.resize(bytes);
    return text;
}

// "...:05.123456789Z": how many digits stand behind the point.
std::size_t fraction_digits(const std::optional<std::string>& time) {
    const std::size_t point = time ? time->rfind('.') : std::string::npos;
    if (point == std::string::npos) return 0;
    const std::size_t end = time->find_first_not_of("0123456789", point + 1);
    return std::min(end, time->size()) - point - 1;
}

// The years that 64 bits of nanoseconds hold.
bool fits_nanoseconds(const model::Column& column) {
    const auto& [min, max] = std::pair(column.evidence.min, column.evidence.max);
    const auto year = [](const std::string& text) {
        return text.size() > 4 && text[4] == '-' ? text.substr(0, 4) : "";
    };
    return min && max && year(*min) >= "1678" && !year(*max).empty() && year(*max) <= "2261";
}

}  // namespace

std::string_view to_string(SqlDialect dialect) {
    for (const auto& [known, word] : k_dialects)
        if (known == dialect) return word;
    return {};
}

std::optional<SqlDialect> dialect_from(std::string_view word) {
    for (const auto& [dialect, known] : k_dialects)
        if (known == word) return dialect;
    return std::nullopt;
}

std::string quoted_name(std::string_view name) { return quoted(name, '"'); }
std::string quoted_text(std::string_view text) { return quoted(text, '\''); }

std::string sql_comment(std::string_view text) {
    std::string line = without_nul(text);
    std::ranges::replace_if(
        line, [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return "-- " + line;
}

std::string sql_type(const Type& type, SqlDialect dialect) {
    if (const PlainType* plain = plain_type(type.kind)) {
        const std::string_view word = dialect == SqlDialect::duckdb       ? plain->duckdb
                                      : dialect == SqlDialect::postgresql ? plain->postgresql
                                                                          : plain->sqlite;
        return std::string(word);
    }
    if (type.kind == TypeKind::decimal) {
        if (dialect == SqlDialect::sqlite && type.precision > k_sqlite_exact_digits) return "TEXT";
        return fmt::format("{}({},{})", dialect == SqlDialect::postgresql ? "numeric" : "DECIMAL", type.precision,
                           type.scale);
    }
    if (dialect == SqlDialect::duckdb) return duckdb_nested(type);
    return dialect == SqlDialect::postgresql ? postgresql_nested(type) : "TEXT";
}

bool is_finer_than_microseconds(const model::Column& column) {
    const auto longest_in_microseconds = [&]() -> std::size_t {
        if (column.type.kind == TypeKind::time) return std::string_view("03:04:05.123456").size();
        if (column.type.kind == TypeKind::timestamp) return std::string_view("2024-01-02 03:04:05.123456").size();
        return std::string_view("2024-01-02 03:04:05.123456 +00:00").size();
    };
    const auto kind = column.type.kind;
    if (kind != TypeKind::time && kind != TypeKind::timestamp && kind != TypeKind::timestamp_tz) return false;
    constexpr std::size_t k_microseconds = 6;
    return fraction_digits(column.evidence.min) > k_microseconds ||
           fraction_digits(column.evidence.max) > k_microseconds || column.evidence.longest > longest_in_microseconds();
}

std::string column_type(const model::Column& column, SqlDialect dialect) {
    if (!is_finer_than_microseconds(column)) return sql_type(column.type, dialect);
    if (dialect == SqlDialect::duckdb && column.type.kind == TypeKind::timestamp && fits_nanoseconds(column))
        return "TIMESTAMP_NS";
    return sql_type(TypeKind::text, dialect);
}

std::string UniqueNames::folded(std::string_view name) const {
    return m_dialect == SqlDialect::postgresql ? std::string(name) : text::lower(name);
}

std::string UniqueNames::take(std::string_view wanted, std::string_view if_empty) {
    std::string base = without_nul(wanted);
    if (base.empty()) base = if_empty;
    const std::size_t longest = m_dialect == SqlDialect::postgresql ? k_postgresql_name : std::string::npos - 32;
    std::string name = cut_utf8(base, longest);
    for (int n = 2; !m_taken.insert(folded(name)).second; ++n) {
        const std::string number = fmt::format("_{}", n);
        name = cut_utf8(base, longest - number.size()) + number;
    }
    return name;
}

}  // namespace neurolake::exchange
