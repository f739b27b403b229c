// recover.hpp: what the journal says and what lies on the disk, put together.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tier/held_file.hpp"
#include "tier/journal.hpp"
#include "tier/swap.hpp"
#include "tier/tier.hpp"

namespace neurolake::tier {

// Where one file of a burst stands, by looking.
enum class Sight {
    in_place,  // something at the name, nothing aside
    swapped,   // our stub at the name, the original aside
    taken,     // somebody's file at the name, the original aside
    missing,   // nothing at the name, the original aside
    freed,     // our stub at the name, nothing aside
    gone,      // neither our stub nor the original anywhere
};
Result<Sight> look_at(const Place& place);

// Whether nothing of the record was swapped yet: only its uploads are in flight. False when in doubt.
bool all_in_place(const Context& context, const OpRecord& record, int trash, Folders& folders);

const lake::Bucket* bucket_named(const Context& context, std::string_view name);

}  // namespace neurolake::tier
