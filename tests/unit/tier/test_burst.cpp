// test_burst.cpp: bytes go only when they are proven elsewhere, units whole or not at all, and doubt keeps them.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <atomic>
#include <fstream>

#include "rig.hpp"
#include "store/store.hpp"

using namespace neurolake;
using namespace neurolake::tests;

namespace {

const std::string k_bytes(10000, 'n');

// Every file's bytes are at their name, or a stub stands there and the store holds them.
void check_nothing_lost(Rig& rig, const std::string& path, const std::string& bytes) {
    INFO(path);
    const auto stub = rig.stub(path);
    if (!stub) {
        CHECK(slurp(rig.file(path)) == bytes);
        return;
    }
    REQUIRE(rig.store.objects.contains(stub->store.key));
    CHECK(rig.store.objects[stub->store.key].bytes == bytes);
}

// Something happens to the file in the moment the store is asked for `kind` the n-th time.
void when(Rig& rig, std::string kind, std::function<void()> what, int nth = 1) {
    auto seen = std::make_shared<std::atomic<int>>(0);
    rig.store.before = [kind = std::move(kind), what = std::move(what), nth, seen](std::string_view now,
                                                                                   const std::string&) {
        if (now == kind && ++*seen == nth) what();
    };
}

// Whether a thread of this process sleeps in the kernel (proc(5), the word after the name in stat).
bool sleeps(pid_t thread) {
    std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/stat");
    std::string stat;
    std::getline(file, stat);
    const std::size_t name = stat.rfind(") ");
    return name != std::string::npos && (stat[name + 2] == 'S' || stat[name + 2] == 'D');
}

// A writer who works beside the burst, not within the store's call: whoever opens a file waits until its lease is given
// back. Returns when that is where the writer is, or when it is done.
std::thread beside(std::function<void()> work) {
    struct Seen {
        std::atomic<pid_t> thread{0};
        std::atomic<bool> done{false};
    };
    auto seen = std::make_shared<Seen>();
    std::thread writer([work = std::move(work), seen] {
        seen->thread = ::gettid();
        work();
        seen->done = true;
    });
    constexpr int k_surely = 10;
    for (int asleep = 0; asleep < k_surely && !seen->done;) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        asleep = seen->thread != 0 && sleeps(seen->thread) ? asleep + 1 : 0;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // past the kernel's tick: file times move on
    return writer;
}

}  // namespace

TEST_CASE("a burst file is a stub, its object equal, its bytes freed, and all of it written down", "[tier]") {
    Rig rig;
    rig.add_table("orders");
    rig.write("orders/a.csv", k_bytes);
    rig.write("orders/b.csv", k_bytes + "b");
    ::chmod(rig.file("orders/a.csv").c_str(), 0640);
    REQUIRE(::setxattr(rig.file("orders/a.csv").c_str(), "user.note", "hello", 5, 0) == 0);
    const auto before = identity_of_path(rig.file("orders/a.csv")).value();
    const auto report = rig.burst();
    CHECK(report.failed.empty());
    CHECK(report.moved.size() == 2);
    CHECK(report.freed_bytes == 20001);
    const auto stub = rig.stub("orders/a.csv");
    REQUIRE(stub);
    CHECK(stub->size == 10000);
    CHECK(stub->mode == 0640);
    CHECK(stub->mtime_ns == before.mtime_ns);
    CHECK(stub->table == "raw-data.orders");
    CHECK(stub->xattrs == std::vector<std::pair<std::string, std::string>>{{"user.note", "hello"}});
    CHECK(stub->store.key == "p/raw-data/orders/a.csv");
    const auto after = identity_of_path(rig.file("orders/a.csv")).value();
    CHECK((after.mode & 07777) == 0);
    CHECK(after.mtime_ns == before.mtime_ns);
    const auto& object = rig.store.objects.at("p/raw-data/orders/a.csv");
    CHECK(object.bytes == k_bytes);
    CHECK(object.metadata.at("neurolake-sha256") == stub->sha256);
    CHECK(object.metadata.at("neurolake-path") == "raw-data/orders/a.csv");
    CHECK(rig.store.counts["put"] == 2);
    CHECK(rig.store.counts["head"] == 0);  // the put's own answer was the proof
    rig.check_clean();

    const auto list = lake::CloudList::open(rig.lake->layout().cloud_list).value();
    REQUIRE(list.find("raw-data", "orders/b.csv"));
    CHECK(!list.find("raw-data", "orders/b.csv")->recalled);
    const auto inventory = lake::Inventory::open(rig.lake->layout().inventory).value();
    CHECK(inventory.find("raw-data", "orders/a.csv")->state == lake::FileState::stub);
    CHECK(inventory.totals("raw-data")->cloud_files == 2);
    CHECK(report.after.used == 0);
    const auto* table = rig.catalog->find("raw-data.orders");
    REQUIRE(table);
    CHECK(table->tier == model::TableTier::cloud);
    CHECK(table->cloud_files == 2);
    CHECK(slurp(rig.lake->layout().logs / "audit.log").find(stub->sha256) != std::string::npos);
    CHECK(std::filesystem::exists(rig.file("orders/_IN-CLOUD.txt")));
    CHECK(std::filesystem::file_size(rig.lake->layout().reserve) == 1u << 20);
    CHECK(rig.burst().moved.empty());  // nothing is left to do
}

TEST_CASE("a store that answers wrong, lies or loses keeps every byte here", "[tier]") {
    struct Case {
        const char* what;
        Errc code;
        std::function<void(Temper&)> set;
    };
    const Error denied(Errc::denied, "credentials refused"), down(Errc::unavailable, "503");
    const std::vector<Case> cases = {
        {"swallows", Errc::mismatch, [](auto& t) { t.swallow = true; }},
        {"corrupts", Errc::mismatch, [](auto& t) { t.corrupt = true; }},
        {"truncates", Errc::mismatch, [](auto& t) { t.truncate = true; }},
        {"corrupts and attests nothing", Errc::mismatch,
         [](auto& t) {
             t.corrupt = true;
             t.attests = false;
         }},
        {"truncates and lies about its checksum", Errc::mismatch,
         [](auto& t) {
             t.truncate = true;
             t.lie = true;
         }},
        {"is down", Errc::unavailable, [&](auto& t) { t.fail = down; }},
        {"refuses", Errc::denied, [&](auto& t) { t.fail = denied; }},
        {"fails to prove", Errc::unavailable,
         [&](auto& t) {
             t.attests = false;
             t.fail = down;
             t.fail_on = "head";
         }},
        {"fails to read back", Errc::unavailable,
         [&](auto& t) {
             t.attests = false;
             t.fail = down;
             t.fail_on = "get";
         }},
    };
    for (const auto& one : cases) {
        INFO(one.what);
        Rig rig;
        rig.write("a", k_bytes);
        one.set(rig.store.temper);
        const auto report = rig.burst();
        CHECK(report.moved.empty());
        CHECK(report.freed_bytes == 0);
        REQUIRE(report.failed.size() == 1);
        CHECK(report.failed[0].path == "raw-data/a");
        CHECK(report.failed[0].code == one.code);
        CHECK(slurp(rig.file("a")) == k_bytes);
        CHECK(report.stopped.has_value() == (one.code == Errc::denied));
        rig.store.temper = {};
        CHECK(rig.burst().moved.size() == 1);  // the next run finishes
        rig.check_clean();
        check_nothing_lost(rig, "a", k_bytes);
        CHECK(rig.store.objects.size() == 1);
    }
}

TEST_CASE("a store without checksums is read back, one without conditions is asked first", "[tier]") {
    Rig rig;
    rig.write("a", k_bytes);
    rig.store.temper.attests = rig.store.temper.conditional = false;
    CHECK(rig.burst().moved.size() == 1);
    CHECK(rig.store.counts["get"] == 1);
    CHECK(rig.store.counts["head"] == 2);
}

TEST_CASE("a lost answer is settled by asking for the same key", "[tier]") {
    Rig rig;
    rig.write("a", k_bytes);
    rig.store.temper.lose_answer = true;
    CHECK(rig.burst().failed.size() == 1);
    rig.store.temper.lose_answer = false;
    const auto report = rig.burst();
    REQUIRE(report.moved.size() == 1);
    CHECK(!report.moved[0].uploaded);
    CHECK(rig.store.objects.size() == 1);
    rig.check_clean();
}

TEST_CASE("an object of other content is never touched", "[tier]") {
    Rig rig;
    rig.write("a", k_bytes);
    rig.store.objects["p/raw-data/a"] = {"somebody's", {}, {}, {}};
    const auto report = rig.burst();
    REQUIRE(report.moved.size() == 1);
    CHECK(report.moved[0].key == "p/raw-data/a.~" + report.moved[0].sha256.substr(0, 16));
    CHECK(rig.store.objects["p/raw-data/a"].bytes == "somebody's");
    check_nothing_lost(rig, "a", k_bytes);
}

TEST_CASE("an object whose metadata only claims to be the file does not count", "[tier]") {
    Rig rig;
    rig.write("a", k_bytes);
    rig.store.temper.attests = false;
    const auto digest = to_hex(sha256(k_bytes).value());
    rig.store.objects["p/raw-data/a"] = {std::string(10000, 'z'), {{"neurolake-sha256", digest}}, {}, {}};
    const auto report = rig.burst();
    REQUIRE(report.moved.size() == 1);
    CHECK(report.moved[0].key != "p/raw-data/a");
    check_nothing_lost(rig, "a", k_bytes);
}

TEST_CASE("whatever happens to a file during its burst, its newest bytes stay", "[tier]") {
    struct Case {
        const char* what;
        std::function<std::string(Rig&)> happens;  // returns what must be found in the end
    };
    const std::vector<Case> cases = {
        {"append",
         [](Rig& rig) {
             rig.append("a", "more");
             return k_bytes + "more";
         }},
        {"overwrite in place",
         [](Rig& rig) {
             std::fstream(rig.file("a"), std::ios::in | std::ios::out | std::ios::binary) << "NEW";
             auto bytes = k_bytes;
             bytes.replace(0, 3, "NEW");
             return bytes;
         }},
        {"truncate",
         [](Rig& rig) {
             std::filesystem::resize_file(rig.file("a"), 10);
             return k_bytes.substr(0, 10);
         }},
        {"replace by rename",
         [](Rig& rig) {
             rig.write("b.tmp", "new file");
             std::filesystem::rename(rig.file("b.tmp"), rig.file("a"));
             return std::string("new file");
         }},
        {"replace by one of equal size and time",
         [](Rig& rig) {
             const auto time = std::filesystem::last_write_time(rig.file("a"));
             rig.write("b.tmp", std::string(10000, 'q'));
             std::filesystem::last_write_time(rig.file("b.tmp"), time);
             std::filesystem::rename(rig.file("b.tmp"), rig.file("a"));
             return std::string(10000, 'q');
         }},
        {"overwrite, and set the old time again",
         [](Rig& rig) {
             const auto time = std::filesystem::last_write_time(rig.file("a"));
             std::fstream(rig.file("a"), std::ios::in | std::ios::out | std::ios::binary) << "NEW";
             std::filesystem::last_write_time(rig.file("a"), time);
             auto bytes = k_bytes;
             bytes.replace(0, 3, "NEW");
             return bytes;
         }},
        {"a hard link",
         [](Rig& rig) {
             std::filesystem::create_hard_link(rig.file("a"), rig.scratch / "other-name");
             return k_bytes;
         }},
        {"write through a map",
         [](Rig& rig) {
             const int fd = ::open(rig.file("a").c_str(), O_RDWR);
             auto* at = static_cast<char*>(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
             ::close(fd);
             at[7] = '!';
             ::munmap(at, 4096);
             auto bytes = k_bytes;
             bytes[7] = '!';
             return bytes;
         }},
    };
    for (const auto& one : cases) {
        // While it is sent, and when it was sent and is to be proven.
        for (const std::string phase : {"put", "head", "get"}) {
            INFO(one.what << " at " << phase);
            Rig rig;
            rig.write("a", k_bytes);
            rig.store.temper.attests = phase == "put";
            std::string expected = k_bytes;
            std::thread writer;
            when(rig, phase, [&] { writer = beside([&] { expected = one.happens(rig); }); });
            const auto report = rig.burst();
            if (writer.joinable()) writer.join();
            CHECK(report.moved.empty());
            REQUIRE(report.failed.size() == 1);
            CHECK(report.failed[0].code == Errc::conflict);
            CHECK(slurp(rig.file("a")) == expected);
            CHECK(rig.store.objects.empty());  // what was sent is of no use
            rig.check_clean();
        }
    }
}

TEST_CASE("files that are open or mapped for writing, linked or no files are refused and stay", "[tier]") {
    Rig rig;
    rig.write("open", k_bytes);
    rig.write("mapped", k_bytes);
    rig.write("linked", k_bytes);
    std::filesystem::create_hard_link(rig.file("linked"), rig.scratch / "elsewhere");
    const int open_fd = ::open(rig.file("open").c_str(), O_WRONLY);
    const int map_fd = ::open(rig.file("mapped").c_str(), O_RDWR);
    auto* map = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
    ::close(map_fd);
    const auto report = rig.burst();
    CHECK(report.moved.empty());
    CHECK(report.failed.size() == 3);
    CHECK(rig.store.counts["put"] == 0);
    ::munmap(map, 4096);
    ::close(open_fd);
    std::filesystem::remove(rig.scratch / "elsewhere");
    CHECK(rig.burst().moved.size() == 3);
}

TEST_CASE("a symlinked folder is never followed out of the bucket", "[tier]") {
    Rig rig;
    rig.write("a/f", k_bytes);
    const auto plan = rig.plan();
    std::filesystem::rename(rig.file("a"), rig.scratch / "outside");
    std::filesystem::create_directory_symlink(rig.scratch / "outside", rig.file("a"));
    auto context = rig.context();
    auto tree = rig.scan();
    const auto report = tier::burst(context, plan, rig.pins, tree);
    REQUIRE(report);
    CHECK(report->moved.empty());
    CHECK(slurp(rig.scratch / "outside/f") == k_bytes);
}

TEST_CASE("one file that fails keeps its whole table here, and the next run takes it whole", "[tier]") {
    Rig rig;
    rig.add_table("orders");
    const std::vector<std::string> names = {"a", "b", "c"};
    std::map<std::string, std::string> expected;
    for (const auto& name : names) rig.write("orders/" + name, expected[name] = k_bytes + name);
    rig.write("ballast", std::string(20000, 'x'));
    rig.pins.paths = {"raw-data/ballast"};
    rig.policy.marks.threshold = tier::Mark{40000, "test"};
    std::thread writer;
    SECTION("in the upload") {
        rig.store.before = [&](std::string_view kind, const std::string& key) {
            if (kind == "put" && key.ends_with("orders/b")) rig.store.fail_from_now(Error(Errc::unavailable, "503"));
        };
    }
    SECTION("by a writer, when others are sent already") {
        rig.store.temper.attests = false;
        when(
            rig, "get",
            [&] {
                writer = beside([&] {
                    rig.append("orders/a", "more");
                    expected["a"] += "more";
                });
            },
            2);
    }
    auto report = rig.burst();
    if (writer.joinable()) writer.join();
    CHECK(report.failed.size() == 1);
    CHECK(report.moved.empty());
    for (const auto& name : names) CHECK(slurp(rig.file("orders/" + name)) == expected[name]);
    rig.store.before = {};
    rig.store.temper = {};
    report = rig.burst();
    CHECK(report.failed.empty());
    for (const auto& name : names) {
        CHECK(rig.is_stub("orders/" + name));
        check_nothing_lost(rig, "orders/" + name, expected[name]);
    }
    CHECK(rig.store.objects.size() == 3);
    rig.check_clean();
}

TEST_CASE("a large file goes up in parts, and a cut-off upload goes on with less than one part again", "[tier]") {
    Rig rig;
    std::string bytes;
    for (int i = 0; i < 500000; ++i) bytes += std::to_string(i);
    rig.write("large", bytes);
    SECTION("whole") {
        CHECK(rig.burst().moved.size() == 1);
        CHECK(rig.store.counts["put_part"] == 3);
        CHECK(rig.store.counts["put"] == 0);
    }
    SECTION("the server fails in the middle") {
        std::atomic<int> sent_parts{0};
        rig.store.before = [&](std::string_view kind, const std::string&) {
            if (kind == "put_part" && ++sent_parts > 2) rig.store.fail_from_now(Error(Errc::unavailable, "gone"));
        };
        CHECK(rig.burst().failed.size() == 1);
        CHECK(rig.store.uploads.size() == 1);
        CHECK(rig.entries(rig.lake->layout().journal) == 1);
        CHECK(tier::unfinished(rig.lake->layout()).value().size() == 1);
        const auto sent = rig.store.uploads.begin()->second.parts.size();
        rig.store.before = {};
        rig.store.temper = {};
        rig.store.counts.clear();
        CHECK(rig.burst().moved.size() == 1);
        CHECK(rig.store.counts["create"] == 0);
        CHECK(rig.store.counts["put_part"] == static_cast<int>(3 - sent));
    }
    SECTION("the server forgot the upload meanwhile") {
        rig.store.temper.fail = Error(Errc::unavailable, "gone");
        rig.store.temper.fail_on = "complete";
        CHECK(rig.burst().failed.size() == 1);
        rig.store.uploads.clear();
        rig.store.temper = {};
        CHECK(rig.burst().moved.size() == 1);
    }
    SECTION("the file changed meanwhile: the upload is aborted, nothing is left") {
        rig.store.temper.fail = Error(Errc::unavailable, "gone");
        rig.store.temper.fail_on = "complete";
        CHECK(rig.burst().failed.size() == 1);
        rig.store.temper = {};
        bytes += "more";
        rig.write("large", bytes);
        rig.recover();
        CHECK(rig.store.uploads.empty());
        CHECK(rig.burst().moved.size() == 1);
    }
    SECTION("a join that fails behind an answer of success") {
        rig.store.temper.swallow = true;
        CHECK(rig.burst().moved.empty());
        CHECK(slurp(rig.file("large")) == bytes);
        rig.store.temper = {};
        CHECK(rig.burst().moved.size() == 1);
    }
    check_nothing_lost(rig, "large", bytes);
    CHECK(rig.store.uploads.empty());
    CHECK(rig.store.objects.size() == 1);
    rig.check_clean();
}

TEST_CASE("a writer that comes while the parts go up keeps its file here", "[tier]") {
    std::string bytes;
    for (int i = 0; i < 500000; ++i) bytes += std::to_string(i);
    const auto writes = [](Rig& rig, std::string_view how) {
        if (how == "append") return rig.append("large", "more");
        const int fd = ::open(rig.file("large").c_str(), O_RDWR);
        const auto at = static_cast<off_t>(how == "early" ? 7 : 2500000);
        CHECK(::pwrite(fd, "!", 1, at) == 1);
        ::close(fd);
    };
    for (const bool attests : {true, false})
        for (const std::string how : {"append", "early", "late"})
            for (const std::string phase : {"put_part", "complete"}) {
                INFO(how << " at " << phase << (attests ? "" : ", read back"));
                Rig rig;
                rig.write("large", bytes);
                rig.store.temper.attests = attests;
                std::thread writer;
                when(rig, phase, [&] { writer = beside([&] { writes(rig, how); }); });
                const auto report = rig.burst();
                if (writer.joinable()) writer.join();
                CHECK(report.moved.empty());
                REQUIRE(report.failed.size() == 1);
                CHECK(report.failed[0].code == Errc::conflict);
                CHECK(slurp(rig.file("large")) != bytes);
                CHECK(rig.store.objects.empty());
                CHECK(rig.store.uploads.empty());
                rig.check_clean();
            }
}

TEST_CASE("whole and parts are summed from one reading, wherever its steps end", "[tier]") {
    Rig rig;
    constexpr std::uint64_t k_mib = 1u << 20;
    std::string bytes(20 * k_mib + 12345, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 2654435761u >> 13);
    rig.write("a", bytes);
    tier::LeaseWatch watch;
    const auto folder = open_folder(rig.buckets.front().root).value();
    const auto held = tier::HeldFile::open(folder.get(), "a", 0, later(), watch).value();
    for (const std::uint64_t part : {std::uint64_t(0), k_mib, 5 * k_mib + 1, 8 * k_mib, 16 * k_mib, 64 * k_mib}) {
        INFO(part);
        std::uint64_t read = 0;
        const auto sums = tier::sum_up(*held, part, rig.cancel, [&](std::uint64_t more) { read += more; }).value();
        CHECK(read == bytes.size());
        CHECK(sums.whole == sha256(bytes).value());
        std::vector<Sha256Digest> parts;
        for (std::size_t at = 0; part > 0 && at < bytes.size(); at += part)
            parts.push_back(sha256(std::string_view(bytes).substr(at, part)).value());
        CHECK(sums.parts == parts);
    }
    rig.cancel.cancel();
    CHECK(tier::sum_up(*held, k_mib, rig.cancel, {}).error().code == Errc::cancelled);
}

TEST_CASE("part sizes: one request, the wished size, and never too many parts", "[tier]") {
    Capabilities can;
    can.multipart = true;
    can.max_single = 5ull << 30;
    can.max_parts = 10000;
    const std::uint64_t mib = 1 << 20, wished = 16 * mib;
    CHECK(tier::part_size_for(0, wished, can) == 0);
    CHECK(tier::part_size_for(wished, wished, can) == 0);
    CHECK(tier::part_size_for(wished + 1, wished, can) == wished);
    for (const std::uint64_t size : {5ull << 30, (5ull << 30) + 1, 1ull << 40, 5ull << 40}) {
        const auto part = tier::part_size_for(size, wished, can);
        INFO(size);
        CHECK((size + part - 1) / part <= 9000);
        CHECK(part % mib == 0);
    }
    can.multipart = false;
    CHECK(tier::part_size_for(5ull << 40, wished, can) == 0);
}

TEST_CASE("a plan is applied only as far as it still fits the tree, and twice is once", "[tier]") {
    Rig rig;
    rig.write("a", k_bytes);
    rig.write("b", k_bytes);
    const auto plan = rig.plan();
    REQUIRE(plan.units.size() == 2);
    rig.append("b", "changed");
    auto context = rig.context();
    auto tree = rig.scan();
    auto report = tier::burst(context, plan, rig.pins, tree);
    REQUIRE(report);
    CHECK(report->moved.size() == 1);
    REQUIRE(report->skipped.size() == 1);
    CHECK(report->skipped[0].path == "raw-data/b");
    tree = rig.scan();
    report = tier::burst(context, plan, rig.pins, tree);
    REQUIRE(report);
    CHECK(report->moved.empty());
    CHECK(report->skipped.size() == 1);
    rig.policy.min_age_days = 1;
    const auto refused = tier::burst(context, plan, rig.pins, tree);
    REQUIRE(!refused);
    CHECK(refused.error().code == Errc::conflict);
}

TEST_CASE("without a store nothing is touched", "[tier]") {
    Rig rig;
    rig.write("a", k_bytes);
    auto context = rig.context();
    context.store = nullptr;
    auto tree = rig.scan();
    const auto report = tier::burst(context, rig.plan(), rig.pins, tree);
    REQUIRE(!report);
    CHECK(report.error().code == Errc::cloud);
    CHECK(slurp(rig.file("a")) == k_bytes);
    CHECK(rig.entries(rig.lake->layout().journal) == 0);
}

TEST_CASE("too many failures stop the run", "[tier]") {
    Rig rig;
    for (int i = 0; i < 700; ++i) rig.write("f" + std::to_string(i), k_bytes);
    rig.store.temper.fail = Error(Errc::unavailable, "503");
    const auto report = rig.burst();
    REQUIRE(report.stopped);
    CHECK(rig.store.counts["put"] <= 520);
}

TEST_CASE("a signal stops between steps; the next run goes on", "[tier]") {
    Rig rig;
    for (int i = 0; i < 20; ++i) rig.write("f" + std::to_string(i), k_bytes + std::to_string(i));
    when(
        rig, "put", [&] { rig.cancel.cancel(); }, 7);
    const auto report = rig.burst();
    CHECK(report.interrupted);
    CHECK(report.moved.size() < 20);
    for (int i = 0; i < 20; ++i) check_nothing_lost(rig, "f" + std::to_string(i), k_bytes + std::to_string(i));
    // A new process has a new flag; the same lake is continued through it.
    tier::Context context = rig.context();
    CancelFlag fresh;
    tier::Context next{context.lake,   context.buckets, context.catalog, context.store, context.store_of,
                       context.target, context.policy,  context.audit,   context.clock, fresh};
    next.instance = context.instance;
    REQUIRE(tier::recover(next));
    const auto old = lake::Inventory::open(rig.lake->layout().inventory).value_or(lake::Inventory());
    auto tree = lake::scan(rig.buckets, old, {}, rig.clock, fresh);
    REQUIRE(tree);
    const auto plan = tier::make_plan(next, *tree, rig.pins, {});
    REQUIRE(plan);
    const auto finished = tier::burst(next, *plan, rig.pins, *tree);
    REQUIRE(finished);
    CHECK(finished->failed.empty());
    for (int i = 0; i < 20; ++i) {
        CHECK(rig.is_stub("f" + std::to_string(i)));
        check_nothing_lost(rig, "f" + std::to_string(i), k_bytes + std::to_string(i));
    }
    CHECK(rig.store.objects.size() == 20);
    rig.check_clean();
}

TEST_CASE("the directory store takes a burst and gives it back", "[tier]") {
    Rig rig;
    store::Options options;
    options.provider = "directory";
    options.directory = rig.scratch / "nas";
    options.lake_id = rig.lake->id();
    std::filesystem::create_directories(options.directory);
    auto nas = store::open(options, rig.clock, rig.cancel);
    REQUIRE(nas);
    rig.write("a/b c.csv", k_bytes);
    auto context = rig.context();
    context.store = nas->get();
    context.store_of = [&](const lake::StoreLocation&) { return Result<store::ObjectStore*>(nas->get()); };
    auto tree = rig.scan();
    const auto report = tier::burst(context, rig.plan(), rig.pins, tree);
    REQUIRE(report);
    REQUIRE(report->moved.size() == 1);
    CHECK(slurp(rig.scratch / "nas/p/raw-data/a/b c.csv") == k_bytes);
    rig.policy.marks.threshold.reset();
    tier::RecallRequest request;
    request.paths = {"raw-data/a"};
    const auto back = tier::recall(context, request);
    REQUIRE(back);
    CHECK(back->recalled.size() == 1);
    CHECK(slurp(rig.file("a/b c.csv")) == k_bytes);
}
