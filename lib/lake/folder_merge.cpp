// folder_merge.cpp: one hash look-up a walked name; a folder that did not change leaves nothing behind.
// SPDX-License-Identifier: Apache-2.0
#include "lake/folder_merge.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace neurolake::lake {

namespace format = inventory_format;

namespace {

std::uint64_t word_at(const char* bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, 8);
    return word;
}

std::uint32_t hash_of(std::string_view name) {
    constexpr std::uint64_t odd = 0x9E3779B97F4A7C15u;
    std::uint64_t hash = name.size(), last = 0;
    if (name.size() >= 8) {
        for (std::size_t at = 0; at + 8 < name.size(); at += 8)
            hash = std::rotl((hash ^ word_at(name.data() + at)) * odd, 29);
        last = word_at(name.data() + name.size() - 8);  // may overlap the word before it
    } else {
        for (const char c : name) last = last << 8 | static_cast<unsigned char>(c);
    }
    hash = (hash ^ last) * odd;
    return static_cast<std::uint32_t>(hash >> 32);
}

// A write leaves its mark in ctime, also where somebody puts size and mtime back.
bool same_ctime(std::int64_t now, std::int64_t before) { return before == 0 || now == before; }

bool same_content(const WalkEntry& entry, const format::Record& record) {
    return entry.size == record.size_on_disk() && entry.mtime_ns == record.mtime_ns && entry.ino == record.ino &&
           same_ctime(entry.ctime_ns, record.ctime_ns);
}

// A stub has just verified itself: its ctime tells nothing more.
bool is_same(const format::Record& a, const format::Record& b) {
    const bool unwritten = b.state == std::uint8_t(FileState::stub) || same_ctime(b.ctime_ns, a.ctime_ns);
    return a.size == b.size && a.mtime_ns == b.mtime_ns && a.ino == b.ino && a.state == b.state &&
           a.stub_pages == b.stub_pages && unwritten;
}

}  // namespace

void FolderMerge::begin(const format::Folder* old_folder, const FolderFiles& old_files, bool distrust_stubs) {
    m_old_folder = old_folder;
    m_old = old_files;
    m_distrust_stubs = distrust_stubs;
    m_unchanged = m_symlinks = m_specials = 0;
    m_fresh.clear();
    m_fresh_names.clear();
    m_gone.clear();
    m_seen.assign(m_old.records.size(), 0);
    m_table.assign(std::bit_ceil(m_old.records.size() * 2 + 2), 0);
    const std::size_t mask = m_table.size() - 1;
    for (std::uint32_t i = 0; i < m_old.records.size(); ++i) {
        std::size_t at = hash_of(m_old.name(m_old.records[i])) & mask;
        while (m_table[at] != 0) at = (at + 1) & mask;
        m_table[at] = i + 1;
    }
}

std::uint32_t FolderMerge::find(std::string_view name) const {
    const std::size_t mask = m_table.size() - 1;
    for (std::size_t at = hash_of(name) & mask; m_table[at] != 0; at = (at + 1) & mask)
        if (m_old.name(m_old.records[m_table[at] - 1]) == name) return m_table[at];
    return 0;
}

void FolderMerge::add(std::span<const WalkEntry> entries) {
    for (const WalkEntry& entry : entries) {
        if (entry.kind == EntryKind::file) add_file(entry);
        if (entry.kind == EntryKind::symlink) ++m_symlinks;
        if (entry.kind == EntryKind::special) ++m_specials;
    }
}

void FolderMerge::add_file(const WalkEntry& entry) {
    const std::uint32_t number = find(entry.name);
    Fresh fresh;
    if (number != 0) {
        if (m_seen[number - 1] != 0) return;  // a folder that changes while it is read may tell a name twice
        const format::Record& old = m_old.records[number - 1];
        const bool doubtful = old.stub_pages != 0 && (m_distrust_stubs || old.state != std::uint8_t(FileState::stub));
        const bool same = entry.unknown || (same_content(entry, old) && !doubtful);
        m_seen[number - 1] = 1;
        m_unchanged += same;
        const bool all_known = entry.allocated == old.allocated() && entry.ctime_ns == old.ctime_ns;
        if (entry.unknown || (same && all_known)) return;
        m_seen[number - 1] = 2;
        fresh.record = old;
        fresh.refreshed = same;
    } else if (entry.unknown) {
        return;
    }
    fresh.old = number;
    fresh.record.name_offset = static_cast<std::uint32_t>(m_fresh_names.size());
    fresh.record.name_bytes = static_cast<std::uint16_t>(entry.name.size());
    fresh.record.set_allocated(entry.allocated);
    fresh.record.ctime_ns = entry.ctime_ns;
    if (!fresh.refreshed) {
        fresh.record.size = entry.size;
        fresh.record.mtime_ns = entry.mtime_ns;
        fresh.record.ino = entry.ino;
        fresh.record.stub_pages = 0;
    }
    m_fresh_names.append(entry.name);
    m_fresh.push_back(fresh);
}

// A file that was moved to the cloud, or came back, has the size and mtime it had: the catalog knows its content.
void FolderMerge::settle(Fresh& fresh, std::uint32_t first_seen, const Classify& classify) {
    if (fresh.refreshed) return;
    const std::string_view name(m_fresh_names.data() + fresh.record.name_offset, fresh.record.name_bytes);
    classify(name, fresh.record);
    fresh.record.reserved = std::uint8_t(fresh.old ? RecordChange::changed : RecordChange::added);
    if (fresh.old == 0) {
        fresh.record.first_seen = first_seen;
        return;
    }
    const format::Record& old = m_old.records[fresh.old - 1];
    if (is_same(old, fresh.record)) {  // a stub that was looked at again
        fresh.record.reserved = std::uint8_t(RecordChange::none);
        ++m_unchanged;
        return;
    }
    const bool moved_tier =
        (old.state == std::uint8_t(FileState::stub)) != (fresh.record.state == std::uint8_t(FileState::stub));
    const bool known =
        (moved_tier || old.stub_pages != 0) && old.size == fresh.record.size && old.mtime_ns == fresh.record.mtime_ns;
    if (!known) fresh.record.indexed = 0;
}

std::unique_ptr<OwnFolder> FolderMerge::finish(const WalkFolder& folder, FolderEnd end, std::int64_t mtime_ns,
                                               std::uint32_t first_seen, const Classify& classify) {
    if (end == FolderEnd::whole)
        for (std::size_t i = 0; i < m_seen.size(); ++i)
            if (m_seen[i] == 0) m_gone.push_back(&m_old.records[i]);
    const bool as_it_was = m_old_folder && m_fresh.empty() && m_gone.empty() && m_old_folder->mtime_ns == mtime_ns &&
                           m_old_folder->ino == folder.ino && m_old_folder->totals.symlinks == m_symlinks &&
                           m_old_folder->totals.specials == m_specials;
    if (as_it_was) return nullptr;
    auto own = std::make_unique<OwnFolder>();
    own->path = folder.path;
    own->mtime_ns = mtime_ns;
    own->ino = folder.ino;
    own->symlinks = m_symlinks;
    own->specials = m_specials;
    own->records.reserve(m_seen.size() + m_fresh.size() - m_gone.size());
    for (std::size_t i = 0; i < m_seen.size(); ++i)
        if (m_seen[i] == 1 || (m_seen[i] == 0 && end != FolderEnd::whole))
            own->append(m_old.name(m_old.records[i]), m_old.records[i]);
    for (Fresh& fresh : m_fresh) {
        settle(fresh, first_seen, classify);
        own->append({m_fresh_names.data() + fresh.record.name_offset, fresh.record.name_bytes}, fresh.record);
    }
    own->sort();
    own->names.shrink_to_fit();
    return own;
}

}  // namespace neurolake::lake
