// test_file_uses.cpp: what opens, renames and links add up to, on real files.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include "run/file_uses.hpp"
#include "support/scratch.hpp"

namespace neurolake::run {

namespace fs = std::filesystem;

namespace {

struct Folder {
    tests::Scratch scratch;
    std::string lake = (scratch.path() / "lake").string();
    FileUses uses{{lake}};

    Folder() { fs::create_directory(lake); }
    std::string at(const std::string& name) const { return lake + "/" + name; }
    std::string put(const std::string& name, const std::string& text) const {
        std::ofstream(at(name)) << text;
        return at(name);
    }
    // As a program does: looks, opens, writes.
    void write(const std::string& name, const std::string& text, std::uint64_t flags = O_WRONLY | O_CREAT | O_TRUNC) {
        uses.look_before(at(name));
        put(name, text);
        uses.opened(at(name), flags);
    }
    std::vector<std::string> told() const {  // "name r", "name w", "name rw"
        std::vector<std::string> lines;
        for (const auto& use : uses.result())
            lines.push_back(use.path.substr(lake.size() + 1) + " " + (use.read ? "r" : "") + (use.written ? "w" : ""));
        return lines;
    }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a file is read, written, or both", "[run]") {
    Folder folder;
    folder.uses.opened(folder.put("in", "1"), O_RDONLY);
    folder.write("out", "2");
    folder.put("both", "3");
    folder.write("both", "34", O_RDWR);
    CHECK(folder.told() == Lines{"both rw", "in r", "out w"});
}

TEST_CASE("what is opened and left as it was is not written", "[run]") {
    Folder folder;
    folder.put("same", "1");
    folder.uses.look_before(folder.at("same"));
    folder.uses.opened(folder.at("same"), O_WRONLY | O_APPEND);
    CHECK(folder.told().empty());
}

TEST_CASE("an empty file that was made is no output, and a time that was put back hides no change", "[run]") {
    Folder folder;
    folder.write("lock", "");
    folder.put("same size", "1");
    const auto time = fs::last_write_time(folder.at("same size"));
    folder.write("same size", "2", O_WRONLY);
    fs::last_write_time(folder.at("same size"), time);
    CHECK(folder.told() == Lines{"same size w"});
}

TEST_CASE("what went to another name and back was not changed", "[run]") {
    Folder folder;
    folder.put("a", "1");
    for (const auto& [from, to] : {std::pair("a", "b"), std::pair("b", "a")}) {
        folder.uses.look_before(folder.at(to));
        folder.uses.look_before(folder.at(from));
        fs::rename(folder.at(from), folder.at(to));
        folder.uses.renamed(folder.at(from), folder.at(to));
    }
    CHECK(folder.told() == Lines{"a r"});
}

TEST_CASE("what a command made itself it does not read", "[run]") {
    Folder folder;
    folder.write("own", "1");
    folder.uses.opened(folder.at("own"), O_RDONLY);
    CHECK(folder.told() == Lines{"own w"});
}

TEST_CASE("what is gone in the end was never made, and what was read stays read", "[run]") {
    Folder folder;
    folder.uses.opened(folder.put("in", "1"), O_RDONLY);
    folder.write("out", "2");
    fs::remove(folder.at("in"));
    fs::remove(folder.at("out"));
    CHECK(folder.told() == Lines{"in r"});
}

TEST_CASE("a new name holds what the old one held", "[run]") {
    Folder folder;
    const auto rename = [&](const std::string& from, const std::string& to) {
        folder.uses.look_before(folder.at(to));
        fs::rename(folder.at(from), folder.at(to));
        folder.uses.renamed(folder.at(from), folder.at(to));
    };
    folder.write("own.part", "1");
    rename("own.part", "own");
    folder.put("theirs", "2");
    rename("theirs", "moved");
    folder.put("old", "3");
    folder.write("new.part", "4");
    rename("new.part", "old");
    CHECK(folder.told() == Lines{"moved w", "old w", "own w", "theirs r"});
}

TEST_CASE("a folder's new name is that of all its files", "[run]") {
    Folder folder;
    fs::create_directories(folder.at("t/sub"));
    folder.write("t/own", "1");
    folder.put("t/sub/theirs", "2");
    fs::rename(folder.at("t"), folder.at("done"));
    folder.uses.renamed(folder.at("t"), folder.at("done"));
    CHECK(folder.told() == Lines{"done/own w", "done/sub/theirs w", "t/sub/theirs r"});
}

TEST_CASE("what lies elsewhere, folders and bare names are left aside", "[run]") {
    Folder folder;
    folder.uses.opened((folder.scratch.path() / "lakeside").string(), O_WRONLY | O_CREAT);
    folder.uses.opened(folder.lake, O_RDONLY | O_DIRECTORY);
    folder.uses.opened(folder.put("name", "1"), O_PATH);
    folder.uses.opened("/dev/null", O_RDWR);
    CHECK(folder.told().empty());
    CHECK_FALSE(folder.uses.covers(folder.lake));
}

TEST_CASE("what is made anew is not read, whatever its mode allows", "[run]") {
    Folder folder;
    folder.put("cut", "before");
    folder.put("again", "before");
    folder.write("new", "1", O_RDWR | O_CREAT);
    folder.write("cut", "2", O_RDWR | O_TRUNC);
    folder.write("again", "3", O_WRONLY | O_TRUNC);
    folder.uses.opened(folder.at("again"), O_RDONLY);
    folder.write("again", "34", O_RDWR);
    CHECK(folder.told() == Lines{"again w", "cut w", "new w"});
}

TEST_CASE("a folder beside the lake whose name begins alike is none of it", "[run]") {
    Folder folder;
    CHECK(folder.uses.covers(folder.at("x")));
    CHECK_FALSE(folder.uses.covers(folder.lake + "2/x"));
    CHECK_FALSE(folder.uses.covers(folder.lake));
}

}  // namespace neurolake::run
