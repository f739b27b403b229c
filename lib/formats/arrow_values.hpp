// arrow_values.hpp: values of Arrow's arrays, one by one, with all that nests in them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/json.hpp"
#include "formats/arrow_dictionaries.hpp"

namespace neurolake::formats {

// Source: the Arrow columnar format 1.5, "Physical memory layout". Never outside an array or a buffer, whatever
// offsets, indices and lengths say.
class ArrowValues {
public:
    ArrowValues(ArrowDictionaries& dictionaries, ArrowBudget& budget)
        : m_dictionaries(dictionaries), m_budget(budget) {}

    // The value of a row as JSON: what has no form of its own there is its text. corrupt: what does not add up, with
    // the batch; guard: it becomes larger than 16 MiB, has more than 4 MiB of text inside it, or takes more reading
    // than the budget has.
    Result<json::Value> at(ArrowArray& array, std::uint64_t row);

private:
    Result<json::Value> value(ArrowArray& array, std::uint64_t i);
    Result<json::Value> present(ArrowArray& array, std::uint64_t i);
    Result<bool> is_null(ArrowArray& array, std::uint64_t i);
    Result<json::Value> plain(ArrowArray& array, std::uint64_t i);
    Result<json::Value> decoded(ArrowArray& array, std::uint64_t i);
    Result<json::Value> text(ArrowArray& array, std::size_t buffer, std::uint64_t begin, std::uint64_t size);
    Result<json::Value> viewed(ArrowArray& array, std::uint64_t i);
    Result<json::Value> structure(ArrowArray& array, std::uint64_t i);
    Result<json::Value> list(ArrowArray& array, std::uint64_t i);
    Result<json::Value> map(ArrowArray& array, std::uint64_t begin, std::uint64_t end);
    Result<json::Value> one_of(ArrowArray& array, std::uint64_t i);
    Result<json::Value> run(ArrowArray& array, std::uint64_t i);

    struct Range {
        std::uint64_t begin = 0, end = 0;
    };
    Result<Range> range(ArrowArray& array, std::uint64_t i);
    // A number of the array's so many-th buffer.
    Result<std::int64_t> number(ArrowArray& array, std::size_t buffer, std::uint64_t i, std::size_t width,
                                bool is_signed = true);
    Result<std::string_view> bytes(ArrowArray& array, std::size_t buffer, std::uint64_t from, std::uint64_t size);
    Status spend(std::uint64_t bytes);

    ArrowDictionaries& m_dictionaries;
    ArrowBudget& m_budget;
    std::uint64_t m_room = 0, m_text_room = 0;  // what the value, and the texts in it, may still grow by
};

}  // namespace neurolake::formats
