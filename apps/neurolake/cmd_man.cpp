// cmd_man.cpp: `neurolake man`.
// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "help_text.hpp"

namespace neurolake::apps {

namespace {

struct Args {
    const CLI::App* root = nullptr;
    const Registry* registry = nullptr;
};

Result<int> run_man(Session& session, const Args& args) {
    session.out().raw(ascii_text(man_page(*args.root, *args.registry)));
    return 0;
}

}  // namespace

void add_man(CommandLine root, Registry& registry) {
    auto [app, args] =
        registry.command<Args>(root, "man", "Print the man page (roff)", run_man,
                               {"neurolake man | man -l -", "neurolake man > /usr/local/share/man/man1/neurolake.1"});
    args.root = &root.parser();
    args.registry = &registry;
}

}  // namespace neurolake::apps
