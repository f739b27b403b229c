// arrow_rows.cpp: batch after batch, column after column, until there are enough rows.
// SPDX-License-Identifier: Apache-2.0
#include "formats/arrow_rows.hpp"

#include <algorithm>

#include "formats/arrow.hpp"
#include "formats/arrow_batches.hpp"
#include "formats/arrow_schema.hpp"
#include "formats/arrow_values.hpp"
#include "formats/csv.hpp"
#include "formats/findings.hpp"
#include "formats/first_rows.hpp"

namespace neurolake::formats {
namespace {

class RowReader {
public:
    RowReader(const Input& input, std::size_t count) : m_batches(input), m_count(count) {}

    Result<Rows> read() {
        TRY_DO(m_batches.open());
        Rows rows;
        TRY(rows.columns, names());
        TRY(m_layouts, read_arrow_layout(m_batches.schema()));
        FirstRows first(m_layouts.size(), m_count);
        m_budget.work = first.room() * k_work;
        const bool with_dictionaries = has_dictionary(m_layouts);
        while (!rows.cut && (!first.full() || first.out_of_room())) {
            TRY(const auto batch, m_batches.next(with_dictionaries));
            if (!batch) break;
            if (batch->length() == 0) continue;
            if (first.out_of_room())
                rows.cut = true;
            else
                TRY_DO(read(*batch, first, rows.cut));
        }
        rows.cells = first.take();
        return rows;
    }

private:
    static constexpr std::uint64_t k_work = 16;  // bytes that are read for each that can be shown

    Result<std::vector<std::string>> names() const {
        TRY(const ArrowSchema schema, read_arrow_schema(m_batches.schema()));
        std::vector<std::string> raw;
        for (const ArrowColumn& column : schema.columns) raw.push_back(column.name);
        std::vector<model::Finding> findings;
        return usable_names(raw, raw.size(), findings, true);
    }

    Status read(ArrowBatch& batch, FirstRows& first, bool& cut) {
        const std::size_t before = first.size();
        ArrowCursor cursor(batch);
        m_refused.reset();
        const Status status =
            first.add(batch.length(), [&](std::size_t i, std::uint64_t rows, const FirstRows::Take& take) -> Status {
                const Status read = read_column(cursor, m_layouts[i], rows, take);
                return read ? read : of_column(read.error(), m_layouts[i].name);
            });
        if (!status && status.error().code == Errc::guard && m_refused) return *m_refused;
        TRY_DO(status);
        cut = first.out_of_room() && first.size() - before < batch.length();
        return {};
    }

    // A value that is too large ends the column: the rows before it are given.
    Status read_column(ArrowCursor& cursor, const ArrowLayout& layout, std::uint64_t rows,
                       const FirstRows::Take& take) {
        TRY(ArrowArray array, cursor.next(layout));
        ArrowValues values(m_batches.dictionaries(), m_budget);
        for (std::uint64_t row = 0; row < rows; ++row) {
            const auto value = values.at(array, row);
            if (!value && value.error().code == Errc::guard) {
                if (!m_refused) m_refused = of_column(value.error(), layout.name);
                return {};
            }
            if (!value) return value.error();
            if (!take(*value)) return {};
        }
        return {};
    }

    ArrowBatches m_batches;
    std::size_t m_count;
    std::vector<ArrowLayout> m_layouts;
    ArrowBudget m_budget;
    std::optional<Error> m_refused;
};

// The first values of the columns that are wanted.
class ValueReader {
public:
    ValueReader(const Input& input, FirstValues& into) : m_batches(input), m_into(into) {}

    Status read() {
        TRY_DO(m_batches.open());
        TRY(m_layouts, read_arrow_layout(m_batches.schema()));
        m_given_up.assign(m_layouts.size(), false);
        const bool with_dictionaries = has_dictionary(m_layouts);
        for (std::uint64_t rows = 0; rows < k_first_rows;) {
            TRY(const auto batch, m_batches.next(with_dictionaries));
            if (!batch) return {};
            if (batch->length() > 0) TRY_DO(look(*batch));
            rows += batch->length();
        }
        return {};
    }
    const std::optional<Error>& damage() const { return m_damage; }

private:
    static constexpr std::uint64_t k_column = 4u << 20;

    Status look(ArrowBatch& batch) {
        ArrowCursor cursor(batch);
        for (std::size_t i = 0; i < m_layouts.size(); ++i) {
            if (m_given_up[i] || !m_into.wants(i)) {
                cursor.skip(m_layouts[i]);
                continue;
            }
            const Status status = look(batch, cursor, i);
            if (status) continue;
            m_given_up[i] = true;  // rows behind a gap are not the first ones
            if (!is_damage(status.error())) return status;
            if (status.error().code == Errc::corrupt && !m_damage)
                m_damage = of_column(status.error(), m_layouts[i].name);
        }
        return {};
    }

    Status look(ArrowBatch& batch, ArrowCursor& cursor, std::size_t i) {
        TRY(ArrowArray array, cursor.next(m_layouts[i]));
        // One column does not take it all.
        ArrowBudget budget{std::min(m_left, k_column)};
        m_left -= budget.work;
        const Status status = look(batch, array, i, budget);
        m_left += budget.work;
        return status;
    }

    Status look(ArrowBatch& batch, ArrowArray& array, std::size_t i, ArrowBudget& budget) {
        ArrowValues values(m_batches.dictionaries(), budget);
        const std::uint64_t rows = std::min(batch.length(), k_first_rows - m_into.rows_of(i));
        for (std::uint64_t row = 0; row < rows; ++row) {
            TRY(const json::Value value, values.at(array, row));
            m_into.look(i, value);
        }
        return {};
    }

    ArrowBatches m_batches;
    FirstValues& m_into;
    std::vector<ArrowLayout> m_layouts;
    std::vector<bool> m_given_up;
    std::uint64_t m_left = 32u << 20;  // bytes that may be read
    std::optional<Error> m_damage;
};

}  // namespace

Result<Rows> head_arrow(const Input& input, std::size_t count) {
    auto rows = RowReader(input, count).read();
    return rows ? std::move(rows) : head_refused(rows.error(), "columns, types and the row count", "Arrow");
}

Status look_at_arrow(const Input& input, FirstValues& into, std::optional<Error>& why) {
    ValueReader reader(input, into);
    const Status status = reader.read();
    if (!status && !is_damage(status.error())) return status;
    if (reader.damage())
        why = *reader.damage();
    else if (!status && status.error().code == Errc::corrupt)
        why = status.error();
    return {};
}

}  // namespace neurolake::formats
