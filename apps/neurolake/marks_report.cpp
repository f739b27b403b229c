// marks_report.cpp: the capacity and the marks of burst.
// SPDX-License-Identifier: Apache-2.0
#include "marks_report.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace neurolake::apps {

namespace {

json::Value mark_json(const tier::Mark& mark) {
    return json::Value::object().set("bytes", mark.bytes).set("origin", mark.origin);
}

}  // namespace

Result<tier::Marks> marks_for(Session& session, std::uint64_t used) {
    TRY(const config::Settings* settings, session.settings());
    TRY(const lake::Lake* lake, session.lake());
    TRY(const DiskSpace disk, disk_space(lake->layout().home));
    return tier::effective_marks(settings->tier.marks, used, disk.total, disk.available);
}

Result<tier::Marks> cached_marks(Session& session) {
    std::uint64_t used = 0;
    if (auto inventory = session.inventory()) {
        TRY(const config::Settings* settings, session.settings());
        for (const auto& bucket : settings->buckets)
            if (const auto totals = (*inventory)->totals(bucket.name)) used += totals->bytes;
    }
    return marks_for(session, used);
}

json::Value marks_json(const tier::Marks& marks) {
    return json::Value::object()
        .set("capacity", mark_json(marks.capacity))
        .set("high", mark_json(marks.high))
        .set("low", mark_json(marks.low))
        .set("used_bytes", marks.used)
        .set("over", marks.over())
        .set("disk", json::Value::object()
                         .set("total_bytes", marks.disk_total)
                         .set("free_bytes", marks.disk_free)
                         .set("min_free_bytes", marks.min_free));
}

std::vector<std::string> marks_lines(const tier::Marks& marks) {
    const auto line = [](const char* name, const tier::Mark& mark) {
        return fmt::format("{:<10} {:>10}   {}", name, text::size_text(mark.bytes), mark.origin);
    };
    return {line("Capacity", marks.capacity), line("High mark", marks.high), line("Low mark", marks.low)};
}

}  // namespace neurolake::apps
