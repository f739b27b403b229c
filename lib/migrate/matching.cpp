// matching.cpp: by place, by full name, by the end of the name.
// SPDX-License-Identifier: Apache-2.0
#include "migrate/matching.hpp"

#include "base/text.hpp"

namespace neurolake::migrate {

Matching::Matching(const catalog::Catalog& catalog) : m_catalog(catalog) {
    for (const model::Table& table : catalog.tables()) {
        if (!table.deleted_at.empty()) continue;
        m_by_id[table.id] = &table;
        m_by_place[table.bucket + "/" + table.path] = &table;
        m_by_bare_name[table.name].push_back(&table);
    }
}

Matching::Match Matching::meant(const ForeignTable& foreign) const {
    if (!foreign.path.empty()) {
        if (const auto at = m_by_place.find(foreign.path); at != m_by_place.end()) return {at->second, false};
        // A file of a table of several is not that table.
        if (foreign.kind == "file") return {};
    }
    const auto parts = text::split(foreign.name, '.');
    if (const model::Table* table = m_catalog.find(foreign.name)) return {table, false};
    if (parts.size() >= 2) {
        const std::string two = std::string(parts[parts.size() - 2]) + "." + std::string(parts.back());
        if (const model::Table* table = m_catalog.find(two)) return {table, false};
    }
    // The same bucket-like word in another lake's export means another bucket's table: only its place or full name
    // count.
    if (!foreign.path.empty()) return {};
    const auto bare = m_by_bare_name.find(std::string(parts.back()));
    if (bare == m_by_bare_name.end()) return {};
    if (bare->second.size() > 1) return {nullptr, true};
    return {bare->second.front(), false};
}

Matching::Match Matching::claim(const ForeignTable& foreign) {
    if (const auto known = m_claimed.find(foreign.name); known != m_claimed.end()) return {known->second, false};
    const Match match = meant(foreign);
    if (!match.table) return match;
    const auto [owner, fresh] = m_owner.try_emplace(match.table, foreign.name);
    if (!fresh) return {nullptr, true};
    m_claimed[foreign.name] = match.table;
    return match;
}

const model::Table* Matching::keep(const std::string& table_id, const std::string& name) {
    const auto found = m_by_id.find(table_id);
    if (found == m_by_id.end()) return nullptr;
    m_owner.try_emplace(found->second, name);
    return m_claimed[name] = found->second;
}

}  // namespace neurolake::migrate
