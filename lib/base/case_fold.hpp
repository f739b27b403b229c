// case_fold.hpp: small letters for large ones, for comparing texts without regard to case.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace neurolake::text {

// UTF-8 with the letters of the Latin, Greek and Cyrillic alphabets that UTF-8 writes in one or two bytes made small,
// as in the simple folds of Unicode's CaseFolding.txt; all else, and what is no UTF-8, stays. As long as the original,
// byte for byte, so that positions are the same in both. Accents count: "e" is not "é".
std::string fold_case(std::string_view utf8);

}  // namespace neurolake::text
