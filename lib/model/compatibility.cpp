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

void compare(Compatibility& out, const Column& then, const Column& now) {
    if (!unseen(then) && !unseen(now)) {
        if (!holds_values(now.type, then)) {
            out.backward.push_back(fmt::format("{} is {} now, which does not hold all values of {}", now.name,
                                               to_string(now.type), to_string(then.type)));
            out.lost.push_back(out.backward.back());
        }
        if (!holds_values(then.type, now))
            out.forward.push_back(fmt::format("{} is {} now, which readers of {} do not know", now.name,
                                              to_string(now.type), to_string(then.type)));
    }
    if (then.nullable && !now.nullable)
        out.backward.push_back(fmt::format("{} may not be null now, and older rows may be", now.name));
    if (!then.nullable && now.nullable)
        out.forward.push_back(fmt::format("{} may be null now, which its readers never met", now.name));
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
            compare(out, c, *kept->second);
            continue;
        }
        out.forward.push_back(fmt::format("{} is gone", c.name));
        out.lost.push_back(out.forward.back());
    }
    for (const Column& c : after)
        if (!then.contains(c.name) && !c.nullable)
            out.backward.push_back(fmt::format("{} is new and may not be null, and older rows do not have it", c.name));
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
