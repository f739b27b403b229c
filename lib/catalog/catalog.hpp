// catalog.hpp: the door of catalog: tables, schema versions, tags; typed operations over a backend.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/workers.hpp"
#include "model/table.hpp"

namespace neurolake::catalog {

struct Options {
    std::string backend = "json";  // json, sqlite, postgresql
    std::filesystem::path folder;  // where the files of json and sqlite lie
    std::string dsn;  // postgresql: how libpq connects; may hold a password: never shown. "": libpq's own environment
    std::chrono::milliseconds wait{5000};  // sqlite: for another program that writes the file
    const CancelFlag* cancel = nullptr;    // ends that wait; nullptr: nothing does
    std::string lake_id;                   // postgresql: whose rows these are, as several lakes share a database
};

// What the catalog keeps besides its tables: lists of entries, each a compact JSON object with a text
// member "id" (best the first), unique in its list. Backends keep the entries as they are, so that every backend
// exports the same bytes.
// What was taken over from other catalogs waits in `imported` for files of its name.
enum class List { histories, samples, lineage, glossary, imported };
inline constexpr List k_all_lists[] = {List::histories, List::samples, List::lineage, List::glossary, List::imported};

struct EntryChange {
    List list = List::lineage;
    std::string id;
    std::optional<std::string> entry;  // replaces or adds; nullopt: the entry goes
};

// One index run's changes, applied whole or not at all.
struct Batch {
    std::vector<model::Table> upserts;           // by id
    std::vector<std::string> tombstones;         // ids whose files are all gone
    std::vector<model::SchemaVersion> versions;  // new schema versions ...
    std::vector<std::string> version_tables;     // ... of these table ids, parallel
    std::vector<EntryChange> entries;            // samples of tables that changed, gone ones' samples
    std::string indexed_at;
};

struct Totals {  // of living tables
    std::uint64_t tables = 0, rows = 0;
    friend bool operator==(const Totals&, const Totals&) = default;
};

struct Place {
    std::string path, name;  // inside the bucket; without the bucket
    bool is_folder = true;
    model::GroupingRule rule = model::GroupingRule::single_file;
};

struct Found {
    std::string word;   // in lower case
    std::string where;  // "table", "column", "tag", "term", "description", "owner", "bucket": its best place
    std::string match;  // the name, column, tag or text in which it was found
};

struct Hit {
    const model::Table* table = nullptr;
    std::vector<Found> found;  // one a word, in the order of the words
};

struct Hits {
    std::vector<Hit> best;    // first the one that is most likely meant
    std::uint64_t total = 0;  // also those that are not in `best`
};

class Catalog {
public:
    // Readers never block; they see the old or the new state, never half. Tables are parsed when first asked for: 5,000
    // of them open in a few milliseconds. A missing catalog is an empty one, unless another backend holds what this one
    // should: that is not_found, with the advice to run `neurolake catalog migrate`. A damaged file is corrupt, with
    // the advice to run `neurolake doctor --fix`, which renames it aside; it is never overwritten. A database server
    // that cannot be reached is io, after at most 4 seconds. Const members may be called from several threads.
    static Result<Catalog> open(const Options& options);
    // Creates what is missing of an empty catalog: of json, tables.json and the lists but imported.json, which few
    // lakes have.
    static Status create(const Options& options);
    Catalog(Catalog&&) noexcept;
    Catalog& operator=(Catalog&&) noexcept;
    ~Catalog();

    const std::vector<model::Table>& tables() const;             // in order of full name; tombstones included
    const model::Table* find(std::string_view full_name) const;  // exact, alive
    // not_found with "did you mean"; also accepts a table's name without its bucket, or else the last part of it
    // ("zone" of raw-data.tz.zone), where only one table has that; usage where several do.
    Result<const model::Table*> get(std::string_view name) const;
    // Versions up to the table's current one. not_found for an unknown table, corrupt for a damaged schemas file.
    Result<model::SchemaHistory> history(std::string_view table_id) const;
    // The table that a file belongs to (alive ones only), by bucket and path inside it.
    const model::Table* table_of(std::string_view bucket, std::string_view path) const;
    // Living tables in which every word is found, without regard to ASCII case: in the name (whole, its beginning, a
    // word of it, inside), a column, tag, glossary term or synonym, description, owner, bucket; in this order, then by
    // full name. At most `limit` of them (0 = all) are told, and only those are parsed.
    Hits search(std::string_view words, std::size_t limit = 0) const;
    const std::string& indexed_at() const;  // last index run that changed the catalog, RFC 3339, "" = never
    Totals totals() const;                  // without parsing the tables
    bool all_rows_counted() const;          // of living tables of known formats; else Totals::rows is the least
    // Living tables with a finding at least so severe, in order of full name; only those are parsed.
    std::vector<const model::Table*> tables_with(model::Finding::Severity severity) const;
    std::vector<Place> places(std::string_view bucket) const;  // of living tables, without parsing them
    Status check() const;  // reads and checks every entry; corrupt with the first fault
    // The other lists, read afresh: ascending by id; an empty string where there is no such entry.
    Result<std::vector<std::string>> entries(List list) const;
    Result<std::string> entry(List list, std::string_view id) const;

    // The writers: the caller holds the lake lock. conflict when the files changed since open() (it was opened before
    // the lock was taken); nothing is written then, nor when nothing would change. Pointers from the readers above are
    // void afterwards.
    Status apply(const Batch& batch);
    Status rename_bucket(std::string_view from, std::string_view to);
    // Facts of existing tables, by id: after burst or recall tier, cloud_files, cloud_bytes, cloud_partitions, files
    // and bytes; a person's tags, owner and description. Schema versions do not change here.
    Status update_tables(std::vector<model::Table> changed);
    Status change_entries(const std::vector<EntryChange>& changes);
    // Tables that are gone, by id, go for good, with their history and samples. usage: one of them lives, or is
    // unknown.
    Status forget(const std::vector<std::string>& table_ids);

private:
    struct Impl;
    explicit Catalog(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

}  // namespace neurolake::catalog
