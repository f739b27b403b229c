// bench_formats.cpp: inferring schemas by itself, one task a run, so that it can be measured from outside.
// SPDX-License-Identifier: Apache-2.0
//
// usage: bench_formats make-csv PATH BYTES SEED      a table of eight columns, quotes in one of them
//        bench_formats make-json PATH BYTES SEED     the same as JSON Lines, with a nested object
//        bench_formats make-many FOLDER FILES SEED   CSV files of 13 KB, f0.csv ...
//        bench_formats profile THREADS TIMES FILE... profiles each file, all of them TIMES times
//        bench_formats profile-many FOLDER FILES [EXTENSION]     profiles f0.csv ... once each
//        bench_formats read FILE                     the floor of reading: pread and counting newlines
//        bench_formats simdjson FILE                 the floor of JSON: its documents parsed, nothing looked at
#include <fcntl.h>
#include <simdjson.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "formats/formats.hpp"

namespace {

using namespace neurolake;
using Arguments = std::vector<std::string>;

int failed(const std::string& what) {
    std::fprintf(stderr, "bench_formats: %s\n", what.c_str());
    return 1;
}

std::uint64_t number(const std::string& text) { return std::strtoull(text.c_str(), nullptr, 10); }

using MakeRow = std::function<void(std::string&, std::uint64_t, std::mt19937_64&)>;

void csv_row(std::string& out, std::uint64_t i, std::mt19937_64& random) {
    constexpr const char* k_names[] = {"alice", "bob", "carol", "dave"};
    char row[200];
    const int n =
        std::snprintf(row, sizeof row, "%llu,%s,%u,%.2f,2024-%02u-%02u,%s,\"city, %u\",some text %u\n",
                      static_cast<unsigned long long>(i), k_names[random() % 4],
                      static_cast<unsigned>(random() % 100000), static_cast<double>(random() % 10000) / 100,
                      static_cast<unsigned>(i % 12 + 1), static_cast<unsigned>(i % 28 + 1), i % 2 ? "true" : "false",
                      static_cast<unsigned>(i % 100), static_cast<unsigned>(random() % 100000));
    out.append(row, static_cast<std::size_t>(n));
}

void json_row(std::string& out, std::uint64_t i, std::mt19937_64& random) {
    char row[300];
    const int n =
        std::snprintf(row, sizeof row,
                      "{\"id\":%llu,\"name\":\"user %u\",\"price\":%.2f,\"at\":\"2024-%02u-%02uT10:00:00Z\",\"ok\":%s,"
                      "\"where\":{\"city\":\"city %u\",\"lat\":%.4f},\"tags\":[\"a\",\"b%u\"]}\n",
                      static_cast<unsigned long long>(i), static_cast<unsigned>(random() % 100000),
                      static_cast<double>(random() % 10000) / 100, static_cast<unsigned>(i % 12 + 1),
                      static_cast<unsigned>(i % 28 + 1), i % 2 ? "true" : "false", static_cast<unsigned>(i % 100),
                      static_cast<double>(random() % 900000) / 10000, static_cast<unsigned>(random() % 50));
    out.append(row, static_cast<std::size_t>(n));
}

bool write_rows(const std::string& path, std::uint64_t bytes, std::uint64_t seed, const std::string& head,
                const MakeRow& row) {
    std::FILE* file = std::fopen(path.c_str(), "w");
    if (file == nullptr) return false;
    std::mt19937_64 random(seed);
    std::string out = head;
    std::uint64_t written = 0;
    bool good = true;
    for (std::uint64_t i = 1; written + out.size() < bytes && good; ++i) {
        row(out, i, random);
        if (out.size() < (1u << 20)) continue;
        good = std::fwrite(out.data(), 1, out.size(), file) == out.size();
        written += out.size();
        out.clear();
    }
    good = good && std::fwrite(out.data(), 1, out.size(), file) == out.size();
    return std::fclose(file) == 0 && good;
}

constexpr const char* k_csv_head = "id,name,amount,price,day,flag,city,note\n";

int make_csv(const Arguments& a) {
    return write_rows(a.at(0), number(a.at(1)), number(a.at(2)), k_csv_head, csv_row) ? 0
                                                                                      : failed("cannot write " + a[0]);
}

int make_json(const Arguments& a) {
    return write_rows(a.at(0), number(a.at(1)), number(a.at(2)), "", json_row) ? 0 : failed("cannot write " + a[0]);
}

std::string many_name(const std::string& folder, std::uint64_t i, const std::string& extension = "csv") {
    return folder + "/f" + std::to_string(i) + "." + extension;
}

int make_many(const Arguments& a) {
    for (std::uint64_t i = 0; i < number(a.at(1)); ++i)
        if (!write_rows(many_name(a.at(0), i), 13000, number(a.at(2)) + i, k_csv_head, csv_row))
            return failed("cannot write into " + a[0]);
    return 0;
}

std::uint64_t g_rows = 0;  // printed, so that no work can be left out

bool profile_file(const std::string& path, unsigned threads) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return false;
    formats::Options options;
    options.threads = threads;
    const CancelFlag cancel;
    const auto profile = formats::profile(fd.get(), path, options, cancel);
    if (profile) g_rows += profile->rows;
    return profile.has_value();
}

int profile(const Arguments& a) {
    for (std::uint64_t time = 0; time < number(a.at(1)); ++time)
        for (std::size_t i = 2; i < a.size(); ++i)
            if (!profile_file(a[i], static_cast<unsigned>(number(a[0])))) return failed("cannot profile " + a[i]);
    return 0;
}

int profile_many(const Arguments& a) {
    for (std::uint64_t i = 0; i < number(a.at(1)); ++i)
        if (!profile_file(many_name(a.at(0), i, a.size() > 2 ? a[2] : "csv"), 1))
            return failed("cannot profile into " + a[0]);
    return 0;
}

int read_only(const Arguments& a) {
    const Fd fd(::open(a.at(0).c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return failed("cannot open " + a[0]);
    FileSource source(fd.get());
    std::vector<char> block(1u << 20);
    while (true) {
        const auto got = read_full(source, block);
        if (!got || *got == 0) return 0;
        g_rows += static_cast<std::uint64_t>(
            std::count(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(*got), '\n'));
    }
}

int parse_only(const Arguments& a) {
    const Fd fd(::open(a.at(0).c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return failed("cannot open " + a[0]);
    FileSource source(fd.get());
    constexpr std::size_t k_block = 1u << 20;
    std::string block(k_block + simdjson::SIMDJSON_PADDING, '\0');
    simdjson::dom::parser parser;
#ifdef SIMDJSON_THREADS_ENABLED
    parser.threaded = false;
#endif
    std::size_t kept = 0;
    while (true) {
        const auto got = read_full(source, std::span(block.data() + kept, k_block - kept));
        if (!got || kept + *got == 0) return 0;
        const std::size_t size = kept + *got;
        const std::size_t newline = block.rfind('\n', size - 1);
        const std::size_t whole = newline == std::string::npos || newline >= size ? size : newline + 1;
        simdjson::dom::document_stream documents;
        if (parser.parse_many(block.data(), whole, k_block).get(documents)) return failed("cannot parse " + a[0]);
        for (const auto document : documents) g_rows += document.error() == simdjson::SUCCESS;
        std::copy(block.begin() + static_cast<std::ptrdiff_t>(whole), block.begin() + static_cast<std::ptrdiff_t>(size),
                  block.begin());
        kept = size - whole;
        if (*got == 0) return 0;
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::map<std::string, int (*)(const Arguments&)> tasks{
        {"make-csv", make_csv},         {"make-json", make_json}, {"make-many", make_many}, {"profile", profile},
        {"profile-many", profile_many}, {"read", read_only},      {"simdjson", parse_only}};
    const auto task = argc > 2 ? tasks.find(argv[1]) : tasks.end();
    if (task == tasks.end()) return failed("which task? see the head of its source");
    try {
        const int code = task->second(Arguments(argv + 2, argv + argc));
        std::printf("%llu rows\n", static_cast<unsigned long long>(g_rows));
        return code;
    } catch (const std::out_of_range&) {
        return failed("too few arguments");
    }
}
