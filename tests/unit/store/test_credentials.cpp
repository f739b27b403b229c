// test_credentials.cpp: keys from the usual places, in their order, and never from a file others can read.
// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <map>

#include "store/credentials.hpp"
#include "support/scratch.hpp"

using namespace neurolake;
using namespace neurolake::store;

namespace {

struct Places {
    tests::Scratch scratch;
    std::map<std::string, std::string> environment;
    CredentialSources sources;
    Places() {
        environment["HOME"] = scratch.path().string();
        sources.environment = [this](const std::string& name) -> std::optional<std::string> {
            const auto found = environment.find(name);
            return found == environment.end() ? std::nullopt : std::optional<std::string>(found->second);
        };
    }
    void named_file(const std::string& text, mode_t mode) {
        sources.credentials_file = scratch.write("my-keys", text).string();
        REQUIRE(::chmod(sources.credentials_file.c_str(), mode) == 0);
    }
    std::string id() {
        const auto found = find_credentials(sources);
        if (!found) FAIL(found.error().message);
        return *found ? (*found)->keys.access_key_id : "none";
    }
};

}  // namespace

TEST_CASE("credentials come from the environment, then the profile, then the named file, then settings", "[store]") {
    Places p;
    CHECK(p.id() == "none");
    p.sources.access_key_id = "SETTINGS";
    p.sources.secret_access_key = "s";
    CHECK(p.id() == "SETTINGS");
    p.named_file("aws_access_key_id = NAMED\naws_secret_access_key = n\n", 0600);
    CHECK(p.id() == "NAMED");
    p.scratch.write(".aws/config",
                    "[default]\nregion = eu-west-3\naws_access_key_id=CONFIG\naws_secret_access_key=c\n");
    CHECK(p.id() == "CONFIG");
    CHECK(find_region(p.sources) == "eu-west-3");
    p.scratch.write(".aws/credentials",
                    "# comment\n[default]\naws_access_key_id = SHARED \naws_secret_access_key=s/+=\n\n"
                    "[work]\naws_access_key_id=WORK\naws_secret_access_key=w\naws_session_token=t\n");
    CHECK(p.id() == "SHARED");
    p.sources.profile = "work";
    CHECK(p.id() == "WORK");
    CHECK((*find_credentials(p.sources))->keys.session_token == "t");
    p.environment["AWS_PROFILE"] = "default";
    CHECK(p.id() == "SHARED");
    p.environment["AWS_ACCESS_KEY_ID"] = "ENVIRONMENT";
    p.environment["AWS_SECRET_ACCESS_KEY"] = "e";
    CHECK(p.id() == "ENVIRONMENT");
    p.environment["AWS_REGION"] = "us-west-2";
    CHECK(find_region(p.sources) == "us-west-2");
}

TEST_CASE("other files than those in HOME can be named by the environment", "[store]") {
    Places p;
    p.environment["AWS_SHARED_CREDENTIALS_FILE"] =
        p.scratch.write("elsewhere", "[default]\naws_access_key_id=ELSE\naws_secret_access_key=e\n").string();
    CHECK(p.id() == "ELSE");
    p.environment.erase("HOME");
    CHECK(p.id() == "ELSE");
}

TEST_CASE("a credentials file that others can read is refused", "[store]") {
    for (const mode_t mode : {0640u, 0604u, 0660u, 0644u, 0610u}) {
        Places p;
        p.named_file("[default]\naws_access_key_id=K\naws_secret_access_key=SECRETVALUE\n", mode);
        const auto found = find_credentials(p.sources);
        REQUIRE_FALSE(found);
        CHECK(found.error().code == Errc::denied);
        CHECK_THAT(found.error().hint, Catch::Contains("chmod 600"));
        CHECK_THAT(found.error().message, !Catch::Contains("SECRETVALUE"));
    }
}

TEST_CASE("mistakes in credentials are told by place, never by value", "[store]") {
    Places p;
    SECTION("a profile that does not exist") {
        p.sources.profile = "typo";
        CHECK_THAT(find_credentials(p.sources).error().message, Catch::Contains("'typo'"));
    }
    SECTION("an id without its secret") {
        p.environment["AWS_ACCESS_KEY_ID"] = "AKIAEXAMPLE";
        CHECK_THAT(find_credentials(p.sources).error().message, Catch::Contains("secret key"));
    }
    SECTION("a line that is none") {
        p.scratch.write(".aws/credentials", "[default]\nSECRETVALUE\n");
        const Error error = find_credentials(p.sources).error();
        CHECK_THAT(error.message, Catch::Contains("credentials:2:"));
        CHECK_THAT(error.message, !Catch::Contains("SECRETVALUE"));
    }
    SECTION("a section that is not closed") {
        p.scratch.write(".aws/credentials", "[default\naws_access_key_id=K\n");
        CHECK(find_credentials(p.sources).error().code == Errc::config);
    }
    SECTION("a named file without keys") {
        p.named_file("[default]\nregion=x\n", 0600);
        CHECK(find_credentials(p.sources).error().code == Errc::config);
    }
    SECTION("a named file that is not there") {
        p.sources.credentials_file = (p.scratch / "none").string();
        CHECK(find_credentials(p.sources).error().code == Errc::not_found);
    }
}

TEST_CASE("an access key is shown in part", "[store]") {
    CHECK(shown("AKIAIOSFODNN7EXAMPLE") == "AKIA...MPLE");
    CHECK(shown("short") == "****");
}
