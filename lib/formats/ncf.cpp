// ncf.cpp: tells the dialects apart, checks the header's offsets, and makes the profile.
// SPDX-License-Identifier: Apache-2.0
#include "formats/ncf.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.hpp"
#include "formats/csv.hpp"
#include "formats/findings.hpp"
#include "formats/ncf_layout.hpp"

namespace neurolake::formats {
namespace {

constexpr std::size_t k_header_end = 68;  // of the longest header, with the 8 bytes before it
constexpr std::uint64_t k_max_json = 8u << 20;

std::uint32_t u32(std::string_view bytes, std::size_t at) {
    std::uint32_t value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}
std::uint64_t u64(std::string_view bytes, std::size_t at) {
    std::uint64_t value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

bool bad(NcfFile& file, const char* code, std::string message) {
    file.findings.push_back(error(code, std::move(message)));
    return false;
}

// The length that stands before a section, checked against where the next one begins.
Result<bool> take_length(const Input& input, NcfFile& file, std::uint64_t& offset, std::uint64_t end,
                         std::uint64_t& size, const char* what) {
    TRY(const std::string bytes, ncf_bytes(input, file, offset, 4));
    if (bytes.size() < 4) return bad(file, "truncated", fmt::format("the file ends before its {}", what));
    size = u32(bytes, 0);
    offset += 4;
    if (offset > end || size > end - offset)
        return bad(file, "bad_length", fmt::format("the {} says it has {} bytes, there are fewer", what, size));
    if (size > k_ncf_max_metadata)
        return bad(file, "too_large", fmt::format("the {} has {} bytes: more than we read", what, size));
    return true;
}

bool check_order(NcfFile& file, const NcfLayout& l, std::uint64_t first, std::uint64_t size) {
    const bool strict = file.dialect == NcfDialect::python;
    const bool ordered = first <= l.schema &&
                         (strict ? l.schema < l.statistics && l.statistics < l.data
                                 : l.schema <= l.statistics && l.statistics <= l.data) &&
                         l.data <= l.footer;
    constexpr std::uint64_t k_no_file = std::uint64_t{1} << 60;
    if (!ordered || l.footer > k_no_file) return bad(file, "bad_offset", "the header's offsets are out of order");
    if (l.footer > size)
        return bad(file, "truncated",
                   fmt::format("the footer should stand at {}, the file has {} bytes", l.footer, size));
    return true;
}

NcfDialect dialect_of(std::string_view head) {
    if (u32(head, 8) != 64 || u32(head, 12) != 0) return NcfDialect::python;
    const std::uint64_t length = head.size() >= k_header_end ? u32(head, 64) : 0;
    return 64 + 4 + length == u64(head, 16) ? NcfDialect::optimized : NcfDialect::rust;
}

// Header fields of the three layouts.
NcfLayout read_header(std::string_view head, NcfFile& file) {
    NcfLayout l;
    if (file.dialect == NcfDialect::python) {
        l.schema = u32(head, 8);
        l.statistics = u32(head, 12);
        l.data = u32(head, 20);
        l.footer = u32(head, 24);
        file.rows = u64(head, 28);
        file.created = u64(head, 36);
        file.modified = u64(head, 44);
        file.compression = head[52] == 1 ? "zstd" : "none";
        return l;
    }
    l.schema = u64(head, 8);
    l.statistics = u64(head, 16);
    l.data = u64(head, 24);
    l.footer = u64(head, 32);
    file.rows = u64(head, 40);
    file.compression = "zstd";
    if (file.dialect == NcfDialect::optimized) {
        file.created = u32(head, 48);
        file.modified = u32(head, 52);
        file.compression = u64(head, 56) == 1 ? "zstd" : "none";
    }
    return l;
}

// The writer fills its header in last: a header of zeros is a file whose writer died. The schema may be whole.
Status salvage(const Input& input, NcfFile& file) {
    file.finalised = false;
    bad(file, "unfinalized", "the writer did not finish this file: its header is empty");
    for (const auto& [dialect, at] :
         {std::pair(NcfDialect::python, std::uint64_t{68}), std::pair(NcfDialect::optimized, std::uint64_t{64})}) {
        std::uint64_t offset = at, size = 0;
        NcfFile attempt;
        attempt.dialect = dialect;
        attempt.finalised = false;
        TRY(const bool found, take_length(input, attempt, offset, input.size, size, "schema"));
        if (!found || size == 0) continue;
        TRY(const std::string bytes, ncf_bytes(input, attempt, offset, size));
        if (!read_ncf_schema(bytes, attempt)) continue;
        attempt.findings.insert(attempt.findings.begin(), file.findings.begin(), file.findings.end());
        file = std::move(attempt);
        return {};
    }
    TRY(const std::string bytes, ncf_bytes(input, file, 64, k_ncf_max_metadata));
    if (bytes.starts_with('\x94')) {
        file.dialect = NcfDialect::rust;
        read_ncf_schema(bytes, file);
    }
    return {};
}

Status read_binary(const Input& input, std::string_view head, NcfFile& file) {
    file.dialect = dialect_of(head);
    if (file.dialect == NcfDialect::python && head.size() < k_header_end) {
        bad(file, "truncated", "the file ends within its header");
        return {};
    }
    NcfLayout layout = read_header(head, file);
    const bool rust = file.dialect == NcfDialect::rust;
    if (!check_order(file, layout, file.dialect == NcfDialect::python ? k_header_end : 64, input.size)) {
        // What is whole before the cut is still worth telling.
        if (layout.schema < input.size && layout.statistics > layout.schema && !rust) {
            std::uint64_t offset = layout.schema;
            NcfFile quiet;
            TRY(const bool found, take_length(input, quiet, offset, std::min(layout.statistics, input.size),
                                              layout.schema_size, "schema"));
            if (found) {
                TRY(const std::string bytes, ncf_bytes(input, file, offset, layout.schema_size));
                read_ncf_schema(bytes, file);
            }
        }
        return {};
    }
    layout.schema_size = layout.statistics - layout.schema;
    layout.statistics_size = layout.data - layout.statistics;
    if (!rust) {
        TRY(const bool schema,
            take_length(input, file, layout.schema, layout.statistics, layout.schema_size, "schema"));
        if (!schema) return {};
        TRY(const bool statistics,
            take_length(input, file, layout.statistics, layout.data, layout.statistics_size, "statistics"));
        if (!statistics) return {};
    } else if (std::max(layout.schema_size, layout.statistics_size) > k_ncf_max_metadata) {
        bad(file, "too_large", "schema or statistics are larger than we read");
        return {};
    }
    TRY(const std::string schema, ncf_bytes(input, file, layout.schema, layout.schema_size));
    if (!read_ncf_schema(schema, file)) return {};
    TRY(const std::string statistics, ncf_bytes(input, file, layout.statistics, layout.statistics_size));
    read_ncf_statistics(statistics, file);

    bool located = false;
    if (file.dialect == NcfDialect::optimized) {
        file.findings.push_back(note("metadata_only",
                                     "this writer destroys its own column data: schema, statistics and row "
                                     "count are all there is"));
    } else {
        TRY(located, rust ? locate_rust_blocks(input, layout, file) : locate_python_blocks(input, layout, file));
    }
    file.data_readable = located;
    if (located) TRY_DO(check_ncf_blocks(input, file));
    if (constexpr auto k_most = std::uint64_t{1} << 62; file.rows > k_most && !file.least_rows) {
        file.contradict_rows(0);
        file.findings.push_back(warning("row_count_mismatch",
                                        fmt::format("the header says {} rows: more than a file can hold", file.rows)));
    }
    const auto opaque = std::count_if(file.columns.begin(), file.columns.end(),
                                      [](const NcfColumn& c) { return c.has_data && c.encoding == "pickle"; });
    if (opaque > 0)
        file.findings.push_back(
            note("opaque_column",
                 fmt::format("{} column{} stored as {}: a pickle is a program and is not opened", opaque,
                             opaque == 1 ? " is" : "s are", opaque == 1 ? "a Python pickle" : "Python pickles")));
    return check_ncf_footer(input, layout, file);
}

model::Type type_of(const std::string& name) {
    using model::Type;
    using model::TypeKind;
    constexpr std::array<std::pair<std::string_view, TypeKind>, 15> k_types{{{"int8", TypeKind::int8},
                                                                             {"int16", TypeKind::int16},
                                                                             {"int32", TypeKind::int32},
                                                                             {"int64", TypeKind::int64},
                                                                             {"uint8", TypeKind::uint8},
                                                                             {"uint16", TypeKind::uint16},
                                                                             {"uint32", TypeKind::uint32},
                                                                             {"uint64", TypeKind::uint64},
                                                                             {"float32", TypeKind::float32},
                                                                             {"float64", TypeKind::float64},
                                                                             {"string", TypeKind::text},
                                                                             {"binary", TypeKind::binary},
                                                                             {"boolean", TypeKind::boolean},
                                                                             {"date", TypeKind::date},
                                                                             {"timestamp", TypeKind::timestamp}}};
    for (const auto& [known, kind] : k_types)
        if (known == name) return kind;
    if (name == "decimal") return Type::decimal(38, 18);  // the format does not store precision and scale
    return TypeKind::unknown;
}

model::Column column_of(const NcfColumn& from, std::string name, std::uint64_t rows) {
    model::Column column;
    column.name = std::move(name);
    column.type = type_of(from.type);
    column.nullable = from.nullable;
    column.semantic = from.semantic == "unknown" || from.semantic == "none" ? "" : from.semantic;
    column.pii = from.pii;
    if (column.pii || !column.semantic.empty()) column.semantic_evidence.source = "file";
    model::Evidence& evidence = column.evidence;
    evidence.reason = from.type == "decimal" ? "declared as decimal, without precision" : "declared as " + from.type;
    evidence.values = rows;
    if (!from.statistics) return column;
    const NcfStatistics& s = *from.statistics;
    evidence.nulls = std::min(s.nulls.value_or(0), rows);
    evidence.values = s.nulls ? rows - evidence.nulls : 0;  // nobody tells
    evidence.min = s.min;
    evidence.max = s.max;
    if (column.type.kind == model::TypeKind::boolean)  // Python's own spelling
        for (auto* bound : {&evidence.min, &evidence.max})
            if (*bound == "True" || *bound == "False") *bound = text::lower(**bound);
    evidence.distinct = s.distinct;
    return column;
}

}  // namespace

bool NcfFile::has_error() const {
    return std::any_of(findings.begin(), findings.end(),
                       [](const model::Finding& f) { return f.severity == model::Finding::Severity::error; });
}

void NcfFile::contradict_rows(std::uint64_t others) {
    least_rows = std::min({least_rows.value_or(rows), rows, others});
}

std::string_view to_string(NcfDialect dialect) {
    constexpr std::array<std::string_view, 5> k_names{"unknown", "python", "optimized", "rust", "json"};
    return k_names[static_cast<std::size_t>(dialect)];
}

Result<NcfFile> read_ncf(const Input& input) {
    NcfFile file;
    TRY(const std::string head, ncf_bytes(input, file, 0, k_header_end));
    if (head.empty()) {
        bad(file, "empty_file", "the file is empty: its writer failed before the first byte");
        return file;
    }
    if (!head.starts_with(std::string_view("NCF\x01", 4))) {
        std::string_view text = head;
        if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
        const std::size_t first = text.find_first_not_of(" \t\r\n");
        if (first == std::string_view::npos || text[first] != '{') {
            bad(file, "not_ncf", "the file does not begin like an NCF file");
        } else if (input.size > k_max_json) {
            file.dialect = NcfDialect::json;
            bad(file, "too_large", "NCF as JSON of more than 8 MiB is not read");
        } else {
            TRY(std::string whole, ncf_bytes(input, file, 0, input.size));
            read_ncf_json(std::move(whole), file);
        }
        return file;
    }
    if (head.size() >= 8 && u32(head, 4) != 1) {
        bad(file, "unsupported_version", fmt::format("NCF format version {} is not known", u32(head, 4)));
        return file;
    }
    if (head.size() < 64) {
        bad(file, "truncated", fmt::format("{} bytes are no whole NCF file", head.size()));
        return file;
    }
    const std::string_view header = std::string_view(head).substr(8, 56);
    const Status status = header.find_first_not_of('\0') == std::string_view::npos ? salvage(input, file)
                                                                                   : read_binary(input, head, file);
    if (!status) return status.error();
    return file;
}

Result<Profile> profile_ncf(const Input& input) {
    if (input.compression != Compression::none)
        return unknown_profile(to_string(input.compression),
                               warning("unsupported", "NCF inside a compressed file is not read"));
    TRY(NcfFile file, read_ncf(input));
    Profile profile;
    profile.format = "ncf";
    if (file.dialect != NcfDialect::unknown) profile.dialect = fmt::format("ncf dialect {}", to_string(file.dialect));
    profile.rows_exact = !file.has_error() && !file.least_rows;
    profile.rows = file.has_error() ? 0 : file.least_rows.value_or(file.rows);
    profile.bytes_read = file.bytes_read;
    leave_out_impossible_statistics(file);
    profile.findings = std::move(file.findings);
    std::vector<std::string> names;
    for (const NcfColumn& column : file.columns) names.push_back(column.name);
    names = usable_names(names, names.size(), profile.findings, true);
    for (std::size_t i = 0; i < names.size(); ++i)
        profile.columns.push_back(column_of(file.columns[i], names[i], profile.rows));
    return profile;
}

}  // namespace neurolake::formats
