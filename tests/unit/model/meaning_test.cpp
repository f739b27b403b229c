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
