// test_any_order.cpp: whatever stands in a column, its verdict is the same for rows in any order and split anywhere.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>

#include "fixture.hpp"
#include "formats/csv_rows.hpp"
#include "support/sanitized.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using namespace neurolake::formats::test;

namespace {

using Random = std::mt19937_64;

// Cells of one kind each; a column takes a few kinds.
const std::vector<std::vector<std::string>> k_kinds{
    {"1", "-7", "0", "42", "123456789"},
    {"9223372036854775807", "12345678901234567"},
    {"9223372036854775808", "99999999999999999999999"},
    {"1.5", "-0.25", "3.125", "1000.001"},
    {"1.2345678901234567890"},
    {"1e5", "-2E-7"},
    {"NaN", "inf", "-Infinity"},
    {"007", "00"},
    {"true", "False"},
    {"2024-02-29", "1969-12-31"},
    {"2024-02-29 12:30:00.5", "1969-12-31T00:00"},
    {"2024-02-29T12:30:00Z", "1999-01-01 00:00:00+05:30"},
    {"123e4567-e89b-12d3-a456-426614174000"},
    {"NULL", "NA", "\\N"},
    {"-", "None"},
    {"", ""},
    {"\"\""},
    {"1/2/2024", "3/3/2024"},
    {"31/12/2023", "13/1/2024 10:00"},
    {"12/31/2023", "1/13/2024"},
    {"31.12.2023"},
    {"2024/2/1"},
    {"\"1,5\"", "\"-0,25\"", "1.234.567"},
    {"\"1,234\"", "\"12,345\""},
    {"\"1,234.5\"", "\"1,234,567\""},
    {"12%", "$5", "abc", "z"},
};

std::vector<std::string> random_cells(Random& random) {
    std::vector<std::string> pool;
    for (std::size_t kinds = 1 + random() % 3; kinds > 0; --kinds) {
        const auto& kind = k_kinds[random() % k_kinds.size()];
        pool.insert(pool.end(), kind.begin(), kind.end());
    }
    std::vector<std::string> cells(1 + random() % 40);
    for (std::string& cell : cells) cell = pool[random() % pool.size()];
    return cells;
}

std::string rows_of(const std::vector<std::string>& cells, std::size_t begin, std::size_t end) {
    std::string out;
    for (std::size_t i = begin; i < end; ++i) out += "k;" + cells[i] + "\n";
    return out;
}

CsvRows scanned(std::string text) {
    CsvDialect dialect;
    dialect.set.delimiter = ';';
    dialect.columns = 2;
    CsvRows rows(dialect, false);
    const std::size_t size = text.size();
    text.resize(size + k_padding);
    REQUIRE(rows.take(std::string_view(text).substr(0, size), size, true) == size);
    return rows;
}

model::Column verdict(const CsvRows& rows) {
    return rows.columns()[1].verdict("v", rows.rows(), 1, DecimalComma::possible);
}

// Which row was first depends on the order, of course; what it was does not decide the type.
model::Column without_rows(model::Column column) {
    column.evidence.reason.clear();
    column.evidence.forced_row = 0;
    return column;
}

}  // namespace

TEST_CASE("a verdict depends neither on the order of rows nor on where they were split", "[formats]") {
    const auto seed = GENERATE(1u, 2u, 3u, 4u, 5u);
    Random random(seed);
    for (int round = 0; round < (neurolake::tests::k_sanitized ? 60 : 600); ++round) {
        std::vector<std::string> cells = random_cells(random);
        const model::Column whole = verdict(scanned(rows_of(cells, 0, cells.size())));
        std::string shown;
        for (const std::string& cell : cells) shown += cell + " | ";
        INFO("seed " << seed << " round " << round << ": " << shown << model::to_string(whole.type));

        CsvRows merged = scanned("");
        for (std::size_t at = 0; at < cells.size();) {
            const std::size_t next = std::min(cells.size(), at + 1 + random() % 10);
            CsvRows part = scanned(rows_of(cells, at, next));
            merged.merge(part);
            at = next;
        }
        CHECK(verdict(merged) == whole);

        std::shuffle(cells.begin(), cells.end(), random);
        const model::Column shuffled = verdict(scanned(rows_of(cells, 0, cells.size())));
        CHECK(without_rows(shuffled) == without_rows(whole));
    }
}

TEST_CASE("files give the same from any number of threads, with every oddity in them", "[formats][threads]") {
    Random random(11);
    std::string text = "a;b;c\n";
    while (text.size() < (5u << 20)) {
        const std::uint64_t row = random() % 1000000;
        text += fmt::format("{};31/12/{};\"{},{}\n", row, 1900 + row % 100, row % 7, row % 10);
        text.back() = row % 5000 == 0 ? ' ' : '"';  // now and then a quote is not closed
        text += '\n';
        if (row % 9000 == 0) text += "alone\n";
        if (row % 7000 == 0) text += "1;2;3;4\n\n";
    }
    text += "\nSource: nobody\n";
    std::optional<Profile> first;
    for (const unsigned threads : {1u, 2u, 5u}) {
        Options options;
        options.threads = threads;
        options.segment_bytes = 1u << 20;
        const Profile profile = profile_of(text, "t.csv", options);
        if (!first) first = profile;
        CHECK(profile.rows == first->rows);
        CHECK(profile.columns == first->columns);
        CHECK(profile.findings == first->findings);
    }
    CHECK(find_code(*first, "footnote") != nullptr);
    CHECK(type_of(*first, "b") == "text");
}
