// store_place.hpp: what is to say of where a directory store lies, before data goes there.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "config/settings.hpp"

namespace neurolake::apps {

// A sentence when bursting to this place would free nothing: the directory lies on the lake's own disk. nullopt for
// other stores, and where the directory is not there.
std::optional<std::string> on_lake_disk(const store::Options& store, const std::filesystem::path& home);

// A sentence when the directory of a directory store is not there.
std::optional<std::string> missing_directory(const store::Options& store);

}  // namespace neurolake::apps
