// test_recover.cpp: every line of the recovery table, from what a dead run can leave on the disk.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include "rig.hpp"
#include "tier/burst.hpp"
#include "tier/swap.hpp"

using namespace neurolake;
using namespace neurolake::tests;

namespace {

const std::string k_bytes(10000, 'n');

// A burst of one file, stopped by hand after any of its steps.
struct Killed {
    Rig rig;
    tier::OpRecord record;
    tier::Place place;
    lake::Stub stub;
    Fd folder, trash;

    explicit Killed(tier::OpState state, std::string name = "a") {
        rig.write(name, k_bytes);
        folder = open_folder(rig.buckets.front().root).value();
        trash = open_folder(rig.lake->layout().trash).value();
        record.op = tier::new_op();
        record.instance = rig.context().instance;
        record.started_at = to_rfc3339(rig.clock.now());
        record.store = rig.context().target;
        tier::OpFile file;
        file.state = state;
        file.bucket = "raw-data";
        file.path = name;
        file.unit = "u";
        file.identity = identity_of_path(rig.file(name)).value();
        file.sha256 = to_hex(sha256(k_bytes).value());
        file.key = "p/raw-data/" + name;
        file.upload_op = record.op;
        record.files.push_back(file);
        REQUIRE(tier::Journal(rig.lake->layout()).write(record));
        place = tier::place_of(record, record.files[0], folder.get(), trash.get());
        stub.lake = rig.lake->id();
        stub.op = place.op;
        stub.bucket = "raw-data";
        stub.path = name;
        stub.size = k_bytes.size();
        stub.allocated = 12288;
        stub.mtime_ns = file.identity.mtime_ns;
        stub.uid = file.identity.uid;
        stub.gid = file.identity.gid;
        stub.sha256 = file.sha256;
        stub.store.provider = "memory";
        stub.store.key = file.key;
    }
    void upload(std::string bytes = k_bytes) {
        rig.store.objects[stub.store.key] = {
            std::move(bytes), {{"neurolake-sha256", stub.sha256}, {"neurolake-op", record.op}}, {}, {}};
    }
    void stub_beside() { REQUIRE(tier::write_stub(place, stub, lake::StubMode::guarded)); }
    void swapped() {
        stub_beside();
        REQUIRE(tier::exchange(place));
    }
    void aside() {
        swapped();
        REQUIRE(tier::move_aside(place).folder == trash.get());
    }
    void check_local(const std::string& bytes = k_bytes) {
        CHECK(slurp(rig.file(place.name)) == bytes);
        CHECK(!rig.is_stub(place.name));
    }
    void check_away() {
        CHECK(rig.is_stub(place.name));
        CHECK(rig.store.objects.at(stub.store.key).bytes == k_bytes);
        CHECK(lake::CloudList::open(rig.lake->layout().cloud_list).value().find("raw-data", place.name));
    }
};

bool has(const tier::RecoveryReport& report, const std::string& code) {
    return std::any_of(report.findings.begin(), report.findings.end(),
                       [&](const auto& finding) { return finding.code == code; });
}

}  // namespace

TEST_CASE("a journal record is read back as it was written; a damaged one touches nothing", "[tier]") {
    Killed killed(tier::OpState::proven, "a\xff b");
    const tier::Journal journal(killed.rig.lake->layout());
    auto listing = journal.read().value();
    REQUIRE(listing.records.size() == 1);
    CHECK(json::dump(tier::to_json(listing.records[0])) == json::dump(tier::to_json(killed.record)));
    killed.upload();
    killed.aside();
    const auto path = killed.rig.lake->layout().journal / (killed.record.op + ".json");
    auto text = slurp(path);
    text[text.find("proven") + 1] = 'R';
    std::ofstream(path, std::ios::binary) << text;
    const auto report = killed.rig.recover();
    CHECK(has(report, "journal_damaged"));
    CHECK(has(report, "unrecorded"));  // the original in the trash is told, and kept
    CHECK(slurp(killed.rig.lake->layout().trash / killed.place.op) == k_bytes);
    CHECK(killed.rig.is_stub(killed.place.name));
}

TEST_CASE("uploading, file in place: goes on with the next burst, or is dropped when the file changed", "[tier]") {
    Killed killed(tier::OpState::uploading);
    killed.upload();
    SECTION("as it was") {
        const auto report = killed.rig.recover();
        CHECK(has(report, "upload_unfinished"));
        CHECK(report.left == 1);
        killed.check_local();
        const auto burst = killed.rig.burst();
        REQUIRE(burst.moved.size() == 1);
        CHECK(!burst.moved[0].uploaded);
        CHECK(killed.rig.store.objects.size() == 1);
    }
    SECTION("changed: our object goes") {
        killed.rig.append("a", "x");
        CHECK(killed.rig.recover().undone == 1);
        CHECK(killed.rig.store.objects.empty());
        killed.check_local(k_bytes + "x");
    }
    SECTION("changed, but the object is not of this operation: it stays") {
        killed.rig.append("a", "x");
        killed.rig.store.objects[killed.stub.store.key].metadata["neurolake-op"] = "another";
        CHECK(killed.rig.recover().undone == 1);
        CHECK(killed.rig.store.objects.size() == 1);
    }
    SECTION("changed, but another copy of this lake wrote the record: the object is its") {
        killed.rig.append("a", "x");
        killed.record.instance = "another copy";
        REQUIRE(tier::Journal(killed.rig.lake->layout()).write(killed.record));
        CHECK(killed.rig.recover().undone == 1);
        CHECK(killed.rig.store.objects.size() == 1);
    }
    SECTION("changed, and the store cannot be asked: the record stays") {
        killed.rig.append("a", "x");
        killed.rig.store.temper.fail = Error(Errc::unavailable, "down");
        CHECK(killed.rig.recover().left == 1);
        CHECK(killed.rig.entries(killed.rig.lake->layout().journal) == 1);
        killed.rig.store.temper = {};
        CHECK(killed.rig.recover().undone == 1);
        CHECK(killed.rig.store.objects.empty());
    }
    SECTION("no longer wanted: a burst that does not need it tidies up") {
        killed.rig.policy.marks.threshold.reset();
        CHECK(killed.rig.burst().moved.empty());
        CHECK(killed.rig.store.objects.empty());
        killed.check_local();
    }
    killed.rig.check_clean();
}

TEST_CASE("proven, file in place: proven again by the next burst", "[tier]") {
    Killed killed(tier::OpState::proven);
    killed.upload();
    SECTION("nothing beside") {}
    SECTION("a whole stub beside") { killed.stub_beside(); }
    SECTION("an empty stub beside") { killed.rig.write(killed.place.side, ""); }
    SECTION("half a stub beside") {
        killed.rig.write(killed.place.side, lake::encode(killed.stub).value().substr(0, 700));
    }
    killed.rig.recover();
    killed.check_local();
    CHECK(killed.rig.burst().moved.size() == 1);
    killed.check_away();
    killed.rig.check_clean();
}

TEST_CASE("stub in place, original aside: both are looked at again", "[tier]") {
    Killed killed(tier::OpState::proven);
    killed.upload();
    bool away = true;
    SECTION("at the side name") { killed.swapped(); }
    SECTION("in the trash") { killed.aside(); }
    SECTION("the object is gone") {
        killed.aside();
        killed.rig.store.objects.clear();
        away = false;
    }
    SECTION("the object is another") {
        killed.aside();
        killed.upload(std::string(10000, 'z'));
        away = false;
    }
    SECTION("the original was changed") {
        killed.aside();
        std::ofstream(killed.rig.lake->layout().trash / killed.place.op, std::ios::app) << "late";
        away = false;
    }
    SECTION("the credentials are refused") {
        killed.aside();
        killed.rig.store.temper.fail = Error(Errc::denied, "no");
        away = false;
    }
    const auto report = killed.rig.recover();
    if (away) {
        CHECK(report.finished == 1);
        killed.check_away();
    } else {
        CHECK(report.undone == 1);
        CHECK(has(report, "put_back"));
        const auto bytes = slurp(killed.rig.file("a"));
        CHECK((bytes == k_bytes || bytes == k_bytes + "late"));
    }
    killed.rig.store.temper = {};
    killed.rig.recover();  // again is harmless
    killed.rig.burst();
    killed.rig.check_clean();
}

TEST_CASE("stub in place, original aside, store unreachable: both stay until it is not", "[tier]") {
    Killed killed(tier::OpState::proven);
    killed.upload();
    killed.aside();
    killed.rig.store.temper.fail = Error(Errc::unavailable, "down");
    CHECK(killed.rig.recover().left == 1);
    CHECK(slurp(killed.rig.lake->layout().trash / killed.place.op) == k_bytes);
    // A burst in between must not take the upload for a leftover and delete what the stub relies on.
    killed.rig.store.temper = {};
    auto context = killed.rig.context();
    auto tree = killed.rig.scan();
    const auto plan = tier::make_plan(context, tree, killed.rig.pins, {}).value();
    REQUIRE(tier::burst(context, plan, killed.rig.pins, tree));
    CHECK(killed.rig.store.objects.size() == 1);
    CHECK(killed.rig.recover().finished == 1);
    killed.check_away();
    killed.rig.check_clean();
}

TEST_CASE("original aside and the name taken by somebody: both are kept", "[tier]") {
    Killed killed(tier::OpState::proven);
    killed.upload();
    killed.aside();
    std::filesystem::remove(killed.rig.file("a"));
    killed.rig.write("a", "somebody's");
    const auto report = killed.rig.recover();
    CHECK(has(report, "conflict"));
    CHECK(slurp(killed.rig.file("a")) == "somebody's");
    CHECK(slurp(killed.rig.file(killed.place.conflict)) == k_bytes);
    CHECK(killed.rig.entries(killed.rig.lake->layout().journal) == 0);
    CHECK(killed.rig.entries(killed.rig.lake->layout().trash) == 0);
}

TEST_CASE("a stub that somebody appended to is somebody's file", "[tier]") {
    Killed killed(tier::OpState::proven);
    killed.upload();
    killed.aside();
    ::chmod(killed.rig.file("a").c_str(), 0600);
    killed.rig.append("a", "appended by a script");
    const auto taken = slurp(killed.rig.file("a"));
    CHECK(has(killed.rig.recover(), "conflict"));
    CHECK(slurp(killed.rig.file("a")) == taken);
    CHECK(slurp(killed.rig.file(killed.place.conflict)) == k_bytes);
}

TEST_CASE("nothing at the name: the original goes back", "[tier]") {
    Killed killed(tier::OpState::swapping);
    killed.upload();
    killed.stub_beside();
    SECTION("aside, between the two renames") {
        std::filesystem::rename(killed.rig.file("a"), killed.rig.file(killed.place.aside));
    }
    SECTION("in the trash, the stub removed by somebody") {
        REQUIRE(tier::exchange(killed.place));
        tier::move_aside(killed.place);
        std::filesystem::remove(killed.rig.file("a"));
    }
    CHECK(killed.rig.recover().undone == 1);
    killed.check_local();
    CHECK(killed.rig.burst().moved.size() == 1);
    killed.check_away();
    killed.rig.check_clean();
}

TEST_CASE("stub in place, no original: only the books are brought up to date", "[tier]") {
    Killed killed(tier::OpState::proven);
    killed.upload();
    killed.aside();
    std::filesystem::remove(killed.rig.lake->layout().trash / killed.place.op);
    CHECK(killed.rig.recover().finished == 1);
    killed.check_away();
    killed.rig.check_clean();
}

TEST_CASE("a stub that somebody removed never takes its object with it", "[tier]") {
    Killed killed(tier::OpState::proven);
    killed.upload();
    killed.aside();
    std::filesystem::remove(killed.rig.lake->layout().trash / killed.place.op);
    std::filesystem::remove(killed.rig.file("a"));
    CHECK(has(killed.rig.recover(), "object_kept"));
    killed.rig.burst();
    CHECK(killed.rig.store.objects.size() == 1);
    killed.rig.check_clean();
}

TEST_CASE("a unit cut off in the middle of its swap is whole again", "[tier]") {
    Killed killed(tier::OpState::proven);
    killed.rig.write("second", k_bytes + "2");
    auto second = killed.record.files[0];
    second.n = 1;
    second.path = "second";
    second.key = "p/raw-data/second";
    second.identity = identity_of_path(killed.rig.file("second")).value();
    killed.record.files.push_back(second);
    REQUIRE(tier::Journal(killed.rig.lake->layout()).write(killed.record));
    killed.upload();
    killed.aside();
    killed.rig.recover();
    killed.check_local();
    CHECK(slurp(killed.rig.file("second")) == k_bytes + "2");
    CHECK(killed.rig.burst().moved.size() == 2);
    killed.rig.check_clean();
}

TEST_CASE("entries without a record are kept and told", "[tier]") {
    Rig rig;
    std::ofstream(rig.lake->layout().trash / "0123456789abcdef-0") << "whose?";
    std::ofstream(rig.lake->layout().staging / "0123456789abcdef-1") << "whose?";
    const auto report = rig.recover();
    CHECK(report.left == 2);
    CHECK(has(report, "unrecorded"));
    CHECK(slurp(rig.lake->layout().trash / "0123456789abcdef-0") == "whose?");
}

TEST_CASE("without an exchange the two renames find their way back too", "[tier]") {
    Killed killed(tier::OpState::swapping);
    killed.upload();
    killed.stub_beside();
    REQUIRE(tier::exchange_in_two(killed.place));
    CHECK(tier::holds(killed.folder.get(), "a", killed.place.op).value() == tier::Holds::own_stub);
    SECTION("still beside") {}
    SECTION("in the trash") { CHECK(tier::move_aside(killed.place).folder == killed.trash.get()); }
    SECTION("put back") {
        CHECK(tier::put_back(killed.place).value() == tier::Back::home);
        killed.check_local();
        return;
    }
    CHECK(killed.rig.recover().finished == 1);
    killed.check_away();
    killed.rig.check_clean();
}
