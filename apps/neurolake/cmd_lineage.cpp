// cmd_lineage.cpp: `neurolake lineage`: the family's table; words for datasets and jobs; JSON that the members share.
// SPDX-License-Identifier: Apache-2.0
#include "cmd_lineage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/text.hpp"
#include "lake_path.hpp"

namespace neurolake::apps {

namespace fs = std::filesystem;

Result<catalog::Lineage> read_lineage(Session& session) {
    TRY(const catalog::Catalog* catalog, session.catalog());
    return catalog::Lineage::read(*catalog);
}

namespace {

bool is_place(const std::string& words) {
    return words.find("://") == std::string::npos && words.find('/') != std::string::npos;
}

Error bucket_named(const std::string& name) {
    return Error(Errc::usage, fmt::format("\"{}\" is a bucket, not a table", name),
                 fmt::format("its tables: neurolake catalog tables {}", name));
}

// A path: in a bucket a table or a place noted by bucket and path, so that the lake can move; elsewhere a file.
Result<NamedDataset> dataset_at(Session& session, const catalog::Lineage& lineage, const std::string& words) {
    const auto place = resolve(session, words);
    if (!place) {
        if (place.error().code == Errc::not_found) return place.error();  // an unknown bucket
        std::error_code failed;
        const auto whole = fs::absolute(words, failed).lexically_normal().string();
        if (failed) return place.error();
        return NamedDataset{{"", "file", whole}, ""};
    }
    if (const auto* table = lineage.names().table_at(place->bucket.name, place->path))
        return NamedDataset{catalog::LineageNames::ref(*table), ""};
    if (place->path.empty()) return bucket_named(place->bucket.name);
    const std::string name = place->bucket.name + "/" + place->path;
    return NamedDataset{
        {"", std::string(model::k_lake_namespace), name},
        fmt::format("no table lies at {} yet; it is kept by its place and becomes the table once one is "
                    "indexed there",
                    session.out().name(name))};
}

std::string unknown_note(Session& session, const std::string& words, const Error& why) {
    constexpr std::string_view k_meant = "did you mean ";
    std::string note = fmt::format("\"{}\" is not in the catalog", session.out().name(words));
    if (why.hint.starts_with(k_meant)) note += fmt::format(" ({})", why.hint);
    note += "; kept as an external dataset";
    if (words.find('.') != std::string::npos) note += ", and as the table once one of this name is indexed";
    return note;
}

}  // namespace

Result<NamedDataset> dataset_named(Session& session, const catalog::Lineage& lineage, const std::string& words) {
    if (words.empty()) return Error(Errc::usage, "an empty name names no dataset", "give BUCKET.TABLE");
    TRY(const catalog::Catalog* catalog, session.catalog());
    const auto table = catalog->get(words);
    if (table) return NamedDataset{catalog::LineageNames::ref(**table), ""};
    if (const auto* gone = lineage.names().table_called(words))
        return NamedDataset{
            catalog::LineageNames::ref(*gone),
            fmt::format("the files of {} are gone since {}", session.out().name(words), gone->deleted_at)};
    if (table.error().code != Errc::not_found) return table.error();
    const auto known = std::ranges::find(lineage.datasets(), words, &catalog::Lineage::Dataset::name);
    if (known != lineage.datasets().end()) return NamedDataset{known->ref, ""};
    if (is_place(words)) return dataset_at(session, lineage, words);
    if (session.bucket(words)) return bucket_named(words);
    auto ref = catalog::dataset_from_words(words);
    const bool lake_name = ref.name_space == model::k_lake_namespace;
    return NamedDataset{std::move(ref), lake_name ? unknown_note(session, words, table.error()) : ""};
}

namespace {

// Whether words are one name as they stand: of a table, with a comma of a dataset that has lineage or a file that is
// there, too.
Result<bool> is_one_name(Session& session, const catalog::Catalog& catalog, const std::string& words) {
    const auto table = catalog.get(words);
    if (table || table.error().code != Errc::not_found) return true;
    if (words.find(',') == std::string::npos) return false;  // nothing to split, but blanks to trim
    TRY(const auto lineage, catalog::Lineage::read(catalog));
    if (lineage.names().table_called(words) ||
        std::ranges::find(lineage.datasets(), words, &catalog::Lineage::Dataset::name) != lineage.datasets().end())
        return true;
    std::error_code unknown;
    const auto place = is_place(words) ? resolve(session, words) : Error(Errc::not_found, "");
    return fs::exists(place ? place->bucket.root / place->path : fs::path(words), unknown);
}

}  // namespace

Result<std::vector<std::string>> dataset_words(Session& session, const std::vector<std::string>& given) {
    TRY(const catalog::Catalog* catalog, session.catalog());
    std::vector<std::string> words;
    for (const auto& each : given) {
        TRY(const bool whole, is_one_name(session, *catalog, each));
        if (whole) {
            words.push_back(each);
            continue;
        }
        for (const auto part : text::split(each, ','))
            if (const auto word = text::trim(part); !word.empty()) words.emplace_back(word);
    }
    return words;
}

Result<std::optional<std::size_t>> dataset_in(Session& session, const catalog::Lineage& lineage,
                                              const std::string& words) {
    auto found = lineage.get(words);
    if (found || !is_place(words)) return found;
    if (const auto named = dataset_at(session, lineage, words))
        if (!named->ref.table_id.empty() || lineage.find(named->ref)) return lineage.find(named->ref);
    return found;
}

Result<std::string> job_named(const catalog::Lineage& lineage, const std::string& name) {
    std::vector<std::string> same, known;
    for (const auto& job : lineage.jobs()) {
        const std::string id = model::job_id(job.name_space, job.name);
        if (lineage.job_name(id) == name) return id;
        if (job.name == name) same.push_back(id);
        known.push_back(lineage.job_name(id));
    }
    if (same.size() == 1) return same[0];
    if (!same.empty())
        return Error(Errc::usage, fmt::format("\"{}\" is a job of {} namespaces", name, same.size()),
                     fmt::format("say which: {} or {}", lineage.job_name(same[0]), lineage.job_name(same[1])));
    const auto close = text::closest(name, known);
    return Error(Errc::not_found, fmt::format("no job \"{}\" in the lineage", name),
                 close ? "did you mean " + *close + "?" : "neurolake lineage jobs lists them");
}

void set_name(json::Value& object, const std::string& name) { json::set_path(object, "name", name); }

json::Value ref_json(const catalog::LineageNames& names, const model::DatasetRef& ref) {
    auto value = json::Value::object();
    set_name(value, catalog::shown_name(ref));
    const model::Table* table = names.table(ref);
    value.set("kind", table ? "table" : "external");
    if (!table) {
        json::set_path(value, "namespace", ref.name_space);
        return value;
    }
    value.set("id", table->id);
    if (!table->owner.empty()) json::set_path(value, "owner", table->owner);
    if (!table->deleted_at.empty()) return value.set("gone", true);
    return value.set("tier", model::to_string(table->tier));
}

json::Value dataset_json(const catalog::Lineage& lineage, std::size_t dataset) {
    return ref_json(lineage.names(), lineage.datasets()[dataset].ref);
}

json::Value columns_json(const std::vector<model::ColumnLink>& columns) {
    auto list = json::Value::array();
    for (const auto& [from, to] : columns) {
        auto item = json::Value::object();
        json::set_path(item, "from", from);
        json::set_path(item, "to", to);
        list.push(std::move(item));
    }
    return list;
}

json::Value edge_json(const catalog::Lineage& lineage, const model::LineageEdge& edge) {
    auto value = json::Value::object();
    json::set_path(value, "from", catalog::shown_name(edge.from));
    json::set_path(value, "to", catalog::shown_name(edge.to));
    if (!edge.job.empty()) json::set_path(value, "job", lineage.job_name(edge.job));
    value.set("columns", columns_json(edge.columns));
    return value.set("first_seen", edge.first_seen).set("last_seen", edge.last_seen).set("count", edge.count);
}

std::string columns_text(const Output& out, const std::vector<model::ColumnLink>& columns, const std::string& dataset) {
    const std::string before = dataset.empty() ? "" : dataset + ".";
    std::string text;
    for (const auto& [from, to] : columns)
        text += fmt::format("{}{} {} {}", text.empty() ? "" : ", ", one_line(out, to), out.utf8() ? "←" : "<-",
                            one_line(out, before + from));
    return text;
}

std::string one_line(const Output& out, std::string_view name) { return out.value(name); }

std::string short_list(const std::vector<std::string>& names, std::size_t most) {
    if (names.size() <= most) return fmt::format("{}", fmt::join(names, ", "));
    return fmt::format("{} and {} more",
                       fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(most), ", "),
                       text::with_thousands(names.size() - most));
}

void add_lineage(CommandLine root, Registry& registry) {
    CommandLine lineage =
        registry.group(root, "lineage", "What is made from what, by which job",
                       {"neurolake lineage show analytics.daily",
                        "neurolake lineage add --in raw-data.orders --out analytics.daily --job nightly"});
    add_lineage_show(lineage, registry);
    add_lineage_impact(lineage, registry);
    add_lineage_add(lineage, registry);
    add_lineage_remove(lineage, registry);
    add_lineage_jobs(lineage, registry);
    add_lineage_cycles(lineage, registry);
    add_lineage_export(lineage, registry);
    add_lineage_import(lineage, registry);
}

}  // namespace neurolake::apps
