// test_lake.hpp: a lake in a folder of its own, indexed as a whole; gone afterwards.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "index/index.hpp"

namespace neurolake::index::test {

namespace fs = std::filesystem;

struct TestLake {
    TestLake() {
        char name[] = "/tmp/neurolake-index-XXXXXX";
        home = ::mkdtemp(name);
        REQUIRE(lake::Lake::create(home, clock));
        lake.emplace(*lake::Lake::open(home));
        options.folder = lake->layout().catalog;
        REQUIRE(catalog::Catalog::create(options));
        for (const char* bucket : {"raw-data", "processed"}) {
            lake::Bucket b;
            b.name = bucket;
            b.root = lake->layout().buckets / bucket;
            fs::create_directories(b.root);
            buckets.push_back(b);
        }
    }
    ~TestLake() { fs::remove_all(home); }

    void put(const std::string& path, const std::string& text, int age_seconds = 3600) {
        const fs::path file = lake->layout().buckets / path;
        fs::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << text;
        const timespec past{::time(nullptr) - age_seconds, 0};
        const timespec times[2] = {past, past};
        REQUIRE(::utimensat(AT_FDCWD, file.c_str(), times, 0) == 0);
    }

    Result<index::Report> try_index(const index::Options& how = {}) {
        auto catalog = catalog::Catalog::open(options);
        REQUIRE(catalog);
        return index::run(*lake, buckets, *catalog, how, clock, *cancel, {});
    }
    index::Report index(const index::Options& how = {}) {
        auto report = try_index(how);
        if (!report) FAIL(report.error().message);
        return std::move(*report);
    }
    catalog::Catalog open() const { return std::move(*catalog::Catalog::open(options)); }
    std::string bytes() const {
        return *read_file(options.folder / "tables.json") + *read_file(options.folder / "schemas.json");
    }
    std::set<std::string> names() const {
        std::set<std::string> names;
        const auto catalog = open();
        for (const auto& table : catalog.tables())
            if (table.deleted_at.empty()) names.insert(table.full_name());
        return names;
    }

    SystemClock clock;
    std::unique_ptr<CancelFlag> cancel = std::make_unique<CancelFlag>();
    fs::path home;
    std::optional<lake::Lake> lake;
    catalog::Options options;
    std::vector<lake::Bucket> buckets;
};

}  // namespace neurolake::index::test
