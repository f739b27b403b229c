// override_file.cpp: the line-based subset of YAML that _neurolake.yaml may use.
// SPDX-License-Identifier: Apache-2.0
#include "index/override_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include "base/file.hpp"
#include "base/text.hpp"

namespace neurolake::index {
namespace {

constexpr std::uint64_t k_limit = 64u << 10;

// The text of a scalar without its quotes and without a trailing comment.
std::string_view scalar(std::string_view s) {
    s = text::trim(s);
    if (s.size() >= 2 && (s[0] == '"' || s[0] == '\''))
        if (const std::size_t end = s.find(s[0], 1); end != std::string_view::npos) return s.substr(1, end - 1);
    if (const std::size_t comment = s.find(" #"); comment != std::string_view::npos) s = s.substr(0, comment);
    return text::trim(s);
}

std::optional<bool> truth(std::string_view word) {
    const std::string lowered = text::lower(word);
    if (lowered == "true" || lowered == "yes") return true;
    if (lowered == "false" || lowered == "no") return false;
    return std::nullopt;
}

// Empty when the line was understood, else what is wrong with it.
std::string take_line(Override& out, std::string_view line) {
    const std::size_t colon = line.find(':');
    if (line.front() == ' ' || line.front() == '\t' || line.front() == '-' || colon == std::string_view::npos)
        return "only \"key: value\" lines are understood";
    const std::string_view key = text::trim(line.substr(0, colon)), value = scalar(line.substr(colon + 1));
    if (key == "table") {
        if (value.empty()) return "\"table\" needs a name";
        out.table = value;
        return {};
    }
    bool* const flag = key == "ignore" ? &out.ignore : key == "single_file" ? &out.single_file : nullptr;
    if (!flag) return fmt::format("\"{}\" is no key of it (table, ignore, single_file)", key);
    const auto on = truth(value);
    if (!on) return fmt::format("\"{}\" is true or false, not \"{}\"", key, value);
    *flag = *on;
    return {};
}

}  // namespace

Override parse_override(std::string_view text) {
    Override out;
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    std::uint64_t number = 0;
    for (std::string_view line : text::split(text, '\n')) {
        ++number;
        while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t'))
            line.remove_suffix(1);
        if (line.empty() || text::trim(line).starts_with('#') || line == "---") continue;
        if (const std::string wrong = take_line(out, line); !wrong.empty())
            out.findings.push_back({model::Finding::Severity::warning,
                                    "override_line",
                                    {},
                                    number,
                                    fmt::format("line {} of {} is ignored: {}", number, k_override_name, wrong)});
    }
    return out;
}

Result<Override> read_override(int bucket_fd, std::string_view folder) {
    const std::string path =
        folder.empty() ? std::string(k_override_name) : fmt::format("{}/{}", folder, k_override_name);
    TRY(const Fd file, open_beneath(bucket_fd, path, O_RDONLY));
    TRY(const std::string text, read_file(file.get(), k_limit));
    return parse_override(text);
}

}  // namespace neurolake::index
