// cmd_pin.cpp: `neurolake pin` and `unpin`: data that is never burst.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "commands.hpp"
#include "shell_words.hpp"
#include "tier_session.hpp"
#include "writer.hpp"

namespace neurolake::apps {

namespace {

struct Args {
    std::vector<std::string> paths;
};

enum class Verb { pin, unpin };

// A pin holds what is here; what is away stays away.
Status tell_of_cloud_data(Session& session, const Args& args) {
    TRY(lake::CloudList * list, session.cloud_list());
    for (const auto& words : args.paths) {
        TRY(const auto path, tier_path(session, words));
        const auto away = std::ranges::count_if(list->entries(), [&](const lake::CloudEntry& entry) {
            return !entry.recalled && text::starts_with_folder(entry.stub.bucket + "/" + entry.stub.path, path);
        });
        if (away > 0)
            session.out().summary(fmt::format(
                "{} of it in the cloud; bring back what should be here: neurolake recall {}",
                counted(static_cast<std::uint64_t>(away), "file"), session.out().name(plain_or_quoted(path))));
    }
    return {};
}

Result<int> change(Session& session, const Args& args, Verb verb) {
    if (verb == Verb::unpin && args.paths.empty())
        return Error(Errc::usage, "unpin wants paths or tables", "see what is pinned with: neurolake pin");
    TRY(const lake::Lake* lake, session.lake());
    if (!args.paths.empty()) TRY_DO(begin_change(session));
    TRY(auto pins, tier::read_pins(lake->layout().pins));
    auto changed = json::Value::array();
    std::vector<std::string> lines;
    for (const auto& words : args.paths) {
        TRY(const auto path, tier_path(session, words));
        const auto at = std::find(pins.paths.begin(), pins.paths.end(), path);
        const bool pinned = at != pins.paths.end();
        if (verb == Verb::unpin && !pinned)
            return Error(Errc::not_found, fmt::format("{} is not pinned", session.out().name(path)),
                         "see what is pinned with: neurolake pin", path);
        lines.push_back(fmt::format("{}: {}", session.out().name(path),
                                    verb == Verb::unpin ? "no longer pinned"
                                    : pinned            ? "pinned already"
                                                        : "pinned, it is never burst"));
        if (verb == Verb::pin && pinned) continue;
        if (verb == Verb::pin)
            pins.paths.push_back(path);
        else
            pins.paths.erase(at);
        changed.push(path);
    }
    std::sort(pins.paths.begin(), pins.paths.end());
    if (!changed.as_array()->empty() && !session.dry_run()) {
        TRY_DO(tier::write_pins(lake->layout().pins, pins));
        TRY_DO(session.audit(verb == Verb::pin ? "pin" : "unpin", json::Value::object().set("paths", changed)));
    }
    auto& out = session.out();
    if (out.machine()) {
        auto all = json::Value::array();
        for (const auto& path : pins.paths) {
            auto entry = json::Value::object();
            json::set_path(entry, "path", path);
            all.push(std::move(entry));
        }
        out.object(json::Value::object()
                       .set("schema", "neurolake.pins/1")
                       .set("dry_run", session.dry_run())
                       .set("changed", std::move(changed))
                       .set("pins", std::move(all)));
        return 0;
    }
    for (const auto& line : lines) out.summary(line);
    if (verb == Verb::pin) TRY_DO(tell_of_cloud_data(session, args));
    if (args.paths.empty() && pins.paths.empty()) out.summary("Nothing is pinned.");
    if (args.paths.empty())
        for (const auto& path : pins.paths) out.exact(out.name(path));
    return 0;
}

Result<int> run_pin(Session& session, const Args& args) { return change(session, args, Verb::pin); }
Result<int> run_unpin(Session& session, const Args& args) { return change(session, args, Verb::unpin); }

}  // namespace

void add_pin(CommandLine root, Registry& registry) {
    auto [pin, pin_args] = registry.command<Args>(root, "pin", "Keep files, folders or tables here whatever happens",
                                                  run_pin, {"neurolake pin raw-data.orders", "neurolake pin"});
    pin.add_option("PATH|TABLE", pin_args.paths, "What to pin; without it the pins are listed");
    add_dry_run(pin);
    auto [unpin, unpin_args] =
        registry.command<Args>(root, "unpin", "Let pinned data go again", run_unpin,
                               {"neurolake unpin raw-data.orders", "neurolake unpin raw-data/2024"});
    unpin.add_option("PATH|TABLE", unpin_args.paths, "What to unpin");
    add_dry_run(unpin);
}

}  // namespace neurolake::apps
