// home_hints.cpp: finds commands in sentences and puts --home into them.
// SPDX-License-Identifier: Apache-2.0
#include "home_hints.hpp"

#include <cctype>
#include <filesystem>

#include "commands.hpp"
#include "config/config.hpp"
#include "shell_words.hpp"

namespace neurolake::apps {

namespace {

constexpr std::string_view k_program = "neurolake ";

bool in_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '/' || c == '.';
}

// The word at `at`; a full stop that ends the sentence is none of it.
std::string_view word_at(std::string_view text, std::size_t at) {
    std::size_t end = at;
    while (end < text.size() && in_word(text[end])) ++end;
    while (end > at && text[end - 1] == '.') --end;
    return text.substr(at, end - at);
}

std::string with_home(std::string_view text, const std::string& flag) {
    std::string out;
    std::size_t done = 0;
    for (std::size_t at = text.find(k_program); at != std::string_view::npos; at = text.find(k_program, at + 1)) {
        if (at > 0 && in_word(text[at - 1])) continue;
        const std::size_t word = at + k_program.size();
        if (!works_on_a_lake(word_at(text, word))) continue;
        out.append(text.substr(done, word - done)).append(flag);
        done = word;
    }
    return out.append(text.substr(done));
}

}  // namespace

Advice home_hints(const std::optional<std::string>& home) {
    if (!home) return {};
    std::error_code failed;
    const auto cwd = std::filesystem::current_path(failed);
    const auto environment = config::process_environment();
    const auto named = config::find_home(home, environment, cwd);
    const auto found = config::find_home(std::nullopt, environment, cwd);
    if (!named || (found && found->path == named->path)) return {};
    return [flag = "--home " + plain_or_quoted(*home) + " "](std::string_view text) { return with_home(text, flag); };
}

}  // namespace neurolake::apps
