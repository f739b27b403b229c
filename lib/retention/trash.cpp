// trash.cpp: records first, then one rename or link.
// SPDX-License-Identifier: Apache-2.0
#include "retention/trash.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/digest.hpp"
#include "base/file.hpp"

namespace neurolake::retention {

namespace fs = std::filesystem;

namespace {

constexpr char k_schema[] = "neurolake.trash/1";
constexpr char k_record[] = "record.json";
constexpr char k_data[] = "data";

std::string new_id(const std::string& at) {
    std::string digits;
    for (const char c : at) {
        if (c != '-' && c != ':') digits += c;
    }
    return digits + "-" + random_hex(3);
}

// Makes <trash>/<id>/ with its record, all durable.
Result<fs::path> begin(const lake::Layout& layout, TrashRecord& record, const Clock& clock) {
    record.at = to_rfc3339(clock.now());
    record.id = new_id(record.at);
    const fs::path folder = layout.trash / record.id;
    TRY_DO(make_folders(folder, 0700));
    auto value = json::Value::object().set("schema", k_schema).set("id", record.id).set("at", record.at);
    value.set("reason", record.reason).set("is_folder", record.is_folder);
    json::set_path(value, "path", record.path);
    value.set("details", record.details);
    TRY_DO(write_file_atomic(folder / k_record, json::dump(value, json::Style::pretty) + "\n", 0600, Overwrite::no));
    return folder;
}

Status copy_bytes(const fs::path& from, const fs::path& to) {
    TRY(const Fd source, open_file(from, O_RDONLY | O_NOFOLLOW));
    TRY(AtomicFile target, AtomicFile::create(to, 0600));
    std::array<std::byte, 1 << 16> block;
    for (std::uint64_t at = 0;;) {
        TRY(const std::size_t n, read_some(source.get(), block, at));
        if (n == 0) break;
        TRY_DO(target.write({reinterpret_cast<const char*>(block.data()), n}));
        at += n;
    }
    return target.commit(Overwrite::no);
}

}  // namespace

Result<TrashRecord> move_folder(const lake::Layout& layout, const fs::path& folder, TrashRecord record,
                                const Clock& clock) {
    record.is_folder = true;
    TRY(const fs::path entry, begin(layout, record, clock));
    TRY(const Fd from, open_folder(folder.parent_path()));
    TRY(const Fd to, open_folder(entry));
    auto moved = rename_noreplace(from.get(), folder.filename().c_str(), to.get(), k_data);
    if (!moved) {
        return Error(Errc::unsupported,
                     fmt::format("cannot move {} to the lake's trash: {}", folder.string(), moved.error().message),
                     "a folder on another file system must be removed by hand", folder.string());
    }
    TRY_DO(sync_folder(from.get()));
    TRY_DO(sync_folder(to.get()));
    return record;
}

Result<TrashRecord> keep_file(const lake::Layout& layout, const fs::path& file, TrashRecord record,
                              const Clock& clock) {
    TRY(const fs::path entry, begin(layout, record, clock));
    const fs::path kept = entry / k_data;
    if (::link(file.c_str(), kept.c_str()) != 0) {
        TRY_DO(copy_bytes(file, kept));  // no hard links here, or another file system
        return record;
    }
    TRY_DO(sync_folder(entry));
    return record;
}

Result<std::vector<TrashRecord>> list(const lake::Layout& layout) {
    std::vector<TrashRecord> found;
    std::error_code failed;
    for (fs::directory_iterator it(layout.trash, failed), end; !failed && it != end; it.increment(failed)) {
        const auto text = read_file(it->path() / k_record, 1 << 20);
        if (!text) continue;
        const auto value = json::parse(*text);
        if (!value || value->text("schema") != k_schema) continue;
        TrashRecord record;
        record.id = value->text("id");
        record.at = value->text("at");
        record.reason = value->text("reason");
        record.path = json::get_path(*value, "path");
        record.is_folder = value->boolean("is_folder");
        if (const auto* details = value->find("details")) record.details = *details;
        found.push_back(std::move(record));
    }
    if (failed) return os_error(failed.value(), "list " + layout.trash.string(), layout.trash.string());
    std::ranges::sort(found, {}, &TrashRecord::id);
    return found;
}

}  // namespace neurolake::retention
