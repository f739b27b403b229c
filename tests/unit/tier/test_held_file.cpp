// test_held_file.cpp: leases over many files at once: who is written to is known, who is not is not disturbed.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include "rig.hpp"
#include "tier/held_file.hpp"

using namespace neurolake;
using namespace neurolake::tests;

TEST_CASE("of many held files, at their names and aside, a writer breaks the lease of his own only", "[tier]") {
    constexpr std::size_t k_count = 300;
    Rig rig;
    tier::LeaseWatch watch;
    const auto folder = open_folder(rig.buckets.front().root).value();
    std::vector<std::unique_ptr<tier::HeldFile>> held;
    for (std::size_t i = 0; i < k_count; ++i) {
        rig.write(std::to_string(i), "bytes");
        held.push_back(tier::HeldFile::open(folder.get(), std::to_string(i), 0, later(), watch).value());
        REQUIRE(held.back()->writers() == tier::Writers::none);
        if (i % 2 == 1) held.back()->moved_aside();
    }
    // Let go in an order that is not that of coming.
    for (std::size_t i = 0; i < k_count; i += 3) held[i].reset();
    held[k_count - 1].reset();
    const std::vector<std::size_t> written = {1, 2, 151, 152, 296, 298};
    for (const auto i : written) {
        // Waits until the watch gives the lease back; the kernel would do that after 45 seconds only.
        const Fd writer(::open(rig.file(std::to_string(i)).c_str(), O_WRONLY));
        CHECK(writer);
        CHECK(held[i]->lease_broken());
    }
    for (std::size_t i = 0; i < k_count; ++i) {
        if (!held[i] || std::find(written.begin(), written.end(), i) != written.end()) continue;
        INFO(i);
        CHECK(!held[i]->lease_broken());
        CHECK(held[i]->lease_held());
        held[i]->moved_aside();  // again, or only now: no difference
        CHECK(held[i]->unchanged(folder.get(), std::to_string(i)));
    }
}
