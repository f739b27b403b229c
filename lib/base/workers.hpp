// workers.hpp: how work is spread over threads, and how it is stopped.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

namespace neurolake {

// Set by a signal handler or a test; long loops look at it between atomic steps.
class CancelFlag {
public:
    void cancel() { m_set.store(true, std::memory_order_relaxed); }
    bool cancelled() const { return m_set.load(std::memory_order_relaxed); }

private:
    std::atomic<bool> m_set{false};
};

unsigned usable_threads();  // the cores this process may run on (sched_getaffinity), at least 1

// Calls body(i, worker) once for each i in [0, count) from `threads` threads (worker in [0, threads)); returns when all
// are done. Items are taken one at a time in order, so that big ones may come first. body must not throw.
void parallel_for(std::size_t count, unsigned threads, const std::function<void(std::size_t, unsigned)>& body);

}  // namespace neurolake
