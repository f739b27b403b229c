// orc_maker.hpp: ORC files with given footers, stripes and streams, nothing of them compressed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace neurolake::formats::test {

// A message written field by field.
struct Message {
    std::string bytes;

    static std::string varint(std::uint64_t value) {
        std::string out;
        for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7F) | 0x80);
        return out + static_cast<char>(value);
    }
    Message& number(std::uint64_t id, std::uint64_t value) {
        bytes += varint(id << 3) + varint(value);
        return *this;
    }
    Message& zigzag(std::uint64_t id, std::int64_t value) {
        return number(id, static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
    }
    Message& text(std::uint64_t id, std::string_view value) {
        bytes += varint(id << 3 | 2) + varint(value.size());
        bytes += value;
        return *this;
    }
    Message& message(std::uint64_t id, const Message& value) { return text(id, value.bytes); }
};

inline Message type(std::uint64_t kind, const std::vector<std::pair<std::string, std::uint64_t>>& children = {}) {
    Message out;
    out.number(1, kind);
    std::string packed;
    for (const auto& child : children) packed += Message::varint(child.second);
    if (!packed.empty()) out.text(2, packed);
    for (const auto& child : children)
        if (!child.first.empty()) out.text(3, child.first);
    return out;
}

inline Message stripe(std::uint64_t offset, std::uint64_t data, std::uint64_t rows) {
    Message out;
    return out.number(1, offset).number(2, 0).number(3, data).number(4, 0).number(5, rows);
}

inline std::string file_of(const Message& footer, std::string_view body = "ORC") {
    Message post;
    post.number(1, footer.bytes.size()).number(2, 0).text(8000, "ORC");
    return std::string(body) + footer.bytes + post.bytes + static_cast<char>(post.bytes.size());
}

// Streams of one stripe, in the order of the file: node, kind, bytes.
struct OrcStreamBytes {
    std::uint64_t node, kind;
    std::string bytes;
};

// A file of one stripe. `encodings`: one a node.
inline std::string file_of_stripe(const std::vector<Message>& types, const std::vector<OrcStreamBytes>& streams,
                                  const std::vector<Message>& encodings, std::uint64_t rows,
                                  std::string_view zone = "UTC") {
    std::string body = "ORC", data;
    Message stripe_footer;
    for (const OrcStreamBytes& each : streams) {
        stripe_footer.message(1, Message().number(1, each.kind).number(2, each.node).number(3, each.bytes.size()));
        data += each.bytes;
    }
    for (const Message& each : encodings) stripe_footer.message(2, each);
    if (!zone.empty()) stripe_footer.text(3, zone);
    Message place;
    place.number(1, body.size())
        .number(2, 0)
        .number(3, data.size())
        .number(4, stripe_footer.bytes.size())
        .number(5, rows);
    Message footer;
    footer.message(3, place);
    for (const Message& each : types) footer.message(4, each);
    footer.number(6, rows).number(11, 2);
    return file_of(footer, body + data + stripe_footer.bytes);
}

}  // namespace neurolake::formats::test
