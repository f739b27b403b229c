// inventory_upgrade.hpp: an inventory as older programs wrote it, put into today's layout.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace neurolake::lake {

// From version 1 (records without ctime, which is then "not known") to format::k_version; all else stays, checksums are
// made anew for folders whose old one fits and stay wrong for the others. The header was checked before. nullopt when
// a table lies outside of the bytes; never reads beyond them.
std::optional<std::string> upgrade_inventory(std::string_view bytes);

}  // namespace neurolake::lake
