// completion_text.cpp: completion scripts for bash, zsh and fish from the tree of commands.
// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <algorithm>

#include "base/text.hpp"
#include "help_text.hpp"
#include "shell_words.hpp"

namespace neurolake::apps {

namespace {

struct Entry {
    std::string path;                                        // "bucket create", "" for the program itself
    std::vector<std::pair<std::string, std::string>> words;  // subcommands: name, help
    std::vector<std::pair<std::string, std::string>> flags;  // "--dry-run", help
    std::string kinds;  // what its words may be, for `completion --list`: "bucket", "table", "place", "setting" ...
};

// From the names that the help gives positional words.
std::string kinds_of(const CLI::App& app) {
    std::string kinds;
    for (const CLI::Option* option : app.get_options()) {
        if (!option->get_positional()) continue;
        const std::string name = option->get_name(true);
        const auto has = [&](std::string_view word) { return name.find(word) != std::string::npos; };
        const bool place = has("PATH") && full_name(app) != "init";
        if (place) kinds += " place";
        if (has("BUCKET") && !place) kinds += " bucket";
        if (has("TABLE")) kinds += " table";
        if (name == "KEY") kinds += " setting";
        if (name == "KEY=VALUE") kinds += " bucket-setting";
    }
    return kinds.empty() ? kinds : kinds.substr(1);
}

void collect(const CLI::App& app, std::vector<Entry>& entries) {
    Entry entry{full_name(app), {}, {}, kinds_of(app)};
    for (const CLI::App* below : visible_commands(app)) {
        entry.words.emplace_back(below->get_name(), below->get_description());
    }
    for (const CLI::Option* option : app.get_options()) {
        if (option->get_group().empty()) continue;
        for (const auto& name : option->get_lnames()) entry.flags.emplace_back("--" + name, option->get_description());
    }
    entries.push_back(std::move(entry));
    for (const CLI::App* below : visible_commands(app)) collect(*below, entries);
}

std::string joined(const std::vector<std::pair<std::string, std::string>>& words) {
    std::string out;
    for (const auto& [word, help] : words) out += (out.empty() ? "" : " ") + word;
    return out;
}

std::string case_lines(const std::vector<Entry>& entries) {
    std::string out;
    for (const auto& entry : entries) {
        out += "        " + shell_word(entry.path) + ")\n";
        out += "            words=" + shell_word(joined(entry.words)) + "\n";
        out += "            flags=" + shell_word(joined(entry.flags)) + "\n";
        out += "            kinds=" + shell_word(entry.kinds) + " ;;\n";
    }
    return out;
}

// Both shells find the command by the longest known path of leading words.
std::string known_paths(const std::vector<Entry>& entries) {
    std::string out;
    for (const auto& entry : entries) {
        if (!entry.path.empty()) out += (out.empty() ? "" : "|") + shell_word(entry.path);
    }
    return out;
}

constexpr const char* k_bash_head = R"(# bash completion for neurolake; load with: source <(neurolake completion bash)
_neurolake() {
    local cur=${COMP_LINE:0:COMP_POINT} path= word words= flags= kinds= i
    cur=${cur##* }
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        [[ $word == -* ]] && continue
        case "${path:+$path }$word" in
)";

constexpr const char* k_bash_middle = R"(            ;;
        esac
    done
    case "$path" in
)";

constexpr const char* k_bash_tail = R"sh(    esac
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$flags GLOBAL" -- "$cur"))
    elif [[ -n $words && -z $kinds ]]; then
        COMPREPLY=($(compgen -W "$words" -- "$cur"))
    else
        COMPREPLY=($(compgen -W "$words" -- "$cur"))
        while [[ -n $kinds ]] && IFS= read -r word; do
            [[ $word == "$cur"* ]] && COMPREPLY+=("$word")
        done < <(neurolake completion --list "$kinds" --word "$cur" 2>/dev/null)
        [[ ${#COMPREPLY[@]} -gt 0 || $kinds == table ]] || COMPREPLY=($(compgen -f -- "$cur"))
        [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[/=] ]] && compopt -o nospace 2>/dev/null
        # The shell takes "=" for the end of a word.
        [[ $cur == *=* ]] && COMPREPLY=("${COMPREPLY[@]#"${cur%=*}="}")
    fi
}
complete -o filenames -F _neurolake neurolake
)sh";

constexpr const char* k_zsh_tail = R"sh(    esac
    if [[ $cur == -* ]]; then
        compadd -- ${=flags} GLOBAL
    elif [[ -n $words && -z $kinds ]]; then
        compadd -- ${=words}
    else
        compadd -- ${=words}
        [[ -n $kinds ]] && compadd -S '' -- ${(f)"$(neurolake completion --list "$kinds" --word "$cur" 2>/dev/null)"}
        _files
    fi
}
compdef _neurolake neurolake
)sh";

constexpr const char* k_zsh_head = R"(#compdef neurolake
# zsh completion for neurolake; load with: source <(neurolake completion zsh)
_neurolake() {
    local cur=${words[CURRENT]} path_= word flags= kinds= i
    local -a line=("${words[@]}")
    local words=
    for ((i = 2; i < CURRENT; i++)); do
        word=${line[i]}
        [[ $word == -* ]] && continue
        case "${path_:+$path_ }$word" in
)";

constexpr const char* k_zsh_middle = R"(            ;;
        esac
    done
    case "$path_" in
)";

std::string with_globals(std::string script, const Entry& root) {
    const std::string mark = "GLOBAL";
    script.replace(script.find(mark), mark.size(), joined(root.flags));
    return script;
}

std::string bash(const std::vector<Entry>& entries) {
    return std::string(k_bash_head) + "            " + known_paths(entries) + ") path=\"${path:+$path }$word\"\n" +
           k_bash_middle + case_lines(entries) + with_globals(k_bash_tail, entries.front());
}

std::string zsh(const std::vector<Entry>& entries) {
    return std::string(k_zsh_head) + "            " + known_paths(entries) + ") path_=\"${path_:+$path_ }$word\"\n" +
           k_zsh_middle + case_lines(entries) + with_globals(k_zsh_tail, entries.front());
}

std::string fish_condition(const Entry& entry) {
    if (entry.path.empty()) return "__fish_use_subcommand";
    std::string condition;
    for (std::string_view word : text::split(entry.path, ' ')) {
        condition += (condition.empty() ? "" : "; and ") + ("__fish_seen_subcommand_from " + std::string(word));
    }
    if (!entry.words.empty()) condition += "; and not __fish_seen_subcommand_from " + joined(entry.words);
    return condition;
}

std::string fish(const std::vector<Entry>& entries) {
    std::string out = "# fish completion for neurolake; load with: neurolake completion fish | source\n";
    for (const auto& entry : entries) {
        const std::string condition = shell_word(fish_condition(entry));
        for (const auto& [word, help] : entry.words) {
            out += "complete -c neurolake -f -n " + condition + " -a " + word + " -d " + shell_word(help) + "\n";
        }
        for (const auto& [flag, help] : entry.flags) {
            const std::string when = entry.path.empty() ? "" : " -n " + condition;
            out += "complete -c neurolake" + when + " -l " + flag.substr(2) + " -d " + shell_word(help) + "\n";
        }
        if (!entry.kinds.empty()) {
            out += "complete -c neurolake -n " + condition + " -a '(neurolake completion --list \"" + entry.kinds +
                   "\" --word (commandline -ct) 2>/dev/null)'\n";
        }
    }
    return out;
}

}  // namespace

Result<std::string> completion(const CLI::App& root, const std::string& shell) {
    std::vector<Entry> entries;
    collect(root, entries);
    if (shell == "bash") return bash(entries);
    if (shell == "zsh") return zsh(entries);
    if (shell == "fish") return fish(entries);
    return Error(Errc::usage, "no completion for the shell '" + shell + "'", "use bash, zsh or fish");
}

}  // namespace neurolake::apps
