// sanitized.hpp: whether a sanitizer is built in: its own book-keeping makes memory figures meaningless.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace neurolake::tests {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool k_sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool k_sanitized = true;
#else
inline constexpr bool k_sanitized = false;
#endif
#else
inline constexpr bool k_sanitized = false;
#endif

}  // namespace neurolake::tests
