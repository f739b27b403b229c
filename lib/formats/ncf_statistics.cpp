// ncf_statistics.cpp: which stored statistics are taken over: those that can be, and that say what they seem to.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/text.hpp"
#include "formats/findings.hpp"
#include "formats/ncf_layout.hpp"

namespace neurolake::formats {
namespace {

// "NaN" and "inf" are numbers here, "True" is none.
std::optional<double> number_of(const std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || end != text.c_str() + text.size()) return std::nullopt;
    return value;
}

bool is_whole(std::string_view type) { return ncf_width(type) > 0 && !type.starts_with("float"); }
bool is_fraction(std::string_view type) { return type.starts_with("float") || type == "decimal"; }

// Takes out what cannot be of one column's statistics, and remembers the first of it in words.
class Sieve {
public:
    Sieve(const NcfFile& file, NcfColumn& column)
        : m_type(column.type), m_s(*column.statistics), m_by_python(file.dialect == NcfDialect::python) {
        // A row count that is contradicted is none to judge others by.
        if (!file.least_rows) m_rows = file.rows;
    }

    std::string run() {
        bound(m_s.min, "the smallest");
        bound(m_s.max, "the greatest");
        order();
        count(m_s.nulls, "nulls");
        count(m_s.distinct, "distinct values");
        return m_why;
    }

private:
    void impossible(std::string why) {
        if (m_why.empty()) m_why = std::move(why);
    }

    void bound(std::optional<std::string>& stored, std::string_view which) {
        if (!stored || !(is_whole(m_type) || is_fraction(m_type))) return;
        const auto value = number_of(*stored);
        const bool can_be = is_whole(m_type) ? can_be_whole(*stored, value) : true;
        if (!can_be)
            impossible(fmt::format("{} {} is {}", which, m_type, text::escape_controls(stored->substr(0, 40))));
        // A writer that looks at numbers beside NaN may store that: no bound, but no lie.
        if (!can_be || (value && std::isnan(*value)) || !is_exact(value)) stored.reset();
    }

    // Python's writer looks at its input, before the values become whole: "1.5" and "True" can be.
    bool can_be_whole(std::string_view stored, std::optional<double> value) const {
        if (!value) return stored == "True" || stored == "False";
        if (!std::isfinite(*value)) return false;
        if (m_by_python) return true;
        return *value == std::trunc(*value) && (*value >= 0 || !m_type.starts_with("uint"));
    }

    // The other writers store doubles: beyond 2^53 they stand for several whole numbers.
    bool is_exact(std::optional<double> value) const {
        constexpr double k_exact = 9007199254740992;
        return m_by_python || !is_whole(m_type) || !value || std::abs(*value) < k_exact;
    }

    void order() {
        if (!m_s.min || !m_s.max || !(is_whole(m_type) || is_fraction(m_type))) return;
        const auto least = number_of(*m_s.min), most = number_of(*m_s.max);
        if (!least || !most || !(*least > *most)) return;
        impossible(
            fmt::format("the smallest value is {}, the greatest {}", m_s.min->substr(0, 40), m_s.max->substr(0, 40)));
        m_s.min.reset();
        m_s.max.reset();
    }

    void count(std::optional<std::uint64_t>& stored, std::string_view of) {
        if (!stored || !m_rows || *stored <= *m_rows) return;
        impossible(fmt::format("{} {} in {} rows", *stored, of, *m_rows));
        stored.reset();
    }

    std::string_view m_type;
    NcfStatistics& m_s;
    bool m_by_python;
    std::optional<std::uint64_t> m_rows;
    std::string m_why;
};

}  // namespace

void leave_out_impossible_statistics(NcfFile& file) {
    std::size_t columns = 0;
    std::string first;
    for (NcfColumn& column : file.columns) {
        if (!column.statistics) continue;
        const std::string why = Sieve(file, column).run();
        if (!why.empty() && columns++ == 0)
            first = fmt::format("{}: {}", text::escape_controls(column.name.substr(0, 100)), why);
    }
    if (columns == 0) return;
    file.findings.push_back(
        warning("impossible_statistics", fmt::format("the statistics of {} cannot be and are left out: {}{}",
                                                     columns == 1 ? "a column" : fmt::format("{} columns", columns),
                                                     columns == 1 ? "" : "the first is ", first)));
}

}  // namespace neurolake::formats
