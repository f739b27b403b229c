// findings.hpp: short ways to say what a person should know about a file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "base/result.hpp"
#include "formats/profile.hpp"

namespace neurolake::formats {

inline model::Finding note(std::string code, std::string message, std::uint64_t line = 0) {
    return {model::Finding::Severity::note, std::move(code), {}, line, std::move(message)};
}
inline model::Finding warning(std::string code, std::string message, std::uint64_t line = 0) {
    return {model::Finding::Severity::warning, std::move(code), {}, line, std::move(message)};
}
inline model::Finding error(std::string code, std::string message, std::uint64_t line = 0) {
    return {model::Finding::Severity::error, std::move(code), {}, line, std::move(message)};
}

// Failures of the file's own bytes, which a profile tells, unlike those of the device.
inline bool is_damage(const Error& e) {
    return e.code == Errc::corrupt || e.code == Errc::guard || e.code == Errc::unsupported;
}
inline void note_damage(Profile& profile, const Error& e) {
    profile.rows_exact = false;
    const char* code = e.code == Errc::guard ? "too_large" : e.code == Errc::unsupported ? "unsupported" : "damaged";
    profile.findings.push_back(error(code, e.message));
}

// A file of a format, of which no more is known.
inline Profile unread_profile(std::string_view format, model::Finding why) {
    Profile profile;
    profile.format = format;
    profile.rows_exact = false;
    profile.findings.push_back(std::move(why));
    return profile;
}

// A file no format takes.
inline Profile unknown_profile(std::string_view compression, model::Finding why) {
    Profile profile = unread_profile("unknown", std::move(why));
    profile.compression = compression;
    return profile;
}

}  // namespace neurolake::formats
