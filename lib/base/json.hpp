// json.hpp: a small JSON value that keeps key order; parsing by simdjson, writing by us (RFC 8259).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace neurolake::json {

class Value;
using Array = std::vector<Value>;
using Object = std::vector<std::pair<std::string, Value>>;

class Value {
public:
    Value() = default;  // null
    Value(std::nullptr_t) {}
    Value(bool v) : m_data(v) {}
    Value(int v) : m_data(std::int64_t{v}) {}
    Value(long v) : m_data(std::int64_t{v}) {}
    Value(long long v) : m_data(std::int64_t{v}) {}
    Value(unsigned v) : m_data(std::int64_t{v}) {}
    Value(unsigned long v);
    Value(unsigned long long v);
    Value(double v) : m_data(v) {}
    Value(std::string v) : m_data(std::move(v)) {}
    Value(std::string_view v) : m_data(std::string(v)) {}
    Value(const char* v) : m_data(std::string(v)) {}
    Value(Array v) : m_data(std::move(v)) {}
    Value(Object v) : m_data(std::move(v)) {}
    template <typename T>
    Value(const std::optional<T>& v) {
        if (v) *this = Value(*v);
    }

    static Value object() { return Value(Object{}); }
    static Value array() { return Value(Array{}); }

    bool is_null() const { return m_data.index() == 0; }
    bool is_object() const { return std::holds_alternative<Object>(m_data); }
    bool is_array() const { return std::holds_alternative<Array>(m_data); }
    bool is_string() const { return std::holds_alternative<std::string>(m_data); }

    const bool* as_bool() const { return std::get_if<bool>(&m_data); }
    std::optional<std::int64_t> as_int() const;    // integers that fit only
    std::optional<std::uint64_t> as_uint() const;  // non-negative integers only
    std::optional<double> as_double() const;       // any number
    const std::string* as_string() const { return std::get_if<std::string>(&m_data); }
    const Array* as_array() const { return std::get_if<Array>(&m_data); }
    const Object* as_object() const { return std::get_if<Object>(&m_data); }
    Array* as_array() { return std::get_if<Array>(&m_data); }
    Object* as_object() { return std::get_if<Object>(&m_data); }

    // Object access. set() replaces an equal key in place, else appends; returns *this for chaining.
    Value& set(std::string_view key, Value value);
    const Value* find(std::string_view key) const;
    Value* find(std::string_view key);
    // Member of the wanted kind or the fallback, for readers that tolerate missing keys.
    std::string text(std::string_view key, std::string_view fallback = {}) const;
    std::int64_t integer(std::string_view key, std::int64_t fallback = 0) const;
    std::uint64_t natural(std::string_view key, std::uint64_t fallback = 0) const;
    double number(std::string_view key, double fallback = 0) const;
    bool boolean(std::string_view key, bool fallback = false) const;
    const Array& items(std::string_view key) const;  // empty when missing

    void push(Value value);  // array append (turns null into an array)

    friend bool operator==(const Value&, const Value&) = default;

private:
    std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object> m_data;
};

// corrupt with the byte offset on bad input. Depth at most 256. Integers beyond uint64 become doubles.
Result<Value> parse(std::string_view text);

enum class Style {
    compact,  // one line
    pretty,   // 2 spaces
    entries,  // top two levels on lines of their own, deeper ones compact: diff-friendly catalogs
};
// Control characters, DEL, C1 and bidi controls are escaped; invalid UTF-8 becomes U+FFFD.
std::string dump(const Value& value, Style style = Style::compact);
void append_quoted(std::string& out, std::string_view text);

// Paths are bytes. `key` holds the text; when it is not UTF-8, `key`_b64 holds the bytes too and is what counts on
// reading.
void set_path(Value& object, std::string_view key, std::string_view path);
std::string get_path(const Value& object, std::string_view key);

}  // namespace neurolake::json
