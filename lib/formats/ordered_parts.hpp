// ordered_parts.hpp: parts of one large file scanned by several threads and accepted in order.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace neurolake::formats {

// Calls scan(i) -> Result<Part> for each i in [0, count) from several threads, and accept(i, part) -> Status for each
// in order, one at a time. At most twice as many parts as threads wait to be accepted, so memory stays bounded. The
// first failure of either stops all.
template <typename Part, typename ScanPart, typename AcceptPart>
Status scan_parts(std::size_t count, unsigned threads, const ScanPart& scan, const AcceptPart& accept) {
    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::size_t, Part> waiting;
    std::size_t next_to_scan = 0, next_to_accept = 0;
    bool accepting = false;
    std::optional<Error> failure;

    const auto work = [&] {
        std::unique_lock lock(mutex);
        while (true) {
            changed.wait(lock, [&] {
                return failure || next_to_scan >= count || next_to_scan < next_to_accept + 2 * std::size_t{threads};
            });
            if (failure || next_to_scan >= count) return;
            const std::size_t index = next_to_scan++;
            lock.unlock();
            Result<Part> part = scan(index);
            lock.lock();
            if (!part) {
                if (!failure) failure = std::move(part).error();
                changed.notify_all();
                return;
            }
            waiting.emplace(index, std::move(part).value());
            // Whoever finds the next part in place accepts it; others go on scanning meanwhile.
            while (!accepting && !failure && waiting.count(next_to_accept) > 0) {
                accepting = true;
                auto ready = waiting.extract(next_to_accept);
                lock.unlock();
                Status accepted = accept(ready.key(), std::move(ready.mapped()));
                lock.lock();
                accepting = false;
                ++next_to_accept;
                if (!accepted && !failure) failure = std::move(accepted).error();
                changed.notify_all();
            }
        }
    };
    std::vector<std::thread> helpers;
    for (unsigned i = 1; i < threads; ++i) helpers.emplace_back(work);
    work();
    for (std::thread& helper : helpers) helper.join();
    if (failure) return std::move(*failure);
    return {};
}

}  // namespace neurolake::formats
