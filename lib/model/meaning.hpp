// meaning.hpp: what the values of a column mean, and whether they are about people: the verdict, and why.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/table.hpp"

namespace neurolake::model {

// What one value can look like; several at once are possible. The numbers are stored (file profiles): only append.
enum class Shape : std::uint8_t {
    email,
    phone,       // +49 30 901820, (555) 123-4567
    phone_like,  // 7 to 15 digits and what stands between them: a phone only where the column's name says so
    iban,
    payment_card,
    ssn_us,
    ipv4,
    ipv4_wide,  // with a part of 100 or more: no version number
    ipv6,
    mac_address,
    uuid,
    url,
    country_code,
    currency_code,
    no_value,  // a word such as n/a: not counted among the values looked at
};
inline constexpr std::size_t k_shapes = 15;
using Shapes = std::uint32_t;  // a bit each
constexpr Shapes bit(Shape shape) { return Shapes{1} << static_cast<unsigned>(shape); }

// The share of the values looked at that must pass. A few odd ones ("n/a") do not hide what a column holds.
inline constexpr double k_enough = 0.8;

// Sets semantic, pii and semantic_evidence of a column from what was counted in its values, its name, type and bounds:
//   values  at least k_enough of the values looked at pass; numbers that pass by chance (cards, phones) must be
//           several different ones unless the column's name says the same
//   name    names of people, dates of birth, addresses; and what text that was not read is called: a hint, pii stays
//           false
// What the file's own metadata or a person said stays. Counts stay too, so that files can be merged and judged again;
// then the order in which they were merged does not matter.
void judge_meaning(Column& column);
// The last verdict, of a table: counts are dropped, and so are bounds of columns about people (see hide_values).
void settle_meaning(Column& column);
// Bounds are values: none is kept of a column that is, or by its name may be, about people.
void hide_values(Column& column);
// Adds b's counts to a's.
SemanticEvidence merge(const SemanticEvidence& a, const SemanticEvidence& b);

// A person's word outlives every verdict, until it is taken back.
void say_pii(Column& column);
void say_not_pii(Column& column);
void forget_word(Column& column);
bool has_word(const Column& column);
// `now` was judged anew; the word that was said about `before` still counts.
void keep_word(Column& now, const Column& before);

// By its name a column may be about people, though no value says so: never `pii` by itself.
bool is_hint(const Column& column);
std::string_view meaning_words(std::string_view semantic);  // "email" -> "e-mail address"; an unknown word as it is
// "looks like e-mail (100 % of 1,000 values, for instance a***@e***.com)"; "" when nothing is known.
std::string meaning_text(const Column& column);
std::string share_text(const Column& column);  // "100 %", "" when no values were looked at

}  // namespace neurolake::model
