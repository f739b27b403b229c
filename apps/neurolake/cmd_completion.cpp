// cmd_completion.cpp: `neurolake completion`.
// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "completion_words.hpp"
#include "help_text.hpp"

namespace neurolake::apps {

namespace {

struct Args {
    const CLI::App* root = nullptr;
    std::string shell, kinds, word;
};

Result<int> run_completion(Session& session, const Args& args) {
    if (!args.kinds.empty()) {
        TRY(const auto words, completion_words(session, args.kinds, args.word));
        for (const auto& word : words) session.out().raw(word + "\n");
        return 0;
    }
    TRY(const std::string script, completion(*args.root, args.shell));
    session.out().raw(session.out().utf8() ? script : ascii_text(script));
    return 0;
}

}  // namespace

void add_completion(CommandLine root, Registry& registry) {
    auto [app, args] =
        registry.command<Args>(root, "completion", "Print the completion script of a shell", run_completion,
                               {"source <(neurolake completion bash)",
                                "neurolake completion fish > ~/.config/fish/completions/neurolake.fish"});
    args.root = &root.parser();
    app.add_option("SHELL", args.shell, "bash, zsh or fish");
    app.add_option("--list", args.kinds)->hidden();  // for the scripts
    app.add_option("--word", args.word)->hidden();
}

}  // namespace neurolake::apps
