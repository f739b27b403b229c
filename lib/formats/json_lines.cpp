// json_lines.cpp: windows of whole lines, fed to JsonRows; large files by several threads.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "formats/findings.hpp"
#include "formats/json.hpp"
#include "formats/json_profile.hpp"
#include "formats/ordered_parts.hpp"

namespace neurolake::formats {
namespace {

constexpr unsigned k_max_threads = 8;
constexpr std::size_t k_lines_window = 256u << 10;  // with its structural index it stays in a core's cache

// One window's whole lines; false when none are left.
Result<bool> step(Window& window, JsonRows& rows, std::size_t max_line) {
    TRY_DO(window.fill());
    const std::string_view data = window.data();
    if (data.empty() || rows.is_full()) return false;
    const std::size_t last = data.rfind('\n');
    const std::size_t whole = window.at_end() ? data.size() : last == std::string_view::npos ? 0 : last + 1;
    if (whole > 0) {
        rows.take_lines(data.substr(0, whole));
        window.drop(whole);
        return true;
    }
    if (window.grow(max_line)) return true;
    while (!window.data().empty()) {
        const std::size_t end = window.data().find('\n');
        window.drop(end == std::string_view::npos ? window.data().size() : end + 1);
        if (end != std::string_view::npos) break;
        TRY_DO(window.fill());
    }
    rows.count_huge_row();
    return true;
}

struct Part {
    JsonRows rows;
    std::uint64_t begin = 0, end = 0;
};

// The first line start at or behind `boundary`, at most `limit`.
Result<std::uint64_t> line_start(int fd, std::uint64_t boundary, std::uint64_t limit) {
    std::array<char, 16384> block;
    std::uint64_t at = boundary - 1;
    while (at < limit) {
        TRY(const std::size_t got, read_some(fd, std::as_writable_bytes(std::span(block)), at));
        if (got == 0) return at;
        const void* newline = std::memchr(block.data(), '\n', got);
        if (newline != nullptr)
            return at + static_cast<std::uint64_t>(static_cast<const char*>(newline) - block.data()) + 1;
        at += got;
    }
    return limit;
}

// The lines that begin in [boundary, limit); a line belongs to the part it begins in.
Result<Part> scan_part(const Input& input, std::uint64_t boundary, std::uint64_t limit) {
    Part part;
    part.begin = boundary;
    part.end = limit;
    if (boundary > 0) {
        TRY(part.begin, line_start(input.fd, boundary, limit));
    }
    if (limit < input.size) {
        TRY(part.end, line_start(input.fd, limit, std::numeric_limits<std::uint64_t>::max()));
    }
    if (part.begin >= limit) return part;
    FileSource source(input.fd, part.begin, part.end);
    Window window(source, k_lines_window);
    while (true) {
        if (input.cancel.cancelled()) return Error(Errc::cancelled, "reading was cancelled");
        TRY(const bool more, step(window, part.rows, k_max_json_bytes));
        if (!more) return part;
    }
}

Status scan_in_parts(const Input& input, unsigned threads, JsonRows& rows) {
    const std::uint64_t segment = input.options.segment_bytes;
    const auto count = static_cast<std::size_t>((input.size + segment - 1) / segment);
    const auto limit = [&](std::size_t i) {
        return i + 1 == count ? std::numeric_limits<std::uint64_t>::max() : (i + 1) * segment;
    };
    return scan_parts<Part>(
        count, threads, [&](std::size_t i) { return scan_part(input, i * segment, limit(i)); },
        [&](std::size_t, Part part) {
            rows.merge(part.rows);
            return rows.left_keys_out() ? Status(Error(Errc::guard, "too many keys")) : Status();
        });
}

// `rows` are empty, and filled.
Result<Profile> profile_lines(const Input& input, JsonRows& rows) {
    if (input.options.sample_rows > 0) rows.stop_after(input.options.sample_rows);
    const auto threads = [&] {
        return std::min(input.options.threads > 0 ? input.options.threads : usable_threads(), k_max_threads);
    };
    if (input.worth_several_threads() && threads() > 1) {
        const Status scanned = scan_in_parts(input, threads(), rows);
        if (!rows.left_keys_out()) {
            TRY_DO(scanned);
            return json_profile(input, "json_lines", rows, input.size);
        }
        rows = JsonRows();  // which keys are left out must not hang on the parts: once more, in order
    }
    InputSource source(input);
    Window window(source, window_bytes(input, k_lines_window));
    std::optional<Error> damage;
    for (bool more = true; more;) {
        if (input.cancel.cancelled()) return Error(Errc::cancelled, "reading was cancelled");
        auto result = step(window, rows, k_max_json_bytes);
        if (!result && !is_damage(result.error())) return std::move(result).error();
        if (!result) damage = std::move(result).error();
        more = !damage && *result;
    }
    Profile profile = json_profile(input, "json_lines", rows, source.bytes_read());
    if (damage) note_damage(profile, *damage);
    return profile;
}

}  // namespace

Result<Profile> profile_json_lines(const Input& input) {
    JsonRows rows;
    TRY(Profile profile, profile_lines(input, rows));
    if (!rows.spans_lines()) return profile;
    // Lines are no rows here, unless the documents are damaged: of those each line says more.
    TRY(Profile documents, profile_json(input));
    const auto is_error = [](const model::Finding& f) { return f.severity == model::Finding::Severity::error; };
    const bool damaged = std::any_of(documents.findings.begin(), documents.findings.end(), is_error);
    return damaged ? std::move(profile) : std::move(documents);
}

Result<Rows> head_json_lines(const Input& input, std::size_t count) {
    InputSource source(input);
    Window window(source, window_bytes(input, k_lines_window));
    JsonRows rows;
    JsonCells cells(count, false);
    show_first_rows(rows, cells, count);
    for (bool more = true; more;) {
        auto result = step(window, rows, k_max_json_bytes);
        if (!result && !(is_damage(result.error()) && rows.rows() + rows.value_rows() > 0))
            return std::move(result).error();
        more = result && *result;
    }
    if (rows.spans_lines())
        if (auto documents = head_documents(input, count)) return std::move(*documents);
    return cells.rows(rows);
}

}  // namespace neurolake::formats
