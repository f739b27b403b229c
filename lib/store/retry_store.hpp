// retry_store.hpp: a store that tries again: backoff with jitter, the server's own wish, and lost answers recognised.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "base/workers.hpp"
#include "store/object_store.hpp"

namespace neurolake::store {

struct RetryPolicy {
    unsigned tries = 5;                                     // of one operation, the first included
    std::chrono::milliseconds first{200}, longest{20'000};  // ceilings of the wait before try 2, and of any wait
    std::chrono::milliseconds longest_wish{120'000};        // a server that wants us to wait longer is not retried
};

struct RetryTools {
    // Waits, or returns early with cancelled. By default a sleep that looks at the cancel flag.
    std::function<Status(std::chrono::milliseconds)> sleep;
    std::function<double()> random;  // uniform in [0, 1)
};

// The wait before try `next` (2, 3 ...): uniform between 0 and first * 2^(next-2), at most `longest`; never shorter
// than what the server wished.
std::chrono::milliseconds backoff(const RetryPolicy& policy, unsigned next, std::chrono::milliseconds wish,
                                  double random);

// Repeats unavailable, and corrupt once (bytes damaged on their way). All operations can be repeated: objects are
// written once under their key. A repeated write that meets its own object (the answer to an earlier try was lost) is
// success when size and recorded SHA-256 are ours. A cut download goes on where it stopped, of the same version.
std::unique_ptr<ObjectStore> make_retry_store(std::unique_ptr<ObjectStore> store, RetryPolicy policy,
                                              const CancelFlag& cancel, RetryTools tools = {});

}  // namespace neurolake::store
