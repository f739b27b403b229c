// json_shape.cpp: finding fields fast, merging shapes, and the type of a shape.
// SPDX-License-Identifier: Apache-2.0
#include "formats/json_shape.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace neurolake::formats {
namespace {

constexpr std::size_t k_linear_fields = 12;

}  // namespace

std::size_t JsonShape::find(std::string_view name) {
    if (fields.size() <= k_linear_fields) {
        std::size_t i = 0;
        while (i < fields.size() && fields[i].name != name) ++i;
        return i;
    }
    const std::hash<std::string_view> hash;
    for (std::size_t i = m_by_hash.size(); i < fields.size(); ++i)
        m_by_hash.emplace(hash(fields[i].name), static_cast<std::uint32_t>(i));
    const auto [first, last] = m_by_hash.equal_range(hash(name));
    for (auto at = first; at != last; ++at)
        if (fields[at->second].name == name) return at->second;
    return fields.size();
}

bool JsonShape::take_room(std::string_view name, bool is_column, ShapeBudget& budget) const {
    std::size_t& bytes_left = is_column ? budget.column_name_bytes_left : budget.name_bytes_left;
    if (fields.size() >= k_max_fields || name.size() > bytes_left || (!is_column && budget.places_left == 0))
        return false;
    bytes_left -= name.size();
    budget.places_left -= !is_column;
    return true;
}

JsonShape* JsonShape::field(std::string_view name, std::size_t& hint, bool is_column, bool count_distinct,
                            ShapeBudget& budget) {
    if (hint < fields.size() && fields[hint].is_named(name)) return fields[hint++].shape.get();
    const std::size_t found = find(name);
    if (found == fields.size()) {
        if (!take_room(name, is_column, budget)) {
            budget.refused = true;
            return nullptr;
        }
        const bool sketch = count_distinct && budget.sketches_left > 0;
        budget.sketches_left -= sketch;
        fields.emplace_back(name, std::make_unique<JsonShape>(sketch));
    }
    hint = found + 1;
    return fields[found].shape.get();
}

JsonShape* JsonShape::element(ShapeBudget& budget) {
    if (!items) {
        if (budget.places_left == 0) {
            budget.refused = true;
            return nullptr;
        }
        --budget.places_left;
        items = std::make_unique<JsonShape>();
    }
    return items.get();
}

void JsonShape::merge(JsonShape& other, std::uint64_t row_offset, bool is_root, ShapeBudget& budget) {
    scalars.merge(other.scalars, row_offset);
    if (other.objects > 0)
        first_object =
            objects > 0 ? std::min(first_object, other.first_object + row_offset) : other.first_object + row_offset;
    if (other.arrays > 0)
        first_array =
            arrays > 0 ? std::min(first_array, other.first_array + row_offset) : other.first_array + row_offset;
    present += other.present;
    objects += other.objects;
    arrays += other.arrays;
    surplus += other.surplus;
    opaque |= other.opaque;
    wide |= other.wide;
    std::size_t hint = 0;
    for (JsonField& theirs : other.fields) {
        if (JsonShape* mine = field(theirs.name, hint, is_root, theirs.shape->scalars.counts_distinct(), budget))
            mine->merge(*theirs.shape, row_offset, false, budget);
        else
            wide = true;
    }
    if (other.items) {
        if (JsonShape* mine = element(budget))
            mine->merge(*other.items, row_offset, false, budget);
        else
            wide = true;
    }
}

model::Type JsonShape::type() const {
    using model::TypeKind;
    const bool scalar = !scalars.saw_nothing() || scalars.values() > 0;
    const bool nested = objects + arrays > 0;
    if (opaque || (nested && (wide || scalar)) || (objects > 0 && arrays > 0)) return TypeKind::json;
    if (arrays > 0) return model::Type::list_of(items ? items->type() : model::Type());
    if (objects == 0) return scalars.verdict({}, 0, 1).type;
    model::Type type(TypeKind::structure);
    for (const JsonField& f : fields)
        if (f.shape->present > 0) type.fields.push_back({f.name, f.shape->type(), true});
    if (type.fields.empty()) return TypeKind::json;
    return type;
}

model::Column JsonShape::verdict(std::string name, std::uint64_t rows) const {
    model::Column column;
    model::Evidence& evidence = column.evidence;
    const auto count_rows = [&](std::uint64_t values) {
        evidence.values = values - surplus;
        evidence.nulls = rows > evidence.values ? rows - evidence.values : 0;
    };
    if (objects + arrays == 0 && !opaque) {
        column = scalars.verdict(std::move(name), rows, 1);
        if (surplus > 0) count_rows(evidence.values);
        return column;
    }
    column.name = std::move(name);
    column.type = type();
    count_rows(objects + arrays + scalars.values());
    evidence.longest = scalars.verdict({}, 0, 1).evidence.longest;
    find_personal_field(*this, column);
    const auto forced = [&](std::string_view what, std::uint64_t row) {
        evidence.forced_row = row + 1;
        evidence.reason = fmt::format("{} first at row {}", what, row + 1);
    };
    // The rarer kind is the one to look at.
    if (scalars.values() > 0 && scalars.values() <= objects + arrays)
        forced("scalar", scalars.first_row());
    else if (objects > 0 && (scalars.values() > 0 || (arrays > 0 && objects <= arrays)))
        forced("object", first_object);
    else if (arrays > 0 && (scalars.values() > 0 || objects > 0))
        forced("array", first_array);
    else if (opaque || wide)
        evidence.reason = "too wide or too deep to follow";
    else
        evidence.reason = objects > 0 ? "all values are objects" : "all values are arrays";
    return column;
}

}  // namespace neurolake::formats
