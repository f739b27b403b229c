// orc_stripe.cpp: the stripe's footer, and the places of streams that follow from their lengths.
// SPDX-License-Identifier: Apache-2.0
#include "formats/orc_stripe.hpp"

#include <algorithm>
#include <tuple>

#include "formats/forward_reader.hpp"
#include "formats/protobuf.hpp"

namespace neurolake::formats {
namespace {

constexpr std::uint64_t k_max_stored = 4u << 20, k_max_inflated = 8u << 20;
constexpr std::size_t k_max_streams = 100000;
constexpr std::uint64_t k_stripe_cost = 4096, k_byte_cost = 4;  // of its footer, which is read word by word

Error broken() { return {Errc::corrupt, "the footer of a stripe does not add up"}; }

struct Stream {
    std::uint64_t kind = 0, node = 0, size = 0;
};

Stream read_stream(std::string_view message) {
    Stream out;
    ProtobufReader in(message);
    for (ProtobufField field; in.next(field);) {
        if (field.id == 1) out.kind = field.number;
        if (field.id == 2) out.node = field.number;
        if (field.id == 3) out.size = field.number;
    }
    return out;
}

OrcEncoding read_encoding(std::string_view message) {
    OrcEncoding out;
    ProtobufReader in(message);
    for (ProtobufField field; in.next(field);) {
        if (field.id == 1) {
            out.dictionary = (field.number & 1) != 0;
            out.second_version = (field.number & 2) != 0;
        }
        if (field.id == 2) out.dictionary_size = field.number;
    }
    return out;
}

auto order_of(const OrcStreamPlace& place) { return std::tuple(place.node, place.kind); }

}  // namespace

std::optional<OrcStreamPlace> OrcStripe::find(std::uint32_t node, OrcStreamKind kind) const {
    const auto at = std::ranges::lower_bound(m_streams, std::tuple(node, kind), {}, order_of);
    if (at == m_streams.end() || order_of(*at) != std::tuple(node, kind)) return std::nullopt;
    return *at;
}

Result<OrcStripe> read_orc_stripe(const Input& input, const OrcTail& tail, const OrcStripePlace& place,
                                  OrcBudget& budget) {
    if (place.footer_bytes > k_max_stored) return Error(Errc::guard, "the footer of a stripe is larger than we read");
    std::string stored(static_cast<std::size_t>(place.footer_bytes), '\0');
    FileSource source(input.fd, place.offset + place.index_bytes + place.data_bytes);
    TRY(const std::size_t got, read_full(source, stored));
    if (got < stored.size()) return cut_file("earlier than when reading began");
    TRY(const std::string bytes, inflate_orc(stored, tail.compression, k_max_inflated));
    TRY_DO(budget.spend(k_stripe_cost + stored.size() + k_byte_cost * bytes.size()));

    OrcStripe out;
    out.rows = place.rows;
    const std::uint64_t end = place.offset + place.index_bytes + place.data_bytes;
    std::uint64_t at = place.offset;
    ProtobufReader in(bytes);
    for (ProtobufField field; in.next(field);) {
        if (field.id == 1) {
            const Stream stream = read_stream(field.bytes);
            if (stream.size > end - at) return broken();
            if (stream.kind <= static_cast<std::uint64_t>(OrcStreamKind::secondary) && stream.node < 0xFFFFFFFF) {
                if (out.m_streams.size() >= k_max_streams)
                    return Error(Errc::guard, "a stripe has more streams than we read");
                out.m_streams.push_back({static_cast<std::uint32_t>(stream.node),
                                         static_cast<OrcStreamKind>(stream.kind), at, stream.size});
            }
            at += stream.size;
        }
        if (field.id == 2) {
            if (out.encodings.size() >= k_max_streams) return broken();
            out.encodings.push_back(read_encoding(field.bytes));
        }
        if (field.id == 3) out.zone = field.bytes.substr(0, 100);
    }
    if (!in.ok()) return broken();
    std::ranges::stable_sort(out.m_streams, {}, order_of);
    return out;
}

}  // namespace neurolake::formats
