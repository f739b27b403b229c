// view_numbers.cpp: character by character through JSON that is known to be good, with the brackets that are open.
// SPDX-License-Identifier: Apache-2.0
#include "exchange/view_numbers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "exchange/view_formats.hpp"
#include "exchange/view_look.hpp"
#include "formats/input.hpp"

namespace neurolake::exchange {

using model::TypeKind;

namespace {

constexpr std::size_t k_deepest = 1000;  // brackets; the reader types 64
constexpr std::size_t k_no_column = ~std::size_t{0};
constexpr std::size_t k_longest_double = 17;      // significant digits that tell every double from its neighbours
constexpr std::size_t k_printed_as_written = 15;  // with so many, the shortest text of a double is the one it came from

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_whole(std::string_view token) { return token.find_first_of(".eE") == std::string_view::npos; }

std::size_t significant_digits(std::string_view token) {
    const std::string_view digits = token.substr(0, token.find_first_of("eE"));
    const auto first = static_cast<std::size_t>(
        std::ranges::find_if(digits, [](char c) { return is_digit(c) && c != '0'; }) - digits.begin());
    return static_cast<std::size_t>(
        std::count_if(digits.begin() + static_cast<std::ptrdiff_t>(first), digits.end(), is_digit));
}

bool holds_text(const model::Type& type) {
    return type.kind == TypeKind::text || type.kind == TypeKind::json ||
           std::ranges::any_of(type.fields, [](const model::Field& field) { return holds_text(field.type); });
}

// A number begins with a digit or a minus: a least text behind those tells that there is none.
bool has_no_fraction(const model::Column& column) {
    switch (column.type.kind) {
        case TypeKind::text:
            return column.evidence.min && !column.evidence.min->empty() && column.evidence.min->front() > '9';
        case TypeKind::unknown:
        case TypeKind::boolean:
        case TypeKind::date:
        case TypeKind::timestamp:
        case TypeKind::timestamp_tz:
        case TypeKind::uuid:
            return true;
        default:
            return false;
    }
}

class NumberScan {
public:
    NumberScan(const JsonPlace& place, const std::vector<NumberColumn>& columns) : m_place(place), m_columns(columns) {
        for (std::size_t i = 0; i < columns.size(); ++i) m_by_name.emplace(columns[i].name, i);
        m_frames.push_back({false, false, place.depth == 0 ? column_named("value") : k_no_column, {}});
    }

    // False: m_token is a number that would not stay.
    bool take(std::string_view text) {
        for (std::size_t i = 0; i < text.size();) {
            if (m_in_string) {
                i = string(text, i);
                continue;
            }
            const char c = text[i++];
            if (is_digit(c) || (!m_token.empty() && (c == '.' || c == 'e' || c == 'E' || c == '+')) || c == '-') {
                if (wanted() != Digits::any) m_token += c;
                continue;
            }
            if (!end_of_token()) return false;
            structural(c);
        }
        return true;
    }
    bool end_of_token() {
        if (m_token.empty()) return true;
        const bool stays = wanted() == Digits::spelling ? keeps_spelling(m_token) : keeps_value(m_token);
        if (stays) m_token.clear();
        return stays;
    }
    const std::string& token() const { return m_token; }
    const std::string& column() const { return m_columns[m_frames.back().column].name; }

private:
    struct Frame {
        bool is_object, key_next;
        std::size_t column;  // whose value this is, or the member's that stands here
        std::string key;
    };

    std::size_t column_named(const std::string& name) const {
        const auto at = m_by_name.find(name);
        return at == m_by_name.end() ? k_no_column : at->second;
    }
    Digits wanted() const {
        const std::size_t column = m_frames.back().column;
        return column == k_no_column ? Digits::any : m_columns[column].keep;
    }
    std::size_t depth() const { return m_frames.size() - 1; }

    // Behind the string, or what of it is here.
    std::size_t string(std::string_view text, std::size_t i) {
        if (m_escaped) {
            m_escaped = false;
            if (m_is_key) m_frames.back().key += text[i];
            return i + 1;
        }
        const std::size_t end = std::min(text.find_first_of("\"\\", i), text.size());
        if (m_is_key) m_frames.back().key += text.substr(i, end - i);
        if (end == text.size()) return end;
        m_escaped = text[end] == '\\';
        if (m_escaped && m_is_key) m_frames.back().key += '\\';
        if (!m_escaped) end_of_string();
        return end + 1;
    }
    void end_of_string() {
        m_in_string = false;
        if (m_is_key) key();
        m_is_key = false;
    }

    bool in_row() const { return m_place.list.empty() || (m_frames.size() > 1 && m_frames[1].key == m_place.list); }

    // The key of a member is known: whose column is its value?
    void key() {
        Frame& frame = m_frames.back();
        frame.key_next = false;
        if (frame.key.find('\\') != std::string::npos)
            if (const auto plain = json::parse("\"" + frame.key + "\""); plain && plain->as_string())
                frame.key = *plain->as_string();
        if (depth() == m_place.depth && in_row()) {
            const bool own = !m_place.features || frame.key == "id" || frame.key == "geometry";
            frame.column = own ? column_named(frame.key) : k_no_column;
        } else if (m_place.features && depth() == m_place.depth + 1 && in_row() &&
                   m_frames[m_place.depth].key == "properties") {
            frame.column = column_named(frame.key);
        }
    }

    // What lies too deep is only balanced: the file may have changed since it was read.
    void open(bool object) {
        if (m_frames.size() == k_deepest || m_beyond > 0)
            ++m_beyond;
        else
            m_frames.push_back({object, object, m_frames.back().column, {}});
    }
    void close() {
        if (m_beyond > 0)
            --m_beyond;
        else if (m_frames.size() > 1)
            m_frames.pop_back();
    }

    void structural(char c) {
        Frame& frame = m_frames.back();
        if (c == '"') {
            m_in_string = true;
            m_is_key = frame.is_object && frame.key_next && depth() <= m_place.depth + 1;
            if (m_is_key) frame.key.clear();
        } else if (c == '{' || c == '[') {
            open(c == '{');
        } else if (c == '}' || c == ']') {
            close();
        } else if (c == ',') {
            frame.key_next = frame.is_object;
        } else if (c == ':') {
            frame.key_next = false;
        }
    }

    const JsonPlace& m_place;
    const std::vector<NumberColumn>& m_columns;
    std::unordered_map<std::string, std::size_t> m_by_name;
    std::vector<Frame> m_frames;  // the first is around all
    std::size_t m_beyond = 0;
    std::string m_token;
    bool m_in_string = false, m_escaped = false, m_is_key = false;
};

}  // namespace

bool keeps_spelling(std::string_view token) {
    if (is_whole(token)) return token != "-0";
    if (token.find_first_of("eE") != std::string_view::npos) return false;
    if (token.starts_with('-')) token.remove_prefix(1);
    const std::size_t point = token.find('.');
    const std::string_view whole = token.substr(0, point), fraction = token.substr(point + 1);
    if (whole.size() + fraction.size() > k_printed_as_written) return false;
    if (fraction == "0") return true;
    return !fraction.ends_with('0') && (whole != "0" || fraction.find_first_not_of('0') < 4);
}

bool keeps_value(std::string_view token) { return is_whole(token) || significant_digits(token) <= k_longest_double; }

std::vector<NumberColumn> number_columns(const formats::Profile& profile, const model::Table& table) {
    std::vector<NumberColumn> out;
    for (const model::Column& column : profile.columns) {
        const auto whole = std::ranges::find(table.columns, column.name, &model::Column::name);
        Digits keep = Digits::any;
        if (whole != table.columns.end() && !whole->type.fields.empty() && holds_text(whole->type))
            keep = Digits::value;
        if (whole != table.columns.end() && whole->type.kind == TypeKind::json) keep = Digits::value;
        if (whole != table.columns.end() && whole->type.kind == TypeKind::text && !has_no_fraction(column))
            keep = Digits::spelling;
        out.push_back({column.name, keep});
    }
    return out;
}

Status check_numbers(const ViewFile& file, const JsonPlace& place, const std::vector<NumberColumn>& columns) {
    if (std::ranges::all_of(columns, [](const NumberColumn& c) { return c.keep == Digits::any; })) return {};
    NumberScan scan(place, columns);
    bool stay = true;
    TRY_DO(look_through(file, [&](std::string_view text) { return stay = scan.take(text); }));
    if (stay && scan.end_of_token()) return {};
    return not_exact(fmt::format("DuckDB would write the number {} of {} in another way", scan.token(), scan.column()),
                     "put it beside as Parquet or CSV, or write such numbers in quotes; then: neurolake catalog index");
}

}  // namespace neurolake::exchange
