// orc_stripe.hpp: a stripe of an ORC file: where each stream of each column stands, and how it is encoded.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/input.hpp"
#include "formats/orc_footer.hpp"
#include "formats/orc_tail.hpp"

namespace neurolake::formats {

// What reading the first rows may cost: in all, bytes read and inflated; at a time, bytes kept.
struct OrcBudget {
    std::uint64_t work = 256u << 20;
    std::uint64_t room = 24u << 20;

    Status spend(std::uint64_t bytes) {
        if (bytes > work) return Error(Errc::guard, "the first rows take more reading than can be spent on them");
        work -= bytes;
        return {};
    }
    Status keep(std::uint64_t bytes) {
        if (bytes > room) return Error(Errc::guard, "it takes more memory than can be spent on it");
        room -= bytes;
        return {};
    }
    void forget(std::uint64_t bytes) { room += bytes; }
};

// Stream.Kind of orc_proto.proto, as far as values stand in them.
enum class OrcStreamKind : std::uint8_t { present, data, length, dictionary_data, dictionary_count, secondary };

struct OrcStreamPlace {
    std::uint32_t node = 0;
    OrcStreamKind kind = OrcStreamKind::present;
    std::uint64_t at = 0, size = 0;  // in the file
};

// ColumnEncoding.
struct OrcEncoding {
    bool dictionary = false, second_version = false;  // of the run length encoding
    std::uint64_t dictionary_size = 0;
};

struct OrcStripe {
    std::uint64_t rows = 0;
    std::string zone;                    // of its timestamps
    std::vector<OrcEncoding> encodings;  // by node

    // Nothing where the stripe has no such stream.
    std::optional<OrcStreamPlace> find(std::uint32_t node, OrcStreamKind kind) const;

private:
    friend Result<OrcStripe> read_orc_stripe(const Input&, const OrcTail&, const OrcStripePlace&, OrcBudget&);
    std::vector<OrcStreamPlace> m_streams;  // by node, then kind
};

// Source: the ORC specification v1, "Stripe Footer". The place must lie within the file. Errors: io; corrupt: it does
// not add up; guard: it has more streams than we read.
Result<OrcStripe> read_orc_stripe(const Input& input, const OrcTail& tail, const OrcStripePlace& place,
                                  OrcBudget& budget);

}  // namespace neurolake::formats
