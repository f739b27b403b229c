// cmd_status.cpp: `neurolake status`: one screen on how the lake is.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "commands.hpp"
#include "status_report.hpp"
#include "table.hpp"

namespace neurolake::apps {

namespace {

struct Args {
    bool check = false, cached = false;
    std::string max_age;
};

// The capacity, how much of it is used, and where the high mark lies.
std::string bar(std::uint64_t used, std::uint64_t high, std::uint64_t of) {
    constexpr std::size_t k_width = 24;
    const auto columns = [&](std::uint64_t bytes) {
        const double share = of == 0 ? 1 : std::min(1.0, static_cast<double>(bytes) / static_cast<double>(of));
        return static_cast<std::size_t>(std::lround(share * k_width));
    };
    const std::size_t full = columns(used);
    std::string shown = std::string(full, '#') + std::string(k_width - full, '-');
    shown.insert(columns(high), 1, '|');
    return "[" + shown + "]";
}

int percent_of(std::uint64_t used, std::uint64_t of) {
    return of == 0 ? 100 : static_cast<int>(std::lround(100 * static_cast<double>(used) / static_cast<double>(of)));
}

std::string days_text(double days) {
    return days < 1 ? "less than a day" : counted(static_cast<std::uint64_t>(days), "day");
}

void print_room(Output& out, const StatusReport& report) {
    const tier::Marks& marks = report.marks;
    const auto line = [&](std::string_view name, const std::string& rest) {
        out.line(fmt::format("{:<11}{}", name, rest));
    };
    const std::string used = fmt::format(
        "{} of {}  {} {} %", text::size_text(marks.used), text::size_text(marks.capacity.bytes),
        bar(marks.used, marks.high.bytes, marks.capacity.bytes), percent_of(marks.used, marks.capacity.bytes));
    line("Used", used + (marks.over() ? out.paint(Style::red, "  over the high mark") : ""));
    line("High mark", fmt::format("{:<12}{}", text::size_text(marks.high.bytes), out.name(marks.high.origin)));
    line("Low mark", fmt::format("{:<12}{}", text::size_text(marks.low.bytes), out.name(marks.low.origin)));
    line("Disk", fmt::format("{}, {} free, {} to keep free", text::size_text(marks.disk_total),
                             text::size_text(marks.disk_free), text::size_text(marks.min_free)));
    if (!report.forecast) return;
    if (!report.forecast->days_to_full) return line("Growth", "none in the last 30 days");
    const auto daily = text::size_text(static_cast<std::uint64_t>(report.forecast->bytes_per_day));
    if (marks.over())
        return line("Growth", fmt::format("{} a day: full in {}", daily, days_text(*report.forecast->days_to_full)));
    line("Growth", fmt::format("{} a day: high mark in {}, full in {}", daily,
                               days_text(*report.forecast->days_to_high), days_text(*report.forecast->days_to_full)));
}

void print_buckets(Output& out, const StatusReport& report) {
    using Align = TableColumn::Align;
    Table table(
        {{"bucket"}, {"tier"}, {"files", Align::right}, {"size", Align::right}, {"in the cloud", Align::right}});
    const auto row = [&](const std::string& name, std::string_view tier, const std::optional<BucketSizes>& sizes) {
        const auto cell = [&](auto text) { return sizes ? text(*sizes) : std::string("?"); };
        table.row({name, std::string(tier), cell([](const BucketSizes& s) { return text::with_thousands(s.files); }),
                   cell([](const BucketSizes& s) { return text::size_text(s.bytes); }), cell([](const BucketSizes& s) {
                       return s.cloud_files ? text::size_text(s.cloud_bytes) : std::string("-");
                   })});
    };
    for (const BucketUse& use : report.buckets) row(use.bucket.name, lake::to_string(use.bucket.tier), use.sizes);
    if (report.buckets.size() > 1) row("total", "", report.total);
    if (table.empty())
        out.line("No buckets yet; make one: neurolake bucket create NAME");
    else
        table.print(out);
}

void print_cloud(Output& out, const StatusReport& report) {
    std::string text = report.provider + (report.target.empty() ? "" : ", " + out.name(report.target));
    if (!report.burst_enabled) text += "; burst is switched off (storage.cloud_burst_enabled)";
    out.line(fmt::format("{:<11}{}", "Cloud", text));
    if (!report.missing.empty()) out.line(fmt::format("{:<11}not configured: nothing is moved; missing are", ""));
    for (const auto& one : report.missing) out.line(fmt::format("{:<11}- {}", "", one));
    if (report.total.cloud_files)
        out.line(fmt::format("{:<11}{} there, {}", "", counted(report.total.cloud_files, "file"),
                             text::size_text(report.total.cloud_bytes)));
}

std::string_view name_of_run(std::string_view verb) {
    return verb == "index" ? "Indexed" : verb == "verify" ? "Verified" : "Burst";
}

void print_last(Output& out, const StatusReport& report, Time now) {
    for (const LastRunOf& last : report.last) {
        std::string text = "never";
        if (last.run) {
            const auto at = parse_rfc3339(last.run->at);
            const std::int64_t age = at ? (to_ns(now) - to_ns(*at)) / 1'000'000'000 : 0;
            text = last.run->at + (age > 0 ? fmt::format(" ({} ago)", text::duration_text(age)) : std::string());
            if (last.run->rc != 0) text += fmt::format(", ended with exit code {}", last.run->rc);
        }
        if (last.verb == "index" && report.tables) text += ", " + counted(*report.tables, "table");
        if (last.stale) text += out.paint(Style::red, "  stale");
        out.line(fmt::format("{:<11}{}", name_of_run(last.verb), text));
    }
}

void print(Session& session, const StatusReport& report) {
    Output& out = session.out();
    out.line(out.paint(Style::bold, "Lake " + out.name(report.home)));
    print_room(out, report);
    out.line();
    print_buckets(out, report);
    if (report.counting == Counting::cached && report.counted_at != Time{})
        out.line("(as counted at " + to_rfc3339(report.counted_at) + ")");
    out.line();
    print_cloud(out, report);
    print_last(out, report, session.now());
    if (report.locked_by) out.line(fmt::format("{:<11}{}", "Running", out.name(*report.locked_by)));
    if (!report.unfinished.empty()) {
        out.line(fmt::format("{:<11}{}, finished by the next burst or recall:", "Unfinished",
                             counted(report.unfinished.size(), "operation")));
        for (const auto& one : report.unfinished) out.line("           " + out.name(one));
    }
    for (const auto& warning : report.warnings) out.warn(text::escape_controls(warning));
}

int verdict(Session& session, const StatusReport& report, const Args& args) {
    Output& out = session.out();
    int rc = 0;
    for (const LastRunOf& last : report.last) {
        if (!last.stale) continue;
        const bool ever = last.run && !last.run->good_at.empty();
        out.warn(fmt::format("the last good {} is older than {}: {}", last.verb, args.max_age,
                             ever ? last.run->good_at : "never"));
        rc = 1;
    }
    if (args.check && report.marks.over()) {
        out.warn(fmt::format("over the high mark: {} used, the mark is {}; run: neurolake burst",
                             text::size_text(report.marks.used), text::size_text(report.marks.high.bytes)));
        rc = exit_code(Errc::over_mark);
    }
    return rc;
}

Result<int> run_status(Session& session, const Args& args) {
    std::optional<std::int64_t> max_age;
    if (!args.max_age.empty()) {
        TRY(max_age, text::parse_duration(args.max_age));
    }
    TRY(const auto report, status_of(session, args.cached ? Counting::cached : Counting::fresh, max_age));
    Output& out = session.out();
    if (out.machine())
        out.object(to_json(report));
    else if (!out.quiet())
        print(session, report);
    return verdict(session, report, args);
}

}  // namespace

void add_status(CommandLine root, Registry& registry) {
    auto [app, args] = registry.command<Args>(
        root, "status", "Show on one screen how full the lake is and what runs", run_status,
        {"neurolake status", "neurolake status --check --max-age 26h --quiet || mail -s 'lake' ops@example.org"});
    app.add_flag("--check", args.check, "Exit 13 when over the high mark");
    app.add_option("--max-age", args.max_age, "Exit 1 when the last good index or burst is older")->type_name("AGE");
    app.add_flag("--cached", args.cached, "Answer from the inventory, without a walk");
}

}  // namespace neurolake::apps
