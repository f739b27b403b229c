// openlineage.hpp: lineage as OpenLineage events, and events of any emitter as lineage (openlineage.io, spec 2-0-2).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "catalog/lineage.hpp"

namespace neurolake::exchange {

struct BucketRoot {
    std::string name;
    std::filesystem::path root;  // absolute
};

// Run events, oldest first, one JSON object each. Every kept run gives its START and its end. What a person said, and
// what only forgotten runs told, is one event COMPLETE for all outputs of a job that have the same inputs; its run has
// the facet "neurolake_declared", and a run id made from its content, so that two exports are the same.
// A table is namespace "file" and its absolute path, with its name as a symlink and the facets schema, ownership,
// documentation and columnLineage as far as known.
std::vector<json::Value> openlineage_events(const catalog::Lineage& lineage, const std::vector<BucketRoot>& buckets);

struct BadEvent {
    std::size_t line = 0;  // where it begins, 1-based
    std::string message;
};

struct ReadEvents {
    catalog::LineageAddition addition;
    std::size_t events = 0;          // understood
    std::size_t without_effect = 0;  // of these: events of datasets alone, and of jobs that neither read nor write
    std::vector<BadEvent> bad;
};

// JSON lines, an array, or objects one after the other. Events of one run are put together, also with what is known of
// it already; each pair of its inputs and outputs is an edge. Datasets in a bucket of this lake, by path or by the name
// that an export of ours gave them, become its tables. Reading a file twice changes nothing the second time. corrupt
// when nothing in it is an event.
Result<ReadEvents> read_openlineage(std::string_view text, const catalog::Lineage& known,
                                    const std::vector<BucketRoot>& buckets);

inline constexpr std::string_view k_openlineage_schema =
    "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";

}  // namespace neurolake::exchange
