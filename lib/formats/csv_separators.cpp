// csv_separators.cpp: byte comparisons by AVX2, SSE2 or plain words, one bit a byte; quote rules as bit arithmetic.
// SPDX-License-Identifier: Apache-2.0
#include "formats/csv_separators.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#define NEUROLAKE_X86 1
#define NEUROLAKE_AVX2 __attribute__((target("avx2,bmi")))
#endif

namespace neurolake::formats {
namespace {

// One bit a byte of 64, for each of the three characters.
struct Masks {
    std::uint64_t delimiter, newline, quote;
};

struct PortableBlock {
    static std::uint64_t equal(const char* p, char c) {
        std::uint64_t mask = 0;
        for (unsigned i = 0; i < 64; ++i) mask |= std::uint64_t{p[i] == c} << i;
        return mask;
    }
    static Masks masks(const char* p, const SeparatorSet& set) {
        return {equal(p, set.delimiter), equal(p, set.newline), equal(p, set.quote)};
    }
};

#ifdef NEUROLAKE_X86
struct Sse2Block {
    static std::uint64_t equal(const char* p, char c) {
        const __m128i wanted = _mm_set1_epi8(c);
        std::uint64_t mask = 0;
        for (int i = 0; i < 4; ++i) {
            const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * i));
            const auto bits = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted)));
            mask |= std::uint64_t{bits} << (16 * i);
        }
        return mask;
    }
    static Masks masks(const char* p, const SeparatorSet& set) {
        return {equal(p, set.delimiter), equal(p, set.newline), equal(p, set.quote)};
    }
};

struct Avx2Block {
    NEUROLAKE_AVX2 static std::uint64_t equal(__m256i low, __m256i high, char c) {
        const __m256i wanted = _mm256_set1_epi8(c);
        const auto a = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted)));
        const auto b = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)));
        return a | (std::uint64_t{b} << 32);
    }
    NEUROLAKE_AVX2 static Masks masks(const char* p, const SeparatorSet& set) {
        const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
        const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 32));
        return {equal(low, high, set.delimiter), equal(low, high, set.newline), equal(low, high, set.quote)};
    }
};
#endif

inline std::uint64_t prefix_xor(std::uint64_t bits) {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    return bits ^ (bits << 32);
}

// What one block must know of the one before.
struct Carry {
    std::uint64_t inside = 0;       // all ones: inside quotes
    std::uint64_t before_open = 1;  // bit 0: the byte before allows a quote to open here
    std::uint64_t after_close = 0;  // bit 0: the byte before closed a quote
};

// Separators of the block outside quotes; false when a quote stands at an odd place.
inline bool outside_quotes(const char* p, const Masks& masks, const SeparatorSet& set, std::uint64_t valid,
                           Carry& carry, std::uint64_t& separators) {
    const std::uint64_t quotes = masks.quote & valid;
    const std::uint64_t ends = (masks.delimiter | masks.newline) & valid;
    if (quotes == 0 && carry.inside == 0 && carry.after_close == 0) {
        separators = ends;
        carry.before_open = ends >> 63;
        return true;
    }
    const std::uint64_t inside =
        prefix_xor(quotes) ^ carry.inside;  // opening quotes count as inside, closing ones do not
    const std::uint64_t opening = quotes & inside, closing = quotes & ~inside;
    separators = ends & ~inside;
    const std::uint64_t allows = separators | closing;
    const std::uint64_t may_open = (allows << 1) | carry.before_open;
    const std::uint64_t closed_before = (closing << 1) | carry.after_close;
    std::uint64_t odd = (opening & ~may_open) | (closed_before & valid & ~(ends | quotes));
    if (odd != 0 && set.newline == '\n') odd &= ~PortableBlock::equal(p, '\r') | (opening & ~may_open);
    if (odd != 0) return false;
    carry.inside = static_cast<std::uint64_t>(static_cast<std::int64_t>(inside) >> 63);
    carry.before_open = allows >> 63;
    carry.after_close = closing >> 63;
    return true;
}

// The same loop for each width. The target attribute must stand on the function that inlines the block's intrinsics, so
// the loop is a macro-free template called from one thin function a width.
template <typename Block>
inline __attribute__((always_inline)) SeparatorSpan scan(const char* begin, std::size_t size, const SeparatorSet& set,
                                                         std::uint32_t* out, std::size_t capacity) {
    SeparatorSpan span;
    Carry carry;
    while (span.scanned < size && span.found + 64 <= capacity) {
        const std::size_t left = size - span.scanned;
        const std::uint64_t valid = left >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << left) - 1;
        const char* p = begin + span.scanned;
        std::uint64_t separators;
        if (!outside_quotes(p, Block::masks(p, set), set, valid, carry, separators)) {
            span.irregular = true;
            return span;
        }
        // Eight at a time, whatever there are: a branch for each would often be foretold wrongly.
        const std::uint32_t* const end = out + span.found + static_cast<std::size_t>(std::popcount(separators));
        const auto at = static_cast<std::uint32_t>(span.scanned);
        const auto take_next = [&] {
            constexpr std::uint64_t k_some_bit = std::uint64_t{1} << 63;  // without it the compiler would ask for none
            const auto place = static_cast<std::uint32_t>(std::countr_zero(separators | k_some_bit));
            separators &= separators - 1;
            return at + place;
        };
        for (std::uint32_t* next = out + span.found; next < end; next += 8) {
            next[0] = take_next();
            next[1] = take_next();
            next[2] = take_next();
            next[3] = take_next();
            next[4] = take_next();
            next[5] = take_next();
            next[6] = take_next();
            next[7] = take_next();
        }
        span.found = static_cast<std::size_t>(end - out);
        span.scanned += std::min<std::size_t>(left, 64);
    }
    span.open_quote = carry.inside != 0;
    return span;
}

using Scan = SeparatorSpan (*)(const char*, std::size_t, const SeparatorSet&, std::uint32_t*, std::size_t);

SeparatorSpan scan_portable(const char* begin, std::size_t size, const SeparatorSet& set, std::uint32_t* out,
                            std::size_t capacity) {
    return scan<PortableBlock>(begin, size, set, out, capacity);
}

#ifdef NEUROLAKE_X86
SeparatorSpan scan_sse2(const char* begin, std::size_t size, const SeparatorSet& set, std::uint32_t* out,
                        std::size_t capacity) {
    return scan<Sse2Block>(begin, size, set, out, capacity);
}
NEUROLAKE_AVX2 SeparatorSpan scan_avx2(const char* begin, std::size_t size, const SeparatorSet& set, std::uint32_t* out,
                                       std::size_t capacity) {
    return scan<Avx2Block>(begin, size, set, out, capacity);
}
#endif

Scan scan_by(std::string_view path) {
#ifdef NEUROLAKE_X86
    if (path == "avx2") return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") ? scan_avx2 : nullptr;
    if (path == "sse2") return scan_sse2;
#endif
    return path == "portable" ? scan_portable : nullptr;
}

Scan widest() {
    for (const std::string_view path : {"avx2", "sse2"})
        if (const Scan found = scan_by(path)) return found;
    return scan_portable;
}

}  // namespace

SeparatorSpan find_separators(const char* begin, std::size_t size, const SeparatorSet& set, std::uint32_t* out,
                              std::size_t capacity) {
    static const Scan k_scan = widest();
    return k_scan(begin, size, set, out, capacity);
}

bool find_separators_by(std::string_view path, const char* begin, std::size_t size, const SeparatorSet& set,
                        std::uint32_t* out, std::size_t capacity, SeparatorSpan& result) {
    const Scan found = scan_by(path);
    if (found == nullptr) return false;
    result = found(begin, size, set, out, capacity);
    return true;
}

}  // namespace neurolake::formats
