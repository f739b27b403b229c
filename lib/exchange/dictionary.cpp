// dictionary.cpp: the catalog as a data dictionary in Markdown.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "catalog/lineage.hpp"
#include "exchange/exchange.hpp"
#include "exchange/markdown_words.hpp"
#include "exchange/sampled.hpp"
#include "model/evidence.hpp"
#include "model/mask.hpp"
#include "model/meaning.hpp"
#include "model/row_sum.hpp"

namespace neurolake::exchange {
namespace {

constexpr std::size_t k_widest_example = 40;

bool is_ordered_value(const model::Type& type) {
    using enum model::TypeKind;
    constexpr model::TypeKind k_words[] = {text, binary, json, list, map, structure, unknown, uuid};
    return std::ranges::find(k_words, type.kind) == std::end(k_words);
}

// Words of people are never shown whole, and values about people only as their masked sample.
std::string example_of(const model::Column& column) {
    const auto& seen = column.evidence;
    if (!column.semantic_evidence.sample.empty()) return markdown_text(column.semantic_evidence.sample);
    if (column.pii || !seen.min || !seen.max) return "";
    const auto shown = [&](const std::string& value) {
        return markdown_text(is_ordered_value(column.type) ? value : model::mask_value(column.semantic, value));
    };
    if (seen.min->size() > k_widest_example || seen.max->size() > k_widest_example) return "";
    const std::string low = shown(*seen.min), high = shown(*seen.max);
    return low == high ? low : fmt::format("{} to {}", low, high);
}

std::string joined(std::initializer_list<std::string> parts) {
    std::string out;
    for (const std::string& part : parts)
        if (!part.empty()) out += (out.empty() ? "" : "; ") + part;
    return out;
}

std::string meaning_of(const model::Column& column, bool partition) {
    return joined({markdown_text(column.description), column.term.empty() ? "" : "term: " + markdown_text(column.term),
                   column.semantic.empty() ? "" : markdown_text(model::meaning_words(column.semantic)),
                   column.pii ? "**personal data**" : "", partition ? "partition" : ""});
}

std::string nulls_of(const model::Table& table, const model::Column& column) {
    const auto& seen = column.evidence;
    if (!model::nulls_known(table, column)) return "not counted";
    if (seen.nulls == 0) return "none";
    const double share = 100.0 * static_cast<double>(seen.nulls) / static_cast<double>(seen.values + seen.nulls);
    return fmt::format("{} ({:.{}f} %)", text::with_thousands(seen.nulls), share, share < 1 ? 2 : 0);
}

std::string list_of(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : ", ") + markdown_text(word);
    return out;
}

// The first sentence or so, for the index.
std::string first_words(const std::string& description) {
    constexpr std::size_t k_widest = 100;
    const std::size_t first = description.find('\n');
    std::string line = description.substr(0, first);
    const bool more = first != std::string::npos && !text::trim(std::string_view(description).substr(first)).empty();
    if (text::display_width(line) <= k_widest) return markdown_text(line) + (more ? " ..." : "");
    std::size_t end = k_widest;
    while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
    return markdown_text(line.substr(0, end)) + " ...";
}

std::string anchor(const model::Table& table) { return "table-" + table.id; }

std::string index_of(const std::vector<const model::Table*>& tables) {
    std::string out = "| Table | What it is | Rows | Columns | Owner | Tags |\n|---|---|---:|---:|---|---|\n";
    for (const model::Table* table : tables)
        out += fmt::format("| [{}](#{}) | {} | {} | {} | {} | {} |\n", markdown_text(table->full_name()),
                           anchor(*table), first_words(table->description), rows_text(*table),
                           table->columns.size() + table->partition_columns.size(), markdown_text(table->owner),
                           list_of(table->tags));
    return out;
}

// "made from" or "feeds", one step away.
std::string neighbours_of(const catalog::Lineage& lineage, const model::Table& table, catalog::Direction direction) {
    const auto dataset = lineage.find(catalog::LineageNames::ref(table));
    if (!dataset) return {};
    std::vector<std::string> names;
    for (const std::size_t other : catalog::neighbours(lineage, *dataset, direction))
        names.push_back(lineage.datasets()[other].name);
    return list_of(names);
}

std::string facts_of(const model::Table& table, const catalog::Lineage& lineage) {
    std::string out;
    const auto fact = [&](std::string_view name, const std::string& value) {
        if (!value.empty()) out += fmt::format("- {}: {}\n", name, value);
    };
    fact("Owner", markdown_text(table.owner));
    fact("Tags", list_of(table.tags));
    fact("Terms", list_of(table.terms));
    fact("Size", fmt::format("{} {} in {} {}, {}, {}", rows_text(table), table.rows == 1 ? "row" : "rows",
                             text::with_thousands(table.files), table.files == 1 ? "file" : "files",
                             text::size_text(table.bytes), markdown_text(table.format)));
    fact(table.is_folder ? "Folder" : "File", markdown_text(table.bucket + "/" + table.path));
    if (table.tier != model::TableTier::local)
        fact("In the cloud",
             fmt::format("{} of {} files", text::with_thousands(table.cloud_files), text::with_thousands(table.files)));
    fact("Made from", neighbours_of(lineage, table, catalog::Direction::up));
    fact("Feeds", neighbours_of(lineage, table, catalog::Direction::down));
    fact("Schema version", std::to_string(table.schema_version));
    fact("Newest file", table.modified_at);
    fact("Types", sample_note(table));
    return out;
}

std::string columns_of(const model::Table& table) {
    if (table.columns.empty() && table.partition_columns.empty()) return "Its columns are not known.\n";
    std::string out = "| Column | Type | Nulls | Meaning | Values |\n|---|---|---:|---|---|\n";
    for (const auto* columns : {&table.columns, &table.partition_columns})
        for (const model::Column& column : *columns)
            out += fmt::format("| {} | {} | {} | {} | {} |\n", markdown_text(column.name),
                               markdown_text(model::to_string(column.type)), nulls_of(table, column),
                               meaning_of(column, columns == &table.partition_columns), example_of(column));
    return out;
}

// Where it is and what; a message that begins with the file's path in its bucket names it already.
std::string finding_text(const model::Finding& finding) {
    const std::size_t slash = finding.path.find('/');
    if (!finding.line && slash != std::string::npos &&
        finding.message.starts_with(finding.path.substr(slash + 1) + " "))
        return finding.path.substr(0, slash + 1) + finding.message;
    const std::string place = finding.line ? fmt::format("{}, line {}", finding.path, finding.line) : finding.path;
    return place + (place.empty() ? "" : ": ") + finding.message;
}

std::string findings_of(const model::Table& table) {
    std::string out;
    for (const model::Finding& finding : table.findings) {
        if (finding.severity == model::Finding::Severity::note) continue;
        if (out.empty()) out = "\nWorth knowing:\n\n";
        out += fmt::format("- {}\n", markdown_text(finding_text(finding)));
    }
    return out;
}

std::string section_of(const model::Table& table, const catalog::Lineage& lineage) {
    std::string out = fmt::format("\n<a id=\"{}\"></a>\n\n## {}\n\n", anchor(table), markdown_text(table.full_name()));
    if (!table.description.empty()) out += markdown_lines(table.description) + "\n\n";
    return out + facts_of(table, lineage) + "\n" + columns_of(table) + findings_of(table);
}

}  // namespace

Status write_markdown(const Content& content, const Sink& sink) {
    std::vector<const model::Table*> tables;
    std::uint64_t rows = 0;
    bool exact = true;
    for (const model::Table* table : content.tables) {
        if (!table->deleted_at.empty()) continue;
        tables.push_back(table);
        exact = model::add_rows(rows, table->rows) && exact && table->rows_exact;
    }
    TRY(const catalog::Lineage lineage, catalog::Lineage::read(*content.catalog));
    const std::string as_of = content.catalog->indexed_at();
    TRY_DO(
        sink(fmt::format("# Data dictionary\n\n{} {}, {}{} {}{}.\n\n", text::with_thousands(tables.size()),
                         tables.size() == 1 ? "table" : "tables", exact ? "" : "at least ", text::with_thousands(rows),
                         rows == 1 ? "row" : "rows", as_of.empty() ? "" : ", as of " + as_of)));
    if (!tables.empty()) TRY_DO(sink(index_of(tables)));
    for (const model::Table* table : tables) TRY_DO(sink(section_of(*table, lineage)));
    return {};
}

}  // namespace neurolake::exchange
