// entries_file.hpp: a JSON document with one list, one entry a line, that opens without being parsed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "base/json.hpp"

namespace neurolake::catalog {

// What to do about a catalog file that does not read, in any backend. Files tell their columns again, nobody's words.
inline constexpr char k_damage_hint[] =
    "best: bring it back from a backup; else neurolake doctor --fix renames it aside and neurolake catalog index "
    "--full "
    "tells again what files tell; words of people and lineage come back from a backup or an export only";

// What the document is called inside and what its list is called.
struct EntriesKind {
    std::string_view schema;     // "neurolake.tables/1"
    std::string_view list;       // "tables"
    bool may_lack_list = false;  // earlier versions wrote the document without it
};

// The document as json::Style::entries writes it: the head members, then the list with one compact entry a line. The
// head carries a checksum of the entries; when it fits, the entries are exactly what this program once wrote and need
// no checking. Otherwise (edited by hand, reformatted by jq) the document is parsed whole, and `exact` is false.
class EntriesFile {
public:
    // A missing file is an empty document. corrupt: no JSON, another schema, no list.
    static Result<EntriesFile> read(const std::filesystem::path& path, const EntriesKind& kind);

    const std::vector<std::string_view>& entries() const { return m_entries; }
    const json::Value& head() const { return m_head; }  // members except schema, checksum and the list
    bool exact() const { return m_exact; }

    // Writes atomically and durably, and takes the new text over; nothing is written when not a byte changes. conflict
    // when the file on disk is not the one that was read.
    Status replace(const json::Value& head, const std::vector<std::string>& entries);

private:
    EntriesFile() = default;
    bool split_lines();
    Status parse_whole();
    Status check_unchanged() const;

    std::filesystem::path m_path;
    EntriesKind m_kind;
    std::unique_ptr<std::string> m_text;                // entries point into it ...
    std::vector<std::unique_ptr<std::string>> m_owned;  // ... or, of a reformatted document, into these
    std::vector<std::string_view> m_entries;
    json::Value m_head = json::Value::object();
    bool m_exact = false;
    std::optional<Identity> m_read_as;  // nullopt: there was no file
};

// A quick look at the first members of a compact entry, without parsing the rest.
class EntryScanner {
public:
    explicit EntryScanner(std::string_view entry) : m_rest(entry) {}
    // The next member whose value is plain text (no escapes), true or false. False: something else comes, or the end.
    bool next(std::string_view& key, std::string_view& value);

private:
    bool plain_text(std::string_view& out);
    std::string_view m_rest;
};

}  // namespace neurolake::catalog
