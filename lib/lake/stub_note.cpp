// stub_note.cpp: _IN-CLOUD.txt, the note for people beside the stubs of a folder.
// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "lake/stub.hpp"

namespace neurolake::lake {

namespace {

struct Line {
    std::string name;
    std::uint64_t size;
};

Result<std::vector<Line>> stubs_in(int folder_fd) {
    std::vector<Line> lines;
    DIR* dir = ::fdopendir(::openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!dir) return os_error(errno, "list a folder");
    while (const dirent* entry = ::readdir(dir)) {
        if (entry->d_name[0] == '.') continue;
        const auto id = identity_at(folder_fd, entry->d_name);
        if (!id || !id->is_regular() || id->size < k_stub_size || id->size % k_stub_size) continue;
        const auto stub = read_stub_at(folder_fd, entry->d_name);
        if (stub && *stub) lines.push_back({entry->d_name, (*stub)->size});
    }
    ::closedir(dir);
    std::ranges::sort(lines, {}, &Line::name);
    return lines;
}

std::string note_text(std::string_view bucket, std::string_view folder, const std::vector<Line>& lines) {
    const std::string place = folder.empty() ? std::string(bucket) : fmt::format("{}/{}", bucket, folder);
    std::string out = fmt::format(
        "{} file{} of this folder {} in the cloud; the small files of the same names are stubs.\n"
        "To bring all of them back:  neurolake recall {}\n\n",
        lines.size(), lines.size() == 1 ? "" : "s", lines.size() == 1 ? "is" : "are", text::escape_controls(place));
    for (const Line& line : lines)
        out += fmt::format("{:>12}  {}\n", text::size_text(line.size), text::escape_controls(line.name));
    return out;
}

// Only a note of ours is replaced or removed: a user's file of that name stays.
bool is_ours(int folder_fd) {
    auto file = open_beneath(folder_fd, k_note_name, O_RDONLY);
    if (!file) return file.error().code == Errc::not_found;
    const auto text = read_file(file->get(), 64u << 20);
    return text && text->find("in the cloud; the small files of the same names are stubs.") != std::string::npos;
}

}  // namespace

Status refresh_note(int bucket_fd, std::string_view bucket, std::string_view folder) {
    TRY(const Fd dir, open_beneath(bucket_fd, folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY));
    if (!is_ours(dir.get())) return {};
    TRY(const auto lines, stubs_in(dir.get()));
    if (lines.empty()) {
        if (::unlinkat(dir.get(), k_note_name, 0) != 0 && errno != ENOENT)
            return os_error(errno, std::string("remove ") + k_note_name);
        return {};
    }
    const std::string temp = fmt::format(".{}.nl-tmp-{}", k_note_name, random_hex(6));
    Fd file(::openat(dir.get(), temp.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!file) return os_error(errno, std::string("write ") + k_note_name);
    Status written = write_all(file.get(), note_text(bucket, folder, lines));
    if (written && ::renameat(dir.get(), temp.c_str(), dir.get(), k_note_name) != 0)
        written = os_error(errno, std::string("write ") + k_note_name);
    if (!written) ::unlinkat(dir.get(), temp.c_str(), 0);
    return written;
}

}  // namespace neurolake::lake
