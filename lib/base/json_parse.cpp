// json_parse.cpp: simdjson's tree turned into ours.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <simdjson.h>

#include "base/json.hpp"

namespace neurolake::json {

namespace {

constexpr std::size_t k_max_depth = 256;

// simdjson has already checked depth, so recursion is bounded.
Value convert(const simdjson::dom::element& element) {
    using simdjson::dom::element_type;
    switch (element.type()) {
        case element_type::ARRAY: {
            const simdjson::dom::array items(element);
            Array out;
            out.reserve(items.size());
            for (const auto item : items) out.push_back(convert(item));
            return out;
        }
        case element_type::OBJECT: {
            const simdjson::dom::object members(element);
            Object out;
            out.reserve(members.size());
            for (const auto field : members) out.emplace_back(std::string(field.key), convert(field.value));
            return out;
        }
        case element_type::INT64:
            return static_cast<long long>(std::int64_t(element));
        case element_type::UINT64:
            return static_cast<unsigned long long>(std::uint64_t(element));
        case element_type::DOUBLE:
            return double(element);
        case element_type::STRING:
            return std::string(std::string_view(element));
        case element_type::BOOL:
            return bool(element);
        case element_type::NULL_VALUE:
            break;
    }
    return {};
}

}  // namespace

Result<Value> parse(std::string_view text) {
    try {
        simdjson::dom::parser parser;
        if (const auto error = parser.allocate(text.size() < 64 ? 64 : text.size(), k_max_depth))
            return Error(Errc::corrupt, std::string("not JSON: ") + simdjson::error_message(error));
        simdjson::dom::element root;
        if (const auto error = parser.parse(text.data(), text.size(), true).get(root))
            return Error(Errc::corrupt,
                         fmt::format("not JSON ({} bytes): {}", text.size(), simdjson::error_message(error)));
        return convert(root);
    } catch (const std::exception& e) {
        return Error(Errc::corrupt, std::string("not JSON: ") + e.what());
    }
}

}  // namespace neurolake::json
