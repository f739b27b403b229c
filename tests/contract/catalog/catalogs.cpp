// catalogs.cpp: places, oddities, and children that are killed.
// SPDX-License-Identifier: Apache-2.0
#include "contract/catalog/catalogs.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "base/digest.hpp"

namespace neurolake::contract {

using namespace catalog;

ServerProcess& postgres() {
    static ServerProcess server("postgres_node.py", {});
    return server;
}

std::string postgres_dsn(const std::string& database) {
    const json::Value& said = postgres().said();
    return "host=127.0.0.1 port=" + std::to_string(said.natural("port")) + " user=" + said.text("user") +
           " password=" + said.text("password") + " dbname=" + database;
}

std::vector<std::string> backends() {
    if (postgres().listens()) return {"json", "sqlite", "postgresql"};
    std::printf("skipped: PostgreSQL is not installed (%s)\n", json::dump(postgres().said()).c_str());
    return {"json", "sqlite"};
}

Shelf::Shelf(std::string backend) {
    options.backend = std::move(backend);
    options.folder = scratch / "catalog";
    options.lake_id = "lake-" + random_hex(8);
    if (postgres().listens()) options.dsn = postgres_dsn();
}

Options Shelf::in(const std::string& backend) const {
    Options other = options;
    other.backend = backend;
    return other;
}

Catalog Shelf::open() const {
    auto catalog = Catalog::open(options);
    if (!catalog) FAIL(catalog.error().message);
    return std::move(*catalog);
}

model::Table table(std::string bucket, std::string name) {
    model::Table t;
    t.id = bucket + "-" + name;
    t.bucket = std::move(bucket);
    t.name = t.path = std::move(name);
    t.is_folder = true;
    t.rule = model::GroupingRule::folder;
    t.format = "csv";
    t.columns.resize(2);
    t.columns[0].name = "id";
    t.columns[0].type = model::TypeKind::int64;
    t.columns[1].name = "email";
    t.columns[1].type = model::TypeKind::text;
    t.rows = 3;
    return t;
}

Batch batch(std::vector<model::Table> tables, std::string at) {
    Batch b;
    for (const auto& t : tables) {
        b.versions.push_back(model::diff({}, t.columns));
        b.versions.back().version = t.schema_version;
        b.version_tables.push_back(t.id);
    }
    b.upserts = std::move(tables);
    b.indexed_at = std::move(at);
    return b;
}

EntryChange put(List list, const std::string& id, const std::string& more) {
    auto entry = json::Value::object().set("id", id);
    if (!more.empty()) entry.set("more", more);
    return {list, id, json::dump(entry)};
}

void fill_with_oddities(Catalog& catalog) {
    auto odd = table("raw-data", "b\xff\n\"x'; DROP TABLE neurolake_tables; --");
    odd.id = std::string("odd\0id", 6);
    odd.rows = UINT64_MAX;
    odd.description = std::string("two\nlines, a NUL \0 and a backslash \\", 37);
    odd.tags = {"größe", "日本"};
    auto gone = table("archive", "2023");
    gone.deleted_at = "2026-11-21T08:00:00Z";
    auto changes = batch({table("raw-data", "orders"), odd, gone, table("Z", "upper"), table("a", "lower")});
    changes.entries = {put(List::samples, "raw-data-orders", std::string(100000, 'x')),
                       put(List::glossary, "Umsatz"),
                       put(List::glossary, "apple"),
                       put(List::glossary, "Äpfel"),
                       put(List::glossary, ""),
                       put(List::lineage, std::string(5000, 'l') + "1"),
                       put(List::lineage, std::string(5000, 'l') + "2"),
                       put(List::lineage, "sha256:abc"),
                       put(List::lineage, "with \"quotes\" and a ' and \\"),
                       put(List::lineage, std::string("nul\0here", 8)),
                       put(List::imported, "orders")};
    const auto applied = catalog.apply(changes);
    if (!applied) FAIL(applied.error().message);
}

Contents contents(const Options& options) {
    auto backend = open_backend(options);
    if (!backend) FAIL(backend.error().message);
    auto all = contents_of(**backend);
    if (!all) FAIL(all.error().message);
    return std::move(*all);
}

bool in_child(const std::function<bool()>& work, int kill_after_us) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) ::_exit(work() ? 0 : 1);
    if (kill_after_us >= 0) {
        ::usleep(static_cast<useconds_t>(kill_after_us));
        ::kill(child, SIGKILL);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace neurolake::contract
