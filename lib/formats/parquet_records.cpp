// parquet_records.cpp: the tree of a schema with its levels, and walking it once for each record.
// SPDX-License-Identifier: Apache-2.0
#include "formats/parquet_records.hpp"

#include <utility>

#include "formats/value_json.hpp"

namespace neurolake::formats {
namespace {

using Kind = ParquetNode::Kind;

constexpr int k_logical_map = 2, k_logical_list = 3;
constexpr int k_converted_map = 1, k_converted_key_value = 2, k_converted_list = 3;
constexpr int k_optional = 1, k_repeated = 2;
constexpr std::size_t k_max_record = 16u << 20;

// Walks the schema in its order, as parquet_columns does, which has found it sound.
class TreeBuilder {
public:
    explicit TreeBuilder(const std::vector<ParquetElement>& schema) : m_schema(schema) {}

    Result<ParquetTree> run() {
        for (std::int64_t i = 0; i < m_schema.front().children && m_ok; ++i) m_tree.columns.push_back(field({}));
        if (!m_ok) return Error(Errc::corrupt, "the footer's schema does not add up");
        return std::move(m_tree);
    }

private:
    struct Levels {
        unsigned definition = 0, repetition = 0;
    };

    const ParquetElement& at_cursor() {
        if (m_at < m_schema.size()) return m_schema[m_at];
        m_ok = false;
        return m_schema.front();
    }

    // The node at the cursor as a field of a record.
    ParquetNode field(Levels levels) {
        const ParquetElement& e = at_cursor();
        if (e.repetition == k_repeated) {  // a list of itself, without a group around it
            ParquetNode list = begin(Kind::list, e, levels);
            ParquetNode element = node(repeated(list, levels));
            list.children.push_back(std::move(element));
            return end(std::move(list));
        }
        if (e.repetition == k_optional) ++levels.definition;
        return node(levels);
    }

    // The node at the cursor, whatever its repetition.
    ParquetNode node(Levels levels) {
        const ParquetElement& e = at_cursor();
        if (!m_ok || levels.definition > 200) return m_ok = false, ParquetNode();
        ++m_at;
        if (!e.is_group()) {
            ParquetNode leaf = begin(Kind::leaf, e, levels);
            m_tree.leaves.push_back({&e, parquet_leaf_type(e), static_cast<std::uint8_t>(levels.definition),
                                     static_cast<std::uint8_t>(levels.repetition)});
            return leaf;
        }
        const bool is_list = e.logical == k_logical_list || e.converted == k_converted_list;
        if (is_list && e.children == 1) return list(e, levels);
        const bool is_map =
            e.logical == k_logical_map || e.converted == k_converted_map || e.converted == k_converted_key_value;
        if (is_map && e.children == 1) return map(e, levels);
        ParquetNode group = begin(Kind::structure, e, levels);
        for (std::int64_t i = 0; i < e.children && m_ok; ++i) group.children.push_back(field(levels));
        return end(std::move(group));
    }

    ParquetNode list(const ParquetElement& outer, Levels levels) {
        const ParquetElement& middle = at_cursor();
        const bool only_child_repeats = m_at + 1 < m_schema.size() && m_schema[m_at + 1].repetition == k_repeated;
        const bool is_element = !middle.is_group() || middle.children != 1 || only_child_repeats ||
                                middle.name == "array" || middle.name == outer.name + "_tuple";
        ParquetNode list = begin(Kind::list, outer, levels);
        if (middle.repetition == k_repeated)
            levels = repeated(list, levels);
        else
            return not_repeated(std::move(list), levels);
        if (!is_element) ++m_at;
        ParquetNode element = is_element ? node(levels) : field(levels);
        list.children.push_back(std::move(element));
        return end(std::move(list));
    }

    ParquetNode map(const ParquetElement& outer, Levels levels) {
        const ParquetElement& pair = at_cursor();
        const bool is_map = pair.is_group() && pair.children >= 1 && pair.children <= 2;
        ParquetNode made = begin(is_map ? Kind::map : Kind::list, outer, levels);
        if (pair.repetition != k_repeated) return not_repeated(std::move(made), levels);
        levels = repeated(made, levels);
        if (!is_map) {
            made.children.push_back(node(levels));
            return end(std::move(made));
        }
        const std::int64_t parts = pair.children;
        ++m_at;
        for (std::int64_t i = 0; i < parts && m_ok; ++i) made.children.push_back(field(levels));
        return end(std::move(made));
    }

    // A group that is annotated as a list or map, but is none: a record with one field.
    ParquetNode not_repeated(ParquetNode group, Levels levels) {
        group.kind = Kind::structure;
        group.children.push_back(field(levels));
        return end(std::move(group));
    }

    ParquetNode begin(Kind kind, const ParquetElement& e, Levels levels) const {
        ParquetNode node;
        node.kind = kind;
        node.name = e.name;
        node.present = static_cast<std::uint8_t>(levels.definition);
        node.leaf = m_tree.leaves.size();
        return node;
    }
    ParquetNode end(ParquetNode node) const {
        node.leaves = m_tree.leaves.size() - node.leaf;
        return node;
    }
    static Levels repeated(ParquetNode& node, Levels levels) {
        ++levels.definition;
        ++levels.repetition;
        node.item = static_cast<std::uint8_t>(levels.definition);
        node.item_repetition = static_cast<std::uint8_t>(levels.repetition);
        return levels;
    }

    const std::vector<ParquetElement>& m_schema;
    ParquetTree m_tree;
    std::size_t m_at = 1;
    bool m_ok = true;
};

Error disagreement() { return {Errc::corrupt, "the leaves of a nested column do not agree"}; }

}  // namespace

Result<ParquetTree> parquet_tree(const std::vector<ParquetElement>& schema) { return TreeBuilder(schema).run(); }

const ParquetEntry* ParquetRecords::peek(std::size_t leaf) const {
    const std::size_t i = leaf - m_column.leaf;
    return m_at[i] < m_leaves[i].entries.size() ? &m_leaves[i].entries[m_at[i]] : nullptr;
}

ParquetEntry* ParquetRecords::take(std::size_t leaf) {
    const std::size_t i = leaf - m_column.leaf;
    return m_at[i] < m_leaves[i].entries.size() ? &m_leaves[i].entries[m_at[i]++] : nullptr;
}

Result<json::Value> ParquetRecords::next() {
    for (std::size_t i = 0; i < m_column.leaves; ++i) {
        const ParquetEntry* entry = peek(m_column.leaf + i);
        if (entry == nullptr || entry->repetition != 0) return disagreement();
    }
    m_room = k_max_record;
    return value(m_column);
}

Status ParquetRecords::spend(std::size_t bytes) {
    if (bytes > m_room) return Error(Errc::guard, "a row holds more than can be shown");
    m_room -= bytes;
    return {};
}

Result<json::Value> ParquetRecords::nothing(const ParquetNode& node, json::Value as) {
    for (std::size_t i = 0; i < node.leaves; ++i)
        if (take(node.leaf + i) == nullptr) return disagreement();
    return as;
}

Result<json::Value> ParquetRecords::value(const ParquetNode& node) {
    constexpr std::size_t k_value_cost = 128;  // bytes a value takes beside its name and text
    TRY_DO(spend(k_value_cost));
    if (node.leaves == 0) return json::Value(json::Object{});  // a group of nothing
    const ParquetEntry* first = peek(node.leaf);
    if (first == nullptr) return disagreement();
    if (node.kind == Kind::leaf) return std::move(take(node.leaf)->value);
    if (first->definition < node.present) return nothing(node, {});
    if (node.kind != Kind::structure) return items(node);
    json::Object object;
    for (const ParquetNode& child : node.children) {
        TRY_DO(spend(child.name.size()));
        TRY(json::Value field, value(child));
        object.emplace_back(child.name, std::move(field));
    }
    return json::Value(std::move(object));
}

Status ParquetRecords::map_item(const ParquetNode& node, json::Object& into) {
    TRY(const json::Value key, value(node.children[0]));
    json::Value item;
    if (node.children.size() > 1) {
        TRY(item, value(node.children[1]));
    }
    into.emplace_back(cell_of(key).value_or("null"), std::move(item));
    return {};
}

Result<json::Value> ParquetRecords::items(const ParquetNode& node) {
    json::Object object;
    json::Array array;
    const bool is_map = node.kind == Kind::map;
    const auto done = [&] { return is_map ? json::Value(std::move(object)) : json::Value(std::move(array)); };
    if (peek(node.leaf)->definition < node.item) return nothing(node, done());
    while (true) {
        if (is_map) {
            TRY_DO(map_item(node, object));
        } else {
            TRY(json::Value element, value(node.children[0]));
            array.push_back(std::move(element));
        }
        const ParquetEntry* more = peek(node.leaf);
        if (more == nullptr || more->repetition != node.item_repetition) return done();
    }
}

Status read_parquet_column(const Input& input, const ParquetTree& tree, const ParquetNode& column,
                           const ParquetRowGroup& group, std::uint64_t rows, ParquetBudget& budget,
                           const std::function<bool(const json::Value&)>& take) {
    std::vector<ParquetEntries> leaves;
    for (std::size_t i = column.leaf; i < column.leaf + column.leaves && rows > 0; ++i) {
        TRY(ParquetEntries entries, read_parquet_entries(input, tree.leaves[i], group.chunks[i], rows, budget));
        if (entries.records < rows && !entries.cut)
            return Error(Errc::corrupt, "a column chunk holds fewer rows than its row group");
        rows = std::min(rows, entries.records);
        leaves.push_back(std::move(entries));
    }
    ParquetRecords records(column, leaves);
    for (; rows > 0; --rows) {
        const Result<json::Value> value = records.next();
        if (!value && value.error().code == Errc::guard) return {};
        if (!value) return value.error();
        if (!take(*value)) return {};
    }
    return {};
}

}  // namespace neurolake::formats
