// files_of_tables.hpp: files with made-up profiles, in units as the tree makes them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "index/grouping.hpp"

namespace neurolake::index::test {

inline constexpr const char* k_now = "2026-11-22T08:00:00Z";

inline model::Column column(std::string name, model::Type type = model::TypeKind::int64, std::uint64_t values = 1) {
    model::Column c;
    c.name = std::move(name);
    c.type = std::move(type);
    c.evidence.values = values;
    return c;
}

inline File file(std::string path, std::string format = "csv", std::vector<std::string> columns = {"id", "name", "zip"},
                 std::uint64_t rows = 10) {
    File f;
    f.path = std::move(path);
    f.size = 100;
    f.mtime_ns = 1'000'000'000;
    f.profile.emplace();
    f.profile->profile.format = std::move(format);
    f.profile->profile.rows = rows;
    for (std::string& name : columns) f.profile->profile.columns.push_back(column(std::move(name)));
    return f;
}

inline Unit unit(std::string root, std::vector<File> files, Unit::Kind kind = Unit::Kind::folder) {
    Unit u;
    u.kind = kind;
    u.root = std::move(root);
    u.files = std::move(files);
    u.touched = true;
    return u;
}

}  // namespace neurolake::index::test
