// settings.hpp: the Options structs of every room, side by side, as files, environment and flags make them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "index/index.hpp"
#include "lake/bucket.hpp"
#include "store/store.hpp"
#include "tier/policy.hpp"

namespace neurolake::config {

struct Retention {
    bool cloud = false;
    int trash_days = 7;
    double max_delete_percent = 50;
};
struct Monitoring {
    std::string log_level = "INFO";
    std::filesystem::path log_folder;
    bool audit_enabled = true, metrics_enabled = false;
};

struct Settings {
    std::filesystem::path home;         // absolute, real: the folder that holds config/
    std::string base_path_hint;         // storage.base_path as written
    std::vector<lake::Bucket> buckets;  // registered ones, in order of name
    tier::Policy tier;
    store::Options store;
    catalog::Options catalog;
    index::Options index;
    Retention retention;
    Monitoring monitoring;
    std::vector<std::string>
        warnings;  // one line each: moved base path, re-rooted paths, doubly defined buckets, secrets ...
};

}  // namespace neurolake::config
