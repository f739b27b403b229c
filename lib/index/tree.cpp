// tree.cpp: from inventory records to folders to units.
// SPDX-License-Identifier: Apache-2.0
#include "index/tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/text.hpp"
#include "formats/formats.hpp"
#include "index/naming.hpp"
#include "index/partition.hpp"
#include "index/table_storage.hpp"

namespace neurolake::index {
namespace {

// _delta_log and the like: whatever lies below is bookkeeping of another program.
bool is_known_non_data_folder(std::string_view folder) {
    if (folder.empty()) return false;
    const auto parts = text::split(folder, '/');
    return std::any_of(parts.begin(), parts.end(), formats::is_known_non_data);
}

// The files directly in one folder; the inventory lists them before those of the folders below.
void for_each_file(const lake::InventoryBuilder& next, const std::string& bucket, const std::string& folder,
                   const std::function<void(const lake::FileRecord&)>& visit) {
    next.for_each(bucket, folder, [&](const lake::FileRecord& record) {
        if (parent_of(record.path) != folder) return false;
        visit(record);
        return true;
    });
}

}  // namespace

bool is_data(const lake::FileRecord& record) {
    const std::string_view name = name_of(record.path);
    return record.state != lake::FileState::ignored && !formats::is_known_non_data(name) &&
           !formats::is_temporary_name(name);
}

bool may_be_of_a_table(const lake::FileRecord& record) {
    return is_data(record) && !is_known_non_data_folder(parent_of(record.path));
}

bool is_rule_name(std::string_view name) {
    return name == k_override_name || name == k_storage_metadata || name == k_storage_history;
}

File file_of(const lake::FileRecord& record) {
    File file;
    file.path = record.path;
    file.state = record.state;
    file.size = record.size;
    file.ino = record.ino;
    file.mtime_ns = record.mtime_ns;
    file.ctime_ns = record.ctime_ns;
    file.indexed = record.indexed_ns != 0;
    return file;
}

Tree::Tree(std::string bucket, const lake::InventoryBuilder& next, int bucket_fd)
    : m_bucket(std::move(bucket)), m_bucket_fd(bucket_fd) {
    next.for_each_folder(m_bucket, [&](const lake::InventoryBuilder::FolderSummary& summary) {
        if (!is_known_non_data_folder(summary.path)) return look_at(next, summary);
        if (name_of(summary.path) != k_override_name || is_known_non_data_folder(parent_of(summary.path))) return;
        m_findings.push_back(no_override_file("a folder"));
        m_findings.back().path = fmt::format("{}/{}", m_bucket, summary.path);
    });
    find_temporaries(next);
    read_overrides();
    decide_units();
}

void Tree::look_at(const lake::InventoryBuilder& next, const lake::InventoryBuilder::FolderSummary& summary) {
    Folder folder;
    folder.has_data = summary.files != 0;
    folder.pending = summary.pending != 0;
    if (summary.ignored) {
        const std::string path = summary.path.empty() ? "" : std::string(summary.path) + "/";
        folder.has_override = next.find(m_bucket, path + std::string(k_override_name)).has_value();
        folder.has_storage = folder.has_data && next.find(m_bucket, path + std::string(k_storage_metadata)) &&
                             next.find(m_bucket, path + std::string(k_storage_history));
    }
    if (folder.has_data || folder.has_override) m_folders.emplace_hint(m_folders.end(), summary.path, folder);
}

// Only what else is pending makes a folder work to do.
void Tree::find_temporaries(const lake::InventoryBuilder& next) {
    for (auto& [path, each] : m_folders) {
        if (!each.pending) continue;
        auto& folder = each;
        folder.pending = false;
        for_each_file(next, m_bucket, path, [&](const lake::FileRecord& record) {
            const std::string_view name = name_of(record.path);
            if (record.state == lake::FileState::data && formats::is_temporary_name(name)) {
                if (record.indexed_ns == 0) m_temporaries.push_back({m_bucket + "/" + record.path, record.mtime_ns});
            } else if (is_data(record)) {
                folder.pending |= record.indexed_ns == 0;
            }
        });
    }
}

void Tree::read_overrides() {
    for (const auto& [path, folder] : m_folders) {
        if (!folder.has_override) continue;
        const std::string shown = m_bucket + "/" + (path.empty() ? "" : path + "/") + std::string(k_override_name);
        auto read = read_override(m_bucket_fd, path);
        if (!read) {
            m_findings.push_back({model::Finding::Severity::error, "override_unreadable", shown, 0,
                                  "its rules do not count now: " + read.error().message});
            continue;
        }
        for (model::Finding finding : read->findings) {
            finding.path = shown;
            m_findings.push_back(std::move(finding));
        }
        if (read->table || read->ignore || read->single_file) m_overrides.emplace(path, std::move(*read));
    }
}

const Override* Tree::override_above(std::string_view folder, std::string& root) const {
    if (m_overrides.empty()) return nullptr;
    for (;; folder = parent_of(folder)) {
        if (const auto found = m_overrides.find(folder); found != m_overrides.end()) {
            root = found->first;
            return &found->second;
        }
        if (folder.empty()) return nullptr;
    }
}

std::size_t Tree::unit_with(Unit::Kind kind, std::string_view root, std::string_view table_name) {
    const auto [at, fresh] = m_unit_at.try_emplace({std::string(root), kind}, m_units.size());
    if (fresh) {
        Unit unit;
        unit.kind = kind;
        unit.root = root;
        unit.table_name = table_name;
        m_units.push_back(std::move(unit));
    }
    return at->second;
}

std::optional<std::size_t> Tree::unit_for(std::string_view folder, const std::set<std::string>& partition_roots) {
    std::string root;
    if (const Override* words = override_above(folder, root)) {
        if (words->ignore) return std::nullopt;
        if (words->table) return unit_with(Unit::Kind::override_table, root, *words->table);
        return unit_with(Unit::Kind::override_files, root, {});
    }
    if (const auto above = partition_root(folder)) return unit_with(Unit::Kind::partitions, *above, {});
    // Files beside the key=value folders belong to the question "mixed depth?"; in a bucket's root they are loose
    // files.
    const bool beside = !folder.empty() && partition_roots.contains(std::string(folder));
    return unit_with(beside ? Unit::Kind::partitions : Unit::Kind::folder, folder, {});
}

void Tree::decide_units() {
    std::set<std::string> partition_roots;
    for (const auto& [path, folder] : m_folders)
        if (folder.has_data)
            if (const auto root = partition_root(path)) partition_roots.emplace(*root);
    for (auto& [path, folder] : m_folders)
        if (folder.has_data) folder.unit = unit_for(path, partition_roots);
}

void Tree::touch(std::string_view path) {
    const std::string_view folder = parent_of(path);
    m_touched.emplace(folder);
    if (const auto root = partition_root(folder)) m_touched.emplace(*root);
    std::string root;
    if (override_above(folder, root)) m_touched.emplace(root);
}

// Above the unit, in its folder, or below where it takes in the folders below.
bool Tree::has_other_rules(const Unit& unit) const {
    if (m_rules.empty()) return false;
    for (std::string_view folder = unit.root;; folder = parent_of(folder)) {
        if (m_rules.contains(folder)) return true;
        if (folder.empty()) break;
    }
    if (unit.kind == Unit::Kind::folder) return false;
    if (unit.root.empty()) return true;
    const std::string below = unit.root + "/";
    const auto first = m_rules.lower_bound(below);
    return first != m_rules.end() && first->starts_with(below);
}

void Tree::collect(const lake::InventoryBuilder& next) {
    const auto is_touched = [&](const std::string& path, const Folder& folder) {
        return m_all_touched || folder.pending || m_touched.contains(path);
    };
    for (const auto& [path, folder] : m_folders)
        if (folder.unit && (is_touched(path, folder) || m_touched.contains(m_units[*folder.unit].root)))
            m_units[*folder.unit].touched = true;
    for (Unit& unit : m_units) unit.touched |= has_other_rules(unit);
    for (const auto& [path, folder] : m_folders) {
        if (!folder.unit || !m_units[*folder.unit].touched) continue;
        Unit& unit = m_units[*folder.unit];
        collect_folder(next, path, unit);
        if (folder.has_storage && unit.kind == Unit::Kind::folder) leave_out_old_versions(path, unit);
    }
    for (Unit& unit : m_units)
        std::sort(unit.files.begin(), unit.files.end(), [](const File& a, const File& b) { return a.path < b.path; });
}

void Tree::collect_folder(const lake::InventoryBuilder& next, const std::string& folder, Unit& unit) const {
    for_each_file(next, m_bucket, folder, [&](const lake::FileRecord& record) {
        if (!is_data(record)) return;
        unit.files.push_back(file_of(record));
    });
}

// A folder of the older table storage keeps the files of versions that were overwritten.
void Tree::leave_out_old_versions(const std::string& folder, Unit& unit) const {
    const std::string shown = m_bucket + "/" + folder;
    const auto live = read_live_versions(m_bucket_fd, folder);
    if (!live) {
        unit.findings.push_back({model::Finding::Severity::warning, "storage_unreadable", shown, 0,
                                 "the rows of all its versions count: " + live.error().message});
        return;
    }
    if (!*live) return;
    const std::size_t removed = std::erase_if(unit.files, [&](const File& f) {
        const auto version = version_of_name(name_of(f.path));
        return version && !(*live)->holds(*version);
    });
    if (removed > 0)
        unit.findings.push_back(
            {model::Finding::Severity::note, "older_versions", shown, 0,
             fmt::format("{} data file{} of versions other than {} to {} {} kept, but no part of the table", removed,
                         removed == 1 ? "" : "s", (*live)->from, (*live)->to, removed == 1 ? "is" : "are")});
}

std::optional<std::size_t> Tree::number_of(std::string_view table_path, bool is_folder) const {
    if (!is_folder) {
        const auto folder = m_folders.find(parent_of(table_path));
        return folder == m_folders.end() ? std::nullopt : folder->second.unit;
    }
    for (const Unit::Kind kind : {Unit::Kind::override_table, Unit::Kind::partitions, Unit::Kind::folder})
        if (const auto at = m_unit_at.find({std::string(table_path), kind}); at != m_unit_at.end()) return at->second;
    return std::nullopt;
}

const Unit* Tree::unit_of(std::string_view table_path, bool is_folder) const {
    const auto number = number_of(table_path, is_folder);
    return number ? &m_units[*number] : nullptr;
}

namespace {

bool fits(const Unit& unit, const catalog::Place& place) {
    const bool by_hand = place.rule == model::GroupingRule::override_file;
    switch (unit.kind) {
        case Unit::Kind::override_table:
            return by_hand && place.is_folder && place.name == safe_table_name(unit.table_name);
        case Unit::Kind::override_files:
            return by_hand && !place.is_folder;
        case Unit::Kind::partitions:
            return place.rule == (place.is_folder ? model::GroupingRule::partitions : model::GroupingRule::single_file);
        case Unit::Kind::folder:
            break;
    }
    return place.rule == (place.is_folder ? model::GroupingRule::folder : model::GroupingRule::single_file);
}

}  // namespace

bool Tree::compare(const std::vector<catalog::Place>& places) {
    bool unlike = false;
    std::vector<bool> has_table(m_units.size());
    for (const catalog::Place& place : places) {
        const auto number = number_of(place.path, place.is_folder);
        if (number && fits(m_units[*number], place)) {
            has_table[*number] = true;
            continue;
        }
        unlike = true;
        if (number) m_units[*number].touched = true;
    }
    for (std::size_t i = 0; i < m_units.size(); ++i)
        if (!has_table[i]) unlike = m_units[i].touched = true;
    return unlike;
}

}  // namespace neurolake::index
