// lake_fixture.hpp: a catalog in memory's stead: tables made by hand, in a folder of their own, and exports as text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "exchange/exchange.hpp"
#include "support/scratch.hpp"

namespace neurolake::tests {

inline model::Column column(std::string name, std::string_view type) {
    model::Column c;
    c.name = std::move(name);
    c.type = model::parse_type(type).value();
    return c;
}

inline model::Table table(std::string bucket, std::string name, std::vector<model::Column> columns) {
    static int count = 0;
    model::Table t;
    const std::string number = std::to_string(++count);
    t.id = std::string(16 - number.size(), '0') + number;
    t.bucket = std::move(bucket);
    t.name = t.path = std::move(name);
    t.rule = model::GroupingRule::folder;
    t.format = "csv";
    t.columns = std::move(columns);
    return t;
}

struct CatalogOf {
    explicit CatalogOf(std::vector<model::Table> tables) {
        options.folder = scratch / "catalog";
        REQUIRE(catalog::Catalog::create(options));
        auto writer = catalog::Catalog::open(options);
        catalog::Batch batch;
        batch.upserts = std::move(tables);
        batch.indexed_at = "2026-11-22T08:00:00Z";
        REQUIRE(writer->apply(batch));
    }
    catalog::Catalog open() const {
        auto catalog = catalog::Catalog::open(options);
        REQUIRE(catalog);
        return std::move(*catalog);
    }
    // What write(content, sink) writes of the tables that `words` choose.
    template <typename Write>
    std::string text(Write write, const std::vector<std::string>& words = {}) const {
        const catalog::Catalog catalog = open();
        const auto content = exchange::choose(catalog, words, {});
        REQUIRE(content);
        std::string out;
        const exchange::Sink sink = [&](std::string_view piece) {
            out += piece;
            return Status();
        };
        REQUIRE(write(*content, sink));
        return out;
    }

    Scratch scratch;
    catalog::Options options;
};

}  // namespace neurolake::tests
