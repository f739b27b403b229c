// orc_tail.cpp: postscript, length and footer, each checked against the file.
// SPDX-License-Identifier: Apache-2.0
#include "formats/orc_tail.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "formats/findings.hpp"
#include "formats/protobuf.hpp"

namespace neurolake::formats {
namespace {

constexpr std::string_view k_magic = "ORC";
constexpr std::size_t k_first_read = 16u << 10;  // most footers come with the postscript in one read
constexpr std::uint64_t k_max_stored = 8u << 20, k_max_inflated = 16u << 20;

struct Postscript {
    std::uint64_t footer_bytes = 0, metadata_bytes = 0, statistics_bytes = 0;
    OrcCompression compression;
    bool has_magic = false;
};

std::optional<Postscript> read_postscript(std::string_view bytes) {
    constexpr std::uint64_t k_magic_field = 8000;
    Postscript out;
    ProtobufReader in(bytes);
    for (ProtobufField field; in.next(field);) {
        if (field.id == 1) out.footer_bytes = field.number;
        if (field.id == 2) out.compression.codec = field.number;
        if (field.id == 3) out.compression.block_bytes = field.number;
        if (field.id == 5) out.metadata_bytes = field.number;
        if (field.id == 7) out.statistics_bytes = field.number;
        if (field.id == k_magic_field) out.has_magic = field.bytes == k_magic;
    }
    return in.ok() && out.has_magic ? std::optional(out) : std::nullopt;
}

model::Finding verdict_of(const Error& e) {
    if (e.code == Errc::unsupported) return warning("unsupported", "the footer: " + e.message);
    return error(e.code == Errc::guard ? "too_large" : "damaged", "the footer: " + e.message);
}

}  // namespace

Result<OrcTail> read_orc_tail(const Input& input) {
    OrcTail tail;
    const auto refused = [&](model::Finding why) {
        tail.verdict = std::move(why);
        return std::move(tail);
    };
    std::string bytes;
    const auto read_end = [&](std::uint64_t size) -> Status {
        bytes.assign(static_cast<std::size_t>(size), '\0');
        FileSource source(input.fd, input.size - size);
        TRY(const std::size_t got, read_full(source, bytes));
        tail.bytes_read += got;
        if (got < size) tail.verdict = error("truncated", "the file became shorter while it was read");
        return {};
    };
    TRY_DO(read_end(std::min<std::uint64_t>(input.size, k_first_read)));
    if (tail.verdict) return tail;

    const std::size_t post_bytes = bytes.empty() ? 0 : static_cast<unsigned char>(bytes.back());
    std::optional<Postscript> post;
    if (post_bytes < bytes.size())
        post = read_postscript(std::string_view(bytes).substr(bytes.size() - 1 - post_bytes, post_bytes));
    if (!post)
        return refused(error("truncated", "the file does not end like an ORC file: it was cut or is still written"));
    const std::uint64_t end = post_bytes + 1, before = input.size - end;
    if (post->footer_bytes > before || post->metadata_bytes > before - post->footer_bytes ||
        post->statistics_bytes > before - post->footer_bytes - post->metadata_bytes)
        return refused(error("bad_length", fmt::format("the postscript says the footer has {} bytes, the file has {}",
                                                       post->footer_bytes, input.size)));
    if (post->footer_bytes > k_max_stored)
        return refused(
            error("too_large", fmt::format("the footer has {} bytes: more than we read", post->footer_bytes)));
    if (post->footer_bytes + end > bytes.size()) {
        TRY_DO(read_end(post->footer_bytes + end));
        if (tail.verdict) return tail;
    }
    const auto size = static_cast<std::size_t>(post->footer_bytes);
    auto footer =
        inflate_orc(std::string_view(bytes).substr(bytes.size() - end - size, size), post->compression, k_max_inflated);
    if (!footer) return refused(verdict_of(footer.error()));
    tail.footer = std::move(*footer);
    tail.compression = post->compression;
    tail.body_end = before - post->footer_bytes - post->metadata_bytes - post->statistics_bytes;
    return tail;
}

}  // namespace neurolake::formats
