// test_retry_store.cpp: when it tries again, how long it waits, and what it never does.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "store/directory_store.hpp"
#include "store/probe.hpp"
#include "store/retry_store.hpp"
#include "support/scratch.hpp"

using namespace neurolake;
using namespace neurolake::store;
using std::chrono::milliseconds;

namespace {

// A real directory store whose operations fail as told first.
class Failing final : public ObjectStore {
public:
    enum class When { before, after };  // the work was not done, or was done and the answer lost
    Failing(const std::filesystem::path& folder, const CancelFlag& cancel)
        : m_store(make_directory_store({folder, "lake", {}}, cancel)) {}

    void fail(Error error, int times, When when = When::before) {
        m_error = std::move(error);
        m_times = times;
        m_when = when;
    }
    void cut_after(std::uint64_t bytes) { m_cut = bytes; }
    int calls = 0;
    std::vector<std::string> if_matches;

    std::string describe() const override { return m_store->describe(); }
    Capabilities capabilities() const override { return m_store->capabilities(); }
    Result<ObjectInfo> put(const PutRequest& request, UploadSource& source) override {
        return with([&] { return m_store->put(request, source); });
    }
    Result<std::string> create_multipart(const PutRequest& r) override { return m_store->create_multipart(r); }
    Result<Part> put_part(const std::string& k, const std::string& u, unsigned n, UploadSource& s, std::uint64_t o,
                          std::uint64_t l, const Sha256Digest& d) override {
        return m_store->put_part(k, u, n, s, o, l, d);
    }
    Result<ObjectInfo> complete_multipart(const PutRequest& r, const std::string& u,
                                          const std::vector<Part>& p) override {
        return m_store->complete_multipart(r, u, p);
    }
    Status abort_multipart(const std::string& k, const std::string& u) override {
        return m_store->abort_multipart(k, u);
    }
    Result<std::vector<Part>> list_parts(const std::string& k, const std::string& u) override {
        return m_store->list_parts(k, u);
    }
    Result<std::vector<Upload>> list_uploads(const std::string& p) override { return m_store->list_uploads(p); }
    Result<ObjectInfo> head(const std::string& key, const std::string& version) override {
        return m_store->head(key, version);
    }
    Result<ObjectInfo> get(const std::string& key, const std::string& version, std::uint64_t offset,
                           std::uint64_t length, const std::string& if_match, const Sink& sink,
                           const Opened& opened) override {
        ++calls;
        if_matches.push_back(if_match);
        if (m_cut == 0) return m_store->get(key, version, offset, length, if_match, sink, opened);
        const std::uint64_t cut = std::exchange(m_cut, 0);
        TRY_DO(m_store->get(key, version, offset, cut, if_match, sink, opened));
        return Error(Errc::unavailable, "cut");
    }
    Status list(const std::string& prefix, const std::function<Status(const ObjectInfo&)>& each) override {
        return m_store->list(prefix, each);
    }
    Status remove(const std::string& key, const std::string& version) override { return m_store->remove(key, version); }
    Status check() override { return m_store->check(); }

private:
    template <typename Work>
    auto with(const Work& work) -> decltype(work()) {
        ++calls;
        if (m_times == 0) return work();
        --m_times;
        if (m_when == When::after) (void)work();
        return m_error;
    }

    std::unique_ptr<ObjectStore> m_store;
    Error m_error{Errc::unavailable, "no"};
    int m_times = 0;
    When m_when = When::before;
    std::uint64_t m_cut = 0;
};

struct Setup {
    tests::Scratch scratch;
    CancelFlag cancel;
    std::vector<milliseconds> waits;
    Failing* inner = nullptr;
    std::unique_ptr<ObjectStore> store;
    Setup() {
        auto failing = std::make_unique<Failing>(scratch / "target", cancel);
        inner = failing.get();
        RetryTools tools;
        tools.sleep = [this](milliseconds wait) -> Status {
            waits.push_back(wait);
            if (cancel.cancelled()) return Error(Errc::cancelled, "stopped");
            return {};
        };
        tools.random = [] { return 0.5; };
        store = make_retry_store(std::move(failing), {}, cancel, std::move(tools));
    }
    Result<ObjectInfo> put(const std::string& bytes) {
        TextSource source(bytes);
        PutRequest request;
        request.key = "k";
        request.sha256 = *sha256(bytes);
        return store->put(request, source);
    }
};

}  // namespace

TEST_CASE("waits double up to a ceiling, with full jitter, and honour the server's wish", "[store]") {
    const RetryPolicy policy;
    CHECK(backoff(policy, 2, milliseconds(0), 0.999) < milliseconds(200));
    CHECK(backoff(policy, 2, milliseconds(0), 0.5) == milliseconds(100));
    CHECK(backoff(policy, 3, milliseconds(0), 0.5) == milliseconds(200));
    CHECK(backoff(policy, 5, milliseconds(0), 0.5) == milliseconds(800));
    CHECK(backoff(policy, 40, milliseconds(0), 0.5) == milliseconds(10'000));
    CHECK(backoff(policy, 5, milliseconds(0), 0.0) == milliseconds(0));
    CHECK(backoff(policy, 2, milliseconds(7000), 0.5) == milliseconds(7000));
}

TEST_CASE("what is unavailable is tried five times, with waits in between", "[store]") {
    Setup s;
    s.inner->fail(Error(Errc::unavailable, "503"), 1000);
    const auto put = s.put("1");
    REQUIRE_FALSE(put);
    CHECK(put.error().code == Errc::unavailable);
    CHECK_THAT(put.error().message, Catch::Contains("tried 5 times"));
    CHECK(s.inner->calls == 5);
    CHECK(s.waits ==
          std::vector<milliseconds>{milliseconds(100), milliseconds(200), milliseconds(400), milliseconds(800)});
}

TEST_CASE("what will not work later is not tried again", "[store]") {
    for (const Errc code : {Errc::denied, Errc::not_found, Errc::conflict, Errc::full, Errc::cloud, Errc::usage,
                            Errc::unsupported, Errc::cancelled, Errc::io, Errc::already_exists}) {
        Setup s;
        s.inner->fail(Error(code, "no"), 1000);
        CHECK(s.put("1").error().code == code);
        CHECK(s.inner->calls == 1);
        CHECK(s.waits.empty());
    }
}

TEST_CASE("bytes damaged on their way are sent once more", "[store]") {
    Setup s;
    s.inner->fail(Error(Errc::corrupt, "BadDigest"), 1);
    CHECK(s.put("1"));
    Setup t;
    t.inner->fail(Error(Errc::corrupt, "BadDigest"), 1000);
    CHECK(t.put("1").error().code == Errc::corrupt);
    CHECK(t.inner->calls == 2);
}

TEST_CASE("a put whose answer was lost is success when the object there is ours", "[store]") {
    Setup s;
    s.inner->fail(Error(Errc::unavailable, "lost"), 1, Failing::When::after);
    const auto put = s.put("ours");
    REQUIRE(put);
    CHECK(put->sha256 == *sha256("ours"));
}

TEST_CASE("a put that meets another's object after a failure is told so", "[store]") {
    Setup s;
    REQUIRE(s.put("theirs"));
    s.inner->fail(Error(Errc::unavailable, "503"), 1);
    CHECK(s.put("ours!!").error().code == Errc::already_exists);
    s.inner->fail(Error(Errc::unavailable, "503"), 0);
    CHECK(s.put("theirs").error().code == Errc::already_exists);  // no failure before: it was there
}

TEST_CASE("a cut read goes on of the same version, each byte once", "[store]") {
    Setup s;
    const std::string bytes(100'000, 'x');
    const auto put = s.put(bytes);
    REQUIRE(put);
    s.inner->cut_after(40'000);
    std::string got;
    int opened = 0;
    const auto read = s.store->get(
        "k", "", 0, 0, "",
        [&](std::string_view part) {
            got += part;
            return Status();
        },
        [&](const ObjectInfo&) { ++opened; });
    REQUIRE(read);
    CHECK((got == bytes));
    CHECK(opened == 1);
    CHECK(s.inner->if_matches == std::vector<std::string>{"", put->etag});
}

TEST_CASE("a read cut after its last byte is whole", "[store]") {
    Setup s;
    REQUIRE(s.put("0123456789"));
    s.inner->cut_after(5);
    std::string got;
    REQUIRE(s.store->get("k", "", 2, 5, "", [&](std::string_view part) {
        got += part;
        return Status();
    }));
    CHECK(got == "23456");
}

TEST_CASE("a cancel ends the waiting", "[store]") {
    Setup s;
    s.inner->fail(Error(Errc::unavailable, "503"), 1000);
    s.cancel.cancel();
    CHECK(s.put("1").error().code == Errc::cancelled);
    CHECK(s.waits.size() <= 1);
}
