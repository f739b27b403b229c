// cmd_logs.cpp: `neurolake logs` shows the JSON-lines logs; `neurolake audit verify` checks the audit log's chain.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "commands.hpp"

namespace neurolake::apps {

namespace fs = std::filesystem;

namespace {

constexpr int k_most_rotated = 99;
constexpr std::uint64_t k_largest_log = 1u << 30;

struct LogsArgs {
    std::string which, since;
    std::size_t last = 0;
};

struct VerifyArgs {};

Result<fs::path> log_file(Session& session, std::string_view which) {
    TRY(const config::Settings* settings, session.settings());
    return settings->monitoring.log_folder / (std::string(which) + ".log");
}

// The log's files, oldest first: audit.log.2, audit.log.1, audit.log.
std::vector<fs::path> rotated(const fs::path& file) {
    std::vector<fs::path> all;
    for (int n = k_most_rotated; n >= 1; --n) {
        fs::path old = file.string() + "." + std::to_string(n);
        if (fs::exists(old)) all.push_back(std::move(old));
    }
    if (fs::exists(file)) all.push_back(file);
    return all;
}

Result<std::vector<std::string>> lines_of(const fs::path& file) {
    TRY(const std::string text, read_file(file, k_largest_log));
    std::vector<std::string> lines;
    for (const auto line : text::split(text, '\n')) {
        if (!line.empty()) lines.emplace_back(line);
    }
    return lines;
}

// "7d" ago, or a point in time.
Result<std::string> since_text(Session& session, const std::string& words) {
    if (words.empty()) return std::string();
    if (const auto seconds = text::parse_duration(words)) {
        return to_rfc3339(session.now() - std::chrono::seconds(*seconds), Precision::milliseconds);
    }
    TRY(const Time when, parse_rfc3339(words));
    return to_rfc3339(when, Precision::milliseconds);
}

std::string shown(const Output& out, const json::Value& line) {
    static constexpr std::string_view k_head[] = {"ts",  "lake",  "user", "host", "pid",
                                                  "cmd", "event", "rc",   "ms",   "prev"};
    std::string text = fmt::format("{}  {}  {}  {}", line.text("ts"), out.name(line.text("user")), line.text("cmd"),
                                   line.text("event"));
    if (const auto rc = line.integer("rc")) text += fmt::format("  rc={}", rc);
    for (const auto& [key, value] : *line.as_object()) {
        if (std::ranges::find(k_head, key) != std::end(k_head)) continue;
        const std::string* words = value.as_string();
        text += fmt::format("  {}={}", key, words ? out.name(text::escape_controls(*words)) : json::dump(value));
    }
    return text;
}

Result<int> run_logs(Session& session, const LogsArgs& args) {
    TRY(const fs::path file, log_file(session, args.which));
    TRY(const std::string since, since_text(session, args.since));
    std::vector<json::Value> kept;
    for (const auto& each : rotated(file)) {
        TRY(const auto lines, lines_of(each));
        for (const auto& line : lines) {
            auto value = json::parse(line);
            // A line torn by a crash says nothing and is no failure.
            if (!value || !value->is_object() || value->text("ts") < since) continue;
            kept.push_back(std::move(value).value());
        }
    }
    if (args.last && kept.size() > args.last)
        kept.erase(kept.begin(), kept.end() - static_cast<std::ptrdiff_t>(args.last));
    Output& out = session.out();
    if (out.json()) {
        auto value = json::Value::object().set("schema", "neurolake.logs/1").set("log", args.which);
        out.object(value.set("lines", json::Array(kept.begin(), kept.end())));
        return 0;
    }
    if (kept.empty() && out.stdout_is_terminal() && !out.machine()) out.step("Nothing in this log.");
    for (const auto& line : kept) {
        if (out.closed()) break;
        if (out.jsonl()) {
            out.object_line(line);
        } else {
            out.line(shown(out, line));
        }
    }
    return 0;
}

struct Chain {
    std::uint64_t lines = 0;
    std::vector<std::string> breaks;  // "audit.log:12: ..."
};

// Every line names the SHA-256 of the line before it; the very first one names zeros, unless older files were rotated
// away.
Result<Chain> verify(const fs::path& file) {
    Chain chain;
    std::string before;
    const auto files = rotated(file);
    for (const auto& each : files) {
        TRY(const auto lines, lines_of(each));
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const auto value = json::parse(lines[i]);
            const std::string prev = value ? value->text("prev") : "";
            const std::string place = fmt::format("{}:{}", each.filename().string(), i + 1);
            const bool first = before.empty();
            ++chain.lines;
            if (!value || prev.empty()) {
                chain.breaks.push_back(place + ": no line of this log");
            } else if (first && files.size() == 1 && prev != std::string(64, '0')) {
                chain.breaks.push_back(place + ": the log does not begin here, lines before it are gone");
            } else if (!first) {
                TRY(const auto digest, sha256(before));
                if (prev != to_hex(digest)) chain.breaks.push_back(place + ": it does not follow the line before it");
            }
            before = lines[i];
        }
    }
    return chain;
}

Result<int> run_verify(Session& session, const VerifyArgs&) {
    TRY(const fs::path file, log_file(session, "audit"));
    TRY(const Chain chain, verify(file));
    Output& out = session.out();
    if (out.machine()) {
        auto breaks = json::Value::array();
        for (const auto& place : chain.breaks) breaks.push(place);
        out.object(json::Value::object()
                       .set("schema", "neurolake.audit.verify/1")
                       .set("lines", chain.lines)
                       .set("intact", chain.breaks.empty())
                       .set("breaks", std::move(breaks)));
    }
    if (!chain.breaks.empty()) {
        std::string all = "the audit log's chain is broken:";
        for (const auto& place : chain.breaks) all += "\n" + place;
        return Error(Errc::mismatch, all, "compare with a backup: a line was changed, removed or moved");
    }
    out.line(fmt::format("{} {} lines, each following the one before it", out.tick(true),
                         text::with_thousands(chain.lines)));
    return 0;
}

}  // namespace

void add_logs(CommandLine root, Registry& registry) {
    auto [app, args] =
        registry.command<LogsArgs>(root, "logs", "Show what was changed, asked or went wrong", run_logs,
                                   {"neurolake logs audit --since 7d", "neurolake logs error -n 20 --json"});
    app.add_option("LOG", args.which, "audit, query or error")->required()->one_of({"audit", "query", "error"});
    app.add_option("--since", args.since, "Only lines after this (7d, or a time)")->type_name("TIME");
    app.add_option("-n,--last", args.last, "Only the last lines")->type_name("N");
    CommandLine audit = registry.group(root, "audit", "Check the log of changes",
                                       {"neurolake audit verify", "neurolake audit verify --json"});
    registry.command<VerifyArgs>(audit, "verify", "Check that no line of audit.log was changed or removed", run_verify,
                                 {"neurolake audit verify", "neurolake audit verify --json"});
}

}  // namespace neurolake::apps
