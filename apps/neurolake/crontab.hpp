// crontab.hpp: a person's crontab, read and replaced through the crontab program, and our block of lines in it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace neurolake::apps {

// The whole text; empty when the person has none. unsupported: there is no crontab program here; denied: it refuses.
Result<std::string> read_crontab();
// Replaces the whole text; crontab does so atomically, and refuses a text that it cannot parse.
Status write_crontab(std::string_view text);

// Whose lines they are: a lake by its folder; the id tells a lake that was moved from another one.
struct CronBlock {
    std::string lake_id, home;
    std::vector<std::string> lines;
};

// The text with this lake's block replaced, added at the end, or, without lines, taken out. All other lines stay byte
// for byte. A block of the same id whose home is_gone() is that of this lake before it was moved, and goes as well.
std::string with_block(std::string_view crontab, const CronBlock& block,
                       const std::function<bool(const std::string& home)>& is_gone);

}  // namespace neurolake::apps
