// compatibility.cpp: old and new columns compared from both readers' sides.
// SPDX-License-Identifier: Apache-2.0
#include "model/compatibility.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "model/merge.hpp"

namespace neurolake::model {
namespace {

bool unseen(const Column& c) { return c.type.kind == TypeKind::unknown; }

void say_gone(Compatibility& out, const std::string& name) {
    out.forward.push_back(fmt::format("{} is gone", name));
    out.lost.push_back(out.forward.back());
}

void say_new(Compatibility& out, const std::string& name, bool nullable) {
    if (nullable) return;
    out.backward.push_back(fmt::format("{} is new and may not be null, and older rows do not have it", name));
}

void compare_nulls(Compatibility& out, const std::string& name, bool then, bool now) {
    if (then && !now) out.backward.push_back(fmt::format("{} may not be null now, and older rows may be", name));
    if (!then && now) out.forward.push_back(fmt::format("{} may be null now, which its readers never met", name));
}

void compare(Compatibility& out, const std::string& name, const Column& then, const Column& now);

// What stands inside a value of its own, whose range nobody kept.
Column inner(const Field& field) {
    Column column;
    column.type = field.type;
    column.nullable = field.nullable;
    return column;
}

// A field of an object is to its readers what a column is to those of the table.
void compare_fields(Compatibility& out, const std::string& name, const Type& then, const Type& now) {
    const auto named = [](const std::vector<Field>& fields, const Field& wanted) {
        return std::ranges::find(fields, wanted.name, &Field::name);
    };
    for (const Field& field : then.fields) {
        const std::string path = name + "." + field.name;
        const auto kept = named(now.fields, field);
        if (kept == now.fields.end())
            say_gone(out, path);
        else
            compare(out, path, inner(field), inner(*kept));
    }
    for (const Field& field : now.fields)
        if (named(then.fields, field) == then.fields.end()) say_new(out, name + "." + field.name, field.nullable);
}

// Lists: their elements; maps: their keys and values.
void compare_parts(Compatibility& out, const std::string& name, const Type& then, const Type& now) {
    constexpr std::string_view k_of_map[] = {"{key}", "{value}"};
    for (std::size_t i = 0; i < then.fields.size(); ++i)
        compare(out, fmt::format("{}{}", name, then.kind == TypeKind::list ? "[]" : k_of_map[i != 0]),
                inner(then.fields[i]), inner(now.fields[i]));
}

void compare_types(Compatibility& out, const std::string& name, const Column& then, const Column& now) {
    if (then.type.kind == TypeKind::structure && now.type.kind == TypeKind::structure)
        return compare_fields(out, name, then.type, now.type);
    const bool parts = then.type.kind == TypeKind::list || then.type.kind == TypeKind::map;
    if (parts && now.type.kind == then.type.kind && now.type.fields.size() == then.type.fields.size())
        return compare_parts(out, name, then.type, now.type);
    if (!holds_values(now.type, then)) {
        out.backward.push_back(fmt::format("{} is {} now, which may not hold all values of {}", name,
                                           to_string(now.type), to_string(then.type)));
        out.lost.push_back(out.backward.back());
    }
    if (!holds_values(then.type, now))
        out.forward.push_back(fmt::format("{} is {} now, which readers of {} do not know", name, to_string(now.type),
                                          to_string(then.type)));
}

void compare(Compatibility& out, const std::string& name, const Column& then, const Column& now) {
    if (!unseen(then) && !unseen(now)) compare_types(out, name, then, now);
    compare_nulls(out, name, then.nullable, now.nullable);
}

}  // namespace

std::vector<Column> whole_schema(const Table& table) {
    std::vector<Column> all = table.columns;
    all.insert(all.end(), table.partition_columns.begin(), table.partition_columns.end());
    return all;
}

std::string_view Compatibility::verdict() const {
    if (backward.empty()) return forward.empty() ? "full" : "backward";
    return forward.empty() ? "forward" : "none";
}

Compatibility compatibility(const std::vector<Column>& before, const std::vector<Column>& after) {
    Compatibility out;
    std::unordered_map<std::string_view, const Column*> now, then;
    for (const Column& c : after) now.emplace(c.name, &c);
    for (const Column& c : before) {
        then.emplace(c.name, &c);
        const auto kept = now.find(c.name);
        if (kept != now.end()) {
            compare(out, c.name, c, *kept->second);
            continue;
        }
        say_gone(out, c.name);
    }
    for (const Column& c : after)
        if (!then.contains(c.name)) say_new(out, c.name, c.nullable);
    return out;
}

bool is_compatibility(std::string_view word) {
    return word == "backward" || word == "forward" || word == "full" || word == "none";
}

bool satisfies(std::string_view verdict, std::string_view asked) {
    return asked == "none" || verdict == asked || verdict == "full";
}

std::vector<std::string> breaks(const Compatibility& found, std::string_view asked) {
    if (asked.empty()) return found.lost;
    std::vector<std::string> out;
    const auto add = [&](const std::vector<std::string>& sentences) {
        out.insert(out.end(), sentences.begin(), sentences.end());
    };
    if (asked == "backward" || asked == "full") add(found.backward);
    if (asked == "forward" || asked == "full") add(found.forward);
    return out;
}

}  // namespace neurolake::model
