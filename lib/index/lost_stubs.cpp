// lost_stubs.cpp: gone records of stubs against the list of objects.
// SPDX-License-Identifier: Apache-2.0
#include "index/lost_stubs.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <tuple>

#include "base/text.hpp"
#include "index/tree.hpp"

namespace neurolake::index {
namespace {

using Sameness = std::tuple<std::uint64_t, std::uint64_t, std::int64_t>;

struct Lost {
    std::uint64_t files = 0, bytes = 0;
    std::string first;  // "bucket/path"
};

// Where a person would look for it: its table, else the folder it lay in, else the file itself.
std::string place_of(const catalog::Catalog& catalog, const std::string& bucket, const std::string& path) {
    if (const model::Table* table = catalog.table_of(bucket, path))
        return table->path.empty() ? bucket : bucket + "/" + table->path;
    const std::string_view folder = parent_of(path);
    return fmt::format("{}/{}", bucket, folder.empty() ? std::string_view(path) : folder);
}

}  // namespace

std::vector<model::Finding> lost_stubs(const lake::Scan& scan, const lake::CloudList& list,
                                       const catalog::Catalog& catalog) {
    std::set<Sameness> added;
    for (const lake::FileRecord& r : scan.added) added.emplace(r.ino, r.size, r.mtime_ns);
    std::map<std::string, Lost> places;
    for (std::size_t i = 0; i < scan.gone.size(); ++i) {
        const lake::FileRecord& r = scan.gone[i];
        if (r.state != lake::FileState::stub || added.contains({r.ino, r.size, r.mtime_ns})) continue;
        const std::string& bucket = scan.buckets[scan.gone_bucket[i]];
        const lake::CloudEntry* entry = list.find(bucket, r.path);
        if (!entry || entry->recalled) continue;
        Lost& lost = places[place_of(catalog, bucket, r.path)];
        if (lost.files++ == 0) lost.first = bucket + "/" + r.path;
        lost.bytes += entry->stub.size;
    }
    std::vector<model::Finding> findings;
    for (const auto& [place, lost] : places) {
        const std::string& what = lost.files == 1 ? lost.first : place;
        const std::string who = lost.files == 1 ? "its stub was" : text::with_thousands(lost.files) + " stubs were";
        findings.push_back(
            {model::Finding::Severity::warning, "stub_removed", what, 0,
             fmt::format("{} removed, but the data ({}) is still in the cloud; bring it back: neurolake recall {}", who,
                         text::size_text(lost.bytes), what)});
    }
    return findings;
}

}  // namespace neurolake::index
