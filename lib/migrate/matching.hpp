// matching.hpp: which table of the lake another catalog means.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "catalog/catalog.hpp"
#include "migrate/foreign.hpp"

namespace neurolake::migrate {

class Matching {
public:
    explicit Matching(const catalog::Catalog& catalog);  // which must not change meanwhile

    struct Match {
        const model::Table* table = nullptr;
        bool ambiguous = false;  // several could be meant, or another name has claimed it
    };
    // Living tables only. Each is given to one name alone.
    Match claim(const ForeignTable& foreign);
    // Before all claims: what an earlier import found. Null when that table is gone.
    const model::Table* keep(const std::string& table_id, const std::string& name);
    // Who claimed: name there -> table here.
    const std::map<std::string, const model::Table*>& claimed() const { return m_claimed; }

private:
    Match meant(const ForeignTable& foreign) const;

    const catalog::Catalog& m_catalog;
    std::unordered_map<std::string, const model::Table*> m_by_id, m_by_place;
    std::unordered_map<std::string, std::vector<const model::Table*>> m_by_bare_name;
    std::map<std::string, const model::Table*> m_claimed;
    std::unordered_map<const model::Table*, std::string> m_owner;
};

}  // namespace neurolake::migrate
