// json_shape.cpp: finding fields fast, merging shapes, and the type of a shape.
// SPDX-License-Identifier: Apache-2.0
#include "formats/json_shape.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace neurolake::formats {
namespace {

constexpr std::size_t k_linear_fields = 12;

}  // namespace

JsonShape* JsonShape::field(std::string_view name, std::size_t& hint, bool count_distinct, ShapeBudget& budget) {
    if (hint < fields.size() && fields[hint].is_named(name)) return fields[hint++].shape.get();
    std::size_t found = fields.size();
    if (fields.size() <= k_linear_fields) {
        for (std::size_t i = 0; i < fields.size(); ++i)
            if (fields[i].name == name) found = i;
    } else {
        if (m_by_name.empty())
            for (std::size_t i = 0; i < fields.size(); ++i) m_by_name.emplace(fields[i].name, i);
        const auto at = m_by_name.find(std::string(name));
        if (at != m_by_name.end()) found = at->second;
    }
    if (found == fields.size()) {
        if (budget.places_left == 0 || fields.size() >= k_max_fields) return nullptr;
        --budget.places_left;
        const bool sketch = count_distinct && budget.sketches_left > 0;
        budget.sketches_left -= sketch;
        fields.emplace_back(name, std::make_unique<JsonShape>(sketch));
        if (!m_by_name.empty()) m_by_name.emplace(std::string(name), found);
    }
    hint = found + 1;
    return fields[found].shape.get();
}

JsonShape* JsonShape::element(ShapeBudget& budget) {
    if (!items) {
        if (budget.places_left == 0) return nullptr;
        --budget.places_left;
        items = std::make_unique<JsonShape>();
    }
    return items.get();
}

void JsonShape::merge(JsonShape& other, std::uint64_t row_offset, ShapeBudget& budget) {
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
    opaque |= other.opaque;
    std::size_t hint = 0;
    for (JsonField& theirs : other.fields) {
        JsonShape* mine = field(theirs.name, hint, theirs.shape->scalars.counts_distinct(), budget);
        if (mine != nullptr)
            mine->merge(*theirs.shape, row_offset, budget);
        else
            opaque = true;
    }
    if (other.items) {
        if (JsonShape* mine = element(budget))
            mine->merge(*other.items, row_offset, budget);
        else
            opaque = true;
    }
}

model::Type JsonShape::type() const {
    using model::TypeKind;
    const bool scalar = !scalars.saw_nothing() || scalars.values() > 0;
    if (opaque || (scalar && objects + arrays > 0) || (objects > 0 && arrays > 0)) return TypeKind::json;
    if (arrays > 0) return model::Type::list_of(items ? items->type() : model::Type());
    if (objects == 0) return scalars.verdict({}, 0, 1).type;
    model::Type type(TypeKind::structure);
    for (const JsonField& f : fields)
        if (f.shape->present > 0) type.fields.push_back({f.name, f.shape->type(), true});
    if (type.fields.empty()) return TypeKind::json;
    return type;
}

model::Column JsonShape::verdict(std::string name, std::uint64_t rows) const {
    if (objects + arrays == 0 && !opaque) return scalars.verdict(std::move(name), rows, 1);
    model::Column column;
    column.name = std::move(name);
    column.type = type();
    model::Evidence& evidence = column.evidence;
    evidence.values = objects + arrays + scalars.values();
    evidence.nulls = rows > evidence.values ? rows - evidence.values : 0;
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
    else if (opaque)
        evidence.reason = "too wide or too deep to follow";
    else
        evidence.reason = objects > 0 ? "all values are objects" : "all values are arrays";
    return column;
}

}  // namespace neurolake::formats
