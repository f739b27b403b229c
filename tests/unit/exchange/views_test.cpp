// views_test.cpp: which files share a call, which table has a view, and what is said of the others.
// SPDX-License-Identifier: Apache-2.0
#include "exchange/views.hpp"

#include <map>

#include "base/file.hpp"
#include "exchange/view_numbers.hpp"
#include "lake_fixture.hpp"

using namespace neurolake;
using namespace neurolake::exchange;
using neurolake::tests::CatalogOf;
using neurolake::tests::column;
using neurolake::tests::table;

namespace {

ViewFile csv_file(std::string path, std::uint64_t rows, std::vector<model::Column> columns) {
    ViewFile file;
    file.path = std::move(path);
    file.profile.format = "csv";
    file.profile.dialect = "delimiter ,, quote \", header, utf-8";
    file.profile.rows = rows;
    file.profile.columns = std::move(columns);
    return file;
}

model::Finding finding(std::string code, std::string message) {
    return {model::Finding::Severity::warning, std::move(code), "", 0, std::move(message)};
}

struct Views {
    std::map<std::string, std::vector<ViewFile>> files;  // by name of the table
    ViewReport report;

    std::string of(std::vector<model::Table> tables) {
        const CatalogOf catalog(std::move(tables));
        return catalog.text([&](const Content& content, const Sink& sink) -> Status {
            TRY(report,
                write_views(
                    content, [&](const model::Table& t) -> Result<std::vector<ViewFile>> { return files[t.name]; },
                    sink));
            return {};
        });
    }
};

model::Table counted(std::string name, std::uint64_t rows, std::vector<model::Column> columns) {
    model::Table t = table("raw-data", std::move(name), std::move(columns));
    t.rows = rows;
    return t;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("files under the same keys share a call, and a missing key is null", "[exchange]") {
    auto t = counted("t", 3, {column("v", "int64")});
    t.partition_columns = {column("year", "int64"), column("m", "text")};
    Views views;
    for (const char* path :
         {"buckets/raw-data/t/year=1/a.csv", "buckets/raw-data/t/year=2/b.csv", "buckets/raw-data/t/year=1/m=x/c.csv"})
        views.files["t"].push_back(csv_file(path, 1, {column("v", "int64")}));
    const std::string text = views.of({t});
    CHECK(views.report.views == 1);
    CHECK(has(text, "'buckets/raw-data/t/year=1/a.csv',\n    'buckets/raw-data/t/year=2/b.csv'\n  ]"));
    CHECK(has(text, "hive_types={'year': 'BIGINT'}"));
    CHECK(has(text, "hive_types={'year': 'BIGINT', 'm': 'VARCHAR'}"));
    CHECK(has(text, R"(CAST("year" AS BIGINT) AS "year", CAST(NULL AS VARCHAR) AS "m")"));
    CHECK(has(text, "UNION ALL"));
}

TEST_CASE("folders that DuckDB takes in another way cost the view, not the script", "[exchange]") {
    for (const char* folder : {"k=a=b", "k=a?b", "K=1/k=2", "k%20x=1"}) {
        auto t = counted("t", 1, {column("v", "int64")});
        t.partition_columns = {column(std::string_view(folder).starts_with("k%") ? "k x" : "k", "text")};
        Views views;
        views.files["t"] = {
            csv_file(std::string("buckets/raw-data/t/") + folder + "/a.csv", 1, {column("v", "int64")})};
        views.files["u"] = {csv_file("buckets/raw-data/u.csv", 1, {column("v", "int64")})};
        const std::string text = views.of({t, counted("u", 1, {column("v", "int64")})});
        INFO(folder);
        CHECK(views.report.views == 1);
        REQUIRE(views.report.without.size() == 1);
        CHECK(has(views.report.without[0].why, "takes the folder"));
        CHECK(has(text, "-- raw-data.t has no view: "));
        CHECK(has(text, "DROP VIEW IF EXISTS \"raw-data\".\"t\";"));
        CHECK(has(text, "hive_partitioning=false"));  // of u, whose path might look like keys
    }
}

TEST_CASE("a folder called NULL in any case is a word, and read apart", "[exchange]") {
    auto t = counted("t", 4, {column("v", "int64")});
    t.partition_columns = {column("m", "text")};
    Views views;
    for (const char* path : {"buckets/raw-data/t/m=NULL/a.csv", "buckets/raw-data/t/m=NULL/b.csv",
                             "buckets/raw-data/t/m=null/a.csv", "buckets/raw-data/t/m=x/c.csv"})
        views.files["t"].push_back(csv_file(path, 1, {column("v", "int64")}));
    const std::string text = views.of({t});
    CHECK(views.report.views == 1);
    CHECK(has(text, "CAST('NULL' AS VARCHAR) AS \"m\""));
    CHECK(has(text, "CAST('null' AS VARCHAR) AS \"m\""));
    CHECK(has(text, "CAST(\"m\" AS VARCHAR) AS \"m\""));
    CHECK(has(text, "m=NULL/a.csv',\n    'buckets/raw-data/t/m=NULL/b.csv'\n  ]"));
}

TEST_CASE("a view that cannot have the name of its table says so", "[exchange]") {
    auto in_temp = table("temp", "t", {column("v", "int64")});
    in_temp.rows = 1;
    Views views;
    for (const char* name : {"Orders", "orders", "t"})
        views.files[name] = {csv_file(std::string("buckets/raw-data/") + name, 1, {column("v", "int64")})};
    const std::string text =
        views.of({counted("Orders", 1, {column("v", "int64")}), counted("orders", 1, {column("v", "int64")}), in_temp});
    CHECK(views.report.views == 3);
    REQUIRE(views.report.renamed.size() == 2);
    CHECK(views.report.renamed[0].table == "raw-data.orders");
    CHECK(views.report.renamed[0].name == R"("raw-data"."orders_2")");
    CHECK(views.report.renamed[1].name == R"("temp_bucket"."t")");
    CHECK(has(text, R"(-- raw-data.orders is "raw-data"."orders_2" here: )"));
    CHECK(has(text, "CREATE SCHEMA IF NOT EXISTS \"temp_bucket\";"));
    CHECK_FALSE(has(text, "\"temp\""));
}

TEST_CASE("a column that cannot have its name in the view is told", "[exchange]") {
    const std::vector<model::Column> columns{column("K", "int64"), column("k", "int64"), column("", "int64")};
    Views views;
    views.files["t"] = {csv_file("buckets/raw-data/t.csv", 1, columns)};
    const std::string text = views.of({counted("t", 1, columns)});
    CHECK(views.report.views == 1);
    CHECK(has(text, "\n-- in the data \"k_2\" is called: k\n-- in the data \"column3\" is called: \nCREATE"));
}

TEST_CASE("what is known to be read in another way has no view", "[exchange]") {
    const auto reason_of = [](std::string code, std::string message) {
        Views views;
        views.files["t"] = {csv_file("buckets/raw-data/t.csv", 1, {column("v", "int64")})};
        views.files["t"][0].profile.findings = {finding(std::move(code), std::move(message))};
        views.of({counted("t", 1, {column("v", "int64")})});
        return views.report.without.empty() ? std::string() : views.report.without[0].why;
    };
    CHECK(reason_of("unterminated_quote", "1 row opens a quote") == "buckets/raw-data/t.csv: 1 row opens a quote");
    CHECK(has(reason_of("invalid_utf8", "1 line is not valid UTF-8"), "not valid"));
    CHECK(has(reason_of("zero_byte", "1 line has a binary zero"), "binary zero"));
    CHECK(has(reason_of("stray_quote", "1 row has a quote inside a cell"), "in the cloud"));  // nothing to look at
    CHECK(reason_of("short_row", "1 row has fewer cells").empty());
    CHECK(reason_of("long_row", "1 row has more cells").empty());
}

TEST_CASE("a quote inside words is looked at in the file", "[exchange]") {
    const neurolake::tests::Scratch scratch;
    const auto views_of = [&](std::string_view text) {
        REQUIRE(write_file_atomic(scratch / "t.csv", text));
        Views views;
        views.files["t"] = {csv_file("buckets/raw-data/t.csv", 2, {column("a", "text"), column("b", "int64")})};
        views.files["t"][0].here = scratch / "t.csv";
        views.files["t"][0].profile.findings = {finding("stray_quote", "rows have a quote inside a cell")};
        views.of({counted("t", 2, {column("a", "text"), column("b", "int64")})});
        return views.report.without.empty() ? std::string() : views.report.without[0].why;
    };
    CHECK(views_of("a,b\n5\" pipe,1\n6\" pipe,2\n").empty());
    CHECK(has(views_of("a,b\nx,1\n\"p\"q,2\n"), "line 3: a quote stands inside a cell"));
    CHECK(has(views_of("a,b\nx,1\n  \"p, q\",2\n"), "line 3"));
    CHECK(has(views_of("a,b\nx,1\n\"never closed\n"), "never closed"));
    Views views;
    views.files["t"] = {csv_file("buckets/raw-data/t.csv", 2, {column("a", "text")})};
    views.files["t"][0].here = scratch / "gone.csv";
    views.files["t"][0].profile.findings = {finding("stray_quote", "rows have a quote inside a cell")};
    views.of({counted("t", 2, {column("a", "text")}), counted("u", 0, {column("v", "int64")})});
    CHECK(views.report.views == 1);  // of u
    REQUIRE(views.report.without.size() == 1);
    CHECK(has(views.report.without[0].why, "gone.csv"));
}

TEST_CASE("one value a line is no object with the key value", "[exchange]") {
    const neurolake::tests::Scratch scratch;
    const auto text_of = [&](std::string_view json) {
        REQUIRE(write_file_atomic(scratch / "t.jsonl", json));
        Views views;
        ViewFile file = csv_file("buckets/raw-data/t.jsonl", 2, {column("value", "int64")});
        file.profile.format = "json_lines";
        file.profile.dialect.clear();
        file.here = scratch / "t.jsonl";
        views.files["t"] = {file};
        return views.of({counted("t", 2, {column("value", "int64")})});
    };
    CHECK(has(text_of("1\n2\n"), "format='newline_delimited', records=false"));
    CHECK(has(text_of("\n {\"value\":1}\n{\"value\":2}\n"), "format='unstructured', records=true"));
}

TEST_CASE("numbers that DuckDB would spell in another way are known", "[exchange]") {
    for (const char* token :
         {"0", "-7", "18446744073709551616", "1.0", "-0.0", "0.5", "2.25", "0.0001", "12345678901234.5"})
        CHECK(keeps_spelling(token));
    for (const char* token :
         {"-0", "1.50", "1e3", "1E5", "0.00001", "0.1234567890123456", "1234567890123456.5", "2.00"})
        CHECK_FALSE(keeps_spelling(token));
    CHECK(keeps_value("1.50"));
    CHECK(keeps_value("123456789012345678901234567890"));
    CHECK(keeps_value("0.00000000000000000000000012345678901234567e-5"));
    CHECK_FALSE(keeps_value("0.1234567890123456789"));
}

namespace {

// The script of a table of JSON, or why it has no view.
std::string json_views(const std::filesystem::path& here, std::string_view format, std::string_view dialect,
                       std::vector<model::Column> columns) {
    Views views;
    ViewFile file = csv_file("buckets/raw-data/t.json", 2, columns);
    file.profile.format = format;
    file.profile.dialect = dialect;
    file.here = here;
    file.bytes = 100;
    views.files["t"] = {file};
    const std::string text = views.of({counted("t", 2, std::move(columns))});
    return views.report.without.empty() ? text : views.report.without[0].why;
}

}  // namespace

TEST_CASE("numbers among texts are looked at in the file, and by the query where it is not here", "[exchange]") {
    const neurolake::tests::Scratch scratch;
    const auto of = [&](std::string_view json, std::string_view type) {
        REQUIRE(write_file_atomic(scratch / "t.json", json));
        return json_views(scratch / "t.json", "json_lines", "", {column("v", type), column("n", "double")});
    };
    CHECK(has(of(R"({"v":1.0,"n":1e3}{"v":"1e3\"1.50","n":1.50})", "text"), "CREATE OR REPLACE VIEW"));
    CHECK(has(of(R"({"v":"x","n":1.5} {"v":1.50})", "text"), "write the number 1.50 of v in another way"));
    CHECK(has(of(R"({"v":"x"} {"\u0076":1e3})", "text"), "the number 1e3 of v"));
    CHECK(has(of(R"({"v":{"a":[1.50,"x"]}})", "json"), "CREATE OR REPLACE VIEW"));
    CHECK(has(of(R"({"v":{"a":[0.1234567890123456789]}})", "json"), "0.1234567890123456789 of v"));
    const std::string deep(5000, '['), shut(5000, ']');
    CHECK(has(of("{\"v\":" + deep + "1" + shut + ",\"n\":1e3} {\"v\":1e3}", "text"), "the number 1e3 of v"));
    CHECK(has(of(R"({"n":0.1234567890123456789,"v":"x"})", "text"), "CREATE OR REPLACE VIEW"));
    const std::string away = json_views({}, "json_lines", "", {column("v", "text"), column("n", "double")});
    CHECK(has(away, "columns={'v': 'JSON', 'n': 'DOUBLE'}"));
    CHECK(has(away, "WHEN 'DOUBLE' THEN CASE"));
    model::Column words = column("v", "text");
    words.evidence.min = "aa";  // no number begins so
    CHECK(has(json_views({}, "json_lines", "", {words}), "columns={'v': 'VARCHAR'}"));
}

TEST_CASE("JSON in UTF-16 has no view, as DuckDB does not read it", "[exchange]") {
    const neurolake::tests::Scratch scratch;
    const auto utf16 = [](std::string_view text) {
        std::string out("\xFF\xFE");
        for (const char c : text) out += {c, '\0'};
        return out;
    };
    const auto of = [&](std::string_view text, std::string_view format, std::string_view dialect) {
        REQUIRE(write_file_atomic(scratch / "t.json", text));
        return json_views(scratch / "t.json", format, dialect, {column("a", "int64")});
    };
    const std::string lines = "{\"a\":1}\n{\"a\":2}\n", list = "[{\"a\":1},{\"a\":2}]";
    CHECK(has(of(utf16(lines), "json_lines", ""), "DuckDB does not read JSON in UTF-16"));
    CHECK(has(of(utf16(list), "json", "list of objects"), "DuckDB does not read JSON in UTF-16"));
    CHECK(has(of(lines, "json_lines", ""), "CREATE OR REPLACE VIEW"));
}

TEST_CASE("rows in a list of an object, and features, are unpacked", "[exchange]") {
    const neurolake::tests::Scratch scratch;
    REQUIRE(write_file_atomic(scratch / "t.json", R"({"n":[1.50],"rows":[{"a":"x","b":1e3},{"a":1.5}]})"));
    const std::vector<model::Column> columns = {column("a", "text"), column("b", "double")};
    const std::string list = json_views(scratch / "t.json", "json", "list of objects in rows", columns);
    CHECK(has(list, R"(unnest("rows") AS "__row" FROM read_json([)"));
    CHECK(has(list, R"('STRUCT("a" VARCHAR, "b" DOUBLE)[]')"));
    CHECK(has(list, R"(CAST("__row"."a" AS VARCHAR) AS "a")"));
    REQUIRE(
        write_file_atomic(scratch / "t.json", R"({"features":[{"x":1.50,"id":"i","properties":{"a":"x","b":1e3}}]})"));
    const std::string features =
        json_views(scratch / "t.json", "json", "GeoJSON features", {column("id", "text"), columns[0], columns[1]});
    CHECK(has(features, R"(coalesce("__row"."id", "__row"."properties"."id"))"));
    CHECK(has(features, R"("__row"."properties"."a")"));
    REQUIRE(
        write_file_atomic(scratch / "t.json", R"({"features":[{"properties":{"a":1.50}},{"properties":{"a":"x"}}]})"));
    CHECK(has(json_views(scratch / "t.json", "json", "GeoJSON features", columns), "the number 1.50 of a"));
    REQUIRE(write_file_atomic(scratch / "t.json", R"(["a",null])"));
    CHECK(has(json_views(scratch / "t.json", "json", "values", {column("value", "text")}), "'array', records=false"));
}

TEST_CASE("lines that end in two ways are read without strictness", "[exchange]") {
    const neurolake::tests::Scratch scratch;
    const auto text_of = [&](std::string_view text) {
        REQUIRE(write_file_atomic(scratch / "t.csv", text));
        Views views;
        views.files["t"] = {csv_file("buckets/raw-data/t.csv", 1, {column("a", "text")})};
        views.files["t"][0].here = scratch / "t.csv";
        views.files["t"][0].bytes = text.size();
        return views.of({counted("t", 1, {column("a", "text")})});
    };
    CHECK(has(text_of("a\nx\r\n"), "strict_mode=false"));
    CHECK(has(text_of("a\nx\r"), "strict_mode=false"));
    std::string large = "a\n";  // somebody appends to it with other ends
    while (large.size() < (std::size_t{5} << 18))
        large +=
            "a long line of text that stands there again and again, for as long as it takes, so that few are needed "
            "for many bytes\n";
    CHECK_FALSE(has(text_of(large), "strict_mode"));
    CHECK(has(text_of(large + "x\r\n"), "strict_mode=false"));
    CHECK_FALSE(has(text_of("a\r\nx\r\n"), "strict_mode"));
    CHECK_FALSE(has(text_of("a\nx\n"), "strict_mode"));
}

TEST_CASE("rows that the catalog did not count, and files it has not read, are no view", "[exchange]") {
    Views views;
    views.files["t"] = {csv_file("buckets/raw-data/t.csv", 5, {column("v", "int64")})};
    views.files["u"] = {csv_file("buckets/raw-data/u.csv", 1, {column("v", "int64")})};
    views.files["u"][0].profile = {};
    views.of({counted("t", 4, {column("v", "int64")}), counted("u", 1, {column("v", "int64")})});
    REQUIRE(views.report.without.size() == 2);
    CHECK(views.report.without[0].why == "its files hold 5 rows, the catalog counts 4");
    CHECK(has(views.report.without[1].why, "not read yet"));
}

TEST_CASE("views of what is in the cloud stand last", "[exchange]") {
    Views views;
    views.files["a"] = {csv_file("s3://b/a.csv", 1, {column("v", "int64")})};
    views.files["a"][0].away = true;
    views.files["a"][0].secret = ", REGION 'x'";
    views.files["b"] = {csv_file("buckets/raw-data/b.csv", 1, {column("v", "int64")})};
    const std::string text =
        views.of({counted("a", 1, {column("v", "int64")}), counted("b", 1, {column("v", "int64")})});
    CHECK(views.report.views == 2);
    CHECK(text.find("'buckets/raw-data/b.csv'") < text.find("'s3://b/a.csv'"));
    CHECK(text.find("CREATE SECRET") < text.find("'s3://b/a.csv'"));
    CHECK(text.find("CREATE SCHEMA") < text.find("VIEW \"raw-data\".\"b\""));
}

TEST_CASE("numbers and keys of JSON that DuckDB would change have no view", "[exchange]") {
    const auto reason_of = [](const model::Column& c, std::string code) {
        Views views;
        ViewFile file = csv_file("buckets/raw-data/t.jsonl", 1, {c});
        file.profile.format = file.profile.dialect = "json_lines";
        if (!code.empty()) file.profile.findings = {finding(std::move(code), "odd")};
        views.files["t"] = {file};
        views.of({counted("t", 1, {c})});
        return views.report.without.empty() ? std::string() : views.report.without[0].why;
    };
    CHECK(reason_of(column("v", "int64"), "").empty());
    CHECK(has(reason_of(column("v", "decimal(19,19)"), ""), "more digits"));
    CHECK(has(reason_of(column("v", "list<decimal(19,2)>"), ""), "more digits"));
    CHECK(reason_of(column("v", "decimal(30,0)"), "").empty());
    CHECK(reason_of(column("v", "struct<a:int64,A:text>"), "").empty());  // stays JSON
    for (const char* code : {"empty_column_name", "duplicate_key", "not_an_object", "too_deep"})
        CHECK(reason_of(column("v", "int64"), code) == "buckets/raw-data/t.jsonl: odd");
}
