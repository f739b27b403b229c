// text.hpp: words for people and bytes from disks: UTF-8, sizes, counts, escapes, globs, suggestions.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace neurolake::text {

bool is_utf8(std::string_view bytes);
std::string to_valid_utf8(std::string_view bytes);  // invalid sequences become U+FFFD
std::size_t display_width(std::string_view utf8);   // columns on a terminal (wide East Asian = 2)
// For a terminal: control characters, C1, bidi controls and invalid bytes as \n, \x1b, \u202e, \xff.
std::string escape_controls(std::string_view bytes);
std::string ascii_only(std::string_view utf8);  // every other character as '?'

std::string lower(std::string_view ascii);
std::string_view trim(std::string_view s);
std::vector<std::string_view> split(std::string_view s, char separator);
bool starts_with_folder(std::string_view path, std::string_view folder);  // "a/b" in "a" and "a", not "ab"

std::string with_thousands(std::uint64_t n);  // 1,234
std::string size_text(std::uint64_t bytes);   // "12.5 GiB", in units of 1024 (B, KiB, MiB, GiB, TiB)
// "80GB" = 80 * 10^9, "80GiB" = 80 * 2^30, "80" = bytes, fractions allowed, case ignored. usage on nonsense or
// overflow.
Result<std::uint64_t> parse_size(std::string_view s);
// "30s", "5m", "26h", "7d", "2w"; a bare number is seconds. Seconds. usage on nonsense.
Result<std::int64_t> parse_duration(std::string_view s);
std::string duration_text(std::int64_t seconds);  // "3 d 4 h", "12 s"

// Broken at spaces into lines of at most `width` columns; the first one already holds `used` columns, the others begin
// with `indent` spaces. A command ("neurolake ...", "mv ...") stays in one piece, so that it can be copied. No line
// breaks in it.
std::string wrapped(std::string_view utf8, std::size_t width, std::size_t used, std::size_t indent);

// Shell glob on whole paths: * and ? do not cross '/', ** does, [a-z] classes; a pattern without '/' matches any last
// component.
bool glob_match(std::string_view pattern, std::string_view path);

// The closest of `known` by edit distance, if close enough to be meant.
std::optional<std::string> closest(std::string_view word, std::span<const std::string> known);

// RFC 3986: unreserved characters stay, all else %XX upper case. `keep_slash` for object keys.
std::string percent_encode(std::string_view bytes, bool keep_slash);
Result<std::string> percent_decode(std::string_view text);

}  // namespace neurolake::text
