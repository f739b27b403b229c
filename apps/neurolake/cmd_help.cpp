// cmd_help.cpp: `neurolake help`.
// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "help_text.hpp"

namespace neurolake::apps {

namespace {

struct Args {
    const CLI::App* root = nullptr;
    const Registry* registry = nullptr;
    std::vector<std::string> words;
    bool all = false;
};

Result<const CLI::App*> named(const Args& args) {
    const CLI::App* app = args.root;
    for (const auto& word : args.words) {
        const CLI::App* next = command_named(*app, word);
        if (!next) return Error(Errc::usage, "no command '" + word + "'", "see: neurolake help");
        app = next;
    }
    return app;
}

Result<int> run_help(Session& session, const Args& args) {
    Output& out = session.out();
    TRY(const CLI::App* app, named(args));
    const std::string page = args.all ? help_all(*args.root, *args.registry) : help_page(*app, *args.registry);
    out.raw(out.utf8() ? page : ascii_text(page));
    return 0;
}

}  // namespace

void add_help(CommandLine root, Registry& registry) {
    auto [app, args] = registry.command<Args>(root, "help", "Explain a command, or list all of them", run_help,
                                              {"neurolake help bucket create", "neurolake help --all | less"});
    args.root = &root.parser();
    args.registry = &registry;
    app.add_option("COMMAND", args.words, "The command to explain");
    app.add_flag("--all", args.all, "Every command with its options");
}

}  // namespace neurolake::apps
