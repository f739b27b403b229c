// time_zone.cpp: the blocks of a TZif file, and the rule that holds behind them.
// SPDX-License-Identifier: Apache-2.0
#include "base/time_zone.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "base/file.hpp"

namespace neurolake {
namespace {

Error broken() { return {Errc::corrupt, "read a time zone: it is no TZif file, or a damaged one"}; }

std::int64_t big_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
    const unsigned spare = static_cast<unsigned>(64 - 8 * bytes.size());
    return static_cast<std::int64_t>(value << spare) >> spare;
}

// One block of a file: how many of each kind follow its head.
struct Block {
    std::size_t is_utc = 0, is_standard = 0, leaps = 0, times = 0, types = 0, letters = 0;
    static constexpr std::size_t k_head = 44, k_type = 6, k_most = 100000;

    static std::optional<Block> read(std::string_view bytes) {
        if (bytes.size() < k_head || !bytes.starts_with("TZif")) return std::nullopt;
        Block out;
        std::size_t* const counts[] = {&out.is_utc, &out.is_standard, &out.leaps, &out.times, &out.types, &out.letters};
        std::size_t at = 20;
        for (std::size_t* count : counts) {
            const std::int64_t value = big_endian(bytes.substr(at, 4));
            if (value < 0 || value > static_cast<std::int64_t>(k_most)) return std::nullopt;
            *count = static_cast<std::size_t>(value);
            at += 4;
        }
        return out;
    }
    std::size_t size(std::size_t width) const {
        return k_head + times * (width + 1) + types * k_type + letters + leaps * (width + 4) + is_standard + is_utc;
    }
};

bool is_zone_name(std::string_view name) {
    constexpr std::size_t k_longest = 64;
    if (name == "localtime") return false;  // another zone on each computer
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '_' ||
               c == '+' || c == '-';
    };
    return !name.empty() && name.size() <= k_longest && name.front() != '/' && std::ranges::all_of(name, is_letter);
}

}  // namespace

// "CET-1CEST,M3.5.0,M10.5.0/3": offsets count to the west.
class TimeZone::RuleReader {
public:
    explicit RuleReader(std::string_view text) : m_rest(text) {}

    Result<Rule> read() {
        Rule out;
        if (!name() || !offset(out.standard)) return broken();
        out.standard = out.summer = -out.standard;
        if (m_rest.empty()) return out;
        if (!name()) return broken();
        out.summer += 3600;
        if (!m_rest.starts_with(',')) {
            if (!offset(out.summer)) return broken();
            out.summer = -out.summer;
        }
        Day begin, end;
        if (m_rest.starts_with(",M") && day(begin) && day(end) && m_rest.empty()) {
            out.between.emplace(begin, end);
            return out;
        }
        return Error(Errc::unsupported, "read a time zone: its rule goes by the days of the year");
    }

private:
    bool take(char c) {
        if (!m_rest.starts_with(c)) return false;
        m_rest.remove_prefix(1);
        return true;
    }
    // Letters, or anything in angle brackets.
    bool name() {
        const bool quoted = take('<');
        const auto is_end = [&](char c) {
            return quoted ? c == '>' : !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
        };
        const auto end = static_cast<std::size_t>(std::ranges::find_if(m_rest, is_end) - m_rest.begin());
        m_rest.remove_prefix(end);
        return end > 0 && (!quoted || take('>'));
    }
    bool number(std::int32_t& value) {
        const bool any = !m_rest.empty() && m_rest[0] >= '0' && m_rest[0] <= '9';
        for (value = 0; !m_rest.empty() && m_rest[0] >= '0' && m_rest[0] <= '9' && value < 1000;
             m_rest.remove_prefix(1))
            value = value * 10 + (m_rest[0] - '0');
        return any;
    }
    // [+-]hh[:mm[:ss]], in seconds.
    bool offset(std::int32_t& seconds) {
        const bool negative = take('-');
        if (!negative) take('+');
        std::int32_t hours = 0, minutes = 0, rest = 0;
        if (!number(hours)) return false;
        if (take(':') && !number(minutes)) return false;
        if (take(':') && !number(rest)) return false;
        seconds = hours * 3600 + minutes * 60 + rest;
        if (negative) seconds = -seconds;
        return true;
    }
    // ,Mm.w.d[/time]
    bool day(Day& out) {
        std::int32_t month = 0, week = 0, weekday = 0;
        if (!take(',') || !take('M') || !number(month) || !take('.') || !number(week) || !take('.') || !number(weekday))
            return false;
        if (month < 1 || month > 12 || week < 1 || week > 5 || weekday > 6) return false;
        out = {static_cast<unsigned>(month), static_cast<unsigned>(week), static_cast<unsigned>(weekday), 2 * 3600};
        return !take('/') || offset(out.time);
    }

    std::string_view m_rest;
};

Result<TimeZone> TimeZone::load(std::string_view name) {
    const Error unknown(Errc::not_found, fmt::format("this system does not know the time zone {}", name));
    if (!is_zone_name(name)) return unknown;
    const char* folder = std::getenv("TZDIR");
    const std::string path = fmt::format("{}/{}", folder != nullptr && *folder ? folder : "/usr/share/zoneinfo", name);
    const auto bytes = read_file(path);
    if (!bytes) return unknown;
    return parse(*bytes);
}

Result<TimeZone> TimeZone::parse(std::string_view bytes) {
    std::size_t width = 4;
    auto block = Block::read(bytes);
    if (!block || block->size(width) > bytes.size()) return broken();
    if (bytes[4] >= '2') {  // the same again, with times of 64 bits
        bytes.remove_prefix(block->size(width));
        width = 8;
        block = Block::read(bytes);
        if (!block || block->size(width) > bytes.size()) return broken();
    }
    const std::string_view times = bytes.substr(Block::k_head, block->times * width),
                           which = bytes.substr(Block::k_head + times.size(), block->times),
                           types =
                               bytes.substr(Block::k_head + times.size() + which.size(), block->types * Block::k_type);
    if (block->types == 0) return broken();
    const auto offset_of = [&](std::size_t type) {
        return static_cast<std::int32_t>(big_endian(types.substr(type * Block::k_type, 4)));
    };
    TimeZone out;
    out.m_before = offset_of(0);
    for (std::size_t i = 0; i < block->times; ++i) {
        const auto type = static_cast<std::size_t>(static_cast<unsigned char>(which[i]));
        if (type >= block->types) return broken();
        out.m_changes.emplace_back(big_endian(times.substr(i * width, width)), offset_of(type));
    }
    if (!std::ranges::is_sorted(out.m_changes)) return broken();
    std::string_view rule = bytes.substr(block->size(width));
    if (width == 8 && rule.size() > 2 && rule.front() == '\n') {
        rule = rule.substr(1, rule.find('\n', 1) - 1);
        TRY(out.m_after, RuleReader(rule).read());
    }
    return out;
}

std::int64_t TimeZone::seconds_of(const Day& day, std::chrono::year year) {
    namespace chrono = std::chrono;
    const chrono::month month(day.month);
    const chrono::weekday weekday(day.weekday);
    const chrono::sys_days date = day.week == 5 ? chrono::sys_days(year / month / weekday[chrono::last])
                                                : chrono::sys_days(year / month / weekday[day.week]);
    return chrono::sys_seconds(date).time_since_epoch().count() + day.time;
}

std::int32_t TimeZone::by_rule(std::int64_t instant) const {
    namespace chrono = std::chrono;
    const Rule& rule = *m_after;
    if (!rule.between) return rule.standard;
    const chrono::sys_seconds local(chrono::seconds(instant + rule.standard));
    const chrono::year year = chrono::year_month_day(chrono::floor<chrono::days>(local)).year();
    const std::int64_t begin = seconds_of(rule.between->first, year) - rule.standard,
                       end = seconds_of(rule.between->second, year) - rule.summer;
    const bool summer = begin < end ? instant >= begin && instant < end : instant >= begin || instant < end;
    return summer ? rule.summer : rule.standard;
}

std::int32_t TimeZone::offset_at(std::int64_t instant) const {
    constexpr std::int64_t k_farthest = 900000000000;  // the calendar's years end soon behind it
    const auto next = std::ranges::upper_bound(m_changes, instant, {}, [](const auto& change) { return change.first; });
    if (next == m_changes.end() && m_after && std::abs(instant) < k_farthest) return by_rule(instant);
    return next == m_changes.begin() ? m_before : std::prev(next)->second;
}

}  // namespace neurolake
