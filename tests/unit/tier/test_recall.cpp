// test_recall.cpp: bytes come back whole, checked, with everything the file had; or the stub stays.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <atomic>

#include "rig.hpp"

using namespace neurolake;
using namespace neurolake::tests;

namespace {

const std::string k_bytes(10000, 'n');

tier::RecallReport recall_with(Rig& rig, tier::RecallRequest request) {
    auto context = rig.context();
    auto report = tier::recall(context, request);
    if (!report) FAIL(report.error().message);
    return std::move(*report);
}

}  // namespace

TEST_CASE("a recalled file is what it was, to the last attribute", "[tier]") {
    Rig rig;
    rig.add_table("t");
    rig.write("t/a", k_bytes);
    rig.write("t/b", "");
    ::chmod(rig.file("t/a").c_str(), 0640);
    REQUIRE(::setxattr(rig.file("t/a").c_str(), "user.note", "hello", 5, 0) == 0);
    const auto before = identity_of_path(rig.file("t/a")).value();
    tier::PlanRequest by_hand;
    by_hand.paths = {"raw-data/t"};
    REQUIRE(rig.burst(by_hand).moved.size() == 2);
    CHECK(rig.catalog->find("raw-data.t")->tier == model::TableTier::cloud);
    const auto report = rig.recall({"raw-data/t"});
    CHECK(report.failed.empty());
    CHECK(report.recalled.size() == 2);
    CHECK(report.findings.empty());
    CHECK(slurp(rig.file("t/a")) == k_bytes);
    CHECK(slurp(rig.file("t/b")).empty());
    const auto after = identity_of_path(rig.file("t/a")).value();
    CHECK(after.mode == before.mode);
    CHECK(after.mtime_ns == before.mtime_ns);
    CHECK(after.uid == before.uid);
    char value[8] = {};
    CHECK(::getxattr(rig.file("t/a").c_str(), "user.note", value, sizeof value) == 5);
    CHECK(std::string(value) == "hello");
    CHECK(rig.store.objects.size() == 2);  // the second copy stays
    CHECK(lake::CloudList::open(rig.lake->layout().cloud_list).value().find("raw-data", "t/a")->recalled);
    CHECK(lake::Inventory::open(rig.lake->layout().inventory)->find("raw-data", "t/a")->state == lake::FileState::data);
    CHECK(rig.catalog->find("raw-data.t")->tier == model::TableTier::local);
    CHECK(!std::filesystem::exists(rig.file("t/_IN-CLOUD.txt")));
    rig.check_clean();

    // Burst again: unchanged, so it needs only the proof.
    rig.store.counts.clear();
    const auto again = rig.burst(by_hand);
    CHECK(again.moved.size() == 2);
    CHECK(!again.moved[0].uploaded);
    CHECK(rig.store.objects.size() == 2);
}

TEST_CASE("a large file comes back in ranges, a sparse one sparse", "[tier]") {
    Rig rig;
    std::string bytes;
    for (int i = 0; i < 1200000; ++i) bytes += std::to_string(i);
    rig.write("large", bytes);
    rig.write("sparse", "begin");
    std::filesystem::resize_file(rig.file("sparse"), 3 << 20);
    REQUIRE(rig.burst().moved.size() == 2);
    rig.store.counts.clear();
    CHECK(rig.recall({"raw-data"}).recalled.size() == 2);
    CHECK(rig.store.counts["get"] > 3);
    CHECK(slurp(rig.file("large")) == bytes);
    const auto sparse = identity_of_path(rig.file("sparse")).value();
    CHECK(sparse.size == 3 << 20);
    CHECK(sparse.allocated < 1 << 20);
    CHECK(slurp(rig.file("sparse")) == "begin" + std::string((3 << 20) - 5, '\0'));
}

TEST_CASE("an object that is not what the stub says leaves the stub alone", "[tier]") {
    Rig rig;
    rig.write("a", k_bytes);
    REQUIRE(rig.burst().moved.size() == 1);
    auto& object = rig.store.objects.begin()->second;
    const auto good = object.bytes;
    bool mismatch = true;
    SECTION("other content") { object.bytes[5000] ^= 1; }
    SECTION("shorter") { object.bytes.resize(9999); }
    SECTION("longer") { object.bytes += "x"; }
    SECTION("gone") { rig.store.objects.clear(); }
    SECTION("unreachable") {
        rig.store.temper.fail = Error(Errc::unavailable, "down");
        mismatch = false;
    }
    const auto report = rig.recall({"raw-data/a"});
    CHECK(report.mismatch == mismatch);
    REQUIRE(report.failed.size() == 1);
    CHECK(report.failed[0].path == "raw-data/a");
    CHECK(rig.is_stub("a"));
    rig.check_clean();
    rig.store.temper = {};
    rig.store.objects["p/raw-data/a"].bytes = good;
    CHECK(rig.recall({"raw-data/a"}).recalled.size() == 1);
    CHECK(slurp(rig.file("a")) == k_bytes);
}

TEST_CASE("a bad download is kept only when asked for", "[tier]") {
    Rig rig;
    rig.write("a", k_bytes);
    REQUIRE(rig.burst().moved.size() == 1);
    rig.store.objects.begin()->second.bytes[1] = '!';
    rig.policy.marks.threshold.reset();
    tier::RecallRequest request;
    request.paths = {"raw-data/a"};
    request.keep_bad = true;
    CHECK(recall_with(rig, request).mismatch);
    CHECK(rig.entries(rig.lake->layout().staging) == 1);
    CHECK(rig.entries(rig.lake->layout().journal) == 0);
}

TEST_CASE("what somebody puts at the name while the data comes is kept", "[tier]") {
    Rig rig;
    rig.write("a", k_bytes);
    REQUIRE(rig.burst().moved.size() == 1);
    rig.store.before = [&](std::string_view kind, const std::string&) {
        if (kind != "get") return;
        std::filesystem::remove(rig.file("a"));
        rig.write("a", "somebody's");
    };
    const auto report = rig.recall({"raw-data/a"});
    CHECK(report.recalled.empty());
    REQUIRE(report.failed.size() == 1);
    CHECK(report.failed[0].code == Errc::conflict);
    CHECK(slurp(rig.file("a")) == "somebody's");
    CHECK(rig.store.objects.size() == 1);
    rig.check_clean();
}

TEST_CASE("a missing stub and a damaged one come back through cloud.jsonl", "[tier]") {
    Rig rig;
    rig.write("a", k_bytes);
    rig.write("b", k_bytes);
    REQUIRE(rig.burst().moved.size() == 2);
    std::filesystem::remove(rig.file("a"));
    ::chmod(rig.file("b").c_str(), 0600);
    std::fstream(rig.file("b"), std::ios::in | std::ios::out | std::ios::binary).seekp(300) << "scratch";
    const auto report = rig.recall({"raw-data/a", "raw-data/b"});
    CHECK(report.recalled.size() == 2);
    CHECK(slurp(rig.file("a")) == k_bytes);
    CHECK(slurp(rig.file("b")) == k_bytes);
    // What stood there is not thrown away.
    std::size_t conflicts = 0;
    for (const auto& entry : std::filesystem::directory_iterator(rig.buckets.front().root))
        conflicts += entry.path().filename().string().starts_with("b.nl-conflict-");
    CHECK(conflicts == 1);
}

TEST_CASE("a stub moved by hand brings its bytes to where it stands", "[tier]") {
    Rig rig;
    rig.write("a", k_bytes);
    REQUIRE(rig.burst().moved.size() == 1);
    std::filesystem::create_directory(rig.file("sub"));
    std::filesystem::rename(rig.file("a"), rig.file("sub/renamed"));
    CHECK(rig.recall({"raw-data/sub"}).recalled.size() == 1);
    CHECK(slurp(rig.file("sub/renamed")) == k_bytes);
    CHECK(!std::filesystem::exists(rig.file("a")));
}

TEST_CASE("a recall that would pass the mark is refused, and with room made it is not", "[tier]") {
    Rig rig;
    rig.write("a", k_bytes);
    rig.write("b", k_bytes);
    tier::PlanRequest by_hand;
    by_hand.paths = {"raw-data/a"};
    REQUIRE(rig.burst(by_hand).moved.size() == 1);
    by_hand.paths = {"raw-data/b"};
    REQUIRE(rig.burst(by_hand).moved.size() == 1);
    rig.recall({"raw-data/b"});  // b is local and its copy is known
    rig.policy.marks.threshold = tier::Mark{15000, "test"};
    auto context = rig.context();
    tier::RecallRequest request;
    request.paths = {"raw-data/a"};
    const auto refused = tier::recall(context, request);
    REQUIRE(!refused);
    CHECK(refused.error().code == Errc::guard);
    CHECK(rig.is_stub("a"));
    request.make_room = true;
    const auto report = tier::recall(context, request);
    if (!report) FAIL(report.error().message);
    CHECK(report->evicted.size() == 1);
    CHECK(!report->evicted[0].uploaded);
    CHECK(report->recalled.size() == 1);
    CHECK(rig.is_stub("b"));
    CHECK(slurp(rig.file("a")) == k_bytes);
    rig.check_clean();
}

TEST_CASE("--to copies and leaves the stub; --dry-run names and leaves everything", "[tier]") {
    Rig rig;
    rig.write("sub/a", k_bytes);
    REQUIRE(rig.burst().moved.size() == 1);
    rig.policy.marks.threshold.reset();
    tier::RecallRequest request;
    request.paths = {"raw-data/sub"};
    request.dry_run = true;
    CHECK(recall_with(rig, request).recalled.size() == 1);
    CHECK(rig.store.counts["get"] == 0);
    request.dry_run = false;
    request.to = rig.scratch / "out";
    std::filesystem::create_directory(request.to);
    CHECK(recall_with(rig, request).recalled.size() == 1);
    CHECK(slurp(request.to / "raw-data/sub/a") == k_bytes);
    CHECK(rig.is_stub("sub/a"));
}

TEST_CASE("a path that names nothing is an error, local data is not", "[tier]") {
    Rig rig;
    rig.write("a", k_bytes);
    auto context = rig.context();
    tier::RecallRequest request;
    request.paths = {"raw-data/a"};
    CHECK(tier::recall(context, request)->recalled.empty());
    request.paths = {"raw-data/none"};
    CHECK(tier::recall(context, request).error().code == Errc::not_found);
    request.paths = {"none/a"};
    CHECK(tier::recall(context, request).error().code == Errc::not_found);
}

namespace {

// A recall stopped by hand.
struct KilledRecall {
    Rig rig;
    tier::OpRecord record;
    std::filesystem::path download;

    KilledRecall() {
        rig.write("a", k_bytes);
        REQUIRE(rig.burst().moved.size() == 1);
        record.op = tier::new_op();
        record.kind = tier::OpKind::recall;
        tier::OpFile file;
        file.state = tier::OpState::recalling;
        file.bucket = "raw-data";
        file.path = "a";
        file.identity = identity_of_path(rig.file("a")).value();
        file.stub = rig.stub("a");
        file.sha256 = file.stub->sha256;
        record.files.push_back(file);
        REQUIRE(tier::Journal(rig.lake->layout()).write(record));
        download = rig.lake->layout().staging / tier::entry_name(record, record.files[0]);
    }
    void downloaded(const std::string& bytes) const {
        std::ofstream(download, std::ios::binary) << bytes;
        const auto ns = record.files[0].stub->mtime_ns;
        const struct timespec times[2] = {{ns / 1000000000, ns % 1000000000}, {ns / 1000000000, ns % 1000000000}};
        ::utimensat(AT_FDCWD, download.c_str(), times, 0);
    }
    void exchanged() const { REQUIRE(rename_exchange(AT_FDCWD, download.c_str(), AT_FDCWD, rig.file("a").c_str())); }
};

}  // namespace

TEST_CASE("a killed recall is finished or undone, never half", "[tier]") {
    KilledRecall killed;
    bool back = false;
    SECTION("before the download") {}
    SECTION("in the download") { killed.downloaded("nnn"); }
    SECTION("downloaded") { killed.downloaded(k_bytes); }
    SECTION("exchanged") {
        killed.downloaded(k_bytes);
        killed.exchanged();
        back = true;
    }
    SECTION("stub removed") {
        killed.downloaded(k_bytes);
        killed.exchanged();
        std::filesystem::remove(killed.download);
        back = true;
    }
    const auto report = killed.rig.recover();
    CHECK(report.left == 0);
    CHECK((back ? report.finished : report.undone) == 1);
    CHECK(killed.rig.is_stub("a") != back);
    if (back) CHECK(slurp(killed.rig.file("a")) == k_bytes);
    CHECK(lake::CloudList::open(killed.rig.lake->layout().cloud_list).value().find("raw-data", "a")->recalled == back);
    CHECK(killed.rig.store.objects.size() == 1);
    killed.rig.check_clean();
}

namespace {

constexpr int k_more_than_a_batch = 130, k_batch = 128;

// The process ends, as by kill -9, when the store is asked for the nth file.
void recall_and_die_at(Rig& rig, int nth) {
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::atomic<int> asked = 0;
        rig.store.before = [&](std::string_view kind, const std::string&) {
            if (kind == "get" && ++asked == nth) ::_exit(7);
        };
        rig.recall({"raw-data/t"});
        ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WEXITSTATUS(status) == 7);
}

std::size_t recalls_in_the_audit(const Rig& rig) {
    const auto text = slurp(rig.lake->layout().logs / "audit.log");
    std::size_t lines = 0;
    for (std::size_t at = 0; (at = text.find("\"event\":\"recall\"", at)) != std::string::npos; ++at) ++lines;
    return lines;
}

}  // namespace

TEST_CASE("batches that a killed recall had brought back come into the index by recovery", "[tier]") {
    Rig rig;
    rig.add_table("t");
    const auto name = [](int i) { return "t/" + std::to_string(1000 + i); };
    for (int i = 0; i < k_more_than_a_batch; ++i) rig.write(name(i), k_bytes);
    tier::PlanRequest by_hand;
    by_hand.paths = {"raw-data/t"};
    REQUIRE(rig.burst(by_hand).moved.size() == k_more_than_a_batch);
    recall_and_die_at(rig, k_batch + 1);
    CHECK(recalls_in_the_audit(rig) == k_batch);
    CHECK(slurp(rig.file(name(0))) == k_bytes);
    CHECK(lake::Inventory::open(rig.lake->layout().inventory)->find("raw-data", name(0))->state ==
          lake::FileState::stub);
    SECTION("as it was left") {
        const auto report = rig.recover();
        CHECK(report.finished == k_batch);
        CHECK(report.undone == k_more_than_a_batch - k_batch);
        CHECK(report.left == 0);
        CHECK(recalls_in_the_audit(rig) == k_batch);  // no second line
        const auto inventory = lake::Inventory::open(rig.lake->layout().inventory).value();
        for (int i = 0; i < k_more_than_a_batch; ++i)
            CHECK(inventory.find("raw-data", name(i))->state ==
                  (i < k_batch ? lake::FileState::data : lake::FileState::stub));
        const auto* table = rig.catalog->find("raw-data.t");
        CHECK(table->tier == model::TableTier::mixed);
        CHECK(table->cloud_files == k_more_than_a_batch - k_batch);
        CHECK(rig.recall({"raw-data/t"}).recalled.size() == k_more_than_a_batch - k_batch);
        CHECK(rig.catalog->find("raw-data.t")->tier == model::TableTier::local);
    }
    SECTION("some removed by their owner meanwhile") {
        std::filesystem::remove(rig.file(name(3)));
        const auto report = rig.recover();
        CHECK(report.left == 0);
        CHECK(!std::filesystem::exists(rig.file(name(3))));
    }
    rig.check_clean();
}

TEST_CASE("verify tells missing, changed and unreachable objects apart", "[tier]") {
    Rig rig;
    for (const std::string name : {"a", "b", "c"}) rig.write(name, k_bytes + name);
    REQUIRE(rig.burst().moved.size() == 3);
    auto context = rig.context();
    CHECK(tier::verify(context, false)->lost.empty());
    CHECK(tier::verify(context, true)->checked == 3);
    rig.store.objects.erase("p/raw-data/a");
    rig.store.objects["p/raw-data/b"].bytes[3] = '!';
    auto report = tier::verify(context, true);
    REQUIRE(report);
    REQUIRE(report->lost.size() == 2);
    CHECK(report->lost[0].path == "raw-data/a");
    rig.store.temper.fail = Error(Errc::unavailable, "down");
    CHECK(tier::verify(context, false)->unreachable.size() == 3);
}

TEST_CASE("orphans are told, and only our own are removed", "[tier]") {
    Rig rig;
    rig.write("a", k_bytes);
    REQUIRE(rig.burst().moved.size() == 1);
    rig.store.objects["p/raw-data/lost"] = {
        "x", {{"neurolake-lake", rig.lake->id()}, {"neurolake-instance", rig.context().instance}}, {}, {}};
    rig.store.objects["p/raw-data/copys"] = {
        "x", {{"neurolake-lake", rig.lake->id()}, {"neurolake-instance", "another copy"}}, {}, {}};
    rig.store.objects["p/raw-data/foreign"] = {"x", {{"neurolake-lake", "other"}}, {}, {}};
    rig.store.uploads["u1"] = {"p/raw-data/half", {}, {}};
    auto context = rig.context();
    auto report = tier::orphans(context, tier::Clean::no);
    REQUIRE(report);
    CHECK(report->orphans.size() == 4);
    CHECK(rig.store.objects.size() == 4);
    report = tier::orphans(context, tier::Clean::yes);
    REQUIRE(report);
    CHECK(rig.store.objects.contains("p/raw-data/a"));
    CHECK(rig.store.objects.contains("p/raw-data/foreign"));
    CHECK(rig.store.objects.contains("p/raw-data/copys"));
    CHECK(!rig.store.objects.contains("p/raw-data/lost"));
    CHECK(rig.store.uploads.empty());
    // A stub that cloud.jsonl does not know still holds its object.
    std::filesystem::remove(rig.lake->layout().cloud_list);
    CHECK(tier::orphans(context, tier::Clean::yes)->orphans.size() == 2);
    CHECK(rig.store.objects.contains("p/raw-data/a"));
}

TEST_CASE("a stub that was moved is not lost", "[tier]") {
    Rig rig;
    rig.write("sub/a", k_bytes);
    REQUIRE(rig.burst().moved.size() == 1);
    std::filesystem::rename(rig.file("sub"), rig.file("moved"));
    auto context = rig.context();
    CHECK(tier::restore_stubs(context).value() == 0);
    CHECK_FALSE(std::filesystem::exists(rig.file("sub")));
    CHECK(rig.recall({"raw-data"}).recalled.size() == 1);
    CHECK(slurp(rig.file("moved/a")) == k_bytes);
    CHECK_FALSE(std::filesystem::exists(rig.file("sub")));
    // Nor is it when its bytes are back; who asks for the old path itself gets it.
    CHECK(tier::restore_stubs(context).value() == 0);
    CHECK(rig.recall({"raw-data/sub/a"}).recalled.size() == 1);
    CHECK(slurp(rig.file("sub/a")) == k_bytes);
}

TEST_CASE("stubs that a copy of the lake lost are made again, never over anything", "[tier]") {
    Rig rig;
    rig.write("sub/a", k_bytes);
    rig.write("b", k_bytes);
    REQUIRE(rig.burst().moved.size() == 2);
    std::filesystem::remove_all(rig.file("sub"));
    std::filesystem::remove(rig.file("b"));
    rig.write("b", "new");
    auto context = rig.context();
    CHECK(tier::restore_stubs(context).value() == 1);
    CHECK(rig.is_stub("sub/a"));
    CHECK(slurp(rig.file("b")) == "new");
    CHECK(rig.recall({"raw-data/sub/a"}).recalled.size() == 1);
    CHECK(slurp(rig.file("sub/a")) == k_bytes);
}
