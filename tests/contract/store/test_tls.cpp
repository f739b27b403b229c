// test_tls.cpp: certificates are always verified, with the system's authorities or the one named in settings.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <cstdio>
#include <cstdlib>

#include "contract/store/stores.hpp"
#include "support/scratch.hpp"

using namespace neurolake;
using namespace neurolake::store;
using namespace neurolake::contract;

namespace {

bool shell(const std::string& command) { return std::system(("(" + command + ") >/dev/null 2>&1").c_str()) == 0; }

// A certificate of our own for `name`, with its key in one file; "" without the openssl program.
std::string certificate(const tests::Scratch& scratch, const std::string& name) {
    const std::string file = (scratch / "server.pem").string();
    const std::string made = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=" + name +
                             " -addext subjectAltName=" + name + " -keyout " + file + ".key -out " + file + ".crt";
    if (!shell(made) || !shell("cat " + file + ".crt " + file + ".key > " + file)) return "";
    return file;
}

Error failure_of(Bench& bench, const S3Options& options) {
    auto made = make_s3_store(options, bench.clock, bench.cancel);
    REQUIRE(made);
    const auto head = (*made)->head("k");
    REQUIRE_FALSE(head);
    return head.error();
}

}  // namespace

TEST_CASE("a certificate nobody vouches for is refused, the one named in settings is taken", "[contract]") {
    const tests::Scratch scratch;
    const bool right_name = GENERATE(true, false);
    const std::string file = certificate(scratch, right_name ? "IP:127.0.0.1" : "DNS:other.example");
    if (file.empty()) {
        std::printf("skipped: the openssl program is not installed\n");
        return;
    }
    ServerProcess server("mini_s3.py", {"--end-with-stdin", "--certificate=" + file});
    REQUIRE(server.listens());
    Bench bench("directory");
    S3Options options = s3_options("https://127.0.0.1:" + std::to_string(server.said().natural("port")), mini_keys());
    const Error unknown = failure_of(bench, options);
    CHECK(unknown.code == Errc::cloud);
    CHECK_THAT(unknown.hint, Catch::Contains("hybrid_storage.ca_file"));
    options.ca_file = file + ".crt";
    CHECK(failure_of(bench, options).code == (right_name ? Errc::not_found : Errc::cloud));
    options.ca_file = (scratch / "none.crt").string();
    CHECK(failure_of(bench, options).code == Errc::cloud);
}
