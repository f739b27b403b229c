// options.hpp: what a command takes on its line: words, options and flags, bound to the members of its Args.
// SPDX-License-Identifier: Apache-2.0
//
// A thin front of the parser (CLI11), whose headers cost each file that includes them seconds to compile and some work
// at every start of the program: only the files that walk the whole tree of commands see them.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace neurolake::apps {

// The words of the command line, without the program's name, as the parser is to get them: none is taken apart. Options
// give their values as they were typed (as_typed; add_option below sees to it); whoever else shows a word asks
// without_guard for it.
std::vector<std::string> guarded(int argc, const char* const* argv);
std::string without_guard(std::string word);
CLI::Option* as_typed(CLI::Option* option);  // the same option

// One option, flag or word that was added; each call refines it and gives it back: add_option(...)->type_name("N").
class OptionRef {
public:
    explicit OptionRef(CLI::Option* option) : m_option(option) {}
    OptionRef* operator->() { return this; }

    OptionRef type_name(const std::string& name);  // what the help shows for its value
    OptionRef required();
    OptionRef one_of(const std::vector<std::string>& words);  // anything else is a usage error that lists them
    OptionRef positive();                                     // a whole number of at least 1; else one of at least 0
    OptionRef expected(int least, int most);                  // how many values
    OptionRef repeatable();  // may be given several times, one value each; without it a list takes several at once
    OptionRef capture_default_str();  // the help shows the value that the member has now
    OptionRef excludes(OptionRef other);
    OptionRef hidden();  // from help and completion

private:
    CLI::Option* m_option;
};

// One command while it is declared; a handle, copied freely. The command lives as long as the tree it was added to.
class CommandLine {
public:
    CommandLine(CLI::App& app) : m_app(&app) {}  // NOLINT(google-explicit-constructor): a command is its handle

    CLI::App& parser() const { return *m_app; }

    // `value` must outlive the tree. T is one of the types in options.cpp; another type is one more line there.
    // "--name" and "-n,--name" are options, "NAME" is a word by its place.
    template <typename T>
    OptionRef add_option(const std::string& names, T& value, const std::string& help = {}) const;
    template <typename T>
    OptionRef add_flag(const std::string& names, T& value, const std::string& help) const;
    void alias(const std::string& name) const;

private:
    CLI::App* m_app;
};

}  // namespace neurolake::apps
