// columns_csv.cpp: one row a column, for spreadsheets (RFC 4180).
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/text.hpp"
#include "exchange/exchange.hpp"
#include "model/evidence.hpp"

namespace neurolake::exchange {
namespace {

bool is_number(std::string_view text) {
    const std::size_t first = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
    bool digit = false, point = false;
    for (const char c : text.substr(first)) {
        if (c == '.' && !point)
            point = true;
        else if (c >= '0' && c <= '9')
            digit = true;
        else
            return false;
    }
    return digit;
}

std::string cell(std::string_view bytes) {
    std::string text = text::to_valid_utf8(bytes);
    if (!text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos && !is_number(text))
        text.insert(0, 1, '\'');
    const bool blank_ends = !text.empty() && (text.front() == ' ' || text.back() == ' ');
    if (text.find_first_of(",\"\r\n") == std::string::npos && !blank_ends) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
    return quoted + '"';
}

std::string_view yes(bool value) { return value ? "yes" : "no"; }

struct Row {
    const model::Table& table;
    const model::Column& column;
    std::size_t position;  // 1-based, partition columns last
    bool partition;
};

std::string joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, ", ")); }

// The columns of the file, in its order.
constexpr std::pair<std::string_view, std::string (*)(const Row&)> k_cells[] = {
    {"table", [](const Row& r) { return r.table.full_name(); }},
    {"column", [](const Row& r) { return r.column.name; }},
    {"position", [](const Row& r) { return std::to_string(r.position); }},
    {"type", [](const Row& r) { return model::to_string(r.column.type); }},
    {"nullable", [](const Row& r) { return std::string(yes(r.column.nullable)); }},
    {"partition", [](const Row& r) { return std::string(yes(r.partition)); }},
    {"pii", [](const Row& r) { return std::string(yes(r.column.pii)); }},
    {"semantic", [](const Row& r) { return r.column.semantic; }},
    {"term", [](const Row& r) { return r.column.term; }},
    {"description", [](const Row& r) { return r.column.description; }},
    {"values",
     [](const Row& r) {
         return model::values_counted(r.table, r.column) ? std::to_string(r.column.evidence.values) : "";
     }},
    {"nulls",
     [](const Row& r) { return model::nulls_known(r.table, r.column) ? std::to_string(r.column.evidence.nulls) : ""; }},
    {"distinct",
     [](const Row& r) { return r.column.evidence.distinct ? std::to_string(*r.column.evidence.distinct) : ""; }},
    {"table_description", [](const Row& r) { return r.table.description; }},
    {"table_owner", [](const Row& r) { return r.table.owner; }},
    {"table_tags", [](const Row& r) { return joined(r.table.tags); }},
    {"table_format", [](const Row& r) { return r.table.format; }},
    {"table_rows", [](const Row& r) { return std::to_string(r.table.rows); }},
    {"table_rows_exact", [](const Row& r) { return std::string(yes(r.table.rows_exact)); }},
    {"types_from",
     [](const Row& r) {
         return r.table.sampled_rows == 0 ? "all rows" : fmt::format("first {} rows", r.table.sampled_rows);
     }},
    {"table_tier", [](const Row& r) { return std::string(model::to_string(r.table.tier)); }},
};

}  // namespace

Status write_csv(const Content& content, const Sink& sink) {
    std::string line;
    for (const auto& [title, get] : k_cells) line += fmt::format("{}{}", line.empty() ? "" : ",", title);
    TRY_DO(sink(line + "\r\n"));
    for (const model::Table* table : content.tables) {
        if (!table->deleted_at.empty()) continue;
        std::size_t position = 0;
        line.clear();
        for (const auto* columns : {&table->columns, &table->partition_columns})
            for (const model::Column& column : *columns) {
                const Row row{*table, column, ++position, columns == &table->partition_columns};
                for (const auto& [title, get] : k_cells) {
                    if (&title != &k_cells[0].first) line += ',';
                    line += cell(get(row));
                }
                line += "\r\n";
            }
        TRY_DO(sink(line));
    }
    return {};
}

}  // namespace neurolake::exchange
