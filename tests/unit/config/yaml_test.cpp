// yaml_test.cpp: the tree with its places, and files made to harm.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "config/yaml.hpp"

using namespace neurolake::config;

namespace {

std::string first_problem(const std::string& text) {
    const Document document = parse_yaml(text, "f");
    return document.problems.empty() ? "" : to_string(document.problems.front());
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("places are lines, character columns and byte offsets, behind comments and a byte order mark", "[config]") {
    const std::string text = "\xEF\xBB\xBF# c\na: 1\r\n  # long comment\nb: {\xC3\xA4: x, y: 'z'}\n";
    const Document document = parse_yaml(text, "f");
    REQUIRE(document.problems.empty());
    const Node* b = document.root.find("b");
    REQUIRE(b);
    CHECK(b->key_at.line == 4);
    const Node* y = b->find("y");
    REQUIRE(y);
    CHECK(y->key_at.column == 11);
    CHECK(text.substr(y->key_at.offset, 6) == "y: 'z'");
    CHECK(y->quote == '\'');
    CHECK(text.substr(document.root.find("a")->at.offset, 1) == "1");
    CHECK(document.root.find("a")->text == "1");
}

TEST_CASE("anchors, aliases, tags and merge keys are refused", "[config]") {
    CHECK(contains(first_problem("a: &x 1\n"), "f:1:4: anchors"));
    CHECK(contains(first_problem("a: &x\n- *x\n"), "anchors"));
    CHECK(contains(first_problem("a: 1\nb: !!int 5\n"), "f:2:4: tags"));
    CHECK(contains(first_problem("a: ! x\n"), "tags"));
    CHECK(contains(first_problem("a: !x [1]\n"), "tags"));
    CHECK(contains(first_problem("<<: {a: 1}\n"), "merge keys"));
    const Document alias = parse_yaml("a: &x 1\nb: *x\n", "f");
    REQUIRE(alias.problems.size() == 2);
    CHECK(contains(to_string(alias.problems[1]), "f:2:4: aliases"));
}

TEST_CASE("duplicate keys are named with the first line", "[config]") {
    CHECK(first_problem("a: 1\nb: 2\na: 3\n") == "f:3:1: 'a' stands here twice (first on line 1); keep one");
    CHECK(first_problem("a: {x: 1, 'x': 2}\n") == "f:1:11: 'x' stands here twice (first on line 1); keep one");
    CHECK(first_problem("a: {x: 1}\nb: {x: 1}\n").empty());
}

TEST_CASE("limits hold against hostile files", "[config]") {
    for (const char* one : {"[", "{", "- ", "? ", "a: ", "{a: ", "!a ", "&a "}) {
        std::string text = "a: ";
        while (text.size() < 200'000) text += one;
        INFO(one);
        CHECK(parse_yaml(text, "f").broken);
    }
    CHECK(contains(first_problem("a: " + std::string(20, '[') + std::string(20, ']')), "nested more than 16 deep"));
    CHECK(first_problem("a: " + std::string(15, '[') + std::string(15, ']')).empty());
    CHECK(contains(first_problem(std::string(k_yaml_limit + 1, '#')), "larger than 256 KiB"));
    std::string many = "a:\n";
    for (int i = 0; i < 10'001; ++i) many += "- 1\n";
    CHECK(contains(first_problem(many), "more than 10000 entries"));
    CHECK(contains(first_problem("a: \x01\n"), "f:1:4: the control character U+0001"));
    CHECK(contains(first_problem(std::string("a: x\0y\n", 7)), "U+0000"));
    CHECK(contains(first_problem("a: 1\nb: \xFF\n"), "f:2:1: this line is not UTF-8"));
    CHECK(contains(first_problem("a: \xC2\x85\n"), "U+0085"));
    CHECK(contains(first_problem("a:\n\tb: 1\n"), "f:2:1: a tab in the indentation"));
    CHECK(contains(first_problem("? [a]\n: 1\n"), "a key must be a plain word"));
}

TEST_CASE("only one document, without directives", "[config]") {
    CHECK(first_problem("---\na: 1\n").empty());
    CHECK(contains(first_problem("a: 1\n---\nb: 2\n"), "f:2:1: only one document"));
    CHECK(contains(first_problem("a: 1\n...\n"), "only one document"));
    CHECK(contains(first_problem("%YAML 1.2\n---\na: 1\n"), "only one document"));
    CHECK(contains(first_problem("- a\n"), "must begin with a section"));
    CHECK(contains(first_problem("hello\n"), "must begin with a section"));
    CHECK(first_problem("").empty());
    CHECK(first_problem("# only\n").empty());
}

TEST_CASE("a stray comma at the start hides nothing behind it", "[config]") {
    for (const std::string_view text : {",", ", storage:\n", ",\nstorage:\n  high: 80%\n", "# a comment\n,\n"}) {
        const Document document = parse_yaml(text, "s.yaml");
        CHECK(document.broken);
        CHECK_FALSE(document.problems.empty());
    }
}

TEST_CASE("values over several lines are refused, also where a comment line hides in them", "[config]") {
    CHECK(contains(first_problem("a: |\n  x\n"), "must stand on one line"));
    CHECK(contains(first_problem("a: >-\n  x\n  # y\n"), "must stand on one line"));
    CHECK_FALSE(first_problem("a: \"x\n  # y\n  z\"\n").empty());
    CHECK_FALSE(first_problem("a: 'x\n  # y\n  z'\n").empty());
    CHECK(contains(first_problem("a: 'x\n  y # z\n  w'\n"), "must stand on one line"));
    CHECK(contains(first_problem("a: \"x\n  y\"\n"), "must stand on one line"));
    CHECK(contains(first_problem("a: x\n  y\n"), "must stand on one line"));
    CHECK(contains(first_problem("a: x # c\n  y\n"), "must stand on one line"));
    CHECK(parse_yaml("a: x#y # 'z'\nb: 'it # is' # c\nc: x # y # z\n", "f").root.find("a")->text == "x#y");
    CHECK(parse_yaml("b: 'it # is' # c\n", "f").root.find("b")->text == "it # is");
    CHECK(parse_yaml("c: x # y # z\n", "f").root.find("c")->text == "x");
}

TEST_CASE("broken files give a place and a sentence", "[config]") {
    for (const char* text : {"a: b: c\n",
                             "a: [1\n",
                             "a: {b: 1\n",
                             "a: 'x\n",
                             "a: \"x\n",
                             "a: 1\n b: 2\n",
                             "a: ]\n",
                             "a: @x\n",
                             "a: %x\n",
                             "a: - b\n",
                             "a:\n  - b\n c: 1\n",
                             "\"a",
                             ":",
                             "[",
                             "{",
                             "a: *",
                             "a: &",
                             "- - - :",
                             "a: \"\\",
                             "a: \"\\x",
                             "a: \"\\U1"}) {
        INFO(text);
        const std::string problem = first_problem(text);
        CHECK(problem.starts_with("f:"));
        CHECK(contains(problem, ": "));
    }
}
