// meaning_scan.hpp: how many of a column's values look like what, at next to no cost.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "formats/distinct.hpp"
#include "formats/value_shapes.hpp"

namespace neurolake::formats {

// Every value of a short column is looked at. Of a longer one the different values that hold a register of its
// DistinctSketch: about a thousand, drawn by their hashes. So the result depends neither on how a file was cut into
// parts nor, but for values whose hashes begin alike, on the order of rows; which value is shown, masked, may. A column
// without a sketch (nested ones, one of very many) tells of the first values only. Memory is taken at the first match.
class MeaningScan {
public:
    static constexpr std::uint64_t k_all_of = 1u << 16;  // values: so many are all looked at

    // The value at `p` with its hash, which may have a shape; `raised`: it holds a register from now on.
    void look_closely(const char* p, std::size_t n, std::uint64_t hash, bool raised);
    // Some value took over a register: what is known of the one before is void.
    void take_over(std::uint64_t hash) {
        if (m_found) m_found->forget(hash);
    }

    // Of a column without a sketch: one more value, looked at or not.
    void count_early(bool looked_at) { m_early += looked_at; }

    // Before the sketches themselves are merged.
    void merge(const MeaningScan& other, const DistinctSketch* mine, const DistinctSketch* theirs);
    // `values`: how many there were in all.
    model::SemanticEvidence counts(std::uint64_t values, const DistinctSketch* sketch) const;

private:
    struct Count {
        model::Shape shape;
        std::uint64_t matched, hash;  // of the sample: the least one
        std::string sample;
    };
    struct Found {
        std::vector<Count> counts;
        std::vector<std::uint16_t> held;  // by register: the shapes of the value that holds it; may be empty

        Count& count_of(model::Shape shape);
        void hold(std::uint64_t hash, model::Shapes shapes);
        void forget(std::uint64_t hash) {
            if (!held.empty()) held[DistinctSketch::index_of(hash)] = 0;
        }
    };

    std::unique_ptr<Found> m_found;
    std::uint64_t m_early = 0;  // values looked at of a column without a sketch
};

// The verdict on a column as read from one file. Bounds of a column about people are dropped, and those that look like
// a person's address or number themselves, whatever the column is.
void judge_values(model::Column& column);
// Does the verdict allow to keep these bounds of the column's texts?
bool may_keep_texts(const model::Column& column, const std::string& min, const std::string& max);

}  // namespace neurolake::formats
