// first_values.cpp: each value of the first rows, those inside lists, structures and maps too.
// SPDX-License-Identifier: Apache-2.0
#include "formats/first_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "formats/findings.hpp"
#include "model/meaning.hpp"

namespace neurolake::formats {

using model::TypeKind;

namespace {

bool is_nested(TypeKind kind) {
    return kind == TypeKind::list || kind == TypeKind::structure || kind == TypeKind::map || kind == TypeKind::json;
}

// No phone, card or other number that is told by its digits has fewer than seven.
bool is_small(const model::Evidence& evidence) {
    constexpr double k_least = 1000000;
    return evidence.min && evidence.max && std::strtod(evidence.min->c_str(), nullptr) > -k_least &&
           std::strtod(evidence.max->c_str(), nullptr) < k_least;
}

// Text, or whole numbers, somewhere in it: a list of a thousand fractions tells nothing.
bool may_tell(const model::Type& type) {
    switch (type.kind) {
        case TypeKind::boolean:
        case TypeKind::float32:
        case TypeKind::float64:
        case TypeKind::date:
        case TypeKind::time:
        case TypeKind::timestamp:
        case TypeKind::timestamp_tz:
        case TypeKind::binary:
            return false;
        case TypeKind::list:
        case TypeKind::structure:
        case TypeKind::map:
            return std::ranges::any_of(type.fields, [](const model::Field& field) { return may_tell(field.type); });
        default:
            return true;
    }
}

bool is_worth_it(const model::Column& column) {
    if (!column.semantic_evidence.source.empty()) return false;
    const TypeKind kind = column.type.kind;
    if (kind == TypeKind::int64 || kind == TypeKind::uint64) return !is_small(column.evidence);
    return kind == TypeKind::text || (is_nested(kind) && may_tell(column.type));
}

std::string below(const std::string& path, std::string_view name) {
    return path.empty() ? std::string(name) : path + "." + std::string(name);
}

// The type of a child; null where the type says nothing, as inside JSON.
const model::Type* child(const model::Type* type, TypeKind kind, std::size_t i) {
    return type != nullptr && type->kind == kind && i < type->fields.size() ? &type->fields[i].type : nullptr;
}

// The evidence of the first field that is about people.
std::optional<model::SemanticEvidence> personal_field(const std::list<Place>& places) {
    for (const Place& place : places) {
        model::Column field;
        field.name = place.name();
        field.type = TypeKind::text;
        field.semantic_evidence = place.evidence();
        model::judge_meaning(field);
        if (!field.pii) continue;
        field.semantic_evidence.field = place.path();
        return field.semantic_evidence;
    }
    return std::nullopt;
}

}  // namespace

void Place::look(std::string_view value) {
    constexpr std::size_t k_enough = 64;
    if (value.empty()) return;
    m_scan.count_early(true);
    if (!may_have_shape(value.data(), value.size()) || shapes_of(value) == 0) return;
    m_padded.assign(value);
    m_padded.append(k_padding, '\0');
    const std::uint64_t hash = hash_bytes(m_padded.data(), value.size());
    m_scan.look_closely(m_padded.data(), value.size(), hash, false);
    if (m_different.size() < k_enough && std::ranges::find(m_different, hash) == m_different.end())
        m_different.push_back(hash);
}

model::SemanticEvidence Place::evidence() const {
    model::SemanticEvidence out = m_scan.counts(0, nullptr);
    out.distinct = m_different.size();
    return out;
}

FirstValues::FirstValues(const std::vector<model::Column>& columns) {
    for (const model::Column& column : columns) {
        Column& made = m_columns.emplace_back();
        made.wanted = is_worth_it(column);
        if (!made.wanted) continue;
        made.type = column.type;
        made.name = column.name;
        if (!is_nested(column.type.kind)) made.places.emplace_back("", column.name);
    }
}

bool FirstValues::wants_any() const { return std::ranges::any_of(m_columns, &Column::wanted); }

void FirstValues::look(std::size_t at, const json::Value& value) {
    Column& column = m_columns[at];
    ++column.rows;
    const std::string* text = value.as_string();
    if (column.type.kind == TypeKind::json && text != nullptr) {
        const auto parsed = json::parse(*text);
        if (parsed)
            look_inside(column, *parsed, nullptr, {}, column.name);
        else  // of a union, which may hold any text
            look_at(column, *text, {}, column.name);
    } else if (is_nested(column.type.kind)) {
        look_inside(column, value, &column.type, {}, column.name);
    } else if (text != nullptr) {
        column.places.front().look(*text);
    } else if (value.as_int() || value.as_uint()) {
        column.places.front().look(json::dump(value));
    }
}

void FirstValues::look_at_text(std::size_t at, std::optional<std::string_view> text) {
    ++m_columns[at].rows;
    if (text) m_columns[at].places.front().look(*text);
}

void FirstValues::look_inside(Column& column, const json::Value& value, const model::Type* type,
                              const std::string& path, const std::string& name) {
    if (column.left == 0) return;
    --column.left;
    if (const json::Array* items = value.as_array()) {
        for (const json::Value& item : *items)
            look_inside(column, item, child(type, TypeKind::list, 0), path + "[]", name);
    } else if (const json::Object* members = value.as_object()) {
        if (type != nullptr && type->kind == TypeKind::map) return look_at_map(column, *members, *type, path);
        for (std::size_t i = 0; i < members->size(); ++i) {
            const auto& [key, member] = (*members)[i];
            look_inside(column, member, child(type, TypeKind::structure, i), below(path, key), key);
        }
    } else if (const std::string* text = value.as_string()) {
        look_at(column, *text, path, name);
    } else if (value.as_int() || value.as_uint()) {
        look_at(column, json::dump(value), path, name);
    }
}

// Keys are data here.
void FirstValues::look_at_map(Column& column, const json::Object& members, const model::Type& type,
                              const std::string& path) {
    for (const auto& [key, value] : members) {
        look_at(column, key, below(path, "key"), "key");
        look_inside(column, value, child(&type, TypeKind::map, 1), below(path, "value"), "value");
    }
}

void FirstValues::look_at(Column& column, std::string_view text, const std::string& path, const std::string& name) {
    constexpr std::size_t k_most_places = 256;
    const auto at = std::ranges::find(column.places, path, &Place::path);
    if (at != column.places.end()) return at->look(text);
    if (column.places.size() < k_most_places) column.places.emplace_back(path, name).look(text);
}

void FirstValues::tell(Profile& profile) const {
    for (std::size_t i = 0; i < profile.columns.size() && i < m_columns.size(); ++i) {
        const Column& from = m_columns[i];
        if (!from.wanted) continue;
        model::SemanticEvidence& evidence = profile.columns[i].semantic_evidence;
        if (!is_nested(from.type.kind))
            evidence = from.places.front().evidence();
        else if (auto personal = personal_field(from.places))
            evidence = std::move(*personal);
        if (evidence.checked > 0 && from.rows < profile.rows) evidence.first_rows = from.rows;
    }
}

void note_damaged_rows(Profile& profile, const Error& why) {
    constexpr std::string_view k_task = "show the first rows: ";
    std::string_view reason = why.message;
    if (reason.starts_with(k_task)) reason.remove_prefix(k_task.size());
    profile.findings.push_back(warning("damaged_rows", fmt::format("the first rows cannot be read: {}", reason)));
}

}  // namespace neurolake::formats
