// help_text.hpp: help pages, man page and shell completions, all written from the one tree of commands.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "commands.hpp"

namespace neurolake::apps {

std::string overview(const CLI::App& root);                                      // `neurolake` alone: the main verbs
std::string help_page(const CLI::App& app, const Registry& registry);            // --help of one command
std::string help_all(const CLI::App& root, const Registry& registry);            // every page
std::string man_page(const CLI::App& root, const Registry& registry);            // roff, section 1
Result<std::string> completion(const CLI::App& root, const std::string& shell);  // bash, zsh, fish

}  // namespace neurolake::apps
