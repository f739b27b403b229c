// test_first_values.cpp: values of Parquet and Avro tell what their columns mean, by the first rows; nested ones, too.
// SPDX-License-Identifier: Apache-2.0
#include "formats/first_values.hpp"

#include <fmt/format.h>

#include "fixture.hpp"
#include "model/meaning.hpp"
#include "support/parquet_maker.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using namespace neurolake::formats::test;
using neurolake::test::ParquetTestFile;

namespace {

ParquetTestFile people(std::size_t rows) {
    std::vector<std::string> contacts, codes;
    std::vector<std::int64_t> ids;
    for (std::size_t i = 0; i < rows; ++i) {
        contacts.push_back(fmt::format("ann{}@example.com", i));
        codes.push_back(fmt::format("SCN-{}", i));
        ids.push_back(static_cast<std::int64_t>(i));
    }
    ParquetTestFile file;
    file.columns = {{"id", ids}, {"contact", contacts}, {"email", codes}};
    return file;
}

model::Column looked_at(model::Type type, const std::vector<std::string>& cells) {
    Profile profile;
    model::Column& column = profile.columns.emplace_back();
    column.name = "column";
    column.type = std::move(type);
    profile.rows = cells.size();
    const bool is_text = column.type.kind == model::TypeKind::text || column.type.kind == model::TypeKind::json;
    FirstValues values(profile.columns);
    for (const std::string& cell : cells) {
        const auto value = is_text ? Result<json::Value>(json::Value(cell)) : json::parse(cell);
        REQUIRE(value.has_value());
        values.look(0, *value);
    }
    values.tell(profile);
    model::judge_meaning(column);
    return column;
}

}  // namespace

TEST_CASE("values of a Parquet file tell what a column means, the evidence how many rows were read", "[formats]") {
    const Profile all = profile_of(people(50).bytes(), "people.parquet");
    REQUIRE(all.columns.size() == 3);
    const model::Column& contact = all.columns[1];
    CHECK(contact.pii);
    CHECK(contact.semantic == "email");
    CHECK(contact.semantic_evidence.checked == 50);
    CHECK(contact.semantic_evidence.first_rows == 0);
    CHECK_FALSE(contact.evidence.max.has_value());
    CHECK(all.columns[0].semantic.empty());
    CHECK(all.columns[2].semantic.empty());  // its name says one thing, its values another

    const Profile first = profile_of(people(1500).bytes(), "people.parquet");
    CHECK(first.rows == 1500);
    CHECK(first.columns[1].semantic_evidence.checked == 1000);
    CHECK(first.columns[1].semantic_evidence.first_rows == 1000);
    CHECK(model::meaning_text(first.columns[1]).find("1,000 values in the first 1,000 rows of each file") !=
          std::string::npos);
}

TEST_CASE("a Parquet file whose pages are damaged keeps its columns and says so", "[formats]") {
    std::string bytes = people(50).bytes();
    const std::size_t at = bytes.find("ann0@") - 4;
    bytes.replace(at, 4, 4, '\xFF');  // the length of the first value
    const Profile profile = profile_of(bytes, "people.parquet");
    CHECK(profile.rows == 50);
    CHECK(profile.rows_exact);
    const model::Finding* damage = find_code(profile, "damaged_rows");
    REQUIRE(damage != nullptr);
    CHECK(damage->message.find("column contact") != std::string::npos);
    CHECK(damage->message.find("byte ") != std::string::npos);
}

TEST_CASE("fields inside lists, structures, maps and JSON are looked at", "[formats]") {
    using model::Type;
    Type person(model::TypeKind::structure), book(model::TypeKind::map);
    person.fields = {{"n", model::TypeKind::int64, true}, {"mail", model::TypeKind::text, true}};
    book.fields = {{"key", model::TypeKind::text, false}, {"value", model::TypeKind::int64, true}};
    const auto field = [](const model::Column& column) {
        return column.pii ? column.semantic_evidence.field : "nothing about people";
    };
    const Type text = model::TypeKind::text;
    CHECK(field(looked_at(Type::list_of(text), {R"(["a@b.org",null])", "[]", R"(["c@d.org"])"})) == "[]");
    CHECK(field(looked_at(person, {R"({"n":1,"mail":"a@b.org"})", R"({"n":2,"mail":null})"})) == "mail");
    CHECK(field(looked_at(Type::list_of(person), {R"([{"n":1,"mail":"a@b.org"}])"})) == "[].mail");
    CHECK(field(looked_at(book, {R"({"a@b.org":1,"c@d.org":2})"})) == "key");
    CHECK(field(looked_at(model::TypeKind::json, {R"({"who":{"mail":"a@b.org"}})"})) == "who.mail");
    CHECK(field(looked_at(person, {R"({"n":1,"mail":"none"})"})) == "nothing about people");
    CHECK(field(looked_at(text, {"a@b.org", "", "c@d.org"})).empty());
    CHECK(field(looked_at(model::TypeKind::json, {"no JSON"})) == "nothing about people");
    CHECK(field(looked_at(model::TypeKind::json, {"a@b.org", "c@d.org"})).empty());  // of a union
}

TEST_CASE("columns whose file says what they mean, and those of no text or small numbers, are not looked at",
          "[formats]") {
    std::vector<model::Column> columns(7);
    columns[5].type = model::Type::list_of(model::TypeKind::float32);
    columns[6].type = model::Type::list_of(model::Type::list_of(model::TypeKind::text));
    columns[0].type = columns[1].type = model::TypeKind::text;
    columns[1].semantic_evidence.source = "file";
    columns[2].type = model::TypeKind::date;
    columns[3].type = columns[4].type = model::TypeKind::int64;
    columns[4].evidence.min = "-5";
    columns[4].evidence.max = "999999";
    const FirstValues values(columns);
    for (std::size_t i = 0; i < columns.size(); ++i) CHECK(values.wants(i) == (i == 0 || i == 3 || i == 6));
}
