// index_report.hpp: what an index run found, for people; two runs of one command told as one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "index/index.hpp"
#include "session.hpp"

namespace neurolake::apps {

// `next` ran right after `first`, for the files that `first` had to leave.
index::Report merged(index::Report first, index::Report next);

void print_index_report(Session& session, const index::Report& report, const index::Options& options);

}  // namespace neurolake::apps
