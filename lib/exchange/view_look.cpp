// view_look.cpp: row by row through one file, with the rules of our own reader; or its beginning only.
// SPDX-License-Identifier: Apache-2.0
#include "exchange/view_look.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/compress.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "exchange/view_formats.hpp"
#include "formats/csv_dialect.hpp"
#include "formats/input.hpp"
#include "formats/text_encoding.hpp"

namespace neurolake::exchange {
namespace {

constexpr std::string_view k_mend = "mend the file, then: neurolake catalog index";
constexpr std::string_view k_beside = "put it beside as Parquet, then: neurolake catalog index";  // the file is right

// Does a cell begin with a quote, as it is or behind blanks? DuckDB takes what follows for that cell up to the next
// quote, also in lines that it skips; other quotes are letters to it.
bool opens_quote(std::string_view line, char delimiter, char quote) {
    bool begins = true;
    for (const char c : line) {
        if (c == quote && begins) return true;
        begins = c == delimiter || (begins && c == ' ');
    }
    return false;
}

class OddLines {
public:
    OddLines(ByteSource& source, const formats::CsvDescription& dialect)
        : m_window(source, formats::k_window_bytes), m_comment(dialect.comment), m_bom(dialect.bom) {
        m_set.delimiter = dialect.delimiter;
        m_set.quote = dialect.quote;
        m_set.escape = dialect.escape;
        m_set.newline = dialect.cr_line_ends ? '\r' : '\n';
    }

    Status check(std::uint64_t lines_before) {
        TRY_DO(m_window.fill());
        if (m_bom) m_window.drop(std::min<std::size_t>(3, m_window.data().size()));
        while (true) {
            TRY_DO(row(m_line <= lines_before));
            if (m_raw.empty()) return {};
            if (m_line > lines_before) TRY_DO(check_row());
            m_line += std::max<std::uint64_t>(m_row.lines, 1);
            m_window.drop(m_raw.size());
        }
    }

private:
    bool is_comment() const { return m_comment != '\0' && !m_window.data().empty() && m_window.data()[0] == m_comment; }

    // The next row, whole; nothing at the end.
    Status row(bool plain_line) {
        while (true) {
            const bool literal = plain_line || is_comment();
            m_row = formats::split_row(m_window.data(), m_set, m_window.at_end(),
                                       literal ? formats::Quotes::literal : formats::Quotes::known);
            m_raw = m_window.data().substr(0, m_row.bytes);
            if (m_row.bytes > 0 || (m_window.data().empty() && m_window.at_end())) return {};
            if (m_window.at_end() || (m_window.is_full() && !m_window.grow(formats::k_max_row_bytes)))
                return refusal("a quote is never closed, or a line is too long");
            TRY_DO(m_window.fill());
        }
    }

    Status check_row() const {
        if (is_comment())
            return opens_quote(m_raw) ? refusal("a comment has a quote before a word", k_beside) : Status();
        const bool quoted = std::ranges::any_of(m_row.cells, &formats::HandRow::Piece::quoted);
        if (m_row.stray_quote && (quoted || opens_quote(m_raw)))
            return refusal("a quote stands inside a cell, and DuckDB would take it in another way");
        if (m_comment != '\0' && quoted && m_row.cells[0].quoted && m_row.cells[0].text.starts_with(m_comment))
            return refusal("a quoted value begins like a comment");
        return {};
    }

    bool opens_quote(std::string_view line) const { return exchange::opens_quote(line, m_set.delimiter, m_set.quote); }

    Status refusal(std::string_view why, std::string_view hint = k_mend) const {
        return not_exact(fmt::format("line {}: {}", m_line, why), std::string(hint));
    }

    formats::Window m_window;
    formats::SeparatorSet m_set;
    char m_comment;
    bool m_bom;
    std::uint64_t m_line = 1;
    formats::HandRow m_row;
    std::string_view m_raw;
};

// Refuses a file in which `is_beyond` holds for a byte: (its offset, the byte).
template <typename Test>
Status check_bytes(ByteSource& source, Test is_beyond, std::string_view encoding) {
    std::vector<char> buffer(formats::k_window_bytes);
    std::uint64_t offset = 0;
    while (true) {
        TRY(const std::size_t got, source.read(buffer));
        if (got == 0) return {};
        for (std::size_t i = 0; i < got; ++i, ++offset)
            if (is_beyond(offset, static_cast<unsigned char>(buffer[i])))
                return not_exact(fmt::format("DuckDB does not read all letters of {}", encoding), "save it as UTF-8");
    }
}

// DuckDB's Latin-1 lacks the letters that Windows-1252 has in the place of controls, its UTF-16 all beyond U+FFFF.
Status check_letters(ByteSource& source, const std::string& encoding) {
    if (encoding == "windows-1252")
        return check_bytes(
            source, [](std::uint64_t, unsigned char c) { return c >= 0x80 && c < 0xA0; }, encoding);
    if (encoding != "utf-16le") return {};
    return check_bytes(
        source, [](std::uint64_t at, unsigned char c) { return at % 2 == 1 && c >= 0xD8 && c < 0xE0; }, encoding);
}

// The file's bytes, inflated if they are packed.
class Bytes {
public:
    static Result<std::unique_ptr<Bytes>> open(const ViewFile& file) {
        if (file.here.empty())
            return not_exact("the file must be looked at for it, and is in the cloud",
                             "bring it back: neurolake recall");
        TRY(Fd fd, open_file(file.here, O_RDONLY));
        return std::unique_ptr<Bytes>(new Bytes(std::move(fd), file.profile.compression));
    }
    ByteSource& source() { return m_inflated ? *m_inflated : m_file; }

private:
    Bytes(Fd fd, std::string_view packed) : m_fd(std::move(fd)), m_file(m_fd.get()) {
        if (!packed.empty()) m_inflated = inflate(m_file, packed == "gzip" ? Compression::gzip : Compression::zstd);
    }
    Fd m_fd;
    FileSource m_file;
    std::unique_ptr<ByteSource> m_inflated;
};

struct LineEnds {
    bool plain = false, with_cr = false;
    char before = '\0';

    void see(std::string_view text) {
        for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1))
            (last_of(text.substr(0, at)) == '\r' ? with_cr : plain) = true;
        before = last_of(text);
    }
    // Behind it every other byte of UTF-16 may be nothing.
    char last_of(std::string_view text) const {
        const std::size_t at = text.find_last_not_of('\0');
        return at == std::string_view::npos ? before : text[at];
    }
    bool both() const { return plain && (with_cr || before == '\r'); }
};

// What a beginning says without its marks and, in UTF-16, without every other byte.
std::string plain_beginning(std::string_view bytes) {
    std::string out;
    for (const char c : bytes)
        if (c != '\0' && std::string_view("\xEF\xBB\xBF\xFF\xFE").find(c) == std::string_view::npos) out += c;
    return out;
}

}  // namespace

Status check_odd_lines(const ViewFile& file, const formats::CsvDescription& dialect, std::uint64_t lines_before) {
    if (dialect.encoding != "utf-8") {
        TRY(const auto bytes, Bytes::open(file));
        TRY_DO(check_letters(bytes->source(), dialect.encoding));
    }
    if (dialect.comment == '\0' && !has_finding(file.profile, "stray_quote")) return {};
    if (dialect.encoding.starts_with("utf-16"))
        return not_exact("quotes inside cells or comments in the encoding " + dialect.encoding, "save it as UTF-8");
    TRY(const auto bytes, Bytes::open(file));
    return OddLines(bytes->source(), dialect).check(lines_before);
}

Result<std::uint64_t> lines_to_skip(const ViewFile& file, const formats::CsvDescription& dialect,
                                    std::uint64_t lines_before) {
    const bool wide = dialect.encoding.starts_with("utf-16"), one_column = dialect.delimiter == formats::k_no_delimiter;
    if (lines_before == 0 && !wide && !one_column) return std::uint64_t{0};
    TRY(const auto bytes, Bytes::open(file));
    formats::Window window(bytes->source(), formats::k_window_bytes);
    TRY_DO(window.fill());
    const std::string text = plain_beginning(window.data());
    const char newline = dialect.cr_line_ends ? '\r' : '\n';
    std::uint64_t lines = 0;
    for (std::size_t at = 0; at < text.size(); ++lines) {
        const std::size_t end = std::min(text.find(newline, at), text.size());
        const std::string_view line = std::string_view(text).substr(at, end - at);
        const bool blank = (wide || one_column) && text::trim(line).empty();
        if (lines >= lines_before && !blank) break;
        if (opens_quote(line, dialect.delimiter, dialect.quote))
            return not_exact(fmt::format("line {}: a quote stands before a word above the table, and DuckDB takes it "
                                         "for the beginning of a cell",
                                         lines + 1),
                             std::string(k_beside));
        at = end + 1;
    }
    return lines;
}

Status look_through(const ViewFile& file, const std::function<bool(std::string_view)>& take) {
    TRY(const auto bytes, Bytes::open(file));
    std::vector<char> buffer(formats::k_window_bytes);
    while (true) {
        TRY(const std::size_t got, bytes->source().read(buffer));
        if (got == 0 || !take({buffer.data(), got})) return {};
    }
}

Result<bool> has_two_line_ends(const ViewFile& file) {
    constexpr std::uint64_t k_looked_at = formats::k_window_bytes;
    if (file.here.empty()) return false;
    LineEnds ends;
    std::uint64_t seen = 0;
    TRY_DO(look_through(file, [&](std::string_view text) {
        ends.see(text);
        seen += text.size();
        return seen < k_looked_at && !(ends.plain && ends.with_cr);
    }));
    if (seen >= k_looked_at && file.profile.compression.empty()) {
        TRY(const Fd fd, open_file(file.here, O_RDONLY));
        const std::uint64_t from = std::max(seen, file.bytes > k_looked_at ? file.bytes - k_looked_at : 0);
        std::string tail(k_looked_at, '\0');
        TRY(const std::size_t got, read_some(fd.get(), std::as_writable_bytes(std::span(tail)), from));
        tail.resize(got);
        ends.before = '\0';
        ends.see(std::string_view(tail).substr(tail.starts_with('\n') ? 1 : 0));  // what stands before is not known
    }
    return ends.both();
}

Result<bool> is_utf16(const ViewFile& file) {
    TRY(const auto bytes, Bytes::open(file));
    formats::Window window(bytes->source(), formats::k_window_bytes);
    TRY_DO(window.fill());
    const auto encoding = formats::encoding_of(window.data());
    return encoding == formats::TextEncoding::utf16_le || encoding == formats::TextEncoding::utf16_be;
}

Result<char> first_character(const ViewFile& file) {
    TRY(const auto bytes, Bytes::open(file));
    formats::Window window(bytes->source(), formats::k_window_bytes);
    TRY_DO(window.fill());
    const std::string text = plain_beginning(window.data());
    const std::string_view beginning = text::trim(text);
    return beginning.empty() ? '\0' : beginning.front();
}

}  // namespace neurolake::exchange
