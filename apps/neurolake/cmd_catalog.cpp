// cmd_catalog.cpp: `neurolake catalog`: the family's table; tables.
// SPDX-License-Identifier: Apache-2.0
#include "cmd_catalog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/text.hpp"
#include "catalog/glossary.hpp"
#include "catalog_report.hpp"
#include "cmd_lineage.hpp"
#include "formats/formats.hpp"
#include "shell_words.hpp"
#include "table.hpp"

namespace neurolake::apps {

namespace fs = std::filesystem;

namespace {

struct TablesArgs {
    std::vector<std::string> buckets;
    std::string format, tag, owner, term;
    bool all = false, errors = false;
};

// By one of its columns, too.
bool stands_for(const model::Table& table, const std::string& term) {
    if (std::ranges::find(table.terms, term) != table.terms.end()) return true;
    const auto is_term = [&](const model::Column& column) { return column.term == term; };
    return std::ranges::any_of(table.columns, is_term) || std::ranges::any_of(table.partition_columns, is_term);
}

std::vector<model::Finding> errors_of(const model::Table& table) {
    auto found = table.findings;
    std::erase_if(found, [](const auto& finding) { return !left_out(finding); });
    return found;
}

bool wanted(const TablesArgs& args, const model::Table& table) {
    if (!args.all && !table.deleted_at.empty()) return false;
    if (!args.format.empty() && table.format != args.format) return false;
    const auto same = [](std::string_view wanted) {
        return [wanted](const std::string& word) { return text::lower(word) == text::lower(wanted); };
    };
    if (!args.tag.empty() && std::ranges::none_of(table.tags, same(args.tag))) return false;
    if (!args.owner.empty() && !same(args.owner)(table.owner)) return false;
    if (!args.term.empty() && !stands_for(table, args.term)) return false;
    if (args.errors && std::ranges::none_of(table.findings, left_out)) return false;
    return args.buckets.empty() || std::ranges::find(args.buckets, table.bucket) != args.buckets.end();
}

bool narrowed(const TablesArgs& args) {
    return !args.format.empty() || !args.tag.empty() || !args.owner.empty() || !args.term.empty() || args.errors;
}

std::string tier_text(const model::Table& table) {
    return table.deleted_at.empty() ? std::string(model::to_string(table.tier)) : "gone";
}

std::string cell_of_rows(const model::Table& table) {
    if (!table.rows_exact && table.rows == 0) return "?";
    return (table.rows_exact ? "" : ">=") + text::with_thousands(table.rows) +
           (table.sampled_rows > 0 ? " (sample)" : "");
}

// What is wrong with it, below its row. On a terminal the first ones; catalog show has all.
void add_errors(const Output& out, const model::Table& table, Table& shown) {
    constexpr std::size_t k_most = 5;
    const auto errors = errors_of(table);
    const std::size_t told = out.stdout_is_terminal() ? std::min(errors.size(), k_most) : errors.size();
    for (std::size_t i = 0; i < told; ++i) shown.below(out.advised(out.name(finding_text(errors[i]))));
    if (told < errors.size())
        shown.below(out.advised(fmt::format("and {} more: neurolake catalog show {}", errors.size() - told,
                                            out.name(plain_or_quoted(table.full_name())))));
}

void print_tables(Output& out, const std::vector<const model::Table*>& tables, bool with_errors) {
    using Align = TableColumn::Align;
    Table shown({{"TABLE", Align::left, true, TableColumn::Narrow::own_line, true},
                 {"FORMAT"},
                 {"ROWS", Align::right},
                 {"COLUMNS", Align::right},
                 {"SIZE", Align::right},
                 {"TIER"}});
    for (const model::Table* table : tables) {
        const auto columns = table->columns.size() + table->partition_columns.size();
        shown.row({out.name(table->full_name()), table->format, cell_of_rows(*table),
                   columns ? std::to_string(columns) : "?", text::size_text(table->bytes), tier_text(*table)});
        if (with_errors) add_errors(out, *table, shown);
    }
    shown.print(out);
}

// Folders that people made and that hold nothing yet: they show up, so that nobody wonders where they are.
std::vector<lake::Bucket> buckets_without_tables(std::vector<lake::Bucket> buckets,
                                                 const std::vector<const model::Table*>& tables) {
    std::erase_if(buckets, [&](const auto& bucket) {
        return std::ranges::any_of(tables, [&](const auto* table) { return table->bucket == bucket.name; });
    });
    return buckets;
}

enum class Holds { nothing, new_files, files };

// A look at the disk, ended by the first file that the catalog has not taken in, or after a good while.
Holds look_into(const lake::Bucket& bucket, const lake::Inventory* inventory) {
    constexpr int k_patience = 20000;
    std::error_code failed;
    Holds holds = Holds::nothing;
    fs::recursive_directory_iterator entry(bucket.root, failed), end;
    for (int seen = 0; !failed && entry != end && seen < k_patience; entry.increment(failed), ++seen) {
        const std::string name = entry->path().filename().string();
        if (formats::is_known_non_data(name)) {
            entry.disable_recursion_pending();
            continue;
        }
        std::error_code unknown;
        if (entry->is_symlink(unknown) || !entry->is_regular_file(unknown)) continue;
        holds = Holds::files;
        if (formats::is_temporary_name(name)) continue;
        const std::string path = entry->path().lexically_relative(bucket.root).string();
        const auto record = inventory ? inventory->find(bucket.name, path) : std::nullopt;
        if (!record || (record->state != lake::FileState::ignored && record->indexed_ns == 0)) return Holds::new_files;
    }
    return holds;
}

// What is not in the list of tables, and what to do about it.
void print_the_rest(Session& session, const std::vector<lake::Bucket>& without, bool any_table) {
    Output& out = session.out();
    const auto inventory = session.inventory();
    std::vector<std::string> empty, waiting;
    std::string by_hand;
    for (const auto& bucket : without) {
        const Holds holds = look_into(bucket, inventory ? *inventory : nullptr);
        if (holds == Holds::nothing) empty.push_back(bucket.name);
        if (holds != Holds::new_files) continue;
        waiting.push_back(bucket.name);
        if (!bucket.auto_catalog) by_hand += " " + bucket.name;
    }
    if (!empty.empty()) out.summary(fmt::format("No data yet: {}", fmt::join(empty, ", ")));
    if (!waiting.empty()) out.summary(fmt::format("Files not in the catalog yet: {}", fmt::join(waiting, ", ")));
    if (!waiting.empty())
        out.summary("Next: neurolake catalog index" + by_hand);
    else if (!any_table && !empty.empty())
        out.summary(fmt::format("Next: copy files into a bucket, for instance {}, then: neurolake catalog index",
                                plain_or_quoted(without.front().root.string() + "/")));
}

constexpr std::string_view k_unknown = "unknown";

// Files of formats that are not read stay out of the way where there are tables to see.
std::vector<const model::Table*> without_unknown(const TablesArgs& args, std::vector<const model::Table*> tables) {
    const auto unknown = [](const auto* table) { return table->format == k_unknown; };
    const bool asked = args.all || narrowed(args);
    if (!asked && !std::ranges::all_of(tables, unknown)) std::erase_if(tables, unknown);
    return tables;
}

// "No table has the tag "pi"; there are: gold, pii (did you mean pii?)"
void tell_known(Session& session, const TablesArgs& args) {
    constexpr std::size_t k_most = 12;
    const auto catalog = session.catalog();
    if (!catalog) return;
    Output& out = session.out();
    std::set<std::string> formats, tags, owners;
    for (const auto& table : (*catalog)->tables()) {
        if (!args.all && !table.deleted_at.empty()) continue;
        formats.insert(table.format);
        tags.insert(table.tags.begin(), table.tags.end());
        if (!table.owner.empty()) owners.insert(table.owner);
    }
    const auto tell = [&](const char* kind, const std::string& asked, const std::set<std::string>& known) {
        const auto same = [&](const std::string& word) { return text::lower(word) == text::lower(asked); };
        if (asked.empty() || std::ranges::any_of(known, same)) return;
        const std::vector<std::string> words(known.begin(), known.end());
        const auto close = text::closest(asked, words);
        const std::string list =
            known.empty()
                ? "is none yet"
                : fmt::format("{} {}", known.size() == 1 ? "is" : "are:", out.name(short_list(words, k_most)));
        out.summary(fmt::format("No table has the {} \"{}\"; there {}{}", kind, out.name(asked), list,
                                close ? fmt::format(" (did you mean {}?)", out.name(*close)) : ""));
    };
    tell("format", args.format, formats);
    tell("tag", args.tag, tags);
    tell("owner", args.owner, owners);
}

void print_list(Session& session, const TablesArgs& args, const std::vector<const model::Table*>& tables,
                const std::vector<lake::Bucket>& without) {
    Output& out = session.out();
    const auto shown = without_unknown(args, tables);
    if (!shown.empty()) print_tables(out, shown, args.errors);
    std::uint64_t hidden = 0;
    for (const auto* table : tables) hidden += table->format == k_unknown ? table->files : 0;
    if (shown.size() < tables.size())
        out.summary(fmt::format("Not shown: {} of unknown format; see: neurolake catalog tables --format unknown",
                                counted(hidden, "file")));
    if (narrowed(args) && tables.empty()) {
        out.summary(args.errors ? "No table with errors" : "No such tables");
        tell_known(session, args);
    }
    if (!narrowed(args)) print_the_rest(session, without, !tables.empty());
}

// A table's name where a bucket's is wanted is no slip of the pen: its command is another one.
Result<std::vector<lake::Bucket>> buckets_named(Session& session, const catalog::Catalog& catalog,
                                                const std::vector<std::string>& names) {
    auto found = session.buckets(names);
    if (found || found.error().code != Errc::not_found) return found;
    for (const auto& name : names)
        if (!session.bucket(name) && catalog.get(name))
            return Error(Errc::not_found, fmt::format("\"{}\" is a table, not a bucket", name),
                         fmt::format("see it: neurolake catalog show {}", plain_or_quoted(name)));
    return found;
}

// A word that is no format is a slip of the pen; of a format without tables there are none.
Status check_format(const catalog::Catalog& catalog, const std::string& asked) {
    static const std::vector<std::string> k_formats = {"csv",  "tsv",   "json", "json_lines", "parquet", "orc",
                                                       "avro", "arrow", "ncf",  "mixed",      "empty",   "unknown"};
    if (asked.empty() || std::ranges::find(k_formats, asked) != k_formats.end()) return {};
    for (const auto& table : catalog.tables())  // whatever an index called it
        if (table.format == asked) return {};
    const auto close = text::closest(asked, k_formats);
    return Error(Errc::usage, fmt::format("there is no format \"{}\"", asked),
                 fmt::format("{}the formats are {}", close ? fmt::format("did you mean {}? ", *close) : "",
                             fmt::join(k_formats, ", ")));
}

Result<int> run_tables(Session& session, const TablesArgs& asked) {
    TablesArgs args = asked;
    TRY(const catalog::Catalog* catalog, session.catalog());
    TRY_DO(check_format(*catalog, args.format));
    TRY(const auto buckets, buckets_named(session, *catalog, args.buckets));
    if (!args.term.empty()) {  // by a synonym, or written otherwise
        TRY(const auto terms, catalog::read_terms(*catalog));
        if (const auto* term = catalog::find_term(terms, args.term)) args.term = term->name;
    }
    const auto as_json = [&](const model::Table& table) {
        auto value = table_json(table, Detail::brief);
        if (args.errors) value.set("findings", findings_json(errors_of(table)));
        return value;
    };
    std::vector<const model::Table*> tables;
    for (const auto& table : catalog->tables())
        if (wanted(args, table)) tables.push_back(&table);
    Output& out = session.out();
    const auto empty = buckets_without_tables(buckets, tables);
    if (out.jsonl()) {
        for (const auto* table : tables) out.object_line(as_json(*table));
    } else if (out.json()) {
        auto list = json::Value::array(), without = json::Value::array();
        for (const auto* table : tables) list.push(as_json(*table));
        for (const auto& bucket : empty) without.push(bucket.name);
        auto value = json::Value::object().set("schema", "neurolake.catalog.tables/1");
        value.set("indexed_at", catalog->indexed_at().empty() ? json::Value() : json::Value(catalog->indexed_at()));
        out.object(value.set("tables", std::move(list)).set("buckets_without_tables", std::move(without)));
    } else {
        print_list(session, args, tables, empty);
    }
    return 0;
}

}  // namespace

void add_table(CommandLine app, std::string& table) {
    app.add_option(
           "TABLE", table,
           "The table: bucket.table, its name alone where only one bucket has it, or the path of its folder or of one "
           "of its files")
        ->required();
}

void add_tables(CommandLine app, std::string& tables) {
    app.add_option("TABLE", tables, "bucket.table; several with commas between, or a pattern: 'raw-data.*'")
        ->required();
}

void add_catalog_tables(CommandLine catalog, Registry& registry) {
    auto [app, args] =
        registry.command<TablesArgs>(catalog, "tables", "List the tables of the lake", run_tables,
                                     {"neurolake catalog tables raw-data --format csv",
                                      "neurolake catalog tables --json | jq -r '.tables[] | [.name, .rows] | @tsv'"});
    app.add_option("BUCKET", args.buckets, "Only tables of these buckets");
    app.add_option("--format", args.format, "Only tables of this format (csv, parquet, ncf ...)")->type_name("FORMAT");
    app.add_option("--tag", args.tag, "Only tables with this tag")->type_name("TAG");
    app.add_option("--owner", args.owner, "Only tables of this owner")->type_name("NAME");
    app.add_option("--term", args.term, "Only tables that stand for this glossary term, or have a column that does")
        ->type_name("TERM");
    app.add_flag("--errors", args.errors, "Only tables with files that could not be read, and what is wrong with them");
    app.add_flag("--all", args.all, "Also tables whose files are gone");
}

void add_catalog(CommandLine root, Registry& registry) {
    CommandLine catalog = registry.group(root, "catalog", "Tables, their columns and where their types come from",
                                         {"neurolake catalog index", "neurolake catalog explain raw-data.orders"});
    add_catalog_index(catalog, registry);
    add_catalog_tables(catalog, registry);
    add_catalog_show(catalog, registry);
    add_catalog_schema(catalog, registry);
    add_catalog_head(catalog, registry);
    add_catalog_explain(catalog, registry);
    add_catalog_prove(catalog, registry);
    add_catalog_history(catalog, registry);
    add_catalog_diff(catalog, registry);
    add_catalog_search(catalog, registry);
    add_catalog_tag(catalog, registry);
    add_catalog_describe(catalog, registry);
    add_catalog_owner(catalog, registry);
    add_catalog_glossary(catalog, registry);
    add_catalog_pii(catalog, registry);
    add_catalog_compatibility(catalog, registry);
    add_catalog_forget(catalog, registry);
    add_catalog_migrate(catalog, registry);
    add_catalog_export(catalog, registry);
    add_catalog_import(catalog, registry);
}

}  // namespace neurolake::apps
