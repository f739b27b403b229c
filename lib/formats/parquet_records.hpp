// parquet_records.hpp: records of nested columns, put together from the values and levels of their leaves.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "formats/parquet_pages.hpp"

namespace neurolake::formats {

// A column as a tree: leaves, and what they make. Levels as in ParquetLeaf.
struct ParquetNode {
    enum class Kind { leaf, structure, list, map } kind = Kind::leaf;
    std::string name;
    std::uint8_t present = 0;                    // definition level from which on it is not null
    std::uint8_t item = 0, item_repetition = 0;  // of list and map: levels of an item
    std::size_t leaf = 0;                        // its own, or the first below it: in the order of the chunks
    std::size_t leaves = 1;                      // how many are below it
    std::vector<ParquetNode> children;           // of list: the element; of map: key and value, or the key only
};

struct ParquetTree {
    std::vector<ParquetNode> columns;
    std::vector<ParquetLeaf> leaves;  // point into the schema
};

// The schema by the rules for lists and maps of parquet-format's LogicalTypes.md, those for older writers too. The
// schema must be one that parquet_columns takes, and outlive the tree. corrupt: more levels than can be.
Result<ParquetTree> parquet_tree(const std::vector<ParquetElement>& schema);

// Source: the Dremel paper (Melnik and others, 2010), section 4: record assembly. Entries are those of the column's
// leaves, in their order.
class ParquetRecords {
public:
    ParquetRecords(const ParquetNode& column, std::vector<ParquetEntries>& leaves)
        : m_column(column), m_leaves(leaves) {
        m_at.resize(leaves.size(), 0);
    }
    // The next record; corrupt when the leaves do not agree, guard when it becomes larger than 16 MiB: the names of a
    // schema may be long, and stand in each of its records. Moves the values out of the entries.
    Result<json::Value> next();

private:
    const ParquetEntry* peek(std::size_t leaf) const;
    ParquetEntry* take(std::size_t leaf);
    Result<json::Value> value(const ParquetNode& node);
    Result<json::Value> nothing(const ParquetNode& node, json::Value as);  // null or empty: an entry in each leaf
    Result<json::Value> items(const ParquetNode& node);
    Status map_item(const ParquetNode& node, json::Object& into);

    Status spend(std::size_t bytes);

    const ParquetNode& m_column;
    std::vector<ParquetEntries>& m_leaves;
    std::vector<std::size_t> m_at;
    std::size_t m_room = 0;  // what the record may still grow by
};

// The first records of a column in a row group of that many rows, each handed to `take` until that says no; fewer where
// they are larger than the budget allows. Errors: as read_parquet_entries; corrupt when there are fewer than that.
Status read_parquet_column(const Input& input, const ParquetTree& tree, const ParquetNode& column,
                           const ParquetRowGroup& group, std::uint64_t rows, ParquetBudget& budget,
                           const std::function<bool(const json::Value&)>& take);

}  // namespace neurolake::formats
