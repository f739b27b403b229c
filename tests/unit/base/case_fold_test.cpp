// case_fold_test.cpp: large letters made small in place.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "base/case_fold.hpp"

using neurolake::text::fold_case;

TEST_CASE("letters of one and two bytes become small, all else stays", "[base]") {
    const std::pair<const char*, const char*> cases[] = {
        {"Ab-9_[Z]", "ab-9_[z]"},
        {"ÉTÉ", "été"},
        {"Straße ÄÖÜ", "straße äöü"},
        {"×÷ Þ", "×÷ þ"},
        {"ŁÓDŹ Ÿ", "łódź ÿ"},
        {"İıĸŉ", "İıĸŉ"},
        {"ĀāĹĺŊŋŹź", "āāĺĺŋŋźź"},
        {"ȘȚ", "șț"},
        {"ΆΈΌΎΏ ΑΩΪ ΣΟΦΌΣ", "άέόύώ αωϊ σοφόσ"},
        {"σοφός", "σοφόσ"},
        {"ЁЩЯ ҐӁӂӐ", "ёщя ґӂӂӑ"},
        {"漢字 Ａ 😀", "漢字 Ａ 😀"},
    };
    for (const auto& [large, small] : cases) {
        CAPTURE(large);
        CHECK(fold_case(large) == small);
        CHECK(fold_case(small) == small);
        CHECK(fold_case(large).size() == std::string(large).size());
    }
    for (const char* broken : {"\xC3", "A\xC3", "\xC3\x28", "\x89\xFF"})
        CHECK(fold_case(broken).size() == std::string(broken).size());
    CHECK(fold_case("A\xC3") == "a\xC3");
}
