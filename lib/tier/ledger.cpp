// ledger.cpp: writing down where the bytes are now.
// SPDX-License-Identifier: Apache-2.0
#include "tier/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "tier/held_file.hpp"

namespace neurolake::tier {

void Ledger::find(std::string code, std::string path, std::string message) {
    model::Finding finding;
    finding.code = std::move(code);
    finding.path = std::move(path);
    finding.message = std::move(message);
    m_findings.push_back(std::move(finding));
}

std::vector<model::Finding> Ledger::take_findings() { return std::exchange(m_findings, {}); }

void Ledger::became_stub(const lake::Stub& stub, std::uint64_t ino) {
    m_entries.push_back({stub, false, to_rfc3339(m_context.clock.now())});
    lake::FileRecord record;
    record.path = stub.path;
    record.state = lake::FileState::stub;
    record.size = stub.size;
    record.allocated = lake::k_stub_size;
    record.ino = ino;
    record.mtime_ns = stub.mtime_ns;
    m_changes.push_back({stub, std::move(record)});
}

void Ledger::came_back(const lake::Stub& stub, const Identity& file) {
    m_entries.push_back({stub, true, to_rfc3339(m_context.clock.now())});
    stands_again(stub, file);
}

void Ledger::stands_again(const lake::Stub& stub, const Identity& file) {
    lake::FileRecord record;
    record.path = stub.path;
    record.size = file.size;
    record.allocated = file.allocated;
    record.ino = file.ino;
    record.mtime_ns = file.mtime_ns;
    m_changes.push_back({stub, std::move(record)});
}

void Ledger::audit(std::string_view what, const lake::Stub& stub, std::string_view plan, bool uploaded) {
    auto line = m_context.log_line ? m_context.log_line(what) : json::Value::object().set("event", what);
    if (!m_context.log_line) line.set("ts", to_rfc3339(m_context.clock.now(), Precision::milliseconds));
    json::set_path(line, "path", stub.bucket + "/" + stub.path);
    line.set("bytes", stub.size).set("sha256", stub.sha256).set("plan", plan).set("op", stub.op);
    line.set("location", location_text(stub.store)).set("version_id", stub.store.version_id);
    line.set("uploaded", uploaded);
    m_audit.push_back(std::move(line));
}

void Ledger::write_audit() {
    const auto lines = m_audit.size();
    if (auto logged = m_context.audit.append(std::exchange(m_audit, {})); !logged)
        find("audit_not_written", "", fmt::format("{} lines of audit.log: {}", lines, logged.error().message));
}

Status Ledger::write_cloud_list() {
    if (m_entries.empty()) return {};
    auto written = m_list.append(m_entries);
    if (!written && written.error().code == Errc::full) {
        lake::release_reserve(m_context.lake.layout());
        written = m_list.append(m_entries);
    }
    if (written) m_entries.clear();
    return written;
}

void count_tiers(model::Table& table, const catalog::Catalog& catalog, const lake::InventoryBuilder& inventory) {
    table.files = table.bytes = table.cloud_files = table.cloud_bytes = 0;
    std::set<std::string> away;
    const auto count = [&](const lake::FileRecord& record) {
        if (record.state == lake::FileState::ignored) return true;
        const auto* owner = catalog.table_of(table.bucket, record.path);
        if (!owner || owner->id != table.id) return true;
        ++table.files;
        table.bytes += record.size;
        if (record.state != lake::FileState::stub) return true;
        ++table.cloud_files;
        table.cloud_bytes += record.size;
        for (const auto& partition : table.partitions)
            if (text::starts_with_folder(record.path, partition.path)) away.insert(partition.path);
        return true;
    };
    if (table.is_folder)
        inventory.for_each(table.bucket, table.path, count);
    else if (const auto record = inventory.find(table.bucket, table.path))
        count(*record);
    table.cloud_partitions.assign(away.begin(), away.end());
    table.tier = table.cloud_files == 0             ? model::TableTier::local
                 : table.cloud_files == table.files ? model::TableTier::cloud
                                                    : model::TableTier::mixed;
}

Status Ledger::write_catalog(const lake::InventoryBuilder& next) const {
    if (!m_context.catalog)
        return Error(Errc::corrupt, "the catalog cannot be read", "see: neurolake doctor --fix, then catalog index");
    std::set<std::string> ids;
    std::vector<model::Table> changed;
    for (const auto& change : m_changes) {
        const auto* table = m_context.catalog->table_of(change.stub.bucket, change.stub.path);
        if (!table || !ids.insert(table->id).second) continue;
        auto counted = *table;
        count_tiers(counted, *m_context.catalog, next);
        changed.push_back(std::move(counted));
    }
    return changed.empty() ? Status() : m_context.catalog->update_tables(std::move(changed));
}

void Ledger::write_index(lake::InventoryBuilder& next) {
    for (auto& change : m_changes) {
        if (const auto before = next.find(change.stub.bucket, change.record.path)) {
            change.record.first_seen_ns = before->first_seen_ns;
            change.record.indexed_ns = before->indexed_ns;
        } else {
            change.record.first_seen_ns = to_ns(m_context.clock.now());
        }
        next.put(change.stub.bucket, change.record);
    }
    const auto committed = next.commit(m_context.lake.layout().inventory);
    if (!committed) find("inventory_not_written", "", committed.error().message);
    const auto cataloged = write_catalog(next);
    if (!cataloged) find("catalog_not_written", "", cataloged.error().message);

    std::set<std::pair<std::string, std::string>> folders;
    for (const auto& change : m_changes) folders.emplace(change.stub.bucket, folder_of(change.record.path));
    for (const auto& [name, folder] : folders) {
        const auto bucket = std::find_if(m_context.buckets.begin(), m_context.buckets.end(),
                                         [&wanted = name](const auto& b) { return b.name == wanted; });
        if (bucket == m_context.buckets.end()) continue;
        auto root = open_folder(bucket->root);
        const auto noted = root ? lake::refresh_note(root->get(), name, folder) : Status(std::move(root).error());
        if (!noted) find("note_not_written", name + "/" + folder, noted.error().message);
    }
    if (committed && cataloged) m_changes.clear();
}

std::string location_text(const lake::StoreLocation& location) {
    if (location.provider == "directory") return fmt::format("directory:{}/{}", location.endpoint, location.key);
    return fmt::format("{}://{}/{}", location.provider, location.bucket, location.key);
}

}  // namespace neurolake::tier
