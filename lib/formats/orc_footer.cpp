// orc_footer.cpp: the footer's messages, each field that matters here.
// SPDX-License-Identifier: Apache-2.0
#include "formats/orc_footer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "formats/protobuf.hpp"

namespace neurolake::formats {
namespace {

constexpr std::size_t k_max_types = 20000;        // and as many names
constexpr std::size_t k_max_looked_into = 10000;  // stripes: each has a row, or what is asked for ends earlier

struct TypeReader {
    std::size_t links = 0;  // children and names of all types

    bool read(std::string_view message, OrcType& out) {
        ProtobufReader in(message);
        bool fits = true;
        for (ProtobufField field; fits && in.next(field);) switch (field.id) {
                case 1:
                    out.kind = static_cast<OrcKind>(std::min(field.number, static_cast<std::uint64_t>(OrcKind::newer)));
                    break;
                case 2:
                    fits = ProtobufReader::numbers(field, [&](std::uint64_t child) {
                        if (++links <= 2 * k_max_types && child <= k_max_types)
                            out.children.push_back(static_cast<std::uint32_t>(child));
                    });
                    break;
                case 3:
                    if (++links <= 2 * k_max_types) out.names.push_back(field.bytes);
                    break;
                case 4:
                    out.length = field.number;
                    break;
                case 5:
                    out.precision = field.number;
                    break;
                case 6:
                    out.scale = field.number;
                    break;
                default:
                    break;
            }
        return fits && in.ok();
    }
};

constexpr std::uint64_t k_max_rows = std::uint64_t{1} << 62;  // more nobody wrote, and sums of them overflow

// Adds what a stripe says of itself.
bool take_stripe(std::string_view message, std::uint64_t body_end, OrcFooter& footer) {
    OrcStripePlace place;
    ProtobufReader in(message);
    for (ProtobufField field; in.next(field);) {
        if (field.id == 1) place.offset = field.number;
        if (field.id == 2) place.index_bytes = field.number;
        if (field.id == 3) place.data_bytes = field.number;
        if (field.id == 4) place.footer_bytes = field.number;
        if (field.id == 5) place.rows = field.number;
    }
    std::uint64_t left = body_end;
    for (const std::uint64_t bytes : {place.offset, place.index_bytes, place.data_bytes, place.footer_bytes}) {
        if (bytes > left) {
            ++footer.outside;
            break;
        }
        left -= bytes;
    }
    if (footer.outside == 0 && footer.first_stripes.size() < k_max_looked_into) footer.first_stripes.push_back(place);
    ++footer.stripes;
    footer.stripe_rows += std::min(place.rows, k_max_rows);
    return in.ok() && footer.stripe_rows <= k_max_rows;
}

std::string writer_name(std::optional<std::uint64_t> writer, std::string_view version) {
    constexpr std::array<std::string_view, 6> k_writers{"ORC Java", "ORC C++", "Presto", "ORC Go", "Trino", "cuDF"};
    if (!writer || *writer >= k_writers.size()) return {};
    std::string out(k_writers[*writer]);
    if (!version.empty() && version.size() <= 40) out += " " + text::escape_controls(version);
    return out;
}

Error broken() { return {Errc::corrupt, "the footer does not add up"}; }

}  // namespace

Result<OrcFooter> decode_orc_footer(std::string_view bytes, std::uint64_t body_end) {
    constexpr std::uint64_t k_new_calendar = 2;
    OrcFooter out;
    TypeReader types;
    std::optional<std::uint64_t> writer = 0;  // ORC Java does not say so
    std::string_view version;
    ProtobufReader in(bytes);
    for (ProtobufField field; in.next(field);) switch (field.id) {
            case 3:
                if (!take_stripe(field.bytes, body_end, out)) return broken();
                break;
            case 4:
                if (out.types.size() >= k_max_types || types.links > 2 * k_max_types)
                    return Error(Errc::guard, "the footer has more types than we read");
                out.types.emplace_back();
                if (!types.read(field.bytes, out.types.back())) return broken();
                break;
            case 6:
                out.rows = field.number;
                break;
            case 9:
                writer = field.number;
                break;
            case 10:
                out.encrypted = true;
                break;
            case 11:
                out.old_calendar = field.number != k_new_calendar;
                break;
            case 12:
                version = field.bytes;
                break;
            default:
                break;
        }
    if (!in.ok() || out.types.empty() || out.rows > k_max_rows) return broken();
    out.writer = writer_name(writer, version);
    return out;
}

}  // namespace neurolake::formats
