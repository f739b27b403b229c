// drift.cpp: compares each file's columns with those that most files of the table have.
// SPDX-License-Identifier: Apache-2.0
#include "index/drift.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "base/text.hpp"
#include "index/spellings.hpp"
#include "index/written.hpp"
#include "model/merge.hpp"

namespace neurolake::index {
namespace {

using model::Column;
using model::Finding;
using model::TypeKind;

const std::vector<Column>& columns_of(const File& f) { return f.profile->profile.columns; }

// A column over all files: which types it has there, in which order its dates are written, words for no value.
struct Seen {
    using Where = std::pair<const File*, std::size_t>;  // the first file, how many
    std::map<std::string, Where> types;                 // by name
    std::map<DateOrder, Where> orders;
    Where comma, open, text, null_words;
    std::string words;
    std::uint64_t word_rows = 0;
    Digits digits;
};

void count(Seen::Where& where, const File* f) {
    if (!where.first) where.first = f;
    ++where.second;
}

using SeenColumns = std::map<std::string, Seen>;

SeenColumns look(const std::vector<const File*>& files) {
    SeenColumns seen;
    for (const File* f : files)
        for (std::size_t i = 0; i < columns_of(*f).size(); ++i) {
            const Column& column = columns_of(*f)[i];
            if (only_null_words(column)) continue;
            Seen& all = seen[column.name];
            all.digits.look(f->path, column, written_of(*f, i));
            if (column.type.kind != TypeKind::unknown) count(all.types[model::to_string(column.type)], f);
            if (const DateOrder order = date_order(column); order != DateOrder::none) count(all.orders[order], f);
            const DecimalMark mark = decimal_mark(column, written_of(*f, i));
            if (mark != DecimalMark::none) count(mark == DecimalMark::comma ? all.comma : all.open, f);
            if (column.type.kind == TypeKind::text) count(all.text, f);
            if (const NullWords found = null_words(column); found.rows > 0) {
                if (!all.null_words.first) all.words = found.words;
                all.word_rows += found.rows;
                count(all.null_words, f);
            }
        }
    return seen;
}

const Column& column_named(const File& f, const std::string& name) {
    return *std::find_if(columns_of(f).begin(), columns_of(f).end(), [&](const Column& c) { return c.name == name; });
}

std::string so_many(std::size_t n, std::size_t all) {
    return fmt::format("{} of {} files", text::with_thousands(n), text::with_thousands(all));
}

std::vector<std::string> names_of(const File& f) {
    std::vector<std::string> names;
    for (const Column& column : columns_of(f)) names.push_back(column.name);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

using Names = std::vector<std::string>;

Names without(const Names& some, const Names& others) {
    Names left;
    std::set_difference(some.begin(), some.end(), others.begin(), others.end(), std::back_inserter(left));
    return left;
}

std::string listed(const Names& names, std::size_t most) {
    const auto end = names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), most));
    const std::string more = names.size() > most ? fmt::format(" and {} more", names.size() - most) : "";
    return fmt::format("{}{}", fmt::join(names.begin(), end, ", "), more);
}

// The set of names that most files have, with the first of those files; the earliest of equals.
std::pair<Names, const File*> usual_names(const std::vector<const File*>& files) {
    std::map<Names, std::pair<std::size_t, const File*>> counts;
    for (const File* f : files) {
        auto& [count, first] = counts[names_of(*f)];
        ++count;
        if (!first) first = f;
    }
    const auto best = std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
        return a.second.first != b.second.first ? a.second.first < b.second.first
                                                : a.second.second->path > b.second.second->path;
    });
    return {best->first, best->second.second};
}

// How some files' columns differ from those that most files have.
struct Variant {
    Names lacking, extra;
    const File* first = nullptr;
    std::size_t count = 0;
    bool like(const Names& without_these, const Names& with_these) const {
        return lacking == without_these && extra == with_these;
    }
};

// In the order of their first files.
std::vector<Variant> variants(const std::vector<const File*>& files, const Names& usual) {
    std::vector<Variant> found;
    for (const File* f : files) {
        const Names names = names_of(*f);
        if (names == usual) continue;
        Names lacking = without(usual, names), extra = without(names, usual);
        auto known = std::ranges::find_if(found, [&](const Variant& v) { return v.like(lacking, extra); });
        if (known == found.end()) known = found.insert(found.end(), {std::move(lacking), std::move(extra), f, 0});
        ++known->count;
    }
    return found;
}

// What so many variants lack and have together: nobody wants a line for each of a hundred.
Variant together(const std::vector<Variant>& found, std::size_t from) {
    Variant sum{{}, {}, found[from].first, 0};
    std::set<std::string> lacking, extra;
    for (std::size_t i = from; i < found.size(); ++i) {
        lacking.insert(found[i].lacking.begin(), found[i].lacking.end());
        extra.insert(found[i].extra.begin(), found[i].extra.end());
        sum.count += found[i].count;
    }
    sum.lacking.assign(lacking.begin(), lacking.end());
    sum.extra.assign(extra.begin(), extra.end());
    return sum;
}

std::string lacks_and_has(const Variant& variant, std::string_view who, bool one, const File& example,
                          std::size_t names) {
    std::string what(who);
    if (!variant.lacking.empty())
        what +=
            fmt::format(" {} {}, which {} has", one ? "lacks" : "lack", listed(variant.lacking, names), example.path);
    if (!variant.extra.empty())
        what += fmt::format("{} {} {}, which {} lacks", variant.lacking.empty() ? "" : ", and", one ? "has" : "have",
                            listed(variant.extra, names), example.path);
    return what;
}

// Each way in which files differ, the fourth and all further ones in one line.
std::vector<Finding> column_drift(const std::string& bucket, const std::vector<const File*>& files) {
    constexpr std::size_t k_ways = 4, k_names = 5, k_names_of_many = 20;
    const auto [usual, example] = usual_names(files);
    std::vector<Variant> found = variants(files, usual);
    const bool many = found.size() > k_ways;
    if (many) {
        found[k_ways - 1] = together(found, k_ways - 1);
        found.resize(k_ways);
    }
    std::vector<Finding> findings;
    for (std::size_t i = 0; i < found.size(); ++i) {
        const Variant& way = found[i];
        const bool sum = many && i + 1 == found.size();
        const std::string what = sum ? lacks_and_has(way, "other files", false, *example, k_names_of_many)
                                     : lacks_and_has(way, way.first->path, true, *example, k_names);
        findings.push_back(
            {Finding::Severity::warning, "column_drift", fmt::format("{}/{}", bucket, way.first->path), 0,
             fmt::format("{} ({}); what a file lacks counts as null", what, so_many(way.count, files.size()))});
    }
    return findings;
}

// Only text or JSON holds what they hold, and not all of them are that.
bool clash(const Column& a, const Column& b) {
    const TypeKind wide = model::merge(a, b).type.kind;
    if (wide != TypeKind::text && wide != TypeKind::json && wide != TypeKind::binary) return false;
    return a.type.kind != b.type.kind;
}

std::optional<Finding> clashes(const std::string& bucket, std::size_t files, const std::string& name,
                               const Seen& seen) {
    if (seen.digits.type()) return std::nullopt;
    const auto usual = std::max_element(seen.types.begin(), seen.types.end(), [](const auto& a, const auto& b) {
        return a.second.second != b.second.second ? a.second.second < b.second.second
                                                  : a.second.first->path > b.second.first->path;
    });
    const Column& wanted = column_named(*usual->second.first, name);
    for (const auto& [type, where] : seen.types) {
        const Column& odd = column_named(*where.first, name);
        if (!clash(wanted, odd)) continue;
        const std::string why = odd.evidence.forced_row ? fmt::format(" ({})", odd.evidence.reason) : "";
        return Finding{
            Finding::Severity::warning, "type_drift", fmt::format("{}/{}", bucket, where.first->path),
            odd.evidence.forced_row,
            fmt::format("{} is {} in {} but {} in {}{}; {} in {}", name, usual->first, usual->second.first->path, type,
                        where.first->path, why, type, so_many(where.second, files))};
    }
    return std::nullopt;
}

std::string with_row(const File& f, const std::string& name) {
    const std::uint64_t row = column_named(f, name).evidence.forced_row;
    return row ? fmt::format("{} (row {})", f.path, row) : f.path;
}

// The order that most files have, and one that does not go with it.
std::optional<Finding> different_orders(const std::string& bucket, std::size_t files, const std::string& name,
                                        const Seen& seen) {
    const auto usual = std::max_element(seen.orders.begin(), seen.orders.end(), [](const auto& a, const auto& b) {
        return a.second.second != b.second.second ? a.second.second < b.second.second
                                                  : a.second.first->path > b.second.first->path;
    });
    for (const auto& [order, where] : seen.orders) {
        if (!clash(usual->first, order)) continue;
        return Finding{
            Finding::Severity::warning, "date_order", fmt::format("{}/{}", bucket, where.first->path),
            column_named(*where.first, name).evidence.forced_row,
            fmt::format("the dates of {} are written {} in {}, but {} in {}; {} in {}: as no order reads all "
                        "of them, the column is text",
                        name, to_string(usual->first), with_row(*usual->second.first, name), to_string(order),
                        with_row(*where.first, name), to_string(order), so_many(where.second, files))};
    }
    return std::nullopt;
}

// 1.234 is 1234 to who writes 1,5.
std::optional<Finding> open_marks(const std::string& bucket, std::size_t files, const std::string& name,
                                  const Seen& seen) {
    if (!seen.comma.first || !seen.open.first) return std::nullopt;
    const auto& [file, count] = seen.open;
    return Finding{Finding::Severity::warning, "decimal_mark", fmt::format("{}/{}", bucket, file->path),
                   column_named(*file, name).evidence.forced_row,
                   fmt::format("the numbers of {} have a decimal comma in {}, and those such as 1.234 in {} are 1234 "
                               "or 1.234; such alone in {}: the column is text",
                               name, with_row(*seen.comma.first, name), with_row(*file, name), so_many(count, files))};
}

// "NA" is null in a column of numbers, and a word in a column of text: a table's column is one of both.
std::optional<Finding> words_as_text(const std::string& bucket, const std::string& name, const Seen& seen) {
    if (!seen.text.first || !seen.null_words.first) return std::nullopt;
    const File& f = *seen.null_words.first;
    const std::string more = seen.null_words.second > 1 ? fmt::format(" and {} more file{}", seen.null_words.second - 1,
                                                                      seen.null_words.second > 2 ? "s" : "")
                                                        : "";
    return Finding{Finding::Severity::note, "null_words", fmt::format("{}/{}", bucket, f.path), 0,
                   fmt::format("{} in {} of {} in {}{} counts as text, as {} is text in {}; alone it would mean no "
                               "value",
                               seen.words, seen.word_rows == 1 ? "1 row" : fmt::format("{} rows", seen.word_rows), name,
                               f.path, more, name, seen.text.first->path)};
}

}  // namespace

std::string gist(const Finding& finding, const std::string& folder) {
    const std::string inside = folder.empty() ? "" : folder + "/";
    std::string out = finding.code;
    for (std::size_t at = 0; at < finding.message.size();) {
        const std::size_t end = std::min(finding.message.find(' ', at), finding.message.size());
        const std::string_view word = std::string_view(finding.message).substr(at, end - at);
        const bool number = word.find_first_not_of("0123456789,;:()") == std::string_view::npos;
        if (!number && (inside.empty() || !word.starts_with(inside))) out.append(" ").append(word);
        at = end + 1;
    }
    return out;
}

std::vector<Finding> drift(const std::string& bucket, const std::vector<const File*>& all, ColumnDrift columns) {
    std::vector<const File*> files;
    for (const File* f : all)
        if (f->profile && !f->profile->profile.columns.empty()) files.push_back(f);
    std::vector<Finding> findings;
    if (files.size() < 2) return findings;
    if (columns == ColumnDrift::tell) findings = column_drift(bucket, files);
    for (const auto& [name, seen] : look(files)) {
        if (seen.orders.size() > 1)
            if (auto finding = different_orders(bucket, files.size(), name, seen))
                findings.push_back(std::move(*finding));
        if (auto finding = open_marks(bucket, files.size(), name, seen)) findings.push_back(std::move(*finding));
        if (seen.types.size() > 1)
            if (auto finding = clashes(bucket, files.size(), name, seen)) findings.push_back(std::move(*finding));
        if (auto finding = words_as_text(bucket, name, seen)) findings.push_back(std::move(*finding));
    }
    return findings;
}

}  // namespace neurolake::index
