// parquet_tail.cpp: magic, length and footer, each checked against the file.
// SPDX-License-Identifier: Apache-2.0
#include "formats/parquet_tail.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "formats/findings.hpp"

namespace neurolake::formats {
namespace {

constexpr std::uint64_t k_tail = 8;  // footer length and magic
constexpr std::uint64_t k_max_footer = 32u << 20;
constexpr std::size_t k_first_read = 64u << 10;  // most footers come with the tail in one read

}  // namespace

Result<ParquetTail> read_parquet_tail(const Input& input) {
    ParquetTail tail;
    const auto refused = [&](model::Finding why) {
        tail.verdict = std::move(why);
        return std::move(tail);
    };
    if (input.size < 12) return refused(error("truncated", fmt::format("{} bytes are no Parquet file", input.size)));
    const auto read_end = [&](std::uint64_t size) -> Status {
        tail.bytes.assign(static_cast<std::size_t>(size), '\0');
        FileSource source(input.fd, input.size - size);
        TRY(const std::size_t got, read_full(source, tail.bytes));
        if (got < size) tail.verdict = error("truncated", "the file became shorter while it was read");
        return {};
    };
    TRY_DO(read_end(std::min<std::uint64_t>(input.size, k_first_read)));
    if (tail.verdict) return tail;
    const std::string magic = tail.bytes.substr(tail.bytes.size() - 4);
    std::uint32_t length = 0;
    std::memcpy(&length, tail.bytes.data() + tail.bytes.size() - k_tail, 4);
    if (magic == "PARE")
        return refused(
            warning("encrypted", "the footer is encrypted: schema and row count cannot be read without its key"));
    if (magic != "PAR1")
        return refused(error("truncated", "the file does not end like a Parquet file: it was cut or is still written"));
    if (length > input.size - 12)
        return refused(
            error("bad_length", fmt::format("the footer says it has {} bytes, the file has {}", length, input.size)));
    if (length > k_max_footer)
        return refused(error("too_large", fmt::format("the footer has {} bytes: more than we read", length)));
    if (length + k_tail > tail.bytes.size()) {
        TRY_DO(read_end(length + k_tail));
        if (tail.verdict) return tail;
    }
    tail.footer_at = tail.bytes.size() - k_tail - length;
    tail.footer_size = length;
    return tail;
}

}  // namespace neurolake::formats
