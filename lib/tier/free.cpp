// free.cpp: removing, each kind with its own condition.
// SPDX-License-Identifier: Apache-2.0
#include "tier/free.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <span>

#include "base/text.hpp"
#include "lake/stub.hpp"

namespace neurolake::tier {

Status free_local(VerifiedCopy&& copy, HeldFile& original, int folder, const std::string& name,
                  std::chrono::steady_clock::time_point moved_at, std::chrono::milliseconds rest) {
    const VerifiedCopy spent = std::move(copy);  // one proof frees one file
    if (std::chrono::steady_clock::now() - moved_at < rest)
        return Error(Errc::conflict, fmt::format("{} was moved aside too short a time ago to be freed", name));
    if (spent.claim().size != original.identity().size)
        return Error(Errc::mismatch, fmt::format("the proof is not of {}", name));
    TRY_DO(original.still_itself(folder, name));
    if (::unlinkat(folder, name.c_str(), 0) != 0) return os_error(errno, "free " + name, name);
    return {};
}

bool looks_torn(int folder, const std::string& name) {
    const auto fd = open_beneath(folder, name, O_RDONLY);
    if (!fd) return false;
    char head[sizeof lake::k_stub_magic];
    const auto got = read_some(fd->get(), std::as_writable_bytes(std::span(head)), 0);
    if (!got || std::memcmp(head, lake::k_stub_magic, *got) != 0) return false;
    const auto stub = lake::read_stub(fd->get());
    return !stub || !stub->has_value();
}

Status remove_own_stub(int folder, const std::string& name, std::string_view op, Torn torn) {
    auto stub = lake::read_stub_at(folder, name);
    if (!stub && stub.error().code == Errc::not_found) return {};
    const bool own = stub && stub->has_value() && (*stub)->op == op;
    if (!own && !(torn == Torn::remove && looks_torn(folder, name)))
        return Error(Errc::conflict, fmt::format("{} is no stub of this operation: kept", text::escape_controls(name)),
                     {}, name);
    if (::unlinkat(folder, name.c_str(), 0) != 0 && errno != ENOENT) return os_error(errno, "remove the stub " + name);
    return {};
}

Status forget_entry(int folder, const std::string& name) {
    if (::unlinkat(folder, name.c_str(), 0) != 0) {
        if (errno == ENOENT) return {};
        return os_error(errno, "remove " + name, name);
    }
    return sync_folder(folder);
}

}  // namespace neurolake::tier
