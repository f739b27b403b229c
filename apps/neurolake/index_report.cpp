// index_report.cpp: changes line by line, what is settling and what to do about it, the sums.
// SPDX-License-Identifier: Apache-2.0
#include "index_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <compare>
#include <map>
#include <optional>
#include <set>

#include "base/text.hpp"
#include "catalog_report.hpp"
#include "cmd_lineage.hpp"
#include "model/compatibility.hpp"
#include "shell_words.hpp"

namespace neurolake::apps {

namespace {

using What = index::TableChange::What;
constexpr const char* k_words[] = {"new", "changed", "gone"};
constexpr const char* k_indent = "          ";

// "rows 10 -> 12", or "12 rows" where that did not change.
std::string count_text(std::uint64_t now, std::uint64_t before, std::string_view noun) {
    if (now == before) return counted(now, noun);
    return fmt::format("{}s {} -> {}", noun, text::with_thousands(before), text::with_thousands(now));
}

// "rows at least 100 -> 12,360"
std::string rows_text(const index::TableChange& change) {
    const auto amount = [](bool exact, std::uint64_t rows) {
        return (exact ? "" : "at least ") + text::with_thousands(rows);
    };
    return fmt::format("rows {} -> {}", amount(change.rows_before_exact, change.rows_before),
                       amount(change.rows_exact, change.rows));
}

std::string rows_of(const index::TableChange& change) {
    if (!change.rows_exact && change.rows == 0) return "rows unknown";
    return (change.rows_exact ? "" : "at least ") + counted(change.rows, "row");
}

constexpr std::size_t k_most_names = 5, k_most_breaks = 10;

// The lines of a version by their sign: "+1 column: price double", "-2 columns: a, b", "~1 column: id int64 -> text".
std::vector<std::string> column_changes(const std::vector<std::string>& lines) {
    std::vector<std::string> out;
    for (const char sign : {'+', '-', '~'}) {
        std::vector<std::string> names;
        for (const auto& line : lines)
            if (line.size() > 2 && line[0] == sign) names.push_back(line.substr(2));
        if (!names.empty())
            out.push_back(
                fmt::format("{}{}: {}", sign, counted(names.size(), "column"), short_list(names, k_most_names)));
    }
    return out;
}

// "unknown format" for a picture, "empty" for an empty file: there are no rows to be told of.
std::string contents_of(const index::TableChange& change, const model::Table* table) {
    const auto is_error = [](const model::Finding& f) { return f.severity == model::Finding::Severity::error; };
    if (!table || std::ranges::any_of(table->findings, is_error)) return rows_of(change);
    if (table->format == "unknown") return "unknown format";
    return table->columns.empty() && table->rows_exact && table->rows == 0 ? "empty" : rows_of(change);
}

std::string what_word(Output& out, What what) {
    static constexpr Style k_styles[] = {Style::green, Style::yellow, Style::red};
    const auto at = static_cast<std::size_t>(what);
    return out.paint(k_styles[at], fmt::format("{:7}", k_words[at]));
}

std::string change_line(Output& out, const index::TableChange& change, const model::Table* table) {
    const bool compare = change.what == What::changed;
    const bool rows_known = change.rows_exact || change.rows > 0;
    std::string line = fmt::format(
        "{} {}  {}", what_word(out, change.what), out.name(change.table),
        compare && rows_known && change.rows != change.rows_before ? rows_text(change) : contents_of(change, table));
    if (change.files > 1 || (compare && change.files != change.files_before))
        line += out.separator() + count_text(change.files, compare ? change.files_before : change.files, "file");
    return line;
}

constexpr std::size_t k_most_reasons = 4;
constexpr std::uint64_t k_first_look = 100;  // rows

// Would the first rows have given another type? Not where they may all be null.
bool looks_otherwise(const model::Evidence& evidence) {
    return evidence.forced_row > k_first_look && evidence.nulls + 1 < evidence.forced_row;
}

// "zip is text: leading zero first at row 30001": the types that a look at the first rows would get wrong.
void print_reasons(Output& out, const model::Table& table) {
    std::size_t told = 0;
    for (const auto& column : table.columns) {
        if (!looks_otherwise(column.evidence) || ++told > k_most_reasons) continue;
        out.summary(fmt::format("{}{} is {}: {}", k_indent, out.value(column.name), model::to_string(column.type),
                                out.value(column.evidence.reason)));
    }
}

// "about people: email, iban; see: neurolake catalog pii raw-data.customers"
std::string pii_line(Output& out, const index::TableChange& change) {
    std::string line = "about people: ";
    for (std::size_t i = 0; i < std::min(change.new_pii.size(), k_most_names); ++i)
        line += (i > 0 ? ", " : "") + out.value(change.new_pii[i]);
    if (change.new_pii.size() > k_most_names) line += fmt::format(" and {} more", change.new_pii.size() - k_most_names);
    return line + "; see: neurolake catalog pii " + out.name(plain_or_quoted(change.table));
}

// Old readers can go on where a type only got narrower: then it is the old data that new readers cannot take.
std::string breaks_text(const index::TableChange& change) {
    const bool old_readers_go_on = model::satisfies(change.compatibility, "forward");
    return old_readers_go_on
               ? fmt::format("readers of schema version {} may not take the older data", change.schema_version)
               : fmt::format("schema version {} breaks readers of the old one", change.schema_version);
}

void print_change(Session& session, const index::TableChange& change) {
    Output& out = session.out();
    const auto catalog = session.catalog();
    const model::Table* table = catalog ? (*catalog)->find(change.table) : nullptr;
    out.summary(change_line(out, change, table));
    const auto below = [&](const std::string& text) { out.summary(k_indent + text); };
    if (!change.renamed_from.empty()) below("was " + out.name(change.renamed_from));
    if (!change.new_pii.empty()) below(pii_line(out, change));
    for (const auto& line : column_changes(change.schema_changes)) below(out.value(line));
    for (std::size_t i = 0; i < std::min(change.breaks.size(), k_most_breaks); ++i)
        below(out.paint(Style::red, "breaks: " + out.value(change.breaks[i])));
    if (change.breaks.size() > k_most_breaks)
        below(out.paint(Style::red, fmt::format("breaks: {} more, all with --json",
                                                text::with_thousands(change.breaks.size() - k_most_breaks))));
    if (!change.breaks.empty() && !change.asked.empty())
        below(fmt::format("new versions {}: neurolake catalog diff {}", asked_text(change.asked),
                          out.name(plain_or_quoted(change.table))));
    else if (change.breaking)
        below(out.paint(Style::red, breaks_text(change)));
    const bool rows_known = change.rows_exact || change.rows > 0;
    const bool counts = (rows_known && change.rows != change.rows_before) || change.files != change.files_before;
    if (change.what == What::changed && !counts && change.schema_changes.empty() && change.renamed_from.empty())
        below(out.name(change.reason));
    if (change.what == What::gone && !change.reason.empty()) below(out.name(change.reason));
    if (change.what != What::added) return;
    if (change.cloud_files > 0)
        below(fmt::format("{} of its files {} for data in the cloud{}", text::with_thousands(change.cloud_files),
                          change.cloud_files == 1 ? "is a stub" : "are stubs",
                          change.rows_exact ? "" : ", which was never read under this name"));
    if (table) print_reasons(out, *table);
}

// Files of unknown format that came, went or moved in one folder.
struct Crowd {
    What what;
    bool moved;
    std::string folder;
    auto operator<=>(const Crowd&) const = default;
};

std::optional<Crowd> crowd_of(Session& session, const index::TableChange& change) {
    if (change.format != "unknown" || change.is_folder || !change.schema_changes.empty()) return std::nullopt;
    const auto catalog = session.catalog();
    const model::Table* table = catalog ? (*catalog)->find(change.table) : nullptr;
    const auto tells = [](const model::Finding& f) { return f.severity != model::Finding::Severity::note; };
    if (change.what != What::gone && (!table || std::ranges::any_of(table->findings, tells))) return std::nullopt;
    return Crowd{change.what, !change.renamed_from.empty(), change.path.substr(0, change.path.rfind('/'))};
}

void print_crowd(Output& out, const Crowd& crowd, std::size_t files) {
    out.summary(fmt::format("{} {} of unknown format below {}{}", what_word(out, crowd.what), counted(files, "file"),
                            out.name(crowd.folder), crowd.moved ? ", where they were not before" : ""));
}

// Many files that no one can read as a table are one line a folder.
void print_changes(Session& session, const std::vector<index::TableChange>& changes) {
    constexpr std::size_t k_few = 5;
    std::map<Crowd, std::size_t> crowds;
    for (const auto& change : changes)
        if (const auto crowd = crowd_of(session, change)) ++crowds[*crowd];
    std::set<Crowd> told;
    for (const auto& change : changes) {
        const auto crowd = crowd_of(session, change);
        if (!crowd || crowds[*crowd] <= k_few)
            print_change(session, change);
        else if (told.insert(*crowd).second)
            print_crowd(session.out(), *crowd, crowds[*crowd]);
    }
}

void print_left_for_later(Output& out, const index::Report& report, double settle_seconds) {
    constexpr std::size_t k_most = 5;
    for (std::size_t i = 0; i < std::min(report.settling.size(), k_most); ++i)
        out.summary("settling " + out.name(report.settling[i]));
    if (report.settling.size() > k_most)
        out.summary(fmt::format("         and {} more", text::with_thousands(report.settling.size() - k_most)));
    if (report.temporary > 0)
        out.summary(fmt::format("{} still being written, by {}: taken in under {}",
                                report.temporary == 1 ? "1 file is" : counted(report.temporary, "file") + " are",
                                report.temporary == 1 ? "its name" : "their names",
                                report.temporary == 1 ? "its final name" : "their final names"));
    const std::uint64_t young = report.settling.size() - report.temporary;
    if (young == 0) return;
    const auto when = report.settled_in > 60
                          ? "in " + text::duration_text(static_cast<std::int64_t>(report.settled_in) + 1)
                          : std::string("in a moment");
    out.summary(fmt::format("{} too new (written less than {:g} s ago): run neurolake catalog index again {}",
                            young == 1 ? "1 file is" : counted(young, "file") + " are", settle_seconds, when));
}

// Told by the run that sees them first; -v names them in each.
void print_passed_over(Output& out, const index::Report& report) {
    constexpr std::string_view k_named = ": neurolake catalog index -v names them";
    if (report.new_symlinks > 0)
        out.summary(fmt::format("{} not followed{}", counted(report.new_symlinks, "symlink"), k_named));
    if (report.new_specials > 0)
        out.summary(fmt::format("{} left alone{}",
                                report.new_specials == 1
                                    ? "1 pipe, socket or device"
                                    : counted(report.new_specials, "pipe") + ", sockets or devices",
                                k_named));
}

// "2 tables new, 1 changed", in the order of TableChange::What.
std::string changes_text(const index::Report& report) {
    std::array<std::uint64_t, 3> counts{};
    for (const auto& change : report.changes) ++counts[static_cast<std::size_t>(change.what)];
    std::string out;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (counts[i] == 0) continue;
        out += out.empty() ? counted(counts[i], "table") : ", " + text::with_thousands(counts[i]);
        out += std::string(" ") + k_words[i];
    }
    return out.empty() ? "No changes" : out;
}

std::string sums(const index::Report& report) {
    std::string line = fmt::format("{}: read {} ({})", changes_text(report), counted(report.files_read, "file"),
                                   text::size_text(report.bytes_read));
    const auto add = [&](std::uint64_t count, const char* what) {
        if (count > 0) line += fmt::format(", {} {}", text::with_thousands(count), what);
    };
    add(report.files_unchanged, "unchanged");
    add(report.settling.size(), "not read yet");
    add(report.files_gone, "gone");
    return line;
}

// "2 tables with warnings: raw-data.a, raw-data.b; see: neurolake catalog show raw-data.a"
void print_named(Output& out, const std::vector<std::string>& tables, std::string_view one, std::string_view many,
                 std::string_view list_of_many = {}) {
    if (tables.empty()) return;
    const bool single = tables.size() == 1;
    std::string line = fmt::format("{} with {}: ", counted(tables.size(), "table"), single ? one : many);
    for (std::size_t i = 0; i < std::min(tables.size(), k_most_names); ++i)
        line += (i > 0 ? ", " : "") + out.name(tables[i]);
    if (tables.size() > k_most_names) line += fmt::format(" and {} more", tables.size() - k_most_names);
    if (!single && !list_of_many.empty()) return out.summary(line + "; see: " + std::string(list_of_many));
    out.summary(line + "; see: neurolake catalog show " + out.name(plain_or_quoted(tables.front())));
}

// A table that is new or changed in both runs is told once, as it is now.
void merge_change(std::vector<index::TableChange>& changes, index::TableChange next) {
    const auto known = std::ranges::find(changes, next.table, &index::TableChange::table);
    if (known == changes.end()) {
        changes.push_back(std::move(next));
        return;
    }
    if (known->what == What::added && next.what == What::changed) next.what = What::added;
    next.rows_before = known->rows_before;
    next.rows_before_exact = known->rows_before_exact;
    next.files_before = known->files_before;
    next.schema_changes.insert(next.schema_changes.begin(), known->schema_changes.begin(), known->schema_changes.end());
    if (next.what == What::added) next.schema_changes.clear();
    if (!known->renamed_from.empty()) next.renamed_from = known->renamed_from;
    next.breaking |= known->breaking;
    next.breaks.insert(next.breaks.begin(), known->breaks.begin(), known->breaks.end());
    *known = std::move(next);
}

}  // namespace

index::Report merged(index::Report first, index::Report next) {
    for (auto& change : next.changes) merge_change(first.changes, std::move(change));
    std::ranges::sort(first.changes, {}, &index::TableChange::table);
    for (auto& finding : next.findings)
        if (std::ranges::find(first.findings, finding) == first.findings.end())
            first.findings.push_back(std::move(finding));
    next.changes = std::move(first.changes);
    next.findings = std::move(first.findings);
    next.files_read += first.files_read;
    next.bytes_read += first.bytes_read;
    next.files_gone += first.files_gone;
    next.files_unchanged -= std::min(next.files_unchanged, first.files_read);
    next.new_symlinks += first.new_symlinks;
    next.new_specials += first.new_specials;
    next.breaking |= first.breaking;
    next.elapsed_ms += first.elapsed_ms;
    return next;
}

void print_index_report(Session& session, const index::Report& report, const index::Options& options) {
    Output& out = session.out();
    print_changes(session, report.changes);
    out.summary(sums(report));
    if (options.dry_run)
        out.summary("Dry run: nothing was written");
    else
        out.summary(fmt::format("Catalog: {}, {}{}", counted(report.tables, "table"),
                                report.rows_exact ? "" : "at least ", counted(report.rows, "row")));
    print_passed_over(out, report);
    print_left_for_later(out, report, options.settle_seconds);
    print_named(out, report.troubled, "an error", "errors", "neurolake catalog tables --errors");
    print_named(out, report.remarked, "warnings", "warnings");
}

}  // namespace neurolake::apps
