// orc_values.cpp: a reader for each kind of column.
// SPDX-License-Identifier: Apache-2.0
#include "formats/orc_values.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>

#include "formats/orc_scalars.hpp"
#include "formats/value_json.hpp"
#include "formats/value_text.hpp"

namespace neurolake::formats {
namespace {

constexpr std::uint64_t k_max_row = 16u << 20;  // bytes of a value with all in it
constexpr std::uint64_t k_value_cost = 128;     // that a value inside another takes beside its name and text

Error broken(std::string_view what) { return {Errc::corrupt, std::string(what)}; }

}  // namespace

OrcValues::OrcValues(const OrcSource& source, std::uint32_t node) : m_source(source), m_node(node) {
    source.budget.room -= k_memory;
    if (node < source.stripe.encodings.size()) m_encoding = source.stripe.encodings[node];
    if (source.stripe.find(node, OrcStreamKind::present))
        m_present = std::make_unique<OrcBits>(stream(OrcStreamKind::present));
}

std::unique_ptr<OrcStream> OrcValues::stream(OrcStreamKind kind) const {
    const auto place = m_source.stripe.find(m_node, kind);
    return std::make_unique<OrcStream>(m_source.input, m_source.tail.compression,
                                       place.value_or(OrcStreamPlace{m_node, kind, 0, 0}), m_source.budget);
}

OrcIntegers OrcValues::integers(OrcStreamKind kind, bool is_signed) const {
    return {stream(kind), is_signed, m_encoding.second_version};
}

Status OrcValues::spend(std::uint64_t bytes) {
    if (bytes > *m_room) return Error(Errc::guard, "a row holds more than can be shown");
    *m_room -= bytes;
    return m_source.budget.spend(bytes / 2);
}

Result<json::Value> OrcValues::next() {
    if (m_present) {
        TRY(const bool there, m_present->next());
        if (!there) return json::Value();
    }
    return present();
}

Result<json::Value> OrcValues::next_row() {
    *m_room = k_max_row;
    return next();
}

namespace {

class Booleans final : public OrcValues {
public:
    Booleans(const OrcSource& source, std::uint32_t node)
        : OrcValues(source, node), m_bits(stream(OrcStreamKind::data)) {}

private:
    Result<json::Value> present() override {
        TRY(const bool value, m_bits.next());
        return json::Value(value);
    }
    OrcBits m_bits;
};

class Bytes final : public OrcValues {
public:
    Bytes(const OrcSource& source, std::uint32_t node)
        : OrcValues(source, node), m_bytes(stream(OrcStreamKind::data)) {}

private:
    Result<json::Value> present() override {
        TRY(const std::uint8_t value, m_bytes.next());
        return json::Value(int{static_cast<std::int8_t>(value)});
    }
    OrcBytes m_bytes;
};

// Whole numbers, and days.
class Integers final : public OrcValues {
public:
    Integers(const OrcSource& source, std::uint32_t node)
        : OrcValues(source, node), m_numbers(integers(OrcStreamKind::data, true)) {}

private:
    Result<json::Value> present() override {
        TRY(const std::int64_t value, m_numbers.next());
        if (type().kind != OrcKind::date) return json::Value(value);
        TRY(std::string text, orc_date_text(value, m_source.footer.old_calendar));
        return json::Value(std::move(text));
    }
    OrcIntegers m_numbers;
};

class Reals final : public OrcValues {
public:
    Reals(const OrcSource& source, std::uint32_t node)
        : OrcValues(source, node), m_stream(stream(OrcStreamKind::data)) {}

private:
    Result<json::Value> present() override {
        const std::size_t width = type().kind == OrcKind::real ? sizeof(float) : sizeof(double);
        std::string stored;
        TRY_DO(m_stream->append(width, stored));
        if (width == sizeof(float)) {
            float value = 0;
            std::memcpy(&value, stored.data(), width);
            return float_json(value);
        }
        double value = 0;
        std::memcpy(&value, stored.data(), width);
        return double_json(value);
    }
    std::unique_ptr<OrcStream> m_stream;
};

// Text and bytes, one behind the other.
class Texts final : public OrcValues {
public:
    Texts(const OrcSource& source, std::uint32_t node)
        : OrcValues(source, node),
          m_stream(stream(OrcStreamKind::data)),
          m_lengths(integers(OrcStreamKind::length, false)) {}

private:
    Result<json::Value> present() override {
        TRY(const std::int64_t stored, m_lengths.next());
        const auto length = static_cast<std::uint64_t>(stored);
        if (type().kind == OrcKind::binary) return bytes(length);
        TRY_DO(spend(length));
        std::string text;
        TRY_DO(m_stream->append(length, text));
        return json::Value(std::move(text));
    }
    Result<json::Value> bytes(std::uint64_t length) {
        constexpr std::uint64_t k_told = 65;  // one more than is shown says that there are more
        const std::uint64_t told = std::min(length, k_told);
        TRY_DO(spend(2 * told));
        std::string stored;
        TRY_DO(m_stream->append(told, stored));
        TRY_DO(m_stream->skip(length - told));
        return json::Value(bytes_text(stored));
    }
    std::unique_ptr<OrcStream> m_stream;
    OrcIntegers m_lengths;
};

// Text by its number in the stripe's dictionary.
class Words final : public OrcValues {
public:
    Words(const OrcSource& source, std::uint32_t node)
        : OrcValues(source, node), m_numbers(integers(OrcStreamKind::data, false)) {}
    ~Words() override { m_source.budget.forget(m_kept); }

private:
    Result<json::Value> present() override {
        if (m_ends.empty()) TRY_DO(load());
        TRY(const std::int64_t stored, m_numbers.next());
        const auto at = static_cast<std::uint64_t>(stored);
        if (at >= m_ends.size() - 1) return broken("a value has a number that its dictionary does not have");
        const std::size_t begin = m_ends[at], end = m_ends[at + 1];
        TRY_DO(spend(end - begin));
        return json::Value(std::string_view(m_text).substr(begin, end - begin));
    }
    Status load() {
        constexpr std::uint64_t k_most_words = 2000000, k_most_text = 16u << 20;
        const Error too_large(Errc::guard, "its dictionary is larger than is read for the first rows");
        if (m_encoding.dictionary_size > k_most_words) return too_large;
        TRY_DO(m_source.budget.spend(m_encoding.dictionary_size * sizeof(std::uint32_t)));
        OrcIntegers lengths = integers(OrcStreamKind::length, false);
        m_ends.push_back(0);
        for (std::uint64_t i = 0; i < m_encoding.dictionary_size; ++i) {
            TRY(const std::int64_t length, lengths.next());
            if (length < 0 || static_cast<std::uint64_t>(length) > k_most_text - m_ends.back()) return too_large;
            TRY_DO(keep(sizeof(std::uint32_t)));
            m_ends.push_back(m_ends.back() + static_cast<std::uint32_t>(length));
        }
        TRY_DO(keep(m_ends.back()));
        return stream(OrcStreamKind::dictionary_data)->append(m_ends.back(), m_text);
    }
    Status keep(std::uint64_t bytes) {
        TRY_DO(m_source.budget.keep(bytes));
        m_kept += bytes;
        return {};
    }
    OrcIntegers m_numbers;
    std::string m_text;
    std::vector<std::uint32_t> m_ends;  // of the words in the text, a 0 before them
    std::uint64_t m_kept = 0;
};

class Decimals final : public OrcValues {
public:
    Decimals(const OrcSource& source, std::uint32_t node)
        : OrcValues(source, node),
          m_stream(stream(OrcStreamKind::data)),
          m_scales(integers(OrcStreamKind::secondary, true)) {}

private:
    Result<json::Value> present() override {
        TRY(const WideInteger value, read_orc_wide(*m_stream));
        TRY(const std::int64_t scale, m_scales.next());
        TRY(std::string text, orc_decimal_text(value, scale, type()));
        return json::Value(std::move(text));
    }
    std::unique_ptr<OrcStream> m_stream;
    OrcIntegers m_scales;
};

class Timestamps final : public OrcValues {
public:
    Timestamps(const OrcSource& source, std::uint32_t node, std::optional<TimeZone> zone)
        : OrcValues(source, node),
          m_zone(std::move(zone)),
          m_seconds(integers(OrcStreamKind::data, true)),
          m_nanos(integers(OrcStreamKind::secondary, false)) {}

private:
    Result<json::Value> present() override {
        TRY(const std::int64_t seconds, m_seconds.next());
        TRY(const std::int64_t nanos, m_nanos.next());
        TRY(std::string text,
            orc_timestamp_text(seconds, static_cast<std::uint64_t>(nanos), type().kind == OrcKind::instant,
                               m_source.footer.old_calendar, m_zone));
        return json::Value(std::move(text));
    }
    std::optional<TimeZone> m_zone;
    OrcIntegers m_seconds, m_nanos;
};

}  // namespace

// What has others below it; they share the room of the row.
class OrcNested : public OrcValues {
public:
    using OrcValues::OrcValues;

    Status open_children() {
        for (const std::uint32_t child : type().children) {
            TRY(std::unique_ptr<OrcValues> below, OrcValues::open(m_source, child));
            m_children.push_back(std::move(below));
        }
        return {};
    }

protected:
    Result<json::Value> value(std::size_t child) {
        TRY_DO(spend(k_value_cost));
        m_children[child]->m_room = m_room;
        return m_children[child]->next();
    }
    std::vector<std::unique_ptr<OrcValues>> m_children;
};

namespace {

class Structures final : public OrcNested {
public:
    using OrcNested::OrcNested;

private:
    Result<json::Value> present() override {
        json::Object out;
        for (std::size_t i = 0; i < m_children.size(); ++i) {
            const std::string_view name = type().names[i];
            TRY_DO(spend(name.size()));
            TRY(json::Value field, value(i));
            out.emplace_back(std::string(name), std::move(field));
        }
        return json::Value(std::move(out));
    }
};

class Lists final : public OrcNested {
public:
    Lists(const OrcSource& source, std::uint32_t node)
        : OrcNested(source, node), m_lengths(integers(OrcStreamKind::length, false)) {}

private:
    Result<json::Value> present() override {
        TRY(const std::int64_t stored, m_lengths.next());
        const auto length = static_cast<std::uint64_t>(stored);
        if (type().kind == OrcKind::map) return map(length);
        json::Array out;
        for (std::uint64_t i = 0; i < length; ++i) {
            TRY(json::Value item, value(0));
            out.push_back(std::move(item));
        }
        return json::Value(std::move(out));
    }
    Result<json::Value> map(std::uint64_t length) {
        json::Object out;
        for (std::uint64_t i = 0; i < length; ++i) {
            TRY(const json::Value key, value(0));
            TRY(json::Value item, value(1));
            out.emplace_back(cell_of(key).value_or("null"), std::move(item));
        }
        return json::Value(std::move(out));
    }
    OrcIntegers m_lengths;
};

class Unions final : public OrcNested {
public:
    Unions(const OrcSource& source, std::uint32_t node)
        : OrcNested(source, node), m_tags(stream(OrcStreamKind::data)) {}

private:
    Result<json::Value> present() override {
        TRY(const std::uint8_t tag, m_tags.next());
        if (tag >= m_children.size()) return broken("a union has a type that it does not have");
        return value(tag);
    }
    OrcBytes m_tags;
};

template <typename Nested>
Result<std::unique_ptr<OrcValues>> open_nested(const OrcSource& source, std::uint32_t node) {
    auto out = std::make_unique<Nested>(source, node);
    TRY_DO(out->open_children());
    return std::unique_ptr<OrcValues>(std::move(out));
}

}  // namespace

Result<std::unique_ptr<OrcValues>> OrcValues::open(const OrcSource& source, std::uint32_t node) {
    if (source.budget.room < k_memory) return Error(Errc::guard, "it holds more columns than can be shown");
    const auto make = [&]<typename Kind>() { return std::unique_ptr<OrcValues>(std::make_unique<Kind>(source, node)); };
    switch (source.footer.types[node].kind) {
        case OrcKind::boolean:
            return make.operator()<Booleans>();
        case OrcKind::byte:
            return make.operator()<Bytes>();
        case OrcKind::short_integer:
        case OrcKind::integer:
        case OrcKind::long_integer:
        case OrcKind::date:
            return make.operator()<Integers>();
        case OrcKind::real:
        case OrcKind::double_real:
            return make.operator()<Reals>();
        case OrcKind::string:
        case OrcKind::varchar:
        case OrcKind::character: {
            const auto& encodings = source.stripe.encodings;
            const bool by_dictionary = node < encodings.size() && encodings[node].dictionary;
            return by_dictionary ? make.operator()<Words>() : make.operator()<Texts>();
        }
        case OrcKind::binary:
            return make.operator()<Texts>();
        case OrcKind::decimal:
            return make.operator()<Decimals>();
        case OrcKind::timestamp: {
            TRY(std::optional<TimeZone> zone, orc_zone(source.stripe.zone));
            return std::unique_ptr<OrcValues>(std::make_unique<Timestamps>(source, node, std::move(zone)));
        }
        case OrcKind::instant:
            return std::unique_ptr<OrcValues>(std::make_unique<Timestamps>(source, node, std::nullopt));
        case OrcKind::list:
        case OrcKind::map:
            return open_nested<Lists>(source, node);
        case OrcKind::structure:
            return open_nested<Structures>(source, node);
        case OrcKind::one_of:
            return open_nested<Unions>(source, node);
        case OrcKind::newer:
            break;
    }
    return Error(Errc::unsupported, "its type is one of a newer ORC, which is not read here");
}

}  // namespace neurolake::formats
