// clock.cpp: RFC 3339 in and out.
// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hpp"

#include <fmt/format.h>

#include <charconv>

namespace neurolake {

using namespace std::chrono;

Time SystemClock::now() const { return time_point_cast<nanoseconds>(system_clock::now()); }

std::string to_rfc3339(Time t, Precision precision) {
    const auto day = floor<days>(t);
    const year_month_day date(day);
    const hh_mm_ss<nanoseconds> clock(t - day);
    std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
    if (precision == Precision::milliseconds) out += fmt::format(".{:03}", clock.subseconds().count() / 1'000'000);
    if (precision == Precision::nanoseconds) out += fmt::format(".{:09}", clock.subseconds().count());
    return out + "Z";
}

namespace {

struct Reader {
    std::string_view rest;
    bool ok = true;
    int digits(std::size_t count) {
        int value = 0;
        if (rest.size() < count) return fail();
        for (std::size_t i = 0; i < count; ++i) {
            if (rest[i] < '0' || rest[i] > '9') return fail();
            value = value * 10 + (rest[i] - '0');
        }
        rest.remove_prefix(count);
        return value;
    }
    bool take(std::string_view any) {
        if (rest.empty() || any.find(rest[0]) == std::string_view::npos) return false;
        rest.remove_prefix(1);
        return true;
    }
    void want(std::string_view any) {
        if (!take(any)) ok = false;
    }
    int fail() {
        ok = false;
        return 0;
    }
};

std::int64_t fraction_ns(Reader& in) {
    if (!in.take(".,")) return 0;
    std::int64_t ns = 0, scale = 100'000'000;
    bool any = false;
    while (!in.rest.empty() && in.rest[0] >= '0' && in.rest[0] <= '9') {
        ns += scale * (in.rest[0] - '0');
        scale /= 10;
        any = true;
        in.rest.remove_prefix(1);
    }
    if (!any) in.ok = false;
    return ns;
}

minutes zone(Reader& in) {
    if (in.take("Zz")) return minutes(0);
    const bool minus = !in.rest.empty() && in.rest[0] == '-';
    in.want("+-");
    const int hh = in.digits(2);
    in.take(":");
    const int mm = in.digits(2);
    if (hh > 23 || mm > 59) in.ok = false;
    return minutes((hh * 60 + mm) * (minus ? -1 : 1));
}

}  // namespace

Result<Time> parse_rfc3339(std::string_view s) {
    const Error bad(Errc::usage, fmt::format("'{}' is no time", s), "write it as 2026-11-22T08:30:00Z or 2026-11-22");
    Reader in{s};
    const int y = in.digits(4);
    in.want("-");
    const int m = in.digits(2);
    in.want("-");
    const int d = in.digits(2);
    const year_month_day date{year(y), month(static_cast<unsigned>(m)), day(static_cast<unsigned>(d))};
    if (!in.ok || !date.ok() || y < 1678 || y > 2261) return bad;
    Time time = sys_days(date);
    if (in.rest.empty()) return time;
    in.want("Tt ");
    const int hh = in.digits(2);
    in.want(":");
    const int mm = in.digits(2);
    int ss = 0;
    if (in.take(":")) ss = in.digits(2);
    const std::int64_t ns = fraction_ns(in);
    const minutes offset = zone(in);
    if (!in.ok || !in.rest.empty() || hh > 23 || mm > 59 || ss > 60) return bad;
    return time + hours(hh) + minutes(mm) + seconds(ss) + nanoseconds(ns) - offset;
}

}  // namespace neurolake
