// test_csv_description.cpp: what describe() says of a dialect can be read back, whatever the characters are.
// SPDX-License-Identifier: Apache-2.0
#include "formats/csv_description.hpp"

#include <catch2/catch.hpp>

#include "formats/csv_dialect.hpp"

using namespace neurolake::formats;

TEST_CASE("a described dialect is read back", "[formats][csv]") {
    for (const char delimiter : {',', ';', '\t', '|', ' ', 'h', k_no_delimiter})
        for (const char escape : {'\0', '\\', ','})
            for (const char comment : {'\0', '#'})
                for (const bool header : {true, false}) {
                    CsvDialect dialect;
                    dialect.set.delimiter = delimiter;
                    dialect.set.quote = delimiter == ';' ? '\'' : '"';
                    dialect.set.escape = escape;
                    dialect.set.newline = header ? '\n' : '\r';
                    dialect.comment = comment;
                    dialect.has_bom = !header;
                    const auto read = read_description(describe(dialect, header, "utf-16le"));
                    REQUIRE(read);
                    CHECK(read->delimiter == delimiter);
                    CHECK(read->quote == dialect.set.quote);
                    CHECK(read->escape == escape);
                    CHECK(read->comment == comment);
                    CHECK(read->header == header);
                    CHECK(read->bom == !header);
                    CHECK(read->cr_line_ends == !header);
                    CHECK(read->encoding == "utf-16le");
                }
    CHECK(read_description("delimiter ,, quote \", header, utf-8, mixed line ends")->mixed_line_ends);
}

TEST_CASE("what is no dialect of delimited text is not taken for one", "[formats][csv]") {
    for (const char* text : {"", "delimiter", "delimiter ", "one column", "ncf dialect A", "list of objects",
                             "delimiter ,, quote \", header, utf-8, and more", "delimiter ,, quote"})
        CHECK_FALSE(read_description(text));
}
