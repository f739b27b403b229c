// table_rule.hpp: why files are one table or each its own, and what a person does to have it otherwise.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "session.hpp"

namespace neurolake::apps {

// "One table because ...", "A table of its own because ...": what was decided and why.
std::string decision_text(const model::Table& table);
// What to write where (_neurolake.yaml) to have it otherwise, as a sentence with the file's whole path; "" where there
// is nothing to decide.
std::string other_way_text(Session& session, const model::Table& table);

}  // namespace neurolake::apps
