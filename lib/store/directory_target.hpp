// directory_target.hpp: the folder a directory store writes to, and how an unmounted disk is told from a new one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/file.hpp"
#include "base/result.hpp"

namespace neurolake::store {

// The target carries a marker file {lake, target id}; the lake's machine state carries a note of the same target id.
//   marker and note agree: the target. Marker of another lake: conflict. Note without marker, or another id: the disk
//   is not mounted (unavailable). Neither: a target never begun, which only begin() turns into one.
class DirectoryTarget {
public:
    DirectoryTarget(std::filesystem::path folder, std::string lake_id, std::filesystem::path state_folder);

    const std::filesystem::path& folder() const { return m_folder; }
    // The open folder of a begun target; nullopt when the target was never begun. unavailable, conflict as above.
    Result<std::optional<Fd>> find() const;
    // As find(), and begins the target where it never was: creates the last folder of the path if its parent exists,
    // writes marker and note (durable). unavailable when the parent is missing too.
    Result<Fd> begin() const;

    static constexpr const char* k_marker = ".neurolake-store.json";

private:
    struct Marker {
        std::string lake, target;
    };
    Result<std::optional<Marker>> read_marker() const;
    Result<std::optional<std::string>> read_note() const;
    Status write_note(const std::string& target) const;
    Status create_folder() const;
    std::filesystem::path note_path() const;
    Error not_mounted(std::string_view why) const;

    std::filesystem::path m_folder, m_state_folder;
    std::string m_lake_id;
};

}  // namespace neurolake::store
