// workers.cpp: threads that take items one at a time.
// SPDX-License-Identifier: Apache-2.0
#include "base/workers.hpp"

#include <sched.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace neurolake {

unsigned usable_threads() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
    return std::max(1u, std::thread::hardware_concurrency());
}

void parallel_for(std::size_t count, unsigned threads, const std::function<void(std::size_t, unsigned)>& body) {
    std::atomic<std::size_t> next{0};
    std::exception_ptr thrown;
    std::mutex guard;
    // What one item throws ends the others, too, but not the process: it goes on to the caller once no thread is left.
    const auto work = [&](unsigned worker) {
        try {
            for (std::size_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;) body(i, worker);
        } catch (...) {
            next.store(count);
            const std::lock_guard lock(guard);
            if (!thrown) thrown = std::current_exception();
        }
    };
    const auto wanted = static_cast<unsigned>(std::min<std::size_t>(std::max(1u, threads), count));
    std::vector<std::thread> crew;
    for (unsigned worker = 1; worker < wanted; ++worker) {
        try {
            crew.emplace_back(work, worker);
        } catch (const std::system_error&) {
            break;  // no more threads to be had: those that run do all the work
        }
    }
    work(0);
    for (auto& thread : crew) thread.join();
    if (thrown) std::rethrow_exception(thrown);
}

}  // namespace neurolake
