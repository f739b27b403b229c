// result.hpp: the one currency for failure, Result<T>, and the closed list of error codes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace neurolake {

// What kind of failure. Short and closed: the exit code of the command follows from it alone
// (the table stands in apps/neurolake/output.cpp).
enum class Errc {
    usage,           // the caller's words are wrong
    config,          // a settings file is wrong (message carries file:line:column)
    not_found,       // the named thing does not exist
    already_exists,  // the name is taken
    conflict,        // it changed under us; nothing was lost
    locked,          // another run holds the lake
    corrupt,         // bytes on disk or from a server are not what they must be
    denied,          // no permission, or credentials refused
    unavailable,     // may work later: network, throttling, 5xx
    unsupported,     // this file system, server or build cannot
    full,            // no space, no quota, no inode
    io,              // the device or kernel failed
    cancelled,       // a signal asked us to stop; running again continues
    no_lake,         // no lake here, or its marker is gone
    cloud,           // object store not configured, unreachable or refused
    over_mark,       // still over the high mark
    mismatch,        // a verification failed; nothing was deleted
    guard,           // stopped by a safety guard
};

std::string_view to_string(Errc code);

// One failure, written for people: what was tried, on what, why (message), and what to do (hint).
struct [[nodiscard]] Error {
    Errc code = Errc::io;
    std::string message;
    std::string hint;
    std::string path;                          // the object concerned, bytes as on disk; may be empty
    std::chrono::milliseconds retry_after{0};  // unavailable only: the server's wish, 0 = none

    Error(Errc c, std::string m, std::string h = {}, std::string p = {})
        : code(c), message(std::move(m)), hint(std::move(h)), path(std::move(p)) {}

    // "context: message"; once per floor, so that a message reads from the whole to the part.
    Error with_context(std::string_view context) &&;
};

// A value or an Error. Like std::expected<T, Error>, which C++20 does not have.
template <typename T>
class [[nodiscard]] Result {
public:
    using value_type = T;
    Result(T value) : m_state(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : m_state(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const { return m_state.index() == 0; }
    explicit operator bool() const { return has_value(); }

    T& value() & {
        assert(has_value());
        return std::get<0>(m_state);
    }
    const T& value() const& {
        assert(has_value());
        return std::get<0>(m_state);
    }
    T&& value() && {
        assert(has_value());
        return std::get<0>(std::move(m_state));
    }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }
    T value_or(T fallback) && { return has_value() ? std::get<0>(std::move(m_state)) : std::move(fallback); }

    const Error& error() const& {
        assert(!has_value());
        return std::get<1>(m_state);
    }
    Error&& error() && {
        assert(!has_value());
        return std::get<1>(std::move(m_state));
    }

    Result with_context(std::string_view context) && {
        if (has_value()) return std::move(*this);
        return std::get<1>(std::move(m_state)).with_context(context);
    }

private:
    std::variant<T, Error> m_state;
};

template <>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;
    Result() = default;
    Result(Error error) : m_error(std::move(error)) {}

    bool has_value() const { return !m_error; }
    explicit operator bool() const { return has_value(); }
    void value() const { assert(has_value()); }

    const Error& error() const& {
        assert(m_error);
        return *m_error;
    }
    Error&& error() && {
        assert(m_error);
        return std::move(*m_error);
    }

    Result with_context(std::string_view context) && {
        if (has_value()) return {};
        return std::move(*m_error).with_context(context);
    }

private:
    std::optional<Error> m_error;
};

using Status = Result<void>;

}  // namespace neurolake

#define NEUROLAKE_CONCAT_(a, b) a##b
#define NEUROLAKE_CONCAT(a, b) NEUROLAKE_CONCAT_(a, b)

// TRY(auto x, f()): x = value of f(), or return its error to the caller.
#define TRY(declaration, ...)                                                                          \
    auto NEUROLAKE_CONCAT(try_, __LINE__) = (__VA_ARGS__);                                             \
    if (!NEUROLAKE_CONCAT(try_, __LINE__)) return std::move(NEUROLAKE_CONCAT(try_, __LINE__)).error(); \
    declaration = std::move(NEUROLAKE_CONCAT(try_, __LINE__)).value()

// TRY_DO(f()): the same for a Status.
#define TRY_DO(...)                                                                             \
    do {                                                                                        \
        if (auto try_status = (__VA_ARGS__); !try_status) return std::move(try_status).error(); \
    } while (false)
