// marks_report.hpp: the capacity and the marks of burst, in words and as JSON.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "session.hpp"
#include "tier/policy.hpp"

namespace neurolake::apps {

// The effective marks with this many bytes of local data in the buckets and the disk as it is now.
Result<tier::Marks> marks_for(Session& session, std::uint64_t used);
// The same with what the inventory knows.
Result<tier::Marks> cached_marks(Session& session);

json::Value marks_json(const tier::Marks& marks);
std::vector<std::string> marks_lines(const tier::Marks& marks);

}  // namespace neurolake::apps
