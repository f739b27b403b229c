// walk_test.cpp: every name of a tree exactly once, whatever the tree does.
// SPDX-License-Identifier: Apache-2.0
#include "lake/walk.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "lake/mounts.hpp"
#include "support/scratch.hpp"

using namespace neurolake;
using namespace neurolake::lake;
using tests::Scratch;
namespace fs = std::filesystem;

namespace {

// All that the sinks of one walk were told.
struct Seen {
    std::mutex mutex;
    std::multimap<std::string, WalkEntry> entries;  // by path; the names are not to be used
    std::map<std::string, FolderEnd> folders;
    std::uint64_t folders_done = 0, split = 0, unsplit_by_two = 0;
    std::vector<model::Finding> findings;
    std::function<void(const WalkFolder&)> on_entries = [](const WalkFolder&) {};

    std::size_t count(EntryKind kind) const {
        std::size_t n = 0;
        for (const auto& [path, entry] : entries) n += entry.kind == kind;
        return n;
    }
    std::set<std::string> paths() const {
        std::set<std::string> all;
        for (const auto& [path, entry] : entries) all.insert(path);
        return all;
    }
    const model::Finding* finding(std::string_view code) const {
        for (const auto& finding : findings)
            if (finding.code == code) return &finding;
        return nullptr;
    }
};

class Recorder final : public WalkSink {
public:
    explicit Recorder(Seen& seen) : m_seen(seen) {}
    void entries(const WalkFolder& folder, std::span<const WalkEntry> batch) override {
        const std::lock_guard lock(m_seen.mutex);
        for (const WalkEntry& entry : batch) {
            std::string path(folder.path);
            if (!path.empty()) path += '/';
            m_seen.entries.emplace(path.append(entry.name), entry);
        }
        m_seen.split += folder.split;
        m_seen.on_entries(folder);
    }
    void folder_done(const WalkFolder& folder, FolderEnd end) override {
        const std::lock_guard lock(m_seen.mutex);
        m_seen.folders[std::string(folder.path)] = end;
        ++m_seen.folders_done;
    }
    void finding(model::Finding finding) override {
        const std::lock_guard lock(m_seen.mutex);
        m_seen.findings.push_back(std::move(finding));
    }

private:
    Seen& m_seen;
};

Status walk_into(Seen& seen, const fs::path& root, WalkOptions options = {}) {
    if (options.threads == 0) options.threads = 3;
    const CancelFlag cancel;
    return walk(root, options, cancel, [&](unsigned) { return std::make_unique<Recorder>(seen); });
}

// Runs `body` in a child without root's rights; its result is the child's. Rights are dropped for good in the child.
bool as_nobody(const std::function<bool()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
        if (::geteuid() == 0 && (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0))
            ::_exit(2);
        ::_exit(body() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void remove_deep(const fs::path& path) {  // std::filesystem runs out of descriptors here
    REQUIRE(std::system(("rm -rf '" + path.string() + "'").c_str()) == 0);
}

}  // namespace

TEST_CASE("the walk tells every name once, with what it is", "[lake][walk]") {
    Scratch scratch;
    scratch.write("a.csv", "12345");
    scratch.write("x/b.csv", "1");
    scratch.write("x/y/c.csv", "");
    fs::create_directory(scratch / "empty");
    fs::create_symlink("/etc", scratch / "x/link");
    fs::create_symlink("nowhere", scratch / "dangling");
    REQUIRE(::mkfifo((scratch / "pipe").c_str(), 0600) == 0);
    const int sock = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = (scratch / "s").string();
    REQUIRE(name.size() < sizeof address.sun_path);
    name.copy(address.sun_path, name.size());
    REQUIRE(::bind(sock, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    ::close(sock);

    Seen seen;
    REQUIRE(walk_into(seen, scratch.path()));
    CHECK(seen.paths() == std::set<std::string>{"a.csv", "x", "x/b.csv", "x/y", "x/y/c.csv", "empty", "x/link",
                                                "dangling", "pipe", "s"});
    CHECK(seen.entries.size() == 10);
    CHECK(seen.count(EntryKind::file) == 3);
    CHECK(seen.count(EntryKind::folder) == 3);
    CHECK(seen.count(EntryKind::symlink) == 2);
    CHECK(seen.count(EntryKind::special) == 2);
    CHECK(seen.folders ==
          std::map<std::string, FolderEnd>{
              {"", FolderEnd::whole}, {"x", FolderEnd::whole}, {"x/y", FolderEnd::whole}, {"empty", FolderEnd::whole}});
    CHECK(seen.folders_done == 4);
    CHECK(seen.findings.empty());

    struct stat st {};
    REQUIRE(::stat((scratch / "a.csv").c_str(), &st) == 0);
    const WalkEntry& entry = seen.entries.find("a.csv")->second;
    CHECK(entry.size == 5);
    CHECK(entry.ino == st.st_ino);
    CHECK(entry.dev == st.st_dev);
    CHECK(entry.mode == st.st_mode);
    CHECK(entry.nlink == 1);
    CHECK(entry.allocated == static_cast<std::uint64_t>(st.st_blocks) * 512);
    CHECK(entry.mtime_ns == st.st_mtim.tv_sec * 1000000000L + st.st_mtim.tv_nsec);
    CHECK(entry.ctime_ns == st.st_ctim.tv_sec * 1000000000L + st.st_ctim.tv_nsec);
}

TEST_CASE("hidden names can be left out", "[lake][walk]") {
    Scratch scratch;
    scratch.write(".git/config", "x");
    scratch.write(".hidden", "x");
    scratch.write("seen", "x");
    Seen seen;
    WalkOptions options;
    options.skip_hidden = true;
    REQUIRE(walk_into(seen, scratch.path(), options));
    CHECK(seen.paths() == std::set<std::string>{"seen"});
}

TEST_CASE("names are bytes to the walk", "[lake][walk]") {
    Scratch scratch;
    const std::string newline = "two\nlines.csv", bad = "bad\xff\xfe.csv", longest(255, 'n');
    for (const std::string& name : {newline, bad, longest}) scratch.write(name, "x");
    scratch.write("fold\ner/" + bad, "x");
    Seen seen;
    REQUIRE(walk_into(seen, scratch.path()));
    CHECK(seen.paths() == std::set<std::string>{newline, bad, longest, "fold\ner", "fold\ner/" + bad});
}

TEST_CASE("a missing root, a file and an unreadable root are errors", "[lake][walk]") {
    Scratch scratch;
    Seen seen;
    const auto missing = walk_into(seen, scratch / "none");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == Errc::not_found);
    scratch.write("file", "x");
    CHECK_FALSE(walk_into(seen, scratch / "file"));
    CHECK(seen.folders.empty());
}

TEST_CASE("a chain of 2,000 folders is walked to its end with few descriptors", "[lake][walk]") {
    Scratch scratch;
    int at = ::open(scratch.path().c_str(), O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < 2000; ++i) {  // names of 20 bytes: 40,000 bytes in all, ten times PATH_MAX
        const std::string name = "a-folder-with-a-name";
        REQUIRE(::mkdirat(at, name.c_str(), 0755) == 0);
        const int next = ::openat(at, name.c_str(), O_RDONLY | O_DIRECTORY);
        ::close(at);
        at = next;
    }
    REQUIRE(::close(::openat(at, "bottom.csv", O_WRONLY | O_CREAT, 0644)) == 0);
    ::close(at);
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const rlimit low{64, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
    Seen seen;
    const auto walked = walk_into(seen, scratch.path());
    ::setrlimit(RLIMIT_NOFILE, &before);
    CHECK(walked);
    CHECK(seen.findings.empty());
    CHECK(seen.count(EntryKind::folder) == 2000);
    CHECK(seen.count(EntryKind::file) == 1);
    CHECK(seen.folders_done == 2001);
    remove_deep(scratch.path());
}

TEST_CASE("a deep tree that branches at every level does not use up the descriptors", "[lake][walk]") {
    Scratch scratch;
    int at = ::open(scratch.path().c_str(), O_RDONLY | O_DIRECTORY);
    constexpr int depth = 600;
    for (int i = 0; i < depth; ++i) {
        for (const char* side : {"aaaaaaaaaaaaaaaaaaaa", "zzzzzzzzzzzzzzzzzzzz"}) {
            REQUIRE(::mkdirat(at, side, 0755) == 0);
            const int inside = ::openat(at, side, O_RDONLY | O_DIRECTORY);
            ::close(::openat(inside, "f", O_WRONLY | O_CREAT, 0644));
            ::close(inside);
        }
        REQUIRE(::mkdirat(at, "mmmmmmmmmmmmmmmmmmmm", 0755) == 0);
        const int next = ::openat(at, "mmmmmmmmmmmmmmmmmmmm", O_RDONLY | O_DIRECTORY);
        ::close(at);
        at = next;
    }
    ::close(at);
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const rlimit low{64, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
    Seen seen;
    const auto walked = walk_into(seen, scratch.path());
    ::setrlimit(RLIMIT_NOFILE, &before);
    CHECK(walked);
    CHECK(seen.findings.empty());
    CHECK(seen.count(EntryKind::folder) == 3 * depth);
    CHECK(seen.count(EntryKind::file) == 2 * depth);
    remove_deep(scratch.path());
}

TEST_CASE("a wide folder is shared out and every name still comes once", "[lake][walk]") {
    Scratch scratch;
    fs::create_directory(scratch / "wide");
    const int wide = ::open((scratch / "wide").c_str(), O_RDONLY | O_DIRECTORY);
    constexpr int files = 50'000, folders = 500;
    for (int i = 0; i < files; ++i)
        ::close(::openat(wide, ("file_" + std::to_string(i) + ".csv").c_str(), O_WRONLY | O_CREAT, 0644));
    for (int i = 0; i < folders; ++i) ::mkdirat(wide, ("folder_" + std::to_string(i)).c_str(), 0755);
    ::close(wide);
    Seen seen;
    REQUIRE(walk_into(seen, scratch.path()));
    CHECK(seen.entries.size() == files + folders + 1);
    CHECK(seen.paths().size() == files + folders + 1);
    CHECK(seen.folders_done == folders + 2);
    CHECK(seen.split > 10);
    CHECK(seen.findings.empty());
}

TEST_CASE("an unreadable folder is a finding and the rest is walked", "[lake][walk]") {
    Scratch scratch;
    scratch.write("closed/in.csv", "x");
    scratch.write("listed/in.csv", "x");
    scratch.write("open/in.csv", "x");
    fs::permissions(scratch.path(), fs::perms(0755));
    fs::permissions(scratch / "closed", fs::perms(0));
    fs::permissions(scratch / "listed", fs::perms(0444));  // names can be read, what they are cannot
    if (::geteuid() == 0) REQUIRE(::chown((scratch / "closed").c_str(), 1, 1) == 0);
    const bool told = as_nobody([&] {
        Seen seen;
        if (!walk_into(seen, scratch.path())) return false;
        const auto in = seen.entries.find("listed/in.csv");
        return seen.folders["closed"] == FolderEnd::unreadable && seen.folders["listed"] == FolderEnd::part &&
               seen.folders["open"] == FolderEnd::whole && seen.entries.count("open/in.csv") == 1 &&
               in != seen.entries.end() && in->second.unknown && seen.findings.size() == 2 &&
               seen.finding("unreadable");
    });
    fs::permissions(scratch / "closed", fs::perms(0755));
    fs::permissions(scratch / "listed", fs::perms(0755));
    CHECK(told);
}

TEST_CASE("names that vanish while the walk is on are notes at most", "[lake][walk]") {
    Scratch scratch;
    constexpr int rounds = 200;
    for (int i = 0; i < rounds; ++i) scratch.write("d" + std::to_string(i) + "/e/f.csv", "x");
    Seen seen;
    int removed = 0;
    seen.on_entries = [&](const WalkFolder& folder) {  // called under the recorder's lock
        if (folder.path.empty() || removed >= rounds) return;
        for (int i = 0; i < 5; ++i, ++removed) fs::remove_all(scratch / ("d" + std::to_string(removed)));
    };
    REQUIRE(walk_into(seen, scratch.path()));
    bool only_notes = true;
    for (const auto& finding : seen.findings)
        only_notes = only_notes && finding.code == "vanished" && finding.severity == model::Finding::Severity::note;
    CHECK(only_notes);
    CHECK_FALSE(seen.findings.empty());
    bool any_vanished = false;
    for (const auto& [path, end] : seen.folders) any_vanished = any_vanished || end == FolderEnd::vanished;
    CHECK(any_vanished);
}

TEST_CASE("a walk that is cancelled stops and says so", "[lake][walk]") {
    Scratch scratch;
    for (int i = 0; i < 300; ++i) scratch.write("d" + std::to_string(i) + "/f.csv", "x");
    Seen seen;
    CancelFlag cancel;
    seen.on_entries = [&](const WalkFolder&) { cancel.cancel(); };
    WalkOptions options;
    options.threads = 2;
    const auto walked =
        walk(scratch.path(), options, cancel, [&](unsigned) { return std::make_unique<Recorder>(seen); });
    REQUIRE_FALSE(walked);
    CHECK(walked.error().code == Errc::cancelled);
    CHECK(seen.count(EntryKind::file) < 300);
}

TEST_CASE("a folder swapped for a link is not followed", "[lake][walk]") {
    Scratch scratch;
    scratch.write("outside/secret.csv", "x");
    scratch.write("bucket/a/b/in.csv", "x");
    Seen seen;
    seen.on_entries = [&](const WalkFolder& folder) {
        if (folder.path != "") return;
        fs::rename(scratch / "bucket/a", scratch / "moved");
        fs::create_symlink(scratch / "outside", scratch / "bucket/a");
    };
    REQUIRE(walk_into(seen, scratch / "bucket"));
    CHECK(seen.paths() == std::set<std::string>{"a"});
    CHECK(seen.folders["a"] == FolderEnd::vanished);
}

TEST_CASE("walk_from starts below the root and tells paths from the root", "[lake][walk]") {
    Scratch scratch;
    scratch.write("a/b/one.csv", "x");
    scratch.write("a/two.csv", "x");
    scratch.write("c/three.csv", "x");
    fs::create_symlink("c", scratch / "link");
    Seen seen;
    const CancelFlag cancel;
    const std::vector<std::string> starts{"a/b", "c", "gone/below", "link"};
    REQUIRE(walk_from(scratch.path(), starts, {}, cancel, [&](unsigned) { return std::make_unique<Recorder>(seen); }));
    CHECK(seen.paths() == std::set<std::string>{"a/b/one.csv", "c/three.csv"});
    CHECK(seen.folders["gone/below"] == FolderEnd::vanished);
    CHECK(seen.folders["link"] == FolderEnd::vanished);
}

TEST_CASE("the mount table is read with its escapes", "[lake][walk]") {
    const std::string table =
        "21 1 8:1 / / rw - ext4 /dev/root rw\n"
        "30 21 0:5 / /lake/buckets/a rw - tmpfs x rw\n"
        "31 21 0:6 / /lake/buckets/with\\040space\\134 rw - tmpfs x rw\n"
        "32 21 0:7 / /lake/bucketsother rw - tmpfs x rw\n"
        "33 21 0:7 / /lake/buckets rw - tmpfs x rw\n";
    CHECK(MountWatch::points_below(table, "/lake/buckets") == std::vector<std::string>{"a", "with space\\"});
    CHECK(MountWatch::points_below(table, "/").size() == 4);
}

TEST_CASE("a folder mounted into its own tree is counted once", "[lake][walk]") {
    Scratch scratch;
    scratch.write("root/real/one.csv", "x");
    scratch.write("root/real/deep/two.csv", "x");
    fs::create_directories(scratch / "root/again");
    fs::create_directories(scratch / "root/real/deep/loop");
    const auto bind = [](const fs::path& from, const fs::path& to) {
        return ::mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr) == 0;
    };
    if (!bind(scratch / "root/real", scratch / "root/again")) {
        WARN("not allowed to mount here: nothing tested");
        return;
    }
    const bool loop = bind(scratch / "root", scratch / "root/real/deep/loop");
    Seen seen, inside;
    const auto walked = walk_into(seen, scratch / "root");
    WalkOptions stay;
    stay.cross_mounts = false;
    const auto stayed = walk_into(inside, scratch / "root", stay);
    if (loop) ::umount2((scratch / "root/real/deep/loop").c_str(), MNT_DETACH);
    ::umount2((scratch / "root/again").c_str(), MNT_DETACH);
    REQUIRE(walked);
    REQUIRE(loop);
    CHECK(seen.count(EntryKind::file) == 2);
    CHECK(seen.entries.count("real/one.csv") == 1);
    CHECK(seen.folders["again"] == FolderEnd::skipped);
    CHECK(seen.folders["real/deep/loop"] == FolderEnd::skipped);
    CHECK(seen.finding("folder_twice"));
    REQUIRE(stayed);
    CHECK(inside.count(EntryKind::file) == 2);
    CHECK(inside.finding("mount_boundary"));
    CHECK(inside.folders.count("again") == 0);
}
