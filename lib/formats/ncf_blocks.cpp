// ncf_blocks.cpp: where each column's stored bytes lie, whether they can be what they claim, and the footer's checksum.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>
#include <unordered_map>

#include "base/digest.hpp"
#include "formats/findings.hpp"
#include "formats/ncf_layout.hpp"

namespace neurolake::formats {
namespace {

template <typename T>
T little_endian(std::string_view bytes, std::size_t at) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof(T));
    return value;
}

// A cursor over the data section that reads the file in small pieces: block payloads are stepped over, not read.
class DataCursor {
public:
    DataCursor(const Input& input, NcfFile& file, std::uint64_t begin, std::uint64_t end)
        : m_input(input), m_file(file), m_at(begin), m_end(end) {}

    std::uint64_t position() const { return m_at; }
    std::uint64_t left() const { return m_end - m_at; }
    bool step(std::uint64_t bytes) {
        if (bytes > left()) return false;
        m_at += bytes;
        return true;
    }

    // At least `bytes` from the position, "" when the section does not have them.
    Result<std::string_view> peek(std::size_t bytes) {
        if (bytes > left()) return std::string_view();
        if (m_at < m_cached_at || m_at + bytes > m_cached_at + m_cache.size()) {
            const std::uint64_t wanted = std::min<std::uint64_t>(std::max<std::size_t>(bytes, k_piece), left());
            TRY(m_cache, ncf_bytes(m_input, m_file, m_at, wanted));
            m_cached_at = m_at;
            if (m_cache.size() < bytes) return std::string_view();
        }
        return std::string_view(m_cache).substr(static_cast<std::size_t>(m_at - m_cached_at));
    }

private:
    static constexpr std::size_t k_piece = 4096;
    const Input& m_input;
    NcfFile& m_file;
    std::uint64_t m_at, m_end, m_cached_at = 0;
    std::string m_cache;
};

bool bad(NcfFile& file, const char* code, std::string message) {
    file.findings.push_back(error(code, std::move(message)));
    return false;
}

// One zero-terminated name; nullopt when there is no zero within the limit.
Result<std::optional<std::string>> take_name(DataCursor& cursor) {
    const auto longest = static_cast<std::size_t>(std::min<std::uint64_t>(cursor.left(), k_ncf_max_name + 1));
    for (std::size_t look = std::min<std::size_t>(longest, 256); look > 0; look = std::min(look * 4, longest)) {
        TRY(const std::string_view bytes, cursor.peek(look));
        const std::size_t zero = bytes.substr(0, longest).find('\0');
        if (zero != std::string_view::npos) {
            std::string name(bytes.substr(0, zero));
            cursor.step(zero + 1);
            return std::optional(std::move(name));
        }
        if (look == longest) break;
    }
    return std::optional<std::string>();
}

// What a block inflates to; the payload is not kept.
struct Inflated {
    std::uint64_t size = 0;
    std::string beginning;  // four bytes, or all of them
};
Result<Inflated> inflated(const Input& input, const NcfColumn& column, std::uint64_t limit) {
    FileSource stored(input.fd, column.offset, column.offset + column.size);
    InflateLimits limits;
    limits.max_ratio = std::numeric_limits<std::uint64_t>::max();
    const auto source = inflate(stored, Compression::zstd, limits);
    std::array<char, 16384> block;
    Inflated out;
    while (out.size <= limit) {
        TRY(const std::size_t got, source->read(block));
        if (got == 0) break;
        out.beginning.append(block.data(), std::min(got, 4 - out.beginning.size()));
        out.size += got;
    }
    return out;
}

constexpr std::uint64_t k_no_size = std::numeric_limits<std::uint64_t>::max();

// Zstandard makes at most 128 KiB of four bytes.
std::uint64_t most_inflated(std::uint64_t stored) {
    constexpr std::uint64_t k_growth = 1u << 15;
    return stored > k_no_size / k_growth ? k_no_size : stored * k_growth;
}

// The bytes of so many rows: of fixed width exactly so many, of strings (their count and offsets) at least.
std::uint64_t bytes_needed(std::uint64_t rows, std::size_t width) {
    std::uint64_t bytes = 0;
    if (width > 0) return __builtin_mul_overflow(rows, std::uint64_t{width}, &bytes) ? k_no_size : bytes;
    return rows > std::uint64_t{1} << 32 ? k_no_size : 4 + 4 * (rows + 1);
}

// Holds the blocks against the header's row count. Cheap for plain blocks and for frames that declare their size;
// others are inflated only when asked to look at all, or when they are too small for so many rows by any compression.
class BlockCheck {
public:
    BlockCheck(const Input& input, NcfFile& file) : m_input(input), m_file(file) {}

    Status check(const NcfColumn& column) {
        m_width = ncf_width(column.type);
        if (!column.has_data || (m_width == 0 && column.type != "string")) return {};
        const std::uint64_t needed = bytes_needed(m_file.rows, m_width);
        m_strings.reset();
        TRY(const std::optional<std::uint64_t> size, size_of(column, needed));
        if (!size) return {};
        const bool fits = m_width > 0 ? *size == needed && needed != k_no_size
                                      : *size >= needed && (!m_strings || *m_strings == m_file.rows);
        if (fits) return {};
        m_file.contradict_rows(rows_in(*size));
        if (m_wrong++ == 0) m_first = column.name;
        return {};
    }

    void tell() {
        if (m_wrong > 0)
            m_file.findings.push_back(
                warning("row_count_mismatch", fmt::format("{} column blocks cannot hold {} rows, the first is of {}",
                                                          m_wrong, m_file.rows, m_first)));
    }

private:
    // 0: damaged, or more than we look at.
    std::uint64_t rows_in(std::uint64_t size) const {
        if (size == k_no_size) return 0;
        if (m_width > 0) return size / m_width;
        return m_strings && bytes_needed(*m_strings, 0) <= size ? *m_strings : 0;
    }

    Result<std::optional<std::uint64_t>> size_of(const NcfColumn& column, std::uint64_t needed) {
        constexpr std::uint64_t k_largest_string_block = std::uint64_t{1} << 30;
        if (!column.compressed) {
            if (m_width == 0 && (m_input.options.full || column.size < needed)) {
                TRY(const std::string bytes,
                    ncf_bytes(m_input, m_file, column.offset, std::min<std::uint64_t>(column.size, 4)));
                m_strings = count_in(bytes);
            }
            return std::optional(column.size);
        }
        if (m_input.options.full) return inflated_size(column, m_width > 0 ? needed : k_largest_string_block);
        TRY(const std::string head,
            ncf_bytes(m_input, m_file, column.offset, std::min<std::uint64_t>(column.size, 18)));
        const auto declared = zstd_content_size(head);
        if (declared && *declared <= most_inflated(column.size) && (m_width > 0 || *declared >= needed))
            return declared;
        if (!declared && needed <= most_inflated(column.size)) return declared;
        return within_room(column);
    }

    Result<std::optional<std::uint64_t>> within_room(const NcfColumn& column) {
        if (m_room == 0) return std::optional(k_no_size);
        TRY(const auto size, inflated_size(column, m_room));
        const bool beyond = size && *size > m_room;
        m_room -= std::min(m_room, size.value_or(0));
        return beyond ? std::optional(k_no_size) : size;
    }

    // Nothing where it cannot be told.
    Result<std::optional<std::uint64_t>> inflated_size(const NcfColumn& column, std::uint64_t limit) {
        const auto counted = inflated(m_input, column, limit);
        if (!counted && !is_damage(counted.error())) return counted.error();
        if (!counted) return counted.error().code == Errc::unsupported ? std::nullopt : std::optional(k_no_size);
        if (m_width == 0) m_strings = count_in(counted->beginning);
        return std::optional(counted->size);
    }

    static std::uint64_t count_in(std::string_view bytes) {
        return bytes.size() < 4 ? 0 : little_endian<std::uint32_t>(bytes, 0);
    }

    const Input& m_input;
    NcfFile& m_file;
    std::size_t m_width = 0;                 // of the column that is looked at
    std::optional<std::uint64_t> m_strings;  // that its block counts, where that was read
    std::uint64_t m_room = 64u << 20;        // bytes that are inflated without being asked for
    std::uint64_t m_wrong = 0;
    std::string m_first;
};

}  // namespace

Result<std::string> ncf_bytes(const Input& input, NcfFile& file, std::uint64_t offset, std::uint64_t size) {
    std::string bytes(static_cast<std::size_t>(std::min(size, offset < input.size ? input.size - offset : 0)), '\0');
    FileSource source(input.fd, offset);
    TRY(const std::size_t got, read_full(source, bytes));
    bytes.resize(got);
    file.bytes_read += got;
    return bytes;
}

Result<bool> locate_python_blocks(const Input& input, const NcfLayout& layout, NcfFile& file) {
    std::unordered_map<std::string_view, NcfColumn*> by_name;
    for (NcfColumn& column : file.columns) by_name.emplace(column.name, &column);
    DataCursor cursor(input, file, layout.data, layout.footer);
    std::uint64_t strangers = 0;
    while (cursor.left() > 0) {
        TRY(const std::string_view head, cursor.peek(8));
        if (head.empty()) return bad(file, "bad_data", "a column group is cut");
        const auto group = little_endian<std::uint32_t>(head, 0), count = little_endian<std::uint32_t>(head, 4);
        cursor.step(8);
        if (count > cursor.left() / 10)
            return bad(file, "bad_data", fmt::format("a column group cannot hold {} columns", count));
        for (std::uint32_t i = 0; i < count; ++i) {
            TRY(const std::optional<std::string> name, take_name(cursor));
            if (!name) return bad(file, "bad_data", "a column name has no end");
            TRY(const std::string_view rest, cursor.peek(9));
            if (rest.empty()) return bad(file, "bad_data", "a column block is cut");
            const auto size = little_endian<std::uint64_t>(rest, 0);
            const bool compressed = rest[8] == 1;
            cursor.step(9);
            const std::uint64_t offset = cursor.position();
            if (!cursor.step(size))
                return bad(file, "bad_length",
                           fmt::format("a column block says it has {} bytes, {} are left", size, cursor.left()));
            const auto at = by_name.find(*name);
            if (at == by_name.end()) {
                ++strangers;
                continue;
            }
            NcfColumn& column = *at->second;
            column.has_data = true;
            column.compressed = compressed;
            column.offset = offset;
            column.size = size;
            column.stored_group = group;
        }
    }
    if (strangers > 0)
        file.findings.push_back(
            warning("block_without_column", fmt::format("{} blocks belong to no column of the schema", strangers)));
    const auto empty =
        std::count_if(file.columns.begin(), file.columns.end(), [](const NcfColumn& c) { return !c.has_data; });
    if (empty > 0)
        file.findings.push_back(
            note("column_without_block", fmt::format("{} columns of the schema have no data", empty)));
    return true;
}

Result<bool> locate_rust_blocks(const Input& input, const NcfLayout& layout, NcfFile& file) {
    DataCursor cursor(input, file, layout.data, layout.footer);
    for (NcfColumn& column : file.columns) {
        if (cursor.left() == 0) break;
        TRY(const std::string_view head, cursor.peek(4));
        if (head.empty()) return bad(file, "bad_data", "a column block is cut");
        column.size = little_endian<std::uint32_t>(head, 0);
        cursor.step(4);
        column.offset = cursor.position();
        column.compressed = column.has_data = true;
        if (!cursor.step(column.size))
            return bad(file, "bad_length",
                       fmt::format("a column block says it has {} bytes, {} are left", column.size, cursor.left()));
    }
    if (cursor.left() > 0) return bad(file, "bad_data", "bytes stand behind the last column block");
    return true;
}

Status check_ncf_blocks(const Input& input, NcfFile& file) {
    BlockCheck check(input, file);
    for (const NcfColumn& column : file.columns) TRY_DO(check.check(column));
    check.tell();
    return {};
}

Status check_ncf_footer(const Input& input, const NcfLayout& layout, NcfFile& file) {
    const bool rust = file.dialect == NcfDialect::rust;
    const std::size_t digest_at = rust ? 4 : 9;
    constexpr std::uint64_t k_python_footer = 165;  // with its index, which repeats the header
    TRY(const std::string footer, ncf_bytes(input, file, layout.footer, digest_at + 32));
    const bool whole = file.dialect != NcfDialect::python || layout.footer + k_python_footer <= input.size;
    const bool sound = whole && footer.size() == digest_at + 32 && footer.starts_with("NCFE") &&
                       (rust || footer.substr(4, 5) == std::string_view("\x01\x00\x00\x00\x02", 5));
    if (!sound) {
        bad(file, "truncated", "the footer is missing or damaged: the file was cut");
        return {};
    }
    file.checksum = NcfChecksum::unchecked;
    if (!input.options.full) return {};
    Sha256 hash;
    FileSource source(input.fd, 0, layout.footer);
    std::string block(256u << 10, '\0');
    for (std::uint64_t at = 0;;) {
        if (input.cancel.cancelled()) return Error(Errc::cancelled, "reading was cancelled");
        TRY(const std::size_t got, read_full(source, block));
        if (got == 0) break;
        // The rust writer hashes its header before it is filled in.
        if (rust && at == 0) std::fill(block.begin() + 8, block.begin() + 64, '\0');
        hash.update(block.data(), got);
        at += got;
        file.bytes_read += got;
    }
    TRY(const Sha256Digest digest, hash.finish());
    const bool equal = std::memcmp(digest.data(), footer.data() + digest_at, digest.size()) == 0;
    file.checksum = !equal ? NcfChecksum::mismatch : rust ? NcfChecksum::ok_zeroed_header : NcfChecksum::ok;
    if (!equal) file.findings.push_back(warning("checksum_mismatch", "the stored checksum is not that of the content"));
    return {};
}

}  // namespace neurolake::formats
