// file_atomic.cpp: files that appear whole or not at all.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/digest.hpp"
#include "base/file.hpp"

namespace neurolake {

Result<AtomicFile> AtomicFile::create(const std::filesystem::path& target, mode_t mode) {
    AtomicFile file;
    const auto parent = target.parent_path();
    TRY(file.m_folder, open_folder(parent.empty() ? "." : parent));
    file.m_name = target.filename().string();
    // A long name must still leave room for the rest of the temporary's: 255 bytes in all.
    const std::string temp = "." + file.m_name.substr(0, 200) + ".nl-tmp-" + random_hex(6);
    file.m_file =
        Fd(::openat(file.m_folder.get(), temp.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!file.m_file) return os_error(errno, "write beside " + target.string(), target.string());
    file.m_temp = temp;
    return file;
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : m_folder(std::move(other.m_folder)),
      m_file(std::move(other.m_file)),
      m_temp(std::exchange(other.m_temp, {})),
      m_name(std::move(other.m_name)) {}

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
    std::swap(m_folder, other.m_folder);
    std::swap(m_file, other.m_file);
    std::swap(m_temp, other.m_temp);
    std::swap(m_name, other.m_name);
    return *this;
}

AtomicFile::~AtomicFile() {
    if (!m_temp.empty()) ::unlinkat(m_folder.get(), m_temp.c_str(), 0);
}

Status AtomicFile::commit(Overwrite overwrite) {
    TRY_DO(sync_file(m_file.get()).with_context(m_name));
    if (overwrite == Overwrite::no) {
        TRY_DO(rename_noreplace(m_folder.get(), m_temp.c_str(), m_folder.get(), m_name.c_str()));
    } else if (::renameat(m_folder.get(), m_temp.c_str(), m_folder.get(), m_name.c_str()) != 0) {
        return os_error(errno, "put " + m_name + " in place", m_name);
    }
    m_temp.clear();
    return sync_folder(m_folder.get());
}

Status write_file_atomic(const std::filesystem::path& target, std::string_view bytes, mode_t mode,
                         Overwrite overwrite) {
    TRY(auto file, AtomicFile::create(target, mode));
    TRY_DO(file.write(bytes).with_context(target.string()));
    return file.commit(overwrite);
}

}  // namespace neurolake
