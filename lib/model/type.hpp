// type.hpp: the type lattice: what a column's values are, and the narrowest type that holds two.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace neurolake::model {

enum class TypeKind : std::uint8_t {
    unknown,  // no value seen yet: decides nothing
    boolean,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
    float32,
    float64,       // printed "float", "double"
    decimal,       // precision and scale
    date,          // days
    time,          // time of day
    timestamp,     // without zone
    timestamp_tz,  // instant
    interval,
    uuid,
    text,  // UTF-8
    binary,
    json,       // any JSON value: what mixed nested shapes widen to
    list,       // fields[0] is the element
    map,        // fields[0] key, fields[1] value
    structure,  // fields by name
};

struct Field;

struct Type {
    TypeKind kind = TypeKind::unknown;
    int precision = 0, scale = 0;  // decimal only
    std::vector<Field> fields;     // list, map, structure only

    Type();
    Type(TypeKind k);
    Type(const Type&);
    Type(Type&&) noexcept;
    Type& operator=(const Type&);
    Type& operator=(Type&&) noexcept;
    ~Type();
    static Type decimal(int precision, int scale);
    static Type list_of(Type element);
    friend bool operator==(const Type&, const Type&);  // names of list elements, map keys and values do not count
};

struct Field {
    std::string name;
    Type type;
    bool nullable = true;
    friend bool operator==(const Field&, const Field&) = default;
};

// Here, where Field is whole: a vector of an incomplete type may be named, but neither made nor copied.
inline Type::Type() = default;
inline Type::Type(TypeKind k) : kind(k) {}
inline Type::Type(const Type&) = default;
inline Type::Type(Type&&) noexcept = default;
inline Type& Type::operator=(const Type&) = default;
inline Type& Type::operator=(Type&&) noexcept = default;
inline Type::~Type() = default;

// "int64", "double", "decimal(10,2)", "timestamp_tz", "list<int64>", "struct<a:int64,b:text>", "map<text,int64>".
// A field that cannot be null ends in "!"; names that are no plain words stand in double quotes, \ escapes.
std::string to_string(const Type& type);
Result<Type> parse_type(std::string_view text);  // the inverse

// The narrowest type that holds every value of both, never losing one:
// unknown + T = T; intN widen to intM, mixed signs to the next signed size, then decimal(20,0); int + decimal =
// decimal; int or decimal + float = double when all its digits fit the 15 that a double gives back, else text; date +
// timestamp = timestamp; timestamp + timestamp_tz = text; lists and structures field by field; decimals beyond 38
// digits = text; anything else = text (scalars; binary when one is binary) or json (one is nested).
Type widen(const Type& a, const Type& b);

// True when every value of `from` is a value of `to` without loss (a schema change that breaks no reader of `to`).
bool holds(const Type& to, const Type& from);

}  // namespace neurolake::model
