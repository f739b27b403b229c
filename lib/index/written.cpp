// written.cpp: texts in their order, digits in their number.
// SPDX-License-Identifier: Apache-2.0
#include "index/written.hpp"

#include <algorithm>
#include <cstdlib>

#include "formats/cell.hpp"
#include "index/spellings.hpp"
#include "model/merge.hpp"

namespace neurolake::index {

using model::Column;
using model::Type;
using model::TypeKind;

namespace {

// A double's text may have an exponent, a decimal's has none.
std::optional<std::string> exact_text(const std::optional<std::string>& bound, TypeKind kind) {
    if (!bound || kind != TypeKind::float64) return bound;
    return formats::plain_double_text(std::strtod(bound->c_str(), nullptr));
}

}  // namespace

const formats::WrittenAs* written_of(const File& file, std::size_t column) {
    const auto& written = file.profile->profile.written;
    return column < written.size() ? &written[column] : nullptr;
}

void Texts::look(const File& file, const Column& column, const formats::WrittenAs* written) {
    const bool text = column.type.kind == TypeKind::text;
    const model::Evidence& seen = column.evidence;
    if (!text && written) m_empty += written->empty;
    if (seen.values + seen.nulls == 0 && file.profile->profile.rows > 0) m_known = false;  // nobody counted
    if (seen.values == 0 && null_words(column).rows == 0 && !(written && written->empty > 0)) return;
    const auto none = std::optional<std::string>(), nothing = std::optional<std::string>("");
    const bool only_empty = text && written && written->empty == seen.values;
    const auto& min = only_empty ? nothing : text ? seen.min : written ? written->min : none;
    const auto& max = only_empty ? nothing : text ? seen.max : written ? written->max : none;
    m_known = m_known && min && max;
    if (!m_known) return;
    if (!m_min || *min < *m_min) m_min = min;
    if (!m_max || *max > *m_max) m_max = max;
}

void Texts::fill_bounds(model::Evidence& evidence) const {
    if (!m_known) return;
    evidence.min = m_min;
    evidence.max = m_max;
}

void Digits::look(const std::string& path, const Column& column, const formats::WrittenAs* written) {
    constexpr std::uint64_t k_double_digits = 15;
    const TypeKind kind = column.type.kind;
    if (kind == TypeKind::unknown || only_null_words(column)) return;
    const bool number = kind == TypeKind::int64 || kind == TypeKind::float64 || kind == TypeKind::decimal;
    if (!number || !written || !written->plain) m_known = false;
    if (!m_known) return;
    m_whole = std::max(m_whole, written->whole);
    m_scale = std::max(m_scale, written->scale);
    const bool first_exact = kind == TypeKind::decimal && !m_exact;
    if (first_exact || (kind == TypeKind::float64 && !m_because)) {
        m_because = &column;
        m_because_path = path;
    }
    m_exact |= kind == TypeKind::decimal;
    m_fractions |= kind != TypeKind::int64;
    m_long |= kind == TypeKind::int64 && written->whole > k_double_digits;
    const auto min = exact_text(column.evidence.min, kind), max = exact_text(column.evidence.max, kind);
    m_bounds_known = m_bounds_known && min && max;
    if (!m_bounds_known) return;
    const Type exact = Type::decimal(1, 0);
    if (!m_min || model::compare_values(exact, *min, *m_min) < 0) m_min = min;
    if (!m_max || model::compare_values(exact, *max, *m_max) > 0) m_max = max;
}

std::optional<Type> Digits::type() const {
    constexpr std::uint64_t k_most = 38;
    const std::uint64_t digits = m_whole + m_scale;
    if (!m_known || !(m_exact || (m_long && m_fractions)) || digits > k_most) return std::nullopt;
    return Type::decimal(std::max(static_cast<int>(digits), 1), static_cast<int>(m_scale));
}

void Digits::settle(Column& column) const {
    const auto together = type();
    if (!together || *together == column.type) return;
    column.type = *together;
    column.evidence.min = m_bounds_known ? m_min : std::nullopt;
    column.evidence.max = m_bounds_known ? m_max : std::nullopt;
    column.evidence.reason = m_because->evidence.reason;
    column.evidence.forced_row = m_because->evidence.forced_row;
    column.evidence.forced_path = m_because_path;
}

}  // namespace neurolake::index
