// catalog_report.cpp: tables and index runs in words and as JSON.
// SPDX-License-Identifier: Apache-2.0
#include "catalog_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/text.hpp"
#include "catalog/gone_table.hpp"
#include "lake_path.hpp"
#include "model/meaning.hpp"
#include "shell_words.hpp"

namespace neurolake::apps {

namespace {

json::Value path_list(const std::vector<std::string>& paths) {
    auto list = json::Value::array();
    for (const auto& path : paths) {
        auto entry = json::Value::object();
        json::set_path(entry, "path", path);
        list.push(std::move(entry));
    }
    return list;
}

json::Value partitions_json(const model::Table& table) {
    auto list = json::Value::array();
    for (const auto& partition : table.partitions) {
        auto values = json::Value::array();
        for (const auto& value : partition.values) values.push(text::to_valid_utf8(value));
        auto entry = json::Value::object();
        json::set_path(entry, "path", partition.path);
        entry.set("values", std::move(values)).set("files", partition.files).set("bytes", partition.bytes);
        list.push(entry.set("rows", partition.rows).set("rows_exact", partition.rows_exact));
    }
    return list;
}

void add_details(json::Value& value, const model::Table& table) {
    value.set("id", table.id).set("rule", model::to_string(table.rule)).set("rule_reason", table.rule_reason);
    value.set("cloud_files", table.cloud_files).set("cloud_bytes", table.cloud_bytes);
    value.set("partition_values", partitions_json(table));
    value.set("first_seen", table.first_seen).set("modified_at", table.modified_at);
    value.set("findings", findings_json(table.findings));
}

json::Value change_json(const index::TableChange& change) {
    static constexpr const char* k_words[] = {"added", "changed", "gone"};
    auto value = json::Value::object();
    json::set_path(value, "table", change.table);
    value.set("what", k_words[static_cast<int>(change.what)]);
    if (!change.renamed_from.empty()) json::set_path(value, "renamed_from", change.renamed_from);
    if (change.what == index::TableChange::What::changed)
        value.set("rows_before", change.rows_before)
            .set("rows_before_exact", change.rows_before_exact)
            .set("files_before", change.files_before);
    value.set("rows", change.rows)
        .set("rows_exact", change.rows_exact)
        .set("bytes", change.bytes)
        .set("files", change.files);
    value.set("schema_version", change.schema_version);
    auto lines = json::Value::array();
    for (const auto& line : change.schema_changes) lines.push(text::to_valid_utf8(line));
    auto people = json::Value::array();
    for (const auto& name : change.new_pii) people.push(text::to_valid_utf8(name));
    value.set("new_pii", std::move(people));
    value.set("schema_changes", std::move(lines)).set("breaking", change.breaking);
    if (!change.compatibility.empty()) value.set("compatibility", change.compatibility);
    if (!change.asked.empty()) value.set("asked", change.asked);
    auto breaks = json::Value::array();
    for (const auto& line : change.breaks) breaks.push(text::to_valid_utf8(line));
    return value.set("breaks", std::move(breaks));
}

}  // namespace

json::Value findings_json(const std::vector<model::Finding>& findings) {
    auto list = json::Value::array();
    for (const auto& finding : findings) list.push(model::to_json(finding));
    return list;
}

json::Value column_json(const model::Column& column, Detail detail) {
    auto value = model::to_json(column);
    if (const auto meaning = model::meaning_text(column); !meaning.empty())
        value.set("meaning", text::to_valid_utf8(meaning));
    if (detail == Detail::full) return value;
    auto brief = json::Value::object();
    for (const char* key :
         {"name", "name_b64", "type", "nullable", "pii", "semantic", "meaning", "description", "term"})
        if (const auto* member = value.find(key)) brief.set(key, *member);
    return brief;
}

json::Value table_json(const model::Table& table, Detail detail) {
    auto value = json::Value::object();
    json::set_path(value, "name", table.full_name());
    value.set("bucket", table.bucket);
    json::set_path(value, "path", table.path);
    value.set("is_folder", table.is_folder).set("format", table.format);
    value.set("rows", table.rows).set("rows_exact", table.rows_exact);
    value.set("bytes", table.bytes).set("files", table.files);
    auto columns = json::Value::array(), partitions = json::Value::array();
    for (const auto& column : table.columns) columns.push(column_json(column, detail));
    for (const auto& column : table.partition_columns) partitions.push(column_json(column, detail));
    value.set("columns", std::move(columns)).set("partitions", std::move(partitions));
    value.set("schema_version", table.schema_version).set("tier", model::to_string(table.tier));
    value.set("indexed_at", table.indexed_at);
    if (!table.deleted_at.empty()) value.set("deleted_at", table.deleted_at);
    if (!table.description.empty()) json::set_path(value, "description", table.description);
    if (!table.owner.empty()) json::set_path(value, "owner", table.owner);
    auto tags = json::Value::array();
    for (const auto& tag : table.tags) tags.push(text::to_valid_utf8(tag));
    value.set("tags", std::move(tags));
    if (!table.terms.empty()) {
        auto terms = json::Value::array();
        for (const auto& term : table.terms) terms.push(text::to_valid_utf8(term));
        value.set("terms", std::move(terms));
    }
    if (!table.compatibility.empty()) value.set("compatibility", table.compatibility);
    if (table.sampled_rows > 0) value.set("sampled_rows", table.sampled_rows);
    if (detail == Detail::full) add_details(value, table);
    return value;
}

json::Value report_json(const index::Report& report) {
    auto changes = json::Value::array();
    for (const auto& change : report.changes) changes.push(change_json(change));
    auto value = json::Value::object();
    value.set("changes", std::move(changes)).set("files_seen", report.files_seen);
    value.set("files_read", report.files_read).set("files_unchanged", report.files_unchanged);
    value.set("files_gone", report.files_gone).set("bytes_read", report.bytes_read);
    value.set("tables", report.tables).set("rows", report.rows).set("rows_exact", report.rows_exact);
    value.set("settling", path_list(report.settling)).set("failed", path_list(report.failed));
    value.set("findings", findings_json(report.findings)).set("breaking", report.breaking);
    const auto names = [](const std::vector<std::string>& tables) {
        auto list = json::Value::array();
        for (const auto& name : tables) list.push(text::to_valid_utf8(name));
        return list;
    };
    value.set("tables_with_errors", names(report.troubled)).set("tables_with_warnings", names(report.remarked));
    return value.set("elapsed_ms", report.elapsed_ms);
}

namespace {

// Where a table's folder or one of its files lies; null for a place of no table.
const model::Table* table_at(const catalog::Catalog& catalog, const LakePath& place) {
    for (const auto& table : catalog.tables())
        if (table.deleted_at.empty() && table.bucket == place.bucket.name && table.path == place.path) return &table;
    std::error_code failed;
    if (!std::filesystem::exists(place.bucket.root / place.path, failed)) return nullptr;
    return catalog.table_of(place.bucket.name, place.path);
}

Error a_bucket(const std::string& word, const std::string& bucket) {
    return Error(Errc::not_found, fmt::format("\"{}\" is a bucket, not a table", word),
                 fmt::format("its tables: neurolake catalog tables {}", bucket));
}

Error one_table_wanted(const catalog::Catalog& catalog, const std::string& pattern) {
    constexpr std::size_t k_most = 3;
    std::vector<std::string> names;
    for (const auto& table : catalog.tables())
        if (table.deleted_at.empty() && text::glob_match(pattern, table.full_name()))
            names.push_back(table.full_name());
    const std::size_t more = names.size() - std::min(names.size(), k_most);
    names.resize(names.size() - more);
    const std::string rest = more ? fmt::format(" and {} more", more) : "";
    return Error(Errc::not_found, fmt::format("\"{}\" is a pattern, and one table is wanted here", pattern),
                 names.empty() ? "no table matches it; neurolake catalog tables lists them all"
                               : fmt::format("it matches {}{}", fmt::join(names, ", "), rest));
}

const model::Table* gone_table(const catalog::Catalog& catalog, const std::string& name) {
    const model::Table* found = nullptr;
    for (const auto& table : catalog.tables()) {
        if (table.deleted_at.empty() || (table.full_name() != name && table.name != name)) continue;
        if (!found || found->deleted_at < table.deleted_at) found = &table;
    }
    return found;
}

// A living table that the catalog still calls by the name asked for where it keeps schema versions: those are written
// when columns change, so that a mere rename leaves the former name in them. A bare name counts, too.
const model::Table* renamed_table(const catalog::Catalog& catalog, std::string_view name) {
    const auto histories = catalog.entries(catalog::List::histories);
    if (!histories) return nullptr;
    for (const std::string& entry : *histories) {
        const auto value = json::parse(entry);
        const auto* id = value ? value->find("id") : nullptr;
        if (!id || !id->is_string()) continue;
        const std::string former = json::get_path(*value, "table");
        const std::string_view bare = std::string_view(former).substr(former.find('.') + 1);
        if (former != name && bare != name) continue;
        for (const auto& table : catalog.tables())
            if (table.id == *id->as_string() && table.deleted_at.empty() && table.full_name() != former) return &table;
    }
    return nullptr;
}

}  // namespace

Result<const model::Table*> table_named(Session& session, const std::string& name) {
    TRY(const catalog::Catalog* catalog, session.catalog());
    auto found = catalog->get(name);
    if (found || found.error().code != Errc::not_found) return found;
    if (session.bucket(name)) return a_bucket(name, name);
    if (name.find('/') != std::string::npos)
        if (const auto place = resolve(session, name)) {
            if (const auto* table = table_at(*catalog, *place)) return table;
            if (place->path.empty()) return a_bucket(name, place->bucket.name);
            return Error(Errc::not_found, fmt::format("no table lies at \"{}\"", name),
                         fmt::format("see what there is: neurolake catalog tables {}", place->bucket.name));
        }
    if (name.find_first_of("*?") != std::string::npos) return one_table_wanted(*catalog, name);
    if (const auto* gone = gone_table(*catalog, name))
        return Error(Errc::not_found, found.error().message,
                     fmt::format("{} files are {}; what was known of it: neurolake catalog show {}",
                                 gone->full_name() == name ? "its" : gone->full_name() + ": its",
                                 catalog::fate_of_files(*catalog, *gone), plain_or_quoted(gone->full_name())));
    if (const auto* renamed = renamed_table(*catalog, name))
        return Error(Errc::not_found, fmt::format("{}: it is now {}", found.error().message, renamed->full_name()),
                     fmt::format("its files were renamed; ask for {}", renamed->full_name()));
    return found;
}

Result<const model::Table*> table_known(Session& session, const std::string& name) {
    auto found = table_named(session, name);
    if (found || found.error().code != Errc::not_found) return found;
    TRY(const catalog::Catalog* catalog, session.catalog());
    const auto* gone = gone_table(*catalog, name);
    if (!gone) return found;
    session.out().warn(fmt::format("the files of {} are {}: this is what was known of it",
                                   session.out().name(gone->full_name()), catalog::fate_of_files(*catalog, *gone)));
    return gone;
}

json::Value named(const char* schema, const model::Table& table) {
    auto value = json::Value::object().set("schema", schema);
    json::set_path(value, "table", table.full_name());
    return value;
}

std::string verdict_text(std::string_view compatibility) {
    if (compatibility == "full") return "backward and forward compatible";
    if (compatibility == "none") return "neither backward nor forward compatible";
    return std::string(compatibility) + " compatible";
}

std::string asked_text(std::string_view compatibility) {
    if (compatibility == "none") return "may be anything";
    return "must be " + verdict_text(compatibility);
}

std::string tables_text(const catalog::Catalog& catalog) {
    std::uint64_t gone = 0, living = 0;
    for (const auto& table : catalog.tables()) ++(table.deleted_at.empty() ? living : gone);
    return counted(living, "table") + (gone ? fmt::format(", {} gone", text::with_thousands(gone)) : "");
}

std::string rows_text(const model::Table& table) {
    if (!table.rows_exact && table.rows == 0) return "rows unknown";
    return (table.rows_exact ? "" : "at least ") + counted(table.rows, "row");
}

std::string sample_text(const model::Table& table) {
    return fmt::format("types from the first {} of each file only", counted(table.sampled_rows, "row"));
}

std::string card_line(const Output& out, const model::Table& table) {
    const std::string dot = out.separator();
    const auto columns = table.columns.size() + table.partition_columns.size();
    const bool empty = columns == 0 && table.bytes == 0 && table.cloud_bytes == 0;
    std::string line = empty ? (table.files == 1 ? "the file is empty" : "all its files are empty")
                             : rows_text(table) + dot + (columns ? counted(columns, "column") : "columns unknown");
    line += dot + text::size_text(table.bytes) + dot + counted(table.files, "file") + dot + table.format;
    if (table.sampled_rows > 0) line += dot + sample_text(table);
    if (table.tier != model::TableTier::local) line += dot + fmt::format("{} in the cloud", table.cloud_files);
    return line;
}

std::string range_end_text(const Output& out, const std::string& value) {
    return value.empty() ? "\"\"" : out.value(value);
}

std::string why_text(const model::Column& column, bool name_file) {
    const auto& seen = column.evidence;
    std::string why = seen.reason;
    if (why.empty() && seen.values) why = "all " + counted(seen.values, "value") + " fit";
    if (why.empty()) why = "no value seen yet";
    if (name_file && seen.forced_row && !seen.forced_path.empty()) why += fmt::format(" of {}", seen.forced_path);
    if (seen.nulls) why += ", " + counted(seen.nulls, "null");
    return why;
}

namespace {

// One of several things that are wrong; the run goes on.
void print_fault(Output& out, const std::string& line) {
    constexpr std::size_t k_indent = 7;
    const std::string told = out.advised(line), shown = out.utf8() ? told : ascii_text(told);
    const auto width = static_cast<std::size_t>(out.width());
    out.stderr_raw(out.paint_stderr(Style::red, "error:") + " " +
                   (out.stderr_is_terminal() ? text::wrapped(shown, width, k_indent, k_indent) : shown) + "\n");
}

}  // namespace

std::string finding_text(const model::Finding& finding) {
    const std::string path = text::escape_controls(finding.path), message = text::escape_controls(finding.message);
    const auto slash = path.find('/');
    if (slash != std::string::npos && message.starts_with(path.substr(slash + 1) + " "))
        return path.substr(0, slash + 1) + message;
    return path + (path.empty() ? "" : ": ") + message;
}

void print_findings(Output& out, const std::vector<model::Finding>& findings) {
    for (const auto& finding : findings) {
        const std::string line = finding_text(finding);
        const bool told = finding.code == "column_drift";  // harmless, but whoever reads the table wants to know
        if (finding.severity == model::Finding::Severity::note)
            told ? out.note(line) : out.why(line);
        else if (finding.severity == model::Finding::Severity::error)
            print_fault(out, line);
        else
            out.warn(line);
    }
}

}  // namespace neurolake::apps
