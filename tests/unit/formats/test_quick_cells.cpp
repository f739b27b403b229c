// test_quick_cells.cpp: the short ways through cells say what the long ones say: one cell, one column, one file.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <random>

#include "base/json.hpp"
#include "fixture.hpp"
#include "formats/column_scan.hpp"
#include "formats/csv_separators.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using namespace neurolake::formats::test;

namespace {

Cell classified(std::string text) {
    const std::size_t size = text.size();
    text.resize(size + k_padding, '7');  // what stands behind a cell does not matter
    return classify(text.data(), size);
}

std::string told(const Cell& cell) {
    return fmt::format("{} {} {} {} {}", static_cast<int>(cell.type), cell.integer_digits, cell.scale, cell.nanos,
                       cell.type == CellClass::text ? 0 : cell.integer);
}

const std::vector<std::string> k_cells{"0",
                                       "7",
                                       "12345678",
                                       "123456789",
                                       "00",
                                       "01",
                                       "-5",
                                       "1.5",
                                       "0.25",
                                       "00.5",
                                       "5.",
                                       ".5",
                                       "1.2.3",
                                       "12345.67",
                                       "123456.78",
                                       "1.50",
                                       "true",
                                       "True",
                                       "TRUE",
                                       "false",
                                       "False",
                                       "FALSE",
                                       "tRUE",
                                       "truex",
                                       "2024-02-29",
                                       "2023-02-29",
                                       "1900-02-29",
                                       "2000-02-29",
                                       "2024-04-31",
                                       "2024-13-01",
                                       "2024-00-10",
                                       "2024-01-00",
                                       "0000-01-01",
                                       "9999-12-31",
                                       "2024-1-01x",
                                       "2024-02-29 12:30:59",
                                       "2024-02-29T12:30:60",
                                       "2024-02-29T12:30:61",
                                       "2024-02-29T24:00:00",
                                       "2024-02-29t12:30:00",
                                       "2024-02-29_12:30:00",
                                       "2024-02-29T12:30:00Z",
                                       "2024-02-29 12:30:00z",
                                       "2024-02-29T12:3a:00Z",
                                       "2024-02-29T12:30:00+01",
                                       "ann@example.com",
                                       "DE89370400440532013000",
                                       "+49 30 901820",
                                       "4111111111111111",
                                       "a text of more than sixteen bytes",
                                       "a text of more than sixteen bytes, too",
                                       "a text of more",
                                       "a text o",
                                       "a text",
                                       "NA",
                                       "DE",
                                       "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"};

std::string column_told(const ColumnScan& scan, std::uint64_t rows) {
    return json::dump(model::to_json(scan.verdict("c", rows, 1)));
}

}  // namespace

TEST_CASE("a cell is of one class whether it is read quickly or not", "[formats]") {
    for (const std::string& cell : k_cells) {
        INFO(cell);
        if (cell == "00" || cell == "01" || cell[0] == '\xFF') continue;
        // With a blank before it the cell goes through all questions first.
        CHECK(told(classified(" " + cell)) == told(classified(cell)));
    }
    // Both ways share some of their steps: what comes out is told here.
    const std::vector<std::pair<const char*, CellClass>> known{{"0", CellClass::integer},
                                                               {"-5", CellClass::integer},
                                                               {"12345678", CellClass::integer},
                                                               {"01", CellClass::leading_zero},
                                                               {"0.25", CellClass::fraction},
                                                               {"1.2.3", CellClass::text},
                                                               {"false", CellClass::boolean},
                                                               {"tRUE", CellClass::text},
                                                               {"2024-02-29", CellClass::date},
                                                               {"1900-02-29", CellClass::text},
                                                               {"2000-02-29", CellClass::date},
                                                               {"2024-04-31", CellClass::text},
                                                               {"2024-13-01", CellClass::text},
                                                               {"2024-01-00", CellClass::text},
                                                               {"2024-02-29 12:30:59", CellClass::timestamp},
                                                               {"2024-02-29T24:00:00", CellClass::text}};
    for (const auto& [cell, type] : known) {
        INFO(cell);
        CHECK(classified(cell).type == type);
    }
    CHECK(classified("-5").integer == -5);
    CHECK(classified("12345678").integer == 12345678);
    CHECK(classified("0.25").number == 0.25);
    CHECK(classified("0.25").scale == 2);
    CHECK(classified("1970-01-02 00:00:01").seconds == 86401);
    CHECK(classified("2024-02-29T12:30:00Z").type == CellClass::timestamp_tz);
    CHECK(classified("2023-02-29").type == CellClass::text);
    CHECK(classified("TRUE").type == CellClass::boolean);
    CHECK(classified("5.").type == CellClass::fraction);
}

TEST_CASE("cells noted together say what they say one by one", "[formats]") {
    std::mt19937_64 random(3);
    for (int round = 0; round < 300; ++round) {
        std::vector<std::string> pool;
        for (std::size_t kinds = 1 + random() % 4; kinds > 0; --kinds)
            pool.push_back(k_cells[random() % k_cells.size()]);
        const bool sketch = round % 4 != 0;
        ColumnScan single(sketch), together(sketch);
        std::vector<std::string> texts(1 + random() % 60);
        std::vector<TextCell> cells;
        for (std::size_t i = 0; i < texts.size(); ++i) {
            texts[i] = pool[random() % pool.size()];
            const std::size_t size = texts[i].size();
            texts[i].resize(size + k_padding, '\0');
            cells.push_back({texts[i].data(), static_cast<std::uint32_t>(size), static_cast<std::uint32_t>(2 * i)});
        }
        for (const TextCell& cell : cells) single.observe(cell.text, cell.size, 10 + cell.row);
        const std::size_t half = random() % cells.size();
        together.observe_all(std::span(cells).first(half), 10);
        together.observe_all(std::span(cells).subspan(half), 10);
        CHECK(column_told(together, 200) == column_told(single, 200));
    }
}

TEST_CASE("a long column looks at its first values only, however they come", "[formats]") {
    ColumnScan single, together;
    std::vector<std::string> texts(200);
    std::vector<TextCell> cells;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        texts[i] = fmt::format("user{}@example.com", i);
        const auto size = static_cast<std::uint32_t>(texts[i].size());
        texts[i].resize(size + k_padding);
        cells.push_back({texts[i].data(), size, static_cast<std::uint32_t>(i)});
    }
    for (std::uint64_t round = 0; round < 330; ++round) {  // 66,000 cells: 65,536 are looked at
        for (const TextCell& cell : cells) single.observe(cell.text, cell.size, round * 200 + cell.row);
        together.observe_all(cells, round * 200);
    }
    CHECK(column_told(together, 66000) == column_told(single, 66000));
}

TEST_CASE("rows taken together and rows of odd shapes between them make one table", "[formats]") {
    std::string text = "a,b,c\r\n";
    std::uint64_t rows = 0;
    for (int i = 0; i < 1200; ++i, ++rows) {
        text += fmt::format("{},\"x, {}\",{}\r\n", i, i % 7, i % 3 ? "" : "\"\"");
        if (i % 100 == 40) text += "\r\n";
        if (i % 100 == 50) {
            text += "7,\"say \"\"yes\"\"\nand no\",1\r\n";
            ++rows;
        }
        if (i % 300 == 60) {
            text += "8,only two\r\n";
            ++rows;
        }
    }
    const Profile profile = profile_of(text, "t.csv");
    CHECK(profile.rows == rows);
    CHECK(type_of(profile, "a") == "int64");
    CHECK(evidence_of(profile, "a").max == "1199");
    CHECK(evidence_of(profile, "a").values == rows);
    CHECK(evidence_of(profile, "b").longest == 16);
    CHECK(evidence_of(profile, "c").values == 12);
    CHECK(find_code(profile, "short_row") != nullptr);
}

TEST_CASE("separators are found however many stand in 64 bytes", "[formats]") {
    const SeparatorSet set;
    for (std::size_t every = 1; every < 70; ++every) {
        std::string text;
        std::vector<std::uint32_t> wanted;
        for (std::size_t i = 0; i < 500; ++i) {
            if (i % every == every - 1) wanted.push_back(static_cast<std::uint32_t>(i));
            text += i % every == every - 1 ? ',' : 'x';
        }
        text.resize(500 + k_padding);
        std::array<std::uint32_t, 564> found{};
        const SeparatorSpan span = find_separators(text.data(), 500, set, found.data(), found.size());
        CHECK(std::vector<std::uint32_t>(found.data(), found.data() + span.found) == wanted);
    }
}

TEST_CASE("true and false of JSON count each time", "[formats]") {
    const Profile profile =
        profile_of("{\"a\":true,\"l\":[true,false]}\n{\"a\":false}\n{\"a\":true}\n{\"a\":null}\n", "b.jsonl");
    CHECK(type_of(profile, "a") == "boolean");
    CHECK(evidence_of(profile, "a").values == 3);
    CHECK(evidence_of(profile, "a").distinct == 2);
    CHECK(evidence_of(profile, "a").longest == 5);
    CHECK(evidence_of(profile, "a").min == "false");
    const Profile mixed = profile_of("{\"a\":true}\n{\"a\":true}\n{\"a\":\"x\"}\n{\"a\":false}\n", "m.jsonl");
    CHECK(type_of(mixed, "a") == "text");
    CHECK(evidence_of(mixed, "a").values == 4);
    CHECK(evidence_of(mixed, "a").min == "false");
    CHECK(evidence_of(mixed, "a").max == "x");
}
