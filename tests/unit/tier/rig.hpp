// rig.hpp: a real lake in a scratch folder with a bucket, a catalog and a store, ready for burst and recall.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <memory>
#include <thread>

#include "memory_store.hpp"
#include "support/scratch.hpp"
#include "tier/journal.hpp"
#include "tier/plan.hpp"
#include "tier/tier.hpp"
#include "tier/upload.hpp"

namespace neurolake::tests {

// An hour ahead of the kernel's clock: the files a test just wrote have settled.
inline Time later() { return SystemClock().now() + std::chrono::hours(1); }

struct Rig {
    Scratch scratch;
    FixedClock clock{later()};
    CancelFlag cancel;
    MemoryStore store;
    tier::Policy policy;
    tier::Pins pins;
    std::unique_ptr<lake::Lake> lake;
    std::vector<lake::Bucket> buckets;
    std::unique_ptr<catalog::Catalog> catalog;
    std::unique_ptr<JsonLog> audit;
    std::vector<std::string> steps;

    Rig() {
        const auto home = scratch / "lake";
        REQUIRE(lake::Lake::create(home, clock));
        auto opened = lake::Lake::open(home);
        REQUIRE(opened);
        lake = std::make_unique<lake::Lake>(std::move(*opened));
        catalog::Options options;
        options.folder = lake->layout().catalog;
        REQUIRE(catalog::Catalog::create(options));
        auto tables = catalog::Catalog::open(options);
        REQUIRE(tables);
        catalog = std::make_unique<catalog::Catalog>(std::move(*tables));
        audit = std::make_unique<JsonLog>(lake->layout().logs / "audit.log", Chain::sha256);
        add_bucket("raw-data", lake::Tier::local);
        policy.min_size = 0;
        policy.prefix = "p";
        policy.marks.threshold = tier::Mark{1, "test"};  // always over the mark
    }

    void add_bucket(const std::string& name, lake::Tier tier) {
        lake::Bucket bucket;
        bucket.name = name;
        bucket.root = lake->layout().buckets / name;
        bucket.tier = tier;
        std::filesystem::create_directories(bucket.root);
        buckets.push_back(bucket);
    }

    std::filesystem::path file(const std::string& path, const std::string& bucket = "raw-data") const {
        return lake->layout().buckets / bucket / path;
    }
    void write(const std::string& path, const std::string& bytes, const std::string& bucket = "raw-data") const {
        std::filesystem::create_directories(file(path, bucket).parent_path());
        std::ofstream(file(path, bucket), std::ios::binary) << bytes;
    }
    void append(const std::string& path, const std::string& bytes) const {
        std::ofstream(file(path), std::ios::binary | std::ios::app) << bytes;
    }

    // A table that owns the folder.
    void add_table(const std::string& folder, std::vector<std::string> partitions = {}) {
        model::Table table;
        table.id = (folder + "0000000000000000").substr(0, 16);
        table.bucket = "raw-data";
        table.name = folder;
        table.path = folder;
        table.format = "csv";
        table.rule = model::GroupingRule::folder;
        for (const auto& path : partitions) table.partitions.push_back({{path}, path, 1, 1, 1, true});
        catalog::Batch batch;
        batch.upserts.push_back(table);
        REQUIRE(catalog->apply(batch));
    }

    tier::Context context() {
        lake::StoreLocation target;
        target.provider = "memory";
        target.bucket = "cloud";
        tier::Context out{*lake,
                          buckets,
                          catalog.get(),
                          &store,
                          [this](const lake::StoreLocation&) { return Result<store::ObjectStore*>(&store); },
                          target,
                          policy,
                          *audit,
                          clock,
                          cancel};
        out.rest_before_free = std::chrono::milliseconds(5);
        out.concurrency = 4;
        out.instance = "this copy";
        out.part_size = 1 << 20;
        out.step = [this](std::string_view line) { steps.emplace_back(line); };
        return out;
    }

    lake::ScanResult scan() {
        const auto old = lake::Inventory::open(lake->layout().inventory).value_or(lake::Inventory());
        auto result = lake::scan(buckets, old, {}, clock, cancel);
        REQUIRE(result);
        return std::move(*result);
    }
    tier::Plan plan(const tier::PlanRequest& request = {}) {
        auto all = scan();
        auto made = tier::make_plan(context(), all, pins, request);
        REQUIRE(made);
        return std::move(*made);
    }
    // What the command does: recover, scan, plan, burst.
    tier::BurstReport burst(const tier::PlanRequest& request = {}) {
        auto all = context();
        REQUIRE(tier::recover(all));
        auto tree = scan();
        auto made = tier::make_plan(all, tree, pins, request);
        REQUIRE(made);
        auto report = tier::burst(all, *made, pins, tree);
        if (!report) FAIL(report.error().message);
        return std::move(*report);
    }
    tier::RecoveryReport recover() {
        auto all = context();
        auto report = tier::recover(all);
        REQUIRE(report);
        return std::move(*report);
    }
    tier::RecallReport recall(std::vector<std::string> paths) {
        policy.marks.threshold.reset();
        auto all = context();
        tier::RecallRequest request;
        request.paths = std::move(paths);
        auto report = tier::recall(all, request);
        if (!report) FAIL(report.error().message);
        return std::move(*report);
    }

    std::optional<lake::Stub> stub(const std::string& path) const {
        auto root = open_folder(buckets.front().root);
        REQUIRE(root);
        auto stub = lake::read_stub_at(root->get(), path);
        return stub && stub->has_value() ? *stub : std::nullopt;
    }
    bool is_stub(const std::string& path) const { return stub(path).has_value(); }
    std::size_t entries(const std::filesystem::path& folder) const {
        return static_cast<std::size_t>(
            std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
    }
    // Nothing in flight, nothing aside, no name of ours among the user's.
    void check_clean() const {
        CHECK(entries(lake->layout().journal) == 0);
        CHECK(entries(lake->layout().trash) == 0);
        CHECK(entries(lake->layout().staging) == 0);
        for (const auto& entry : std::filesystem::recursive_directory_iterator(lake->layout().buckets)) {
            INFO(entry.path());
            CHECK(entry.path().filename().string().find(".nl-") == std::string::npos);
        }
    }
};

}  // namespace neurolake::tests
