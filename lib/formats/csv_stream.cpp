// csv_stream.cpp: feeding rows from windows, and from parts of a file at once.
// SPDX-License-Identifier: Apache-2.0
#include "formats/csv_stream.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "formats/findings.hpp"
#include "formats/ordered_parts.hpp"

namespace neurolake::formats {
namespace {

template <typename Note>
void for_each_line(std::string_view text, char newline, const Note& note) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(newline), text.size() - 1) + 1;
        note(text.substr(0, end));
        text.remove_prefix(end);
    }
}

// Many bytes at once: every byte of every file passes here.
bool has_high_byte(std::string_view text) {
    constexpr std::size_t k_words = 64, k_step = k_words * sizeof(std::uint64_t);
    constexpr std::uint64_t k_high = 0x8080808080808080u;
    for (; text.size() >= k_step; text.remove_prefix(k_step)) {
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < k_words; ++i) bits |= load8(text.data() + i * sizeof(std::uint64_t));
        if ((bits & k_high) != 0) return true;
    }
    return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

// Most windows are valid as a whole; only in one that is not are the lines looked at one by one.
void note_encoding(std::string_view taken, std::uint64_t line, CsvRows& rows) {
    if (!has_high_byte(taken)) return;
    if (simdjson::validate_utf8(taken.data(), taken.size())) return rows.note_valid_utf8();
    for_each_line(taken, rows.dialect().set.newline, [&](std::string_view text) {
        if (!simdjson::validate_utf8(text.data(), text.size()))
            rows.oddities().note(Oddity::invalid_utf8, line);
        else if (has_high_byte(text))
            rows.note_valid_utf8();
        ++line;
    });
}

void note_zeros(std::string_view taken, std::uint64_t line, CsvRows& rows) {
    for_each_line(taken, rows.dialect().set.newline, [&](std::string_view text) {
        if (text.find('\0') != std::string_view::npos) rows.oddities().note(Oddity::zero_byte, line);
        ++line;
    });
}

}  // namespace

Status CsvStream::fill() {
    TRY_DO(m_window.fill());
    const std::string_view fresh = m_window.data().substr(m_checked);
    if (const void* zero = fresh.empty() ? nullptr : std::memchr(fresh.data(), 0, fresh.size())) {
        m_has_zeros = true;
        if (looks_binary(fresh))
            m_binary_zero =
                m_position + m_checked + static_cast<std::uint64_t>(static_cast<const char*>(zero) - fresh.data());
    }
    m_checked += fresh.size();
    return {};
}

void CsvStream::drop(std::size_t bytes) {
    m_window.drop(bytes);
    m_checked -= std::min(bytes, m_checked);
    m_position += bytes;
}

Result<bool> CsvStream::step(CsvRows& rows, std::uint64_t limit) {
    const Status filled = fill();  // what stands before a damaged place is taken first
    if (!filled && (!is_damage(filled.error()) || data().empty())) return filled.error();
    if (m_binary_zero || m_position >= limit || data().empty() || rows.is_full()) return false;
    const std::uint64_t line = rows.lines();
    const auto left = static_cast<std::size_t>(std::min<std::uint64_t>(limit - m_position, data().size()));
    const std::size_t taken = rows.take(data(), left, at_end());
    if (taken == 0) {
        if (!filled) return filled.error();
        if (!at_end() && m_window.grow(k_max_row_bytes)) return true;
        TRY_DO(take_oversized(rows));
        return true;
    }
    note_encoding(data().substr(0, taken), line, rows);
    if (m_has_zeros) note_zeros(data().substr(0, taken), line, rows);
    drop(taken);
    return true;
}

Status CsvStream::take_oversized(CsvRows& rows) {
    std::size_t bytes = 0;
    if (rows.take_unterminated(data(), at_end(), bytes)) {
        drop(bytes);
        return {};
    }
    while (!data().empty()) {
        const std::size_t end = data().find(rows.dialect().set.newline);
        drop(end == std::string_view::npos ? data().size() : end + 1);
        if (end != std::string_view::npos) break;
        TRY_DO(fill());
        if (m_binary_zero) break;
    }
    rows.count_huge_row();
    return {};
}

namespace {

constexpr std::size_t k_guess_bytes = 64u << 10;
constexpr std::size_t k_guess_rows = 20;

// How many of the next rows look as they should.
std::size_t plausibility(std::string_view text, const CsvDialect& dialect) {
    std::size_t good = 0;
    for (std::size_t i = 0; i < k_guess_rows && !text.empty(); ++i) {
        const HandRow row = split_row(text, dialect.set, false, Quotes::known);
        if (row.bytes == 0) break;
        good += row.cells.size() == dialect.columns && !row.stray_quote;
        text.remove_prefix(row.bytes);
    }
    return good;
}

// Where the first row at or behind `boundary` probably begins; `fallback` when no line ends nearby.
Result<std::uint64_t> guess_row_start(int fd, std::uint64_t boundary, std::uint64_t fallback,
                                      const CsvDialect& dialect) {
    std::string window(k_guess_bytes + 1, '"');
    FileSource source(fd, boundary - 1);
    TRY(const std::size_t got, read_full(source, std::span(window).subspan(1)));
    window.resize(got + 1);
    const std::string_view outside = std::string_view(window).substr(1), inside = window;
    const std::size_t a = split_row(outside, dialect.set, false, Quotes::known).bytes;
    if (outside.find(dialect.set.quote) == std::string_view::npos) return a == 0 ? fallback : boundary - 1 + a;
    const std::size_t b = split_row(inside, dialect.set, false, Quotes::known).bytes;
    const std::size_t score_a = a == 0 ? 0 : plausibility(outside.substr(a), dialect) + 1;
    const std::size_t score_b = b == 0 ? 0 : plausibility(inside.substr(b), dialect);
    if (score_a == 0 && score_b == 0) return fallback;
    return score_a >= score_b ? boundary - 1 + a : boundary - 1 + b - 1;
}

struct CsvPart {
    CsvRows rows;
    std::uint64_t begin = 0, end = 0;
    std::optional<std::uint64_t> binary_zero;
};

Result<CsvPart> scan_part(const Input& input, const CsvDialect& dialect, std::uint64_t begin, std::uint64_t limit) {
    CsvPart part{CsvRows(dialect, false), begin, begin, {}};
    FileSource source(input.fd, begin);
    CsvStream stream(source, begin, k_window_bytes);
    while (begin < limit) {
        if (input.cancel.cancelled()) return Error(Errc::cancelled, "reading was cancelled");
        TRY(const bool more, stream.step(part.rows, limit));
        if (!more) break;
    }
    part.end = stream.position();
    part.binary_zero = stream.binary_zero();
    return part;
}

}  // namespace

Result<std::optional<std::uint64_t>> scan_csv_parts(const Input& input, std::uint64_t begin, unsigned threads,
                                                    CsvRows& rows) {
    const std::uint64_t segment = input.options.segment_bytes;
    const std::size_t count = static_cast<std::size_t>((input.size - begin + segment - 1) / segment);
    const auto limit_of = [&](std::size_t i) {  // the last part takes what was appended meanwhile
        return i + 1 == count ? std::numeric_limits<std::uint64_t>::max() : begin + (i + 1) * segment;
    };
    std::uint64_t expected = begin;
    std::optional<std::uint64_t> binary_zero;
    const CsvDialect& dialect = rows.dialect();

    const auto scan = [&](std::size_t i) -> Result<CsvPart> {
        const std::uint64_t boundary = begin + i * segment;
        std::uint64_t start = boundary;
        if (i > 0) {
            TRY(start, guess_row_start(input.fd, boundary, limit_of(i), dialect));
        }
        return scan_part(input, dialect, start, limit_of(i));
    };
    const auto accept = [&](std::size_t i, CsvPart part) -> Status {
        if (binary_zero) return {};
        if (part.begin != expected) {
            TRY(part, scan_part(input, dialect, expected, limit_of(i)));
        }
        expected = part.end;
        binary_zero = part.binary_zero;
        rows.merge(part.rows);
        return {};
    };
    TRY_DO(scan_parts<CsvPart>(count, threads, scan, accept));
    return binary_zero;
}

}  // namespace neurolake::formats
