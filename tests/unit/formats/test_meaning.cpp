// test_meaning.cpp: which columns are about people: a labelled corpus, made from a seed, and how parts and rows add up.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <random>

#include "fixture.hpp"
#include "formats/meaning_scan.hpp"
#include "model/meaning.hpp"
#include "model/merge.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using formats::test::profile_of;

namespace {

// A seeded source of values; the same everywhere (std distributions are not).
class Dice {
public:
    explicit Dice(std::uint64_t seed) : m_random(seed) {}
    std::uint64_t below(std::uint64_t n) { return m_random() % n; }
    std::string digits(std::size_t n) {
        std::string out;
        while (out.size() < n) out += static_cast<char>('0' + below(10));
        return out;
    }
    std::string pick(std::initializer_list<const char*> words) { return words.begin()[below(words.size())]; }
    std::string word() {
        std::string out;
        for (std::uint64_t n = 3 + below(6); n; --n) out += static_cast<char>('a' + below(26));
        return out;
    }

private:
    std::mt19937_64 m_random;
};

std::string card(Dice& dice) {
    std::string number = dice.pick({"4", "51", "55", "6011"});
    number += dice.digits(15 - number.size());
    for (char check = '0'; check <= '9'; ++check)
        if (passes_luhn(number + check)) return number + check;
    return {};
}

std::string iban(Dice& dice) {
    const std::string account = dice.digits(18);
    for (int check = 2; check < 99; ++check) {
        const std::string whole = fmt::format("DE{:02}{}", check, account);
        if (is_iban(whole)) return whole;
    }
    return {};
}

std::string uuid(Dice& dice) {
    return fmt::format("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", dice.below(1ull << 32), dice.below(65536),
                       dice.below(4096), dice.below(4096), dice.below(1ull << 48));
}

std::string dotted(Dice& dice, std::uint64_t limit) {
    return fmt::format("{}.{}.{}.{}", dice.below(limit) + 1, dice.below(limit), dice.below(limit), dice.below(limit));
}

struct Labelled {
    const char* name;
    const char* semantic;  // "" = none is to be found in the values
    bool pii;
    std::function<std::string(Dice&)> value;
};

const std::vector<Labelled>& corpus() {
    static const std::vector<Labelled> k_columns{
        // about people
        {"email", "email", true, [](Dice& d) { return d.word() + "@" + d.word() + ".com"; }},
        {"col_1", "email", true, [](Dice& d) { return d.word() + "." + d.word() + "@mail." + d.word() + ".de"; }},
        {"contact", "email", true, [](Dice& d) { return d.below(12) ? d.word() + "@x-y.org" : d.word(); }},
        {"sender", "email", true, [](Dice& d) { return d.word() + " <" + d.word() + "@example.com>"; }},
        {"mail_or_nothing", "email", true, [](Dice& d) { return d.below(2) ? "N/A" : d.word() + "@example.com"; }},
        {"iban", "iban", true, iban},
        {"account", "iban", true, iban},
        {"card", "payment_card", true, card},
        {"payment", "payment_card", true,
         [](Dice& d) {
             const std::string c = card(d);
             return c.substr(0, 4) + " " + c.substr(4, 4) + " " + c.substr(8, 4) + " " + c.substr(12);
         }},
        {"ssn", "ssn_us", true,
         [](Dice& d) { return fmt::format("{}-{}-{:04}", 100 + d.below(500), 10 + d.below(80), 1 + d.below(9000)); }},
        {"phone", "phone", true, [](Dice& d) { return "+49 30 " + d.digits(7); }},
        {"call_me", "phone", true,
         [](Dice& d) { return fmt::format("({}) {}-{:04}", 200 + d.below(800), 200 + d.below(800), d.below(10000)); }},
        {"mobile", "phone", true, [](Dice& d) { return "4917" + d.digits(9); }},
        {"phone_home", "phone", true, [](Dice& d) { return "030/" + std::to_string(1000000 + d.below(8999999)); }},
        {"client_ip", "ip_address", true, [](Dice& d) { return dotted(d, 250); }},
        {"source", "ip_address", true, [](Dice& d) { return fmt::format("10.0.{}.{}", d.below(250), d.below(250)); }},
        {"peer", "ip_address", true,
         [](Dice& d) { return fmt::format("2001:db8:{:x}::{:x}", d.below(65536), d.below(65536)); }},
        // a meaning, but nobody's
        {"request_id", "uuid", false, uuid},
        {"ref", "uuid", false, [](Dice& d) { return d.below(9) ? uuid(d) : d.word(); }},
        {"link", "url", false, [](Dice& d) { return "https://" + d.word() + ".org/" + d.word(); }},
        {"device", "mac_address", false,
         [](Dice& d) {
             return fmt::format("00:1b:{:02x}:{:02x}:{:02x}:{:02x}", d.below(256), d.below(256), d.below(256),
                                d.below(256));
         }},
        {"country", "country_code", false,
         [](Dice& d) {
             return d.pick({"DE", "FR", "US", "GB", "NA"});
         }},
        {"currency", "currency_code", false,
         [](Dice& d) {
             return d.pick({"EUR", "USD", "CHF"});
         }},
        {"lat", "latitude", false, [](Dice& d) { return fmt::format("{}.{}", d.below(90), d.digits(5)); }},
        {"longitude", "longitude", false, [](Dice& d) { return fmt::format("-{}.{}", d.below(180), d.digits(5)); }},
        // neither, though it looks like it
        {"ACADEMIC_YEAR_CODE", "", false,
         [](Dice& d) {
             const auto y = 1990 + d.below(30);
             return fmt::format("{}/{}", y, y + 1);
         }},
        {"scenario_code", "", false, [](Dice& d) { return fmt::format("SCN-{}", 100 + d.below(900)); }},
        {"order_id", "", false, [](Dice& d) { return "10" + d.digits(14); }},
        {"transaction", "", false, [](Dice& d) { return "4" + d.digits(15); }},  // one in ten passes Luhn's check
        {"barcode", "", false, [](Dice& d) { return "40" + d.digits(11); }},
        {"isbn", "", false,
         [](Dice& d) { return fmt::format("978-3-16-{}-{}", 100000 + d.below(899999), d.below(10)); }},
        {"imei", "", false, [](Dice& d) { return "35" + d.digits(13); }},
        {"epoch_ms", "", false, [](Dice& d) { return std::to_string(1700000000000 + d.below(1000000000)); }},
        {"epoch", "", false, [](Dice& d) { return std::to_string(1700000000 + d.below(10000000)); }},
        {"day", "", false, [](Dice& d) { return fmt::format("2024-{:02}-{:02}", 1 + d.below(12), 1 + d.below(28)); }},
        {"at", "", false,
         [](Dice& d) { return fmt::format("{:02}:{:02}:{:02}", d.below(24), d.below(60), d.below(60)); }},
        {"version", "", false, [](Dice& d) { return dotted(d, 250); }},
        {"release", "", false, [](Dice& d) { return dotted(d, 20); }},
        {"revision", "", false, [](Dice& d) { return dotted(d, 20); }},
        {"zip", "", false, [](Dice& d) { return d.digits(5); }},
        {"zip4", "", false, [](Dice& d) { return d.digits(5) + "-" + d.digits(4); }},
        {"part_number", "", false, [](Dice& d) { return d.digits(3) + "-" + d.digits(3) + "-" + d.digits(4); }},
        {"invoice", "", false, [](Dice& d) { return fmt::format("2024-{:06}", d.below(1000000)); }},
        {"package", "", false, [](Dice& d) { return d.word() + "@" + dotted(d, 20).substr(2); }},
        {"handle", "", false, [](Dice& d) { return "@" + d.word(); }},
        {"amount", "", false, [](Dice& d) { return fmt::format("{}.{}", d.below(100000), d.digits(2)); }},
        {"comment", "", false, [](Dice& d) { return d.word() + " " + d.word() + " " + d.word(); }},
        {"mixed", "", false, [](Dice& d) { return d.below(2) ? d.word() : d.word() + "@example.com"; }},
        {"state", "", false,
         [](Dice& d) {
             return d.pick({"DE", "CA", "AL", "AR"});
         }},  // codes of countries by chance
        {"size", "", false,
         [](Dice& d) {
             return d.pick({"XL", "MM", "SM"});
         }},
        {"lat", "", false, [](Dice& d) { return std::to_string(d.below(100000)); }},  // out of range
        {"hash", "", false, [](Dice& d) { return fmt::format("{:016x}{:016x}", d.below(~0ull), d.below(~0ull)); }},
        {"tracking", "", false, [](Dice& d) { return "1Z" + d.digits(16); }},
        {"sku", "", false,
         [](Dice& d) { return fmt::format("DE{}", d.digits(20)); }},  // an IBAN's shape, one in 97 passes
    };
    return k_columns;
}

model::Column column_of(const Labelled& labelled, std::size_t rows, std::uint64_t seed) {
    Dice dice(seed);
    std::string csv = std::string("row,") + labelled.name + "\n";
    for (std::size_t i = 0; i < rows; ++i) csv += std::to_string(i) + "," + labelled.value(dice) + "\n";
    model::Column column = profile_of(csv, "x.csv").columns.at(1);
    model::settle_meaning(column);
    return column;
}

const Labelled& labelled(std::string_view name) {
    return *std::ranges::find_if(corpus(), [&](const Labelled& l) { return name == l.name; });
}

}  // namespace

TEST_CASE("every column of a labelled corpus is told right", "[formats]") {
    for (const std::size_t rows : {40u, 1000u})
        for (std::uint64_t seed = 1; seed <= 3; ++seed)
            for (const Labelled& want : corpus()) {
                const model::Column column = column_of(want, rows, seed);
                INFO(want.name << ", " << rows << " rows, seed " << seed << ": " << column.semantic << " "
                               << column.semantic_evidence.matched << " of " << column.semantic_evidence.checked);
                CHECK(column.semantic == want.semantic);
                CHECK(column.pii == want.pii);
                if (want.pii) CHECK_FALSE(column.evidence.min.has_value());
                if (want.pii) CHECK(column.semantic_evidence.source == "values");
            }
}

TEST_CASE("all values of a column are counted up to a limit, and of a longer one some that differ", "[formats]") {
    const Labelled& email = labelled("email");
    const model::Column all = column_of(email, 50000, 7);
    CHECK(all.semantic_evidence.checked == 50000);
    CHECK(all.semantic_evidence.matched == 50000);
    const model::Column some = column_of(email, 100000, 7);
    CHECK(some.semantic == "email");
    CHECK(some.semantic_evidence.checked <= 1024);
    CHECK(some.semantic_evidence.checked > 1000);
    CHECK(some.semantic_evidence.matched == some.semantic_evidence.checked);
}

TEST_CASE("few different values among very many are seen, too", "[formats]") {
    const Labelled few{"who", "email", true, [](Dice& d) { return d.pick({"a@x.org", "b@x.org", "c@x.org"}); }};
    const model::Column column = column_of(few, 100000, 1);
    CHECK(column.semantic == "email");
    CHECK(column.semantic_evidence.checked == 3);
}

TEST_CASE("the counts do not depend on the number of threads", "[formats][threads]") {
    Dice dice(5);
    const std::string filler(20, 'x');
    std::string csv = "pad,contact,ref\n";
    while (csv.size() < (8u << 20))
        csv += fmt::format("{},{},{}\n", filler, labelled("contact").value(dice), labelled("ref").value(dice));
    Options one, four;
    one.threads = 1;
    four.threads = 4;
    four.segment_bytes = 1u << 20;
    const Profile by_one = profile_of(csv, "x.csv", one), by_four = profile_of(csv, "x.csv", four);
    REQUIRE(by_one.rows > MeaningScan::k_all_of);
    for (std::size_t i = 1; i < 3; ++i) {
        const auto &one_part = by_one.columns[i].semantic_evidence, &parts = by_four.columns[i].semantic_evidence;
        CHECK(one_part.checked == parts.checked);
        CHECK(one_part.matched == parts.matched);
        REQUIRE(one_part.shapes.size() == parts.shapes.size());
        for (std::size_t k = 0; k < parts.shapes.size(); ++k)
            CHECK(one_part.shapes[k].matched == parts.shapes[k].matched);
    }
    CHECK(by_one.columns[1].semantic == "email");
    CHECK(by_four.columns[2].semantic == "uuid");
}

TEST_CASE("files of a table are judged together, in any order", "[formats]") {
    const auto counted = [](const char* name, std::size_t rows, std::uint64_t seed) {
        Dice dice(seed);
        std::string csv = "row,x\n";
        for (std::size_t i = 0; i < rows; ++i) csv += std::to_string(i) + "," + labelled(name).value(dice) + "\n";
        return profile_of(csv, "x.csv").columns.at(1);
    };
    const auto verdict = [](std::vector<model::Column> parts) {
        model::Column column = parts[0];
        for (std::size_t i = 1; i < parts.size(); ++i) column = model::merge(column, parts[i]);
        model::settle_meaning(column);
        return column;
    };
    const model::Column mails = counted("email", 90, 1), words = counted("comment", 20, 2),
                        more = counted("comment", 60, 3);
    CHECK(verdict({mails, words}).semantic == "email");  // 90 of 110
    CHECK(verdict({mails, words}).semantic_evidence.matched == 90);
    CHECK(verdict({mails, words, more}).semantic.empty());  // 90 of 170
    CHECK(verdict({words, more, mails}).semantic.empty());
    CHECK(verdict({words, mails}).semantic_evidence == verdict({mails, words}).semantic_evidence);
    CHECK_FALSE(verdict({mails, words, more}).evidence.min.has_value());  // an address would stand there
    // A few cards a file are no proof, all together they are.
    CHECK(counted("transaction", 3, 1).semantic.empty());
}

TEST_CASE("no value of a column about people is kept, nor one that looks like an address", "[formats]") {
    const Profile profile = profile_of("a,b,c\nann@example.com,x,1\nbob@example.com,zed@example.com,2\n", "x.csv");
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK_FALSE(profile.columns[i].evidence.min.has_value());
        CHECK_FALSE(profile.columns[i].evidence.max.has_value());
    }
    CHECK(profile.columns[0].semantic_evidence.sample.find("***") != std::string::npos);
    CHECK(profile.columns[2].evidence.max == "2");
}

TEST_CASE("names are hints only, and values that were read silence them", "[formats]") {
    const Profile profile = profile_of(
        "first_name,date_of_birth,email,city,passport_no\nAnn,1980-01-02,yes,Bonn,C01X00T47\nBob,1990-03-04,no,Ulm,"
        "C02X00T48\n",
        "x.csv");
    const auto& columns = profile.columns;
    CHECK(columns[0].semantic == "person_name");
    CHECK(columns[1].semantic == "date_of_birth");
    CHECK(columns[2].semantic.empty());
    CHECK(columns[3].semantic.empty());
    CHECK(columns[4].semantic == "national_id");
    for (const model::Column& column : columns) CHECK_FALSE(column.pii);
    CHECK(model::is_hint(columns[1]));
    CHECK_FALSE(columns[1].evidence.min.has_value());
    CHECK(columns[3].evidence.min == "Bonn");
}

TEST_CASE("JSON strings, numbers and nested fields are looked at", "[formats]") {
    std::string lines;
    Dice dice(1);
    for (int i = 0; i < 50; ++i)
        lines += fmt::format(
            R"({{"mail":"{}@x.org","pan":{},"who":{{"age":3,"phone":"+49 30 {}"}},"cc":["{}@y.org"],"n":{}}})"
            "\n",
            dice.word(), card(dice), dice.digits(7), dice.word(), i);
    const Profile profile = profile_of(lines, "x.jsonl");
    REQUIRE(profile.columns.size() == 5);
    CHECK(profile.columns[0].semantic == "email");
    CHECK(profile.columns[1].semantic == "payment_card");
    CHECK(profile.columns[2].semantic == "phone");
    CHECK(profile.columns[2].semantic_evidence.field == "phone");
    CHECK(profile.columns[2].semantic_evidence.checked == 50);
    CHECK(profile.columns[3].semantic == "email");
    CHECK(profile.columns[3].semantic_evidence.field == "[]");
    CHECK(profile.columns[4].semantic.empty());
}
