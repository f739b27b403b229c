// stores.hpp: the object stores the contract suite runs on, each with a fresh place for one test.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "store/retry_store.hpp"
#include "store/s3_store.hpp"
#include "support/server_process.hpp"

namespace neurolake::contract {

// Servers of one test program, started when first asked for and ended with it.
ServerProcess& mini_s3();
ServerProcess& swift();        // listens() is false where Swift is not installed
ServerProcess& fault_proxy();  // before mini_s3()

void configure_mini(const json::Value& options);  // after a reset
json::Value mini_dump();
void set_faults(const json::Value& rules);
std::uint64_t faults_fired();  // since set_faults()

struct Keys {
    std::string access_key, secret_key, session_token;
};
Keys mini_keys();
Keys swift_keys();

// Options of an S3 store that sees `keys` as its environment and nothing of the machine's.
store::S3Options s3_options(const std::string& endpoint, const Keys& keys);

// A store and what belongs to it for the length of one test.
struct Bench {
    std::string name;
    SystemClock clock;
    CancelFlag cancel;
    std::filesystem::path scratch;
    std::vector<std::chrono::milliseconds> waits;  // what the retries would have slept
    std::unique_ptr<store::ObjectStore> store;
    std::string prefix;  // below which the test's keys lie
    explicit Bench(std::string store_name);
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;
    ~Bench();

    bool available() const { return store != nullptr; }
    bool is_s3() const { return name != "directory"; }
    std::unique_ptr<store::ObjectStore> wrap(std::unique_ptr<store::ObjectStore> inner);

    Result<store::ObjectInfo> put(const std::string& key, const std::string& bytes, store::Metadata metadata = {},
                                  bool must_not_exist = true);
    Result<std::string> get(const std::string& key, std::uint64_t offset = 0, std::uint64_t length = 0,
                            const std::string& if_match = {});
    // As get(), and fails the test with the error's words.
    std::string read(const std::string& key, std::uint64_t offset = 0, std::uint64_t length = 0,
                     const std::string& if_match = {});
    std::vector<std::string> keys(const std::string& below);  // of list(), sorted
    Result<store::ObjectInfo> put_in_parts(const std::string& key, const std::vector<std::string>& parts);
};

// "directory", "mini", "mini, host style", "mini, versions", "gateway" (no checksums, no conditions), "swift".
extern const std::vector<std::string> k_stores;

std::string noise(std::size_t size, unsigned seed = 1);  // bytes that repeat from run to run

}  // namespace neurolake::contract
