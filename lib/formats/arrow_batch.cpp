// arrow_batch.cpp: the metadata of a batch, and which of its nodes and buffers are whose.
// SPDX-License-Identifier: Apache-2.0
#include "formats/arrow_batch.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace neurolake::formats {
namespace {

constexpr std::uint64_t k_most_rows = std::uint64_t{1} << 50;  // so that places, and sums of thousands, can be told
constexpr std::int16_t k_v4 = 3, k_v5 = 4;

// What the beta of Feather 2 said of its compression, before there was a word for it.
std::string_view early_compression(const FlatTable& message) {
    constexpr unsigned k_custom_metadata = 4;
    const std::size_t count = std::min<std::size_t>(message.count(k_custom_metadata), 50);
    for (std::size_t i = 0; i < count; ++i)
        if (const auto pair = message.item(k_custom_metadata, i);
            pair && pair->text(0) == "ARROW:experimental_compression")
            return pair->text(1);
    return {};
}

Result<ArrowCodec> codec_of(const FlatTable& message, const FlatTable& batch) {
    constexpr unsigned k_compression = 3;
    const auto compression = batch.table(k_compression);
    if (!compression) {
        const std::string_view word = early_compression(message);
        if (word == "zstd" || word == "ZSTD") return ArrowCodec::zstd;
        return word.empty() ? ArrowCodec::none : ArrowCodec::lz4_frame;
    }
    const int codec = compression->number<std::int8_t>(0, 0), method = compression->number<std::int8_t>(1, 0);
    if (method != 0 || codec < 0 || codec > 1)
        return Error(Errc::unsupported, fmt::format("it is compressed in a way that is not read here: codec {}, "
                                                    "method {}",
                                                    codec, method));
    return codec == 0 ? ArrowCodec::lz4_frame : ArrowCodec::zstd;
}

}  // namespace

Error ArrowBatch::damaged(std::string_view why) const {
    return {Errc::corrupt, fmt::format("{} is damaged: {}", m_name, why)};
}

Result<std::unique_ptr<ArrowBatch>> ArrowBatch::open(std::string metadata, ArrowBodySource body, std::string name) {
    std::unique_ptr<ArrowBatch> batch(new ArrowBatch(std::move(metadata), std::move(name)));
    if (const Status status = batch->read(std::move(body)); !status)
        return Error(status.error().code, fmt::format("{}: {}", batch->m_name, status.error().message));
    return batch;
}

Status ArrowBatch::read(ArrowBodySource body) {
    TRY(const ArrowMessage message, read_arrow_message(m_metadata));
    m_version = message.version;
    if (m_version < k_v4) return Error(Errc::unsupported, "its writer is older than Arrow 0.8: that is not read here");
    std::optional<FlatTable> batch = message.header;
    if (message.kind == ArrowMessageKind::dictionary) {
        m_id = batch->number<std::int64_t>(0, 0);
        m_is_delta = batch->number<std::uint8_t>(2, 0) != 0;
        batch = batch->table(1);
    }
    const auto length = batch ? batch->number<std::int64_t>(0, 0) : -1;
    if (length < 0 || static_cast<std::uint64_t>(length) > k_most_rows || message.body > body.size())
        return broken_arrow("what it says of itself");
    m_length = static_cast<std::uint64_t>(length);
    m_nodes = batch->vector(1, k_arrow_node_bytes);
    m_variadic = batch->vector(4, sizeof(std::int64_t));
    TRY(const ArrowCodec codec, codec_of(*message.message, *batch));
    m_body.emplace(std::move(body), batch->vector(2, k_arrow_node_bytes), codec);
    return m_body->check();
}

std::size_t ArrowCursor::variadic() {
    constexpr std::size_t k_size = sizeof(std::int64_t);
    if ((m_variadic + 1) * k_size > m_batch.m_variadic.size()) return 0;
    const auto count = little_endian_at<std::uint64_t>(m_batch.m_variadic, m_variadic++ * k_size);
    return static_cast<std::size_t>(std::min<std::uint64_t>(count, m_batch.body().count()));
}

// How many buffers a node has, beside those of views.
std::size_t ArrowCursor::buffers_of(const ArrowLayout& layout, bool encoded) const {
    if (encoded) return 2;
    switch (layout.stored) {
        case ArrowStored::null:
        case ArrowStored::run_end:
            return 0;
        case ArrowStored::structure:
        case ArrowStored::fixed_list:
            return 1;
        case ArrowStored::one_of:  // older ones have a bitmap of nulls, too
            return (layout.dense ? 2u : 1u) + (m_batch.m_version < k_v5 ? 1u : 0u);
        case ArrowStored::binary:
        case ArrowStored::utf8:
        case ArrowStored::large_binary:
        case ArrowStored::large_utf8:
        case ArrowStored::list_view:
        case ArrowStored::large_list_view:
            return 3;
        default:
            return 2;
    }
}

void ArrowCursor::skip(const ArrowLayout& layout, bool may_be_encoded) {
    const bool encoded = may_be_encoded && layout.dictionary;
    ++m_node;
    m_buffer += buffers_of(layout, encoded);
    if (encoded) return;
    if (layout.is_view()) m_buffer += variadic();
    for (const ArrowLayout& child : layout.children) skip(child);
}

Result<ArrowArray> ArrowCursor::next(const ArrowLayout& layout, bool may_be_encoded) {
    ArrowArray out;
    out.layout = &layout;
    out.batch = &m_batch;
    out.encoded = may_be_encoded && layout.dictionary;
    if ((m_node + 1) * k_arrow_node_bytes > m_batch.m_nodes.size())
        return m_batch.damaged("it has fewer columns than the schema");
    out.length = little_endian_at<std::uint64_t>(m_batch.m_nodes, m_node * k_arrow_node_bytes);
    const auto nulls = little_endian_at<std::uint64_t>(m_batch.m_nodes, m_node * k_arrow_node_bytes + 8);
    constexpr std::uint64_t k_not_counted = ~std::uint64_t{0};  // some writers leave it to readers
    if (out.length > k_most_rows || (nulls > out.length && nulls != k_not_counted))
        return m_batch.damaged("a count of values cannot be");
    constexpr std::uint64_t k_farthest = std::uint64_t{1} << 62;  // place of a value
    if (out.length > k_farthest / std::max({layout.width, layout.items, 1u}))
        return m_batch.damaged("a count of values cannot be");
    ++m_node;
    out.buffer = m_buffer;
    m_buffer += buffers_of(layout, out.encoded);
    if (!out.encoded && layout.is_view()) m_buffer += out.variadic = variadic();
    if (m_buffer > m_batch.body().count()) return m_batch.damaged("it has fewer buffers than its columns need");
    const bool has_bitmap = out.encoded || (layout.has_buffers() && layout.stored != ArrowStored::one_of);
    out.may_be_null = has_bitmap && nulls > 0 && !m_batch.body().is_empty(out.buffer);
    if (!out.encoded && layout.stored == ArrowStored::one_of && m_batch.m_version < k_v5) ++out.buffer;
    for (const ArrowLayout& child : layout.children) {
        if (out.encoded) break;
        TRY(ArrowArray below, next(child));
        out.children.push_back(std::move(below));
    }
    return out;
}

}  // namespace neurolake::formats
