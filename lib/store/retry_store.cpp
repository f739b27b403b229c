// retry_store.cpp: repeating what may work later.
// SPDX-License-Identifier: Apache-2.0
#include "store/retry_store.hpp"

#include <algorithm>
#include <mutex>
#include <random>
#include <thread>

#include "base/text.hpp"

namespace neurolake::store {
namespace {

using std::chrono::milliseconds;

Status sleep_unless(const CancelFlag& cancel, milliseconds wait) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point end = Clock::now() + wait;
    while (Clock::now() < end) {
        if (cancel.cancelled()) return Error(Errc::cancelled, "stopped while waiting to try again");
        std::this_thread::sleep_until(std::min(end, Clock::now() + milliseconds(50)));
    }
    return {};
}

std::function<double()> default_random() {
    struct Source {
        std::mutex mutex;
        std::mt19937_64 engine{std::random_device{}()};
    };
    return [source = std::make_shared<Source>()] {
        const std::lock_guard lock(source->mutex);
        return std::uniform_real_distribution<double>(0, 1)(source->engine);
    };
}

class RetryStore final : public ObjectStore {
public:
    RetryStore(std::unique_ptr<ObjectStore> store, RetryPolicy policy, const CancelFlag& cancel, RetryTools tools)
        : m_store(std::move(store)), m_policy(policy), m_tools(std::move(tools)) {
        if (!m_tools.sleep) m_tools.sleep = [&cancel](milliseconds wait) { return sleep_unless(cancel, wait); };
        if (!m_tools.random) m_tools.random = default_random();
    }

    std::string describe() const override { return m_store->describe(); }
    Capabilities capabilities() const override { return m_store->capabilities(); }
    Result<ObjectInfo> put(const PutRequest& request, UploadSource& source) override;
    Result<std::string> create_multipart(const PutRequest& request) override {
        return repeat([&] { return m_store->create_multipart(request); });
    }
    Result<Part> put_part(const std::string& key, const std::string& upload_id, unsigned number, UploadSource& whole,
                          std::uint64_t offset, std::uint64_t length, const Sha256Digest& part_sha256) override {
        return repeat([&] { return m_store->put_part(key, upload_id, number, whole, offset, length, part_sha256); });
    }
    Result<ObjectInfo> complete_multipart(const PutRequest& request, const std::string& upload_id,
                                          const std::vector<Part>& parts) override;
    Status abort_multipart(const std::string& key, const std::string& upload_id) override {
        return repeat([&] { return m_store->abort_multipart(key, upload_id); });
    }
    Result<std::vector<Part>> list_parts(const std::string& key, const std::string& upload_id) override {
        return repeat([&] { return m_store->list_parts(key, upload_id); });
    }
    Result<std::vector<Upload>> list_uploads(const std::string& prefix) override {
        return repeat([&] { return m_store->list_uploads(prefix); });
    }
    Result<ObjectInfo> head(const std::string& key, const std::string& version_id) override {
        return repeat([&] { return m_store->head(key, version_id); });
    }
    Result<ObjectInfo> get(const std::string& key, const std::string& version_id, std::uint64_t offset,
                           std::uint64_t length, const std::string& if_match, const Sink& sink,
                           const Opened& opened) override;
    Status list(const std::string& prefix, const std::function<Status(const ObjectInfo&)>& each) override;
    Status remove(const std::string& key, const std::string& version_id) override {
        return repeat([&] { return m_store->remove(key, version_id); });
    }
    Status check() override {
        return repeat([&] { return m_store->check(); });
    }

private:
    // nullopt: try again (the wait is over). Else the error to return.
    std::optional<Error> wait_or_give_up(const Error& error, unsigned attempt);
    template <typename Operation>
    auto repeat(const Operation& operation) -> decltype(operation());
    // Of a repeated write that found its key taken or its upload gone.
    Result<ObjectInfo> our_own(const PutRequest& request, std::uint64_t size, Error error);

    std::unique_ptr<ObjectStore> m_store;
    RetryPolicy m_policy;
    RetryTools m_tools;
};

std::optional<Error> RetryStore::wait_or_give_up(const Error& error, unsigned attempt) {
    const bool damaged = error.code == Errc::corrupt && attempt == 1;
    if (error.code != Errc::unavailable && !damaged) return error;
    if (attempt >= m_policy.tries || error.retry_after > m_policy.longest_wish) {
        Error last = error;
        if (attempt > 1) last.message += " (tried " + std::to_string(attempt) + " times)";
        if (last.retry_after > m_policy.longest_wish) {
            last.message += "; the server asks to wait " + text::duration_text(last.retry_after.count() / 1000);
        }
        return last;
    }
    const Status slept = m_tools.sleep(backoff(m_policy, attempt + 1, error.retry_after, m_tools.random()));
    return slept ? std::nullopt : std::optional<Error>(slept.error());
}

template <typename Operation>
auto RetryStore::repeat(const Operation& operation) -> decltype(operation()) {
    for (unsigned attempt = 1;; ++attempt) {
        auto result = operation();
        if (result) return result;
        if (auto error = wait_or_give_up(result.error(), attempt)) return std::move(*error);
    }
}

Result<ObjectInfo> RetryStore::our_own(const PutRequest& request, std::uint64_t size, Error error) {
    auto there = head(request.key, {});
    if (!there) return there.error().code == Errc::not_found ? std::move(error) : std::move(there).error();
    const auto recorded = there->metadata.find(k_meta_sha256);
    const bool ours = there->sha256 ? *there->sha256 == request.sha256
                                    : recorded != there->metadata.end() && recorded->second == to_hex(request.sha256);
    if (ours && there->size == size) return there;
    return error;
}

Result<ObjectInfo> RetryStore::put(const PutRequest& request, UploadSource& source) {
    for (unsigned attempt = 1;; ++attempt) {
        auto result = m_store->put(request, source);
        if (result) return result;
        if (attempt > 1 && result.error().code == Errc::already_exists) {
            return our_own(request, source.size(), std::move(result).error());
        }
        if (auto error = wait_or_give_up(result.error(), attempt)) return std::move(*error);
    }
}

Result<ObjectInfo> RetryStore::complete_multipart(const PutRequest& request, const std::string& upload_id,
                                                  const std::vector<Part>& parts) {
    std::uint64_t size = 0;
    for (const Part& part : parts) size += part.size;
    for (unsigned attempt = 1;; ++attempt) {
        auto result = m_store->complete_multipart(request, upload_id, parts);
        if (result) return result;
        const Errc code = result.error().code;
        // An upload that is gone may be one that was completed: by an earlier try, or by a network that sends twice.
        if (code == Errc::not_found || (attempt > 1 && code == Errc::already_exists)) {
            return our_own(request, size, std::move(result).error());
        }
        if (auto error = wait_or_give_up(result.error(), attempt)) return std::move(*error);
    }
}

Result<ObjectInfo> RetryStore::get(const std::string& key, const std::string& version_id, std::uint64_t offset,
                                   std::uint64_t length, const std::string& if_match, const Sink& sink,
                                   const Opened& opened) {
    std::string version = if_match;
    std::uint64_t delivered = 0;
    bool told = false, refused = false;
    const Sink counted = [&](std::string_view bytes) {
        Status taken = sink(bytes);
        refused = !taken;
        if (taken) delivered += bytes.size();
        return taken;
    };
    const Opened first_opened = [&](const ObjectInfo& info) {
        if (version.empty()) version = info.etag;
        if (opened && !std::exchange(told, true)) opened(info);
    };
    for (unsigned attempt = 1;; ++attempt) {
        if (length != 0 && delivered == length) return m_store->head(key, version_id);  // cut after the last byte
        auto result = m_store->get(key, version_id, offset + delivered, length == 0 ? 0 : length - delivered, version,
                                   counted, first_opened);
        if (result || refused) return result;
        if (auto error = wait_or_give_up(result.error(), attempt)) return std::move(*error);
    }
}

// A page that failed cannot be asked for again from here: the list starts over and what was told is passed by.
Status RetryStore::list(const std::string& prefix, const std::function<Status(const ObjectInfo&)>& each) {
    std::uint64_t told = 0;
    std::string last_told;
    bool refused = false;
    for (unsigned attempt = 1;; ++attempt) {
        std::uint64_t at = 0;
        std::string last_passed;
        const Status listed = m_store->list(prefix, [&](const ObjectInfo& info) -> Status {
            if (at++ < told) {
                last_passed = info.key;
                if (at == told && last_passed != last_told) {
                    refused = true;
                    return Error(Errc::conflict, "the objects of " + describe() + " changed while they were listed");
                }
                return {};
            }
            ++told;
            last_told = info.key;
            Status taken = each(info);
            refused = refused || !taken;
            return taken;
        });
        if (listed || refused) return listed;
        if (auto error = wait_or_give_up(listed.error(), attempt)) return std::move(*error);
    }
}

}  // namespace

milliseconds backoff(const RetryPolicy& policy, unsigned next, milliseconds wish, double random) {
    const unsigned doublings = std::min(next < 2 ? 0u : next - 2, 20u);
    const milliseconds ceiling = std::min(policy.longest, milliseconds(policy.first.count() << doublings));
    return std::max(wish, milliseconds(static_cast<std::int64_t>(random * static_cast<double>(ceiling.count()))));
}

std::unique_ptr<ObjectStore> make_retry_store(std::unique_ptr<ObjectStore> store, RetryPolicy policy,
                                              const CancelFlag& cancel, RetryTools tools) {
    return std::make_unique<RetryStore>(std::move(store), policy, cancel, std::move(tools));
}

}  // namespace neurolake::store
