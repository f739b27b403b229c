// writer.hpp: what a command that changes the lake does before its own work.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "session.hpp"

namespace neurolake::apps {

// Takes the lake lock, then finishes or undoes what a dead burst or recall left, as the journal says; what the store
// could not be asked about is left, with a warning. Nothing on a dry run. Burst and recall recover themselves.
Status begin_writing(Session& session);

// The same for a command whose change is audited: refused before it is made where audit.log cannot be written.
Status begin_change(Session& session);

// Where a command may write a file that a person asked for: anywhere but among the lake's own files and its data.
Status check_output_place(Session& session, const std::string& file);

// The same for a caller that holds the lock.
Status recover_files(Session& session);

}  // namespace neurolake::apps
