// import_report.cpp: an import for people and for scripts; words that waited for a table.
// SPDX-License-Identifier: Apache-2.0
#include "import_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "kept_rows.hpp"
#include "migrate/imported.hpp"

namespace neurolake::apps {

namespace {

constexpr std::size_t k_shown = 10;   // names of one kind, for people
constexpr std::size_t k_warned = 20;  // lines of one kind

// Warns of the first, and of how many more there are.
template <typename Text>
void warn_each(Output& out, std::size_t n, const Text& text) {
    for (std::size_t i = 0; i < std::min(n, k_warned); ++i) out.warn(text(i));
    if (n > k_warned)
        out.warn(fmt::format("and {} more of these; --json names all", text::with_thousands(n - k_warned)));
}

json::Value list_of(const std::vector<std::string>& texts) {
    auto list = json::Value::array();
    for (const auto& text : texts) list.push(text::to_valid_utf8(text));
    return list;
}

json::Value attached_json(const migrate::Attachment& attached) {
    auto value = json::Value::object().set("name", attached.name);
    json::set_path(value, "table", attached.table);
    value.set("taken", list_of(attached.taken)).set("kept", list_of(attached.kept));
    return value.set("aside", list_of(attached.aside));
}

std::string listed(Output& out, const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < names.size() && i < k_shown; ++i) text += (i ? ", " : "") + out.name(names[i]);
    return names.size() > k_shown ? text + fmt::format(" and {} more", names.size() - k_shown) : text;
}

void add_count(std::vector<std::string>& parts, std::uint64_t n, std::string_view noun) {
    if (n) parts.push_back(counted(n, noun));
}

// "2 queries", "1 lineage"
std::string counted_kind(std::uint64_t n, std::string kind) {
    std::ranges::replace(kind, '_', ' ');
    if (n == 1 || !kind.ends_with('y')) return counted(n, kind);
    return fmt::format("{} {}ies", text::with_thousands(n), kind.substr(0, kind.size() - 1));
}

void print_counts(Output& out, const migrate::Report& report) {
    std::vector<std::string> parts;
    add_count(parts, report.tables, "table");
    add_count(parts, report.files, "file");
    add_count(parts, report.columns, "column");
    add_count(parts, report.tags, "tag");
    add_count(parts, report.terms, "glossary term");
    add_count(parts, report.edges, "lineage edge");
    add_count(parts, report.jobs, "job");
    add_count(parts, report.versions, "schema version");
    std::vector<std::string> sources;
    for (const auto& source : report.sources) sources.push_back(out.name(source));
    out.prose(fmt::format("Read {}: {}", fmt::join(sources, ", "),
                          parts.empty() ? "no tables" : fmt::format("{}", fmt::join(parts, ", "))));
    std::vector<std::string> texts;
    for (const auto& [kind, n] : report.texts) texts.push_back(counted_kind(n, kind));
    if (!texts.empty()) out.prose(fmt::format("Kept as text, never run: {}", fmt::join(texts, ", ")));
}

void print_attached(Output& out, const std::vector<migrate::Attachment>& all) {
    std::uint64_t known = 0;
    for (const auto& attached : all) {
        if (attached.taken.empty() && attached.kept.empty() && attached.aside.empty()) {
            ++known;
            continue;
        }
        const std::string from =
            attached.name == attached.table ? "" : fmt::format(" (there {})", out.name(attached.name));
        out.line(fmt::format("{}{}: {}", out.name(attached.table), from,
                             attached.taken.empty() ? "nothing new" : "took over " + listed(out, attached.taken)));
        if (!attached.kept.empty()) out.line("  stays as it is here: " + listed(out, attached.kept));
        if (!attached.aside.empty() && attached.taken.empty() && attached.kept.empty())
            out.line("  has no place in it, kept with what was imported: " + listed(out, attached.aside));
    }
    if (known) out.line("Nothing new in " + counted(known, "table"));
}

void print_recorded(Output& out, const std::vector<migrate::RecordedFile>& files) {
    using State = migrate::RecordedFile::State;
    std::uint64_t here = 0, lost = 0;
    std::vector<std::string> told;
    for (const auto& file : files) {
        lost += file.state == State::lost;
        const std::string name = out.name(file.path);
        if (file.state == State::here) ++here;
        if (file.state == State::lost)
            told.push_back(fmt::format("LOST: {} ({}): its record says {}, and it is not here", name,
                                       text::size_text(file.size),
                                       file.tier.empty() ? "no tier" : "tier " + out.name(file.tier)));
        if (file.state == State::beside)
            told.push_back(fmt::format("{} lies at {}, not in a bucket of this lake; bring it in with: neurolake put",
                                       name, out.name(file.found.string())));
        if (file.state == State::refused)
            told.push_back(fmt::format("{}: a path that leaves its folder was not looked at", name));
    }
    warn_each(out, told.size(), [&](std::size_t i) { return told[i]; });
    if (lost)
        out.warn(fmt::format("the program that wrote {} stored nothing in any cloud; look for {} in a backup",
                             lost == 1 ? "this record" : "these records", lost == 1 ? "a copy" : "copies"));
    if (!files.empty())
        out.summary(fmt::format("Of {} in the storage records {} here", counted(files.size(), "file"),
                                here == 0   ? "none is"
                                : here == 1 ? "1 is"
                                            : text::with_thousands(here) + " are"));
}

}  // namespace

json::Value import_json(const migrate::Report& report) {
    auto value = json::Value::object().set("sources", list_of(report.sources));
    value.set("unread", list_of(report.unread));
    value.set("tables", report.tables).set("files", report.files).set("columns", report.columns);
    value.set("tags", report.tags).set("terms", report.terms).set("lineage_edges", report.edges);
    value.set("jobs", report.jobs).set("schema_versions", report.versions).set("histories", report.histories);
    auto texts = json::Value::object(), attached = json::Value::array(), orphans = json::Value::array();
    auto recorded = json::Value::array();
    for (const auto& [kind, n] : report.texts) texts.set(kind, n);
    for (const auto& each : report.attached) attached.push(attached_json(each));
    auto wrong = json::Value::array();
    for (const auto& [from, to] : {std::pair(&report.orphans, &orphans), std::pair(&report.wrong, &wrong)})
        for (const auto& each : *from)
            to->push(json::Value::object().set("what", each.what).set("name", each.name).set("message", each.message));
    for (const auto& file : report.recorded) {
        auto entry = json::Value::object().set("path", file.path).set("state", migrate::to_string(file.state));
        recorded.push(entry.set("size", file.size).set("tier", file.tier));
    }
    value.set("texts", std::move(texts)).set("attached", std::move(attached));
    value.set("waiting", list_of(report.waiting)).set("ambiguous", list_of(report.ambiguous));
    value.set("wrong", std::move(wrong));
    value.set("orphans", std::move(orphans)).set("recorded_files", std::move(recorded));
    value.set("new_entries", report.new_entries).set("changed_entries", report.changed_entries);
    value.set("new_terms", report.new_terms);
    return value.set("new_lineage_edges", report.new_edges);
}

void print_import(Session& session, const migrate::Report& report) {
    Output& out = session.out();
    print_counts(out, report);
    print_attached(out, report.attached);
    if (!report.waiting.empty())
        out.prose("No file here yet, their words wait for a table of their name: " + listed(out, report.waiting), 2);
    if (report.histories)
        out.prose(fmt::format("The older schema versions of {} are kept with what was imported; catalog history tells "
                              "what this lake saw itself",
                              counted(report.histories, "table")),
                  2);
    if (!report.ambiguous.empty())
        out.prose(
            "Of these, several tables here could be meant, or one is meant twice: " + listed(out, report.ambiguous), 2);
    warn_each(out, report.unread.size(), [&](std::size_t i) {
        return out.name(report.unread[i]) + " is no catalog that is known here, and was not read";
    });
    warn_each(out, report.wrong.size(), [&](std::size_t i) {
        return fmt::format("{}: {}; left out", out.name(report.wrong[i].name), out.name(report.wrong[i].message));
    });
    warn_each(out, report.orphans.size(), [&](std::size_t i) { return out.name(report.orphans[i].message); });
    print_recorded(out, report.recorded);
}

Status apply_import(Session& session, migrate::Plan& plan) {
    TRY(KeptRows rows, kept_rows(session, plan.batch.upserts));
    // One write: where rows are taken anew, those are masked as the table now says.
    for (auto& masked : rows.hide)
        if (std::ranges::find(rows.show, masked.id, &catalog::EntryChange::id) == rows.show.end())
            plan.batch.entries.push_back(std::move(masked));
    for (auto& anew : rows.show) plan.batch.entries.push_back(std::move(anew));
    TRY(catalog::Catalog * catalog, session.catalog());
    return catalog->apply(plan.batch);
}

void attach_imported(Session& session) {
    if (session.dry_run()) return;
    auto catalog = session.catalog();
    if (!catalog) return;
    auto plan = migrate::plan_attachments(**catalog);
    if (!plan || plan->report.attached.empty()) return;
    auto tables = json::Value::array();
    for (const auto& attached : plan->report.attached) tables.push(text::to_valid_utf8(attached.table));
    auto done = apply_import(session, *plan);
    if (done) done = session.audit("catalog.import.attached", json::Value::object().set("tables", std::move(tables)));
    if (!done)
        session.out().warn("what was imported for new tables waits for the next index: " + done.error().message);
    else if (!session.out().machine())
        print_attached(session.out(), plan->report.attached);
}

}  // namespace neurolake::apps
