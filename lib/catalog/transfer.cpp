// transfer.cpp: copy, compare, find.
// SPDX-License-Identifier: Apache-2.0
#include "catalog/transfer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/backend_choice.hpp"

namespace neurolake::catalog {
namespace {

Options with_backend(Options options, std::string_view backend) {
    options.backend = backend;
    return options;
}

Result<Contents> read_all(const Options& options) {
    TRY(const auto backend, open_backend_alone(options));
    TRY_DO(backend->check());
    return contents_of(*backend);
}

Copied counted(const Contents& all) {
    Copied copied;
    copied.tables = all.tables.size();
    for (const auto& [list, entries] : all.lists) copied.entries += entries.size();
    return copied;
}

}  // namespace

Result<Copied> count_catalog(const Options& from) {
    TRY(const Contents all, read_all(from));
    return counted(all);
}

Result<bool> are_equal(const Options& one, const Options& other) {
    TRY(const Contents here, read_all(one));
    TRY(const Contents there, read_all(other));
    return here == there;
}

Result<Copied> copy_catalog(const Options& from, const Options& to, std::string_view ending) {
    TRY(const Contents all, read_all(from));
    Copied copied = counted(all);
    TRY(const bool there, is_there(to));
    if (there) {
        const auto held = read_all(to);
        copied.was_equal = held && *held == all;
        if (copied.was_equal) return copied;
    }
    // Also where it is not there: a copy that was cut off leaves files of the json backend without tables.json.
    TRY(copied.kept, set_aside(to, ending));
    {
        TRY(const auto target, open_backend_alone(to));
        TRY_DO(target->fill(all));
    }
    if (to.backend == "json") TRY_DO(create_backend(to));  // the lists that hold nothing
    TRY(const Contents back, read_all(to));
    if (back == all) return copied;
    return Error(Errc::mismatch,
                 fmt::format("copy the catalog from {} to {}: what was written does not read back equal", from.backend,
                             to.backend),
                 fmt::format("the catalog is still in {}, unchanged", from.backend));
}

Result<std::optional<std::string>> find_source(const Options& in_force, std::string_view to, bool may_ask_server) {
    if (in_force.backend != to) {
        TRY(const bool holds, holds_something(in_force));
        if (holds) return std::optional(in_force.backend);
    }
    std::vector<std::string> full, empty;
    for (const std::string_view backend : k_backends) {
        if (backend == to || (backend == "postgresql" && in_force.backend != backend && !may_ask_server)) continue;
        const Options options = with_backend(in_force, backend);
        TRY(const bool there, is_there(options));
        if (!there) continue;
        const auto holds = holds_something(options);
        (!holds || *holds ? full : empty).emplace_back(backend);  // a damaged one holds something
    }
    if (full.size() > 1)
        return Error(Errc::conflict, fmt::format("{} and {} both hold a catalog of this lake", full[0], full[1]),
                     fmt::format("say which is to be brought over: neurolake catalog migrate --from {}", full[0]));
    if (!full.empty()) return std::optional(full[0]);
    if (std::ranges::find(empty, in_force.backend) != empty.end()) return std::optional(in_force.backend);
    return empty.empty() ? std::optional<std::string>() : std::optional(empty[0]);
}

}  // namespace neurolake::catalog
