// profile_store.hpp: what every file turned out to be, kept so that regrouping a table reads no file again.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "base/result.hpp"
#include "index/profile_codec.hpp"

namespace neurolake::index {

// An append-only file (.neurolake/profiles), one frame a folder and change; the last frame of a folder counts. Each
// frame carries its own checksum: a torn or damaged one ends the usable part and is dropped by the next commit. All of
// it can be made anew by reading the data files, so it is never a reason to fail. Format: docs/formats/profiles.md.
class ProfileStore {
public:
    // Reads the frame headers only. Damage is told by damaged(), not by an Error. Files of older codecs are read; the
    // next commit writes them anew.
    static Result<ProfileStore> open(const std::filesystem::path& file);
    bool damaged() const { return m_damaged; }

    // Empty when nothing is known. What put() staged is seen.
    FolderProfiles load(std::string_view bucket, std::string_view folder) const;
    // Staged until commit(); an empty one forgets the folder.
    void put(std::string_view bucket, std::string_view folder, const FolderProfiles& profiles);
    // Everything known of one bucket belongs to another name; staged too, and harmless when done twice.
    void rename_bucket(std::string_view from, std::string_view to);
    // Appends and fsyncs what was staged; rewrites the file without its dead frames when they outweigh the live ones.
    // Survives a crash as old or new, frame by frame.
    Status commit();

private:
    struct Place {
        std::uint64_t offset = 0, size = 0;  // of the whole frame
    };
    using Key = std::pair<std::string, std::string>;  // bucket, folder

    Status append();
    Status rewrite();
    std::string frame_of(const Key& key) const;

    std::filesystem::path m_file;
    Fd m_fd;
    std::map<Key, Place> m_places;
    std::map<Key, std::string> m_staged;  // whole frames
    std::uint64_t m_end = 0, m_live = 0;  // usable bytes of the file; those of frames that count
    int m_codec = k_codec;                // of the file's frames; what is staged is of today's
    bool m_damaged = false;
};

}  // namespace neurolake::index
