// plan.hpp: the candidates of a burst, grouped into units and judged, before the marks pick among them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "tier/tier.hpp"

namespace neurolake::tier {

struct Candidate {
    Unit unit;
    Decision decision;  // of the unit: its coldness is that of its warmest file
};

// Every unit with local data, in path order. By hand (request.paths) only what lies at or below those paths.
Result<std::vector<Candidate>> candidates(const Context& context, const lake::ScanResult& scan, const Pins& pins,
                                          const PlanRequest& request, const Marks& marks);

// Moves what must and may move from the candidates into the plan, coldest first, down to the low mark.
void choose(Plan& plan, std::vector<Candidate> candidates, const PlanRequest& request,
            std::optional<std::uint64_t> limit);

// Bytes of local data in a bucket as the scan sees them.
std::uint64_t used_bytes(const lake::ScanResult& scan);

}  // namespace neurolake::tier
