// options.cpp: the words of a command line handed to CLI11, once for each type of value.
// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <type_traits>

namespace neurolake::apps {

namespace {

constexpr const char* k_whole = "whole number";

// The parser alone takes -1 for a very large number, 010 for 8, and what is too large for the largest there is.
CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
    const auto check = [least, most](std::string& text) -> std::string {
        std::uint64_t value = 0;
        const char* const end = text.data() + text.size();
        const auto [stop, failed] = std::from_chars(text.data(), end, value);
        const bool digits = !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
        if (digits && failed == std::errc() && stop == end && value >= least && value <= most) {
            text = std::to_string(value);
            return {};
        }
        if (digits && (failed != std::errc() || value > most)) return "'" + text + "' is too large";
        return "'" + text + "' is not a whole number" + (least > 0 ? " of at least " + std::to_string(least) : "");
    };
    return CLI::Validator(check, "", k_whole);
}

// CLI11 takes a word of a list that begins with "[" and ends with "]" for a list of its own ("[a,b]" for "a" "b"), and
// offers no way to have it left alone. A mark behind the last bracket keeps it from that.
constexpr char k_mark = '\x1f';

bool ends_in_bracket(std::string_view word) {
    const std::size_t last = word.find_last_not_of(k_mark);
    return last != std::string_view::npos && word[last] == ']';
}

template <typename T>
struct Counted {
    using Type = T;
};
template <typename T>
struct Counted<std::optional<T>> {
    using Type = T;
};
template <typename T>
struct Counted<std::vector<T>> {
    using Type = T;
};

}  // namespace

std::vector<std::string> guarded(int argc, const char* const* argv) {
    std::vector<std::string> words;
    for (int i = 1; i < argc; ++i) {
        words.emplace_back(argv[i]);
        if (ends_in_bracket(words.back())) words.back() += k_mark;
    }
    return words;
}

std::string without_guard(std::string word) {
    if (word.ends_with(k_mark) && ends_in_bracket(word)) word.pop_back();
    return word;
}

CLI::Option* as_typed(CLI::Option* option) {
    const auto strip = [](std::string& word) -> std::string {
        word = without_guard(std::move(word));
        return {};
    };
    return option->transform(CLI::Validator(strip, ""));  // goes before all that check the word
}

OptionRef OptionRef::type_name(const std::string& name) {
    m_option->type_name(name);
    return *this;
}

OptionRef OptionRef::required() {
    m_option->required();
    return *this;
}

OptionRef OptionRef::one_of(const std::vector<std::string>& words) {
    m_option->check(CLI::IsMember(words).description(""));  // the help says it in words of ours
    return *this;
}

OptionRef OptionRef::positive() {
    *m_option->get_validator(k_whole) = whole_number(1, std::numeric_limits<std::uint32_t>::max()).active(true);
    return *this;
}

OptionRef OptionRef::expected(int least, int most) {
    m_option->expected(least, most);
    return *this;
}

OptionRef OptionRef::repeatable() {
    m_option->take_all()->expected(1)->allow_extra_args(
        false);  // else it takes a "--" behind it for the end of its list
    return *this;
}

OptionRef OptionRef::capture_default_str() {
    m_option->capture_default_str();
    return *this;
}

OptionRef OptionRef::excludes(OptionRef other) {
    m_option->excludes(other.m_option);
    return *this;
}

OptionRef OptionRef::hidden() {
    m_option->group("");
    return *this;
}

template <typename T>
OptionRef CommandLine::add_option(const std::string& names, T& value, const std::string& help) const {
    using Number = typename Counted<T>::Type;
    CLI::Option* option = m_app->add_option(names, value, help);
    if constexpr (std::is_unsigned_v<Number>) option->transform(whole_number(0, std::numeric_limits<Number>::max()));
    return OptionRef(as_typed(option));
}

template <typename T>
OptionRef CommandLine::add_flag(const std::string& names, T& value, const std::string& help) const {
    return OptionRef(m_app->add_flag(names, value, help));
}

void CommandLine::alias(const std::string& name) const { m_app->alias(name); }

// What the members of an Args may be.
template OptionRef CommandLine::add_option(const std::string&, std::string&, const std::string&) const;
template OptionRef CommandLine::add_option(const std::string&, std::optional<std::string>&, const std::string&) const;
template OptionRef CommandLine::add_option(const std::string&, std::vector<std::string>&, const std::string&) const;
template OptionRef CommandLine::add_option(const std::string&, unsigned&, const std::string&) const;
template OptionRef CommandLine::add_option(const std::string&, std::uint64_t&, const std::string&) const;
template OptionRef CommandLine::add_option(const std::string&, std::optional<std::uint64_t>&, const std::string&) const;
template OptionRef CommandLine::add_option(const std::string&, std::vector<unsigned>&, const std::string&) const;
template OptionRef CommandLine::add_flag(const std::string&, bool&, const std::string&) const;
template OptionRef CommandLine::add_flag(const std::string&, int&,
                                         const std::string&) const;  // 1, -1 with "!", else as it was

}  // namespace neurolake::apps
