// meaning_test.cpp: names taken apart, a person's word, and the sentences.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "model/meaning.hpp"
#include "model/meaning_hints.hpp"

using namespace neurolake::model;

namespace {

Column emails(std::uint64_t checked, std::uint64_t matched) {
    Column c;
    c.name = "contact";
    c.type = TypeKind::text;
    c.evidence.values = checked;
    c.evidence.min = "a@example.com";
    c.evidence.max = "z@example.com";
    c.semantic_evidence.checked = checked;
    c.semantic_evidence.distinct = checked;
    c.semantic_evidence.shapes = {{static_cast<std::uint8_t>(Shape::email), matched, "a***@e***.com"}};
    return c;
}

}  // namespace

TEST_CASE("the words of a column's name are found however they are joined") {
    for (const char* name : {"email", "E-Mail", "customerEmail", "EMAIL_ADDRESS", "emails", "email2", "user.email"}) {
        INFO(name);
        CHECK(NameHints(name).says("email"));
    }
    for (const char* name : {"emailed", "mailbox", "gmailish", ""}) CHECK_FALSE(NameHints(name).says("email"));
    CHECK(NameHints("clientIPAddress").says("ip_address"));
    CHECK(NameHints("ipv4").says("ip_address"));
    CHECK_FALSE(NameHints("zip").says("ip_address"));
    CHECK(NameHints("UserName").says("person_name"));
    CHECK(NameHints("holder_codice_fiscale").says("national_id"));
    CHECK(NameHints("delivery address 2").says("postal_address"));
    CHECK_FALSE(NameHints("file_name").says("person_name"));
    CHECK_FALSE(NameHints("description").says("ip_address"));
    CHECK(NameHints("FirstName").says("person_name"));
    CHECK_FALSE(NameHints("product_name").says("person_name"));
    CHECK_FALSE(NameHints("latest").says("latitude"));
}

TEST_CASE("four values in five decide, a word for no value is none") {
    Column c = emails(10, 8);
    settle_meaning(c);
    CHECK(c.semantic == "email");
    CHECK(c.pii);
    CHECK_FALSE(c.evidence.min.has_value());
    CHECK_FALSE(c.evidence.max.has_value());
    CHECK(c.semantic_evidence.shapes.empty());
    c = emails(10, 7);
    settle_meaning(c);
    CHECK(c.semantic.empty());
    CHECK(c.semantic_evidence == SemanticEvidence{});
    c = emails(10, 7);
    c.semantic_evidence.shapes.push_back({static_cast<std::uint8_t>(Shape::no_value), 3, ""});
    settle_meaning(c);
    CHECK(c.semantic == "email");
    CHECK(c.semantic_evidence.checked == 7);
}

TEST_CASE("a person's word counts for more than values, and can be taken back") {
    Column before = emails(10, 10);
    settle_meaning(before);
    say_not_pii(before);
    CHECK_FALSE(before.pii);
    CHECK(before.semantic == "email");
    Column again = emails(20, 20);
    settle_meaning(again);
    keep_word(again, before);
    CHECK_FALSE(again.pii);
    CHECK(again.not_pii);
    CHECK(again.semantic_evidence.matched == 20);
    CHECK(meaning_text(again) ==
          "looks like e-mail address (100 % of 20 values, for instance a***@e***.com), but a person said it is not "
          "personal");
    forget_word(again);
    CHECK(again.pii);
    CHECK_FALSE(has_word(again));

    Column plain;
    plain.name = "code";
    plain.type = TypeKind::text;
    plain.evidence.min = "secret";
    say_pii(plain);
    CHECK(plain.pii);
    CHECK_FALSE(plain.evidence.min.has_value());
    CHECK(meaning_text(plain) == "a person said it is personal");
    Column read = plain;
    read.semantic_evidence = {};
    read.pii = false;
    settle_meaning(read);
    keep_word(read, plain);
    CHECK(read.pii);
    forget_word(read);
    CHECK_FALSE(read.pii);
}

TEST_CASE("what a file says of itself stays, whatever its columns are called") {
    Column c;
    c.name = "first_name";
    c.type = TypeKind::text;
    c.semantic = "pii_name";
    c.pii = true;
    c.semantic_evidence.source = "file";
    settle_meaning(c);
    CHECK(c.pii);
    CHECK(meaning_text(c) == "its file says pii_name");
    c.semantic.clear();
    CHECK(meaning_text(c) == "its file says it is about people");
}

TEST_CASE("shares are never rounded up to all") {
    Column c = emails(100000, 99999);
    settle_meaning(c);
    CHECK(share_text(c) == "99.9 %");
    c = emails(1000, 1000);
    c.evidence.values = 5000000;
    settle_meaning(c);
    CHECK(meaning_text(c) == "looks like e-mail address (100 % of 1,000 values looked at, for instance a***@e***.com)");
}

TEST_CASE("what two files found in a column adds up, and a file's own word stands above it", "[model]") {
    const SemanticEvidence a = emails(10, 8).semantic_evidence;
    SemanticEvidence b = emails(4, 3).semantic_evidence;
    b.distinct = 40;
    b.shapes[0].sample = "A***@a***.org";
    for (const SemanticEvidence& both : {merge(a, b), merge(b, a)}) {
        CHECK(both.checked == 14);
        CHECK(both.distinct == 40);
        REQUIRE(both.shapes.size() == 1);
        CHECK(both.shapes[0].matched == 11);
        CHECK(both.shapes[0].sample == "A***@a***.org");
    }
    SemanticEvidence said;
    said.source = "file";
    CHECK(merge(a, said) == said);
    CHECK(merge(said, a) == said);
}

TEST_CASE("taking a word back leaves what values and files say", "[model]") {
    Column c = emails(10, 10);
    settle_meaning(c);
    say_pii(c);
    CHECK(meaning_text(c).ends_with("; a person said it is personal"));
    forget_word(c);
    CHECK(c.semantic_evidence.source == "values");
    CHECK(c.pii);
    for (const char* semantic : {"", "pii_name", "geo_lat"}) {
        INFO(semantic);
        Column told;
        told.semantic = semantic;
        told.semantic_evidence.source = "file";
        say_not_pii(told);
        CHECK_FALSE(told.pii);
        forget_word(told);
        CHECK(told.pii == (told.semantic != "geo_lat"));
        CHECK(told.semantic == semantic);
    }
}

TEST_CASE("a name that hints at people hides the bounds until a person says otherwise", "[model]") {
    Column c;
    c.name = "last_name";
    c.type = TypeKind::text;
    c.evidence.min = "Abel";
    c.evidence.max = "Zorn";
    Column again = c;
    settle_meaning(c);
    CHECK(is_hint(c));
    CHECK_FALSE(c.pii);
    CHECK_FALSE(c.evidence.min);
    CHECK_FALSE(c.evidence.max);
    say_not_pii(c);
    CHECK_FALSE(is_hint(c));
    settle_meaning(again);
    keep_word(again, c);
    CHECK_FALSE(is_hint(again));
    CHECK(again.not_pii);
}

TEST_CASE("nine digits are a social security number where the column is called so", "[model]") {
    const auto numbers = [](const char* name, const char* least, const char* most) {
        Column c;
        c.name = name;
        c.type = TypeKind::int64;
        c.evidence.values = 3;
        c.evidence.min = least;
        c.evidence.max = most;
        settle_meaning(c);
        return c;
    };
    const Column hinted = numbers("ssn", "105580704", "652993323");
    CHECK(hinted.semantic == "ssn_us");
    CHECK(is_hint(hinted));
    CHECK_FALSE(hinted.pii);
    CHECK_FALSE(hinted.evidence.min.has_value());
    CHECK(numbers("social_security_number", "1055807", "652993323").semantic == "ssn_us");
    Column again = hinted;  // its range is hidden now; what was said of it stays
    again.evidence.longest = 9;
    settle_meaning(again);
    CHECK(is_hint(again));
    again.evidence.longest = 5;
    settle_meaning(again);
    CHECK_FALSE(is_hint(again));
    CHECK(numbers("ssn", "-105580704", "652993323").semantic.empty());
    CHECK(numbers("ssn", "1", "99").semantic.empty());
    CHECK(numbers("ssn", "105580704", "1652993323").semantic.empty());
    CHECK(numbers("amount", "105580704", "652993323").semantic.empty());
    Column text = emails(10, 0);
    text.name = "ssn";
    text.evidence.longest = 9;
    settle_meaning(text);
    CHECK(text.semantic == "ssn_us");
    text = emails(10, 0);
    text.name = "ssn";
    text.evidence.longest = 40;
    settle_meaning(text);
    CHECK(text.semantic.empty());
}

TEST_CASE("latitudes and longitudes lie within their bounds on both sides", "[model]") {
    const auto place = [](const char* name, const char* least, const char* most) {
        Column c;
        c.name = name;
        c.type = TypeKind::float64;
        c.evidence.values = 3;
        c.evidence.min = least;
        c.evidence.max = most;
        settle_meaning(c);
        return c.semantic;
    };
    CHECK(place("lat", "-90", "90") == "latitude");
    CHECK(place("lat", "-90.5", "0").empty());
    CHECK(place("lat", "0", "90.5").empty());
    CHECK(place("lon", "-180", "180") == "longitude");
    CHECK(place("lon", "-181", "0").empty());
    CHECK(place("height", "0", "9").empty());
}

TEST_CASE("few values alike decide only where the column's name says the same", "[model]") {
    const auto found = [](const char* name, Shape shape, std::uint64_t matched, std::uint64_t distinct) {
        Column c;
        c.name = name;
        c.type = TypeKind::text;
        c.semantic_evidence.checked = 100;
        c.semantic_evidence.distinct = distinct;
        c.semantic_evidence.shapes = {{static_cast<std::uint8_t>(shape), matched, ""}};
        if (shape == Shape::ipv4)
            c.semantic_evidence.shapes.push_back({static_cast<std::uint8_t>(Shape::ipv4_wide), matched, ""});
        settle_meaning(c);
        return c.semantic;
    };
    CHECK(found("a", Shape::payment_card, 100, 4).empty());
    CHECK(found("a", Shape::payment_card, 100, 5) == "payment_card");
    CHECK(found("card_number", Shape::payment_card, 100, 1) == "payment_card");
    CHECK(found("a", Shape::ipv4, 100, 1).empty());
    CHECK(found("a", Shape::ipv4, 100, 2) == "ip_address");
    CHECK(found("ip", Shape::ipv4, 100, 1) == "ip_address");
    CHECK(found("version", Shape::ipv4, 100, 50).empty());
    CHECK(found("currency", Shape::currency_code, 95, 9) == "currency_code");
    CHECK(found("currency", Shape::currency_code, 94, 9).empty());
    CHECK(found("a", Shape::currency_code, 100, 9).empty());
}

TEST_CASE("a date is about people when its name says that somebody was born then, and no other name counts",
          "[model]") {
    for (const auto& [name, semantic] : {std::pair("date_of_birth", "date_of_birth"), std::pair("first_name", "")}) {
        Column c;
        c.name = name;
        c.type = TypeKind::date;
        settle_meaning(c);
        CHECK(c.semantic == semantic);
    }
}

TEST_CASE("what a person said of a column stands when its values are judged again", "[model]") {
    Column c = emails(10, 10);
    c.not_pii = true;
    judge_meaning(c);
    CHECK(c.semantic == "email");
    CHECK_FALSE(c.pii);
    Column said = emails(10, 0);
    say_pii(said);
    judge_meaning(said);
    CHECK(said.pii);
    CHECK(has_word(said));
}
