// text_units.cpp: sizes, durations and counts as people write them; globs; percent-encoding.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <cmath>

#include "base/text.hpp"

namespace neurolake::text {

std::string with_thousands(std::uint64_t n) {
    std::string out = std::to_string(n);
    for (std::size_t at = out.size(); at > 3;) out.insert(at -= 3, ",");
    return out;
}

std::string size_text(std::uint64_t bytes) {
    static constexpr const char* k_units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) return fmt::format("{} B", bytes);
    double value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1023.95 && unit + 1 < std::size(k_units)) {
        value /= 1024;
        ++unit;
    }
    return fmt::format("{:.1f} {}", value, k_units[unit]);
}

namespace {

struct UnitRow {
    std::string_view name;
    double factor;
};

constexpr UnitRow k_size_units[] = {
    {"", 1},
    {"b", 1},
    {"kb", 1e3},
    {"mb", 1e6},
    {"gb", 1e9},
    {"tb", 1e12},
    {"pb", 1e15},
    {"k", 1024.0},
    {"m", 1048576.0},
    {"g", 1073741824.0},
    {"t", 1099511627776.0},
    {"kib", 1024.0},
    {"mib", 1048576.0},
    {"gib", 1073741824.0},
    {"tib", 1099511627776.0},
    {"pib", 1125899906842624.0},
};

constexpr UnitRow k_duration_units[] = {
    {"", 1}, {"s", 1}, {"sec", 1}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 86400}, {"w", 604800},
};

// Number and unit; nullopt when either makes no sense.
std::optional<double> scaled(std::string_view s, std::span<const UnitRow> units) {
    s = trim(s);
    double number = 0;
    const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), number);
    if (error != std::errc() || !std::isfinite(number) || number < 0) return std::nullopt;
    const std::string unit = lower(trim(s.substr(static_cast<std::size_t>(end - s.data()))));
    for (const auto& row : units)
        if (row.name == unit) return number * row.factor;
    return std::nullopt;
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view s) {
    const auto bytes = scaled(s, k_size_units);
    if (!bytes || *bytes >= 1.8e19)
        return Error(Errc::usage, fmt::format("'{}' is no size", s),
                     "write it as 80GB, 1.5GiB, 512MiB or a number of bytes");
    return static_cast<std::uint64_t>(std::llround(std::min(*bytes, 9.2e18)));
}

Result<std::int64_t> parse_duration(std::string_view s) {
    const auto seconds = scaled(s, k_duration_units);
    if (!seconds || *seconds > 9e15)
        return Error(Errc::usage, fmt::format("'{}' is no length of time", s), "write it as 30s, 5m, 26h or 7d");
    return std::llround(*seconds);
}

std::string duration_text(std::int64_t seconds) {
    if (seconds < 0) return "-" + duration_text(-seconds);
    if (seconds < 60) return fmt::format("{} s", seconds);
    if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
    if (seconds < 86400) return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
    return fmt::format("{} d {} h", seconds / 86400, seconds % 86400 / 3600);
}

namespace {

// [a-z], [!a-z]; `at` stands behind '['. Returns the position behind ']', npos when there is none.
std::size_t match_class(std::string_view pattern, std::size_t at, char c, bool& matched) {
    const bool negate = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
    if (negate) ++at;
    bool hit = false;
    for (bool first = true; at < pattern.size() && (first || pattern[at] != ']'); first = false, ++at) {
        if (at + 2 < pattern.size() && pattern[at + 1] == '-' && pattern[at + 2] != ']') {
            hit = hit || (pattern[at] <= c && c <= pattern[at + 2]);
            at += 2;
        } else {
            hit = hit || pattern[at] == c;
        }
    }
    if (at >= pattern.size()) return std::string_view::npos;
    matched = hit != negate && c != '/';
    return at + 1;
}

// Iterative with one level of backtracking for '*' and one for '**', so hostile patterns stay polynomial.
bool match(std::string_view p, std::string_view s) {
    struct Mark {
        std::size_t p = std::string_view::npos, s = 0;
    } star, globstar;
    std::size_t i = 0, k = 0;
    while (true) {
        if (i < p.size() && p[i] == '*') {
            if (i + 1 < p.size() && p[i + 1] == '*') {
                i += 2;
                if (i < p.size() && p[i] == '/' && (k == 0 || s[k - 1] == '/'))
                    ++i;  // "**/" also matches no folder at all
                globstar = {i, k};
                star = {};
            } else {
                star = {++i, k};
            }
            continue;
        }
        if (k < s.size() && i < p.size()) {
            bool one = false;
            std::size_t next = i + 1;
            if (p[i] == '?')
                one = s[k] != '/';
            else if (p[i] == '[') {
                next = match_class(p, i + 1, s[k], one);
                if (next == std::string_view::npos) {
                    next = i + 1;
                    one = s[k] == '[';
                }
            } else if (p[i] == '\\' && i + 1 < p.size()) {
                one = p[i + 1] == s[k];
                next = i + 2;
            } else {
                one = p[i] == s[k];
            }
            if (one) {
                i = next;
                ++k;
                continue;
            }
        } else if (k == s.size() && i == p.size()) {
            return true;
        }
        if (star.p != std::string_view::npos && star.s < s.size() && s[star.s] != '/') {
            i = star.p;
            k = ++star.s;
        } else if (globstar.p != std::string_view::npos && globstar.s < s.size()) {
            i = globstar.p;
            k = ++globstar.s;
            star = {};
        } else {
            return false;
        }
    }
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view path) {
    if (pattern.find('/') == std::string_view::npos && pattern.find("**") == std::string_view::npos) {
        const std::size_t slash = path.rfind('/');
        return match(pattern, slash == std::string_view::npos ? path : path.substr(slash + 1));
    }
    return match(pattern, path);
}

std::string percent_encode(std::string_view bytes, bool keep_slash) {
    std::string out;
    for (const char c : bytes) {
        const auto u = static_cast<unsigned char>(c);
        const bool plain = (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || (u >= '0' && u <= '9') || u == '-' ||
                           u == '.' || u == '_' || u == '~' || (keep_slash && u == '/');
        if (plain)
            out += c;
        else
            fmt::format_to(std::back_inserter(out), "%{:02X}", u);
    }
    return out;
}

Result<std::string> percent_decode(std::string_view s) {
    std::string out;
    for (std::size_t i = 0; i < s.size(); ++i) {
        if (s[i] != '%') {
            out += s[i];
            continue;
        }
        unsigned value = 0;
        const char* digits = s.data() + i + 1;
        if (i + 2 >= s.size()) return Error(Errc::usage, "a percent sign without two hex digits");
        const auto [end, error] = std::from_chars(digits, digits + 2, value, 16);
        if (error != std::errc() || end != digits + 2)
            return Error(Errc::usage, "a percent sign without two hex digits");
        out += static_cast<char>(value);
        i += 2;
    }
    return out;
}

}  // namespace neurolake::text
