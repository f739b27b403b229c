// parquet_first_values.cpp: row group after row group, until enough rows were seen of each column.
// SPDX-License-Identifier: Apache-2.0
#include "formats/parquet_first_values.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "formats/findings.hpp"
#include "formats/parquet_records.hpp"

namespace neurolake::formats {
namespace {

class ValueReader {
public:
    ValueReader(const Input& input, const ParquetTree& tree, FirstValues& into)
        : m_input(input), m_tree(tree), m_into(into), m_given_up(tree.columns.size(), false) {
        m_budget.work = 32u << 20;
    }

    void take(const ParquetRowGroup& group) {
        if (m_failed || group.rows < 0 || group.chunks.size() != m_tree.leaves.size()) return;
        for (std::size_t i = 0; i < m_tree.columns.size(); ++i)
            if (!m_given_up[i] && m_into.wants(i) && m_into.rows_of(i) < k_first_rows) look(i, group);
    }
    const std::optional<Error>& failed() const { return m_failed; }
    const std::optional<Error>& damage() const { return m_damage; }

private:
    void look(std::size_t i, const ParquetRowGroup& group) {
        const std::uint64_t rows =
            std::min<std::uint64_t>(k_first_rows - m_into.rows_of(i), static_cast<std::uint64_t>(group.rows));
        const std::uint64_t before = m_into.rows_of(i);
        m_budget.column = (4u << 20) / std::max<std::size_t>(m_tree.columns[i].leaves, 1);
        const Status status = is_flat_text(i) ? read_text(i, group, rows) : read_values(i, group, rows);
        m_given_up[i] = !status || m_into.rows_of(i) < before + rows;  // rows behind a gap are not the first ones
        if (status) return;
        const Error& error = status.error();
        if (!is_damage(error)) m_failed = error;
        if (error.code != Errc::corrupt || m_damage) return;
        const std::string name = text::escape_controls(m_tree.columns[i].name.substr(0, 100));
        m_damage = Error(Errc::corrupt, fmt::format("column {}: {}", name, error.message));
    }

    bool is_flat_text(std::size_t i) const {
        const ParquetNode& column = m_tree.columns[i];
        return column.kind == ParquetNode::Kind::leaf && m_tree.leaves[column.leaf].type.kind == model::TypeKind::text;
    }

    Status read_text(std::size_t i, const ParquetRowGroup& group, std::uint64_t rows) {
        const std::size_t leaf = m_tree.columns[i].leaf;
        return read_parquet_bytes(m_input, m_tree.leaves[leaf], group.chunks[leaf], rows, m_budget,
                                  [&](std::optional<std::string_view> text) { m_into.look_at_text(i, text); });
    }

    Status read_values(std::size_t i, const ParquetRowGroup& group, std::uint64_t rows) {
        return read_parquet_column(m_input, m_tree, m_tree.columns[i], group, rows, m_budget,
                                   [&](const json::Value& value) {
                                       m_into.look(i, value);
                                       return true;
                                   });
    }

    const Input& m_input;
    const ParquetTree& m_tree;
    FirstValues& m_into;
    std::vector<bool> m_given_up;
    ParquetBudget m_budget;
    std::optional<Error> m_failed, m_damage;
};

}  // namespace

Status look_at_parquet(const Input& input, std::string_view footer, const std::vector<ParquetElement>& schema,
                       FirstValues& into, std::optional<Error>& why) {
    TRY(const ParquetTree tree, parquet_tree(schema));
    ValueReader reader(input, tree, into);
    const auto read = decode_parquet_footer(footer, [&](const ParquetRowGroup& group) { reader.take(group); });
    if (!read) return read.error();
    if (reader.failed()) return *reader.failed();
    why = reader.damage();
    return {};
}

}  // namespace neurolake::formats
