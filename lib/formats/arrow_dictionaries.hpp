// arrow_dictionaries.hpp: the dictionaries of an Arrow file or stream, as far as it was read.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "formats/arrow_batch.hpp"

namespace neurolake::formats {

// Source: the Arrow columnar format, "Dictionary messages". A delta adds to what there is, any other batch is a
// dictionary of its own that takes the place of the one before.
class ArrowDictionaries {
public:
    // guard: more of them than we keep.
    Status add(std::unique_ptr<ArrowBatch> batch);
    // Where the value stands that an index into this field's dictionary means. Good until the next add. corrupt: no
    // such value.
    Result<std::pair<ArrowArray*, std::uint64_t>> entry(const ArrowLayout& layout, std::uint64_t index);

private:
    struct Part {
        std::unique_ptr<ArrowBatch> batch;
        std::uint64_t begin = 0, end = 0;                           // the values it has, of all
        std::unordered_map<const ArrowLayout*, ArrowArray> arrays;  // several fields may share a dictionary
    };
    std::map<std::int64_t, std::vector<Part>> m_parts;
    std::size_t m_count = 0;
    std::uint64_t m_metadata = 0;  // bytes
};

}  // namespace neurolake::formats
