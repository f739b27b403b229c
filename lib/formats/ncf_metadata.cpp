// ncf_metadata.cpp: the MessagePack schema and statistics of the three binary dialects.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "base/text.hpp"
#include "formats/findings.hpp"
#include "formats/msgpack_reader.hpp"
#include "formats/ncf_layout.hpp"

namespace neurolake::formats {
namespace {

// Calls on_entry(key) for each entry of a map; a key that is no text (groups have integer keys) comes as "". What
// on_entry does not take must be skipped by it.
template <typename OnEntry>
bool each_entry(MsgpackReader& in, OnEntry on_entry) {
    const auto pairs = in.map();
    if (!pairs) return false;
    for (std::uint64_t i = 0; i < *pairs && in.ok(); ++i) {
        std::string_view key;
        if (const auto text = in.text())
            key = *text;
        else
            in.skip();
        on_entry(key);
    }
    return in.ok();
}

std::string text_or(MsgpackReader& in, std::string fallback) {
    if (const auto text = in.text()) return std::string(*text);
    if (!in.nil()) in.skip();
    return fallback;
}

std::optional<std::uint64_t> natural_or_skip(MsgpackReader& in) {
    const auto value = in.natural();
    if (!value) in.skip();
    return value;
}

void read_python_column(MsgpackReader& in, NcfColumn& column) {
    const bool is_map = each_entry(in, [&](std::string_view key) {
        if (key == "name")
            column.name = text_or(in, {});
        else if (key == "data_type")
            column.type = text_or(in, {});
        else if (key == "semantic_type")
            column.semantic = text_or(in, "unknown");
        else if (key == "nullable" || key == "contains_pii") {
            const auto flag = in.boolean();
            if (!flag) in.skip();
            (key == "nullable" ? column.nullable : column.pii) = flag.value_or(key == "nullable");
        } else if (key == "column_group" && !in.nil())
            column.declared_group = natural_or_skip(in);
        else if (key != "column_group")
            in.skip();
    });
    if (!is_map) in.fail();
    column.pii |= column.semantic.starts_with("pii_");
}

bool read_python_schema(MsgpackReader& in, NcfFile& file, std::optional<std::uint64_t>& rows) {
    bool has_columns = false;
    const bool is_map = each_entry(in, [&](std::string_view key) {
        if (key == "table_name") {
            file.table = text_or(in, {});
        } else if (key == "row_count") {
            rows = natural_or_skip(in);
        } else if (key == "columns") {
            const auto count = in.array();
            if (!count || *count > k_ncf_max_columns) return in.fail();
            has_columns = true;
            for (std::uint64_t i = 0; i < *count && in.ok(); ++i) read_python_column(in, file.columns.emplace_back());
        } else {
            in.skip();
        }
    });
    return is_map && has_columns;
}

// "PiiEmail" -> "pii_email", "Geographic" -> "geographic".
std::string rust_semantic(std::string_view name) {
    if (name.empty()) return "unknown";
    if (name.starts_with("Pii")) return "pii_" + text::lower(name.substr(3));
    return text::lower(name);
}

void read_rust_column(MsgpackReader& in, NcfColumn& column) {
    constexpr std::array<std::string_view, 14> k_by_index{"int8",   "int16",  "int32",  "int64",    "uint8",
                                                          "uint16", "uint32", "uint64", "float32",  "float64",
                                                          "string", "binary", "date",   "timestamp"};
    if (in.array() != 4u) return in.fail();
    column.name = text_or(in, {});
    if (const auto index = in.natural())  // very old writers stored the variant's number
        column.type = *index < k_by_index.size() ? k_by_index[static_cast<std::size_t>(*index)] : "unknown";
    else
        column.type = text::lower(text_or(in, {}));
    if (!in.nil()) {
        const bool is_index = in.natural().has_value();
        column.semantic = is_index ? "unknown" : rust_semantic(text_or(in, {}));
    }
    column.pii = column.semantic.starts_with("pii_");
    const auto nullable = in.boolean();
    if (!nullable) in.fail();
    column.nullable = nullable.value_or(true);
}

bool read_rust_schema(MsgpackReader& in, NcfFile& file) {
    if (in.array() != 4u) return false;
    file.table = text_or(in, {});
    const auto count = in.array();
    if (!count || *count > k_ncf_max_columns) return false;
    for (std::uint64_t i = 0; i < *count && in.ok(); ++i) read_rust_column(in, file.columns.emplace_back());
    in.skip();
    in.skip();
    return in.ok();
}

std::string encoding_of(const NcfColumn& column) {
    if (ncf_width(column.type) > 0) return "raw";
    return column.type == "string" ? "string" : "pickle";
}

void note_odd_names(NcfFile& file) {
    std::unordered_map<std::string_view, int> seen;
    for (const NcfColumn& column : file.columns) {
        const bool control = std::any_of(column.name.begin(), column.name.end(),
                                         [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
        if (control) {
            file.findings.push_back(warning("control_chars", fmt::format("column name {} holds control characters",
                                                                         text::escape_controls(column.name))));
            break;
        }
    }
    for (const NcfColumn& column : file.columns)
        if (column.name.size() > k_ncf_max_name) {
            file.findings.push_back(warning("long_name", "a column name is longer than 64 KiB"));
            break;
        }
}

void read_statistics_entry(MsgpackReader& in, NcfStatistics& out) {
    const bool is_map = each_entry(in, [&](std::string_view key) {
        if (key == "min_value")
            out.min = in.scalar_text();
        else if (key == "max_value")
            out.max = in.scalar_text();
        else if (key == "null_count" && !in.nil())
            out.nulls = natural_or_skip(in);
        else if (key == "distinct_count" && !in.nil())
            out.distinct = natural_or_skip(in);
        else if (key == "total_count" && !in.nil())
            out.total = natural_or_skip(in);
        else if (key == "avg_length" && !in.nil()) {
            out.average_length = in.number();
            if (!out.average_length) in.skip();
        }
        // The keys above with nil are taken already; all others are skipped.
        else if (key != "null_count" && key != "distinct_count" && key != "total_count" && key != "avg_length")
            in.skip();
    });
    if (!is_map) in.fail();
}

bool read_python_statistics(MsgpackReader& in, NcfFile& file) {
    std::unordered_map<std::string_view, NcfColumn*> by_name;
    for (NcfColumn& column : file.columns) by_name.emplace(column.name, &column);
    return each_entry(in, [&](std::string_view key) {
        const auto at = by_name.find(key);
        if (at == by_name.end()) return in.skip();
        read_statistics_entry(in, at->second->statistics.emplace());
    });
}

bool read_rust_statistics(MsgpackReader& in, NcfFile& file) {
    const auto count = in.array();
    if (!count) return false;
    for (std::uint64_t i = 0; i < *count && in.ok(); ++i) {
        if (in.array() != 5u) return false;
        NcfStatistics s;
        s.min = in.scalar_text();
        s.max = in.scalar_text();
        s.nulls = natural_or_skip(in);
        s.total = natural_or_skip(in);
        if (!in.nil()) s.distinct = natural_or_skip(in);
        if (i < file.columns.size()) file.columns[static_cast<std::size_t>(i)].statistics = std::move(s);
    }
    return in.ok();
}

}  // namespace

std::size_t ncf_width(std::string_view type) {
    constexpr std::array<std::pair<std::string_view, std::size_t>, 10> k_widths{{{"int8", 1},
                                                                                 {"uint8", 1},
                                                                                 {"int16", 2},
                                                                                 {"uint16", 2},
                                                                                 {"int32", 4},
                                                                                 {"uint32", 4},
                                                                                 {"float32", 4},
                                                                                 {"int64", 8},
                                                                                 {"uint64", 8},
                                                                                 {"float64", 8}}};
    for (const auto& [name, width] : k_widths)
        if (name == type) return width;
    return 0;
}

bool read_ncf_schema(std::string_view bytes, NcfFile& file) {
    MsgpackReader in(bytes);
    std::optional<std::uint64_t> rows;
    const bool rust = file.dialect == NcfDialect::rust;
    const bool good = rust ? read_rust_schema(in, file) : read_python_schema(in, file, rows);
    if (!good || !in.ok()) {
        file.findings.push_back(error("bad_schema", "the schema is damaged"));
        return false;
    }
    if (file.dialect == NcfDialect::python && file.finalised && rows && *rows != file.rows) {
        file.contradict_rows(*rows);
        file.findings.push_back(
            warning("row_count_mismatch", fmt::format("the header says {} rows, the schema {}", file.rows, *rows)));
    }
    for (NcfColumn& column : file.columns) column.encoding = encoding_of(column);
    note_odd_names(file);
    return true;
}

bool read_ncf_statistics(std::string_view bytes, NcfFile& file) {
    MsgpackReader in(bytes);
    const bool good =
        file.dialect == NcfDialect::rust ? read_rust_statistics(in, file) : read_python_statistics(in, file);
    if (!good || !in.ok()) {
        file.findings.push_back(error("bad_msgpack", "the statistics are damaged"));
        return false;
    }
    bool told = false;
    for (const NcfColumn& column : file.columns) {
        const auto total = column.statistics ? column.statistics->total : std::nullopt;
        if (!file.finalised || !total || *total == file.rows) continue;
        file.contradict_rows(*total);
        if (!std::exchange(told, true))
            file.findings.push_back(warning(
                "row_count_mismatch", fmt::format("the header says {} rows, the statistics {}", file.rows, *total)));
    }
    return true;
}

}  // namespace neurolake::formats
