// ledger.hpp: what is written down after bytes moved: audit, cloud.jsonl; and the index: inventory, catalog, notes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tier/tier.hpp"

namespace neurolake::tier {

// Everything here can be rebuilt from files and stubs, so a failure is a finding, never a reason to stop.
class Ledger {
public:
    Ledger(Context& context, lake::CloudList& list) : m_context(context), m_list(list) {}

    // A verified stub now stands at the path, or the bytes are back. Collected until write_*().
    void became_stub(const lake::Stub& stub, std::uint64_t ino);
    void came_back(const lake::Stub& stub, const Identity& file);
    // The same where cloud.jsonl says so already.
    void stands_again(const lake::Stub& stub, const Identity& file);
    // One audit line, collected until write_audit(); `what` is "burst", "recall", "recovered", "put_back", "evicted".
    void audit(std::string_view what, const lake::Stub& stub, std::string_view plan, bool uploaded);

    Status write_cloud_list();  // durable
    // `next`: the inventory to correct and commit. Collected changes are forgotten when they are written.
    void write_index(lake::InventoryBuilder& next);
    void write_audit();  // durable; one fsync for all lines
    bool index_pending() const { return !m_changes.empty(); }
    std::vector<model::Finding> take_findings();

private:
    struct Change {
        lake::Stub stub;
        lake::FileRecord record;
    };
    void find(std::string code, std::string path, std::string message);
    Status write_catalog(const lake::InventoryBuilder& next) const;

    Context& m_context;
    lake::CloudList& m_list;
    std::vector<lake::CloudEntry> m_entries;
    std::vector<Change> m_changes;
    std::vector<json::Value> m_audit;
    std::vector<model::Finding> m_findings;
};

// Counts a table's files, and which of them are stubs, from the inventory.
void count_tiers(model::Table& table, const catalog::Catalog& catalog, const lake::InventoryBuilder& inventory);

// "s3://bucket/key", "directory:/folder/key": where an object is, for people.
std::string location_text(const lake::StoreLocation& location);

}  // namespace neurolake::tier
