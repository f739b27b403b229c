// home_hints.hpp: commands that we advise act on the lake of this run, also where it was named with --home.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "output.hpp"

namespace neurolake::apps {

// What Output::advise() takes: "neurolake COMMAND" in our own sentences becomes "neurolake --home DIR COMMAND", quoted
// for the shell. Empty (nothing is changed) where --home was not given or the same lake is found without it. Commands
// that need no lake, and those that name one already, stay as they are.
Advice home_hints(const std::optional<std::string>& home);

}  // namespace neurolake::apps
