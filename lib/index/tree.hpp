// tree.hpp: the folders of one bucket cut into units: the sets of files that are grouped into tables together.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "catalog/catalog.hpp"
#include "index/override_file.hpp"
#include "index/profile_codec.hpp"
#include "lake/inventory.hpp"

namespace neurolake::index {

// One data file on its way into a table.
struct File {
    std::string path;  // inside the bucket, bytes
    lake::FileState state = lake::FileState::data;
    std::uint64_t size = 0, ino = 0;
    std::int64_t mtime_ns = 0, ctime_ns = 0;
    bool indexed = false;                // the catalog already took this content in
    std::optional<FileProfile> profile;  // from the store or from reading; of older content while settling
    bool settling = false, failed = false;
    double settles_in = 0;  // seconds until a settling file has rested long enough
    bool read_now = false;  // this run opened it
    std::string why_failed;
};

// By state and name: neither left out, nor still being written, nor one of those that lie beside data (README.md).
bool is_data(const lake::FileRecord& record);
// The same, and no bookkeeping of another program lies above it.
bool may_be_of_a_table(const lake::FileRecord& record);
// By its name: an override file, or one that says which files of an older table storage count.
bool is_rule_name(std::string_view name);
File file_of(const lake::FileRecord& record);  // as the inventory knows it, without a profile

// Descriptions that files gave of their own columns when they were last read, by column: no person's words.
using OwnWords = std::set<std::pair<std::string, std::string>>;

// Files that are decided on together: a change in one of them regroups all of them, and no others.
struct Unit {
    enum class Kind {
        folder,          // the files directly in a folder
        partitions,      // everything below key=value folders, and beside them
        override_table,  // _neurolake.yaml: one table
        override_files,  // _neurolake.yaml: every file on its own
    };
    Kind kind = Kind::folder;
    std::string root;        // inside the bucket; "" = the bucket itself
    std::string table_name;  // override_table: the person's word
    bool touched = false;
    std::vector<File> files;               // in path order; of touched units only
    std::vector<model::Finding> findings;  // of its folders; paths begin with the bucket
    OwnWords said;                         // by the files that lay in its folders
};

inline std::string_view parent_of(std::string_view path) {  // "" for a name without '/'
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}
inline std::string_view name_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// A file that is still being written, by its name ("x.csv.part").
struct Temporary {
    std::string path;  // "bucket/path"
    std::int64_t mtime_ns = 0;
};

// The units of one bucket. Built from the inventory's folders; files are looked at only where something changed.
class Tree {
public:
    // Finds the folders, reads the override files beneath bucket_fd (which must outlive the tree), decides the units.
    Tree(std::string bucket, const lake::InventoryBuilder& next, int bucket_fd);
    // Something happened to this path (new, changed or gone).
    void touch(std::string_view path);
    void touch_all() { m_all_touched = true; }
    // A file that decides about others (is_rule_name) came, changed or went: all it ever had a say in is looked at.
    void touch_rule(std::string_view path) { m_rules.emplace(parent_of(path)); }
    // Compares with what the catalog has: units without a table and tables without their unit (a catalog that was lost
    // or put back from a copy, an override file that came, changed or went) are touched. True when there is any.
    bool compare(const std::vector<catalog::Place>& places);
    // Marks touched units (also those with files never indexed) and collects their files.
    void collect(const lake::InventoryBuilder& next);

    std::vector<Unit>& units() { return m_units; }
    // The unit a table at this place belongs to; null when nothing of it is left.
    const Unit* unit_of(std::string_view table_path, bool is_folder) const;
    const std::vector<Temporary>& temporaries() const { return m_temporaries; }  // not told of before
    const std::vector<model::Finding>& findings() const { return m_findings; }

private:
    struct Folder {
        bool has_data = false, has_override = false, has_storage = false, pending = false;
        std::optional<std::size_t> unit;
    };

    void look_at(const lake::InventoryBuilder& next, const lake::InventoryBuilder::FolderSummary& summary);
    void find_temporaries(const lake::InventoryBuilder& next);
    void collect_folder(const lake::InventoryBuilder& next, const std::string& folder, Unit& unit) const;
    void read_overrides();
    void leave_out_old_versions(const std::string& folder, Unit& unit) const;
    void decide_units();
    bool has_other_rules(const Unit& unit) const;
    std::optional<std::size_t> number_of(std::string_view table_path, bool is_folder) const;
    std::optional<std::size_t> unit_for(std::string_view folder, const std::set<std::string>& partition_roots);
    std::size_t unit_with(Unit::Kind kind, std::string_view root, std::string_view table_name);
    const Override* override_above(std::string_view folder, std::string& root) const;

    std::string m_bucket;
    int m_bucket_fd;
    std::map<std::string, Folder, std::less<>> m_folders;
    std::map<std::string, Override, std::less<>> m_overrides;
    std::vector<Unit> m_units;
    std::map<std::pair<std::string, Unit::Kind>, std::size_t> m_unit_at;
    std::set<std::string, std::less<>> m_touched;  // folders and unit roots
    std::set<std::string, std::less<>> m_rules;    // folders
    std::vector<Temporary> m_temporaries;
    std::vector<model::Finding> m_findings;
    bool m_all_touched = false;
};

}  // namespace neurolake::index
