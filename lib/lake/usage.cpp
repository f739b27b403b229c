// usage.cpp: the history of how full the lake is, and the forecast from it.
// SPDX-License-Identifier: Apache-2.0
#include "lake/usage.hpp"

#include <fcntl.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/json.hpp"

namespace neurolake::lake {

namespace {

constexpr std::chrono::hours k_spacing{1};
constexpr std::uint64_t k_thin_at = 64u << 10;
constexpr std::size_t k_days_kept = 400;
constexpr double k_day_seconds = 86'400, k_window_days = 30;

std::string line_of(const UsagePoint& point) {
    return json::dump(json::Value::object()
                          .set("at", to_rfc3339(point.at))
                          .set("local_bytes", point.local)
                          .set("cloud_bytes", point.cloud)) +
           "\n";
}

std::optional<UsagePoint> point_of(std::string_view line) {
    const auto value = json::parse(line);
    if (!value || !value->is_object()) return std::nullopt;
    const auto at = parse_rfc3339(value->text("at"));
    if (!at) return std::nullopt;
    return UsagePoint{*at, value->natural("local_bytes"), value->natural("cloud_bytes")};
}

double days_between(Time from, Time to) { return static_cast<double>(to_ns(to) - to_ns(from)) / 1e9 / k_day_seconds; }

// The last point of each day.
std::vector<UsagePoint> thinned(const std::vector<UsagePoint>& points) {
    std::vector<UsagePoint> daily;
    for (const UsagePoint& point : points) {
        if (!daily.empty() && to_rfc3339(daily.back().at).substr(0, 10) == to_rfc3339(point.at).substr(0, 10))
            daily.back() = point;
        else
            daily.push_back(point);
    }
    if (daily.size() > k_days_kept) daily.erase(daily.begin(), daily.end() - k_days_kept);
    return daily;
}

}  // namespace

Result<std::vector<UsagePoint>> read_usage(const std::filesystem::path& file) {
    std::vector<UsagePoint> points;
    auto text = read_file(file);
    if (!text && text.error().code == Errc::not_found) return points;
    if (!text) return std::move(text).error();
    for (std::string_view rest = *text; !rest.empty();) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        if (auto point = point_of(rest.substr(0, end))) points.push_back(*point);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    std::stable_sort(points.begin(), points.end(),
                     [](const UsagePoint& a, const UsagePoint& b) { return a.at < b.at; });
    return points;
}

Status add_usage(const std::filesystem::path& file, const UsagePoint& point) {
    TRY(auto points, read_usage(file));
    if (!points.empty() && point.at - points.back().at < k_spacing) return {};
    auto size = identity_of_path(file);
    if (size && size->size > k_thin_at) {
        points.push_back(point);
        std::string text;
        for (const UsagePoint& kept : thinned(points)) text += line_of(kept);
        return write_file_atomic(file, text, 0600);
    }
    TRY(const Fd fd, open_file(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    return write_all(fd.get(), line_of(point));
}

std::optional<Forecast> forecast(const std::vector<UsagePoint>& history, const UsagePoint& now, std::uint64_t high,
                                 std::uint64_t capacity) {
    std::vector<std::pair<double, double>> points{{0, static_cast<double>(now.local + now.cloud)}};
    for (const UsagePoint& point : history) {
        const double day = -days_between(point.at, now.at);
        if (day < 0 && day >= -k_window_days) points.emplace_back(day, static_cast<double>(point.local + point.cloud));
    }
    const auto [first, last] = std::minmax_element(points.begin(), points.end());
    if (last->first - first->first < 1) return std::nullopt;
    double mean_x = 0, mean_y = 0, covariance = 0, variance = 0;
    for (const auto& [x, y] : points) {
        mean_x += x / static_cast<double>(points.size());
        mean_y += y / static_cast<double>(points.size());
    }
    for (const auto& [x, y] : points) {
        covariance += (x - mean_x) * (y - mean_y);
        variance += (x - mean_x) * (x - mean_x);
    }
    Forecast result;
    result.bytes_per_day = covariance / variance;
    if (result.bytes_per_day < 1) return result;
    const auto days_to = [&](std::uint64_t mark) {
        return now.local >= mark ? 0.0 : static_cast<double>(mark - now.local) / result.bytes_per_day;
    };
    result.days_to_high = days_to(high);
    result.days_to_full = days_to(capacity);
    return result;
}

}  // namespace neurolake::lake
