// lineage.cpp: reading the graph of lineage: entries, names as of today, links.
// SPDX-License-Identifier: Apache-2.0
#include "catalog/lineage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <variant>

#include "base/json.hpp"
#include "base/text.hpp"
#include "base/workers.hpp"

namespace neurolake::catalog {

LineageNames::LineageNames(const Catalog& catalog) : m_catalog(&catalog) {
    // Tombstones fill what alive tables leave free: the one that was there last.
    const auto keep = [](auto& map, std::string key, const model::Table& table) {
        const model::Table*& kept = map[std::move(key)];
        const bool newer =
            kept && !kept->deleted_at.empty() && (table.deleted_at.empty() || table.deleted_at > kept->deleted_at);
        if (!kept || newer) kept = &table;
    };
    for (const model::Table& table : catalog.tables()) {
        if (table.id.empty()) continue;  // an entry that cannot be read
        m_by_id[table.id] = &table;
        keep(m_by_name, table.full_name(), table);
        keep(m_by_place, table.bucket + "/" + table.path, table);
    }
}

const model::Table* LineageNames::table_called(std::string_view full_name) const {
    const auto found = m_by_name.find(std::string(full_name));
    return found == m_by_name.end() ? nullptr : found->second;
}

const model::Table* LineageNames::table_at(std::string_view bucket, std::string_view path) const {
    const auto exact = m_by_place.find(fmt::format("{}/{}", bucket, path));
    if (exact != m_by_place.end() && exact->second->deleted_at.empty()) return exact->second;
    if (const model::Table* holder = m_catalog->table_of(bucket, path)) return holder;
    return exact == m_by_place.end() ? nullptr : exact->second;
}

const model::Table* LineageNames::table(const model::DatasetRef& ref) const {
    if (!ref.table_id.empty()) {
        if (const auto known = m_by_id.find(ref.table_id); known != m_by_id.end()) return known->second;
        return table_called(ref.name);  // the catalog was made anew: ids are others then, names are not
    }
    if (ref.name_space != model::k_lake_namespace) return nullptr;
    const std::size_t slash = ref.name.find('/');
    if (slash == std::string::npos) return table_called(ref.name);
    return table_at(std::string_view(ref.name).substr(0, slash), std::string_view(ref.name).substr(slash + 1));
}

model::DatasetRef LineageNames::ref(const model::Table& table) { return {table.id, "", table.full_name()}; }

model::DatasetRef LineageNames::current(const model::DatasetRef& stored) const {
    if (const model::Table* found = table(stored)) return ref(*found);
    if (stored.table_id.empty()) return stored;
    return {"", std::string(model::k_lake_namespace), stored.name};
}

std::string shown_name(const model::DatasetRef& ref) {
    if (!ref.table_id.empty() || ref.name_space == model::k_lake_namespace) return ref.name;
    if (ref.name_space == "file" && ref.name.starts_with('/')) return ref.name;
    if (ref.name_space.find("://") == std::string::npos) return ref.name_space + ":" + ref.name;
    return ref.name_space + (ref.name.starts_with('/') ? "" : "/") + ref.name;
}

model::DatasetRef dataset_from_words(std::string_view words) {
    const std::size_t scheme = words.find("://");
    if (words.starts_with("file:///")) return {"", "file", std::string(words.substr(7))};
    if (words.starts_with('/')) return {"", "file", std::string(words)};
    if (scheme != std::string_view::npos && scheme > 0) {
        const std::size_t slash = words.find('/', scheme + 3);
        if (slash != std::string_view::npos && slash + 1 < words.size())
            return {"", std::string(words.substr(0, slash)), std::string(words.substr(slash + 1))};
        return {"", std::string(words.substr(0, scheme)), std::string(words.substr(scheme + 1))};
    }
    const std::size_t colon = words.find(':');
    if (colon != std::string_view::npos && colon > 0 && colon + 1 < words.size())
        return {"", std::string(words.substr(0, colon)), std::string(words.substr(colon + 1))};
    return {"", std::string(model::k_lake_namespace), std::string(words)};
}

namespace {

using Entry = std::variant<std::monostate, model::LineageEdge, model::LineageJob, model::LineageRun, Error>;

template <typename T>
Entry held(Result<T> parsed) {
    if (!parsed) return std::move(parsed).error();
    return std::move(*parsed);
}

// Kinds of a later version are left alone.
Entry parse_entry(const std::string& text, std::string& id) {
    auto value = json::parse(text);
    if (!value) return std::move(value).error();
    id = value->text("id");
    const std::string kind = value->text("kind");
    if (kind == "edge") return held(model::lineage_edge_from_json(*value));
    if (kind == "job") return held(model::lineage_job_from_json(*value));
    if (kind == "run") return held(model::lineage_run_from_json(*value));
    return {};
}

Error damaged(Error error, const std::string& id) {
    return Error(Errc::corrupt, fmt::format("entry \"{}\" of the lineage: {}", id, error.message),
                 "mend or remove that line of lineage.json");
}

}  // namespace

Status check_lineage_entry(const std::string& text) {
    std::string id;
    Entry parsed = parse_entry(text, id);
    if (auto* error = std::get_if<Error>(&parsed)) return damaged(std::move(*error), id);
    return {};
}

Status Lineage::parse(const std::vector<std::string>& entries) {
    std::vector<Entry> parsed(entries.size());
    std::vector<std::string> ids(entries.size());
    // Threads take whole stretches: one entry is parsed in microseconds.
    constexpr std::size_t k_stretch = 512;
    const std::size_t stretches = (entries.size() + k_stretch - 1) / k_stretch;
    parallel_for(stretches, stretches < 4 ? 1 : std::min(usable_threads(), 4u), [&](std::size_t s, unsigned) {
        for (std::size_t i = s * k_stretch; i < std::min(entries.size(), (s + 1) * k_stretch); ++i)
            parsed[i] = parse_entry(entries[i], ids[i]);
    });
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (auto* error = std::get_if<Error>(&parsed[i])) return damaged(std::move(*error), ids[i]);
        if (auto* job = std::get_if<model::LineageJob>(&parsed[i])) m_jobs.push_back(std::move(*job));
        if (auto* run = std::get_if<model::LineageRun>(&parsed[i])) m_runs.push_back(std::move(*run));
        if (auto* edge = std::get_if<model::LineageEdge>(&parsed[i])) {
            m_edges.push_back(std::move(*edge));
            m_edge_entries.push_back(std::move(ids[i]));
        }
    }
    return {};
}

// Datasets from the ends of edges and from runs, then the links between them.
void Lineage::connect() {
    const auto take = [&](model::DatasetRef& ref) {
        ref = m_names->current(ref);
        const auto [at, fresh] = m_dataset_at.try_emplace(ref.key(), m_datasets.size());
        if (fresh) m_datasets.push_back({ref, shown_name(ref), m_names->table(ref), {}, {}});
        return at->second;
    };
    struct Ends {
        std::size_t from, to, edge;
    };
    std::vector<Ends> ends;
    ends.reserve(m_edges.size());
    for (std::size_t i = 0; i < m_edges.size(); ++i) {
        auto& edge = m_edges[i];
        const bool itself = edge.from == edge.to;
        const std::size_t from = take(edge.from), to = take(edge.to);
        // A table that was moved to the place it was said to become: it is not made from itself.
        if (from != to || itself) ends.push_back({from, to, i});
    }
    for (auto& run : m_runs)
        for (auto* list : {&run.inputs, &run.outputs})
            for (auto& ref : *list) take(ref);
    const std::vector<std::size_t> place = sort_datasets();
    for (Ends& each : ends) each = {place[each.from], place[each.to], each.edge};
    std::sort(ends.begin(), ends.end(), [](const Ends& a, const Ends& b) {
        return std::tie(a.from, a.to, a.edge) < std::tie(b.from, b.to, b.edge);
    });
    for (const auto& [from, to, edge] : ends) {
        if (m_links.empty() || m_links.back().from != from || m_links.back().to != to) {
            m_datasets[from].feeds.push_back(m_links.size());
            m_datasets[to].made_by.push_back(m_links.size());
            m_links.push_back({from, to, {}});
        }
        m_links.back().edges.push_back(edge);
    }
}

// By name; returns where each went.
std::vector<std::size_t> Lineage::sort_datasets() {
    std::vector<std::size_t> order(m_datasets.size()), place(m_datasets.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const Dataset &left = m_datasets[a], &right = m_datasets[b];
        return std::tie(left.name, left.ref.name_space, left.ref.table_id) <
               std::tie(right.name, right.ref.name_space, right.ref.table_id);
    });
    std::vector<Dataset> sorted;
    sorted.reserve(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        place[order[i]] = i;
        sorted.push_back(std::move(m_datasets[order[i]]));
    }
    m_datasets = std::move(sorted);
    for (auto& [key, at] : m_dataset_at) at = place[at];
    return place;
}

Result<Lineage> Lineage::read(const Catalog& catalog) {
    TRY(const std::vector<std::string> entries, catalog.entries(List::lineage));
    return from(catalog, entries);
}

namespace {

// What an entry holds that has to do with the table: its id, its name, or a place in it, as JSON writes them. Others
// may hold that, too: they are read in vain. A name that is no UTF-8 is in its entry in base64 only.
class Mentions {
public:
    explicit Mentions(const model::Table& table) {
        m_words.push_back("\"" + table.id + "\"");
        for (const std::string& name : {table.full_name(), table.bucket + "/" + table.path}) {
            std::string quoted;
            json::append_quoted(quoted, name);
            m_words.push_back(quoted.substr(1, quoted.size() - 2));
        }
        m_words.emplace_back("_b64\"");
    }
    bool in(const std::string& entry) const {
        return std::any_of(m_words.begin(), m_words.end(),
                           [&](const std::string& word) { return entry.find(word) != std::string::npos; });
    }

private:
    std::vector<std::string> m_words;
};

}  // namespace

Result<std::optional<Lineage>> Lineage::around(const Catalog& catalog, const model::Table& table) {
    TRY(std::vector<std::string> entries, catalog.entries(List::lineage));
    const Mentions mentions(table);
    std::erase_if(entries, [&](const std::string& entry) { return !mentions.in(entry); });
    if (entries.empty()) return std::optional<Lineage>();
    TRY(Lineage lineage, from(catalog, entries));
    return std::optional<Lineage>(std::move(lineage));
}

Result<Lineage> Lineage::from(const Catalog& catalog, const std::vector<std::string>& entries) {
    Lineage lineage;
    lineage.m_catalog = &catalog;
    TRY_DO(lineage.parse(entries));
    lineage.m_names = std::make_unique<LineageNames>(catalog);
    std::sort(lineage.m_jobs.begin(), lineage.m_jobs.end(), [](const auto& a, const auto& b) {
        return std::tie(a.name, a.name_space) < std::tie(b.name, b.name_space);
    });
    for (std::size_t i = 0; i < lineage.m_jobs.size(); ++i)
        lineage.m_job_at[model::job_id(lineage.m_jobs[i].name_space, lineage.m_jobs[i].name)] = i;
    std::sort(lineage.m_runs.begin(), lineage.m_runs.end(),
              [](const auto& a, const auto& b) { return age_key(a) < age_key(b); });
    lineage.connect();
    return lineage;
}

const model::LineageJob* Lineage::job(std::string_view id) const {
    const auto found = m_job_at.find(id);
    return found == m_job_at.end() ? nullptr : &m_jobs[found->second];
}

std::string Lineage::job_name(std::string_view id) const {
    const model::LineageJob* known = job(id);
    if (!known) return "";
    return known->name_space == model::k_lake_namespace ? known->name : known->name_space + ":" + known->name;
}

std::optional<std::size_t> Lineage::find(const model::DatasetRef& ref) const {
    const auto found = m_dataset_at.find(m_names->current(ref).key());
    return found == m_dataset_at.end() ? std::nullopt : std::optional(found->second);
}

Result<std::optional<std::size_t>> Lineage::get(std::string_view words) const {
    const auto named = std::find_if(m_datasets.begin(), m_datasets.end(),
                                    [&](const Dataset& dataset) { return dataset.name == words; });
    if (named != m_datasets.end()) return std::optional(static_cast<std::size_t>(named - m_datasets.begin()));
    if (const auto known = find(dataset_from_words(words))) return known;
    const auto table = m_catalog->get(words);
    if (table) return find(LineageNames::ref(**table));
    if (m_names->table_called(words)) return std::optional<std::size_t>();
    if (table.error().code != Errc::not_found) return table.error();
    std::vector<std::string> known;
    for (const Dataset& dataset : m_datasets) known.push_back(dataset.name);
    const auto close = text::closest(words, known);
    return Error(Errc::not_found, fmt::format("no table or dataset \"{}\" in the catalog or its lineage", words),
                 close ? "did you mean " + *close + "?" : table.error().hint);
}

}  // namespace neurolake::catalog
