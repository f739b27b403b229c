// directory_target.cpp: marker and note of a directory store's target.
// SPDX-License-Identifier: Apache-2.0
#include "store/directory_target.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace neurolake::store {
namespace {

constexpr std::uint64_t k_record_limit = 64 << 10;

std::string quoted(const std::filesystem::path& path) { return "'" + text::escape_controls(path.native()) + "'"; }

Result<std::optional<json::Value>> read_record(const std::filesystem::path& file) {
    auto bytes = read_file(file, k_record_limit);
    if (!bytes) {
        if (bytes.error().code == Errc::not_found) return std::optional<json::Value>();
        return std::move(bytes).error();
    }
    TRY(json::Value value, json::parse(*bytes).with_context(file.string()));
    return std::optional<json::Value>(std::move(value));
}

}  // namespace

DirectoryTarget::DirectoryTarget(std::filesystem::path folder, std::string lake_id, std::filesystem::path state_folder)
    : m_folder(std::move(folder)), m_state_folder(std::move(state_folder)), m_lake_id(std::move(lake_id)) {}

Error DirectoryTarget::not_mounted(std::string_view why) const {
    return Error(Errc::unavailable, "object store directory " + quoted(m_folder) + " " + std::string(why),
                 "is the disk or network share mounted? Mount it and run again; nothing was changed",
                 m_folder.native());
}

std::filesystem::path DirectoryTarget::note_path() const {
    auto digest = sha256(m_folder.lexically_normal().native());
    return m_state_folder / "stores" / ((digest ? to_hex(*digest).substr(0, 16) : std::string("target")) + ".json");
}

Result<std::optional<DirectoryTarget::Marker>> DirectoryTarget::read_marker() const {
    TRY(const auto record, read_record(m_folder / k_marker));
    if (!record) return std::optional<Marker>();
    Marker marker{record->text("lake"), record->text("target")};
    if (marker.target.empty()) return Error(Errc::corrupt, "marker " + quoted(m_folder / k_marker) + " is damaged");
    return std::optional<Marker>(std::move(marker));
}

Result<std::optional<std::string>> DirectoryTarget::read_note() const {
    if (m_state_folder.empty()) return std::optional<std::string>();
    TRY(const auto record, read_record(note_path()));
    if (!record) return std::optional<std::string>();
    return std::optional<std::string>(record->text("target"));
}

Status DirectoryTarget::write_note(const std::string& target) const {
    if (m_state_folder.empty()) return {};
    TRY_DO(make_folders(m_state_folder / "stores", 0700));
    json::Value note = json::Value::object();
    note.set("format", "neurolake.store.note/1");
    json::set_path(note, "directory", m_folder.native());
    note.set("target", target);
    return write_file_atomic(note_path(), json::dump(note) + "\n", 0600);
}

Result<std::optional<Fd>> DirectoryTarget::find() const {
    TRY(const auto note, read_note());
    TRY(const auto marker, read_marker());
    if (!marker) {
        if (note) return not_mounted("was in use before, but its marker " + std::string(k_marker) + " is gone");
        return std::optional<Fd>();
    }
    if (!m_lake_id.empty() && !marker->lake.empty() && marker->lake != m_lake_id) {
        return Error(Errc::conflict,
                     "object store directory " + quoted(m_folder) + " belongs to another lake (" +
                         text::escape_controls(marker->lake) + ")",
                     "give each lake a directory of its own (hybrid_storage.directory)", m_folder.native());
    }
    if (note && *note != marker->target) {
        return not_mounted("carries the marker of another target: a different disk seems to be mounted there");
    }
    TRY(Fd folder, open_folder(m_folder));
    return std::optional<Fd>(std::move(folder));
}

Status DirectoryTarget::create_folder() const {
    if (::mkdir(m_folder.c_str(), 0777) == 0) return sync_folder(m_folder.parent_path());
    if (errno == EEXIST) return {};
    if (errno == ENOENT) return not_mounted("does not exist, nor does the folder above it");
    return os_error(errno, "create " + quoted(m_folder), m_folder.native());
}

Result<Fd> DirectoryTarget::begin() const {
    TRY(auto found, find());
    if (!found) {
        TRY_DO(create_folder());
        json::Value marker = json::Value::object();
        marker.set("format", "neurolake.store/1").set("lake", m_lake_id).set("target", random_hex(16));
        marker.set("about", "Files below this folder are the cloud copies of a neurolake lake. Do not rename them.");
        const Status written = write_file_atomic(m_folder / k_marker, json::dump(marker) + "\n", 0666, Overwrite::no);
        if (!written && written.error().code != Errc::already_exists) return written.error();
        TRY(found, find());
        if (!found) return not_mounted("lost its marker while it was being written");
    }
    TRY(const auto note, read_note());
    if (!note) {
        TRY(const auto marker, read_marker());
        if (!marker) return not_mounted("lost its marker");
        TRY_DO(write_note(marker->target));
    }
    return std::move(*found);
}

}  // namespace neurolake::store
