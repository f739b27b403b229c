// view_files.hpp: the files of a table as an engine outside can open them: here, in an object store, or not at all.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "exchange/views.hpp"
#include "session.hpp"

namespace neurolake::apps {

// For exchange::write_views; what it opens stays open as long as the result.
Result<exchange::FilesOf> view_files(Session& session);

}  // namespace neurolake::apps
