// test_bounds.cpp: whatever a file claims, reading it takes 64 MiB at most, and ends in a profile.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>

#include "base/compress.hpp"
#include "fixture.hpp"
#include "support/sanitized.hpp"

using namespace neurolake;
using namespace neurolake::formats;
using namespace neurolake::formats::test;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t k_limit = 64u << 20;

fs::path samples() {
    const char* tests = std::getenv("NEUROLAKE_TESTS_DIR");
    return fs::path(tests ? tests : "tests") / "support" / "samples";
}

std::uint64_t resident_bytes() {
    std::uint64_t all = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> all >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// Profiles one file, or shows its first rows. The name of what is read stands in `now` when the process dies.
enum class What { profile, head };

void read_as(What what, int fd, const std::string& name, int now) {
    const std::string padded = name + std::string(200 - std::min<std::size_t>(name.size(), 200), ' ');
    if (::pwrite(now, padded.data(), 200, 0) != 200) ::_exit(3);
    if (what == What::head) {
        [[maybe_unused]] const auto rows = head(fd, name, 20);
        return;
    }
    const CancelFlag never;
    Options options;
    options.threads = 1;
    options.full = true;
    const auto result = profile(fd, name, options, never);
    if (!result || result->format.empty() || (!result->rows_exact && result->findings.empty())) ::_exit(4);
}

// Runs `body` in a child. What it read last is the answer when it did not end well or took more than 64 MiB on top of
// what the process has, "" otherwise.
std::string in_bounds(const std::function<void(int now)>& body) {
    const ScratchFile now(std::string(200, ' '));
    const std::uint64_t before = resident_bytes();
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        // As a process begins: what other tests freed has taught the allocator to keep large pieces.
        ::mallopt(M_MMAP_THRESHOLD, 128 << 10);
        try {
            body(now.fd());
        } catch (const std::exception&) {
            ::_exit(6);
        }
        ::_exit(0);
    }
    int status = 0;
    rusage usage{};
    REQUIRE(::wait4(child, &status, 0, &usage) == child);
    const std::uint64_t peak = static_cast<std::uint64_t>(usage.ru_maxrss) << 10;
    const bool small = tests::k_sanitized || peak < before + k_limit;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && small) return {};
    std::string last(200, ' ');
    REQUIRE(::pread(now.fd(), last.data(), last.size(), 0) == 200);
    return last + fmt::format(" status {}, {} KiB", status, (peak - std::min(peak, before)) >> 10);
}

// The same changes every time: extreme numbers written over, bits turned, pieces cut, doubled, moved.
std::string mutated(std::string bytes, std::mt19937& random) {
    static constexpr std::uint64_t k_extremes[] = {0,
                                                   1,
                                                   0x7F,
                                                   0x80,
                                                   0xFF,
                                                   0x7FFF,
                                                   0xFFFF,
                                                   0x7FFFFFFF,
                                                   0x80000000,
                                                   0xFFFFFFFF,
                                                   0x7FFFFFFFFFFFFFFF,
                                                   0x8000000000000000,
                                                   0xFFFFFFFFFFFFFFFF};
    const auto below = [&](std::size_t n) { return n == 0 ? 0 : random() % n; };
    for (std::size_t changes = 1 + below(3); changes > 0 && !bytes.empty(); --changes) {
        const std::size_t at = below(bytes.size());
        switch (below(5)) {
            case 0: {
                const std::uint64_t value = k_extremes[below(std::size(k_extremes))];
                const std::size_t size = std::min<std::size_t>(std::size_t{1} << below(4), bytes.size() - at);
                std::memcpy(bytes.data() + at, &value, size);
                break;
            }
            case 1:
                bytes[at] = static_cast<char>(bytes[at] ^ 1 << below(8));
                break;
            case 2:
                bytes.resize(at);
                break;
            case 3:
                bytes.insert(below(bytes.size()), bytes.substr(at, 1 + below(64)));
                break;
            default:
                bytes.erase(at, 1 + below(16));
        }
    }
    return bytes;
}

}  // namespace

TEST_CASE("samples changed at random are read within 64 MiB", "[formats]") {
    std::vector<fs::path> files;
    for (const char* format : {"parquet", "avro", "arrow", "ncf", "orc"})
        for (const auto& entry : fs::directory_iterator(samples() / format))
            if (entry.path().extension() != ".md" && entry.path().extension() != ".json") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    REQUIRE(files.size() > 40);
    for (const fs::path& file : files) {
        const auto bytes = read_file(file);
        REQUIRE(bytes.has_value());
        const std::string name = file.filename().string();
        CHECK(in_bounds([&](int now) {
                  std::mt19937 random(static_cast<unsigned>(std::hash<std::string>{}(name)));
                  for (int i = 0; i < 60; ++i) {
                      const ScratchFile changed(mutated(*bytes, random));
                      read_as(What::profile, changed.fd(), name, now);
                      read_as(What::head, changed.fd(), name, now);
                  }
              }) == "");
    }
}

TEST_CASE("what once broke a reader is read within 64 MiB", "[formats]") {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(samples() / "hostile")) {
        if (entry.path().extension() == ".md") continue;
        ++count;
        const auto bytes = read_file(entry.path());
        REQUIRE(bytes.has_value());
        const std::string file = entry.path().filename().string();
        const std::string name = "x." + file.substr(0, file.find('-'));
        CHECK(in_bounds([&](int now) {
                  const ScratchFile opened(*bytes);
                  read_as(What::profile, opened.fd(), name, now);
                  read_as(What::head, opened.fd(), name, now);
              }) == "");
    }
    CHECK(count > 0);
}

// The sanitizers take address space of their own.
TEST_CASE("a file that takes more memory than there is costs itself and nobody else", "[formats][large]") {
    const std::string line = "a,b\n\"" + std::string(12u << 20, 'x');
    const ScratchFile file(line);
    CHECK(in_bounds([&](int) {
              std::uint64_t pages = 0;
              std::ifstream("/proc/self/statm") >> pages;
              const rlim_t most = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) + (3u << 20);
              const rlimit limit{most, most};
              if (::setrlimit(RLIMIT_AS, &limit) != 0) ::_exit(7);
              // What other tests gave back to the heap must not serve this one: taken away, a large piece at a time.
              while (std::malloc(6u << 20) != nullptr) {
              }
              const CancelFlag never;
              Options options;
              options.threads = 1;
              const auto read = profile(file.fd(), "x.csv", options, never);
              if (!read || read->rows_exact || find_code(*read, "too_large") == nullptr) ::_exit(8);
              const auto rows = head(file.fd(), "x.csv", 1);
              if (rows || rows.error().code != Errc::guard) ::_exit(9);
          }) == "");
}

TEST_CASE("cells as long as a row may be are read within 64 MiB", "[formats][large]") {
    std::string text;
    while (text.size() < (15u << 20)) text += "so, \"\"much\"\";\n";
    std::string few = "id,name,text\n1,a,\"" + text + "\"\n";
    for (int i = 0; i < 100; ++i) few += "2,b,c\n";
    const ScratchFile first(few), last("id,name,text\n2,b,c\n3,b,c\n1,a,\"" + text + "\"\n");
    for (const ScratchFile* file : {&first, &last})
        CHECK(in_bounds([&](int now) {
                  read_as(What::profile, file->fd(), "x.csv", now);
                  read_as(What::head, file->fd(), "x.csv", now);
              }) == "");
}

TEST_CASE("files that inflate to much more are read within 64 MiB", "[formats][large]") {
    constexpr std::size_t k_large = 64u << 20;
    const auto avro = read_file(samples() / "avro" / "nested_null.avro");
    const auto arrow = read_file(samples() / "arrow" / "types.arrows");
    REQUIRE(avro.has_value());
    REQUIRE(arrow.has_value());
    const std::vector<std::pair<std::string, std::string>> beginnings{
        {"zeros.csv", ""},
        {"quote.csv", "a,b\n\""},
        {"line.jsonl", "{\"a\":\""},
        {"deep.json", ""},
        {"x.avro", *avro},
        {"x.arrows", arrow->substr(0, arrow->size() - 8) + std::string("\xFF\xFF\xFF\xFF\xF8\xFF\xFF\x00", 8)},
    };
    for (const auto& each : beginnings) {
        const std::string& name = each.first;
        const std::string bytes = each.second + std::string(k_large, name == "deep.json" ? '[' : '0');
        const auto zipped = gzip(bytes, 1), packed = zstd(bytes, 1);
        REQUIRE((zipped && packed));
        const ScratchFile plain(bytes), gz(*zipped), zst(*packed);
        for (const What what : {What::profile, What::head}) {
            CHECK(in_bounds([&](int now) { read_as(what, plain.fd(), name, now); }) == "");
            CHECK(in_bounds([&](int now) { read_as(what, gz.fd(), name + ".gz", now); }) == "");
            CHECK(in_bounds([&](int now) { read_as(what, zst.fd(), name + ".zst", now); }) == "");
        }
    }
}
