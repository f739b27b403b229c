// swap.cpp: renames that never overwrite, in the order that a crash at any point leaves the bytes findable.
// SPDX-License-Identifier: Apache-2.0
#include "tier/swap.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.hpp"
#include "tier/free.hpp"
#include "tier/held_file.hpp"

namespace neurolake::tier {

namespace {

struct timespec timespec_of(std::int64_t ns) {
    constexpr std::int64_t k_second = 1'000'000'000;
    auto seconds = ns / k_second;
    auto rest = ns % k_second;
    if (rest < 0) {
        rest += k_second;
        --seconds;
    }
    return {static_cast<time_t>(seconds), static_cast<long>(rest)};
}

// Owner and time of the original, so that listings stay as they were. What is not allowed is not needed: the stub's
// content carries it all.
void dress(int fd, const lake::Stub& stub) {
    if (::fchown(fd, stub.uid, stub.gid) != 0) {
        // an ordinary user cannot give files away
    }
    const struct timespec times[2] = {timespec_of(stub.mtime_ns), timespec_of(stub.mtime_ns)};
    if (::futimens(fd, times) != 0) {
        // some shares refuse
    }
}

}  // namespace

Place place_of(const OpRecord& record, const OpFile& file, int folder, int trash) {
    Place place;
    place.folder = folder;
    place.name = name_of(file.path);
    place.trash = trash;
    place.op = entry_name(record, file);
    place.side = side_name(record, file);
    place.aside = aside_name(record, file);
    place.conflict = conflict_name(record, place.name);
    return place;
}

Result<Holds> holds(int folder, const std::string& name, std::string_view op) {
    auto there = identity_at(folder, name.c_str());
    if (!there && there.error().code == Errc::not_found) return Holds::nothing;
    if (!there) return std::move(there).error();
    if (!there->is_regular()) return Holds::something;
    auto stub = lake::read_stub_at(folder, name);
    if (!stub && stub.error().code == Errc::not_found) return Holds::nothing;
    if (!stub && stub.error().code == Errc::corrupt) return Holds::something;
    if (!stub) return std::move(stub).error();
    if (!stub->has_value()) return Holds::something;
    return (*stub)->op == op ? Holds::own_stub : Holds::other_stub;
}

Status write_stub(const Place& place, const lake::Stub& stub, lake::StubMode mode) {
    TRY(const auto bytes, lake::encode(stub));
    Fd fd(::openat(place.folder, place.side.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) return os_error(errno, "write the stub beside " + text::escape_controls(place.name), place.name);
    auto written = write_all(fd.get(), bytes);
    if (written) dress(fd.get(), stub);
    if (written && ::fchmod(fd.get(), mode == lake::StubMode::guarded ? 0000 : 0444) != 0)
        written = os_error(errno, "set the mode of the stub");
    if (written) written = sync_file(fd.get());
    if (written) return {};
    fd.reset();
    auto removed = remove_own_stub(place.folder, place.side, place.op, Torn::remove);
    return std::move(written).with_context("the stub beside " + text::escape_controls(place.name));
}

Status exchange(const Place& place) {
    return rename_exchange(place.folder, place.side.c_str(), place.folder, place.name.c_str());
}

Status exchange_in_two(const Place& place) {
    TRY_DO(rename_noreplace(place.folder, place.name.c_str(), place.folder, place.aside.c_str()));
    return rename_noreplace(place.folder, place.side.c_str(), place.folder, place.name.c_str());
}

Result<Entry> find_original(const Place& place) {
    for (const auto& entry : {Entry{place.trash, place.op}, Entry{place.folder, place.aside}}) {
        TRY(const auto what, holds(entry.folder, entry.name, place.op));
        if (what == Holds::something || what == Holds::other_stub) return entry;
    }
    TRY(const auto beside, holds(place.folder, place.side, place.op));
    if (beside != Holds::something && beside != Holds::other_stub) return Entry{};
    // Under the side name may lie a stub that a killed run only began to write; unless our stub is at the name, for
    // then the exchange was done, and what is beside is the original whatever it looks like.
    TRY(const auto at_name, holds(place.folder, place.name, place.op));
    if (at_name != Holds::own_stub && looks_torn(place.folder, place.side)) return Entry{};
    return Entry{place.folder, place.side};
}

Entry move_aside(const Place& place) {
    // After an exchange the side name holds the original; in two steps the aside name does, and the side name nothing.
    const auto& from =
        ::faccessat(place.folder, place.aside.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? place.aside : place.side;
    const auto moved = rename_noreplace(place.folder, from.c_str(), place.trash, place.op.c_str());
    return moved ? Entry{place.trash, place.op} : Entry{place.folder, from};
}

namespace {

// Original and stub change places again; what comes out must be our stub.
Result<bool> exchange_back(const Place& place, const Entry& original) {
    const auto swapped = rename_exchange(original.folder, original.name.c_str(), place.folder, place.name.c_str());
    if (!swapped && swapped.error().code == Errc::unsupported) {
        if (original.name != place.side) {
            TRY_DO(rename_noreplace(place.folder, place.name.c_str(), place.folder, place.side.c_str()));
            TRY_DO(rename_noreplace(original.folder, original.name.c_str(), place.folder, place.name.c_str()));
        }
        return true;
    }
    TRY_DO(swapped);
    TRY(const auto out, holds(original.folder, original.name, place.op));
    if (out == Holds::own_stub) {
        TRY_DO(sync_folder(place.folder));
        TRY_DO(remove_own_stub(original.folder, original.name, place.op));
        return true;
    }
    // Somebody took the name in this very moment: theirs goes back to it.
    TRY_DO(rename_exchange(original.folder, original.name.c_str(), place.folder, place.name.c_str()));
    return false;
}

Status make_durable(const Place& place) {
    TRY_DO(sync_folder(place.folder));
    return sync_folder(place.trash);
}

}  // namespace

Result<Back> put_back(const Place& place) {
    TRY(const auto original, find_original(place));
    TRY(const auto at_name, holds(place.folder, place.name, place.op));
    auto back = Back::home;
    if (!original.found()) {
        back = Back::nowhere;
    } else if (at_name == Holds::nothing) {
        TRY_DO(rename_noreplace(original.folder, original.name.c_str(), place.folder, place.name.c_str()));
    } else {
        bool home = false;
        if (at_name == Holds::own_stub) {
            TRY(home, exchange_back(place, original));
        }
        if (!home) {
            TRY_DO(rename_noreplace(original.folder, original.name.c_str(), place.folder, place.conflict.c_str()));
            back = Back::conflict;
        }
    }
    TRY_DO(make_durable(place));
    // A stub may still wait beside, whole or torn; by now no original can be under that name.
    TRY(const auto beside, find_original(place));
    TRY_DO(remove_own_stub(place.folder, place.side, place.op, beside.found() ? Torn::keep : Torn::remove));
    TRY_DO(make_durable(place));
    return back;
}

}  // namespace neurolake::tier
