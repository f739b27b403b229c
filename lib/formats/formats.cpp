// formats.cpp: which format a file is, by its name and by its first bytes, and the way to that format.
// SPDX-License-Identifier: Apache-2.0
#include "formats/formats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "formats/csv.hpp"
#include "formats/findings.hpp"

namespace neurolake::formats {
namespace {

constexpr std::size_t k_sniff_bytes = 64u << 10;

// The inflated beginning of the file.
Result<std::string> sniff(const Input& input) {
    InputSource source(input);
    std::string beginning(
        static_cast<std::size_t>(input.compression == Compression::none ? std::min<std::uint64_t>(input.size, 512)
                                                                        : k_sniff_bytes),
        '\0');
    TRY(const std::size_t got, read_full(source, beginning));
    beginning.resize(got);
    return beginning;
}

struct Detected {
    std::string format;  // "" = unknown
    std::optional<model::Finding> why;
};

Detected detect(const Input& input, std::string_view beginning) {
    if (beginning.empty()) return {"empty", {}};
    if (input.format_hint == "csv" || input.format_hint == "tsv") return {input.format_hint, {}};
    return {"", note("unknown_format", "no format that is known by its name or its first bytes")};
}

}  // namespace

Result<Profile> profile(int fd, std::string_view file_name, const Options& options, const CancelFlag& cancel) {
    TRY(const Identity identity, identity_of(fd));
    Input input{fd,      identity.size, std::string(file_name), format_of_name(file_name), Compression::none,
                options, cancel};
    std::array<char, 8> magic{};
    TRY(const std::size_t got, read_some(fd, std::as_writable_bytes(std::span(magic)), 0));
    input.compression = compression_of(std::string_view(magic.data(), got));
    auto beginning = sniff(input);
    if (!beginning) {
        if (!is_damage(beginning.error())) return beginning.error();
        return unknown_profile(to_string(input.compression), error("damaged", beginning.error().message));
    }
    Detected detected = detect(input, *beginning);
    if (detected.format == "csv" || detected.format == "tsv") return profile_csv(input);
    Profile out = unknown_profile(to_string(input.compression), note("", ""));
    out.findings.clear();
    if (detected.why) out.findings.push_back(*detected.why);
    if (!detected.format.empty()) {
        out.format = detected.format;
        out.rows_exact = true;
    }
    return out;
}

Result<Rows> head(int fd, std::string_view file_name, std::size_t count) {
    TRY(const Identity identity, identity_of(fd));
    const CancelFlag never;
    Input input{fd, identity.size, std::string(file_name), format_of_name(file_name), Compression::none, {}, never};
    std::array<char, 8> magic{};
    TRY(const std::size_t got, read_some(fd, std::as_writable_bytes(std::span(magic)), 0));
    input.compression = compression_of(std::string_view(magic.data(), got));
    return head_csv(input, count);
}

}  // namespace neurolake::formats
