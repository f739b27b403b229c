// main.cpp: the roof. The map of the program:
// SPDX-License-Identifier: Apache-2.0
//
//   main            parses the words (CLI11), runs one command, turns its Result into an exit code
//   commands.*      the table of command families, the global flags;  options.*  what one command takes on its line
//   cmd_<verb>.cpp  one family each: struct Args, add_<verb>(app, registry), run_<verb>(session, args)
//   session.*       opens settings, lake, catalog, inventory and store when a command asks for them
//   output.*        streams, text or JSON, the exit-code table;  table.*, progress.*  what people see
//   help_text.*     help, man page and completions from the same command tree
//   lib/            everything that is not the command line
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <exception>
#include <iostream>

#include "base/text.hpp"
#include "commands.hpp"
#include "help_text.hpp"
#include "home_hints.hpp"

namespace neurolake::apps {

namespace {

// What a signal handler may touch: one flag to set and which signal it was.
CancelFlag g_cancel;
volatile std::sig_atomic_t g_signal = 0;

extern "C" void on_signal(int number) {
    g_signal = number;
    g_cancel.cancel();
}

// The first SIGINT or SIGTERM asks politely, the second one kills. What the caller ignores (a script's trap '', nohup)
// stays ignored. A closed pipe is an ordinary write error.
void install_signal_handlers() {
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESETHAND;
    for (const int signal : {SIGINT, SIGTERM}) {
        struct sigaction inherited {};
        ::sigaction(signal, nullptr, &inherited);
        if (inherited.sa_handler != SIG_IGN) ::sigaction(signal, &action, nullptr);
    }
    std::signal(SIGPIPE, SIG_IGN);
}

std::vector<std::string> names_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* below : visible_commands(app)) {
        names.push_back(below->get_name());
        for (const auto& alias : below->get_aliases()) names.push_back(alias);
    }
    return names;
}

std::vector<std::string> flags_of(const CLI::App& app, const CLI::App& root) {
    std::vector<std::string> names;
    for (const CLI::App* source : {&app, &root}) {
        for (const CLI::Option* option : source->get_options()) {
            for (const auto& name : option->get_lnames()) names.push_back(name);
        }
    }
    return names;
}

// Its name alone is compared: the dashes would make every short flag look alike.
std::string bare_flag(const std::string& word) {
    const std::size_t begin = word.find_first_not_of('-');
    return begin == std::string::npos ? "" : word.substr(begin, word.find('=') - begin);
}

std::string help_command(const CLI::App& app) {
    const std::string name = full_name(app);
    return "neurolake " + (name.empty() ? std::string("help") : name + " --help");
}

// "LOG is required: audit, query or error"; "" when nothing is missing that `said` begins with.
std::string missing_text(const CLI::App& app, std::string_view said) {
    for (const CLI::Option* option : app.get_options())
        if (option->get_required() && option->count() == 0 &&
            (said.empty() || said.starts_with(option->get_name() + " ")))
            return option->get_name() + " is required: " + option->get_description();
    return {};
}

std::string text_of(const CLI::App& app, const CLI::ParseError& failure) {
    const bool misses = dynamic_cast<const CLI::RequiredError*>(&failure) != nullptr;
    const std::string missing = misses ? missing_text(app, failure.what()) : "";
    return missing.empty() ? failure.what() : missing;
}

// "catalog tables" for "tables", wherever in the tree the command of that name is; "" without one.
std::string command_below(const CLI::App& app, const std::string& word) {
    for (const CLI::App* below : visible_commands(app)) {
        if (below->check_name(word)) return full_name(*below);
        if (const auto found = command_below(*below, word); !found.empty()) return found;
    }
    return {};
}

// What lists things is called after them where there is more than one kind.
std::string other_name(const CLI::App& app, const std::string& word) {
    const bool lists = word == "list" || word == "ls";
    return lists && command_named(app, "tables") ? command_below(app, "tables") : command_below(app, word);
}

// CLI11's complaint in our words: an unknown command or flag gets the closest known one.
Error usage_error(const CLI::App& root, const CLI::ParseError& failure) {
    const CLI::App* app = chosen(root);
    const std::string hint = "see: " + help_command(*app);
    const auto rest = root.remaining(true);
    if (rest.empty()) return Error(Errc::usage, text_of(*app, failure), hint);
    const std::string word = without_guard(rest.front());
    const std::string missing = word == "--" ? missing_text(*app, "") : "";  // nothing came behind it
    if (!missing.empty()) return Error(Errc::usage, missing, hint);
    const bool is_flag = word.size() > 1 && word[0] == '-';
    const auto below = names_of(*app);
    const std::string what = is_flag ? "unknown option" : below.empty() ? "unexpected word" : "unknown command";
    const auto known = is_flag ? flags_of(*app, root) : below;
    const std::string other = is_flag || below.empty() ? "" : other_name(*app, word);
    const auto meant = other.empty() ? text::closest(is_flag ? bare_flag(word) : word, known) : std::nullopt;
    const std::string name = full_name(*app);
    if (!other.empty())
        return Error(Errc::usage, what + " '" + word + "'" + (name.empty() ? "" : " for " + name),
                     fmt::format("did you mean neurolake {}?  {}", other, hint));
    return Error(Errc::usage, what + " '" + word + "'" + (name.empty() ? "" : " for " + name),
                 meant ? fmt::format("did you mean {}{}?  {}", is_flag ? "--" : "", *meant, hint) : hint);
}

Result<int> run_alone(const CLI::App& root, const Registry& registry, Session& session) {
    Output& out = session.out();
    out.raw(out.utf8() ? overview(root) : ascii_text(overview(root)));
    if (!session.lake()) return 0;
    const Command* status = registry.find(command_named(root, "status"));
    if (!status) return 0;
    out.line();
    return status->run(session);
}

Result<int> run_chosen(const CLI::App& root, const Registry& registry, Session& session) {
    const CLI::App* app = chosen(root);
    if (app == &root) return run_alone(root, registry, session);
    const Command* command = registry.find(app);
    if (command && command->run) return command->run(session);
    if (!session.out().machine()) {
        const std::string page = help_page(*app, registry) + "\n";
        session.out().stderr_raw(session.out().utf8() ? page : ascii_text(page));
    }
    std::string verbs;
    for (const auto& name : names_of(*app)) verbs += (verbs.empty() ? "" : ", ") + name;
    return Error(Errc::usage, full_name(*app) + " wants one of: " + verbs, "see: " + help_command(*app));
}

int run(int argc, char** argv) {
    install_signal_handlers();
    // Errors before the command line is understood must already know whether a program listens.
    OutputOptions early;
    for (int i = 1; i < argc; ++i) {
        early.json = early.json || std::string_view(argv[i]) == "--json";
        early.jsonl = early.jsonl || std::string_view(argv[i]) == "--jsonl";
    }
    for (int i = 1; i < argc; ++i) {  // what everybody tries first is the command of that name
        const std::string_view word = argv[i];
        if ((word == "--version" || word == "-V") && first_word(argc, argv).empty())
            argv[i] = const_cast<char*>("version");
    }
    Output out(early);
    Globals globals;
    Registry registry;
    CLI::App root("neurolake: a data lake that is a folder you can see", "neurolake");
    root.require_subcommand(0, 1);
    root.fallthrough();
    add_global_flags(root, globals);
    add_commands(root, registry, first_word(argc, argv));

    const auto refuse = [&](const Error& error) {
        const int rc = exit_code(error.code);
        out.error(error, rc);
        return rc;
    };
    try {
        auto words = guarded(argc, argv);
        std::ranges::reverse(words);  // so the parser wants them
        root.parse(std::move(words));
    } catch (const CLI::CallForHelp& asked) {
        if (!root.remaining(true).empty()) return refuse(usage_error(root, asked));  // help on what is not there
        const std::string page = help_page(*chosen(root), registry);
        out.raw(out.utf8() ? page : ascii_text(page));
        return out.flush() ? 0 : 1;
    } catch (const CLI::ParseError& failure) {
        return refuse(usage_error(root, failure));
    }
    const CLI::App* app = chosen(root);
    if (auto status = finish_globals(root, globals); !status) return refuse(status.error());
    out.set(globals.output);
    out.advise(home_hints(globals.home));
    globals.command = full_name(*app);
    const auto* dry = app->get_option_no_throw("--dry-run");
    globals.dry_run = dry && dry->count() > 0;

    Session session(std::move(globals), out, g_cancel);
    const auto outcome = run_chosen(root, registry, session);
    return session.finish(outcome, g_signal);
}

}  // namespace

}  // namespace neurolake::apps

int main(int argc, char** argv) {
    try {
        return neurolake::apps::run(argc, argv);
    } catch (const std::exception& failure) {
        std::cerr << "error: internal failure: " << failure.what() << "\n";
        return 1;
    }
}
