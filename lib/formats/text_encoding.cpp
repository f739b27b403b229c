// text_encoding.cpp: transcoding a block at a time.
// SPDX-License-Identifier: Apache-2.0
#include "formats/text_encoding.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "formats/byte_count.hpp"

namespace neurolake::formats {
namespace {

constexpr std::size_t k_block = 32u << 10;
constexpr char32_t k_replacement = 0xFFFD;

// 0x80 to 0x9F; the five that Windows leaves open are the control characters of Latin-1.
constexpr std::array<char16_t, 32> k_windows_1252{0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                                  0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
                                                  0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                                  0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

void append(std::vector<char>& out, char32_t c) {
    const auto byte = [&](char32_t v) { out.push_back(static_cast<char>(v)); };
    if (c < 0x80) return byte(c);
    if (c < 0x800) {
        byte(0xC0 | (c >> 6));
    } else {
        if (c < 0x10000) {
            byte(0xE0 | (c >> 12));
        } else {
            byte(0xF0 | (c >> 18));
            byte(0x80 | ((c >> 12) & 0x3F));
        }
        byte(0x80 | ((c >> 6) & 0x3F));
    }
    byte(0x80 | (c & 0x3F));
}

// Reads a block, turns it into text, gives that out piece by piece.
class Transcoder : public ByteSource {
public:
    explicit Transcoder(ByteSource& from) : m_from(from), m_block(k_block) {}

    Result<std::size_t> read(std::span<char> into) override {
        while (m_given == m_text.size() && !m_at_end) {
            TRY(const std::size_t got, m_from.read(m_block));
            m_at_end = got == 0;
            m_text.clear();
            m_given = 0;
            if (m_at_end)
                finish(m_text);
            else
                turn({m_block.data(), got}, m_text);
        }
        const std::size_t n = std::min(into.size(), m_text.size() - m_given);
        std::memcpy(into.data(), m_text.data() + m_given, n);
        m_given += n;
        return n;
    }

protected:
    virtual void turn(std::string_view block, std::vector<char>& out) = 0;
    virtual void finish(std::vector<char>&) {}

private:
    ByteSource& m_from;
    std::vector<char> m_block, m_text;
    std::size_t m_given = 0;
    bool m_at_end = false;
};

class Utf16 final : public Transcoder {
public:
    Utf16(ByteSource& from, bool big_endian) : Transcoder(from), m_big_endian(big_endian) {}

private:
    void turn(std::string_view block, std::vector<char>& out) override {
        for (const char c : block) {
            if (!std::exchange(m_half, !m_half)) {
                m_first = static_cast<unsigned char>(c);
                continue;
            }
            const auto second = static_cast<unsigned char>(c);
            take(static_cast<char16_t>(m_big_endian ? m_first << 8 | second : second << 8 | m_first), out);
        }
    }
    void take(char16_t unit, std::vector<char>& out) {
        const bool low = unit >= 0xDC00 && unit < 0xE000;
        if (m_high != 0) {
            const char16_t high = std::exchange(m_high, u'\0');
            if (low) return append(out, 0x10000 + ((char32_t{high} - 0xD800) << 10) + (char32_t{unit} - 0xDC00));
            append(out, k_replacement);
        }
        if (unit >= 0xD800 && unit < 0xDC00)
            m_high = unit;
        else
            append(out, low ? k_replacement : char32_t{unit});
    }
    void finish(std::vector<char>& out) override {
        if (m_high != 0) append(out, k_replacement);
        m_high = 0;
        m_half = false;
    }

    bool m_big_endian, m_half = false;
    unsigned char m_first = 0;
    char16_t m_high = 0;
};

class Windows1252 final : public Transcoder {
public:
    using Transcoder::Transcoder;

private:
    void turn(std::string_view block, std::vector<char>& out) override {
        for (const char c : block) {
            const auto byte = static_cast<unsigned char>(c);
            append(out, byte >= 0x80 && byte < 0xA0 ? k_windows_1252[byte - 0x80] : byte);
        }
    }
};

class Newlines final : public Transcoder {
public:
    using Transcoder::Transcoder;

private:
    void turn(std::string_view block, std::vector<char>& out) override {
        for (const char c : block) {
            const bool after_cr = std::exchange(m_after_cr, c == '\r');
            if (c == '\n' && after_cr) continue;
            out.push_back(c == '\r' ? '\n' : c);
        }
    }
    bool m_after_cr = false;
};

}  // namespace

std::string_view to_string(TextEncoding encoding) {
    switch (encoding) {
        case TextEncoding::utf16_le:
            return "utf-16le";
        case TextEncoding::utf16_be:
            return "utf-16be";
        case TextEncoding::windows_1252:
            return "windows-1252";
        case TextEncoding::utf8:
            break;
    }
    return "utf-8";
}

bool has_utf16_mark(std::string_view beginning) {
    return beginning.starts_with("\xFF\xFE") || beginning.starts_with("\xFE\xFF");
}

namespace {

// Of UTF-16 every line end and delimiter has a zero.
bool is_plain_ascii(std::string_view text) {
    return std::ranges::all_of(text,
                               [](char c) { return (c >= ' ' && c <= '~') || c == '\n' || c == '\r' || c == '\t'; });
}

}  // namespace

namespace {

// Of the units whose byte at `zero` (0 or 1) is zero, all are printable, and most of ASCII: letters of Latin-1 stand
// between them.
bool pairs_are_latin(std::string_view s, std::size_t zero) {
    std::size_t pairs = 0, ascii = 0;
    for (std::size_t i = 0; i + 1 < s.size(); i += 2) {
        if (s[i + zero] != '\0') continue;
        const char c = s[i + 1 - zero];
        ++pairs;
        if (is_plain_ascii({&c, 1}))
            ++ascii;
        else if (static_cast<unsigned char>(c) < 0xA0)
            return false;
    }
    return ascii * 4 >= pairs * 3;
}

}  // namespace

TextEncoding encoding_of(std::string_view beginning) {
    if (has_utf16_mark(beginning)) {
        if (beginning.size() > 2 && is_plain_ascii(beginning.substr(2))) return TextEncoding::utf8;
        return beginning[0] == '\xFF' ? TextEncoding::utf16_le : TextEncoding::utf16_be;
    }
    const std::string_view s = beginning.substr(0, std::min<std::size_t>(beginning.size() & ~std::size_t{1}, 1024));
    if (s.find('\0') == std::string_view::npos) return TextEncoding::utf8;
    std::array<std::size_t, 2> zeros{}, words{};  // by even and odd place
    for (std::size_t i = 0; i < s.size(); ++i) {
        zeros[i % 2] += s[i] == '\0';
        words[i % 2] += (s[i] >= ' ' && s[i] <= '~') || s[i] == '\n' || s[i] == '\r' || s[i] == '\t';
    }
    const std::size_t units = s.size() / 2;
    if (units < 2) return TextEncoding::utf8;
    if (zeros[0] * 8 <= zeros[1] && zeros[1] * 2 >= units && (words[0] >= zeros[1] || pairs_are_latin(s, 1)))
        return TextEncoding::utf16_le;
    if (zeros[1] * 8 <= zeros[0] && zeros[0] * 2 >= units && (words[1] >= zeros[0] || pairs_are_latin(s, 0)))
        return TextEncoding::utf16_be;
    return TextEncoding::utf8;
}

bool looks_binary(std::string_view text) {
    if (text.find('\0') == std::string_view::npos) return false;
    const std::uint64_t zeros = count_byte(text, '\0');
    if (zeros > std::max<std::size_t>(8, text.size() / 100)) return true;
    const auto control = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte > 0 && byte < 8) || (byte > 13 && byte < 27) || byte == 127;
    };
    return std::any_of(text.begin(), text.end(), control);
}

std::unique_ptr<ByteSource> to_utf8(ByteSource& from, TextEncoding encoding) {
    if (encoding == TextEncoding::windows_1252) return std::make_unique<Windows1252>(from);
    return std::make_unique<Utf16>(from, encoding == TextEncoding::utf16_be);
}

std::unique_ptr<ByteSource> unify_newlines(ByteSource& from) { return std::make_unique<Newlines>(from); }

bool has_lone_cr(std::string_view s) {
    if (s.ends_with('\r')) s.remove_suffix(1);
    for (std::size_t at = s.find('\r'); at != std::string_view::npos; at = s.find('\r', at + 1))
        if (at + 1 < s.size() && s[at + 1] != '\n') return true;
    return false;
}

}  // namespace neurolake::formats
