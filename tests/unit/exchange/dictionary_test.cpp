// dictionary_test.cpp: the data dictionary shows what people need and nothing that Markdown or HTML would act on.
// SPDX-License-Identifier: Apache-2.0
#include "exchange/markdown_words.hpp"
#include "lake_fixture.hpp"

using namespace neurolake;
using namespace neurolake::exchange;
using neurolake::tests::CatalogOf;
using neurolake::tests::column;
using neurolake::tests::table;

TEST_CASE("nothing in a text is markup", "[exchange]") {
    CHECK(markdown_text("a|b") == "a\\|b");
    CHECK(markdown_text("<script>alert(1)</script>") == "&lt;script&gt;alert(1)&lt;/script&gt;");
    CHECK(markdown_text("[x](javascript:1) ![y](z)") == "\\[x\\](javascript:1) \\!\\[y\\](z)");
    CHECK(markdown_text("two\nlines\r") == "two lines");
    CHECK(markdown_text("`code` *b* _i_ # $x$ ~~s~~ \\") ==
          "\\`code\\` \\*b\\* \\_i\\_ \\# \\$x\\$ \\~\\~s\\~\\~ \\\\");
    CHECK(markdown_text("- item") == "\\- item");
    CHECK(markdown_text("12. item") == "12\\. item");
    CHECK(markdown_text("1.5 customer_id") == "1.5 customer_id");
    CHECK(markdown_text("1.") == "1\\.");
    CHECK(markdown_text("&amp;") == "&amp;amp;");
    CHECK(markdown_text("a\x1b[1mb\xff") == "a\\\\x1b\\[1mb\\\\xff");
    CHECK(markdown_lines("a\n# b") == "a\n\\# b");
}

TEST_CASE("a table has its facts, columns and findings", "[exchange]") {
    auto orders = table("raw-data", "orders", {column("id", "int64"), column("mail", "text"), column("city", "text")});
    orders.description = "What was bought\nand by whom";
    orders.owner = "ana";
    orders.tags = {"gold", "a|b"};
    orders.rows = 1234;
    orders.files = 2;
    orders.bytes = 2048;
    orders.columns[0].description = "the order";
    orders.columns[0].evidence.values = 1234;
    orders.columns[0].evidence.min = "1";
    orders.columns[0].evidence.max = "1234";
    orders.columns[1].pii = true;
    orders.columns[1].semantic = "email";
    orders.columns[1].semantic_evidence = {"values", 10, 10, "a***@e***.com"};
    orders.columns[1].evidence.min = "ana@example.com";
    orders.columns[1].evidence.max = "zoe@example.com";
    orders.columns[2].evidence.values = 1000;
    orders.columns[2].evidence.nulls = 234;
    orders.columns[2].evidence.min = "Berlin";
    orders.columns[2].evidence.max = "Wien";
    model::Finding finding;
    finding.code = "x";
    finding.path = "raw-data/orders/a.csv";
    finding.line = 7;
    finding.message = "a short row";
    model::Finding own = finding;  // a message that names its file
    own.line = 0;
    own.message = "orders/a.csv has x, which no other file has";
    orders.findings = {finding, own};
    auto gone = table("raw-data", "gone", {column("id", "int64")});
    gone.deleted_at = "2026-11-22T08:00:00Z";
    const CatalogOf lake({orders, gone});
    const std::string text = lake.text(write_markdown);
    CHECK(
        text.starts_with("# Data dictionary\n\n1 table, 1,234 rows, as of 2026-11-22T08:00:00Z.\n\n"
                         "| Table | What it is | Rows | Columns | Owner | Tags |\n|---|---|---:|---:|---|---|\n"
                         "| [raw-data.orders](#table-" +
                         orders.id + ") | What was bought ... | 1,234 | 3 | ana | gold, a\\|b |\n"));
    CHECK(text.find("What was bought\nand by whom\n\n- Owner: ana\n- Tags: gold, a\\|b\n- Size: 1,234 rows in 2 files, "
                    "2.0 KiB, csv\n") != std::string::npos);
    CHECK(text.find("| id | int64 | none | the order | 1 to 1234 |\n"
                    "| mail | text | not counted | e-mail address; **personal data** | a\\*\\*\\*@e\\*\\*\\*.com |\n"
                    "| city | text | 234 (19 %) |  | B\\*\\*\\* to W\\*\\*\\* |\n") != std::string::npos);
    CHECK(text.find("- raw-data/orders/a.csv, line 7: a short row\n"
                    "- raw-data/orders/a.csv has x, which no other file has\n") != std::string::npos);
    CHECK(text.find("gone") == std::string::npos);
    CHECK(text.find("ana@") == std::string::npos);
    CHECK(text.find("Berlin") == std::string::npos);
}

TEST_CASE("one row is one row", "[exchange]") {
    auto one = table("raw-data", "one", {column("id", "int64")});
    one.rows = 1;
    CHECK(CatalogOf({one}).text(write_markdown).starts_with("# Data dictionary\n\n1 table, 1 row, as of "));
}
