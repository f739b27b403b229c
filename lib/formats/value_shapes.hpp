// value_shapes.hpp: what one value looks like: an e-mail address, a card number that passes its check, ...
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/meaning.hpp"

namespace neurolake::formats {

// RFC 5322's dot-atoms and letters beyond ASCII, in a domain with a dot; also "Ann <ann@example.com>".
bool is_email(std::string_view s);
// ISO 13616: the country's length and the check digits (ISO 7064, MOD 97-10); in groups of four, too.
bool is_iban(std::string_view s);
// ISO/IEC 7812: a known issuer's first digits and number of digits, Luhn's check; digits alone or in groups.
bool is_payment_card(std::string_view s);
bool passes_luhn(std::string_view digits);
bool is_ssn_us(std::string_view s);  // AAA-GG-SSSS of an area that is given out
// E.164 with '+', numbers of North America as (555) 123-4567 and 555-123-4567, French pairs 01 23 45 67 89.
bool is_phone(std::string_view s);
// 7 to 15 digits with spaces, dots, slashes, dashes and brackets between; of digits alone at least 9.
bool is_phone_like(std::string_view s);
bool is_ipv4(std::string_view s, bool& wide);  // also with /prefix; wide: a part is 100 or more
bool is_ipv6(std::string_view s);
bool is_mac_address(std::string_view s);  // with colons or dashes
bool is_uuid(std::string_view s);
bool is_url(std::string_view s);            // http, https, ftp, or www.
bool is_country_code(std::string_view s);   // two or three capitals
bool is_currency_code(std::string_view s);  // three capitals

inline bool may_be_no_value(char first) {
    return first == 'n' || first == 'N' || first == '-' || first == '\\' || first == '#' || first == '<' ||
           first == '.';
}
inline constexpr std::size_t k_longest_shape = 320;  // nothing longer is looked at, but for a URL's beginning

// By the first byte and the length: false when no shape is possible, which most values are told by.
inline bool may_have_shape(const char* p, std::size_t n) {
    const auto first = static_cast<unsigned char>(*p);
    if (n < 6) return ((n == 2 || n == 3) && first >= 'A' && first <= 'Z') || (n < 5 && may_be_no_value(*p));
    return n <= k_longest_shape || first == 'h';
}

model::Shapes shapes_of(std::string_view s);
// An e-mail address, phone, IBAN or social security number: what no other value looks like by chance.
bool looks_personal(std::string_view s);

}  // namespace neurolake::formats
