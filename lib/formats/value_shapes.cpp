// value_shapes.cpp: the checks of addresses, numbers with check digits, and identifiers.
// SPDX-License-Identifier: Apache-2.0
#include "formats/value_shapes.hpp"

#include <algorithm>
#include <cstring>

#include "formats/cell.hpp"
#include "formats/local_spelling.hpp"

namespace neurolake::formats {

using model::bit;
using model::Shape;
using model::Shapes;

namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_small(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_foreign(char c) { return (c & 0x80) != 0; }
constexpr bool is_sign(char c) { return is_digit(c) || is_capital(c) || is_small(c); }
constexpr bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Most values are short, and have none: eight bytes at a time cost less than a call.
bool holds(std::string_view s, char wanted) {
    constexpr std::uint64_t k_ones = 0x0101010101010101u, k_highs = 0x8080808080808080u;
    if (s.size() < 8 || s.size() > 64) return s.find(wanted) != std::string_view::npos;
    std::uint64_t found = 0;
    for (std::size_t i = 0; i < s.size(); i += 8) {
        const std::uint64_t v = load8(s.data() + std::min(i, s.size() - 8));
        const std::uint64_t x = v ^ (k_ones * static_cast<unsigned char>(wanted));
        found |= (x - k_ones) & ~x & k_highs;
    }
    return found != 0;
}

bool all_digits(std::string_view s) { return !s.empty() && std::all_of(s.begin(), s.end(), is_digit); }

// Labels of letters, digits and inner dashes; the last one begins with two letters ("com", "xn--p1ai").
bool is_domain(std::string_view s) {
    if (s.size() < 4 || s.size() > 253 || s.find('.') == std::string_view::npos) return false;
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= s.size(); ++i) {
        if (i < s.size() && s[i] != '.') {
            if (!is_sign(s[i]) && !is_foreign(s[i]) && s[i] != '-') return false;
            continue;
        }
        const std::string_view label = s.substr(begin, i - begin);
        if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
        begin = i + 1;
    }
    const std::string_view top = s.substr(s.rfind('.') + 1);
    const auto letter = [](char c) { return is_capital(c) || is_small(c) || is_foreign(c); };
    return top.size() >= 2 && letter(top[0]) && letter(top[1]);
}

bool is_local_part(std::string_view s) {
    if (s.empty() || s.size() > 64 || s.front() == '.' || s.back() == '.') return false;
    constexpr std::string_view k_others = ".!#$%&'*+/=?^_`{|}~-";
    char before = 0;
    for (const char c : s) {
        if (c == '.' && before == '.') return false;
        if (!is_sign(c) && !is_foreign(c) && k_others.find(c) == std::string_view::npos) return false;
        before = c;
    }
    return true;
}

struct IbanLength {
    char country[3];
    std::uint8_t length;
};
constexpr std::array<IbanLength, 89> k_iban_lengths{{
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22}, {"BH", 22},
    {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DJ", 27},
    {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FK", 18}, {"FO", 18}, {"FR", 27},
    {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27}, {"GT", 28}, {"HN", 28}, {"HR", 21}, {"HU", 28},
    {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28},
    {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20}, {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22},
    {"MK", 19}, {"MN", 20}, {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23},
    {"PK", 24}, {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"RU", 33}, {"SA", 24},
    {"SC", 31}, {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"SO", 23}, {"ST", 25}, {"SV", 28},
    {"TL", 23}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20}, {"YE", 30},
}};

std::size_t iban_length(std::string_view country) {
    for (const IbanLength& known : k_iban_lengths)
        if (country == std::string_view(known.country, 2)) return known.length;
    return 0;
}

// Without the spaces or dashes that stand between groups; empty when they stand elsewhere or are mixed.
template <std::size_t N>
std::string_view joined(std::string_view s, std::array<char, N>& into) {
    std::size_t size = 0;
    char separator = 0;
    for (std::size_t i = 0; i < s.size(); ++i) {
        const char c = s[i];
        if (c == ' ' || c == '-') {
            if (i == 0 || i + 1 == s.size() || s[i - 1] == c || (separator != 0 && c != separator)) return {};
            separator = c;
            continue;
        }
        if (size == N) return {};
        into[size++] = c;
    }
    return {into.data(), size};
}

unsigned number_of(std::string_view digits) {
    unsigned value = 0;
    for (const char c : digits) value = value * 10 + static_cast<unsigned>(c - '0');
    return value;
}

struct Issuer {
    unsigned from, to;  // of the first four digits
    std::uint8_t shortest, longest;
};
constexpr std::array<Issuer, 14> k_issuers{{
    {4000, 4999, 16, 16},  // Visa
    {5100, 5599, 16, 16},  // Mastercard
    {2221, 2720, 16, 16},
    {3400, 3499, 15, 15},  // American Express
    {3700, 3799, 15, 15},
    {6011, 6011, 16, 16},  // Discover
    {6440, 6599, 16, 16},
    {3528, 3589, 16, 16},  // JCB
    {3000, 3059, 14, 14},  // Diners Club
    {3600, 3699, 14, 14},
    {3800, 3999, 14, 14},
    {6200, 6299, 16, 19},  // UnionPay
    {2200, 2204, 16, 16},  // Mir
    {6759, 6763, 16, 19},  // Maestro
}};

// 3-3-4 digits of the North American plan, from the area code on.
bool is_nanp(std::string_view s) {
    std::array<char, 10> digits{};
    std::size_t size = 0, separators = 0;
    for (std::size_t i = 0; i < s.size(); ++i) {
        const char c = s[i];
        if (is_digit(c)) {
            if (size == digits.size()) return false;
            digits[size++] = c;
        } else if (c == ' ' || c == '-' || c == '.' || c == ')') {
            if (size != 3 && size != 6) return false;
            ++separators;
        } else if (c != '(' || size != 0) {
            return false;
        }
    }
    return size == 10 && separators >= 2 && digits[0] >= '2' && digits[3] >= '2';
}

bool is_french_pairs(std::string_view s) {
    if (s.size() != 14 || s[0] != '0' || s[1] < '1' || s[1] > '9') return false;
    for (std::size_t i = 0; i < s.size(); ++i)
        if (i % 3 == 2 ? (s[i] != s[2] || (s[i] != ' ' && s[i] != '.' && s[i] != '-')) : !is_digit(s[i])) return false;
    return true;
}

bool is_e164(std::string_view s) {
    if (s.size() < 9 || s[0] != '+' || s[1] < '1' || s[1] > '9') return false;
    std::size_t digits = 0;
    for (const char c : s.substr(1)) {
        if (is_digit(c))
            ++digits;
        else if (c != ' ' && c != '-' && c != '.' && c != '(' && c != ')' && c != '/')
            return false;
    }
    return digits >= 8 && digits <= 15;
}

// "... x123", "... ext. 123"
std::string_view without_extension(std::string_view s) {
    const std::size_t x = s.find('x');
    if (x == std::string_view::npos || x < 8) return s;
    std::string_view number = s.substr(0, x), extension = s.substr(x + 1);
    if (number.ends_with('e')) number.remove_suffix(1);
    while (!extension.empty() && !is_digit(extension.front())) {
        if (std::string_view("t. ").find(extension.front()) == std::string_view::npos) return s;
        extension.remove_prefix(1);
    }
    while (number.ends_with(' ')) number.remove_suffix(1);
    return all_digits(extension) && extension.size() <= 6 ? number : s;
}

// Dates, decimals and short numbers, which most values are that begin with a digit: no shape of ours.
bool is_plain_number_or_date(std::string_view s) {
    std::size_t i = 0;
    while (i < s.size() && is_digit(s[i])) ++i;
    if (i == s.size()) return i < 9;
    if (i == 4 && s[4] == '-' && s.size() >= 10 && s[7] == '-')
        return s.size() <= 35 && s.find('@') == std::string_view::npos;
    if (s[i] != '.') return false;
    while (++i < s.size() && is_digit(s[i])) {
    }
    return i == s.size();
}

Shapes shapes_from_digit(std::string_view s) {
    Shapes out = 0;
    bool wide = false;
    if (s.size() <= 18 && is_ipv4(s, wide)) return bit(Shape::ipv4) | (wide ? bit(Shape::ipv4_wide) : 0);
    if (is_payment_card(s)) out |= bit(Shape::payment_card);
    if (is_ssn_us(s)) return out | bit(Shape::ssn_us);
    if (is_phone(s))
        out |= bit(Shape::phone);
    else if (is_phone_like(s))
        out |= bit(Shape::phone_like);
    return out;
}

}  // namespace

bool is_email(std::string_view s) {
    if (s.ends_with('>')) {
        const std::size_t open = s.rfind('<');
        if (open == std::string_view::npos) return false;
        s = s.substr(open + 1, s.size() - open - 2);
    }
    const std::size_t at = s.rfind('@');
    if (at == std::string_view::npos) return false;
    return is_local_part(s.substr(0, at)) && is_domain(s.substr(at + 1));
}

bool is_iban(std::string_view s) {
    if (s.size() < 15 || s.size() > 42 || !is_capital(s[0]) || !is_capital(s[1])) return false;
    std::array<char, 34> buffer;
    const std::string_view plain = joined(s, buffer);
    if (plain.size() < 15 || plain.size() != iban_length(plain.substr(0, 2))) return false;
    if (!is_digit(plain[2]) || !is_digit(plain[3])) return false;
    unsigned rest = 0;
    for (std::size_t i = 0; i < plain.size(); ++i) {
        const char c = plain[(i + 4) % plain.size()];
        if (is_digit(c))
            rest = (rest * 10 + static_cast<unsigned>(c - '0')) % 97;
        else if (is_capital(c))
            rest = (rest * 100 + static_cast<unsigned>(c - 'A' + 10)) % 97;
        else
            return false;
    }
    return rest == 1;
}

bool passes_luhn(std::string_view digits) {
    unsigned sum = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        unsigned value = static_cast<unsigned>(digits[digits.size() - 1 - i] - '0');
        if (i % 2 == 1) value = value > 4 ? value * 2 - 9 : value * 2;
        sum += value;
    }
    return sum % 10 == 0;
}

bool is_payment_card(std::string_view s) {
    if (s.size() < 14 || s.size() > 23 || !is_digit(s[0])) return false;
    std::array<char, 19> buffer;
    const std::string_view plain = joined(s, buffer);
    if (plain.size() < 14 || !all_digits(plain)) return false;
    // Groups are of four, or 4-6-5 and 4-6-4.
    if (plain.size() != s.size() && s.find_first_of(" -") != 4) return false;
    const unsigned first = number_of(plain.substr(0, 4));
    const bool issued = std::any_of(k_issuers.begin(), k_issuers.end(), [&](const Issuer& i) {
        return first >= i.from && first <= i.to && plain.size() >= i.shortest && plain.size() <= i.longest;
    });
    return issued && passes_luhn(plain);
}

bool is_ssn_us(std::string_view s) {
    if (s.size() != 11 || s[3] != '-' || s[6] != '-') return false;
    const std::string_view area = s.substr(0, 3), group = s.substr(4, 2), serial = s.substr(7);
    if (!all_digits(area) || !all_digits(group) || !all_digits(serial)) return false;
    return area != "000" && area != "666" && area[0] != '9' && group != "00" && serial != "0000";
}

bool is_phone(std::string_view s) {
    s = without_extension(s);
    if (s.size() < 9 || s.size() > 24) return false;
    if (s[0] == '+') return is_e164(s);
    if (s[0] == '1' && (s[1] == '-' || s[1] == '.' || s[1] == ' ')) s.remove_prefix(2);
    return is_nanp(s) || is_french_pairs(s);
}

bool is_phone_like(std::string_view s) {
    s = without_extension(s);
    if (s.size() < 7 || s.size() > 24) return false;
    std::size_t digits = 0;
    for (const char c : s) {
        if (is_digit(c))
            ++digits;
        else if (std::string_view(" -./()+").find(c) == std::string_view::npos)
            return false;
    }
    return digits >= (digits == s.size() ? 9 : 7) && digits <= 15;
}

bool is_ipv4(std::string_view s, bool& wide) {
    wide = false;
    if (const std::size_t slash = s.find('/'); slash != std::string_view::npos) {
        const std::string_view prefix = s.substr(slash + 1);
        if (prefix.size() > 2 || !all_digits(prefix) || number_of(prefix) > 32) return false;
        s = s.substr(0, slash);
    }
    for (int part = 0; part < 4; ++part) {
        const std::size_t end = part < 3 ? s.find('.') : s.size();
        if (end == std::string_view::npos) return false;
        const std::string_view digits = s.substr(0, end);
        if (digits.size() > 3 || !all_digits(digits) || (digits.size() > 1 && digits[0] == '0')) return false;
        const unsigned value = number_of(digits);
        if (value > 255) return false;
        wide |= value >= 100;
        s.remove_prefix(std::min(end + 1, s.size()));
    }
    return s.empty();
}

bool is_ipv6(std::string_view s) {
    if (s.size() < 3 || s.size() > 39) return false;
    std::size_t groups = 0, digits = 0;
    bool gap = false;
    for (std::size_t i = 0; i < s.size(); ++i) {
        if (is_hex(s[i])) {
            if (++digits > 4) return false;
            groups += digits == 1;
        } else if (s[i] == ':') {
            const bool twice = i + 1 < s.size() && s[i + 1] == ':';
            if (twice && gap) return false;
            if (!twice && (i == 0 || i + 1 == s.size())) return false;
            gap |= twice;
            i += twice;
            digits = 0;
        } else {
            return false;
        }
    }
    return gap ? groups < 8 && groups > 0 : groups == 8;
}

bool is_mac_address(std::string_view s) {
    if (s.size() != 17 || (s[2] != ':' && s[2] != '-')) return false;
    for (std::size_t i = 0; i < s.size(); ++i)
        if (i % 3 == 2 ? s[i] != s[2] : !is_hex(s[i])) return false;
    return true;
}

bool is_uuid(std::string_view s) {
    if (s.size() != 36) return false;
    for (std::size_t i = 0; i < s.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? s[i] != '-' : !is_hex(s[i])) return false;
    }
    return true;
}

bool is_url(std::string_view s) {
    std::string_view host;
    for (const std::string_view scheme : {"https://", "http://", "ftp://"})
        if (s.starts_with(scheme)) host = s.substr(scheme.size());
    if (s.starts_with("www.")) host = s;
    host = host.substr(0, host.find_first_of("/?#:"));
    if (host.size() < 3 || s.find_first_of(" \t\n") != std::string_view::npos) return false;
    return is_domain(host) || host == "localhost" || is_digit(host[0]);
}

Shapes shapes_of(std::string_view s) {
    if (s.empty() || !may_have_shape(s.data(), s.size())) return 0;
    const char first = s[0];
    if (is_digit(first) && is_plain_number_or_date(s)) return 0;
    if (s.size() < 5 && may_be_no_value(first) && null_word(s) >= 0) return bit(Shape::no_value);
    if (s.size() <= 3) {
        return (is_country_code(s) ? bit(Shape::country_code) : 0) |
               (is_currency_code(s) ? bit(Shape::currency_code) : 0);
    }
    if (holds(s, '@') && is_email(s)) return bit(Shape::email);
    if (s.size() == 36 && s[8] == '-' && is_uuid(s)) return bit(Shape::uuid);
    if (s.size() == 17 && is_mac_address(s)) return bit(Shape::mac_address);
    if ((is_hex(first) || first == ':') && s.size() <= 39 && std::memchr(s.data(), ':', 6) != nullptr && is_ipv6(s))
        return bit(Shape::ipv6);
    if (is_digit(first) || first == '+' || first == '(') return s.size() <= 31 ? shapes_from_digit(s) : 0;
    if (is_capital(first) && is_iban(s)) return bit(Shape::iban);
    if ((first == 'h' || first == 'f' || first == 'w') && is_url(s)) return bit(Shape::url);
    return 0;
}

bool looks_personal(std::string_view s) {
    constexpr Shapes k_personal = bit(Shape::email) | bit(Shape::iban) | bit(Shape::ssn_us) | bit(Shape::phone);
    return (shapes_of(s) & k_personal) != 0;
}

}  // namespace neurolake::formats
