// mask.hpp: a value shown so that it can be recognised, but not read.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace neurolake::model {

// By what the values of the column mean (Column::semantic, also in a file's own words such as "pii_email"):
//   e-mail             a***@e***.com      first letters and the last label of the domain
//   card, IBAN         ***4321            the last four
//   phone              ***21              the last two
//   anything else      J***               the first character
// Too short to stay hidden that way (a card of fewer than 8 letters and digits, a phone of fewer than 6, one character
// of anything else): "***". An empty value stays empty. Valid UTF-8 comes out, whatever came in.
std::string mask_value(std::string_view semantic, std::string_view value);

}  // namespace neurolake::model
