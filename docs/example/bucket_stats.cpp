// bucket_stats.cpp: opens a lake with the library and prints what each of its buckets holds.
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "config/config.hpp"
#include "lake/inventory.hpp"

int main(int argc, char** argv) {
    using namespace neurolake;
    const auto config = config::Config::load(argc > 1 ? argv[1] : ".", config::process_environment());
    if (!config) return std::fprintf(stderr, "%s\n", config.error().message.c_str()), 2;
    const auto scanned = lake::scan(config->settings().buckets, lake::Inventory(), {}, SystemClock(), CancelFlag());
    if (!scanned) return std::fprintf(stderr, "%s\n", scanned.error().message.c_str()), 1;
    const lake::Scan& scan = scanned->scan;
    for (std::size_t i = 0; i < scan.buckets.size(); ++i) {
        const lake::BucketTotals& totals = scan.totals[i];
        std::printf("%-20s %10ju files %15ju bytes\n", scan.buckets[i].c_str(), std::uintmax_t{totals.files},
                    std::uintmax_t{totals.bytes});
    }
}
