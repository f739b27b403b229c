// json_meaning.cpp: a nested column is about people when one of its fields is: the first such field stands for it.
// SPDX-License-Identifier: Apache-2.0
#include "formats/json_shape.hpp"
#include "model/meaning.hpp"

namespace neurolake::formats {
namespace {

bool find_field(const JsonShape& shape, const std::string& path, const std::string& name, model::Column& column) {
    if (shape.scalars.values() > 0) {
        model::Column leaf = shape.scalars.verdict(name, shape.scalars.values(), 1);
        model::judge_meaning(leaf);
        if (leaf.pii) {
            column.semantic_evidence = std::move(leaf.semantic_evidence);
            column.semantic_evidence.field = path;
            return true;
        }
    }
    for (const JsonField& field : shape.fields)
        if (find_field(*field.shape, path.empty() ? field.name : path + "." + field.name, field.name, column))
            return true;
    return shape.items && find_field(*shape.items, path + "[]", name, column);
}

}  // namespace

void find_personal_field(const JsonShape& shape, model::Column& column) { find_field(shape, {}, column.name, column); }

}  // namespace neurolake::formats
