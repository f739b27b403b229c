// table_rule.cpp: the grouping rule of a table in words.
// SPDX-License-Identifier: Apache-2.0
#include "table_rule.hpp"

#include <fmt/format.h>

#include "index/override_file.hpp"
#include "index/tree.hpp"

namespace neurolake::apps {

namespace {

using model::GroupingRule;
using model::Table;

// The folder whose word counts for the table: the one that is the table, or that its file lies in.
std::string folder_of(const Table& table) {
    return table.is_folder ? table.path : std::string(index::parent_of(table.path));
}

std::string override_path(Session& session, const Table& table) {
    const auto bucket = session.bucket(table.bucket);
    const std::filesystem::path root = bucket ? (*bucket)->root : std::filesystem::path(table.bucket);
    return (root / folder_of(table) / index::k_override_name).string();
}

// The file that decides: the nearest one at or above the table's folder; "" where there is none any more.
std::string deciding_file(Session& session, const Table& table) {
    const auto bucket = session.bucket(table.bucket);
    if (!bucket) return {};
    std::error_code failed;
    for (std::string folder = folder_of(table);; folder = std::string(index::parent_of(folder))) {
        const auto file = (*bucket)->root / folder / index::k_override_name;
        if (std::filesystem::exists(file, failed)) return file.string();
        if (folder.empty()) return {};
    }
}

std::string advice(Session& session, const Table& table, std::string_view wish, std::string_view line) {
    return fmt::format("For {}, write \"{}\" into {}; then: neurolake catalog index", wish, line,
                       override_path(session, table));
}

}  // namespace

std::string decision_text(const Table& table) {
    return fmt::format("{} because {} (rule: {})", table.is_folder ? "One table" : "A table of its own",
                       table.rule_reason, model::to_string(table.rule));
}

std::string other_way_text(Session& session, const Table& table) {
    if (!table.deleted_at.empty() || table.format == "unknown") return {};
    switch (table.rule) {
        case GroupingRule::override_file:
            if (const auto file = deciding_file(session, table); !file.empty())
                return fmt::format("To have it otherwise, change or remove {}; then: neurolake catalog index", file);
            return {};
        case GroupingRule::single_file:
            if (folder_of(table).empty()) return {};
            return advice(session, table, "one table of all files of its folder", "table: NAME");
        case GroupingRule::partitions:  // whoever names folders so means it
            return {};
        case GroupingRule::folder:
            if (table.files < 2 || table.path.empty()) return {};
            return advice(session, table, "a table of each file", "single_file: true");
    }
    return {};
}

}  // namespace neurolake::apps
