// bench_lake.cpp: the walk and the inventory by themselves, one task a run, so that each can be measured from outside.
// SPDX-License-Identifier: Apache-2.0
//
// usage: bench_lake walk ROOT            walks, counting by kind only
//        bench_lake stats ROOT           what `bucket stats` counts
//        bench_lake scan ROOT INVENTORY  scans against the inventory and commits the next
//        bench_lake quick ROOT INVENTORY the same by folder mtimes
//        bench_lake totals INVENTORY     what `bucket list` needs
//        bench_lake copy INVENTORY TO    writes all of it anew
// The second argument of walk, stats and scan may be followed by the number of threads (2 when not given).
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lake/inventory.hpp"
#include "lake/stats.hpp"
#include "lake/walk.hpp"

namespace {

using namespace neurolake;
using namespace neurolake::lake;
using Arguments = std::vector<std::string>;

unsigned threads(const Arguments& arguments, std::size_t at) {
    return arguments.size() > at ? static_cast<unsigned>(std::atoi(arguments[at].c_str())) : 2;
}

int failed(const Error& error) {
    std::fprintf(stderr, "bench_lake: %s\n", error.message.c_str());
    return 1;
}

Bucket bucket_at(const std::string& root) {
    Bucket bucket;
    bucket.name = "bench";
    bucket.root = root;
    return bucket;
}

struct Counts {
    std::uint64_t files = 0, folders = 0, bytes = 0;
};

class Counter final : public WalkSink {
public:
    explicit Counter(Counts& counts) : m_counts(counts) {}
    void entries(const WalkFolder&, std::span<const WalkEntry> batch) override {
        for (const WalkEntry& entry : batch) {
            ++(entry.kind == EntryKind::folder ? m_counts.folders : m_counts.files);
            if (entry.kind == EntryKind::file) m_counts.bytes += entry.size;
        }
    }
    void finding(model::Finding finding) override { std::fprintf(stderr, "%s\n", finding.message.c_str()); }

private:
    Counts& m_counts;
};

int run_walk(const Arguments& arguments) {
    WalkOptions options;
    options.threads = threads(arguments, 1);
    std::vector<Counts> counts(options.threads);
    const CancelFlag cancel;
    const auto walked =
        walk(arguments[0], options, cancel, [&](unsigned worker) { return std::make_unique<Counter>(counts[worker]); });
    if (!walked) return failed(walked.error());
    Counts all;
    for (const Counts& part : counts) {
        all.files += part.files;
        all.folders += part.folders;
        all.bytes += part.bytes;
    }
    std::printf("%lu files %lu folders %lu bytes\n", all.files, all.folders, all.bytes);
    return 0;
}

int run_stats(const Arguments& arguments) {
    StatsOptions options;
    options.threads = threads(arguments, 1);
    options.format_of = [](std::string_view name) { return name.substr(std::min(name.rfind('.'), name.size())); };
    const CancelFlag cancel;
    const auto counted = stats(bucket_at(arguments[0]), options, cancel);
    if (!counted) return failed(counted.error());
    std::printf("%lu files %lu folders %lu bytes\n", counted->file_count, counted->dir_count, counted->size_bytes);
    return 0;
}

int scan_tree(const Arguments& arguments, bool quick) {
    ScanOptions options;
    options.threads = threads(arguments, 2);
    options.quick = quick;
    const CancelFlag cancel;
    const auto old = Inventory::open(arguments[1]);
    if (!old) return failed(old.error());
    const auto result = scan({bucket_at(arguments[0])}, *old, options, SystemClock(), cancel);
    if (!result) return failed(result.error());
    if (const auto written = result->next->commit(arguments[1]); !written) return failed(written.error());
    std::printf("%zu added %zu changed %zu gone %lu unchanged\n", result->scan.added.size(),
                result->scan.changed.size(), result->scan.gone.size(), result->scan.unchanged);
    return 0;
}

int run_totals(const Arguments& arguments) {
    const auto inventory = Inventory::open(arguments[0]);
    if (!inventory) return failed(inventory.error());
    for (const std::string& bucket : inventory->buckets())
        std::printf("%s %lu files\n", bucket.c_str(), inventory->totals(bucket)->files);
    return 0;
}

int run_copy(const Arguments& arguments) {
    const auto inventory = Inventory::open(arguments[0]);
    if (!inventory) return failed(inventory.error());
    const auto written = InventoryBuilder::from(*inventory)->commit(arguments[1]);
    return written ? 0 : failed(written.error());
}

struct Task {
    std::size_t arguments;
    std::function<int(const Arguments&)> run;
};

}  // namespace

int main(int argc, char** argv) {
    const std::map<std::string, Task> tasks{
        {"walk", {1, run_walk}},
        {"stats", {1, run_stats}},
        {"scan", {2, [](const Arguments& a) { return scan_tree(a, false); }}},
        {"quick", {2, [](const Arguments& a) { return scan_tree(a, true); }}},
        {"totals", {1, run_totals}},
        {"copy", {2, run_copy}},
    };
    const auto task = argc > 1 ? tasks.find(argv[1]) : tasks.end();
    const Arguments arguments(argv + std::min(argc, 2), argv + argc);
    if (task == tasks.end() || arguments.size() < task->second.arguments) {
        std::fprintf(stderr, "usage: bench_lake walk|stats|scan|quick|totals|copy PATH [PATH] [THREADS]\n");
        return 2;
    }
    return task->second.run(arguments);
}
