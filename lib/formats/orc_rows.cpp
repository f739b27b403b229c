// orc_rows.cpp: stripe after stripe, column after column, until there are enough rows.
// SPDX-License-Identifier: Apache-2.0
#include "formats/orc_rows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "formats/csv.hpp"
#include "formats/findings.hpp"
#include "formats/first_rows.hpp"
#include "formats/orc.hpp"
#include "formats/orc_values.hpp"

namespace neurolake::formats {
namespace {

Error refusal(const model::Finding& why) {
    return {why.code == "unsupported" ? Errc::unsupported
            : why.code == "too_large" ? Errc::guard
                                      : Errc::corrupt,
            why.message};
}

class RowReader {
public:
    RowReader(const Input& input, const OrcTail& tail, const OrcFooter& footer, const std::vector<OrcColumn>& columns)
        : m_input(input), m_tail(tail), m_footer(footer), m_columns(columns) {}

    Status read(std::size_t count, Rows& rows) {
        constexpr std::uint64_t k_work = 16;  // bytes that are read for each that can be shown
        FirstRows first(m_columns.size(), count);
        m_budget.work = first.room() * k_work;
        std::uint64_t seen = 0;
        for (const OrcStripePlace& place : m_footer.first_stripes) {
            if (first.full()) break;
            if (place.rows == 0) continue;
            TRY(const OrcStripe stripe, read_orc_stripe(m_input, m_tail, place, m_budget));
            TRY_DO(read(stripe, first));
            seen += stripe.rows;
        }
        const auto wanted = std::min<std::uint64_t>(count, m_footer.rows);
        rows.cut = first.size() < wanted;
        if (rows.cut && !first.full())
            return Error(Errc::corrupt,
                         fmt::format("the footer says {} rows, stripes that can be read {}", m_footer.rows, seen));
        rows.cells = first.take();
        return {};
    }

private:
    Status read(const OrcStripe& stripe, FirstRows& first) {
        m_refused.reset();
        const Status status =
            first.add(stripe.rows, [&](std::size_t i, std::uint64_t rows, const FirstRows::Take& take) -> Status {
                const Status read = read_column(stripe, m_columns[i], rows, take);
                return read ? read : of_column(read.error(), m_columns[i].name);
            });
        if (!status && status.error().code == Errc::guard && m_refused) return *m_refused;
        return status;
    }

    // A value that is too large ends the column: the rows before it are given.
    Status read_column(const OrcStripe& stripe, const OrcColumn& column, std::uint64_t rows,
                       const FirstRows::Take& take) {
        const OrcSource source{m_input, m_tail, m_footer, stripe, m_budget};
        TRY(const auto values, OrcValues::open(source, column.node));
        for (std::uint64_t row = 0; row < rows; ++row) {
            const auto value = values->next_row();
            if (!value && value.error().code == Errc::guard) {
                if (!m_refused) m_refused = of_column(value.error(), column.name);
                return {};
            }
            if (!value) return value.error();
            if (!take(*value)) return {};
        }
        return {};
    }

    const Input& m_input;
    const OrcTail& m_tail;
    const OrcFooter& m_footer;
    const std::vector<OrcColumn>& m_columns;
    OrcBudget m_budget;
    std::optional<Error> m_refused;
};

Result<Rows> read_rows(const Input& input, std::size_t count) {
    if (input.compression != Compression::none)
        return Error(Errc::unsupported, "ORC inside a compressed file is not read");
    TRY(const OrcTail tail, read_orc_tail(input));
    if (tail.verdict) return refusal(*tail.verdict);
    TRY(const OrcFooter footer, decode_orc_footer(tail.footer, tail.body_end));
    TRY(const auto columns, orc_columns(footer));
    if (footer.encrypted) return Error(Errc::unsupported, "some columns are encrypted");
    Rows rows;
    std::vector<std::string> names;
    for (const OrcColumn& column : columns) names.push_back(column.name);
    std::vector<model::Finding> findings;
    rows.columns = usable_names(names, names.size(), findings, true);
    TRY_DO(RowReader(input, tail, footer, columns).read(count, rows));
    return rows;
}

// The first values of a column in a stripe.
Status look(const OrcSource& source, const OrcColumn& column, std::size_t i, FirstValues& into) {
    const std::uint64_t rows = std::min(source.stripe.rows, k_first_rows - into.rows_of(i));
    TRY(const auto values, OrcValues::open(source, column.node));
    for (std::uint64_t row = 0; row < rows; ++row) {
        TRY(const json::Value value, values->next_row());
        into.look(i, value);
    }
    return {};
}

}  // namespace

Result<Rows> head_orc(const Input& input, std::size_t count) {
    auto rows = read_rows(input, count);
    return rows ? std::move(rows) : head_refused(rows.error(), "columns, types and ranges", "ORC");
}

Status look_at_orc(const Input& input, const OrcTail& tail, const OrcFooter& footer,
                   const std::vector<OrcColumn>& columns, FirstValues& into, std::optional<Error>& why) {
    OrcBudget budget;
    budget.work = 32u << 20;
    std::vector<bool> given_up(columns.size(), footer.encrypted);
    std::uint64_t rows = 0;
    for (const OrcStripePlace& place : footer.first_stripes) {
        if (rows >= k_first_rows) break;
        if (place.rows == 0) continue;
        const auto stripe = read_orc_stripe(input, tail, place, budget);
        if (!stripe && !is_damage(stripe.error())) return stripe.error();
        if (!stripe) {
            if (stripe.error().code == Errc::corrupt && !why) why = stripe.error();
            break;
        }
        const OrcSource source{input, tail, footer, *stripe, budget};
        for (std::size_t i = 0; i < columns.size(); ++i) {
            if (given_up[i] || !into.wants(i)) continue;
            const Status status = look(source, columns[i], i, into);
            if (status) continue;
            given_up[i] = true;  // rows behind a gap are not the first ones
            if (!is_damage(status.error())) return status;
            if (status.error().code == Errc::corrupt && !why) why = of_column(status.error(), columns[i].name);
        }
        rows += stripe->rows;
    }
    return {};
}

}  // namespace neurolake::formats
