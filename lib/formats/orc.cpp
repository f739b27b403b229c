// orc.cpp: checks the footer against the file, and tells what it says.
// SPDX-License-Identifier: Apache-2.0
#include "formats/orc.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "formats/csv.hpp"
#include "formats/findings.hpp"
#include "formats/first_values.hpp"
#include "formats/orc_footer.hpp"
#include "formats/orc_rows.hpp"
#include "formats/orc_tail.hpp"

namespace neurolake::formats {
namespace {

std::string describe(const OrcFooter& footer, std::string_view codec) {
    return fmt::format("{} stripe{}, {}{}{}", footer.stripes, footer.stripes == 1 ? "" : "s", codec,
                       footer.writer.empty() ? "" : ", written by ", footer.writer);
}

void report(const OrcFooter& footer, Profile& profile) {
    if (footer.rows != footer.stripe_rows) {
        profile.findings.push_back(error("row_count_mismatch", fmt::format("the footer says {} rows, its stripes {}",
                                                                           footer.rows, footer.stripe_rows)));
        profile.rows_exact = false;
    }
    if (footer.outside > 0) {
        profile.findings.push_back(error(
            "bad_offset",
            fmt::format("{} of {} stripes outside the file: it was cut or patched", footer.outside, footer.stripes)));
        profile.rows_exact = false;
    }
    if (footer.encrypted)
        profile.findings.push_back(note("encrypted_columns", "some columns are encrypted; the footer is not"));
}

void add_columns(const std::vector<OrcColumn>& columns, const std::vector<OrcStatistics>& statistics,
                 Profile& profile) {
    std::vector<std::string> names;
    for (const OrcColumn& column : columns) names.push_back(column.name);
    names = usable_names(names, names.size(), profile.findings, true);
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const OrcStatistics& known = statistics[i];
        model::Column column;
        column.name = names[i];
        column.type = columns[i].type;
        column.evidence.reason = "declared as " + columns[i].declared;
        if (known.values) {  // else both stay 0: nobody counted
            column.evidence.values = std::min(*known.values, profile.rows);
            column.evidence.nulls = profile.rows - column.evidence.values;
        }
        if (!known.values || *known.values > 0) {
            column.evidence.min = known.min;
            column.evidence.max = known.max;
        }
        profile.columns.push_back(std::move(column));
    }
}

// What the values mean; damage that is met on the way is told.
Status look_at_values(const Input& input, const OrcTail& tail, const OrcFooter& footer,
                      const std::vector<OrcColumn>& columns, Profile& profile) {
    FirstValues values(profile.columns);
    if (!values.wants_any() || profile.rows == 0 || !profile.rows_exact) return {};
    std::optional<Error> why;
    TRY_DO(look_at_orc(input, tail, footer, columns, values, why));
    if (why) note_damaged_rows(profile, *why);
    values.tell(profile);
    return {};
}

}  // namespace

Result<Profile> profile_orc(const Input& input) {
    if (input.compression != Compression::none)
        return unknown_profile(
            to_string(input.compression),
            warning("unsupported",
                    "ORC inside a compressed file is not read: inflate it, ORC compresses its own streams"));
    TRY(const OrcTail tail, read_orc_tail(input));
    if (tail.verdict) return unread_profile("orc", *tail.verdict);
    const auto footer = decode_orc_footer(tail.footer, tail.body_end);
    if (!footer)
        return unread_profile(
            "orc", error(footer.error().code == Errc::guard ? "too_large" : "damaged", footer.error().message));
    const auto columns = orc_columns(*footer);
    if (!columns)
        return unread_profile(
            "orc", error(columns.error().code == Errc::guard ? "too_large" : "damaged", columns.error().message));

    Profile profile;
    profile.format = "orc";
    profile.dialect = describe(*footer, orc_codec_name(tail.compression.codec));
    profile.bytes_read = tail.bytes_read;
    profile.rows = footer->rows;
    report(*footer, profile);
    add_columns(*columns, orc_statistics(tail.footer, *footer, *columns), profile);
    TRY_DO(look_at_values(input, tail, *footer, *columns, profile));
    return profile;
}

}  // namespace neurolake::formats
