// arrow_dictionaries.cpp: dictionaries by their id, each of one batch or several.
// SPDX-License-Identifier: Apache-2.0
#include "formats/arrow_dictionaries.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace neurolake::formats {

Status ArrowDictionaries::add(std::unique_ptr<ArrowBatch> batch) {
    constexpr std::size_t k_most = 10000;
    constexpr std::uint64_t k_most_metadata = 8u << 20;
    std::vector<Part>& parts = m_parts[batch->dictionary_id()];
    if (!batch->is_delta()) {
        m_count -= parts.size();
        for (const Part& part : parts) m_metadata -= part.batch->metadata_size();
        parts.clear();
    }
    m_metadata += batch->metadata_size();
    if (++m_count > k_most || m_metadata > k_most_metadata)
        return Error(Errc::guard, "there are more dictionary batches, or longer descriptions of them, than we keep");
    const std::uint64_t begin = parts.empty() ? 0 : parts.back().end, end = begin + batch->length();
    parts.push_back({std::move(batch), begin, end, {}});
    return {};
}

Result<std::pair<ArrowArray*, std::uint64_t>> ArrowDictionaries::entry(const ArrowLayout& layout, std::uint64_t index) {
    const auto parts = m_parts.find(*layout.dictionary);
    if (parts == m_parts.end())
        return Error(Errc::corrupt, fmt::format("there is no dictionary {} before it", *layout.dictionary));
    const auto part = std::ranges::upper_bound(parts->second, index, {}, &Part::end);
    if (part == parts->second.end())
        return Error(Errc::corrupt, fmt::format("an index lies outside dictionary {}", *layout.dictionary));
    auto found = part->arrays.find(&layout);
    if (found == part->arrays.end()) {
        TRY(ArrowArray made, ArrowCursor(*part->batch).next(layout, false));
        found = part->arrays.emplace(&layout, std::move(made)).first;
    }
    return std::pair<ArrowArray*, std::uint64_t>(&found->second, index - part->begin);
}

}  // namespace neurolake::formats
