// result.cpp: names of the error codes.
// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

namespace neurolake {

std::string_view to_string(Errc code) {
    switch (code) {
        case Errc::usage:
            return "usage";
        case Errc::config:
            return "config";
        case Errc::not_found:
            return "not_found";
        case Errc::already_exists:
            return "already_exists";
        case Errc::conflict:
            return "conflict";
        case Errc::locked:
            return "locked";
        case Errc::corrupt:
            return "corrupt";
        case Errc::denied:
            return "denied";
        case Errc::unavailable:
            return "unavailable";
        case Errc::unsupported:
            return "unsupported";
        case Errc::full:
            return "full";
        case Errc::io:
            return "io";
        case Errc::cancelled:
            return "cancelled";
        case Errc::no_lake:
            return "no_lake";
        case Errc::cloud:
            return "cloud";
        case Errc::over_mark:
            return "over_mark";
        case Errc::mismatch:
            return "mismatch";
        case Errc::guard:
            return "guard";
    }
    return "io";
}

Error Error::with_context(std::string_view context) && {
    message.insert(0, ": ").insert(0, context);
    return std::move(*this);
}

}  // namespace neurolake
