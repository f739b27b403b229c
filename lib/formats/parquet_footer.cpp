// parquet_footer.cpp: field by field from Thrift to structures; fields we do not use are skipped.
// SPDX-License-Identifier: Apache-2.0
#include "formats/parquet_footer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "formats/thrift_compact.hpp"

namespace neurolake::formats {
namespace {

using Type = ThriftReader::Type;

constexpr std::size_t k_max_elements = 100000;  // of the schema, and chunks of a row group

int small(ThriftReader& in, Type type) {
    return static_cast<int>(std::clamp<std::int64_t>(in.integer(type), -1, 1 << 20));
}

// A union of empty structs: which one is set.
int union_member(ThriftReader& in, Type type) {
    if (type != ThriftReader::k_struct) return in.fail(), 0;
    int member = 0;
    in.read_struct([&](std::int16_t id, Type t) {
        member = id;
        in.skip(t);
    });
    return member;
}

void read_logical_type(ThriftReader& in, ParquetElement& out) {
    in.read_struct([&](std::int16_t member, Type member_type) {
        out.logical = member;
        if (member_type != ThriftReader::k_struct) return in.skip(member_type);
        in.read_struct([&](std::int16_t id, Type type) {
            const bool decimal = member == 5, time = member == 7 || member == 8, integer = member == 10;
            if (decimal && id == 1)
                out.scale = small(in, type);
            else if (decimal && id == 2)
                out.precision = small(in, type);
            else if (time && id == 1)
                out.utc = ThriftReader::is_true(type);
            else if (time && id == 2)
                out.unit = static_cast<ParquetUnit>(std::clamp(union_member(in, type), 0, 3));
            else if (integer && id == 1)
                out.bit_width = small(in, type);
            else if (integer && id == 2)
                out.is_signed = ThriftReader::is_true(type);
            else
                in.skip(type);
        });
    });
}

ParquetElement read_element(ThriftReader& in) {
    ParquetElement out;
    in.read_struct([&](std::int16_t id, Type type) {
        switch (id) {
            case 1:
                out.physical = static_cast<ParquetPhysical>(std::clamp(small(in, type), 0, 7));
                return;
            case 2:
                out.type_length = small(in, type);
                return;
            case 3:
                out.repetition = small(in, type);
                return;
            case 4:
                out.name = in.binary(type);
                return;
            case 5:
                out.children = in.integer(type);
                return;
            case 6:
                out.converted = small(in, type);
                return;
            case 7:
                out.scale = small(in, type);
                return;
            case 8:
                out.precision = small(in, type);
                return;
            case 10:
                if (type != ThriftReader::k_struct) return in.fail();
                return read_logical_type(in, out);
            default:
                in.skip(type);
        }
    });
    return out;
}

void read_statistics(ThriftReader& in, ParquetStatistics& out) {
    std::string_view legacy_min, legacy_max, min, max;
    bool has_legacy_min = false, has_legacy_max = false, has_min = false, has_max = false, exact = true;
    in.read_struct([&](std::int16_t id, Type type) {
        const auto keep = [&](std::string_view& text, bool& has) {
            text = in.binary(type);
            has = true;
        };
        switch (id) {
            case 1:
                return keep(legacy_max, has_legacy_max);
            case 2:
                return keep(legacy_min, has_legacy_min);
            case 3:
                out.nulls = in.integer(type);
                return;
            case 4:
                out.distinct = in.integer(type);
                return;
            case 5:
                return keep(max, has_max);
            case 6:
                return keep(min, has_min);
            case 7:  // is_max_value_exact
            case 8:  // is_min_value_exact
                exact &= ThriftReader::is_true(type);
                return in.skip(type);
            default:
                in.skip(type);
        }
    });
    out.has_bounds = has_min && has_max;
    if (!out.has_bounds && has_legacy_min && has_legacy_max) {
        out.has_bounds = out.legacy_bounds = true;
        min = legacy_min;
        max = legacy_max;
    }
    // A cut value is no value of the column, and a long one nothing for people.
    constexpr std::size_t k_kept = 256;
    out.has_bounds &= exact && min.size() <= k_kept && max.size() <= k_kept;
    if (!out.has_bounds) return;
    out.min = min;
    out.max = max;
}

void read_chunk_metadata(ThriftReader& in, ParquetChunk& out) {
    in.read_struct([&](std::int16_t id, Type type) {
        switch (id) {
            case 4:
                out.codec = small(in, type);
                return;
            case 5:
                out.values = in.integer(type);
                return;
            case 7:
                out.compressed_bytes = in.integer(type);
                return;
            case 9:
                out.first_page = out.first_page == 0 ? in.integer(type) : std::min(out.first_page, in.integer(type));
                return;
            case 11: {
                const std::int64_t dictionary = in.integer(type);
                if (dictionary > 0)
                    out.first_page = out.first_page == 0 ? dictionary : std::min(out.first_page, dictionary);
                return;
            }
            case 12:
                if (type != ThriftReader::k_struct) return in.fail();
                return read_statistics(in, out.statistics);
            default:
                in.skip(type);
        }
    });
}

void read_chunk(ThriftReader& in, ParquetChunk& out) {
    in.read_struct([&](std::int16_t id, Type type) {
        if (id == 3 && type == ThriftReader::k_struct) return read_chunk_metadata(in, out);
        out.elsewhere |= id == 1;
        out.encrypted |= id == 8;
        in.skip(type);
    });
}

void read_row_group(ThriftReader& in, ParquetRowGroup& out) {
    out.rows = 0;
    out.chunks.clear();
    in.read_struct([&](std::int16_t id, Type type) {
        if (id == 1)
            in.read_list(type, [&](Type element) {
                if (element != ThriftReader::k_struct || out.chunks.size() >= k_max_elements) return in.fail();
                read_chunk(in, out.chunks.emplace_back());
            });
        else if (id == 3)
            out.rows = in.integer(type);
        else
            in.skip(type);
    });
}

}  // namespace

Result<ParquetFooter> decode_parquet_footer(std::string_view bytes,
                                            const std::function<void(const ParquetRowGroup&)>& on_group) {
    ThriftReader in(bytes);
    ParquetFooter out;
    ParquetRowGroup group;
    in.read_struct([&](std::int16_t id, Type type) {
        switch (id) {
            case 2:
                return in.read_list(type, [&](Type element) {
                    if (element != ThriftReader::k_struct || out.schema.size() >= k_max_elements) return in.fail();
                    out.schema.push_back(read_element(in));
                });
            case 3:
                out.rows = in.integer(type);
                return;
            case 4:
                return in.read_list(type, [&](Type element) {
                    if (element != ThriftReader::k_struct) return in.fail();
                    read_row_group(in, group);
                    ++out.row_groups;
                    if (in.ok()) on_group(group);
                });
            case 6:
                out.created_by = in.binary(type);
                return;
            case 8:
                out.encrypted_columns = true;
                return in.skip(type);
            default:
                in.skip(type);
        }
    });
    if (!in.ok())
        return Error(Errc::corrupt, fmt::format("the footer is damaged at byte {} of {}", in.position(), bytes.size()));
    if (out.schema.empty()) return Error(Errc::corrupt, "the footer has no schema");
    return out;
}

}  // namespace neurolake::formats
