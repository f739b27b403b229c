// cloud_list.cpp: reading and appending catalog/cloud.jsonl.
// SPDX-License-Identifier: Apache-2.0
#include "lake/cloud_list.hpp"

#include <fcntl.h>
#include <fmt/format.h>

namespace neurolake::lake {

namespace {

constexpr char k_removed[] = "removed";

std::string key_of(std::string_view bucket, std::string_view path) { return fmt::format("{}/{}", bucket, path); }

json::Value line_of(std::string_view state, const Stub& stub, const std::string& at) {
    json::Value line = json::Value::object();
    json::set_path(line, "path", key_of(stub.bucket, stub.path));
    // The facts a person or a script needs to fetch the object by hand stand first; "stub" carries everything.
    line.set("state", state).set("at", at).set("store", stub.store.provider).set("cloud_bucket", stub.store.bucket);
    json::set_path(line, "key", stub.store.key);
    line.set("size", stub.size).set("sha256", stub.sha256).set("version", stub.store.version_id);
    return line.set("stub", to_json(stub));
}

}  // namespace

Result<CloudList> CloudList::open(const std::filesystem::path& file) {
    CloudList list;
    list.m_file = file;
    auto text = read_file(file, 4ull << 30);
    if (!text && text.error().code == Errc::not_found) return list;
    if (!text) return std::move(text).error();
    std::uint64_t number = 0;
    for (std::string_view rest = *text; !rest.empty();) {
        const std::size_t newline = rest.find('\n');
        const std::string_view line = rest.substr(0, newline);
        rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
        ++number;
        if (line.empty()) continue;
        const auto value = json::parse(line);
        const auto stub = value && value->find("stub")
                              ? stub_from_json(*value->find("stub"))
                              : Result<Stub>(Error(Errc::corrupt, "no JSON object with a stub"));
        if (!stub) {
            // A run that died while appending leaves a torn line; what it described is still in the journal.
            list.m_torn = true;
            continue;
        }
        const std::string key = key_of(stub->bucket, stub->path);
        CloudEntry entry{*stub, value->text("state") == "recalled", value->text("at")};
        const auto [at, is_new] = list.m_by_path.try_emplace(key, list.m_entries.size());
        if (is_new)
            list.m_entries.push_back(std::move(entry));
        else
            list.m_entries[at->second] = std::move(entry);
        if (value->text("state") == k_removed) list.m_entries[at->second].stub.op = k_removed;
    }
    std::erase_if(list.m_entries, [](const CloudEntry& e) { return e.stub.op == k_removed; });
    list.reindex();
    return list;
}

const CloudEntry* CloudList::find(std::string_view bucket, std::string_view path) const {
    const auto at = m_by_path.find(key_of(bucket, path));
    return at == m_by_path.end() ? nullptr : &m_entries[at->second];
}

void CloudList::reindex() {
    m_by_path.clear();
    for (std::size_t i = 0; i < m_entries.size(); ++i)
        m_by_path[key_of(m_entries[i].stub.bucket, m_entries[i].stub.path)] = i;
}

namespace {

Status append_text(const std::filesystem::path& file, std::string text) {
    TRY(const Fd fd, open_file(file, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0644));
    TRY(const Identity id, identity_of(fd.get()));
    if (id.size > 0) {
        std::byte last{};
        TRY_DO(read_exact(fd.get(), {&last, 1}, id.size - 1));
        if (last != std::byte{'\n'}) text.insert(0, "\n");
    }
    TRY_DO(write_all(fd.get(), text).with_context(file.string()));
    TRY_DO(sync_file(fd.get()).with_context(file.string()));
    return id.size == 0 ? sync_folder(file.parent_path()) : Status();
}

}  // namespace

Status CloudList::append(std::vector<CloudEntry> entries) {
    std::string text;
    for (const CloudEntry& e : entries)
        text += json::dump(line_of(e.recalled ? "recalled" : "stub", e.stub, e.at)) + "\n";
    TRY_DO(append_text(m_file, std::move(text)));
    for (CloudEntry& e : entries) {
        const auto [at, is_new] = m_by_path.try_emplace(key_of(e.stub.bucket, e.stub.path), m_entries.size());
        if (is_new)
            m_entries.push_back(std::move(e));
        else
            m_entries[at->second] = std::move(e);
    }
    return {};
}

Status CloudList::remove(std::string_view bucket, std::string_view path, const std::string& at) {
    const CloudEntry* entry = find(bucket, path);
    if (!entry) return {};
    TRY_DO(append_text(m_file, json::dump(line_of(k_removed, entry->stub, at)) + "\n"));
    std::erase_if(m_entries, [&](const CloudEntry& e) { return e.stub.bucket == bucket && e.stub.path == path; });
    reindex();
    return {};
}

Status CloudList::compact() {
    std::string text;
    for (const CloudEntry& e : m_entries)
        text += json::dump(line_of(e.recalled ? "recalled" : "stub", e.stub, e.at)) + "\n";
    return write_file_atomic(m_file, text, 0644, Overwrite::yes);
}

void CloudList::rename_bucket(std::string_view from, std::string_view to) {
    for (CloudEntry& e : m_entries)
        if (e.stub.bucket == from) e.stub.bucket = to;
    reindex();
}

}  // namespace neurolake::lake
