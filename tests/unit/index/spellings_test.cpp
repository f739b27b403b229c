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

TEST_CASE("words for no value are told with their rows", "[index]") {
    CHECK(null_words(column_of("id,q\n1,5\n2,NA\n3,NA\n")).words == "NA");
    CHECK(null_words(column_of("id,q\n1,5\n2,NA\n3,NA\n")).rows == 2);
    CHECK(null_words(column_of("id,q\n1,31/12/2024\n2,NA\n")).rows == 1);
    CHECK(null_words(column_of("id,q\n1,5\n2,\n")).rows == 0);
    CHECK(null_words(column_of("id,q\n1,x\n2,NA\n")).rows == 0);
    CHECK(null_words(column_of("id,q\n1,NA\n2,NA\n")).rows == 2);
    CHECK(only_null_words(column_of("id,q\n1,None\n2,None\n")));
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
        CHECK_FALSE(column.evidence.min);
    }
    const model::Column both = Files({days, months}).column();
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
