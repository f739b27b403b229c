// naming.hpp: the names of tables: after their place, safe to type, unique in their bucket, and stable.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "index/grouping.hpp"

namespace neurolake::index {

// "sales/2024 Q1/orders.csv.gz" -> "sales.2024_Q1.orders": folders and the file's stem joined by dots; letters, digits,
// '_' and '-' stay, anything else becomes '_'. A file without a known data extension keeps it ("logo_png").
std::string plain_name(const Group& group);
std::string safe_table_name(std::string_view wanted);  // the same for a name from an override file; its dots stay

// Gives each group its name, in order. `kept[i]`: the name its table already has, "" for a new one: names once given
// stay while the table lives. `taken`: names of tables that are not regrouped. When several new tables want one name, a
// folder gets it before files; files get their extension added (orders_csv, orders_parquet), and what still collides
// six digits of its path's SHA-256.
std::vector<std::string> give_names(const std::vector<const Group*>& groups, const std::vector<std::string>& kept,
                                    std::set<std::string> taken);

}  // namespace neurolake::index
