// spellings_test.cpp: the words in which formats tells how values are written, and what tables make of several files.
// SPDX-License-Identifier: Apache-2.0
#include "index/spellings.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <list>

#include "base/file.hpp"
#include "formats/formats.hpp"
#include "index/table_columns.hpp"

using namespace neurolake;
using namespace neurolake::index;
using model::TypeKind;

namespace {

formats::Profile profile_of(const std::string& text) {
    char name[] = "/tmp/neurolake-spellings-XXXXXX";
    const Fd fd(::mkstemp(name));
    ::unlink(name);
    REQUIRE(write_all(fd.get(), text));
    auto profile = formats::profile(fd.get(), "x.csv", {}, CancelFlag());
    REQUIRE(profile);
    return std::move(*profile);
}

model::Column column_of(const std::string& text) { return profile_of(text).columns.back(); }

// Files a.csv, b.csv ... of one table.
struct Files {
    explicit Files(const std::vector<std::string>& texts) {
        char name = 'a';
        for (const std::string& text : texts) {
            File& f = files.emplace_back();
            f.path = std::string("t/") + name++ + ".csv";
            f.profile.emplace();
            f.profile->profile = profile_of(text);
            group.files.push_back(&f);
        }
    }
    model::Column column() const { return merged_columns(group).back(); }
    std::list<File> files;
    Group group;
};

}  // namespace

TEST_CASE("the order of day and month is told by the column's reason", "[index]") {
    CHECK(date_order(column_of("id,d\n1,31/12/2024\n")) == DateOrder::day_first);
    CHECK(date_order(column_of("id,d\n1,12/31/2024\n")) == DateOrder::month_first);
    CHECK(date_order(column_of("id,d\n1,2024/12/31\n")) == DateOrder::year_first);
    CHECK(date_order(column_of("id,d\n1,2024-12-31\n")) == DateOrder::iso);
    CHECK(date_order(column_of("id,d\n1,2024-12-31\n2,2024-12-31T10:00:00\n")) == DateOrder::iso);
    CHECK(date_order(column_of("id,d\n1,5/5/2024\n")) == DateOrder::any);
    CHECK(date_order(column_of("id,d\n1,31/12/2024\n2,NA\n")) == DateOrder::day_first);
    CHECK(date_order(column_of("id,d\n1,1/2/2024\n")) == DateOrder::none);
    CHECK(date_order(column_of("id,d\n1,7\n")) == DateOrder::none);
    CHECK(clash(DateOrder::day_first, DateOrder::month_first));
    CHECK(clash(DateOrder::any, DateOrder::iso));
    CHECK_FALSE(clash(DateOrder::any, DateOrder::month_first));
    CHECK_FALSE(clash(DateOrder::none, DateOrder::month_first));
}

TEST_CASE("a decimal comma is told by the column's reason, a point that may be none by how cells are written",
          "[index]") {
    const auto mark_of = [](const std::string& text) {
        const formats::Profile profile = profile_of(text);
        return decimal_mark(profile.columns.back(), &profile.written.back());
    };
    for (const char* comma : {"id;d\n1;1,5\n2;NA\n", "id;d\n1;1,12345678901234567\n", "id;d\n1;1.000.000\n2;7\n"})
        CHECK(mark_of(comma) == DecimalMark::comma);
    for (const char* open : {"id;d\n1;1.234\n", "id;d\n1;-1.234\n2;7.500\n3;9999\n", "id,d\n1,1.234\n2,NA\n"})
        CHECK(mark_of(open) == DecimalMark::open);
    for (const char* sure : {"id;d\n1;1.234\n2;0.125\n", "id,d\n1,9.50\n", "id,d\n1,1.234\n2,12345\n", "id,d\n1,5\n",
                             "id,d\n1,\"1,234.5\"\n", "id,d\n1,x\n", "id;p;d\n1;1,5;1.234\n"})
        CHECK(mark_of(sure) == DecimalMark::none);
    CHECK(decimal_mark(column_of("id;d\n1;1.234\n"), nullptr) == DecimalMark::none);
}

TEST_CASE("words for no value are told with their rows", "[index]") {
    CHECK(null_words(column_of("id,q\n1,5\n2,NA\n3,NA\n")).words == "NA");
    CHECK(null_words(column_of("id,q\n1,5\n2,NA\n3,NA\n")).rows == 2);
    CHECK(null_words(column_of("id,q\n1,31/12/2024\n2,NA\n")).rows == 1);
    CHECK(null_words(column_of("id,q\n1,5\n2,\n")).rows == 0);
    CHECK(null_words(column_of("id,q\n1,x\n2,NA\n")).rows == 0);
    CHECK(null_words(column_of("id,q\n1,NA\n2,NA\n")).rows == 2);
    CHECK(only_null_words(column_of("id,q\n1,None\n2,None\n")));
    CHECK(only_null_words(column_of("id,q\n1,\"\"\n2,\n")));
    CHECK_FALSE(only_null_words(column_of("id,q\n1,x\n2,NA\n")));
}

TEST_CASE("dates of two orders are text in one table, whichever file comes first", "[index]") {
    const std::string days = "id,d\n1,31/12/2024\n", months = "id,d\n2,12/31/2024\n", alike = "id,d\n3,5/5/2024\n";
    for (const auto& texts : {std::vector{days, months},
                              {months, days},
                              {alike, days, months},
                              {days, alike, months},
                              {alike, std::string("id,d\n1,2024-12-31\n")}}) {
        const model::Column column = Files(texts).column();
        CHECK(column.type.kind == TypeKind::text);
        CHECK(column.evidence.values == texts.size());
    }
    const model::Column both = Files({days, months}).column();
    CHECK(both.evidence.min == "12/31/2024");
    CHECK(both.evidence.max == "31/12/2024");
    CHECK(both.evidence.reason ==
          "dates are written day, month, year in t/a.csv (row 1), but month, day, year in t/b.csv (row 1)");
    CHECK(Files({days, alike, days}).column().type.kind == TypeKind::date);
    CHECK(Files({alike, months}).column().type.kind == TypeKind::date);
}

TEST_CASE("words for no value are values where another file makes the column text", "[index]") {
    const std::string numbers = "id,q\n1,5\n2,NA\n3,\n", words = "id,q\n4,x\n5,NA\n";
    const model::Column text = Files({numbers, words}).column();
    CHECK(text.type.kind == TypeKind::text);
    CHECK(text.evidence.values == 4);  // 5, NA, x, NA
    CHECK(text.evidence.nulls == 1);
    for (const std::string word : {"NA", "None"}) {
        const std::string nothing = "id,q\n6," + word + "\n7," + word + "\n";
        const model::Column number = Files({nothing, numbers}).column();
        CHECK(number.type.kind == TypeKind::int64);
        CHECK(number.evidence.values == 1);
        CHECK(number.evidence.nulls == 4);
        const model::Column all = Files({nothing, numbers, words}).column();
        CHECK(all.type.kind == TypeKind::text);
        CHECK(all.evidence.values == 6);
        CHECK(all.evidence.nulls == 1);
    }
    const std::string none = "id,q\n1,None\n2,None\n";
    CHECK(Files({none, none}).column().type.kind == TypeKind::text);
    CHECK(Files({none, none}).column().evidence.values == 4);
}

TEST_CASE("a file of nothing but words for no value is not why a column is text", "[index]") {
    for (const char* nothing : {"id,v\n1,NULL\n2,-\n", "id,v\n1,\"\"\n2,\"\"\n"}) {
        const std::string text = "id,v\n1,b\n2,c\n";
        const std::string why = column_of(text).evidence.reason;
        CHECK(Files({nothing, text}).column().evidence.reason == why);
        CHECK(Files({text, nothing}).column().evidence.reason == why);
        CHECK(Files({nothing, nothing}).column().evidence.reason == column_of(nothing).evidence.reason);
    }
}

TEST_CASE("rows without a value are null beside words for none, too", "[index]") {
    for (const std::string word : {"None", "-", "NA", "\"\""}) {
        const std::string nothing = "id,q\n2,\n3," + word + "\n4,\n";
        for (const std::string value : {"5", "2024-01-01"}) {
            const model::Column column = Files({"id,q\n1," + value + "\n", nothing}).column();
            CHECK(column.evidence.values == 1);
            CHECK(column.evidence.nulls == 3);
        }
    }
}

TEST_CASE("decimal commas beside points that may be none are text in one table, whichever file comes first",
          "[index]") {
    const std::string comma = "id;q\n1;1,5\n", point = "id;q\n2;1.234\n", whole = "id;q\n3;7\n";
    for (const auto& texts : {std::vector{comma, point}, {point, comma}, {whole, comma, whole, point, comma}}) {
        const model::Column column = Files(texts).column();
        CHECK(column.type.kind == TypeKind::text);
        CHECK(column.evidence.values == texts.size());
    }
    const model::Column both = Files({comma, point}).column();
    CHECK(both.evidence.min == "1,5");
    CHECK(both.evidence.max == "1.234");
    CHECK(both.evidence.reason ==
          "numbers have a decimal comma in t/a.csv (row 1), and those such as 1.234 in t/b.csv (row 1) are 1234 or "
          "1.234");
    CHECK(both.evidence.forced_path == "t/b.csv");
    CHECK(Files({comma, whole, comma}).column().type.kind == TypeKind::float64);
    CHECK(Files({point, whole}).column().type.kind == TypeKind::float64);
    CHECK(Files({comma, "id,q\n1,9.5\n"}).column().type.kind == TypeKind::float64);  // each file speaks for itself
}

TEST_CASE("a file that shows the order of day and month speaks for the table", "[index]") {
    const std::string months = "id,d\n1,5/5/2024\n2,12/31/2024\n", alike = "id,d\n3,5/5/2024\n";
    for (const auto& texts : {std::vector{alike, months}, {months, alike}, {alike, alike, months}}) {
        const model::Column column = Files(texts).column();
        CHECK(column.type.kind == TypeKind::date);
        CHECK(column.evidence.reason == "dates are written month, day, year: proven by a day beyond 12 first at row 2");
        CHECK(column.evidence.forced_row == 2);
        CHECK(column.evidence.forced_path == (texts[0] == months   ? "t/a.csv"
                                              : texts[1] == months ? "t/b.csv"
                                                                   : "t/c.csv"));
    }
}

TEST_CASE("text because of another file has the bounds and empty values that it has in one file", "[index]") {
    const auto same_as_one = [](const std::string& first, const std::string& second) {
        const model::Column together = Files({"id,v\n" + first, "id,v\n" + second}).column();
        const model::Column one = column_of("id,v\n" + first + second);
        CHECK(together.type == one.type);
        CHECK(together.evidence.values == one.evidence.values);
        CHECK(together.evidence.nulls == one.evidence.nulls);
        CHECK(together.evidence.min == one.evidence.min);
        CHECK(together.evidence.max == one.evidence.max);
        return one.evidence.min.value_or("none") + " .. " + one.evidence.max.value_or("none");
    };
    CHECK(same_as_one("1,25/01/2024\n2,01/02/2024\n", "3,hello\n") == "01/02/2024 .. hello");
    CHECK(same_as_one("1,TRUE\n2,False\n", "3,maybe\n") == "False .. maybe");
    CHECK(same_as_one("1,\"\"\n2,2024-01-01\n", "3,hello\n") == " .. hello");
    CHECK(same_as_one("1,-\n2,2024-01-01\n3,\n", "4,hello\n") == "- .. hello");
    CHECK(same_as_one("1,2024-01-01T10:00:00\n", "2,7\n") == "2024-01-01T10:00:00 .. 7");
    CHECK(same_as_one("1,NA\n2,\n", "3,hello\n4,\"\"\n") == " .. hello");
    CHECK(same_as_one("1,\"\"\n", "3,hello\n") == " .. hello");
    CHECK(same_as_one("1,9\n2, 10\n", "3,a\n") == " 10 .. a");
    CHECK(same_as_one("1,\"\"\n", "3,2024-01-01 10:00:00\n") == "2024-01-01 10:00:00 .. 2024-01-01 10:00:00");
}

TEST_CASE("what looks personal is no bound, and what is not known makes none", "[index]") {
    std::string cards = "id,v\n";
    for (const char* card :
         {"4111110000123450", "4111110076666663", "4111110153209874", "4111110229753087", "4111110306296299",
          "4111110382839509", "4111110459382714", "4111110535925924", "4111110612469135", "4111110689012347",
          "4111110765555557", "4111110842098761", "4111110918641973", "4111110995185183", "4111111071728391",
          "4111111148271607", "4111111224814817", "4111111301358027", "4111111377901239", "4111111454444442",
          "4111111530987653", "4111111607530865", "4111111684074076", "4111111760617285"})
        cards += std::string("1,") + card + "\n";
    REQUIRE(column_of(cards).pii);
    CHECK_FALSE(Files({cards, "id,v\n1,hello\n"}).column().evidence.min);
    Files files({"id,v\n1,2024-01-01\n", "id,v\n1,hello\n"});
    files.files.front().profile->profile.written.clear();  // as of an older program
    CHECK_FALSE(files.column().evidence.min);
    CHECK(files.column().evidence.values == 2);
}

TEST_CASE("numbers of several files have the type that they have in one", "[index]") {
    const auto type_of = [](const std::vector<std::string>& values) {
        std::vector<std::string> texts;
        std::string all = "id,v\n";
        for (const std::string& value : values) {
            texts.push_back("id,v\n1," + value + "\n2," + value + "\n");
            all += "1," + value + "\n2," + value + "\n";
        }
        const model::Column together = Files(texts).column(), one = column_of(all);
        CHECK(together.type == one.type);
        CHECK(together.evidence.min == one.evidence.min);
        CHECK(together.evidence.max == one.evidence.max);
        return model::to_string(together.type);
    };
    CHECK(type_of({"0.5", "12345678901234.123456789012"}) == "decimal(26,12)");
    CHECK(type_of({"12345678901234.123456789012", "7", "NA", "0.5"}) == "decimal(26,12)");
    CHECK(type_of({"10.00000000000000000001", "7", "-99"}) == "decimal(22,20)");
    CHECK(type_of({"12345678901234567", "1.5"}) == "decimal(18,1)");
    CHECK(type_of({"1.5", "12345678901234567", "3"}) == "decimal(18,1)");
    CHECK(type_of({"12345678901234567890", "3"}) == "decimal(20,0)");
    CHECK(type_of({"1e5", "12345678901234567"}) == "text");
    CHECK(type_of({"1.5", "1e-7", "3"}) == "double");
    CHECK(type_of({"1e-5", "12345678901234.123456789012"}) == "text");
    CHECK(type_of({"12345678901234567890", "0.12345678901234567891"}) == "text");  // 40 digits together
    CHECK(type_of({"7", "12345678901234567"}) == "int64");
    const model::Column wide =
        Files({"id,v\n1,10000000000000000.0\n2,2.5\n", "id,v\n1,5000000000000001\n2,9007199254740993\n"}).column();
    CHECK(wide.type == model::Type::decimal(18, 1));
    CHECK(wide.evidence.max == "10000000000000000");
    const model::Column long_one = Files({"id,v\n1,0.5\n", "id,v\n1,7\n2,12345678901234.123456789012\n"}).column();
    CHECK(long_one.evidence.reason == "more than 15 digits first at row 2");
    CHECK(long_one.evidence.forced_row == 2);
    CHECK(long_one.evidence.forced_path == "t/b.csv");
}
