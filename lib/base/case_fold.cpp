// case_fold.cpp: the ranges in which large and small letters lie.
// SPDX-License-Identifier: Apache-2.0
#include "base/case_fold.hpp"

namespace neurolake::text {
namespace {

struct Range {
    unsigned first, last;
    unsigned
        step;  // to the small letter; k_pairs: each even letter is the large one of the next; k_odd_pairs: each odd
};
constexpr unsigned k_pairs = 0, k_odd_pairs = ~0u;

constexpr Range k_ranges[] = {
    {0xC0, 0xD6, 0x20},          {0xD8, 0xDE, 0x20},          {0x100, 0x12F, k_pairs},     {0x132, 0x137, k_pairs},
    {0x139, 0x148, k_odd_pairs}, {0x14A, 0x177, k_pairs},     {0x179, 0x17E, k_odd_pairs}, {0x1DE, 0x1EF, k_pairs},
    {0x1F8, 0x21F, k_pairs},     {0x222, 0x233, k_pairs},     {0x386, 0x386, 0x26},        {0x388, 0x38A, 0x25},
    {0x38C, 0x38C, 0x40},        {0x38E, 0x38F, 0x3F},        {0x391, 0x3A1, 0x20},        {0x3A3, 0x3AB, 0x20},
    {0x3C2, 0x3C2, 1},           {0x400, 0x40F, 0x50},        {0x410, 0x42F, 0x20},        {0x460, 0x481, k_pairs},
    {0x48A, 0x4BF, k_pairs},     {0x4C1, 0x4CE, k_odd_pairs}, {0x4D0, 0x52F, k_pairs},
};

unsigned small(unsigned letter) {
    if (letter == 0x178) return 0xFF;
    for (const Range& range : k_ranges) {
        if (letter < range.first || letter > range.last) continue;
        if (range.step == k_pairs) return letter | 1;
        return range.step == k_odd_pairs ? letter + letter % 2 : letter + range.step;
    }
    return letter;
}

}  // namespace

std::string fold_case(std::string_view utf8) {
    std::string out(utf8);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const auto byte = static_cast<unsigned char>(out[i]);
        if (byte >= 'A' && byte <= 'Z') out[i] = static_cast<char>(byte - 'A' + 'a');
        const bool two = byte >= 0xC2 && byte <= 0xDF && i + 1 < out.size() && (out[i + 1] & 0xC0) == 0x80;
        if (!two) continue;
        const unsigned letter = small((byte & 0x1Fu) << 6 | (static_cast<unsigned char>(out[i + 1]) & 0x3Fu));
        out[i++] = static_cast<char>(0xC0 | letter >> 6);
        out[i] = static_cast<char>(0x80 | (letter & 0x3F));
    }
    return out;
}

}  // namespace neurolake::text
