// instance.hpp: which copy of a lake this is: one that was copied, or brought back from a backup, keeps its lake id.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lake/lake.hpp"

namespace neurolake::lake {

// The id (32 hex) of this very lake folder, kept in .neurolake/instance.json beside what only this folder has: the
// inode and birth time of .neurolake and the machine's id. Where these do not fit, the lake was copied, restored or
// moved to another disk: a new id is made and, if `keep`, written down, so that neither copy deletes what the other
// relies on in a shared object store. "" when it is not known and not to be written.
enum class Keep { no, yes };
std::string instance_id(const Layout& layout, Keep keep);

}  // namespace neurolake::lake
