// catalog.cpp: typed operations over a backend, with tables parsed when first asked for.
// SPDX-License-Identifier: Apache-2.0
#include "catalog/catalog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <set>
#include <unordered_map>

#include "base/json.hpp"
#include "base/text.hpp"
#include "base/workers.hpp"
#include "catalog/backend.hpp"
#include "catalog/backend_choice.hpp"
#include "catalog/glossary.hpp"
#include "catalog/lineage.hpp"
#include "catalog/search.hpp"
#include "model/row_sum.hpp"

namespace neurolake::catalog {

struct Catalog::Impl {
    std::unique_ptr<Backend> backend;
    mutable std::mutex mutex;
    mutable std::unordered_map<std::size_t, std::unique_ptr<model::Table>> some;  // parsed one by one
    mutable std::vector<model::Table> all;
    mutable bool all_parsed = false;
    mutable std::unordered_map<std::string, std::vector<std::size_t>> by_place;  // "bucket/path" -> keys
    mutable bool places_known = false;

    Result<const model::Table*> table(std::size_t key) const;
    const model::Table* table_or_null(std::size_t key) const;
    std::optional<std::size_t> key_of(std::string_view full_name) const;
    void learn_places() const;
    const model::Table* at_place(std::string_view bucket, std::string_view path, bool folder, bool direct) const;
    Totals totals_after(const Change& change) const;
    Status write(Change change);
};

// Callers hold the mutex. Every entry was checked by open(), by its checksum or one by one.
Result<const model::Table*> Catalog::Impl::table(std::size_t key) const {
    if (all_parsed) return &all[key];
    if (const auto known = some.find(key); known != some.end()) return known->second.get();
    TRY(model::Table parsed, backend->table(key));
    return (some[key] = std::make_unique<model::Table>(std::move(parsed))).get();
}

const model::Table* Catalog::Impl::table_or_null(std::size_t key) const {
    auto found = table(key);
    return found ? *found : nullptr;
}

std::optional<std::size_t> Catalog::Impl::key_of(std::string_view full_name) const {
    const auto& keys = backend->keys();
    const auto at = std::lower_bound(keys.begin(), keys.end(), full_name,
                                     [](const TableKey& key, std::string_view name) { return key.full_name < name; });
    if (at == keys.end() || at->full_name != full_name || !at->alive) return std::nullopt;
    return static_cast<std::size_t>(at - keys.begin());
}

void Catalog::Impl::learn_places() const {
    if (places_known) return;
    const auto& keys = backend->keys();
    for (std::size_t i = 0; i < keys.size(); ++i)
        if (keys[i].alive) by_place[keys[i].bucket + "/" + keys[i].path].push_back(i);
    places_known = true;
}

// The table whose folder or file is exactly this place. `direct`: the file in question lies directly in the folder.
const model::Table* Catalog::Impl::at_place(std::string_view bucket, std::string_view path, bool folder,
                                            bool direct) const {
    const auto found = by_place.find(fmt::format("{}/{}", bucket, path));
    if (found == by_place.end()) return nullptr;
    for (const std::size_t i : found->second) {
        const TableKey& key = backend->keys()[i];
        const bool deep = key.rule == model::GroupingRule::partitions || key.rule == model::GroupingRule::override_file;
        if (key.is_folder == folder && (!folder || direct || deep)) return table_or_null(i);
    }
    return nullptr;
}

Totals Catalog::Impl::totals_after(const Change& change) const {
    std::unordered_map<std::string_view, const model::Table*> next;
    for (const model::Table& table : all) next[table.id] = &table;
    for (const model::Table& table : change.tables) next[table.id] = &table;
    Totals totals;
    for (const auto& [id, table] : next) {
        if (!table->deleted_at.empty()) continue;
        ++totals.tables;
        model::add_rows(totals.rows, table->rows);
    }
    return totals;
}

// The caller has read all tables to know what changes.
Status Catalog::Impl::write(Change change) {
    const std::lock_guard lock(mutex);
    change.totals = totals_after(change);
    some.clear();
    all.clear();
    by_place.clear();
    all_parsed = places_known = false;
    return backend->write(change);
}

Catalog::Catalog(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
Catalog::Catalog(Catalog&&) noexcept = default;
Catalog& Catalog::operator=(Catalog&&) noexcept = default;
Catalog::~Catalog() = default;

Result<Catalog> Catalog::open(const Options& options) {
    auto impl = std::make_unique<Impl>();
    TRY(impl->backend, open_backend(options));
    return Catalog(std::move(impl));
}

Status Catalog::create(const Options& options) { return create_backend(options); }

const std::string& Catalog::indexed_at() const { return m_impl->backend->indexed_at(); }

namespace {

// Starting threads costs more than parsing a few hundred tables.
unsigned threads_for(std::size_t tables) { return tables < 256 ? 1 : std::min(usable_threads(), 4u); }

}  // namespace

const std::vector<model::Table>& Catalog::tables() const {
    const std::lock_guard lock(m_impl->mutex);
    if (m_impl->all_parsed) return m_impl->all;
    const std::size_t count = m_impl->backend->keys().size();
    std::vector<std::optional<model::Table>> parsed(count);
    parallel_for(count, threads_for(count), [&](std::size_t i, unsigned) {
        if (auto table = m_impl->backend->table(i)) parsed[i] = std::move(*table);
    });
    m_impl->all.reserve(count);
    for (auto& table : parsed) m_impl->all.push_back(table ? std::move(*table) : model::Table{});
    m_impl->all_parsed = true;  // pointers that find() gave before stay good: `some` is kept
    return m_impl->all;
}

const model::Table* Catalog::find(std::string_view full_name) const {
    const std::lock_guard lock(m_impl->mutex);
    const auto key = m_impl->key_of(full_name);
    return key ? m_impl->table_or_null(*key) : nullptr;
}

namespace {

// "orders" for "raw-data.orders".
std::string_view bare_name(const TableKey& key) {
    return std::string_view(key.full_name).substr(key.bucket.size() + 1);
}

// "zone1970" for "raw-data.tz.zone1970".
std::string_view last_part(const TableKey& key) {
    const std::string_view name = bare_name(key);
    return name.substr(name.rfind('.') + 1);
}

// The living tables of which this is the own name; where there is none, those of which it is the last part.
std::vector<std::size_t> tables_called(std::string_view name, const std::vector<TableKey>& keys) {
    for (const auto part_of : {bare_name, last_part}) {
        std::vector<std::size_t> found;
        for (std::size_t i = 0; i < keys.size(); ++i)
            if (keys[i].alive && part_of(keys[i]) == name) found.push_back(i);
        if (!found.empty()) return found;
    }
    return {};
}

// A full name that is close: its own part must be, for a long bucket makes all tables of it look alike.
std::string meant_in_full(std::string_view name, const std::vector<TableKey>& keys) {
    const auto own = name.substr(std::min(name.size(), name.find('.') + 1));
    std::vector<std::string> full;
    for (const TableKey& key : keys) {
        const std::vector<std::string> bare{std::string(bare_name(key))};
        const bool same_bucket = name.starts_with(key.bucket + ".");
        const auto part = same_bucket ? name.substr(key.bucket.size() + 1) : own;
        if (key.alive && (bare[0] == part || text::closest(part, bare))) full.push_back(key.full_name);
    }
    if (const auto close = text::closest(name, full)) return *close;
    return full.size() == 1 ? full[0] : "";
}

// The first three: "raw-data.orders or sales.orders".
std::string either_of(const std::vector<std::string>& names) {
    return fmt::format(
        "{}", fmt::join(names.begin(), names.begin() + std::min<std::ptrdiff_t>(std::ssize(names), 3), " or "));
}

// Tables whose last part is that of `name`, "raw-data.tz.zone1970" for "raw-data.zone1970": those of its bucket, if
// any.
std::vector<std::string> elsewhere(std::string_view name, const std::vector<TableKey>& keys) {
    const auto last = name.substr(name.rfind('.') + 1);
    std::vector<std::string> all, of_bucket;
    for (const TableKey& key : keys) {
        if (!key.alive || last_part(key) != last) continue;
        all.push_back(key.full_name);
        if (name.starts_with(key.bucket + ".")) of_bucket.push_back(key.full_name);
    }
    return of_bucket.empty() ? all : of_bucket;
}

// By the full name, or where no bucket was said by the table's own: "raw-data.orders or sales.orders".
std::string meant(std::string_view name, const std::vector<TableKey>& keys) {
    if (const auto found = elsewhere(name, keys); !found.empty()) return either_of(found);
    std::vector<std::string> full, bare;
    for (const TableKey& key : keys) {
        if (!key.alive) continue;
        full.push_back(key.full_name);
        bare.emplace_back(bare_name(key));
    }
    const auto close = text::closest(name, bare);
    if (!close) return meant_in_full(name, keys);
    std::vector<std::string> named;
    for (std::size_t i = 0; i < full.size(); ++i)
        if (bare[i] == *close) named.push_back(full[i]);
    return either_of(named);
}

// The table that `name`, taken for table.column, names first; "" if there is none.
std::string table_of_column(std::string_view name, const std::vector<TableKey>& keys) {
    for (const TableKey& key : keys)
        if (key.alive && name.starts_with(key.full_name) && name.substr(key.full_name.size()).starts_with('.'))
            return key.full_name;
    return {};
}

Error no_such_table(std::string_view name, const std::vector<TableKey>& keys) {
    bool was_there = false, any = false;
    for (const TableKey& key : keys) {
        any |= key.alive;
        was_there |= !key.alive && key.full_name == name;
    }
    std::string hint = "neurolake catalog tables lists them all";
    if (was_there)
        hint = "its files are gone; neurolake catalog tables --all lists tables that once were";
    else if (const std::string table = table_of_column(name, keys); !table.empty())
        hint = fmt::format("{} is a table; for one of its columns: neurolake catalog prove {}", table, name);
    else if (const std::string close = meant(name, keys); !close.empty())
        hint = "did you mean " + close + "?";
    else if (!any)
        hint = "the catalog is empty: drop files into a bucket, then neurolake catalog index";
    return Error(Errc::not_found, fmt::format("no table \"{}\" in the catalog", name), std::move(hint));
}

}  // namespace

Result<const model::Table*> Catalog::get(std::string_view name) const {
    const std::lock_guard lock(m_impl->mutex);
    if (const auto key = m_impl->key_of(name)) return m_impl->table(*key);
    const auto& keys = m_impl->backend->keys();
    const std::vector<std::size_t> same = tables_called(name, keys);
    if (same.size() == 1) return m_impl->table(same[0]);
    if (same.empty()) return no_such_table(name, keys);
    constexpr std::size_t k_named = 3;
    std::string which;
    for (std::size_t i = 0; i < std::min(k_named, same.size()); ++i)
        which += (i == 0 ? "" : " or ") + keys[same[i]].full_name;
    if (same.size() > k_named) which += fmt::format(" or one of {} more", same.size() - k_named);
    return Error(Errc::usage, fmt::format("\"{}\" is the name of {} tables", name, same.size()), "say which: " + which);
}

namespace {

Result<model::SchemaHistory> parse_history(std::string_view entry) {
    TRY(const json::Value value, json::parse(entry));
    return model::history_from_json(value);
}

}  // namespace

Result<model::SchemaHistory> Catalog::history(std::string_view table_id) const {
    const std::lock_guard lock(m_impl->mutex);
    const auto& keys = m_impl->backend->keys();
    const auto at = std::find_if(keys.begin(), keys.end(), [&](const TableKey& key) { return key.id == table_id; });
    if (at == keys.end()) return Error(Errc::not_found, fmt::format("no table with the id {}", table_id));
    TRY(const model::Table* table, m_impl->table(static_cast<std::size_t>(at - keys.begin())));
    TRY(const std::string entry, m_impl->backend->entry(List::histories, table_id));
    model::SchemaHistory history;
    if (!entry.empty()) {
        TRY(history, parse_history(entry));
    }
    history.table_id = table->id;
    history.table = table->full_name();
    std::erase_if(history.versions, [&](const auto& version) { return version.version > table->schema_version; });
    return history;
}

const model::Table* Catalog::table_of(std::string_view bucket, std::string_view path) const {
    const std::lock_guard lock(m_impl->mutex);
    m_impl->learn_places();
    if (const model::Table* file = m_impl->at_place(bucket, path, false, true)) return file;
    bool direct = true;
    for (std::string_view folder = path; !folder.empty(); direct = false) {
        const std::size_t slash = folder.rfind('/');
        folder = slash == std::string_view::npos ? std::string_view{} : folder.substr(0, slash);
        if (const model::Table* table = m_impl->at_place(bucket, folder, true, direct)) return table;
    }
    return nullptr;
}

Hits Catalog::search(std::string_view words, std::size_t limit) const {
    const auto glossary = read_terms(*this);  // a damaged one is no reason to find nothing
    const std::vector<SearchWord> wanted = search_words(words, glossary ? *glossary : std::vector<Term>{});
    const std::lock_guard lock(m_impl->mutex);
    const auto& keys = m_impl->backend->keys();
    if (wanted.empty()) return {};
    std::vector<std::optional<Match>> matches(keys.size());
    parallel_for(keys.size(), threads_for(keys.size()), [&](std::size_t i, unsigned) {
        if (!keys[i].alive) return;
        const std::string_view entry = m_impl->backend->text(i);
        if (!entry.empty())
            matches[i] = match(keys[i], entry, wanted);
        else if (const auto table = m_impl->backend->table(i))
            matches[i] = match(keys[i], *table, wanted);
    });
    std::vector<std::size_t> order;  // keys are in order of names already
    for (std::size_t i = 0; i < keys.size(); ++i)
        if (matches[i]) order.push_back(i);
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return matches[i]->score; });
    Hits hits;
    hits.total = order.size();
    if (limit > 0 && order.size() > limit) order.resize(limit);
    for (const std::size_t i : order)
        if (const model::Table* table = m_impl->table_or_null(i))
            hits.best.push_back({table, std::move(matches[i]->found)});
    return hits;
}

namespace {

// A picture has none to count; a file that is damaged beyond recognition had some.
bool may_have_rows(const model::Table& table) {
    const auto is_error = [](const model::Finding& f) { return f.severity == model::Finding::Severity::error; };
    return table.format != "unknown" || std::ranges::any_of(table.findings, is_error);
}

}  // namespace

bool Catalog::all_rows_counted() const {
    constexpr std::string_view k_not = R"("rows_exact":false)";
    const std::lock_guard lock(m_impl->mutex);
    const auto& keys = m_impl->backend->keys();
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (!keys[i].alive) continue;
        const std::string_view entry = m_impl->backend->text(i);
        if (!entry.empty() && !::memmem(entry.data(), entry.size(), k_not.data(), k_not.size())) continue;
        const model::Table* table = m_impl->table_or_null(i);
        if (table && !table->rows_exact && may_have_rows(*table)) return false;
    }
    return true;
}

std::vector<const model::Table*> Catalog::tables_with(model::Finding::Severity severity) const {
    constexpr std::string_view k_findings = R"("findings":[{)";  // quotes in a person's words are escaped there
    const std::lock_guard lock(m_impl->mutex);
    const auto& keys = m_impl->backend->keys();
    std::vector<const model::Table*> out;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (!keys[i].alive) continue;
        const std::string_view entry = m_impl->backend->text(i);
        if (!entry.empty() && !::memmem(entry.data(), entry.size(), k_findings.data(), k_findings.size())) continue;
        const auto says = [&](model::Finding::Severity wanted) {
            return severity <= wanted &&
                   entry.find(fmt::format("\"severity\":\"{}\"", to_string(wanted))) != std::string_view::npos;
        };
        using Severity = model::Finding::Severity;
        if (!entry.empty() && !says(Severity::error) && !says(Severity::warning) && !says(Severity::note)) continue;
        const model::Table* table = m_impl->table_or_null(i);
        if (table && std::ranges::any_of(table->findings, [&](const auto& f) { return f.severity >= severity; }))
            out.push_back(table);
    }
    return out;
}

Result<std::vector<std::string>> Catalog::entries(List list) const { return m_impl->backend->entries(list); }

Result<std::string> Catalog::entry(List list, std::string_view id) const { return m_impl->backend->entry(list, id); }

Status Catalog::change_entries(const std::vector<EntryChange>& changes) {
    if (changes.empty()) return {};
    Change change;
    change.entries = changes;
    const std::lock_guard lock(m_impl->mutex);
    return m_impl->backend->write(change);
}

Totals Catalog::totals() const {
    if (const auto kept = m_impl->backend->totals()) return *kept;
    Totals totals;
    for (const model::Table& table : tables()) {
        if (!table.deleted_at.empty()) continue;
        ++totals.tables;
        model::add_rows(totals.rows, table.rows);
    }
    return totals;
}

std::vector<Place> Catalog::places(std::string_view bucket) const {
    std::vector<Place> places;
    for (const TableKey& key : m_impl->backend->keys())
        if (key.alive && key.bucket == bucket)
            places.push_back({key.path, std::string(bare_name(key)), key.is_folder, key.rule});
    return places;
}

Status Catalog::check() const {
    const std::lock_guard lock(m_impl->mutex);
    TRY_DO(m_impl->backend->check());
    std::set<std::string_view> ids, names;
    const auto& keys = m_impl->backend->keys();
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (auto table = m_impl->backend->table(i); !table) return std::move(table).error();
        const bool twice = !ids.insert(keys[i].id).second || (keys[i].alive && !names.insert(keys[i].full_name).second);
        if (twice) return Error(Errc::corrupt, fmt::format("the catalog names {} twice", keys[i].full_name));
    }
    for (const List list : k_all_lists) {
        TRY(const std::vector<std::string> entries, m_impl->backend->entries(list));
        for (const std::string& entry : entries) {
            TRY(const json::Value value, json::parse(entry));
            if (list == List::lineage) TRY_DO(check_lineage_entry(entry));
            if (list != List::histories) continue;
            if (auto history = model::history_from_json(value); !history) return std::move(history).error();
        }
    }
    return {};
}

Status Catalog::apply(const Batch& batch) {
    if (batch.upserts.empty() && batch.tombstones.empty() && batch.versions.empty() && batch.entries.empty()) return {};
    Change change;
    change.entries = batch.entries;
    change.tables = batch.upserts;
    std::unordered_map<std::string_view, std::string> name_of;  // of tables in this batch
    for (const model::Table& table : batch.upserts) name_of[table.id] = table.full_name();
    std::unordered_map<std::string_view, const model::Table*> known;
    for (const model::Table& table : tables()) known[table.id] = &table;
    for (const std::string& id : batch.tombstones) {
        const auto table = known.find(id);
        if (table == known.end() || !table->second->deleted_at.empty()) continue;
        change.tables.push_back(*table->second);
        change.tables.back().deleted_at = batch.indexed_at;
    }
    std::unordered_map<std::string, model::SchemaHistory> histories;
    for (std::size_t i = 0; i < batch.versions.size(); ++i) {
        const std::string& id = batch.version_tables[i];
        if (!histories.contains(id)) {
            model::SchemaHistory history;
            if (known.contains(id)) {
                TRY(history, this->history(id));
            }
            history.table_id = id;
            if (name_of.contains(id)) history.table = name_of[id];
            histories[id] = std::move(history);
        }
        histories[id].versions.push_back(batch.versions[i]);
    }
    for (auto& [id, history] : histories)
        change.entries.push_back({List::histories, id, json::dump(model::to_json(history))});
    if (change.tables.empty() && change.entries.empty()) return {};
    if (!batch.indexed_at.empty()) change.indexed_at = batch.indexed_at;
    return m_impl->write(std::move(change));
}

Status Catalog::forget(const std::vector<std::string>& table_ids) {
    if (table_ids.empty()) return {};
    Change change;
    change.forgotten = table_ids;
    for (const std::string& id : table_ids) {
        const auto table = std::ranges::find(tables(), id, &model::Table::id);
        if (table == tables().end() || table->deleted_at.empty())
            return Error(Errc::usage, fmt::format("no table that is gone has the id {}", id));
        for (const List list : {List::histories, List::samples}) change.entries.push_back({list, id, std::nullopt});
    }
    return m_impl->write(std::move(change));
}

Status Catalog::rename_bucket(std::string_view from, std::string_view to) {
    Change change;
    for (const model::Table& table : tables()) {
        if (table.bucket != from) continue;
        model::Table renamed = table;
        renamed.bucket = to;
        for (model::Finding& finding : renamed.findings)
            if (text::starts_with_folder(finding.path, from)) finding.path.replace(0, from.size(), to);
        change.tables.push_back(std::move(renamed));
    }
    // A damaged lineage.json stands in the way of no rename.
    if (const auto lineage = entries(List::lineage)) change.entries = lineage_after_bucket_rename(*lineage, from, to);
    if (change.tables.empty()) return change_entries(change.entries);
    return m_impl->write(std::move(change));
}

Status Catalog::update_tables(std::vector<model::Table> changed) {
    std::unordered_map<std::string_view, const model::Table*> known;
    for (const model::Table& table : tables()) known[table.id] = &table;
    Change change;
    for (model::Table& table : changed) {
        const auto old = known.find(table.id);
        if (old == known.end())
            return Error(Errc::not_found, fmt::format("update table {}: it is not in the catalog", table.full_name()));
        if (!(*old->second == table)) change.tables.push_back(std::move(table));
    }
    return change.tables.empty() ? Status{} : m_impl->write(std::move(change));
}

}  // namespace neurolake::catalog
