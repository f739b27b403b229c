// test_ncf.cpp: every NCF sample gives what its writer wrote, and every damaged one says what is wrong.
// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/json.hpp"
#include "fixture.hpp"
#include "formats/ncf.hpp"
#include "support/sanitized.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using namespace neurolake::formats::test;
namespace fs = std::filesystem;

namespace {

fs::path samples() {
    const char* tests = std::getenv("NEUROLAKE_TESTS_DIR");
    return fs::path(tests ? tests : "tests") / "support" / "samples" / "ncf";
}

std::vector<std::string> sample_names() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(samples()))
        if (entry.path().extension() == ".ncf") names.push_back(entry.path().stem().string());
    std::sort(names.begin(), names.end());
    return names;
}

struct Sample {
    explicit Sample(const std::string& name) {
        auto opened = open_file(samples() / (name + ".ncf"), O_RDONLY);
        REQUIRE(opened.has_value());
        file = std::move(opened).value();
        auto text = read_file(samples() / (name + ".expected.json"));
        REQUIRE(text.has_value());
        auto parsed = json::parse(*text);
        REQUIRE(parsed.has_value());
        expected = std::move(parsed).value();
    }
    Input input(bool full) {
        Options options;
        options.full = full;
        return {file.get(), identity_of(file.get())->size, "x.ncf", "ncf", Compression::none, options, cancel};
    }
    Fd file;
    json::Value expected;
    CancelFlag cancel;
};

std::string_view name_of(NcfChecksum checksum) {
    constexpr std::array<std::string_view, 5> k_names{"absent", "unchecked", "ok", "ok_zeroed_header", "mismatch"};
    return k_names[static_cast<std::size_t>(checksum)];
}

// A stored value and an expected JSON value say the same.
bool same(const std::optional<std::string>& got, const json::Value& want) {
    if (want.is_null()) return !got;
    if (!got) return want.is_string() && want.as_string()->empty();
    if (const std::string* text = want.as_string()) return *got == *text;
    if (const bool* flag = want.as_bool()) return *got == (*flag ? "true" : "false");
    return std::strtod(got->c_str(), nullptr) == want.as_double().value_or(-1e300);
}

void compare_statistics(const NcfColumn& column, const json::Value& want) {
    if (want.is_null()) {
        CHECK_FALSE(column.statistics.has_value());
        return;
    }
    REQUIRE(column.statistics.has_value());
    const NcfStatistics& got = *column.statistics;
    CHECK(same(got.min, *want.find("min")));
    CHECK(same(got.max, *want.find("max")));
    CHECK(got.nulls == want.find("null_count")->as_uint());
    CHECK(got.total == want.find("total_count")->as_uint());
    CHECK(got.distinct == want.find("distinct_count")->as_uint());
    CHECK(got.average_length == want.find("avg_length")->as_double());
}

void compare_column(const NcfColumn& column, const json::Value& want) {
    INFO("column " << column.name);
    CHECK(column.name == want.text("name"));
    CHECK(column.type == want.text("type"));
    CHECK(column.nullable == want.boolean("nullable"));
    CHECK(column.pii == want.boolean("contains_pii"));
    CHECK(column.encoding == want.text("encoding"));
    CHECK(column.has_data == want.boolean("has_data"));
    if (const json::Value* semantic = want.find("semantic_type"))
        CHECK(column.semantic == (semantic->is_string() ? *semantic->as_string() : "unknown"));
    if (const json::Value* group = want.find("stored_group")) CHECK(column.stored_group == group->as_uint());
    if (const json::Value* group = want.find("column_group")) CHECK(column.declared_group == group->as_uint());
    if (const json::Value* statistics = want.find("stats")) compare_statistics(column, *statistics);
}

bool has_severity(const std::vector<model::Finding>& findings, model::Finding::Severity severity) {
    return std::any_of(findings.begin(), findings.end(), [&](const auto& f) { return f.severity == severity; });
}

}  // namespace

TEST_CASE("sound NCF files of all dialects give what their writers wrote", "[formats]") {
    std::size_t compared = 0;
    for (const std::string& name : sample_names()) {
        Sample sample(name);
        if (sample.expected.text("result") != "ok") continue;
        INFO(name);
        ++compared;
        const json::Value& want = sample.expected;
        const auto result = read_ncf(sample.input(true));
        REQUIRE(result.has_value());
        const NcfFile& file = *result;
        for (const model::Finding& f : file.findings) {
            INFO(f.code << ": " << f.message);
            CHECK(f.severity == model::Finding::Severity::note);
        }
        CHECK(to_string(file.dialect) == want.text("dialect"));
        CHECK(file.table == want.text("table_name"));
        CHECK(file.rows == want.natural("row_count"));
        CHECK(name_of(file.checksum) == want.text("checksum"));
        CHECK(file.data_readable == want.boolean("data_readable"));
        CHECK(file.compression == want.text("compression"));
        if (want.find("created")) CHECK(file.created == want.natural("created"));
        if (want.find("modified")) CHECK(file.modified == want.natural("modified"));
        const json::Array& columns = want.items("columns");
        REQUIRE(file.columns.size() == columns.size());
        for (std::size_t i = 0; i < columns.size(); ++i) compare_column(file.columns[i], columns[i]);
        const json::Value* head = want.find("head");
        if (head == nullptr) continue;
        for (const NcfColumn& column : file.columns) {
            const json::Value* values = head->find(column.name);
            if (values == nullptr) continue;
            INFO("head of " << column.name);
            const auto got = ncf_values(sample.input(false), file, column, 5);
            REQUIRE(got.has_value());
            REQUIRE(got->size() == values->as_array()->size());
            for (std::size_t i = 0; i < got->size(); ++i) CHECK(same((*got)[i], (*values->as_array())[i]));
        }
    }
    CHECK(compared >= 10);
}

TEST_CASE("damaged and malicious NCF files are told by name and cost nothing", "[formats]") {
    using Severity = model::Finding::Severity;
    const fs::path canary = fs::temp_directory_path() / "ncf_pickle_canary";
    std::size_t compared = 0;
    rusage before{}, after{};
    REQUIRE(::getrusage(RUSAGE_SELF, &before) == 0);
    for (const std::string& name : sample_names()) {
        Sample sample(name);
        const std::string want = sample.expected.text("result");
        if (want == "ok") continue;
        INFO(name);
        ++compared;
        const auto result = read_ncf(sample.input(true));
        REQUIRE(result.has_value());
        const bool is_error = has_severity(result->findings, Severity::error);
        const bool is_warning = has_severity(result->findings, Severity::warning);
        if (want == "error") CHECK(is_error);
        if (want == "warn") CHECK((is_warning && !is_error));
        if (want == "warn_or_error") CHECK((is_warning || is_error));
        if (want == "ok_or_warn") CHECK_FALSE(is_error);
        bool named = want == "ok_or_warn";
        for (const json::Value& code : sample.expected.items("code_any_of"))
            for (const model::Finding& finding : result->findings) named |= finding.code == *code.as_string();
        CHECK(named);
        const auto whole = profile(sample.file.get(), name + ".ncf", {}, sample.cancel);
        REQUIRE(whole.has_value());
        if (want == "error") CHECK_FALSE(whole->findings.empty());
        // Any answer will do but a crash.
        static_cast<void>(head_ncf(sample.input(false), 5).has_value());
    }
    CHECK(compared >= 15);
    CHECK_FALSE(fs::exists(canary));
    REQUIRE(::getrusage(RUSAGE_SELF, &after) == 0);
    if (!neurolake::tests::k_sanitized) CHECK(after.ru_maxrss - before.ru_maxrss < 64 * 1024);
}

TEST_CASE("an unfinished NCF file still tells its schema", "[formats]") {
    Sample sample("u01-exception-mid-write");
    const auto result = read_ncf(sample.input(true));
    REQUIRE(result.has_value());
    CHECK_FALSE(result->finalised);
    CHECK(result->table == "torn");
    REQUIRE(result->columns.size() == 2);
    CHECK(result->columns[0].name == "i");
    CHECK(result->columns[1].name == "j");
}

TEST_CASE("the profile of an NCF file carries its types, bounds, semantics and rows", "[formats]") {
    Sample sample("b01-tiny");
    const auto result = profile(sample.file.get(), "tiny.ncf", {}, sample.cancel);
    REQUIRE(result.has_value());
    CHECK(result->format == "ncf");
    CHECK(result->rows == 3);
    CHECK(result->rows_exact);
    CHECK(type_of(*result, "i") == "int64");
    CHECK(type_of(*result, "s") == "text");
    CHECK(evidence_of(*result, "i").min == "1");
    CHECK(evidence_of(*result, "i").max == "3");
    CHECK(evidence_of(*result, "s").nulls == 1);
    CHECK(result->columns[1].pii);
    CHECK(result->columns[1].semantic == "pii_email");
}

TEST_CASE("the rows of an NCF file whose strings are said to be huge are damage, with what to do", "[formats]") {
    std::size_t refused = 0;
    for (const std::string& name : sample_names()) {
        const auto bytes = read_file(samples() / (name + ".ncf"));
        REQUIRE(bytes.has_value());
        for (std::size_t at = 0; at + 8 <= bytes->size() && at < 3000; ++at) {
            if ((*bytes)[at + 1] != '\0' || (*bytes)[at + 2] != '\0' || (*bytes)[at + 3] != '\0') continue;
            std::string changed = *bytes;
            changed[at + 3] = '\x10';
            const ScratchFile file(changed);
            const auto rows = head(file.fd(), "changed.ncf", 3);
            if (rows) continue;
            ++refused;
            CHECK(rows.error().code != Errc::guard);
            CHECK_FALSE(rows.error().hint.empty());
        }
    }
    CHECK(refused > 0);
}

TEST_CASE("an NCF file cut anywhere is read without harm", "[formats]") {
    for (const char* name : {"a09-column-groups", "b01-tiny", "c02-mixed-3", "d01-notebook-json"}) {
        const auto bytes = read_file(samples() / (std::string(name) + ".ncf"));
        REQUIRE(bytes.has_value());
        Options options;
        options.full = true;
        for (std::size_t size = 0; size < bytes->size(); size += 7) {
            const Profile profile = profile_of(std::string_view(*bytes).substr(0, size), "cut.ncf", options);
            INFO(name << " cut to " << size);
            CHECK_FALSE(profile.findings.empty());
        }
    }
}

TEST_CASE("an NCF file with any byte changed is read without harm", "[formats]") {
    for (const char* name : {"a09-column-groups", "b01-tiny", "c02-mixed-3"}) {
        auto bytes = read_file(samples() / (std::string(name) + ".ncf"));
        REQUIRE(bytes.has_value());
        Options options;
        options.full = true;
        for (std::size_t at = 0; at < bytes->size(); at += 3) {
            std::string changed = *bytes;
            changed[at] = static_cast<char>(changed[at] ^ 0xFF);
            const ScratchFile file(changed);
            const CancelFlag cancel;
            CHECK(profile(file.fd(), "changed.ncf", options, cancel).has_value());
            static_cast<void>(head(file.fd(), "changed.ncf", 3).has_value());
        }
    }
}
