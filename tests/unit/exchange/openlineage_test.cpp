// openlineage_test.cpp: events of other tools become lineage, and what we write comes back as it was.
// SPDX-License-Identifier: Apache-2.0
#include "exchange/openlineage.hpp"

#include <fmt/format.h>

#include "base/json.hpp"
#include "lake_fixture.hpp"

using namespace neurolake;
using namespace neurolake::exchange;
using catalog::Lineage;
using tests::CatalogOf;
using tests::column;

namespace {

struct Lake {
    Lake()
        : tables({tests::table("raw-data", "orders", {column("id", "int64"), column("amount", "double")}),
                  tests::table("processed", "daily", {column("total", "double")})}),
          buckets({{"raw-data", tables.scratch / "buckets" / "raw-data"},
                   {"processed", tables.scratch / "buckets" / "processed"}}) {}

    // Reads events into the catalog.
    ReadEvents read(const std::string& text) {
        auto writer = tables.open();
        const auto known = Lineage::read(writer);
        REQUIRE(known);
        auto read = read_openlineage(text, *known, buckets);
        if (!read) FAIL(read.error().message);
        REQUIRE(writer.change_entries(add_lineage(*known, read->addition).entries));
        return std::move(*read);
    }
    std::string written() {
        const auto reader = tables.open();
        std::string text;
        for (const auto& event : openlineage_events(Lineage::read(reader).value(), buckets))
            text += json::dump(event) + "\n";
        return text;
    }
    // What is stored, without the counts and times of edges, which an export does not carry.
    std::vector<std::string> stored() {
        std::vector<std::string> all;
        const auto entries_1 = tables.open().entries(catalog::List::lineage).value();
        for (const auto& text : entries_1) {
            auto value = json::parse(text).value();
            if (value.text("kind") == "edge") value.set("count", 0).set("first_seen", "").set("last_seen", "");
            if (value.text("kind") == "job") value.set("first_seen", "").set("last_seen", "");
            all.push_back(json::dump(value));
        }
        return all;
    }
    std::string path(const char* name) { return (tables.scratch / "buckets").string() + "/" + name; }

    CatalogOf tables;
    std::vector<BucketRoot> buckets;
};

std::string event(const std::string& more, const char* type = "COMPLETE",
                  const char* run = "3f5e83fa-3480-44ff-99c5-ff943904e5e8", const char* time = "2026-11-22T08:00:05Z") {
    return fmt::format(R"({{"eventType":"{}","eventTime":"{}","producer":"https://x/y","schemaURL":"https://x/y",)"
                       R"("run":{{"runId":"{}"}},"job":{{"namespace":"airflow","name":"dag.task"}}{}}})",
                       type, time, run, more);
}

std::string dataset(const std::string& name_space, const std::string& name, const std::string& facets = "") {
    return fmt::format(R"({{"namespace":"{}","name":"{}"{}}})", name_space, name,
                       facets.empty() ? "" : ",\"facets\":" + facets);
}

}  // namespace

TEST_CASE("events of more runs than are kept change nothing when they are read again", "[exchange][lineage]") {
    Lake lake;
    std::string text;
    for (int i = 0; i < 130; ++i)
        text += event(",\"inputs\":[" + dataset("file", lake.path("raw-data/orders")) + "],\"outputs\":[" +
                          dataset("file", lake.path("processed/daily")) + "]",
                      "COMPLETE", fmt::format("3f5e83fa-3480-44ff-99c5-{:012}", i).c_str(),
                      fmt::format("2026-11-22T{:02}:{:02}:05Z", i / 60, i % 60).c_str()) +
                "\n";
    CHECK(lake.read(text).addition.runs.size() == 130);
    const auto entries = [&] { return lake.tables.open().entries(catalog::List::lineage).value(); };
    const auto before = entries();
    CHECK(before.size() == 1 + 1 + catalog::k_runs_kept);  // the edge, the job, its runs
    CHECK(lake.read(text).addition.runs.size() == catalog::k_runs_kept);
    CHECK(entries() == before);
}

TEST_CASE("inputs told at the start and outputs told at the end make edges", "[exchange][lineage]") {
    Lake lake;
    const std::string text =
        event(",\"inputs\":[" + dataset("file", lake.path("raw-data/orders")) + "]", "START",
              "3f5e83fa-3480-44ff-99c5-ff943904e5e8", "2026-11-22T08:00:00.250Z") +
        "\n\n" + event(",\"outputs\":[" + dataset("file", lake.path("processed/daily/part-0.csv")) + "]") + "\n";
    const auto read = lake.read(text);
    CHECK(read.events == 2);
    CHECK(read.bad.empty());
    const auto reader = lake.tables.open();
    const auto lineage = Lineage::read(reader).value();
    REQUIRE(lineage.edges().size() == 1);
    CHECK(lineage.edges()[0].from.name == "raw-data.orders");
    CHECK_FALSE(lineage.edges()[0].from.table_id.empty());
    CHECK(lineage.edges()[0].to.name == "processed.daily");
    REQUIRE(lineage.runs().size() == 1);
    CHECK(lineage.runs()[0].state == model::LineageRun::State::complete);
    CHECK(lineage.runs()[0].started_at == "2026-11-22T08:00:00.250Z");
    CHECK(lineage.runs()[0].duration_ms == 4750);
    CHECK(lineage.jobs()[0].runs == 1);
}

TEST_CASE("an edge of a run that tells neither beginning nor end has the time of its event", "[exchange][lineage]") {
    for (const char* type : {"OTHER", "RUNNING"}) {
        Lake lake;
        const std::string text =
            event(",\"inputs\":[" + dataset("s3://b", "x") + "],\"outputs\":[" + dataset("s3://b", "y") + "]", type);
        for (int again = 0; again < 2; ++again) lake.read(text);
        const auto reader = lake.tables.open();
        const auto lineage = Lineage::read(reader).value();
        REQUIRE(lineage.edges().size() == 1);
        CHECK(lineage.edges()[0].first_seen == "2026-11-22T08:00:05Z");
        CHECK(lineage.edges()[0].last_seen == "2026-11-22T08:00:05Z");
        CHECK(lineage.runs()[0].started_at.empty());
    }
}

TEST_CASE("the end of a run may come in another file than its start", "[exchange][lineage]") {
    Lake lake;
    lake.read(event(",\"inputs\":[" + dataset("s3://b", "x") + "]", "START"));
    lake.read(event(",\"outputs\":[" + dataset("s3://b", "y") + "]"));
    const auto reader = lake.tables.open();
    const auto lineage = Lineage::read(reader).value();
    REQUIRE(lineage.edges().size() == 1);
    CHECK(lineage.runs().size() == 1);
    CHECK(lineage.jobs()[0].runs == 1);
}

TEST_CASE("reading events twice changes nothing the second time", "[exchange][lineage]") {
    Lake lake;
    const std::string both =
        ",\"inputs\":[" + dataset("s3://b", "x") + "],\"outputs\":[" + dataset("s3://b", "y") + "]";
    const std::string job_event =
        R"({"eventTime":"2026-11-22T08:00:00Z","job":{"namespace":"n","name":"static"})" + both + "}";
    const std::string text =
        event(both) + "\n" + event(both, "COMPLETE", "3f5e83fa-3480-44ff-99c5-ff943904e5e9") + "\n" + job_event;
    lake.read(text);
    const auto once = lake.tables.open().entries(catalog::List::lineage).value();
    lake.read(text);
    CHECK(lake.tables.open().entries(catalog::List::lineage).value() == once);
    const auto reader = lake.tables.open();
    const auto lineage = Lineage::read(reader).value();
    REQUIRE(lineage.edges().size() == 2);
    CHECK(lineage.edges()[0].count + lineage.edges()[1].count == 3);  // two runs, and what a job event says
}

TEST_CASE("columns, queries, owners, exit codes and errors are taken over", "[exchange][lineage]") {
    Lake lake;
    const std::string facets =
        R"({"columnLineage":{"_producer":"p:p","_schemaURL":"p:p","fields":{"total":{"inputFields":[)"
        R"({"namespace":"s3://b","name":"x","field":"amount"},{"namespace":"s3://b","name":"not-an-input","field":"rate"}]}}}})";
    std::string text = event(
        ",\"inputs\":[" + dataset("s3://b", "x") + "],\"outputs\":[" + dataset("s3://b", "y", facets) + "]", "FAIL");
    auto value = json::parse(text).value();
    value.find("job")->set("facets", json::parse(R"({"sql":{"query":"select 1"},"documentation":{"description":"sums"},
        "ownership":{"owners":[{"name":"ana"},{"name":"bob"}]}})")
                                         .value());
    value.find("run")->set(
        "facets",
        json::parse(R"({"errorMessage":{"message":"boom"},"neurolake_run":{"rc":3,"durationMs":12}})").value());
    lake.read(json::dump(value));
    const auto reader = lake.tables.open();
    const auto lineage = Lineage::read(reader).value();
    REQUIRE(lineage.edges().size() == 2);
    std::vector<std::string> columns;
    for (const auto& edge : lineage.edges())
        for (const auto& link : edge.columns) columns.push_back(edge.from.name + "." + link.from + ">" + link.to);
    std::sort(columns.begin(), columns.end());
    CHECK(columns == std::vector<std::string>{"not-an-input.rate>total", "x.amount>total"});
    CHECK(lineage.jobs()[0].sql == "select 1");
    CHECK(lineage.jobs()[0].description == "sums");
    CHECK(lineage.jobs()[0].owner == "ana, bob");
    CHECK(lineage.runs()[0].state == model::LineageRun::State::failed);
    CHECK(lineage.runs()[0].error == "boom");
    CHECK(lineage.runs()[0].rc == 3);
    CHECK(lineage.runs()[0].duration_ms == 12);
}

TEST_CASE("datasets in the lake are found by path, link, place and our own names", "[exchange][lineage]") {
    Lake lake;
    const std::string inputs =
        dataset("file", lake.path("raw-data/orders/")) + "," +
        dataset("file", "file:" + lake.path("raw-data/./orders/a.csv")) + "," +
        dataset("neurolake", "raw-data.orders") + "," +
        dataset("file", "/elsewhere/raw-data/orders",
                R"({"symlinks":{"identifiers":[{"namespace":"neurolake","name":"raw-data.orders","type":"TABLE"}]}})") +
        "," +
        dataset("hive://meta", "db.orders",
                R"({"symlinks":{"identifiers":[{"namespace":"file","name":")" + lake.path("raw-data/orders") +
                    R"(","type":"TABLE"}]}})") +
        "," + dataset("file", lake.path("raw-data/new/x.csv")) + "," + dataset("file", "/srv/outside.csv");
    lake.read(
        event(",\"inputs\":[" + inputs + "],\"outputs\":[" + dataset("file", lake.path("processed/daily")) + "]"));
    const auto reader = lake.tables.open();
    const auto lineage = Lineage::read(reader).value();
    std::vector<std::string> found;
    for (const auto& each : lineage.datasets()) found.push_back(each.name);
    CHECK(found ==
          std::vector<std::string>{"/srv/outside.csv", "processed.daily", "raw-data.orders", "raw-data/new/x.csv"});
    // No path of this machine lies in the lake's files.
    const auto entries_2 = reader.entries(catalog::List::lineage).value();
    for (const auto& text : entries_2) CHECK(text.find(lake.tables.scratch.path().string()) == std::string::npos);
}

TEST_CASE("what is exported and read again is the same graph", "[exchange][lineage]") {
    Lake lake;
    const std::string facets =
        R"({"columnLineage":{"fields":{"total":{"inputFields":[{"namespace":"neurolake","name":"raw-data.orders","field":"amount"}]}}}})";
    lake.read(event(",\"inputs\":[" + dataset("neurolake", "raw-data.orders") + "," + dataset("s3://b", "x") +
                        "],\"outputs\":[" + dataset("neurolake", "processed.daily", facets) + "]",
                    "START") +
              "\n" + event("", "FAIL", "3f5e83fa-3480-44ff-99c5-ff943904e5e8", "2026-11-22T08:00:09Z"));
    catalog::LineageAddition said;
    const auto say = [&](const char* from, const char* to, const char* job) {
        model::LineageEdge edge;
        edge.from = catalog::dataset_from_words(from);
        edge.to = catalog::dataset_from_words(to);
        edge.job = *job ? model::job_id("neurolake", job) : "";
        edge.first_seen = edge.last_seen = "2026-11-21T00:00:00Z";
        if (*job) {
            said.jobs.emplace_back();
            said.jobs.back().name = job;
            said.jobs.back().command = "make";
            said.jobs.back().first_seen = said.jobs.back().last_seen = edge.last_seen;
        }
        said.edges.push_back(edge);
    };
    say("raw-data.orders", "processed.daily", "nightly");
    say("/srv/a", "processed.daily", "nightly");
    say("/srv/b", "/srv/c", "nightly");  // another set of inputs of the same job
    say("raw-data/new/x.csv", "not.there", "");
    say("/srv/a", "processed.daily", "");
    {
        auto writer = lake.tables.open();
        REQUIRE(writer.change_entries(add_lineage(Lineage::read(writer).value(), said).entries));
    }
    const auto before = lake.stored();
    const std::string events = lake.written();
    CHECK(lake.written() == events);
    auto writer = lake.tables.open();
    std::vector<catalog::EntryChange> all;
    const auto entries_3 = writer.entries(catalog::List::lineage).value();
    for (const auto& text : entries_3)
        all.push_back({catalog::List::lineage, json::parse(text)->text("id"), std::nullopt});
    REQUIRE(writer.change_entries(all));
    CHECK(lake.stored().empty());
    lake.read(events);
    CHECK(lake.stored() == before);
    // The lake has moved: the same events still mean its tables.
    REQUIRE(tests::CatalogOf({}).open().tables().empty());
    lake.buckets = {{"raw-data", "/moved/raw-data"}, {"processed", "/moved/processed"}};
    lake.read(events);
    std::size_t daily = 0;
    for (const auto& text : lake.stored()) daily += text.find("processed/daily") != std::string::npos;
    CHECK(daily == 0);
}

TEST_CASE("arrays, lines and objects over several lines are read, each bad event is named by its line",
          "[exchange][lineage]") {
    const std::string good =
        event(",\"inputs\":[" + dataset("s3://b", "x{[\\\"") + "],\"outputs\":[" + dataset("s3://b", "y") + "]");
    const std::string pretty = json::dump(json::parse(good).value(), json::Style::pretty);
    struct Case {
        std::string text;
        std::size_t events;
        std::vector<std::size_t> bad;
    };
    const std::vector<Case> cases = {
        {good, 1, {}},
        {good + "\r\n" + good + "\r\n", 2, {}},
        {"\xEF\xBB\xBF[" + good + ",\n" + good + "]\n", 2, {}},
        {"[\n" + good + ",\n{\"eventTime\":\"x\"},\n" + good + "\n]", 2, {3}},
        {good + "\n{\"cut\":\n" + good, 2, {2}},
        {good + "\n17\n\"text\"\n[1,2]\n" + good, 2, {2, 3, 4}},
        {pretty + "\n" + pretty + "\n", 2, {}},
        {"\n\n[" + pretty + ",\n" + pretty + "]", 2, {}},
        {"[]", 0, {}},
        {"", 0, {}},
        {good + "\n" + event(",\"inputs\":{}"), 1, {2}},
        {good + "\n" + event(",\"inputs\":[{\"namespace\":\"a\"}]"), 1, {2}},
        {good + "\n" + event("", "COMPLETE", "", "2026-11-22T08:00:00Z"), 1, {2}},
        {good + "\n" + event("", "COMPLETE", "r", "yesterday"), 1, {2}},
        {good + "\n{\"eventTime\":\"2026-11-22T08:00:00Z\",\"run\":{\"runId\":\"r\"}}", 1, {2}},
        {good + "\n" + event("", "START", "r2", "2026-11-22T08:00:00.123456"), 2, {}},  // no zone: UTC
        {good + "\n{\"eventTime\":\"2026-11-22T08:00:00Z\",\"dataset\":{\"namespace\":\"a\",\"name\":\"b\"}}", 2, {}},
    };
    for (const auto& each : cases) {
        INFO(each.text);
        Lake lake;
        const auto read = lake.read(each.text);
        CHECK(read.events == each.events);
        std::vector<std::size_t> lines;
        for (const auto& bad : read.bad) lines.push_back(bad.line);
        CHECK(lines == each.bad);
    }
    Lake lake;
    const auto reader = lake.tables.open();
    for (const char* text : {"hello", "{", "[{]", "{}\n{}", "\x01\x02"}) {
        INFO(text);
        const auto none = read_openlineage(text, Lineage::read(reader).value(), lake.buckets);
        REQUIRE_FALSE(none);
        CHECK(none.error().code == Errc::corrupt);
    }
}
