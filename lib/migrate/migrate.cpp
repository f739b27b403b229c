// migrate.cpp: what was read elsewhere against what is known here: what is new, what is taken over, what waits.
// SPDX-License-Identifier: Apache-2.0
#include "migrate/migrate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "migrate/foreign_readers.hpp"
#include "migrate/imported.hpp"
#include "migrate/imported_lineage.hpp"
#include "migrate/imported_terms.hpp"
#include "migrate/matching.hpp"
#include "model/meaning.hpp"

namespace neurolake::migrate {
namespace {

using catalog::List;

// Fills what is empty here; tells what was taken and what stays as it is here.
class Words {
public:
    explicit Words(Attachment& told) : m_told(told) {}

    void fill(std::string& here, const std::string& there, const std::string& what) {
        if (there.empty() || here == there) return;
        if (here.empty()) {
            here = there;
            m_told.taken.push_back(what);
        } else {
            m_told.kept.push_back(what);
        }
    }
    void add(std::vector<std::string>& here, const std::vector<std::string>& there, const std::string& what) {
        for (const std::string& word : there) {
            if (word.empty() || std::ranges::find(here, word) != here.end()) continue;
            here.insert(std::ranges::upper_bound(here, word), word);
            m_told.taken.push_back(what + " " + word);
        }
    }
    // Whether a column is about people, as a person said it there. A word that was said here stays.
    void about_people(model::Column& column, const ForeignColumn& there) {
        if (!there.pii && !there.not_pii) return;
        if (model::has_word(column) && column.not_pii == there.not_pii) return;
        const std::string what = (there.pii ? "about people: " : "not about people: ") + column.name;
        if (model::has_word(column)) return m_told.kept.push_back(what);
        if (there.pii)
            model::say_pii(column);
        else
            model::say_not_pii(column);
        m_told.taken.push_back(what);
    }

private:
    Attachment& m_told;
};

Attachment give_words(const ForeignTable& from, model::Table& to) {
    Attachment told{from.name, to.full_name(), {}, {}, {}};
    Words words(told);
    words.fill(to.description, from.description, "description");
    words.fill(to.owner, from.owner, "owner");
    words.fill(to.compatibility, from.compatibility, "compatibility");
    words.add(to.tags, from.tags, "tag");
    words.add(to.terms, from.terms, "term");
    for (auto* columns : {&to.columns, &to.partition_columns})
        for (model::Column& column : *columns) {
            const auto same = std::ranges::find(from.columns, column.name, &ForeignColumn::name);
            if (same == from.columns.end()) continue;
            words.fill(column.description, same->description, "description of " + column.name);
            words.fill(column.term, same->term, "term of " + column.name);
            words.about_people(column, *same);
        }
    return told;
}

// What is changed by one import or attachment.
class Planner {
public:
    static Result<Planner> read(const catalog::Catalog& catalog) {
        Planner planner(catalog);
        TRY(const auto entries, catalog.entries(List::imported));
        for (const std::string& text : entries) {
            TRY(const json::Value entry, json::parse(text));
            planner.m_known[entry.text("id")] = entry;
            if (!is_table_entry(entry)) continue;
            Imported imported = imported_from_json(entry);
            if (!imported.attached.empty() && !planner.m_matching.keep(imported.attached, imported.table.name))
                imported.attached.clear();
            planner.m_tables[entry.text("id")] = std::move(imported);
        }
        return planner;
    }

    void take(ForeignTable table, const std::string& now) {
        leave_out_odd_words(table);
        const auto [at, fresh] = m_tables.try_emplace(entry_id(table.kind, table.name));
        if (fresh) at->second.imported_at = now;
        if (fresh)
            at->second.table = table;
        else
            merge(at->second.table, table);
        const bool gave = attach(at->second, AlsoWhenKnown::yes);
        if (fresh && !gave) m_tables.erase(at);
    }
    void take(json::Value entry) {
        const std::string id = entry.text("id");
        const auto known = m_known.find(id);
        if (known != m_known.end()) entry.set("imported_at", known->second.text("imported_at"));
        if (known != m_known.end() && known->second == entry) return;
        ++(known == m_known.end() ? m_plan.report.new_entries : m_plan.report.changed_entries);
        m_plan.batch.entries.push_back({List::imported, id, json::dump(entry)});
        m_known[id] = std::move(entry);
    }
    void attach_waiting() {
        for (auto& [id, imported] : m_tables)
            if (imported.attached.empty()) (void)attach(imported, AlsoWhenKnown::no);
    }

    const TablesByName& tables() const { return m_matching.claimed(); }

    Plan finish() {
        for (const auto& [id, imported] : m_tables) take(to_json(imported));
        for (auto& [id, table] : m_changed) m_plan.batch.upserts.push_back(std::move(table));
        return std::move(m_plan);
    }
    Report& report() { return m_plan.report; }

private:
    enum class AlsoWhenKnown { no, yes };
    explicit Planner(const catalog::Catalog& catalog) : m_matching(catalog) {}

    // What it says that has no place in the table here; where that is nothing, there is nothing to keep of it.
    static std::vector<std::string> without_place(const ForeignTable& from, const model::Table& to) {
        std::vector<std::string> aside;
        for (const ForeignColumn& column : from.columns) {
            const auto same = [&](const model::Column& own) { return own.name == column.name; };
            if (std::ranges::none_of(to.columns, same) && std::ranges::none_of(to.partition_columns, same))
                aside.push_back("column " + column.name);
        }
        if (!from.suggested_description.empty()) aside.emplace_back("suggested description");
        if (!from.suggested_tags.empty()) aside.emplace_back("suggested tags");
        for (const auto& [key, value] : members_of(from.more)) aside.push_back(key);
        if (from.versions.size() > to.schema_version) aside.emplace_back("older schema versions");
        return aside;
    }

    void leave_out_odd_words(ForeignTable& table) {
        const auto odd = [&](const char* what, const std::string& word) {
            if (is_plain_word(word)) return false;
            m_plan.report.wrong.push_back({"control_character", fmt::format("{}: {}", table.source, table.name),
                                           fmt::format("its {} {} holds control characters", what, word)});
            return true;
        };
        std::erase_if(table.tags, [&](const std::string& tag) { return odd("tag", tag); });
        std::erase_if(table.terms, [&](const std::string& term) { return odd("term", term); });
        for (ForeignColumn& column : table.columns)
            if (odd("term", column.term)) column.term.clear();
    }

    // false: a table here is meant, and it knew all of it.
    bool attach(Imported& imported, AlsoWhenKnown known) {
        const auto match = m_matching.claim(imported.table);
        if (imported.table.versions.size() > (match.table ? match.table->schema_version : 1)) ++m_plan.report.histories;
        if (!match.table) {
            if (known == AlsoWhenKnown::no) return true;
            m_plan.report.waiting.push_back(imported.table.name);
            if (match.ambiguous) m_plan.report.ambiguous.push_back(imported.table.name);
            return true;
        }
        imported.attached = match.table->id;
        const auto [at, first] = m_changed.try_emplace(match.table->id, *match.table);
        Attachment told = give_words(imported.table, at->second);
        if (at->second == *match.table) m_changed.erase(at);
        auto aside = without_place(imported.table, *match.table);
        const bool says_more = !told.taken.empty() || !told.kept.empty() || !aside.empty();
        if (!m_known.contains(entry_id(imported.table.kind, imported.table.name))) told.aside = std::move(aside);
        m_plan.report.attached.push_back(std::move(told));
        return says_more;
    }

    Matching m_matching;
    std::map<std::string, json::Value> m_known;  // entries by id
    std::map<std::string, Imported> m_tables;    // those of tables, as they will be
    std::map<std::string, model::Table> m_changed;
    Plan m_plan;
};

void count(const Foreign& foreign, Report& report) {
    std::set<std::string> tags;
    for (const ForeignTable& table : foreign.tables) {
        ++(table.kind == "file" ? report.files : report.tables);
        report.columns += table.columns.size();
        report.versions += table.versions.size();
        tags.insert(table.tags.begin(), table.tags.end());
    }
    std::set<std::pair<std::string, std::string>> edges;
    for (const ForeignEdge& edge : foreign.edges) edges.insert({edge.from, edge.to});
    for (const ForeignText& text : foreign.texts) ++report.texts[text.kind];
    for (const ForeignText& text : foreign.texts)
        for (const json::Value& tag : text.content.items("tags"))
            if (tag.is_string()) tags.insert(*tag.as_string());
    report.tags = tags.size();
    report.edges = edges.size();
    report.jobs = foreign.jobs.size();
    report.sources = foreign.sources;
    report.unread = foreign.unread;
    report.orphans = foreign.orphans;
    report.wrong = foreign.wrong;
    report.recorded = foreign.files;
}

Status take_terms(const catalog::Catalog& catalog, const Foreign& foreign, Plan& plan) {
    TRY(TermMerger merger, TermMerger::read(catalog));
    std::vector<ForeignTerm> terms = foreign.terms;
    for (const std::string& entry : foreign.glossary_entries) {
        TRY(const catalog::Term term, catalog::term_from_entry(entry));
        terms.push_back({term.name, term.definition, term.synonyms});
    }
    merger.take(terms);
    plan.report.terms = merger.found();
    plan.report.orphans.insert(plan.report.orphans.end(), merger.told().begin(), merger.told().end());
    for (const catalog::Term* term : merger.changed()) {
        plan.report.new_terms += merger.is_new(*term) ? 1 : 0;
        plan.batch.entries.push_back({List::glossary, catalog::term_id(term->name), catalog::to_entry(*term)});
    }
    return {};
}

void add_to(Plan& plan, const catalog::LineageChange& change) {
    plan.report.new_edges += change.new_edges.size();
    plan.report.new_jobs += change.new_jobs;
    plan.batch.entries.insert(plan.batch.entries.end(), change.entries.begin(), change.entries.end());
}

// What another lake of ours had imported comes along; which table it stood for there means nothing here.
Status take_imported(const Foreign& foreign, Planner& planner) {
    for (const std::string& text : foreign.imported_entries) {
        TRY(json::Value entry, json::parse(text));
        if (!is_table_entry(entry)) {
            planner.take(std::move(entry));
            continue;
        }
        const Imported imported = imported_from_json(entry);
        planner.take(imported.table, imported.imported_at);
    }
    return {};
}

}  // namespace

Result<Plan> plan_import(const catalog::Catalog& catalog, const Foreign& foreign, const std::string& now) {
    TRY(Planner planner, Planner::read(catalog));
    count(foreign, planner.report());
    for (const ForeignTable& table : foreign.tables) planner.take(table, now);
    for (const ForeignText& text : foreign.texts) planner.take(to_json(text, now));
    for (const RecordedFile& file : foreign.files)
        if (file.state == RecordedFile::State::lost) planner.take(to_json(file, file.source, now));
    TRY_DO(take_imported(foreign, planner));
    const TablesByName tables = planner.tables();
    Plan plan = planner.finish();
    TRY_DO(take_terms(catalog, foreign, plan));
    TRY(const catalog::Lineage lineage, catalog::Lineage::read(catalog));
    // Two changes of one graph: an edge that is taken over anew is never one that must follow its table.
    add_to(plan, follow_tables(lineage, tables));
    TRY(const auto taken, take_lineage(lineage, foreign, tables, now));
    add_to(plan, taken);
    return plan;
}

Result<Plan> plan_attachments(const catalog::Catalog& catalog) {
    TRY(const auto imported, catalog.entries(List::imported));
    if (imported.empty()) return Plan{};  // most lakes: after each index run, so no table is parsed for nothing
    TRY(Planner planner, Planner::read(catalog));
    planner.attach_waiting();
    const TablesByName tables = planner.tables();
    Plan plan = planner.finish();
    TRY(const catalog::Lineage lineage, catalog::Lineage::read(catalog));
    add_to(plan, follow_tables(lineage, tables));
    return plan;
}

}  // namespace neurolake::migrate
