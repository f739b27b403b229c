// meaning_scan.cpp: counting shapes, choosing the samples, and merging both.
// SPDX-License-Identifier: Apache-2.0
#include "formats/meaning_scan.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "model/mask.hpp"

namespace neurolake::formats {

using model::bit;
using model::k_shapes;
using model::Shape;
using model::Shapes;

namespace {

constexpr std::array<std::string_view, k_shapes> k_words{
    "email",  "phone",      "phone",        "iban",          "payment_card",
    "ssn_us", "ip_address", "ip_address",   "ip_address",    "mac_address",
    "uuid",   "url",        "country_code", "currency_code", ""};

// Codes are no secret, and two letters masked would tell nothing.
std::string shown(std::size_t shape, const std::string& value) {
    const auto kind = static_cast<Shape>(shape);
    if (kind == Shape::no_value) return {};
    if (kind == Shape::country_code || kind == Shape::currency_code) return value;
    return model::mask_value(k_words[shape], value);
}

}  // namespace

MeaningScan::Count& MeaningScan::Found::count_of(Shape shape) {
    for (Count& count : counts)
        if (count.shape == shape) return count;
    return counts.emplace_back(Count{shape, 0, ~std::uint64_t{0}, {}});
}

void MeaningScan::Found::hold(std::uint64_t hash, Shapes shapes) {
    if (held.empty()) held.resize(DistinctSketch::k_size);
    held[DistinctSketch::index_of(hash)] = static_cast<std::uint16_t>(shapes);
}

void MeaningScan::look_closely(const char* p, std::size_t n, std::uint64_t hash, bool raised) {
    const Shapes shapes = shapes_of({p, n});
    if (shapes == 0) return;
    if (!m_found) m_found = std::make_unique<Found>();
    if (raised) m_found->hold(hash, shapes);
    for (Shapes left = shapes; left != 0; left &= left - 1) {
        Count& count = m_found->count_of(static_cast<Shape>(std::countr_zero(left)));
        if (count.matched++ > 0 && hash >= count.hash) continue;
        count.hash = hash;
        count.sample.assign(p, n);
    }
}

void MeaningScan::merge(const MeaningScan& other, const DistinctSketch* mine, const DistinctSketch* theirs) {
    m_early += other.m_early;
    if (!m_found && !other.m_found) return;
    if (!m_found) m_found = std::make_unique<Found>();
    const bool any_held = !m_found->held.empty() || (other.m_found && !other.m_found->held.empty());
    if (any_held && mine != nullptr && theirs != nullptr) {
        m_found->held.resize(DistinctSketch::k_size);
        const bool known = other.m_found && !other.m_found->held.empty();
        for (std::size_t i = 0; i < DistinctSketch::k_size; ++i)
            if (theirs->rank(i) > mine->rank(i)) m_found->held[i] = known ? other.m_found->held[i] : 0;
    }
    if (!other.m_found) return;
    for (const Count& theirs_of : other.m_found->counts) {
        Count& count = m_found->count_of(theirs_of.shape);
        if (theirs_of.hash < count.hash) {
            count.hash = theirs_of.hash;
            count.sample = theirs_of.sample;
        }
        count.matched += theirs_of.matched;
    }
}

model::SemanticEvidence MeaningScan::counts(std::uint64_t values, const DistinctSketch* sketch) const {
    model::SemanticEvidence out;
    out.checked = sketch == nullptr ? m_early : values;
    std::array<std::uint64_t, k_shapes> matched{};
    if (values > k_all_of && sketch != nullptr) {
        out.checked = 0;
        for (std::size_t i = 0; i < DistinctSketch::k_size; ++i) {
            out.checked += sketch->rank(i) > 0;
            if (!m_found || m_found->held.empty()) continue;
            for (Shapes left = m_found->held[i]; left != 0; left &= left - 1)
                ++matched[static_cast<std::size_t>(std::countr_zero(left))];
        }
    } else if (m_found) {
        for (const Count& count : m_found->counts) matched[static_cast<std::size_t>(count.shape)] = count.matched;
    }
    for (std::size_t shape = 0; shape < k_shapes; ++shape) {
        if (matched[shape] == 0) continue;
        const std::string& sample = m_found->count_of(static_cast<Shape>(shape)).sample;
        out.shapes.push_back({static_cast<std::uint8_t>(shape), matched[shape], shown(shape, sample)});
    }
    return out;
}

void judge_values(model::Column& column) {
    model::judge_meaning(column);
    model::hide_values(column);
    const auto personal = [](const std::optional<std::string>& bound) { return bound && looks_personal(*bound); };
    if (column.type.kind != model::TypeKind::text) return;
    if (personal(column.evidence.min) || personal(column.evidence.max))
        column.evidence.min = column.evidence.max = std::nullopt;
}

bool may_keep_texts(const model::Column& column, const std::string& min, const std::string& max) {
    return !column.pii && !model::is_hint(column) && !looks_personal(min) && !looks_personal(max);
}

}  // namespace neurolake::formats
