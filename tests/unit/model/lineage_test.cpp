// lineage_test.cpp: edges, jobs and runs survive JSON whole, merge, and have the same id for the same thing.
// SPDX-License-Identifier: Apache-2.0
#include "model/lineage.hpp"

#include <catch2/catch.hpp>
#include <regex>

using namespace neurolake;
using namespace neurolake::model;

namespace {

LineageEdge edge(std::string from = "raw\xff.a", std::string to = "x.b") {
    LineageEdge e;
    e.from = {"0123456789abcdef", "", std::move(from)};
    e.to = {"", "s3://bucket", std::move(to)};
    e.job = job_id("neurolake", "nightly");
    e.columns = {{"a\xfe", "b"}, {"c", "d"}};
    e.first_seen = "2026-11-20T00:00:00Z";
    e.last_seen = "2026-11-22T00:00:00Z";
    e.count = 3;
    return e;
}

LineageRun run(LineageRun::State state = LineageRun::State::complete) {
    LineageRun r;
    r.run_id = "3f5e83fa-3480-44ff-99c5-ff943904e5e8";
    r.job = job_id("neurolake", "nightly");
    r.state = state;
    r.started_at = "2026-11-22T01:00:00Z";
    r.ended_at = "2026-11-22T01:00:02.500Z";
    r.duration_ms = 2500;
    r.rc = 0;
    r.command = "python\xff clean.py";
    r.error = "none";
    r.inputs = {{"0123456789abcdef", "", "raw.a"}};
    r.outputs = {{"", "file", "/tmp/\xff"}};
    return r;
}

}  // namespace

TEST_CASE("edges, jobs and runs come back from JSON as they were, whatever bytes are in them", "[model][lineage]") {
    CHECK(lineage_edge_from_json(json::parse(json::dump(to_json(edge()))).value()).value() == edge());
    CHECK(lineage_run_from_json(json::parse(json::dump(to_json(run()))).value()).value() == run());
    LineageJob job;
    job.name = "nightly \xff";
    job.sql = "select \"x\"\nfrom y";
    job.command = "c";
    job.description = "d";
    job.owner = "ana";
    job.first_seen = job.last_seen = "2026-11-22T00:00:00Z";
    job.runs = 7;
    CHECK(lineage_job_from_json(json::parse(json::dump(to_json(job))).value()).value() == job);
}

TEST_CASE("entries begin with their id and kind", "[model][lineage]") {
    const std::string text = json::dump(to_json(edge()));
    CHECK(text.starts_with("{\"id\":\"" + edge_id(edge()) + "\",\"kind\":\"edge\""));
    CHECK(json::dump(to_json(run())).starts_with("{\"id\":\"r-" + job_id("neurolake", "nightly").substr(2) + "-"));
}

TEST_CASE("an entry without what it needs is told, not guessed", "[model][lineage]") {
    for (const char* text : {R"({"from":{"name":"a"}})", R"({"to":{"name":"a"}})", R"({"from":{},"to":{"name":"a"}})"})
        CHECK_FALSE(lineage_edge_from_json(json::parse(text).value()));
    CHECK_FALSE(lineage_job_from_json(json::parse(R"({"namespace":"x"})").value()));
    CHECK_FALSE(lineage_run_from_json(json::parse(R"({"run":"x"})").value()));
    CHECK_FALSE(lineage_run_from_json(json::parse(R"({"job":"x"})").value()));
    const auto uncounted = lineage_edge_from_json(json::parse(R"({"from":{"name":"a"},"to":{"name":"b"}})").value());
    CHECK(uncounted.value().count == 1);  // it was said once, or it would not be there
}

TEST_CASE("an id depends on the ends and the job, not on names of tables, columns or times", "[model][lineage]") {
    LineageEdge other = edge("renamed.a");
    other.columns.clear();
    other.count = 9;
    CHECK(edge_id(other) == edge_id(edge()));
    other.job.clear();
    CHECK(edge_id(other) != edge_id(edge()));
    CHECK(edge_id(edge("x", "y")) != edge_id(edge("x", "z")));
    // Where one name ends and the next begins is part of it.
    CHECK(job_id("ab", "c") != job_id("a", "bc"));
    CHECK(DatasetRef{"", "ab", "c"}.key() != DatasetRef{"", "a", "bc"}.key());
}

TEST_CASE("a UUID from a text is well-formed and always the same", "[model][lineage]") {
    const std::regex form("[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
    for (const char* text : {"", "a", "nightly\n<x"}) CHECK(std::regex_match(uuid_of(text), form));
    CHECK(uuid_of("a") == uuid_of("a"));
    CHECK(uuid_of("a") != uuid_of("b"));
}

TEST_CASE("merging edges keeps the first and last time, all columns once, and the newest names", "[model][lineage]") {
    LineageEdge into = edge(), more = edge("raw-new.a");
    more.first_seen = "2026-11-01T00:00:00Z";
    more.last_seen = "2026-11-23T00:00:00Z";
    more.columns = {{"c", "d"}, {"a", "a"}};
    merge(into, more);
    CHECK(into.first_seen == "2026-11-01T00:00:00Z");
    CHECK(into.last_seen == "2026-11-23T00:00:00Z");
    CHECK(into.count == 6);
    CHECK(into.from.name == "raw-new.a");
    CHECK(into.columns == std::vector<ColumnLink>{{"a", "a"}, {"a\xfe", "b"}, {"c", "d"}});
    LineageEdge old = edge("raw-before.a");
    old.first_seen.clear();
    old.last_seen = "2026-11-02T00:00:00Z";
    merge(into, old);
    CHECK(into.first_seen == "2026-11-01T00:00:00Z");
    CHECK(into.from.name == "raw-new.a");
    LineageJob job;
    job.name = "nightly";
    job.owner = "ana";
    job.runs = 2;
    LineageJob again = job;
    again.owner.clear();
    merge(job, again);
    CHECK(job.runs == 4);
    CHECK(job.owner == "ana");
}

TEST_CASE("a run that has ended does not run again, in whatever order its events come", "[model][lineage]") {
    LineageRun started;
    started.job = run().job;
    started.run_id = run().run_id;
    started.started_at = "2026-11-22T00:59:59Z";
    started.inputs = {{"", "file", "/in"}};
    LineageRun into = run();
    merge(into, started);
    CHECK(into.state == LineageRun::State::complete);
    CHECK(into.started_at == "2026-11-22T00:59:59Z");
    CHECK(into.rc == 0);
    CHECK(into.inputs.size() == 2);
    LineageRun forward = started;
    merge(forward, run(LineageRun::State::failed));
    CHECK(forward.state == LineageRun::State::failed);
    merge(forward, started);
    CHECK(forward.state == LineageRun::State::failed);
    CHECK(forward.inputs.size() == 2);
    LineageRun facts = started;
    facts.state = LineageRun::State::other;
    merge(started, facts);
    CHECK(started.state == LineageRun::State::running);
}
