// cmd_catalog_migrate.cpp: `neurolake catalog migrate`: the catalog carried to another backend, which is then in force.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.hpp"
#include "catalog/backend_choice.hpp"
#include "catalog/transfer.hpp"
#include "catalog_report.hpp"
#include "cmd_catalog.hpp"
#include "writer.hpp"

namespace neurolake::apps {

namespace fs = std::filesystem;

namespace {

constexpr const char* k_key = "catalog.backend";

struct MigrateArgs {
    std::string to, from;
};

struct Plan {
    catalog::Options from, to;
    bool nothing_to_do = false;
};

// Whether somebody told us of a server; libpq would otherwise ask for one on this computer.
bool names_a_server(const catalog::Options& options) {
    if (!options.dsn.empty()) return true;
    return std::ranges::any_of(std::initializer_list<const char*>{"PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE"},
                               [](const char* name) { return std::getenv(name) != nullptr; });
}

// The settings file is what changes at the end: a value that comes from elsewhere would still count then.
Status check_origin(Session& session, const std::string& to) {
    TRY(const config::Config* config, session.config());
    const auto shown = config->get(k_key);
    if (!shown || shown->value == to || shown->origin == "default" || shown->origin.starts_with("config/")) return {};
    return Error(Errc::usage,
                 fmt::format("{} = {} comes from {}, which counts more than the settings file", k_key, shown->value,
                             shown->origin),
                 fmt::format("take it away there, then again; or let it say {} as well", to));
}

Result<Plan> make_plan(Session& session, const MigrateArgs& args) {
    TRY(const catalog::Options in_force, session.catalog_options());
    Plan plan{in_force, in_force};
    if (!args.to.empty()) plan.to.backend = args.to;
    TRY_DO(check_origin(session, plan.to.backend));
    if (args.from == plan.to.backend)
        return Error(Errc::usage, fmt::format("the catalog cannot be moved from {0} to {0}", args.from),
                     "name another backend with --to or --from");
    TRY(const bool holds, catalog::holds_something(plan.to));
    const bool at_home = plan.to.backend == in_force.backend;
    std::optional<std::string> source = args.from;
    if (args.from.empty()) {
        TRY(source, catalog::find_source(in_force, plan.to.backend, names_a_server(in_force) && !(at_home && holds)));
    }
    if (!source) {
        TRY(const bool there, catalog::is_there(plan.to));
        plan.nothing_to_do = there && at_home;
        if (plan.nothing_to_do) return plan;
        return Error(
            Errc::not_found, "no backend holds a catalog of this lake",
            fmt::format("begin one: neurolake config set {} {}, then neurolake catalog index", k_key, plan.to.backend));
    }
    plan.from.backend = *source;
    if (!at_home || !holds || !args.from.empty()) return plan;
    // The catalog is where it should be; the other one was left by a run that ended before it set it aside, or is old.
    TRY(const bool old_holds, catalog::holds_something(plan.from));
    plan.nothing_to_do = !old_holds;
    if (plan.nothing_to_do) return plan;
    TRY(const bool equal, catalog::are_equal(plan.from, plan.to));
    if (equal) return plan;
    return Error(Errc::conflict,
                 fmt::format("{} is in force and holds a catalog, but {} holds another one", plan.to.backend, *source),
                 fmt::format("to keep that of {0}, rename the other one's files; to take the other one instead (what "
                             "{0} holds is kept aside): neurolake catalog migrate --from {1}",
                             plan.to.backend, *source));
}

// "moved-20261122T154025Z", with a number where that is taken.
std::string free_ending(const fs::path& folder, Time now) {
    std::string stamp = "moved-" + to_rfc3339(now);
    std::erase_if(stamp, [](char c) { return c == ':'; });
    std::erase_if(stamp, [](char c) { return c == '-'; });
    stamp.insert(5, "-");
    const auto taken = [&](const std::string& ending) {
        std::error_code failed;
        for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed))
            if (it->path().filename().string().ends_with("." + ending)) return true;
        return false;
    };
    std::string ending = stamp;
    for (int n = 2; taken(ending); ++n) ending = fmt::format("{}-{}", stamp, n);
    return ending;
}

// Those that are gone are carried along, too: said apart, as everywhere.
std::string moved_tables(const catalog::Options& where, const catalog::Copied& copied) {
    const auto catalog = catalog::Catalog::open(where);
    return catalog ? tables_text(*catalog) : counted(copied.tables, "table");
}

void report(Session& session, const Plan& plan, const catalog::Copied& copied, const std::vector<std::string>& kept) {
    Output& out = session.out();
    const bool dry = session.dry_run();
    if (out.machine()) {
        auto names = json::Value::array();
        for (const auto& line : kept) names.push(line);
        out.object(json::Value::object()
                       .set("schema", "neurolake.catalog.migrate/1")
                       .set("from", plan.from.backend)
                       .set("to", plan.to.backend)
                       .set("tables", copied.tables)
                       .set("entries", copied.entries)
                       .set("moved", !plan.nothing_to_do && !dry)
                       .set("dry_run", dry)
                       .set("kept", std::move(names)));
        return;
    }
    if (plan.nothing_to_do) return out.summary(fmt::format("The catalog is in {} already", plan.to.backend));
    const std::string what =
        fmt::format("the catalog from {} to {}: {}, {}", plan.from.backend, plan.to.backend,
                    moved_tables(dry ? plan.from : plan.to, copied),
                    copied.entries == 1 ? "1 other entry" : text::with_thousands(copied.entries) + " other entries");
    if (dry) return out.summary("Would move " + what);
    out.summary(fmt::format("Moved {}; read back and compared", what));
    if (!kept.empty()) out.prose(out.name(fmt::format("Kept aside: {}", fmt::join(kept, ", "))), 4);
    out.prose(fmt::format("To go back: neurolake catalog migrate --to {}", plan.from.backend));
}

Result<int> run_migrate(Session& session, const MigrateArgs& args) {
    TRY_DO(begin_change(session));
    TRY(Plan plan, make_plan(session, args));
    if (plan.nothing_to_do) plan.from = plan.to;
    if (plan.nothing_to_do || session.dry_run()) {
        TRY(const auto counted, catalog::count_catalog(plan.from));
        report(session, plan, counted, {});
        return 0;
    }
    TRY(const lake::Lake* lake, session.lake());
    const std::string ending = free_ending(plan.to.folder, session.now());
    TRY(const auto copied, catalog::copy_catalog(plan.from, plan.to, ending));
    // From here on the new one counts.
    TRY_DO(config::set_value(lake->layout().home, k_key, plan.to.backend));
    session.reload_settings();
    std::vector<std::string> kept = copied.kept;
    TRY(const auto old, catalog::set_aside(plan.from, free_ending(plan.from.folder, session.now())));
    kept.insert(kept.end(), old.begin(), old.end());
    TRY_DO(session.audit("catalog_migrate", json::Value::object()
                                                .set("from", plan.from.backend)
                                                .set("to", plan.to.backend)
                                                .set("tables", copied.tables)
                                                .set("entries", copied.entries)));
    report(session, plan, copied, kept);
    return 0;
}

}  // namespace

void add_catalog_migrate(CommandLine catalog, Registry& registry) {
    auto [app, args] = registry.command<MigrateArgs>(
        catalog, "migrate", "Move the catalog to another backend: json, sqlite, postgresql", run_migrate,
        {"neurolake catalog migrate --to sqlite", "neurolake catalog migrate --to postgresql --dry-run"});
    const std::vector<std::string> backends(std::begin(catalog::k_backends), std::end(catalog::k_backends));
    app.add_option("--to", args.to, "The new backend; without it, the one of the settings")
        ->one_of(backends)
        ->type_name("BACKEND");
    app.add_option("--from", args.from, "The backend to move from, where several hold a catalog")
        ->one_of(backends)
        ->type_name("BACKEND");
    add_dry_run(app);
}

}  // namespace neurolake::apps
