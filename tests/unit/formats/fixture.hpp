// fixture.hpp: a file with given bytes and a given name, profiled; gone afterwards.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "formats/formats.hpp"

namespace neurolake::formats::test {

// An open file without a name on disk.
class ScratchFile {
public:
    explicit ScratchFile(std::string_view bytes) {
        char name[] = "/tmp/neurolake-formats-XXXXXX";
        m_fd = Fd(::mkstemp(name));
        REQUIRE(m_fd.get() >= 0);
        ::unlink(name);
        REQUIRE(write_all(m_fd.get(), bytes).has_value());
    }
    int fd() const { return m_fd.get(); }

private:
    Fd m_fd;
};

inline Profile profile_of(std::string_view bytes, std::string_view name, const Options& options = {}) {
    const ScratchFile file(bytes);
    const CancelFlag cancel;
    auto result = profile(file.fd(), name, options, cancel);
    if (!result) FAIL(result.error().message);
    return std::move(result).value();
}

inline Rows rows_of(std::string_view bytes, std::string_view name, std::size_t count = 10) {
    const ScratchFile file(bytes);
    auto result = head(file.fd(), name, count);
    if (!result) FAIL(result.error().message);
    return std::move(result).value();
}

inline const model::Finding* find_code(const Profile& profile, std::string_view code) {
    for (const model::Finding& finding : profile.findings)
        if (finding.code == code) return &finding;
    return nullptr;
}

inline std::string type_of(const Profile& profile, std::string_view column) {
    for (const model::Column& c : profile.columns)
        if (c.name == column) return model::to_string(c.type);
    return "no such column";
}

inline const model::Evidence& evidence_of(const Profile& profile, std::string_view column) {
    for (const model::Column& c : profile.columns)
        if (c.name == column) return c.evidence;
    FAIL("no column " << column);
    throw 0;
}

// A file of tests/support/samples.
inline std::string sample_of(const std::string& format, const std::string& name) {
    const char* tests = std::getenv("NEUROLAKE_TESTS_DIR");
    auto bytes = read_file(std::filesystem::path(tests ? tests : "tests") / "support" / "samples" / format / name);
    REQUIRE(bytes.has_value());
    return std::move(bytes).value();
}

}  // namespace neurolake::formats::test
