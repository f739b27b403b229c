// proof.cpp: profiles of the rows before the one in question, and with it.
// SPDX-License-Identifier: Apache-2.0
#include "index/proof.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "formats/formats.hpp"
#include "index/tree.hpp"
#include "model/merge.hpp"
#include "model/row_sum.hpp"

namespace neurolake::index {
namespace {

constexpr std::uint64_t k_most_cells = 2'000'000;

Result<std::optional<model::Column>> column_of_first(int fd, std::string_view file_name, std::string_view column,
                                                     std::uint64_t rows, const CancelFlag& cancel) {
    formats::Options options;
    options.sample_rows = rows;
    TRY(const formats::Profile profile, formats::profile(fd, file_name, options, cancel));
    const auto found = std::ranges::find(profile.columns, column, &model::Column::name);
    return found == profile.columns.end() ? std::optional<model::Column>() : *found;
}

std::optional<std::string> value_of(int fd, std::string_view file_name, std::string_view column, std::uint64_t row,
                                    std::size_t columns) {
    if (row > k_most_cells / std::max<std::size_t>(columns, 1)) return std::nullopt;
    const auto rows = formats::head(fd, file_name, static_cast<std::size_t>(row));
    if (!rows || rows->cells.size() < row) return std::nullopt;
    const auto at = static_cast<std::size_t>(std::ranges::find(rows->columns, column) - rows->columns.begin());
    const auto& cells = rows->cells[static_cast<std::size_t>(row) - 1];
    return at < cells.size() ? cells[at] : std::nullopt;
}

}  // namespace

Result<Proof> prove(int fd, std::string_view file_name, const model::Column& column, const IndexedAs& indexed,
                    const CancelFlag& cancel) {
    Proof proof;
    const std::uint64_t row = column.evidence.forced_row;
    TRY(const Identity now, identity_of(fd));
    proof.same_content = now.size == indexed.size && now.mtime_ns == indexed.mtime_ns;
    TRY(const auto with, column_of_first(fd, file_name, column.name, row, cancel));
    const auto forces = [&](const auto& found) { return found && found->evidence.forced_row == row; };
    proof.forced = forces(with);
    if (!proof.forced && proof.same_content) {
        TRY(const auto all, column_of_first(fd, file_name, column.name, indexed.sampled_rows, cancel));
        proof.forced = proof.with_later_rows = forces(all);
    }
    if (row > 1) {
        TRY(const auto before, column_of_first(fd, file_name, column.name, row - 1, cancel));
        if (before) proof.without = before->type;
    }
    const auto head = formats::head(fd, file_name, 1);
    proof.value = value_of(fd, file_name, column.name, row, head ? head->columns.size() : 1);
    return proof;
}

OtherFiles other_files(const ProfileStore& profiles, const lake::Inventory& inventory, const model::Table& table,
                       const std::string& column, const std::string& but) {
    OtherFiles others;
    if (!table.is_folder) return others;
    std::optional<model::Column> merged;
    std::string folder;
    FolderProfiles known;
    bool first = true;
    inventory.for_each(table.bucket, table.path, [&](const lake::FileRecord& record) {
        const std::string_view of(parent_of(record.path));
        if (record.path == but || record.state == lake::FileState::ignored) return true;
        if (table.rule == model::GroupingRule::folder && of != table.path) return true;
        if (first || folder != of) known = profiles.load(table.bucket, folder = of);
        first = false;
        const auto file = known.find(std::string(name_of(record.path)));
        if (file == known.end()) return true;
        const auto& columns = file->second.profile.columns;
        const auto found = std::ranges::find(columns, column, &model::Column::name);
        if (found == columns.end()) return true;
        ++others.files;
        model::add_rows(others.rows, file->second.profile.rows);
        merged = merged ? model::merge(*merged, *found) : *found;
        return true;
    });
    if (merged) others.type = merged->type;
    return others;
}

}  // namespace neurolake::index
