// help_text.cpp: walks the tree of commands; pages for people and man.
// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "help_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace neurolake::apps {

namespace {

constexpr std::size_t k_width = 80;
constexpr std::size_t k_first_column = 26;

// What the overview shows, in the order of a first day.
constexpr const char* k_main_verbs[] = {"init", "bucket", "put", "catalog", "status", "burst", "recall"};

bool is_flag(const CLI::Option& option) { return option.get_items_expected_max() == 0; }

bool repeats(const CLI::Option& option) { return option.get_items_expected_max() > 1; }

std::string value_name(const CLI::Option& option) {
    const std::string type = option.get_type_name();
    return type.empty() || type == "TEXT" ? "VALUE" : type;
}

// "-n, --dry-run" or "--home DIR" or "NAME..."
std::string option_words(const CLI::Option& option) {
    if (option.get_positional() && !option.nonpositional()) {
        const std::string name = option.get_name(true);
        return name + (repeats(option) && name.find("...") == std::string::npos ? "..." : "");
    }
    std::string words;
    for (const auto& name : option.get_snames()) words += (words.empty() ? "-" : ", -") + name;
    for (const auto& name : option.get_lnames()) words += (words.empty() ? "--" : ", --") + name;
    if (!is_flag(option)) words += " " + value_name(option);
    return words;
}

std::string positional_usage(const CLI::Option& option) {
    const std::string words = option_words(option);
    return option.get_required() ? words : "[" + words + "]";
}

std::string wrapped(std::string_view text, std::size_t indent) {
    std::string out;
    std::size_t column = indent;
    for (std::string_view word : text::split(text, ' ')) {
        if (column > indent && column + 1 + word.size() > k_width) {
            out += "\n" + std::string(indent, ' ');
            column = indent;
        } else if (column > indent) {
            out += ' ';
            ++column;
        }
        out += word;
        column += text::display_width(word);
    }
    return out;
}

std::string two_columns(std::string_view left, std::string_view right) {
    std::string out = "  " + std::string(left);
    if (out.size() + 2 > k_first_column) {
        out += "\n" + std::string(k_first_column, ' ');
    } else {
        out.resize(k_first_column, ' ');
    }
    return out + wrapped(right, k_first_column) + "\n";
}

std::vector<const CLI::Option*> positionals(const CLI::App& app) {
    return app.get_options([](const CLI::Option* o) { return o->get_positional() && !o->nonpositional(); });
}

std::vector<const CLI::Option*> flags(const CLI::App& app) {
    return app.get_options([](const CLI::Option* o) { return o->nonpositional() && !o->get_group().empty(); });
}

std::string usage_line(const CLI::App& app) {
    const std::string name = full_name(app);
    std::string line = "neurolake" + (name.empty() ? "" : " " + name);
    if (!visible_commands(app).empty()) line += positionals(app).empty() ? " COMMAND" : " [COMMAND]";
    if (!flags(app).empty()) line += " [OPTIONS]";
    for (const auto* option : positionals(app)) line += " " + positional_usage(*option);
    return line;
}

std::string option_block(const std::vector<const CLI::Option*>& options) {
    std::string out;
    for (const auto* option : options) out += two_columns(option_words(*option), option->get_description());
    return out;
}

std::string command_block(const CLI::App& app) {
    std::string out, section;
    for (const CLI::App* below : visible_commands(app)) {
        if (!app.get_parent() && below->get_group() != section) {
            section = below->get_group();
            out += "\n" + section + ":\n";
        }
        out += two_columns(below->get_name(), below->get_description());
    }
    return app.get_parent() ? "\nCommands:\n" + out : out;
}

void append_pages(std::string& out, const CLI::App& app, const Registry& registry) {
    out += "\n" + std::string(k_width, '-') + "\n" + help_page(app, registry);
    for (const CLI::App* below : visible_commands(app)) append_pages(out, *below, registry);
}

std::string roff(std::string_view text) {
    std::string out;
    for (char c : text) {
        if (c == '\\') {
            out += "\\e";
        } else if (c == '-') {
            out += "\\-";
        } else {
            out += c;
        }
    }
    if (!out.empty() && (out[0] == '.' || out[0] == '\'')) out.insert(0, "\\&");
    return out;
}

std::string roff_options(const std::vector<const CLI::Option*>& options) {
    std::string out;
    for (const auto* option : options) {
        out += ".TP\n.B " + roff(option_words(*option)) + "\n" + roff(option->get_description()) + "\n";
    }
    return out;
}

void append_man_command(std::string& out, const CLI::App& app, const Registry& registry) {
    const auto below = visible_commands(app);
    if (below.empty()) {
        out += ".SS " + roff(usage_line(app)) + "\n" + roff(app.get_description()) + ".\n";
        out += roff_options(positionals(app)) + roff_options(flags(app));
        if (const Command* command = registry.find(&app)) {
            out += ".PP\nExamples:\n";
            for (const auto& example : command->examples) out += ".RS\n.EX\n" + roff(example) + "\n.EE\n.RE\n";
        }
    }
    for (const CLI::App* next : below) append_man_command(out, *next, registry);
}

struct ExitWords {
    int code;
    const char* words;
};
constexpr ExitWords k_exit_words[] = {
    {0, "done, or nothing to do"},
    {1, "failed"},
    {2, "usage or configuration"},
    {3, "done in part: some objects failed, each named"},
    {10, "no lake here, or the lake's marker is missing"},
    {11, "locked by another run"},
    {12, "cloud not configured, unreachable or refused"},
    {13, "still over the mark"},
    {14, "verification mismatch: nothing was deleted"},
    {15, "stopped by a safety guard"},
    {130, "interrupted (143 by SIGTERM); run again to continue"},
};

}  // namespace

std::string overview(const CLI::App& root) {
    std::string out = root.get_description() + "\n\n";
    for (const char* verb : k_main_verbs) {
        if (const CLI::App* app = command_named(root, verb)) {
            out += two_columns(std::string("neurolake ") + verb, app->get_description());
        }
    }
    return out + "\nAll commands: neurolake help      One command: neurolake COMMAND --help\n";
}

std::string help_page(const CLI::App& app, const Registry& registry) {
    std::string out = wrapped(app.get_description(), 0) + "\n\nUsage: " + usage_line(app) + "\n";
    if (!app.get_aliases().empty()) out += "Also: neurolake " + app.get_aliases().front() + "\n";
    if (!visible_commands(app).empty()) out += command_block(app);
    if (const auto words = positionals(app); !words.empty()) out += "\nArguments:\n" + option_block(words);
    if (const auto own = flags(app); !own.empty()) {
        out += (app.get_parent() ? "\nOptions:\n" : "\nOptions of every command:\n") + option_block(own);
    }
    if (app.get_parent()) out += "\nOptions of every command (--json, --home, --quiet ...): neurolake help\n";
    if (!visible_commands(app).empty()) {
        const std::string name = full_name(app);
        out += "\nMore on one: neurolake " + (name.empty() ? "" : name + " ") + "COMMAND --help\n";
    }
    if (const Command* command = registry.find(&app)) {
        out += "\nExamples:\n";
        for (const auto& example : command->examples) out += "  " + example + "\n";
    }
    return out;
}

std::string help_all(const CLI::App& root, const Registry& registry) {
    std::string out = help_page(root, registry);
    for (const CLI::App* below : visible_commands(root)) append_pages(out, *below, registry);
    out += "\n" + std::string(k_width, '-') + "\nExit codes:\n";
    for (const auto& row : k_exit_words) out += two_columns(std::to_string(row.code), row.words);
    return out;
}

std::string man_page(const CLI::App& root, const Registry& registry) {
    std::string out = fmt::format(".TH NEUROLAKE 1 \"\" \"neurolake {}\" \"User Commands\"\n", NEUROLAKE_VERSION);
    out += ".SH NAME\nneurolake \\- a data lake that is a folder you can see\n";
    out += ".SH SYNOPSIS\n.B neurolake\n.I COMMAND\n[OPTIONS]\n.SH OPTIONS OF EVERY COMMAND\n";
    out += roff_options(flags(root)) + ".SH COMMANDS\n";
    for (const CLI::App* below : visible_commands(root)) append_man_command(out, *below, registry);
    out += ".SH EXIT STATUS\n";
    for (const auto& row : k_exit_words) out += fmt::format(".TP\n.B {}\n{}\n", row.code, roff(row.words));
    out += ".SH ENVIRONMENT\n.TP\n.B NEUROLAKE_HOME\nThe lake's folder.\n.TP\n.B NO_COLOR\nNo colour when set.\n";
    out += ".SH FILES\n.TP\n.I config/settings.yaml\nThe lake's settings.\n.TP\n.I config/buckets.yaml\nIts buckets.\n";
    return out;
}

}  // namespace neurolake::apps
