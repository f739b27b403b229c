// json.cpp: the JSON value and its writer.
// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace neurolake::json {

namespace {

template <typename T>
std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object> natural_of(T v) {
    if (v <= static_cast<T>(std::numeric_limits<std::int64_t>::max())) return static_cast<std::int64_t>(v);
    return static_cast<std::uint64_t>(v);
}

}  // namespace

Value::Value(unsigned long v) : m_data(natural_of(v)) {}
Value::Value(unsigned long long v) : m_data(natural_of(v)) {}

std::optional<std::int64_t> Value::as_int() const {
    if (const auto* v = std::get_if<std::int64_t>(&m_data)) return *v;
    return std::nullopt;
}

std::optional<std::uint64_t> Value::as_uint() const {
    if (const auto* v = std::get_if<std::uint64_t>(&m_data)) return *v;
    if (const auto* v = std::get_if<std::int64_t>(&m_data); v && *v >= 0) return static_cast<std::uint64_t>(*v);
    return std::nullopt;
}

std::optional<double> Value::as_double() const {
    if (const auto* v = std::get_if<double>(&m_data)) return *v;
    if (const auto* v = std::get_if<std::int64_t>(&m_data)) return static_cast<double>(*v);
    if (const auto* v = std::get_if<std::uint64_t>(&m_data)) return static_cast<double>(*v);
    return std::nullopt;
}

Value& Value::set(std::string_view key, Value value) {
    if (!is_object()) m_data = Object{};
    auto& members = std::get<Object>(m_data);
    for (auto& [name, old] : members) {
        if (name == key) {
            old = std::move(value);
            return *this;
        }
    }
    members.emplace_back(std::string(key), std::move(value));
    return *this;
}

const Value* Value::find(std::string_view key) const {
    if (const auto* members = as_object())
        for (const auto& [name, value] : *members)
            if (name == key) return &value;
    return nullptr;
}

Value* Value::find(std::string_view key) { return const_cast<Value*>(std::as_const(*this).find(key)); }

std::string Value::text(std::string_view key, std::string_view fallback) const {
    const Value* v = find(key);
    const std::string* s = v ? v->as_string() : nullptr;
    return s ? *s : std::string(fallback);
}

std::int64_t Value::integer(std::string_view key, std::int64_t fallback) const {
    const Value* v = find(key);
    return v ? v->as_int().value_or(fallback) : fallback;
}

std::uint64_t Value::natural(std::string_view key, std::uint64_t fallback) const {
    const Value* v = find(key);
    return v ? v->as_uint().value_or(fallback) : fallback;
}

double Value::number(std::string_view key, double fallback) const {
    const Value* v = find(key);
    return v ? v->as_double().value_or(fallback) : fallback;
}

bool Value::boolean(std::string_view key, bool fallback) const {
    const Value* v = find(key);
    const bool* b = v ? v->as_bool() : nullptr;
    return b ? *b : fallback;
}

const Array& Value::items(std::string_view key) const {
    static const Array k_none;
    const Value* v = find(key);
    const Array* a = v ? v->as_array() : nullptr;
    return a ? *a : k_none;
}

void Value::push(Value value) {
    if (!is_array()) m_data = Array{};
    std::get<Array>(m_data).push_back(std::move(value));
}

namespace {

// Bidirectional and zero-width controls can make a name look like another one.
bool is_hidden_control(char32_t c) {
    return (c >= 0x80 && c < 0xA0) || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x2069) || c == 0xFEFF;
}

void append_escape(std::string& out, char32_t c) {
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    }
}

}  // namespace

void append_quoted(std::string& out, std::string_view bytes) {
    out += '"';
    const std::string fixed = text::is_utf8(bytes) ? std::string() : text::to_valid_utf8(bytes);
    const std::string_view s = fixed.empty() ? bytes : std::string_view(fixed);
    for (std::size_t i = 0; i < s.size();) {
        const auto c = static_cast<unsigned char>(s[i]);
        if (c < 0x80) {
            if (c < 0x20 || c == 0x7f || c == '"' || c == '\\')
                append_escape(out, c);
            else
                out += static_cast<char>(c);
            ++i;
            continue;
        }
        const std::size_t length = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
        char32_t point = c & (0xFF >> (length + 1));
        for (std::size_t k = 1; k < length; ++k) point = point << 6 | (static_cast<unsigned char>(s[i + k]) & 0x3F);
        if (is_hidden_control(point))
            append_escape(out, point);
        else
            out += s.substr(i, length);
        i += length;
    }
    out += '"';
}

namespace {

class Writer {
public:
    Writer(std::string& out, Style style) : m_out(out), m_style(style) {}

    void write(const Value& v, int depth) {
        if (v.is_null())
            m_out += "null";
        else if (const bool* b = v.as_bool())
            m_out += *b ? "true" : "false";
        else if (const auto i = v.as_int())
            fmt::format_to(std::back_inserter(m_out), "{}", *i);
        else if (const auto u = v.as_uint())
            fmt::format_to(std::back_inserter(m_out), "{}", *u);
        else if (const std::string* s = v.as_string())
            append_quoted(m_out, *s);
        else if (const Array* a = v.as_array())
            write_array(*a, depth);
        else if (const Object* o = v.as_object())
            write_object(*o, depth);
        else
            write_double(*v.as_double());
    }

private:
    bool broken_up(int depth) const { return m_style == Style::pretty || (m_style == Style::entries && depth < 2); }

    void new_line(int depth) {
        m_out += '\n';
        m_out.append(static_cast<std::size_t>(depth) * 2, ' ');
    }

    void write_array(const Array& items, int depth) {
        m_out += '[';
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (i) m_out += ',';
            if (broken_up(depth)) new_line(depth + 1);
            write(items[i], depth + 1);
        }
        if (!items.empty() && broken_up(depth)) new_line(depth);
        m_out += ']';
    }

    void write_object(const Object& members, int depth) {
        m_out += '{';
        for (std::size_t i = 0; i < members.size(); ++i) {
            if (i) m_out += ',';
            if (broken_up(depth)) new_line(depth + 1);
            append_quoted(m_out, members[i].first);
            m_out += broken_up(depth) ? ": " : ":";
            write(members[i].second, depth + 1);
        }
        if (!members.empty() && broken_up(depth)) new_line(depth);
        m_out += '}';
    }

    void write_double(double d) {
        if (!std::isfinite(d)) {
            m_out += "null";  // JSON has no word for it
            return;
        }
        const std::size_t start = m_out.size();
        fmt::format_to(std::back_inserter(m_out), "{}", d);
        if (m_out.find_first_of(".eE", start) == std::string::npos) m_out += ".0";
    }

    std::string& m_out;
    Style m_style;
};

}  // namespace

std::string dump(const Value& value, Style style) {
    std::string out;
    Writer(out, style).write(value, 0);
    return out;
}

void set_path(Value& object, std::string_view key, std::string_view path) {
    object.set(key, text::to_valid_utf8(path));
    if (!text::is_utf8(path)) object.set(std::string(key) + "_b64", to_base64(path));
}

std::string get_path(const Value& object, std::string_view key) {
    if (const Value* exact = object.find(std::string(key) + "_b64"))
        if (const std::string* s = exact->as_string())
            if (auto bytes = from_base64(*s)) return std::move(bytes).value();
    return object.text(key);
}

}  // namespace neurolake::json
