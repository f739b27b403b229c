// completion_words.hpp: what a word on the command line may become, asked by the completion scripts.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "session.hpp"

namespace neurolake::apps {

// `kinds`: of bucket, table, place, setting, bucket-setting, with spaces between. Only words that begin with `word`.
Result<std::vector<std::string>> completion_words(Session& session, std::string_view kinds, const std::string& word);

}  // namespace neurolake::apps
