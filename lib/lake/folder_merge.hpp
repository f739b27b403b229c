// folder_merge.hpp: what a walk finds in one folder, against what the old inventory knows of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lake/inventory_builder.hpp"
#include "lake/walk.hpp"

namespace neurolake::lake {

// Stands in Record::reserved of a scan's own folders until the scan's lists are made of it.
enum class RecordChange : std::uint8_t { none = 0, added = 1, changed = 2 };

// Compares name by name without memory of its own per unchanged file: the old records are hashed once a folder, then
// each walked name costs one look-up. Reused from folder to folder, so that it allocates next to nothing.
class FolderMerge {
public:
    // What a new or changed regular file is; fills state, and for stubs size and stub_pages.
    using Classify = std::function<void(std::string_view name, inventory_format::Record& record)>;

    // `old_folder` and `old_files`: null and empty for a new folder; they must outlive the merge.
    void begin(const inventory_format::Folder* old_folder, const FolderFiles& old_files, bool distrust_stubs);
    void add(std::span<const WalkEntry> entries);

    // Nothing when the folder is just as it was; else what it is now. With FolderEnd::part, what was not seen is kept.
    std::unique_ptr<OwnFolder> finish(const WalkFolder& folder, FolderEnd end, std::int64_t mtime_ns,
                                      std::uint32_t first_seen, const Classify& classify);
    // After finish(): old records that are no longer there.
    const std::vector<const inventory_format::Record*>& gone() const { return m_gone; }
    std::uint64_t unchanged() const { return m_unchanged; }

private:
    struct Fresh {
        inventory_format::Record record;
        std::uint32_t old = 0;   // number of the old record counted from 1; 0 = new
        bool refreshed = false;  // the content is as it was, only what the kernel allots to it changed
    };
    std::uint32_t find(std::string_view name) const;
    void add_file(const WalkEntry& entry);
    void settle(Fresh& fresh, std::uint32_t first_seen, const Classify& classify);

    const inventory_format::Folder* m_old_folder = nullptr;
    FolderFiles m_old;
    bool m_distrust_stubs = false;
    std::vector<std::uint32_t> m_table;  // open addressing: numbers of old records counted from 1
    std::vector<std::uint8_t> m_seen;    // per old record: 0 not, 1 as it was, 2 replaced by a fresh one
    std::uint64_t m_unchanged = 0, m_symlinks = 0, m_specials = 0;
    std::vector<Fresh> m_fresh;
    std::string m_fresh_names;
    std::vector<const inventory_format::Record*> m_gone;
};

}  // namespace neurolake::lake
