// catalogs.hpp: the backends the contract suite runs on, each with a fresh place for one test, and what it puts there.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

#include "catalog/backend_choice.hpp"
#include "catalog/catalog.hpp"
#include "support/scratch.hpp"
#include "support/server_process.hpp"

namespace neurolake::contract {

// One server for the test program, started when first asked for; listens() is false where it is not installed.
ServerProcess& postgres();
std::string postgres_dsn(const std::string& database = "postgres");

std::vector<std::string> backends();  // without postgresql where there is none, which is said

// A place for one lake's catalog in any backend.
struct Shelf {
    explicit Shelf(std::string backend);
    catalog::Options in(const std::string& backend) const;  // the same lake in another backend
    catalog::Catalog open() const;
    tests::Scratch scratch;
    catalog::Options options;
};

model::Table table(std::string bucket, std::string name);
// Upserts with a first schema version each.
catalog::Batch batch(std::vector<model::Table> tables, std::string at = "2026-11-22T08:00:00Z");
catalog::EntryChange put(catalog::List list, const std::string& id, const std::string& more = "");
// Tables and entries with everything that is awkward to keep.
void fill_with_oddities(catalog::Catalog& catalog);
catalog::Contents contents(const catalog::Options& options);

// Runs `work` in a child process; kill_after_us: SIGKILL after so many microseconds. True when it ended by itself,
// well.
bool in_child(const std::function<bool()>& work, int kill_after_us = -1);

}  // namespace neurolake::contract
