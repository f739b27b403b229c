// json_cells.cpp: from the text of a document to its cells, by brackets and strings: the document is known to be good.
// SPDX-License-Identifier: Apache-2.0
#include "formats/json_cells.hpp"

#include <algorithm>
#include <unordered_map>

#include "base/json.hpp"
#include "formats/csv.hpp"
#include "formats/json_split.hpp"

namespace neurolake::formats {
namespace {

constexpr std::string_view k_blanks = " \t\r\n";

std::size_t skip_blanks(std::string_view text, std::size_t i) {
    return std::min(text.find_first_not_of(k_blanks, i), text.size());
}

std::size_t skip_string(std::string_view text, std::size_t i) {
    return std::min(skip_json_string(text, i), text.size());
}

// Behind the value that begins at `i`.
std::size_t skip_value(std::string_view text, std::size_t i) {
    std::size_t depth = 0;
    while (i < text.size()) {
        const char c = text[i];
        if (c == '"') {
            i = skip_string(text, i);
            if (depth == 0) return i;
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']' || k_blanks.find(c) != std::string_view::npos)) return i;
        ++i;
        if (c == '{' || c == '[') ++depth;
        if ((c == '}' || c == ']') && --depth == 0) return i;
    }
    return i;
}

// Inside values that were only balanced a string may have an escape that is none: it stays as it is.
std::string unquoted(std::string_view quoted) {
    if (quoted.size() < 2) return std::string(quoted);
    const std::string_view inner = quoted.substr(1, quoted.size() - 2);
    if (inner.find('\\') == std::string_view::npos) return std::string(inner);
    const auto parsed = json::parse(quoted);
    const std::string* text = parsed ? parsed->as_string() : nullptr;
    return text != nullptr ? *text : std::string(inner);
}

// A nested value on one line: no blanks, and characters instead of their escapes.
std::string compact(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] == '"') {
            const std::size_t end = skip_string(text, i);
            const std::string_view quoted = text.substr(i, end - i);
            if (quoted.find('\\') == std::string_view::npos)
                out += quoted;
            else
                json::append_quoted(out, unquoted(quoted));
            i = end;
        } else if (k_blanks.find(text[i]) == std::string_view::npos) {
            out += text[i++];
        } else {
            ++i;
        }
    }
    return out;
}

std::optional<std::string> cell_of(std::string_view value) {
    if (value.starts_with('"')) return unquoted(value);
    if (value.starts_with('{') || value.starts_with('[')) return compact(value);
    if (value == "null") return std::nullopt;
    return std::string(value);
}

// Calls `take` with each key, in its quotes, and its value.
template <typename Take>
void for_each_member(std::string_view object, const Take& take) {
    std::size_t i = skip_blanks(object, 1);
    while (i < object.size() && object[i] == '"') {
        const std::size_t key_end = skip_string(object, i);
        const std::string_view key = object.substr(i, key_end - i);
        i = skip_blanks(object, key_end);
        i = skip_blanks(object, std::min(i + 1, object.size()));  // the colon
        const std::size_t end = skip_value(object, i);
        take(key, object.substr(i, end - i));
        i = skip_blanks(object, end);
        i = skip_blanks(object, std::min(i + 1, object.size()));  // the comma
    }
}

}  // namespace

std::vector<JsonColumn> json_columns(const JsonShape& root, bool geojson, std::vector<model::Finding>& findings) {
    std::vector<JsonColumn> columns;
    const auto add = [&](const JsonField& field) {
        if (field.shape->present > 0) columns.push_back({field.name, &field});
    };
    const auto take = [&](std::string_view name) {
        for (const JsonField& field : root.fields)
            if (field.name == name) add(field);
    };
    std::ptrdiff_t last = 0;  // where the geometry stands, counted from 1: it goes behind the properties
    if (geojson) {            // what is the feature's own keeps its name
        take("id");
        const std::ptrdiff_t own = std::ssize(columns);
        take("geometry");
        if (std::ssize(columns) > own) last = std::ssize(columns);
        for (const JsonField& field : root.fields)
            if (field.name == "properties")
                for (const JsonField& property : field.shape->fields) add(property);
    } else {
        for (const JsonField& field : root.fields) add(field);
    }
    std::vector<std::string> raw;
    for (const JsonColumn& column : columns) raw.push_back(column.name);
    const std::vector<std::string> names = usable_names(raw, raw.size(), findings, true);  // blanks are part of a key
    for (std::size_t i = 0; i < names.size(); ++i) columns[i].name = names[i];
    if (last > 0) std::rotate(columns.begin() + last - 1, columns.begin() + last, columns.end());
    return columns;
}

void JsonCells::take_members(std::string_view object, Row& row, bool of_feature) const {
    for_each_member(object, [&](std::string_view quoted, std::string_view value) {
        std::string key = unquoted(quoted);
        if (of_feature && key == "properties") {
            if (value.starts_with('{')) take_members(value, row, false);
        } else if (!of_feature || key == "id" || key == "geometry") {
            row.push_back({of_feature, std::move(key), cell_of(value)});
        }
    });
}

void JsonCells::take(std::string_view document) {
    const std::size_t begin = skip_blanks(document, 0);
    document.remove_prefix(begin);
    if (document.empty() || document[0] == '{') {
        if (m_rows.size() >= m_count) return;
        m_rows.emplace_back();
        if (!document.empty()) take_members(document, m_rows.back(), m_geojson);
    } else if (m_values.size() < m_count) {
        m_values.push_back(cell_of(document.substr(0, skip_value(document, 0))));
    }
}

Rows JsonCells::rows(const JsonRows& scanned) const {
    Rows out;
    if (scanned.has_only_values()) {
        out.columns.push_back("value");
        for (const auto& value : m_values) out.cells.push_back({value});
        return out;
    }
    std::vector<model::Finding> ignored;
    std::unordered_map<std::string_view, std::size_t> places, feature_places;
    for (const JsonColumn& column : json_columns(scanned.root(), m_geojson, ignored)) {
        const auto& fields = scanned.root().fields;
        const bool of_feature = m_geojson && std::any_of(fields.begin(), fields.end(), [&](const JsonField& field) {
                                    return &field == column.field;
                                });
        (of_feature ? feature_places : places).emplace(column.field->name, out.columns.size());
        out.columns.push_back(column.name);
    }
    for (const Row& row : m_rows) {
        auto& cells = out.cells.emplace_back(out.columns.size());
        for (const Member& member : row) {
            const auto& known = member.of_feature ? feature_places : places;
            if (const auto at = known.find(member.key); at != known.end()) cells[at->second] = member.value;
        }
    }
    return out;
}

}  // namespace neurolake::formats
