// test_xml.cpp: answers that are whole, and answers that are not.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "store/xml.hpp"

using namespace neurolake;
using namespace neurolake::store;

TEST_CASE("an answer is read with its entities, prefixes and blanks", "[store]") {
    const auto root = xml::parse(
        " \n <?xml version=\"1.0\" encoding='UTF-8'?>\n<!-- c --><s3:List xmlns:s3=\"http://x/\" a='1&lt;'>\n"
        "<Key>a &amp; b "
        "&#65;&#x42;&#8364;&quot;&apos;&gt;</Key><Empty/><Two>1<In>x</In>2</Two><C><![CDATA[<raw>&]]></C>"
        "</s3:List >\n<!-- end -->\n");
    REQUIRE(root);
    CHECK(root->name == "List");
    CHECK(root->child_text("Key") == "a & b AB\xe2\x82\xac\"'>");
    CHECK(root->child("Empty") != nullptr);
    CHECK(root->child_text("Two") == "12");
    CHECK(root->child("Two")->child_text("In") == "x");
    CHECK(root->child_text("C") == "<raw>&");
    CHECK(root->child_text("None").empty());
}

TEST_CASE("every beginning of an answer is refused", "[store]") {
    const std::string whole = "<?xml version=\"1.0\"?><A x=\"1\"><B>t&amp;</B><!--c--><C/><![CDATA[d]]></A>";
    REQUIRE(xml::parse(whole));
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CAPTURE(length);
        const auto cut = xml::parse(whole.substr(0, length));
        REQUIRE_FALSE(cut);
        CHECK(cut.error().code == Errc::corrupt);
    }
}

TEST_CASE("damaged and hostile answers are refused", "[store]") {
    std::string deep, wide = "<A>";
    for (int i = 0; i < 100'000; ++i) deep += "<A>";
    for (int i = 0; i < 300'000; ++i) wide += "<B/>";
    wide += "</A>";
    const std::string hostile[] = {"",
                                   "plain text",
                                   "<A></B>",
                                   "<A><B></A></B>",
                                   "<A/>trailing",
                                   "<A/><B/>",
                                   "<A>&unknown;</A>",
                                   "<A>&#0;</A>",
                                   "<A>&#xD800;</A>",
                                   "<A>&#x110000;</A>",
                                   "<A>&#99999999999999;</A>",
                                   "<A>&#;</A>",
                                   "<A x=1></A>",
                                   "<A x='1'y='2'/>",
                                   "<A x='<'/>",
                                   "< A/>",
                                   "<A>\x01</A>",
                                   "<A>\xff</A>",
                                   std::string("<A>\0</A>", 8),
                                   "<!DOCTYPE A [<!ENTITY x \"y\">]><A>&x;</A>",
                                   "<A><!ENTITY x></A>",
                                   "<AB></A B>",
                                   deep,
                                   wide};
    for (const std::string& document : hostile) {
        CAPTURE(document.substr(0, 60));
        const auto parsed = xml::parse(document);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code == Errc::corrupt);
    }
}

TEST_CASE("what is escaped comes back", "[store]") {
    const std::string text = "<a> & \"b\" 'c' größe";
    CHECK(xml::parse("<A>" + xml::escape(text) + "</A>")->text == text);
}
