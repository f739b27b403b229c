// spellings.cpp: reading the reasons that formats gives.
// SPDX-License-Identifier: Apache-2.0
#include "index/spellings.hpp"

#include <algorithm>
#include <charconv>

namespace neurolake::index {

using model::TypeKind;

DateOrder date_order(const model::Column& column) {
    const TypeKind kind = column.type.kind;
    if (kind != TypeKind::date && kind != TypeKind::timestamp) return DateOrder::none;
    const std::string_view why = column.evidence.reason;
    if (why.starts_with("dates are written day, month, year")) return DateOrder::day_first;
    if (why.starts_with("dates are written month, day, year")) return DateOrder::month_first;
    if (why.starts_with("dates are written year, month, day")) return DateOrder::year_first;
    if (why.starts_with("day and month are alike")) return DateOrder::any;
    if (why.starts_with("all values are dates") || why.starts_with("all values are timestamps") ||
        why.starts_with("time of day first"))
        return DateOrder::iso;
    return DateOrder::none;
}

std::string_view to_string(DateOrder order) {
    switch (order) {
        case DateOrder::iso:
            return "as 2024-12-31";
        case DateOrder::year_first:
            return "year, month, day";
        case DateOrder::day_first:
            return "day, month, year";
        case DateOrder::month_first:
            return "month, day, year";
        case DateOrder::any:
        case DateOrder::none:
            break;
    }
    return "in any order";
}

bool clash(DateOrder a, DateOrder b) {
    if (a == DateOrder::none || b == DateOrder::none || a == b) return false;
    const auto by_place = [](DateOrder o) { return o == DateOrder::day_first || o == DateOrder::month_first; };
    if (a == DateOrder::any) return !by_place(b);
    if (b == DateOrder::any) return !by_place(a);
    return true;
}

DecimalMark decimal_mark(const model::Column& column, const formats::WrittenAs* written) {
    const TypeKind kind = column.type.kind;
    if (kind != TypeKind::int64 && kind != TypeKind::float64 && kind != TypeKind::decimal) return DecimalMark::none;
    if (column.evidence.reason.find("; decimal comma") != std::string::npos) return DecimalMark::comma;
    return written && written->may_group ? DecimalMark::open : DecimalMark::none;
}

NullWords null_words(const model::Column& column) {
    constexpr std::string_view k_end = "is no value", k_in = " in ";
    const std::string_view why = column.evidence.reason;
    if (!why.ends_with(k_end)) return {};
    const std::size_t begin = why.rfind("; ");
    const std::size_t in = why.rfind(k_in);
    if (begin == std::string_view::npos || in == std::string_view::npos || in < begin) return {};
    NullWords found;
    found.words = why.substr(begin + 2, in - begin - 2);
    const char* const digits = why.data() + in + k_in.size();
    std::from_chars(digits, why.data() + why.size(), found.rows);
    found.rows = std::min(found.rows, column.evidence.nulls);
    if (found.rows == 0) found.words.clear();
    return found;
}

bool only_null_words(const model::Column& column) {
    const std::string_view why = column.evidence.reason;
    return column.type.kind == TypeKind::text && (why.starts_with("no value but ") || why == "only empty values");
}

}  // namespace neurolake::index
