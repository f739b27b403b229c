// json_backend.cpp: the catalog as plain JSON files, tables.json and one more for each list (docs/formats/catalog.md).
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/text.hpp"
#include "catalog/backend.hpp"
#include "catalog/entries_file.hpp"

namespace neurolake::catalog {
namespace {

constexpr EntriesKind k_tables{"neurolake.tables/1", "tables", false};

// In the order in which they are written: tables.json comes after them all.
struct ListFile {
    List list;
    std::string_view file;
    EntriesKind kind;
};
constexpr ListFile k_lists[] = {{List::histories, "schemas.json", {"neurolake.schemas/1", "histories", false}},
                                {List::samples, "samples.json", {"neurolake.samples/1", "samples", false}},
                                {List::lineage, "lineage.json", {"neurolake.lineage/1", "entries", true}},
                                {List::glossary, "glossary.json", {"neurolake.glossary/1", "terms", false}},
                                {List::imported, "imported.json", {"neurolake.imported/1", "entries", false}}};

const ListFile& file_of(List list) {
    return *std::find_if(std::begin(k_lists), std::end(k_lists), [&](const ListFile& f) { return f.list == list; });
}

Result<model::Table> parse_table(std::string_view entry) {
    TRY(const json::Value value, json::parse(entry));
    return model::table_from_json(value);
}

Result<TableKey> slow_key(std::string_view entry) {
    TRY(const model::Table table, parse_table(entry));
    return key_of(table);
}

// The members that stand first in an entry suffice; anything unusual is parsed instead.
Result<TableKey> quick_key(std::string_view entry) {
    EntryScanner scan(entry);
    TableKey key;
    std::string_view name, value;
    while (scan.next(name, value)) {
        if (name == "name")
            key.full_name = value;
        else if (name == "id")
            key.id = value;
        else if (name == "bucket")
            key.bucket = value;
        else if (name == "path")
            key.path = value;
        else if (name == "is_folder")
            key.is_folder = value == "true";
        else if (name == "rule")
            key.rule = value == "folder"          ? model::GroupingRule::folder
                       : value == "partitions"    ? model::GroupingRule::partitions
                       : value == "override_file" ? model::GroupingRule::override_file
                                                  : model::GroupingRule::single_file;
        else if (name == "deleted_at")
            key.alive = false;
        else if (name == "format")
            return key;  // all that matters stands before it
        else
            break;
    }
    return slow_key(entry);
}

Error with_file(Error error, std::string_view file) {
    error.code = Errc::corrupt;
    if (error.hint.empty())
        error.hint = "neurolake doctor --fix renames it aside and neurolake catalog index makes it anew";
    return std::move(error).with_context(file);
}

class JsonBackend final : public Backend {
public:
    explicit JsonBackend(std::filesystem::path folder) : m_folder(std::move(folder)) {}

    Status open() {
        TRY(EntriesFile tables, EntriesFile::read(m_folder / "tables.json", k_tables));
        m_tables = std::make_unique<EntriesFile>(std::move(tables));
        TRY_DO(load_keys());
        if (!m_tables->exact())
            for (std::size_t i = 0; i < m_keys.size(); ++i)
                if (auto parsed = table(i); !parsed) return std::move(parsed).error();
        return {};
    }

    const std::vector<TableKey>& keys() const override { return m_keys; }
    const std::string& indexed_at() const override { return m_indexed_at; }

    std::optional<Totals> totals() const override {
        const json::Value& head = m_tables->head();
        if (!head.find("table_count") || !m_tables->exact()) return std::nullopt;
        return Totals{head.natural("table_count"), head.natural("row_count")};
    }

    Result<model::Table> table(std::size_t key) const override {
        auto parsed = parse_table(m_tables->entries()[m_entry_of[key]]);
        if (!parsed) return with_file(std::move(parsed).error(), "tables.json");
        return parsed;
    }

    std::string_view text(std::size_t key) const override { return m_tables->entries()[m_entry_of[key]]; }
    Result<std::vector<std::string>> entries(List list) const override;
    Result<std::string> entry(List list, std::string_view id) const override;
    Status write(const Change& change) override;

private:
    Status load_keys();
    Result<EntriesFile> read_list(const ListFile& list) const;
    Status write_list(const ListFile& list, const std::vector<EntryChange>& changes);
    Status write_tables(const Change& change);

    std::filesystem::path m_folder;
    std::unique_ptr<EntriesFile> m_tables;
    std::vector<TableKey> m_keys;
    std::vector<std::size_t> m_entry_of;  // key -> entry; the same number unless the file was edited by hand
    std::string m_indexed_at;
};

Status JsonBackend::load_keys() {
    std::vector<TableKey> keys;
    keys.reserve(m_tables->entries().size());
    for (const std::string_view entry : m_tables->entries()) {
        auto key = quick_key(entry);
        if (!key) return with_file(std::move(key).error(), "tables.json");
        keys.push_back(std::move(*key));
    }
    m_entry_of.resize(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) m_entry_of[i] = i;
    if (!std::is_sorted(keys.begin(), keys.end(), before))
        std::sort(m_entry_of.begin(), m_entry_of.end(),
                  [&](std::size_t a, std::size_t b) { return before(keys[a], keys[b]); });
    m_keys.clear();
    m_keys.reserve(keys.size());
    for (const std::size_t i : m_entry_of) m_keys.push_back(std::move(keys[i]));
    m_indexed_at = m_tables->head().text("indexed_at");
    return {};
}

Result<EntriesFile> JsonBackend::read_list(const ListFile& list) const {
    return EntriesFile::read(m_folder / list.file, list.kind);
}

Result<std::vector<std::string>> JsonBackend::entries(List list) const {
    TRY(const EntriesFile file, read_list(file_of(list)));
    std::map<std::string, std::string> by_id;  // a file edited by hand may have lost its order
    for (const std::string_view entry : file.entries()) by_id[id_of_entry(entry)] = entry;
    std::vector<std::string> all;
    all.reserve(by_id.size());
    for (auto& [id, entry] : by_id) all.push_back(std::move(entry));
    return all;
}

Result<std::string> JsonBackend::entry(List list, std::string_view id) const {
    TRY(const EntriesFile file, read_list(file_of(list)));
    for (const std::string_view entry : file.entries())
        if (id_of_entry(entry) == id) return std::string(entry);
    return std::string();
}

// The other lists go first: versions that tables.json does not name yet are ignored by readers and replaced by the next
// writer, so the rename of tables.json is the one moment at which the new state counts.
Status JsonBackend::write(const Change& change) {
    for (const ListFile& list : k_lists)
        if (std::any_of(change.entries.begin(), change.entries.end(),
                        [&](const auto& e) { return e.list == list.list; }))
            TRY_DO(write_list(list, change.entries));
    return change.tables.empty() && !change.indexed_at ? Status{} : write_tables(change);
}

Status JsonBackend::write_list(const ListFile& list, const std::vector<EntryChange>& changes) {
    TRY(EntriesFile file, read_list(list));
    std::map<std::string, std::string> by_id;  // stable order
    for (const std::string_view entry : file.entries()) by_id[id_of_entry(entry)] = entry;
    for (const EntryChange& change : changes) {
        if (change.list != list.list) continue;
        if (change.entry)
            by_id[change.id] = *change.entry;
        else
            by_id.erase(change.id);
    }
    std::vector<std::string> entries;
    entries.reserve(by_id.size());
    for (auto& [id, entry] : by_id) entries.push_back(std::move(entry));
    return file.replace(file.head(), entries);
}

Status JsonBackend::write_tables(const Change& change) {
    std::vector<std::pair<TableKey, std::string>> next;
    std::unordered_map<std::string_view, const model::Table*> changed;
    for (const model::Table& table : change.tables) changed[table.id] = &table;
    for (std::size_t i = 0; i < m_keys.size(); ++i)
        if (!changed.contains(m_keys[i].id)) next.emplace_back(m_keys[i], m_tables->entries()[m_entry_of[i]]);
    for (const auto& [id, table] : changed) next.emplace_back(key_of(*table), json::dump(model::to_json(*table)));
    std::sort(next.begin(), next.end(), [](const auto& a, const auto& b) { return before(a.first, b.first); });
    std::vector<std::string> entries;
    entries.reserve(next.size());
    for (auto& [key, entry] : next) entries.push_back(std::move(entry));
    json::Value head = m_tables->head();
    if (change.indexed_at) head.set("indexed_at", *change.indexed_at);
    if (change.totals) head.set("table_count", change.totals->tables).set("row_count", change.totals->rows);
    TRY_DO(m_tables->replace(head, entries));
    return load_keys();
}

Status create_entries(const std::filesystem::path& path, const EntriesKind& kind, const json::Value& head) {
    auto there = identity_of_path(path);
    if (there) return {};
    if (there.error().code != Errc::not_found) return std::move(there).error();
    TRY(EntriesFile file, EntriesFile::read(path, kind));
    return file.replace(head, {});
}

}  // namespace

Result<std::unique_ptr<Backend>> open_json_backend(const std::filesystem::path& folder) {
    auto backend = std::make_unique<JsonBackend>(folder);
    TRY_DO(backend->open());
    return std::unique_ptr<Backend>(std::move(backend));
}

Status create_json_backend(const std::filesystem::path& folder) {
    TRY_DO(make_folders(folder));
    json::Value head = json::Value::object();
    head.set("indexed_at", "");
    TRY_DO(create_entries(folder / "tables.json", k_tables, head));
    for (const ListFile& list : k_lists)
        if (list.list != List::imported) TRY_DO(create_entries(folder / list.file, list.kind, json::Value::object()));
    return {};
}

}  // namespace neurolake::catalog
