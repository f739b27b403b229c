// text_encoding.hpp: which encoding text is in, and streams that give it as UTF-8 with one kind of line end.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.hpp"

namespace neurolake::formats {

enum class TextEncoding : std::uint8_t { utf8, utf16_le, utf16_be, windows_1252 };
std::string_view to_string(TextEncoding encoding);

bool has_utf16_mark(std::string_view beginning);

// UTF-16 by its byte order mark, unless nothing but ASCII follows it, or without one by the zeros of its ASCII
// characters: at least half of the text. Only UTF-16 is told; all else is utf8 (of which Windows-1252 is told later, by
// what is not valid).
TextEncoding encoding_of(std::string_view beginning);

// Zeros and other characters no text has: more than a few are a sign of a binary file.
bool looks_binary(std::string_view text);

// Has it a CR, but for the last byte, that no LF follows: one that ends a line?
bool has_lone_cr(std::string_view text);

// `from` must outlive the result. Never fails by itself: a half surrogate becomes U+FFFD, an odd last byte, which
// is half of a character, nothing. A byte order mark stays, in UTF-8. Memory: 64 KiB.
std::unique_ptr<ByteSource> to_utf8(ByteSource& from, TextEncoding encoding);

// CR, LF and CRLF all become LF.
std::unique_ptr<ByteSource> unify_newlines(ByteSource& from);

}  // namespace neurolake::formats
