// json_backend.cpp: the catalog as plain JSON files, tables.json and one more for each list (docs/formats/catalog.md).
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "catalog/backend.hpp"
#include "catalog/entries_file.hpp"
#include "catalog/table_entries.hpp"

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

Error with_file(Error error, std::string_view file) {
    error.code = Errc::corrupt;
    if (error.hint.empty()) error.hint = k_damage_hint;
    return std::move(error).with_context(file);
}

class JsonBackend final : public Backend {
public:
    explicit JsonBackend(std::filesystem::path folder) : m_folder(std::move(folder)) {}

    Status open() {
        TRY(EntriesFile tables, EntriesFile::read(m_folder / "tables.json", k_tables));
        m_tables = std::make_unique<EntriesFile>(std::move(tables));
        return load_entries();
    }

    const std::vector<TableKey>& keys() const override { return m_entries.keys(); }
    std::string_view text(std::size_t key) const override { return m_entries.entry(key); }
    const std::string& indexed_at() const override { return m_indexed_at; }

    std::optional<Totals> totals() const override {
        const json::Value& head = m_tables->head();
        if (!head.find("table_count") || !m_tables->exact()) return std::nullopt;
        return Totals{head.natural("table_count"), head.natural("row_count")};
    }

    Result<model::Table> table(std::size_t key) const override {
        auto parsed = m_entries.table(key);
        if (!parsed) return with_file(std::move(parsed).error(), "tables.json");
        return parsed;
    }

    Result<std::vector<std::string>> entries(List list) const override;
    Result<std::string> entry(List list, std::string_view id) const override;
    Status write(const Change& change) override;
    Status fill(const Contents& all) override;

private:
    Status load_entries();
    Result<EntriesFile> read_list(const ListFile& list) const;
    Status write_list(const ListFile& list, const std::vector<EntryChange>& changes);
    Status write_tables(const Change& change);

    std::filesystem::path m_folder;
    std::unique_ptr<EntriesFile> m_tables;
    TableEntries m_entries;
    std::string m_indexed_at;
};

Status JsonBackend::load_entries() {
    if (auto loaded = m_entries.load(m_tables->entries(), !m_tables->exact()); !loaded)
        return with_file(std::move(loaded).error(), "tables.json");
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
    const bool others_only = change.tables.empty() && change.forgotten.empty() && !change.indexed_at;
    return others_only ? Status{} : write_tables(change);
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
    json::Value head = m_tables->head();
    if (change.indexed_at) head.set("indexed_at", *change.indexed_at);
    if (change.totals) head.set("table_count", change.totals->tables).set("row_count", change.totals->rows);
    TRY_DO(m_tables->replace(head, m_entries.after(change)));
    return load_entries();
}

// As write(): the rename of tables.json is what counts.
Status JsonBackend::fill(const Contents& all) {
    for (const ListFile& list : k_lists) {
        const auto entries = all.lists.find(list.list);
        if (entries == all.lists.end()) continue;
        TRY(EntriesFile file, read_list(list));
        TRY_DO(file.replace(file.head(), entries->second));
    }
    json::Value head = json::Value::object();
    head.set("indexed_at", all.indexed_at);
    if (all.totals) head.set("table_count", all.totals->tables).set("row_count", all.totals->rows);
    TRY_DO(m_tables->replace(head, all.tables));
    return load_entries();
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

std::vector<std::filesystem::path> json_backend_files(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files{folder / "tables.json"};
    for (const ListFile& list : k_lists) files.push_back(folder / list.file);
    return files;
}

}  // namespace neurolake::catalog
