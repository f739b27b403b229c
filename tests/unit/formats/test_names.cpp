// test_names.cpp: what file names alone say.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "formats/formats.hpp"

using namespace neurolake::formats;

TEST_CASE("the extension names the format, through a compression ending and any case", "[formats]") {
    CHECK(format_of_name("orders.csv") == "csv");
    CHECK(format_of_name("ORDERS.CSV") == "csv");
    CHECK(format_of_name("orders.csv.gz") == "csv");
    CHECK(format_of_name("orders.CSV.ZST") == "csv");
    CHECK(format_of_name("orders.tsv") == "tsv");
    CHECK(format_of_name("events.jsonl") == "json_lines");
    CHECK(format_of_name("events.ndjson.gz") == "json_lines");
    CHECK(format_of_name("events.jsonl.zst") == "json_lines");
    CHECK(format_of_name("config.json") == "json");
    CHECK(format_of_name("part-0000.snappy.parquet") == "parquet");
    CHECK(format_of_name("customers.ncf") == "ncf");
}

TEST_CASE("a name without a known extension says nothing", "[formats]") {
    CHECK(format_of_name("orders").empty());
    CHECK(format_of_name("").empty());
    CHECK(format_of_name("orders.gz").empty());
    CHECK(format_of_name(".csv").empty());
    CHECK(format_of_name("notes.txt").empty());
    CHECK(format_of_name("csv").empty());
    CHECK(format_of_name("picture.png").empty());
}

TEST_CASE("side-cars of desktops and of other tools are known and not data", "[formats]") {
    for (const char* name :
         {".hidden", ".DS_Store", "BUCKET_INFO.txt", "README.md", "desktop.ini", "Thumbs.db", "_SUCCESS",
          "_IN-CLOUD.txt", "_neurolake.yaml", "_delta_log", "_metadata", "_committed_1234"}) {
        INFO(name);
        CHECK(is_known_non_data(name));
    }
    for (const char* name : {"orders.csv", "_orders.csv", "readme.csv", "year=2024", "BUCKET_INFO.csv", "success"}) {
        INFO(name);
        CHECK_FALSE(is_known_non_data(name));
    }
}

TEST_CASE("names of files that are still being written are temporary", "[formats]") {
    for (const char* name : {"a.csv.tmp", "a.csv.part", "a.CRDOWNLOAD", "a.csv~", ".a.csv.nl-tmp-0123", "~$book.csv"}) {
        INFO(name);
        CHECK(is_temporary_name(name));
    }
    for (const char* name : {"a.csv", "tmp.csv", "part-0000.csv", "partial", "nl-tmp-x.csv", ""}) {
        INFO(name);
        CHECK_FALSE(is_temporary_name(name));
    }
}
