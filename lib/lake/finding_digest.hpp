// finding_digest.hpp: many findings made few: the first of each code by path, and how many more there are.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/table.hpp"

namespace neurolake::lake {

// Bounded memory however many findings come; what is kept does not depend on the order they come in.
class FindingDigest {
public:
    explicit FindingDigest(std::size_t most_per_code = 20) : m_most(most_per_code) {}
    void add(model::Finding finding);
    void merge(FindingDigest other);
    // Sorted by code and path; where some were left out, one more of that code says how many. Empties the digest.
    std::vector<model::Finding> take();

private:
    struct Kind {
        std::string code;
        std::uint64_t count = 0;
        std::vector<model::Finding> kept;  // sorted by path
    };
    Kind& kind(const std::string& code);
    void keep(Kind& kind, model::Finding finding);

    std::size_t m_most;
    std::vector<Kind> m_kinds;  // few
};

}  // namespace neurolake::lake
