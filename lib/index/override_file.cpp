// override_file.cpp: the line-based subset of YAML that _neurolake.yaml may use.
// SPDX-License-Identifier: Apache-2.0
#include "index/override_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <set>

#include "base/file.hpp"
#include "base/text.hpp"

namespace neurolake::index {

using model::Finding;

namespace {

constexpr std::uint64_t k_limit = 64u << 10;

// A scalar of one line, as YAML reads it, or what is wrong with it.
struct Scalar {
    std::string_view text;
    std::string wrong;
};

bool only_comment(std::string_view rest) {
    const std::string_view trimmed = text::trim(rest);
    return trimmed.empty() || (trimmed.starts_with('#') && rest.front() == ' ');
}

Scalar scalar(std::string_view s) {
    s = text::trim(s);
    if (s.empty() || s.starts_with('#')) return {};
    if (s[0] == '"' || s[0] == '\'') {
        const std::size_t end = s.find(s[0], 1);
        if (end == std::string_view::npos) return {{}, fmt::format("the quote {} is not closed", s[0])};
        if (!only_comment(s.substr(end + 1))) return {{}, "something stands behind the closing quote"};
        return {s.substr(1, end - 1), {}};
    }
    if (s[0] == '[') return {{}, "a list is no value here"};
    if (s[0] == '{') return {{}, "a mapping is no value here"};
    if (std::string_view("&*!|>%@`,]}").find(s[0]) != std::string_view::npos || s.starts_with("- ") || s == "-")
        return {{}, fmt::format("a value that begins with {} needs quotes", s[0])};
    if (const std::size_t comment = s.find(" #"); comment != std::string_view::npos)
        s = text::trim(s.substr(0, comment));
    if (s.find(": ") != std::string_view::npos || s.ends_with(':')) return {{}, "a value with a colon needs quotes"};
    return {s, {}};
}

std::optional<bool> truth(std::string_view word) {
    const std::string lowered = text::lower(word);
    if (lowered == "true" || lowered == "yes") return true;
    if (lowered == "false" || lowered == "no") return false;
    return std::nullopt;
}

struct Fault {
    std::string what;
    bool whole_file = true;  // false: the line alone says nothing
};

// A file is of one table, or a table by itself, or no data.
std::optional<Fault> contradiction(const Override& out) {
    if (!out.table || (!out.ignore && !out.single_file)) return std::nullopt;
    return Fault{fmt::format("\"table\" and \"{}\" contradict each other", out.ignore ? "ignore" : "single_file")};
}

// Nothing when the line was understood.
std::optional<Fault> take_line(Override& out, std::set<std::string, std::less<>>& seen, std::string_view line) {
    const std::size_t colon = line.find(':');
    const bool spaced = colon != std::string_view::npos && (colon + 1 == line.size() || line[colon + 1] == ' ');
    if (line.front() == ' ' || line.front() == '\t' || line.front() == '-' || !spaced)
        return Fault{"it is no \"key: value\""};
    if (text::escape_controls(line) != line || !text::is_utf8(line)) return Fault{"it is no plain UTF-8 text"};
    const std::string_view key = text::trim(line.substr(0, colon));
    if (std::string_view("{[\"'&*!|>%@`,]}?").find(key.empty() ? '{' : key[0]) != std::string_view::npos)
        return Fault{"it is no plain \"key: value\""};
    const Scalar value = scalar(line.substr(colon + 1));
    if (!value.wrong.empty()) return Fault{fmt::format("{}: {}", key, value.wrong)};
    if (!seen.emplace(key).second) return Fault{fmt::format("\"{}\" stands there twice", key)};
    if (key == "table") {
        if (value.text.empty() || value.text == "~" || value.text == "null") return Fault{"\"table\" needs a name"};
        out.table = value.text;
        return contradiction(out);
    }
    bool* const flag = key == "ignore" ? &out.ignore : key == "single_file" ? &out.single_file : nullptr;
    if (!flag) return Fault{fmt::format("\"{}\" is no key of it (table, ignore, single_file)", key), false};
    const auto on = truth(value.text);
    if (!on) return Fault{fmt::format("\"{}\" is true or false, not \"{}\"", key, value.text)};
    *flag = *on;
    return contradiction(out);
}

model::Finding finding_of(const Fault& fault, std::uint64_t number) {
    using Severity = model::Finding::Severity;
    if (!fault.whole_file)
        return {Severity::error,
                "override_line",
                {},
                number,
                fmt::format("line {} of {} is ignored: {}", number, k_override_name, fault.what)};
    return {Severity::error,
            "override_broken",
            {},
            number,
            fmt::format("line {} is broken, so the file is ignored as a whole: {}; write one of table: NAME, "
                        "single_file: true, ignore: true",
                        number, fault.what)};
}

}  // namespace

Override parse_override(std::string_view text) {
    Override out;
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    std::uint64_t number = 0;
    std::set<std::string, std::less<>> seen;
    for (std::string_view line : text::split(text, '\n')) {
        ++number;
        while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t'))
            line.remove_suffix(1);
        if (line.empty() || text::trim(line).starts_with('#') || line == "---") continue;
        const auto fault = take_line(out, seen, line);
        if (!fault) continue;
        out.findings.push_back(finding_of(*fault, number));
        if (!fault->whole_file) continue;
        Override nothing;  // never half of what a person meant
        nothing.findings = std::move(out.findings);
        return nothing;
    }
    return out;
}

Finding no_override_file(std::string_view what) {
    return {
        Finding::Severity::error,
        "override_broken",
        {},
        0,
        fmt::format("it is {}, not a plain file, so it says nothing: put the text itself there, or remove it", what)};
}

Result<Override> read_override(int bucket_fd, std::string_view folder) {
    const std::string path =
        folder.empty() ? std::string(k_override_name) : fmt::format("{}/{}", folder, k_override_name);
    TRY(const Fd file, open_beneath(bucket_fd, path, O_RDONLY));
    TRY(const std::string text, read_file(file.get(), k_limit));
    return parse_override(text);
}

}  // namespace neurolake::index
