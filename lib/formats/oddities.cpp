// oddities.cpp: the words for what is wrong with rows.
// SPDX-License-Identifier: Apache-2.0
#include "formats/oddities.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace neurolake::formats {
namespace {

using Severity = model::Finding::Severity;

struct Words {
    std::string_view code;
    Severity severity;
    std::string_view one, many;  // "{} rows ..."
};

constexpr std::array<Words, k_oddities> k_words{{
    {"short_row", Severity::warning, "row has fewer cells than there are columns",
     "rows have fewer cells than there are columns"},
    {"long_row", Severity::warning, "row has more cells than there are columns",
     "rows have more cells than there are columns"},
    {"stray_quote", Severity::note, "row has a quote inside a cell", "rows have a quote inside a cell"},
    {"unterminated_quote", Severity::warning, "row opens a quote that is never closed",
     "rows open a quote that is never closed"},
    {"huge_row", Severity::warning, "row is too long to be looked at (it is counted)",
     "rows are too long to be looked at (they are counted)"},
    {"invalid_utf8", Severity::warning, "line is not valid UTF-8", "lines are not valid UTF-8"},
    {"zero_byte", Severity::warning, "line has a binary zero in it", "lines have a binary zero in them"},
    {"bad_line", Severity::error, "line is not JSON and is not counted", "lines are not JSON and are not counted"},
    {"not_an_object", Severity::warning, "value is not an object and is not counted",
     "values are not objects and are not counted"},
    {"duplicate_key", Severity::warning, "row has a key twice in one object", "rows have a key twice in one object"},
    {"too_deep", Severity::warning, "row is nested too deeply to be typed to its end",
     "rows are nested too deeply to be typed to their end"},
}};

// "line 2", "lines 2 and 4", "lines 2, 4, 9 ..."
template <typename Lines>
std::string lines_text(const Lines& lines, std::size_t kept, bool more) {
    std::string out = kept == 1 && !more ? "line " : "lines ";
    for (std::size_t k = 0; k < kept; ++k) {
        if (k > 0) out += k + 1 == kept && !more ? " and " : ", ";
        out += std::to_string(lines[k] + 1);
    }
    return more ? out + " ..." : out;
}

}  // namespace

void Oddities::note(Oddity oddity, std::uint64_t line, std::uint64_t detail) {
    Kind& kind = m_kinds[static_cast<std::size_t>(oddity)];
    if (kind.count++ == 0) kind.detail = detail;
    if (kind.kept < k_kept) kind.lines[kind.kept++] = line;
}

void Oddities::merge(const Oddities& other, std::uint64_t line_offset) {
    for (std::size_t i = 0; i < k_oddities; ++i) {
        Kind& mine = m_kinds[i];
        const Kind& theirs = other.m_kinds[i];
        if (mine.count == 0) mine.detail = theirs.detail;
        mine.count += theirs.count;
        for (std::size_t k = 0; k < theirs.kept && mine.kept < k_kept; ++k)
            mine.lines[mine.kept++] = theirs.lines[k] + line_offset;
    }
}

void Oddities::report(std::vector<model::Finding>& findings, std::size_t columns) const {
    for (std::size_t i = 0; i < k_oddities; ++i) {
        const Kind& kind = m_kinds[i];
        if (kind.count == 0) continue;
        const Words& words = k_words[i];
        std::string message = fmt::format("{} {}", kind.count, kind.count == 1 ? words.one : words.many);
        const auto oddity = static_cast<Oddity>(i);
        message += ": " + lines_text(kind.lines, kind.kept, kind.count > kind.kept);
        if (oddity == Oddity::short_row || oddity == Oddity::long_row)
            message += fmt::format("{} has {} of {}", kind.count == 1 ? "" : "; the first", kind.detail, columns);
        findings.push_back({words.severity, std::string(words.code), {}, kind.lines[0] + 1, std::move(message)});
    }
}

}  // namespace neurolake::formats
