// test_ncf.cpp: every NCF sample gives what its writer wrote, and every damaged one says what is wrong.
// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <filesystem>
#include <limits>

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
    CHECK(evidence_of(*result, "s").values == 2);
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

TEST_CASE("what an NCF file says of its columns is taken over as we say it", "[formats]") {
    Sample types("a03-all-types"), meanings("c06-pii-semantics");
    const auto all = profile(types.file.get(), "x.ncf", {}, types.cancel);
    const auto people = profile(meanings.file.get(), "x.ncf", {}, meanings.cancel);
    REQUIRE(all.has_value());
    REQUIRE(people.has_value());
    CHECK(evidence_of(*all, "boolean").min == "false");
    CHECK(evidence_of(*all, "boolean").max == "true");
    CHECK(evidence_of(*all, "boolean").distinct == 2u);
    for (const model::Column& column : people->columns) {
        INFO(column.name);
        CHECK(column.pii == column.semantic.starts_with("pii_"));
        CHECK(column.semantic != "none");
        CHECK((column.name != "j" || column.semantic.empty()));
    }
}

TEST_CASE("an NCF header that says another number of rows is contradicted by all the rest", "[formats]") {
    auto bytes = read_file(samples() / "a03-all-types.ncf");
    REQUIRE(bytes.has_value());
    REQUIRE((*bytes)[28] == 3);
    for (const char rows : {2, 4}) {
        (*bytes)[28] = rows;
        Options options;
        options.full = true;
        const Profile lie = profile_of(*bytes, "x.ncf", options);
        std::string told;
        for (const model::Finding& finding : lie.findings)
            if (finding.code == "row_count_mismatch") told += finding.message + "\n";
        INFO(told);
        CHECK(told.find("the schema 3") != std::string::npos);
        CHECK(told.find("the statistics 3") != std::string::npos);
        CHECK(told.find("cannot hold") != std::string::npos);
        CHECK(find_code(lie, "checksum_mismatch") != nullptr);
        CHECK_FALSE(lie.rows_exact);
        CHECK(lie.rows == std::min<std::uint64_t>(3, static_cast<std::uint64_t>(rows)));
        CHECK(rows_of(*bytes, "x.ncf").cells.size() == lie.rows);
    }
    Sample flipped("hostile-a-checksum-flip");
    const auto file = read_ncf(flipped.input(true));
    REQUIRE(file.has_value());
    CHECK(file->checksum == NcfChecksum::mismatch);
}

namespace {

std::string little_endian(std::uint64_t value, std::size_t bytes) {
    std::string out;
    for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
    return out;
}
std::string big_endian(std::uint64_t value) {
    std::string out = little_endian(value, 8);
    return {out.rbegin(), out.rend()};
}
std::string stored(double value) { return '\xCB' + big_endian(std::bit_cast<std::uint64_t>(value)); }
std::string stored(std::uint64_t value) { return '\xCF' + big_endian(value); }
std::string stored(std::string_view text) { return static_cast<char>(0xA0 | text.size()) + std::string(text); }

struct Said {
    double min, max;
    std::uint64_t nulls, total;
    std::string distinct = "\xC0";  // nil
};

// As the rust dialect writes a table of one column id.
std::string rust_file(std::string_view type, std::string_view payload, std::uint64_t rows, const Said& said) {
    const std::string schema = "\x94" + stored("t") + "\x91\x94" + stored("id") + stored(type) + "\xC0\xC3" +
                               stored(std::uint64_t{0}) + stored(std::uint64_t{1});
    const std::string statistics =
        "\x91\x95" + stored(said.min) + stored(said.max) + stored(said.nulls) + stored(said.total) + said.distinct;
    // A frame that does not declare its size: one raw block.
    const std::string frame =
        std::string("\x28\xB5\x2F\xFD\x00\x48", 6) + little_endian(payload.size() << 3 | 1, 3) + std::string(payload);
    const std::string data = little_endian(frame.size(), 4) + frame;
    std::string out("NCF\x01\x01\x00\x00\x00", 8);
    std::uint64_t at = 64;
    out += little_endian(at, 8);
    for (const std::string* part : {&schema, &statistics, &data}) out += little_endian(at += part->size(), 8);
    out += little_endian(rows, 8) + std::string(16, '\0');
    return out + schema + statistics + data + "NCFE" + std::string(32, '\0');
}
std::string rust_file(const std::vector<std::int64_t>& values, std::uint64_t rows, const Said& said) {
    std::string payload;
    for (const std::int64_t value : values) payload += little_endian(static_cast<std::uint64_t>(value), 8);
    return rust_file("Int64", payload, rows, said);
}

}  // namespace

TEST_CASE("more rows than an NCF block can hold by any compression are not believed", "[formats]") {
    const std::uint64_t many = 1000000000000;
    for (const bool full : {false, true}) {
        Options options;
        options.full = full;
        const Profile lie = profile_of(rust_file({1, 2, 3}, many, {1, 3, 0, many}), "x.ncf", options);
        CHECK(find_code(lie, "row_count_mismatch") != nullptr);
        CHECK_FALSE(lie.rows_exact);
        CHECK(lie.rows == 3);
        const std::string two = little_endian(2, 4) + little_endian(0, 4) + little_endian(1, 4) + little_endian(2, 4);
        const Profile words = profile_of(rust_file("String", two + "ab", many, {0, 0, 0, many}), "x.ncf", options);
        CHECK_FALSE(words.rows_exact);
        CHECK(words.rows == 2);
    }
    const Profile sound = profile_of(rust_file({1, 2, 3}, 3, {1, 3, 0, 3}), "x.ncf");
    CHECK(sound.findings.empty());
    CHECK(sound.rows == 3);
    CHECK(sound.rows_exact);
}

TEST_CASE("the rows of an NCF file in JSON are those it holds, whatever it says", "[formats]") {
    const auto told = [](const std::string& rest) {
        return profile_of(R"({"format":"ncf","schema":[{"name":"a","type":"INTEGER"}],)" + rest + "}", "x.ncf");
    };
    const Profile more = told(R"("row_count":1000000000000,"data":[{"a":1},{"a":2}])");
    CHECK(find_code(more, "row_count_mismatch") != nullptr);
    CHECK(more.rows == 2);
    CHECK(more.rows_exact);
    CHECK(told(R"("row_count":2,"data":[{"a":1},{"a":2}])").findings.empty());
    const Profile lost = told(R"("row_count":2,"dat0":[{"a":1},{"a":2}])");
    CHECK(find_code(lost, "row_count_mismatch") != nullptr);
    CHECK_FALSE(lost.rows_exact);
}

TEST_CASE("statistics of an NCF file that cannot be, or are not exact, are left out", "[formats]") {
    const auto evidence = [](const std::string& bytes, std::string_view told) {
        const Profile profile = profile_of(bytes, "x.ncf");
        const model::Finding* finding = find_code(profile, "impossible_statistics");
        CHECK((finding != nullptr) == !told.empty());
        if (finding != nullptr) CHECK(finding->message.ends_with(told));
        CHECK(profile.rows == 3);
        CHECK(profile.rows_exact);
        return profile.columns.at(0).evidence;
    };
    const model::Evidence order = evidence(rust_file({1, 2, 3}, 3, {100, -5, 0, 3, stored(std::uint64_t{999999})}),
                                           "id: the smallest value is 100, the greatest -5");
    CHECK_FALSE(order.min);
    CHECK_FALSE(order.max);
    CHECK_FALSE(order.distinct);
    CHECK(order.values == 3);
    const double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
    const model::Evidence wild =
        evidence(rust_file({1, 2, 3}, 3, {nan, infinite, 1u << 30, 3}), "id: the smallest int64 is NaN");
    CHECK_FALSE(wild.min);
    CHECK_FALSE(wild.max);
    CHECK(wild.values + wild.nulls == 0);  // nobody counted them
    CHECK_FALSE(evidence(rust_file({1, 2, 3}, 3, {1, 3, 4, 3}), "id: 4 nulls in 3 rows").nulls);
    CHECK_FALSE(evidence(rust_file({1, 2, 3}, 3, {1.5, 3, 0, 3}), "id: the smallest int64 is 1.5").min);
    // A double beyond 2^53 stands for several whole numbers.
    const std::int64_t large = (std::int64_t{1} << 53) + 1, most = std::numeric_limits<std::int64_t>::max();
    const model::Evidence beyond = evidence(rust_file({1, large, most}, 3, {1, static_cast<double>(most), 0, 3}), "");
    CHECK(beyond.min == "1");
    CHECK_FALSE(beyond.max);
    CHECK_FALSE(evidence(rust_file({large, large, large}, 3, {9007199254740992, 9007199254740992, 0, 3}), "").min);
    CHECK(evidence(rust_file({5, 6, 7}, 3, {-9007199254740991, 9007199254740991, 0, 3}), "").max == "9007199254740991");
    const Said fractions{-infinite, 1e300, 0, 3};
    CHECK(profile_of(rust_file("Float64", std::string(24, '\0'), 3, fractions), "x.ncf").columns[0].evidence.max ==
          "1e+300");
}
