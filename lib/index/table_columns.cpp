// table_columns.cpp: merging, with what the files' own words say of how values are written.
// SPDX-License-Identifier: Apache-2.0
#include "index/table_columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "index/spellings.hpp"
#include "index/written.hpp"
#include "model/merge.hpp"

namespace neurolake::index {
namespace {

using model::Column;
using model::TypeKind;

std::vector<Column> columns_of(const File& f) {
    std::vector<Column> columns = f.profile ? f.profile->profile.columns : std::vector<Column>{};
    for (Column& column : columns) column.evidence.forced_path = f.path;
    return columns;
}

// What the files together say of one column, beyond types.
struct Together {
    bool text = false, typed = false;  // some file makes it text by a value; some file knows another type
    std::uint64_t null_words = 0;      // rows with such words that a file took for null
    std::uint64_t only_words = 0;      // the same in files that hold nothing else, and took them for text
    const Column* order = nullptr;     // the first column whose dates show an order
    std::string order_path;
    const Column* other_order = nullptr;  // the first that shows another one
    std::string other_path;
    const Column* comma = nullptr;  // the first column whose numbers have decimal commas
    std::string comma_path;
    const Column* open = nullptr;  // the first whose numbers are all as 1.234
    std::string open_path;
    Texts texts;
    Digits digits;

    bool says_nothing_by_words() const { return typed && !text; }
};
using AllTogether = std::unordered_map<std::string_view, Together>;

void look_at_dates(Together& all, const Column& column, const File& f) {
    const DateOrder order = date_order(column);
    if (order == DateOrder::none) return;
    if (all.order && clash(date_order(*all.order), order)) {
        if (all.other_order) return;
        all.other_order = &column;
        all.other_path = f.path;
    } else if (!all.order || date_order(*all.order) == DateOrder::any) {
        all.order = &column;
        all.order_path = f.path;
    }
}

void look_at_numbers(Together& all, const Column& column, const File& f, const formats::WrittenAs* written) {
    const DecimalMark mark = decimal_mark(column, written);
    if (mark == DecimalMark::none) return;
    const Column*& first = mark == DecimalMark::comma ? all.comma : all.open;
    if (first) return;
    first = &column;
    (mark == DecimalMark::comma ? all.comma_path : all.open_path) = f.path;
}

void look(Together& all, const Column& column, const File& f, const formats::WrittenAs* written) {
    all.texts.look(f, column, written);
    all.digits.look(f.path, column, written);
    all.null_words += null_words(column).rows;
    if (column.type.kind == TypeKind::unknown) return;
    const bool only_words = only_null_words(column);
    if (only_words) all.only_words += column.evidence.values;
    all.text |= column.type.kind == TypeKind::text && !only_words;
    all.typed |= column.type.kind != TypeKind::text;
    look_at_dates(all, column, f);
    look_at_numbers(all, column, f, written);
}

AllTogether look(const Group& g) {
    AllTogether all;
    if (g.files.size() < 2) return all;
    for (const File* f : g.files) {
        if (!f->profile) continue;
        const auto& columns = f->profile->profile.columns;
        for (std::size_t i = 0; i < columns.size(); ++i) look(all[columns[i].name], columns[i], *f, written_of(*f, i));
    }
    return all;
}

// "NA" in every row of a file says as little as an empty column where other files hold numbers; where they hold text,
// it is not why.
void forget_words(Column& column, const AllTogether& all) {
    if (!only_null_words(column)) return;
    const auto known = all.find(column.name);
    if (known == all.end()) return;
    if (known->second.text) column.evidence.reason.clear();
    if (!known->second.says_nothing_by_words()) return;
    column.type = TypeKind::unknown;
    const std::uint64_t nulls = column.evidence.values + column.evidence.nulls;
    column.evidence = {};
    column.evidence.nulls = nulls;
    column.semantic_evidence = {};
}

std::string in_file(const Column& column, const std::string& path) {
    const std::uint64_t row = column.evidence.forced_row;
    return fmt::format("in {}{}", path, row ? fmt::format(" (row {})", row) : "");
}

void make_text(Column& column, std::string reason, const Column& because_of, const std::string& path) {
    column.type = TypeKind::text;
    column.evidence.min = column.evidence.max = std::nullopt;
    column.evidence.reason = std::move(reason);
    column.evidence.forced_row = because_of.evidence.forced_row;
    column.evidence.forced_path = path;
}

// The row of each order that proves it.
std::string order_text(const Column& column, const std::string& path) {
    return fmt::format("{} {}", to_string(date_order(column)), in_file(column, path));
}

void settle_orders(Column& column, const Together& all) {
    if (column.type.kind != TypeKind::date && column.type.kind != TypeKind::timestamp) return;
    if (all.other_order) {
        make_text(column,
                  fmt::format("dates are written {}, but {}", order_text(*all.order, all.order_path),
                              order_text(*all.other_order, all.other_path)),
                  *all.other_order, all.other_path);
    } else if (all.order && date_order(column) == DateOrder::any) {  // another file may show it
        column.evidence.reason = all.order->evidence.reason;
        column.evidence.forced_row = all.order->evidence.forced_row;
        column.evidence.forced_path = all.order_path;
    }
}

// 1.234 is 1234 to who writes 1,5.
void settle_marks(Column& column, const Together& all) {
    if (!all.comma || !all.open) return;
    if (column.type.kind != TypeKind::float64 && column.type.kind != TypeKind::decimal) return;
    make_text(column,
              fmt::format("numbers have a decimal comma {}, and those such as 1.234 {} are 1234 or 1.234",
                          in_file(*all.comma, all.comma_path), in_file(*all.open, all.open_path)),
              *all.open, all.open_path);
}

// In a column of text they are values, as in a file whose column is text; so are empty cells in quotes.
void count_words(Column& column, const Together& all) {
    if (column.type.kind != TypeKind::text) return;
    const std::uint64_t only_words = all.says_nothing_by_words() ? all.only_words : 0;
    const std::uint64_t taken = all.null_words + only_words + all.texts.empty();
    const std::uint64_t words = std::min(taken, column.evidence.nulls);
    column.evidence.nulls -= words;
    column.evidence.values += words;
    if (words > 0) column.evidence.min = column.evidence.max = std::nullopt;
    all.texts.fill_bounds(column.evidence);
}

// Rows whose values were looked at; 0 when they were not counted.
std::uint64_t rows_seen(const File& f) {
    if (!f.profile || !f.profile->profile.rows_exact) return 0;
    const std::uint64_t rows = f.profile->profile.rows, sampled = f.profile->sampled_rows;
    return sampled > 0 ? std::min(rows, sampled) : rows;
}

// The rows of a file that lacks a column are null there. Where no file counted the column's values, this is left open.
void count_lacking_as_null(std::vector<Column>& columns, const Group& g) {
    const auto lacks_some = [&](const File* f) {
        return f->profile && !f->profile->profile.columns.empty() &&
               f->profile->profile.columns.size() != columns.size();
    };
    if (std::none_of(g.files.begin(), g.files.end(), lacks_some)) return;
    std::uint64_t all = 0;
    std::unordered_map<std::string_view, std::uint64_t> with;  // rows of the files that have the column
    for (const File* f : g.files) {
        const std::uint64_t rows = rows_seen(*f);
        if (rows == 0 || f->profile->profile.columns.empty()) continue;
        all += rows;
        std::unordered_set<std::string_view> told;
        for (const Column& column : f->profile->profile.columns)
            if (told.insert(column.name).second) with[column.name] += rows;
    }
    for (Column& column : columns) {
        const auto here = with.find(column.name);
        const std::uint64_t rows = here == with.end() ? 0 : here->second;
        if (rows > 0 && column.evidence.values + column.evidence.nulls == 0) continue;
        column.evidence.nulls += all - rows;
    }
}

}  // namespace

std::vector<Column> merged_columns(const Group& g) {
    const AllTogether together = look(g);
    std::vector<Column> merged;
    bool first = true;
    for (const File* f : g.files) {
        std::vector<Column> columns = columns_of(*f);
        if (columns.empty()) continue;
        for (Column& column : columns) forget_words(column, together);
        if (first)
            merged = std::move(columns);
        else
            model::merge_into(merged, columns);
        first = false;
    }
    for (Column& column : merged) {
        const auto all = together.find(column.name);
        if (all == together.end()) continue;
        settle_orders(column, all->second);
        settle_marks(column, all->second);
        all->second.digits.settle(column);
        count_words(column, all->second);
    }
    count_lacking_as_null(merged, g);
    for (Column& column : merged)
        if (column.evidence.forced_row == 0) column.evidence.forced_path.clear();  // no row forced the type
    return merged;
}

}  // namespace neurolake::index
