// entries_file.cpp: reading by lines, checksum, atomic replacement.
// SPDX-License-Identifier: Apache-2.0
#include "catalog/entries_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>

#include "catalog/entry_checksum.hpp"

namespace neurolake::catalog {
namespace {

constexpr std::uint64_t k_limit = 4ull << 30;

template <typename Entries>
std::string checksum_of_all(const Entries& entries) {
    Checksum sum;
    for (const auto& entry : entries) sum.add(entry);
    return sum.text();
}

json::Value whole_head(const EntriesKind& kind, const json::Value& head, std::string checksum) {
    json::Value v = json::Value::object();
    v.set("schema", kind.schema).set("checksum", std::move(checksum));
    if (const json::Object* members = head.as_object())
        for (const auto& [key, value] : *members) v.set(key, value);
    return v;
}

// The same bytes as json::dump(document, Style::entries), without building the document.
std::string document(const EntriesKind& kind, const json::Value& head, const std::vector<std::string>& entries) {
    std::string out = json::dump(whole_head(kind, head, checksum_of_all(entries)), json::Style::entries);
    out.resize(out.size() - 2);  // "\n}"
    out += fmt::format(",\n  \"{}\": [", kind.list);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        out += i ? ",\n    " : "\n    ";
        out += entries[i];
    }
    out += entries.empty() ? "]\n}\n" : "\n  ]\n}\n";
    return out;
}

bool same_file(const std::optional<Identity>& a, const std::optional<Identity>& b) {
    if (!a || !b) return !a && !b;
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->mtime_ns == b->mtime_ns;
}

Result<std::optional<Identity>> identity_if_there(const std::filesystem::path& path) {
    auto identity = identity_of_path(path);
    if (identity) return std::optional(*identity);
    if (identity.error().code == Errc::not_found) return std::optional<Identity>{};
    return std::move(identity).error();
}

Error damaged(const std::filesystem::path& path, std::string_view why) {
    return Error(Errc::corrupt, fmt::format("read the catalog file {}: {}", path.filename().string(), why),
                 k_damage_hint, path.string());
}

}  // namespace

Result<EntriesFile> EntriesFile::read(const std::filesystem::path& path, const EntriesKind& kind) {
    EntriesFile file;
    file.m_path = path;
    file.m_kind = kind;
    file.m_exact = true;
    auto fd = open_file(path, O_RDONLY);
    if (!fd && fd.error().code == Errc::not_found) return file;
    if (!fd) return std::move(fd).error().with_context("open the catalog");
    TRY(file.m_read_as, identity_of(fd->get()));
    TRY(std::string text, read_file(fd->get(), k_limit).with_context("read the catalog"));
    file.m_text = std::make_unique<std::string>(std::move(text));
    if (file.split_lines()) return file;
    file.m_exact = false;
    TRY_DO(file.parse_whole());
    return file;
}

// True when the text is laid out as document() does and its checksum fits.
bool EntriesFile::split_lines() {
    std::string_view text = *m_text;
    const std::string opening = fmt::format(",\n  \"{}\": [", m_kind.list);
    const std::size_t list = text.find(opening);
    if (list == std::string_view::npos || list > 4096) return false;
    auto head = json::parse(std::string(text.substr(0, list)) + "\n}");
    if (!head || head->text("schema") != m_kind.schema) return false;
    std::string_view rest = text.substr(list + opening.size());
    std::vector<std::string_view> entries;
    if (rest != "]\n}\n") {
        constexpr std::string_view k_closing = "\n  ]\n}\n";
        if (!rest.ends_with(k_closing)) return false;
        rest.remove_suffix(k_closing.size());
        while (!rest.empty()) {
            constexpr std::string_view k_indent = "\n    ";
            if (!rest.starts_with(k_indent)) return false;
            rest.remove_prefix(k_indent.size());
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            std::string_view entry = rest.substr(0, end);
            rest.remove_prefix(end);
            if (!rest.empty()) {
                if (!entry.ends_with(',')) return false;
                entry.remove_suffix(1);
            }
            entries.push_back(entry);
        }
    }
    if (checksum_of_all(entries) != head->text("checksum")) return false;
    m_entries = std::move(entries);
    for (const auto& [key, value] : *head->as_object())
        if (key != "schema" && key != "checksum") m_head.set(key, value);
    return true;
}

Status EntriesFile::parse_whole() {
    auto document = json::parse(*m_text);
    if (!document) return damaged(m_path, document.error().message);
    if (document->text("schema") != m_kind.schema)
        return damaged(m_path,
                       fmt::format("its \"schema\" is \"{}\", not \"{}\"", document->text("schema"), m_kind.schema));
    const json::Value* list = document->find(m_kind.list);
    if (!list && m_kind.may_lack_list) return {};
    if (!list || !list->is_array()) return damaged(m_path, fmt::format("it has no list \"{}\"", m_kind.list));
    for (const json::Value& item : *list->as_array()) {
        m_owned.push_back(std::make_unique<std::string>(json::dump(item)));
        m_entries.push_back(*m_owned.back());
    }
    for (const auto& [key, value] : *document->as_object())
        if (key != "schema" && key != "checksum" && key != m_kind.list) m_head.set(key, value);
    return {};
}

Status EntriesFile::check_unchanged() const {
    TRY(const std::optional<Identity> now, identity_if_there(m_path));
    if (same_file(now, m_read_as)) return {};
    return Error(Errc::conflict,
                 fmt::format("write the catalog file {}: it changed since it was read", m_path.filename().string()),
                 "run the command again", m_path.string());
}

Status EntriesFile::replace(const json::Value& head, const std::vector<std::string>& entries) {
    TRY_DO(check_unchanged());
    auto text = std::make_unique<std::string>(document(m_kind, head, entries));
    if (!m_text || *m_text != *text) {
        TRY_DO(make_folders(m_path.parent_path()));
        TRY_DO(write_file_atomic(m_path, *text).with_context("write the catalog"));
        TRY(m_read_as, identity_if_there(m_path));
    }
    m_text = std::move(text);
    m_owned.clear();
    m_entries.clear();
    m_head = json::Value::object();
    m_exact = split_lines();
    return m_exact ? Status{} : Status(damaged(m_path, "what was written does not read back"));
}

bool EntryScanner::plain_text(std::string_view& out) {
    if (!m_rest.starts_with('"')) return false;
    const std::size_t end = m_rest.find_first_of("\"\\", 1);
    if (end == std::string_view::npos || m_rest[end] == '\\') return false;
    out = m_rest.substr(1, end - 1);
    m_rest.remove_prefix(end + 1);
    return true;
}

bool EntryScanner::next(std::string_view& key, std::string_view& value) {
    if (!m_rest.starts_with('{') && !m_rest.starts_with(',')) return false;
    m_rest.remove_prefix(1);
    if (!plain_text(key) || !m_rest.starts_with(':')) return false;
    m_rest.remove_prefix(1);
    for (const std::string_view word : {std::string_view("true"), std::string_view("false")})
        if (m_rest.starts_with(word)) {
            value = word;
            m_rest.remove_prefix(word.size());
            return true;
        }
    return plain_text(value);
}

}  // namespace neurolake::catalog
