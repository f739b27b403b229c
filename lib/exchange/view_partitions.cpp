// view_partitions.cpp: key=value folders, read by DuckDB's rules and held against the catalog's.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "exchange/sql_words.hpp"
#include "exchange/view_formats.hpp"

namespace neurolake::exchange {
namespace {

struct Folder {
    std::string_view key, value;  // as written
};

// One '=' with a key before it, and none of the characters at which DuckDB looks away.
std::optional<Folder> hive_folder(std::string_view name) {
    const std::size_t equals = name.find('=');
    if (equals == std::string_view::npos || equals == 0 || name.find('=', equals + 1) != std::string_view::npos)
        return std::nullopt;
    if (name.find_first_of("?\n\\") != std::string_view::npos) return std::nullopt;
    return Folder{name.substr(0, equals), name.substr(equals + 1)};
}

const model::Column* partition_of(const model::Table& table, std::string_view key) {
    const auto found = std::ranges::find(table.partition_columns, key, &model::Column::name);
    return found == table.partition_columns.end() ? nullptr : &*found;
}

Error odd_folder(std::string_view name) {
    return not_exact(fmt::format("DuckDB takes the folder \"{}\" in another way", name),
                     "rename the folder, then: neurolake catalog index");
}

}  // namespace

Status set_partition_keys(ViewGroup& group, std::string_view path, const model::Table& table) {
    std::vector<std::string> folded;
    if (table.partition_columns.empty()) return {};
    std::vector<std::string_view> folders = text::split(path, '/');
    folders.pop_back();
    for (const std::string_view name : folders) {
        const std::size_t equals = name.find('=');
        if (equals == std::string_view::npos) continue;
        const auto decoded = text::percent_decode(name.substr(0, equals));
        const model::Column* column = partition_of(table, decoded ? *decoded : std::string(name.substr(0, equals)));
        const auto folder = hive_folder(name);
        if (column && (!folder || folder->key != column->name)) return odd_folder(name);
        if (!folder) continue;
        if (column && folder->value.empty() && column->type.kind != model::TypeKind::text) return odd_folder(name);
        std::string low = text::lower(folder->key);
        const auto same_name = [&](const model::Column& c) { return text::lower(c.name) == low; };
        if (std::ranges::find(folded, low) != folded.end() ||
            (!column && (std::ranges::any_of(table.columns, same_name) ||
                         std::ranges::any_of(table.partition_columns, same_name))))
            return odd_folder(name);
        if (column && text::lower(folder->value) == "null") group.null_words.emplace(folder->key, folder->value);
        group.partition_keys.emplace_back(folder->key);
        folded.push_back(std::move(low));
    }
    return {};
}

std::string partition_options(const std::vector<std::string>& keys, const model::Table& table) {
    std::string types;
    for (const std::string& key : keys)
        if (const model::Column* column = partition_of(table, key))
            types += fmt::format("{}{}: {}", types.empty() ? "" : ", ", quoted_text(key),
                                 quoted_text(sql_type(column->type, SqlDialect::duckdb)));
    if (types.empty()) return ", hive_partitioning=false";
    return fmt::format(", hive_partitioning=true, hive_types={{{}}}", types);
}

}  // namespace neurolake::exchange
