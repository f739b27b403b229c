// clock_log_test.cpp: RFC 3339 and JSON-lines logs.
// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <stdexcept>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/workers.hpp"
#include "support/scratch.hpp"

using namespace neurolake;
using tests::Scratch;
using tests::slurp;

TEST_CASE("times go there and back", "[base]") {
    CHECK(to_rfc3339(time_from_ns(0)) == "1970-01-01T00:00:00Z");
    CHECK(to_rfc3339(time_from_ns(-1), Precision::nanoseconds) == "1969-12-31T23:59:59.999999999Z");
    CHECK(to_ns(*parse_rfc3339("2026-11-22T08:30:00Z")) == 1795336200000000000);
    CHECK(*parse_rfc3339("2026-11-22T10:30:00.5+02:00") == *parse_rfc3339("2026-11-22T08:30:00.500Z"));
    CHECK(*parse_rfc3339("2026-11-22") == *parse_rfc3339("2026-11-22T00:00:00Z"));
    for (const char* bad : {"", "2026", "2026-13-01", "2026-02-30", "2026-11-22T25:00:00Z", "2026-11-22T08:30:00",
                            "2026-11-22T08:30:00Zx"}) {
        INFO(bad);
        CHECK_FALSE(parse_rfc3339(bad));
    }
}

// Lines {n: 0}, {n: 1} ..., each with the hash of the one before.
void check_chain(const std::string& text, int lines) {
    std::string before;
    int count = 0;
    for (const auto line : text::split(text, '\n')) {
        if (line.empty()) continue;
        const auto v = json::parse(line);
        REQUIRE(v);
        CHECK(v->integer("n") == count);
        CHECK(v->text("prev") == (count ? to_hex(*sha256(before)) : std::string(64, '0')));
        before = line;
        ++count;
    }
    CHECK(count == lines);
}

TEST_CASE("a chained log carries the hash of the line before, over rotation too", "[base]") {
    Scratch scratch;
    JsonLog log(scratch / "audit.log", Chain::sha256, 300, 9);
    for (int i = 0; i < 12; ++i) REQUIRE(log.append(json::Value::object().set("n", i)));
    std::string all;
    for (int i = 9; i >= 0; --i) all += slurp(i ? scratch / ("audit.log." + std::to_string(i)) : scratch / "audit.log");
    check_chain(all, 12);
}

TEST_CASE("lines appended together are chained one by one", "[base]") {
    Scratch scratch;
    JsonLog log(scratch / "audit.log", Chain::sha256);
    REQUIRE(log.append(json::Value::object().set("n", 0)));
    std::vector<json::Value> lines;
    for (int i = 1; i < 4; ++i) lines.push_back(json::Value::object().set("n", i));
    REQUIRE(log.append(std::move(lines)));
    REQUIRE(log.append(std::vector<json::Value>()));
    check_chain(slurp(scratch / "audit.log"), 4);
}

TEST_CASE("a torn last line does not swallow the next one", "[base]") {
    Scratch scratch;
    scratch.write("error.log", "{\"a\":1}\n{\"torn");
    JsonLog log(scratch / "error.log", Chain::none);
    REQUIRE(log.append(json::Value::object().set("b", 2)));
    CHECK(slurp(scratch / "error.log") == "{\"a\":1}\n{\"torn\n{\"b\":2}\n");
}

TEST_CASE("lines of several processes never mix", "[base]") {
    Scratch scratch;
    for (int p = 0; p < 4; ++p) {
        if (::fork() == 0) {
            JsonLog log(scratch / "x.log", Chain::sha256, 4000, 50);
            for (int i = 0; i < 25; ++i)
                if (!log.append(json::Value::object().set("p", p).set("fill", std::string(50, 'x')))) ::_exit(1);
            ::_exit(0);
        }
    }
    for (int p = 0; p < 4; ++p) {
        int status = 1;
        REQUIRE(::wait(&status) > 0);
        CHECK(status == 0);
    }
    std::size_t lines = 0;
    for (const auto& entry : std::filesystem::directory_iterator(scratch.path())) {
        const std::string content = slurp(entry.path());
        for (const auto line : text::split(content, '\n')) {
            if (line.empty()) continue;
            CHECK(json::parse(line));
            ++lines;
        }
    }
    CHECK(lines == 100);
}

TEST_CASE("parallel_for visits every item once", "[base]") {
    std::vector<std::atomic<int>> seen(10'000);
    parallel_for(seen.size(), 8, [&](std::size_t i, unsigned worker) {
        if (worker < 8) ++seen[i];
    });
    CHECK(std::ranges::all_of(seen, [](const auto& n) { return n == 1; }));
    parallel_for(0, 4, [](std::size_t, unsigned) { FAIL("nothing to visit"); });
}

TEST_CASE("what an item of parallel_for throws reaches the caller, whichever thread met it", "[base]") {
    for (const unsigned threads : {1u, 4u})
        for (const std::size_t bad : {std::size_t{0}, std::size_t{500}}) {
            std::atomic<int> running{0};
            CHECK_THROWS_AS(parallel_for(1000, threads,
                                         [&](std::size_t i, unsigned) {
                                             ++running;
                                             if (i == bad) throw std::length_error("bad");
                                             --running;
                                         }),
                            std::length_error);
            CHECK(running == 1);  // no thread is left in the middle of an item
        }
}
