// mask_test.cpp: masked values keep their shape and hide the rest.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "base/text.hpp"
#include "model/mask.hpp"

using namespace neurolake;
using model::mask_value;

TEST_CASE("an e-mail address shows first letters and the end of its domain") {
    CHECK(mask_value("email", "anna.schmidt@example.com") == "a***@e***.com");
    CHECK(mask_value("pii_email", "bob@mail.example.co.uk") == "b***@m***.uk");
    CHECK(mask_value("email", "a@b.com") == "***@***.com");
    CHECK(mask_value("email", "bob@localhost") == "b***@l***");
    CHECK(mask_value("email", "not an address") == "n***");
    CHECK(mask_value("email", "@example.com") == "@***");
    CHECK(mask_value("email", R"({"mail":"a@x.org","iban":"DE89"})") == "{***");
    CHECK(mask_value("email", "write to a@b.de, or call. 0301234567") == "w***");
    CHECK(mask_value("email", "bob@example.thisisnotoplevelatallbutwords") == "b***");
    CHECK(mask_value("PII_EMAIL", "bob@example.com") == "b***@e***.com");
}

TEST_CASE("cards and IBANs show the last four, phones the last two, without separators") {
    CHECK(mask_value("credit_card", "4111 1111 1111 1234") == "***1234");
    CHECK(mask_value("card", "4111-1111-1111-1234") == "***1234");
    CHECK(mask_value("iban", "DE89 3704 0044 0532 0130 00") == "***3000");
    CHECK(mask_value("phone", "+49 (30) 901820-21") == "***21");
    CHECK(mask_value("card", "1234567") == "***");
    CHECK(mask_value("card", "12345678") == "***5678");
    CHECK(mask_value("phone", "12345") == "***");
}

TEST_CASE("anything else shows its first character, and one character nothing") {
    CHECK(mask_value("name", "Jane Doe") == "J***");
    CHECK(mask_value("", "secret") == "s***");
    CHECK(mask_value("name", "\xc3\x89lodie") == "\xc3\x89***");
    CHECK(mask_value("name", "\xe6\x97\xa5") == "***");
    CHECK(mask_value("", "M") == "***");
    CHECK(mask_value("email", "").empty());
}

TEST_CASE("masked values are valid UTF-8 whatever the bytes") {
    for (const char* meaning : {"email", "card", "phone", "name"}) {
        CHECK(text::is_utf8(mask_value(meaning, "\xff\xfe@\xe2\x82.\xac\xac\xac\xac\xac\xac\xac\xac")));
        CHECK(text::is_utf8(mask_value(meaning, "12345678\xe2\x82\xac\xe2\x82\xac")));
    }
}
