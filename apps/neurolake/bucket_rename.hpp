// bucket_rename.hpp: giving a bucket another name everywhere it is known, in steps that may run twice.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "session.hpp"

namespace neurolake::apps {

struct RenameIntent {
    std::string from, to;
};

// Where a rename lies that a dead run left unfinished.
Result<std::optional<RenameIntent>> unfinished_rename(const lake::Layout& layout);

// Writes the intent, then: folder (or the marker of a bucket elsewhere), settings, catalog, profiles, inventory, list
// of cloud objects, pins, audit line; the intent goes last. Each step finds out whether it is already done, so that
// calling this again with the same names after a crash finishes the work. Objects in the cloud keep their keys: stubs
// name them. Caller holds the lake lock and has checked the names.
Status rename_everywhere(Session& session, const RenameIntent& intent);

// A rename that a dead run left is finished before anything is done with a lake: its bucket's folder and settings may
// have different names. Left alone where another run holds the lock, on a dry run, and where it cannot be finished,
// which is told as a warning. Called once, when the settings were loaded; they may be loaded anew after it.
void finish_cut_off_rename(Session& session);

}  // namespace neurolake::apps
