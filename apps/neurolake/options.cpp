// options.cpp: the words of a command line handed to CLI11, once for each type of value.
// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>

namespace neurolake::apps {

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
    m_option->check(CLI::Validator(CLI::PositiveNumber).description(""));
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
    return OptionRef(m_app->add_option(names, value, help));
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
