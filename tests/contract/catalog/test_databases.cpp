// test_databases.cpp: what only sqlite or postgresql can meet: damaged files, servers that are down, lakes side by
// side.
// SPDX-License-Identifier: Apache-2.0
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

#include "base/file.hpp"
#include "catalog/postgres.hpp"
#include "catalog/sqlite.hpp"
#include "contract/catalog/catalogs.hpp"

using namespace neurolake;
using namespace neurolake::catalog;
using namespace neurolake::contract;

namespace {

std::filesystem::path file_of(const Shelf& shelf) { return sqlite_file(shelf.options.folder); }

// One statement in the database, as another program would run it.
void in_sqlite(const std::filesystem::path& file, const std::string& sql) {
    sqlite3* database = nullptr;
    REQUIRE(::sqlite3_open(file.c_str(), &database) == SQLITE_OK);
    char* wrong = nullptr;
    ::sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &wrong);
    INFO((wrong ? wrong : ""));
    CHECK(wrong == nullptr);
    ::sqlite3_free(wrong);
    ::sqlite3_close(database);
}

void in_postgres(const std::string& dsn, const std::string& sql) {
    auto database = postgres_database(dsn, "");
    REQUIRE(database->write([&](SqlSession& session) -> Result<bool> {
        auto done = session.run(sql);
        if (!done) return std::move(done).error();
        return true;
    }));
}

std::chrono::milliseconds time_of(const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
}

}  // namespace

TEST_CASE("a damaged catalog.db is corrupt, named, and never written to", "[contract]") {
    Shelf shelf("sqlite");
    auto catalog = shelf.open();
    fill_with_oddities(catalog);
    const std::string good = read_file(file_of(shelf)).value();
    std::string bad = GENERATE("empty", "text", "cut", "other", "entry", "page");
    INFO(bad);
    if (bad == "empty") shelf.scratch.write("catalog/catalog.db", "");
    if (bad == "text") shelf.scratch.write("catalog/catalog.db", "this is no database, whatever its name says\n");
    if (bad == "cut") shelf.scratch.write("catalog/catalog.db", good.substr(0, good.size() / 2));
    if (bad == "other") {
        REQUIRE(::unlink(file_of(shelf).c_str()) == 0);
        in_sqlite(file_of(shelf), "CREATE TABLE something (a TEXT)");
    }
    if (bad == "entry") in_sqlite(file_of(shelf), "UPDATE neurolake_tables SET entry = substr(entry, 1, 40)");
    if (bad == "page") {
        std::string torn = good;
        const std::size_t page = good.find("raw-data-orders");
        REQUIRE(page != std::string::npos);
        torn.replace(page / 4096 * 4096, 100, std::string(100, '\x7f'));
        shelf.scratch.write("catalog/catalog.db", torn);
    }
    const std::string before = read_file(file_of(shelf)).value();
    auto opened = Catalog::open(shelf.options);
    const Status checked = opened ? opened->check() : Status(opened.error());
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == Errc::corrupt);
    CHECK(checked.error().path == file_of(shelf).string());
    CHECK(checked.error().message.find("catalog.db") != std::string::npos);
    CHECK(checked.error().hint.find("neurolake doctor --fix") != std::string::npos);
    CHECK(read_file(file_of(shelf)).value() == before);
}

TEST_CASE("an entry that a person edited in the database counts", "[contract]") {
    Shelf shelf("sqlite");
    auto catalog = shelf.open();
    REQUIRE(catalog.apply(batch({table("raw-data", "orders")})));
    in_sqlite(file_of(shelf), "UPDATE neurolake_tables SET entry = replace(entry, 'orders', 'renamed')");
    CHECK(shelf.open().find("raw-data.renamed"));
    in_sqlite(file_of(shelf),
              "PRAGMA journal_mode = WAL; UPDATE neurolake_tables SET entry = replace(entry, 'renamed', 'again')");
    auto again = shelf.open();
    CHECK(again.find("raw-data.again"));
    REQUIRE(again.apply(batch({table("raw-data", "more")})));
    CHECK(shelf.open().tables().size() == 2);
}

TEST_CASE("a catalog of a newer program is left alone", "[contract]") {
    Shelf shelf("sqlite");
    auto catalog = shelf.open();
    REQUIRE(catalog.apply(batch({table("raw-data", "orders")})));
    in_sqlite(file_of(shelf), "UPDATE neurolake_schema SET version = 2");
    CHECK(Catalog::open(shelf.options).error().code == Errc::unsupported);
    CHECK(catalog.apply(batch({table("raw-data", "more")})).error().code == Errc::unsupported);
}

TEST_CASE("readers need no write permission, and leave no file behind", "[contract]") {
    Shelf shelf("sqlite");
    auto catalog = shelf.open();
    fill_with_oddities(catalog);
    const auto names = [&] {
        std::vector<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(shelf.options.folder))
            found.push_back(entry.path().filename());
        return found;
    };
    CHECK(names() == std::vector<std::string>{"catalog.db"});
    REQUIRE(::chmod(file_of(shelf).c_str(), 0444) == 0);
    REQUIRE(::chmod(shelf.options.folder.c_str(), 0555) == 0);
    CHECK(shelf.open().tables().size() == 5);
    CHECK(shelf.open().check());
    CHECK(names() == std::vector<std::string>{"catalog.db"});
    REQUIRE(::chmod(shelf.options.folder.c_str(), 0755) == 0);
}

TEST_CASE("another program that writes catalog.db is waited for, not overwritten", "[contract]") {
    Shelf shelf("sqlite");
    auto catalog = shelf.open();
    REQUIRE(catalog.apply(batch({table("raw-data", "orders")})));
    shelf.options.wait = std::chrono::milliseconds(300);
    auto late = shelf.open();
    sqlite3* other = nullptr;
    REQUIRE(::sqlite3_open(file_of(shelf).c_str(), &other) == SQLITE_OK);
    REQUIRE(::sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
    CHECK(shelf.open().tables().size() == 1);  // readers wait for nobody
    Status refused;
    CHECK(time_of([&] { refused = late.apply(batch({table("raw-data", "more")})); }) >= std::chrono::milliseconds(300));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::locked);
    CHECK(refused.error().message.ends_with("catalog.db: database is locked, after 1 s"));
    CHECK(refused.error().hint.find("fuser -v " + file_of(shelf).string()) != std::string::npos);
    CancelFlag cancel;
    cancel.cancel();
    shelf.options.wait = std::chrono::hours(1);
    shelf.options.cancel = &cancel;
    CHECK(shelf.open().apply(batch({table("raw-data", "more")})).error().code == Errc::cancelled);
    REQUIRE(::sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK);
    ::sqlite3_close(other);
    CHECK(late.apply(batch({table("raw-data", "more")})));
}

TEST_CASE("a backend that is named before the catalog was brought over says so", "[contract]") {
    Shelf shelf("json");
    auto catalog = shelf.open();
    REQUIRE(Catalog::create(shelf.options));
    CHECK(Catalog::open(shelf.in("sqlite"))->tables().empty());  // nothing to bring over
    fill_with_oddities(catalog = shelf.open());
    for (const auto& backend : backends()) {
        if (backend == "json") continue;
        INFO(backend);
        const auto refused = Catalog::open(shelf.in(backend));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::not_found);
        CHECK(refused.error().message.find("json") != std::string::npos);
        CHECK(refused.error().hint.find("neurolake catalog migrate") != std::string::npos);
        CHECK_FALSE(Catalog::create(shelf.in(backend)));
        CHECK_FALSE(is_there(shelf.in(backend)).value());
    }
}

TEST_CASE("several lakes share a database and do not see each other", "[contract]") {
    if (!postgres().listens()) return;
    Shelf one("postgresql"), two("postgresql");
    auto first = one.open(), second = two.open();
    fill_with_oddities(first);
    REQUIRE(second.apply(batch({table("raw-data", "orders")})));
    auto orders = *second.find("raw-data.orders");
    orders.rows = 77;
    REQUIRE(second.update_tables({orders}));
    CHECK(one.open().find("raw-data.orders")->rows == 3);
    CHECK(one.open().tables().size() == 5);
    CHECK(two.open().tables().size() == 1);
    CHECK(two.open().entries(List::glossary)->empty());
}

TEST_CASE("a damaged row in postgresql is corrupt, and a newer schema is left alone", "[contract]") {
    if (!postgres().listens()) return;
    Shelf shelf("postgresql");
    auto catalog = shelf.open();
    REQUIRE(catalog.apply(batch({table("raw-data", "orders")})));
    in_postgres(postgres_dsn(),
                "UPDATE neurolake_tables SET entry = '{\"id\":' WHERE lake = '" + shelf.options.lake_id + "'");
    const auto refused = Catalog::open(shelf.options);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::corrupt);
    CHECK(refused.error().hint.find("neurolake doctor --fix") != std::string::npos);
}

TEST_CASE("a server that is down, frozen or closed to us is one error in under five seconds", "[contract]") {
    if (!postgres().listens()) return;
    Shelf shelf("postgresql");
    auto catalog = shelf.open();
    REQUIRE(catalog.apply(batch({table("raw-data", "orders")})));
    const std::string password = postgres().said().text("password");
    Result<Catalog> opened = Error(Errc::io, "");
    const auto open = [&] { return time_of([&] { opened = Catalog::open(shelf.options); }); };
    const auto check_error = [&](const char* words) {
        REQUIRE_FALSE(opened);
        INFO(opened.error().message);
        CHECK(opened.error().code == Errc::io);
        CHECK(opened.error().message.find(words) != std::string::npos);
        CHECK(opened.error().message.find('\n') == std::string::npos);
        for (const std::string& text : {opened.error().message, opened.error().hint})
            CHECK(text.find(password) == std::string::npos);
        CHECK(opened.error().hint.find("NEUROLAKE_CATALOG_DSN") != std::string::npos);
    };
    SECTION("down") {
        postgres().tell("stop");
        CHECK(open() < std::chrono::seconds(5));
        check_error("127.0.0.1");
        const auto lost = catalog.apply(batch({table("raw-data", "more")}));
        CHECK_FALSE(lost);
        postgres().tell("start");
        CHECK(shelf.open().tables().size() == 1);
        CHECK(catalog.apply(batch({table("raw-data", "more")})));  // connects again
        CHECK(shelf.open().tables().size() == 2);
    }
    SECTION("frozen") {
        postgres().tell("freeze");
        CHECK(open() < std::chrono::seconds(5));
        check_error("no answer within 3 seconds");
        postgres().tell("thaw");
        CHECK(shelf.open().tables().size() == 1);
    }
    SECTION("a wrong password") {
        shelf.options.dsn.replace(shelf.options.dsn.find(password), password.size(), "secret-and-wrong");
        open();
        check_error("password authentication failed");
        CHECK(opened.error().message.find("secret-and-wrong") == std::string::npos);
    }
    SECTION("no such database") {
        shelf.options.dsn = postgres_dsn("nowhere");
        open();
        check_error("nowhere");
    }
}

TEST_CASE("a connection string that cannot be read is not repeated", "[contract]") {
    if (!postgres().listens()) return;
    Shelf shelf("postgresql");
    for (const char* dsn : {"host=127.0.0.1 pass word=topsecret x", "postgresql://me:topsecret@[::1", "topsecret"}) {
        shelf.options.dsn = dsn;
        const auto opened = Catalog::open(shelf.options);
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code == Errc::config);
        CHECK(opened.error().message.find("topsecret") == std::string::npos);
    }
}
