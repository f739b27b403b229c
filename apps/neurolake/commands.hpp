// commands.hpp: how a command family is declared, and the list of all of them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "options.hpp"
#include "session.hpp"

namespace neurolake::apps {

using Examples = std::array<std::string, 2>;  // two real command lines, shown at the end of --help and in the man page

// A command as main and the help writers see it. Groups ("bucket") have no run of their own.
struct Command {
    Examples examples;
    std::function<Result<int>(Session&)> run;
};

// Owns each command's Args for as long as the program lives and knows what to run for a parsed CLI::App.
class Registry {
public:
    template <typename Args>
    struct Added {
        CommandLine app;
        Args& args;
    };

    // Adds the command `name` below `parent`. `run` returns 0, k_exit_partial, or an exit code of its own; failures are
    // Errors. A command that changes or moves data also calls add_dry_run().
    template <typename Args>
    Added<Args> command(CommandLine parent, const std::string& name, const std::string& help,
                        Result<int> (*run)(Session&, const Args&), Examples examples) {
        CLI::App* app = subcommand(parent, name, help);
        auto holder = std::make_unique<Holder<Args>>();
        Args& args = holder->args;
        m_args.push_back(std::move(holder));
        m_commands[app] = {std::move(examples), [run, &args](Session& session) { return run(session, args); }};
        return {*app, args};
    }

    // A family of commands: "bucket" with create, list ...
    CommandLine group(CommandLine parent, const std::string& name, const std::string& help, Examples examples);

    const Command* find(const CLI::App* app) const;

private:
    static CLI::App* subcommand(CommandLine parent, const std::string& name, const std::string& help);

    struct HolderBase {
        virtual ~HolderBase() = default;
    };
    template <typename Args>
    struct Holder final : HolderBase {
        Args args{};
    };
    std::vector<std::unique_ptr<HolderBase>> m_args;
    std::map<const CLI::App*, Command> m_commands;
};

// --dry-run: names every object the command would touch and writes nothing; asked by Session::dry_run().
void add_dry_run(CommandLine app);

// A command of the top level that acts on a lake, and does not make one.
bool works_on_a_lake(std::string_view word);

// Every command, in the order of the help; each line of the table in commands.cpp is one family. When `word` is the
// name of one, only that family is added: scripts call us thousands of times, and building all costs more than most
// runs.
void add_commands(CLI::App& root, Registry& registry, std::string_view word);
std::string_view first_word(int argc, const char* const* argv);  // the command's name, past the global flags
void add_global_flags(CLI::App& root, Globals& globals);
// The strings behind --now, --wait, --set as values. usage on nonsense.
Status finish_globals(const CLI::App& root, Globals& globals);

// What the words after the program's name were meant to be: the deepest command that was named.
const CLI::App* chosen(const CLI::App& root);
std::string full_name(const CLI::App& app);  // "bucket create", without the program's name
std::vector<const CLI::App*> visible_commands(const CLI::App& app);
const CLI::App* command_named(const CLI::App& app, std::string_view name);  // or alias; null when there is none

// The families, one per cmd_*.cpp.
void add_bucket(CommandLine root, Registry& registry);
void add_burst(CommandLine root, Registry& registry);
void add_cloud(CommandLine root, Registry& registry);
void add_catalog(CommandLine root, Registry& registry);
void add_completion(CommandLine root, Registry& registry);
void add_config(CommandLine root, Registry& registry);
void add_cron(CommandLine root, Registry& registry);
void add_escape_hatch(CommandLine root, Registry& registry);
void add_lineage(CommandLine root, Registry& registry);
void add_logs(CommandLine root, Registry& registry);
void add_doctor(CommandLine root, Registry& registry);
void add_help(CommandLine root, Registry& registry);
void add_init(CommandLine root, Registry& registry);
void add_ls(CommandLine root, Registry& registry);
void add_man(CommandLine root, Registry& registry);
void add_pin(CommandLine root, Registry& registry);
void add_put(CommandLine root, Registry& registry);
void add_recall(CommandLine root, Registry& registry);
void add_run(CommandLine root, Registry& registry);
void add_status(CommandLine root, Registry& registry);
void add_version(CommandLine root, Registry& registry);
void add_why(CommandLine root, Registry& registry);

}  // namespace neurolake::apps
