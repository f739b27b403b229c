// json_rows.cpp: simdjson finds the structure, we walk it; one bad document costs only itself, numbers stay as spelt.
// SPDX-License-Identifier: Apache-2.0
#include "formats/json_rows.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/text.hpp"
#include "formats/byte_count.hpp"
#include "formats/quick_cell.hpp"

namespace neurolake::formats {
namespace {

constexpr std::size_t k_max_events = 8192;   // kept of one document; a larger one is walked twice
constexpr std::size_t k_first_events = 128;  // room at the beginning: most documents are small, and so are most files
constexpr unsigned k_max_depth = 64;         // deeper values are only balanced, not typed

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// JSON's own number grammar is narrower than a cell's: [-]digits[.digits][e[+-]digits], and the words some writers use.
bool is_json_number(const Cell& cell, std::string_view token) {
    if (cell.type == CellClass::integer) return true;
    if (cell.type == CellClass::special) return token == "NaN" || token == "Infinity" || token == "-Infinity";
    std::size_t i = token[0] == '-';
    const auto digits = [&] {
        const std::size_t first = i;
        while (i < token.size() && token[i] >= '0' && token[i] <= '9') ++i;
        return i - first;
    };
    const bool zero = i < token.size() && token[i] == '0';
    const std::size_t whole = digits();
    if (whole == 0 || (zero && whole > 1)) return false;
    if (i < token.size() && token[i] == '.') {
        ++i;
        if (digits() == 0) return false;
    }
    if (i < token.size() && (token[i] == 'e' || token[i] == 'E')) {
        ++i;
        if (i < token.size() && (token[i] == '+' || token[i] == '-')) ++i;
        if (digits() == 0) return false;
    }
    return i == token.size();
}

enum class Kind : std::uint8_t { object, array, string, number, boolean, null, opaque };

// What a document says at one place, kept until the document is known to be good.
struct Event {
    JsonShape* shape;
    const char* text;
    std::size_t size;
    Kind kind;
    Cell cell;
};

}  // namespace

struct JsonRows::Parser {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> stage1;
    std::size_t capacity = 0;
    std::vector<Event> events = std::vector<Event>(k_first_events);
    std::vector<char> unescaped;  // room for the strings of the buffer that have an escape: none becomes longer
    std::vector<bool> open;       // brackets of a value that is not looked into: is it an object?
};

// One pass over the structural characters of a buffer. What a document says is kept aside until its end is reached, so
// a document that turns out bad leaves no trace.
class JsonRows::Walker {
public:
    // The text was indexed.
    Walker(JsonRows& rows, std::string_view text)
        : m_rows(rows),
          m_text(text),
          m_index(rows.m_parser->stage1->structural_indexes.get()),
          m_count(rows.m_parser->stage1->n_structural_indexes),
          m_has_escapes(text.find('\\') != std::string_view::npos),
          m_room(rows.m_parser->events) {
        std::vector<char>& unescaped = rows.m_parser->unescaped;
        if (m_has_escapes && unescaped.size() < text.size() + k_padding) unescaped.resize(text.size() + k_padding);
        m_unescaped = unescaped.data();
        keep_from(0);
    }

    bool done() const { return m_at >= m_count; }
    std::size_t position() const { return done() ? m_text.size() : m_index[m_at]; }
    bool take_comma() { return take(','); }
    // The newlines before the current place.
    std::uint64_t newlines() { return line_of(position()) - m_rows.m_lines; }
    // The line of the document before, which had it to itself, needs no second look.
    void pass_line() {
        m_newlines += m_line_end < m_text.size();
        m_counted = std::min(m_line_end + 1, m_text.size());
    }

    // One document; true if it was good, and for `in_line` in one line with nothing else. Rows that are no objects are
    // noted.
    bool document(bool in_line = false) {
        keep_from(0);
        m_too_deep = m_twice = m_too_many = false;
        const std::size_t begin = position(), begin_at = m_at;
        char* const unescaped = m_unescaped;
        const bool is_object = current() == '{';
        JsonShape* const shape = is_object ? &m_rows.m_root : &m_rows.m_values;
        if (!value(shape, 0) || (in_line && !has_line_to_itself(begin))) return false;
        m_row = is_object ? m_rows.m_rows++ : m_rows.m_value_rows++;
        if (!m_too_many) {
            if (m_twice)
                for (const Event* event = m_room.data(); event != m_next; ++event) look_again(*event);
            for (const Event* event = m_room.data(); event != m_next; ++event) commit(*event);
        } else {  // it is good: once more, and each value counts at once
            m_at = begin_at;
            m_unescaped = unescaped;
            m_counts_at_once = true;
            m_next = m_last = m_room.data();
            value(shape, 0);
            m_counts_at_once = false;
        }
        if (!is_object) m_rows.m_oddities.note(Oddity::not_an_object, line_of(begin));
        if (m_too_deep) m_rows.m_oddities.note(Oddity::too_deep, line_of(begin));
        if (m_twice) m_rows.m_oddities.note(Oddity::duplicate_key, line_of(begin));
        return true;
    }

    // Nothing but values, whose documents would be good? None counts.
    bool all_are_good() {
        while (!done())
            if (!skip_value()) return false;
        return true;
    }

private:
    // The line ends behind the document's last token, and before the next one.
    bool has_line_to_itself(std::size_t begin) {
        m_line_end = std::min(m_text.find('\n', begin), m_text.size());
        const bool ends = m_index[m_at - 1] < m_line_end;
        m_rows.m_spans_lines |= !ends;
        return ends && position() >= m_line_end;
    }

    // The next event is filled in at m_next, where there is always room for one.
    [[gnu::always_inline]] void note(JsonShape& shape, Kind kind, std::string_view text = {}) {
        Event& event = *m_next;
        event.shape = &shape;
        event.kind = kind;
        event.text = text.data();
        event.size = text.size();
        if (m_next != m_last)
            ++m_next;
        else
            noted_last();
    }
    void noted_last() {
        const std::size_t used = m_room.size();
        if (m_counts_at_once) {
            if (m_twice) look_again(*m_next);
            return commit(*m_next);
        }
        if (used == k_max_events) {
            m_too_many = true;
            return;
        }
        m_room.resize(2 * used);
        keep_from(used);
    }
    void keep_from(std::size_t used) {
        m_next = m_room.data() + used;
        m_last = m_room.data() + m_room.size() - 1;
    }

    char current() const { return m_at < m_count ? m_text[m_index[m_at]] : '\0'; }
    bool take(char c) {
        if (current() != c) return false;
        ++m_at;
        return true;
    }

    // The token at the current place: up to the next structural character, blanks behind it off.
    [[gnu::always_inline]] std::string_view token() const {
        const std::size_t begin = m_index[m_at];
        std::size_t end = m_at + 1 < m_count ? m_index[m_at + 1] : m_text.size();
        while (end > begin && m_text[end - 1] <= ' ' && is_space(m_text[end - 1])) --end;
        return {m_text.data() + begin, end - begin};
    }

    // The key that stood here in the row before mostly stands here again: then one comparison does for all.
    [[gnu::always_inline]] bool is_next_key(const JsonField& field) const {
        const std::size_t begin = m_index[m_at], size = field.name.size();
        if (m_at + 1 >= m_count || m_text[m_index[m_at + 1]] != ':' || begin + size + 2 > m_index[m_at + 1])
            return false;
        const char* key = m_text.data() + begin;
        return key[size + 1] == '"' && field.begins(key + 1) &&
               (size <= 8 || std::memcmp(key + 1, field.name.data(), size) == 0);
    }

    [[gnu::always_inline]] bool string(std::string_view& out) {
        std::string_view quoted = token();
        if (quoted.size() < 2 || quoted.front() != '"' || quoted.back() != '"') return false;
        ++m_at;
        out = {quoted.data() + 1, quoted.size() - 2};
        if (!m_has_escapes || out.find('\\') == std::string_view::npos) return true;
        const auto* from = reinterpret_cast<const std::uint8_t*>(out.data());
        auto* to = reinterpret_cast<std::uint8_t*>(m_unescaped);
        const std::uint8_t* end = m_rows.m_parser->stage1->parse_string(from, to);
        if (end == nullptr) return false;
        out = std::string_view(m_unescaped, static_cast<std::size_t>(end - to));
        m_unescaped += out.size();
        return true;
    }

    bool value(JsonShape* shape, unsigned depth) {
        if (shape == nullptr) return skip_value();
        if (depth > k_max_depth) {
            m_too_deep = true;
            note(*shape, Kind::opaque);
            return skip_value();
        }
        switch (current()) {
            case '{':
                return object(*shape, depth);
            case '[':
                return array(*shape, depth);
            case '"': {
                std::string_view text;
                if (!string(text)) return false;
                note(*shape, Kind::string, text);
                return true;
            }
            default:
                return scalar(*shape);
        }
    }

    bool object(JsonShape& shape, unsigned depth) {
        note(shape, Kind::object);
        ++m_at;
        if (take('}')) return true;
        const JsonField *next = shape.fields.data(), *behind = next + shape.fields.size();
        const std::uint64_t serial = ++m_rows.m_objects;
        do {
            JsonShape* field = nullptr;
            if (next != behind && current() == '"' && is_next_key(*next)) {
                field = next++->shape.get();
                m_at += 2;
            } else {
                std::string_view key;
                if (current() != '"' || !string(key) || !take(':')) return false;
                auto hint = static_cast<std::size_t>(next - shape.fields.data());
                const bool is_column = depth <= m_rows.m_column_depth;
                field = shape.field(key, hint, is_column, is_column, m_rows.m_budget);
                next = shape.fields.data() + hint;
                behind = shape.fields.data() + shape.fields.size();
            }
            if (field == nullptr)
                shape.wide = true;
            else if (std::exchange(field->last_object, serial) == serial)
                m_twice = true;
            if (!value(field, depth + 1)) return false;
        } while (take(','));
        return take('}');
    }

    bool array(JsonShape& shape, unsigned depth) {
        note(shape, Kind::array);
        ++m_at;
        if (take(']')) return true;
        JsonShape* element = shape.element(m_rows.m_budget);
        if (element == nullptr) shape.wide = true;
        do {
            if (!value(element, depth + 1)) return false;
        } while (take(','));
        return take(']');
    }

    [[gnu::always_inline]] static bool number(std::string_view text, Cell& cell) {
        const bool quick = short_number(text.data(), text.size(), cell);
        if (quick && text.back() != '.') return true;
        cell = classify_slowly(text.data(), text.size());
        if (!is_json_number(cell, text)) return false;
        if (cell.type == CellClass::code) cell.type = CellClass::exponent;  // JSON has no bare codes
        return true;
    }

    static bool begins_number(char c) { return (c >= '0' && c <= '9') || c == '-' || c == 'N' || c == 'I'; }

    [[gnu::always_inline]] bool scalar(JsonShape& shape) {
        if (done()) return false;
        const std::string_view text = token();
        if (text.empty()) return false;
        if (begins_number(text[0])) {
            if (!number(text, m_next->cell)) return false;
            note(shape, Kind::number, text);
        } else if (text == "null") {
            note(shape, Kind::null);
        } else if (text == "true" || text == "false") {
            note(shape, Kind::boolean, text);
        } else {
            return false;
        }
        ++m_at;
        return true;
    }

    // Any value without counting it. Not recursive, so depth costs nothing.
    bool skip_value() {
        std::vector<bool>& open = m_rows.m_parser->open;
        open.clear();
        while (true) {
            const char c = current();
            if ((c == '{' && !begins_empty('}')) || (c == '[' && !begins_empty(']'))) {
                open.push_back(c == '{');
                if (c == '{' && !skip_key()) return false;
                continue;
            }
            if (c != '{' && c != '[' && !skip_scalar()) return false;
            while (!open.empty() && take(open.back() ? '}' : ']')) open.pop_back();
            if (open.empty()) return true;
            if (!take(',') || (open.back() && !skip_key())) return false;
        }
    }

    // Takes the bracket that opens, and the one that closes if it is next.
    bool begins_empty(char closing) {
        ++m_at;
        return take(closing);
    }

    bool skip_string() {
        char* const unescaped = m_unescaped;
        std::string_view ignored;
        const bool good = string(ignored);
        m_unescaped = unescaped;
        return good;
    }
    bool skip_key() { return current() == '"' && skip_string() && take(':'); }

    bool skip_scalar() {
        if (current() == '"') return skip_string();
        const std::string_view text = done() ? std::string_view() : token();
        Cell cell;
        if (text.empty()) return false;
        const bool good =
            begins_number(text[0]) ? number(text, cell) : text == "null" || text == "true" || text == "false";
        m_at += good;
        return good;
    }

    // A key may stand twice in the row, and count once.
    void look_again(const Event& event) {
        if (event.kind != Kind::null) event.shape->saw_again(m_row);
    }

    void commit(const Event& event) {
        JsonShape& shape = *event.shape;
        const std::uint64_t row = m_row;
        ++shape.present;
        switch (event.kind) {
            case Kind::object:
                return shape.saw_object(row);
            case Kind::array:
                return shape.saw_array(row);
            case Kind::string:
                return shape.scalars.observe_string(event.text, event.size, row);
            case Kind::number:
                return shape.scalars.observe_number(event.cell, event.text, event.size, row);
            case Kind::boolean:
                return shape.scalars.observe_boolean(event.size == 4, row);
            case Kind::opaque:
                shape.opaque = true;
                return;
            case Kind::null:
                return;
        }
    }

    // Positions asked for only grow: each newline is counted once.
    std::uint64_t line_of(std::size_t position) {
        m_newlines += count_byte(m_text.substr(m_counted, position - m_counted), '\n');
        m_counted = position;
        return m_rows.m_lines + m_newlines;
    }

    JsonRows& m_rows;
    std::string_view m_text;
    const std::uint32_t* m_index;
    std::size_t m_count, m_at = 0, m_counted = 0, m_line_end = 0;
    std::uint64_t m_newlines = 0;
    char* m_unescaped;
    bool m_has_escapes, m_too_deep = false, m_twice = false;
    std::vector<Event>& m_room;
    Event *m_next = nullptr, *m_last = nullptr;  // the last is of the room
    bool m_too_many = false;
    std::uint64_t m_row = 0;
    bool m_counts_at_once = false;
};

JsonRows::JsonRows() : m_parser(std::make_unique<Parser>()) {}
JsonRows::JsonRows(JsonRows&&) noexcept = default;
JsonRows& JsonRows::operator=(JsonRows&&) noexcept = default;
JsonRows::~JsonRows() = default;

// Fills the parser's structural index. False when the text as a whole is no sequence of JSON tokens.
bool JsonRows::index(std::string_view text) {
    Parser& parser = *m_parser;
    if (!parser.stage1 || parser.capacity < text.size()) {
        parser.capacity = std::max<std::size_t>(text.size(), 4096);
        parser.stage1.reset();
        const auto made =
            simdjson::get_active_implementation()->create_dom_parser_implementation(parser.capacity, 1, parser.stage1);
        if (made != simdjson::SUCCESS) return false;
    }
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    return parser.stage1->stage1(bytes, text.size(), simdjson::stage1_mode::regular) == simdjson::SUCCESS;
}

// Returns how many bytes were good: all, or up to the first bad document.
std::size_t JsonRows::walk(std::string_view text, bool commas) {
    Walker walker(*this, text);
    while (!walker.done() && !is_full()) {
        const std::size_t begin = walker.position();
        if (!walker.document()) return begin;
        if (m_seen) m_seen(text.substr(begin, walker.position() - begin));
        if (!commas || walker.done()) continue;
        if (!walker.take_comma() || walker.done()) return begin;
    }
    return text.size();
}

// The same of lines that hold a document each and nothing else.
std::size_t JsonRows::walk_lines(std::string_view lines, std::uint64_t& newlines) {
    Walker walker(*this, lines);
    newlines = walker.newlines();
    while (!walker.done() && !is_full()) {
        const std::size_t begin = walker.position();
        if (!walker.document(true)) return begin;
        walker.pass_line();
        newlines = walker.newlines();
        if (m_seen) m_seen(lines.substr(begin, walker.position() - begin));
    }
    return lines.size();
}

// One line, all of it or nothing: several documents only when each of them is good.
bool JsonRows::walk_line(std::string_view line) {
    if (!index(line)) return false;
    std::uint64_t newlines;
    if (walk_lines(line, newlines) == line.size()) return true;
    if (!Walker(*this, line).all_are_good()) return false;
    walk(line, false);
    return true;
}

bool JsonRows::take_documents(std::string_view documents, bool commas) {
    const std::size_t good = index(documents) ? walk(documents, commas) : 0;
    if (good == documents.size()) return true;
    const std::size_t bad = std::min(documents.find_first_not_of(" \t\r\n", good), documents.size());
    m_lines += count_byte(documents.substr(0, bad), '\n');
    return false;
}

void JsonRows::take_lines(std::string_view lines) {
    if (m_lines == 0 && lines.starts_with("\xEF\xBB\xBF")) lines.remove_prefix(3);
    if (lines.empty()) return;
    std::uint64_t newlines = 0;
    const std::size_t good = index(lines) ? walk_lines(lines, newlines) : 0;
    m_lines += newlines;
    if (good == lines.size()) m_lines += lines.back() != '\n';
    lines.remove_prefix(good);
    while (!lines.empty() && !is_full()) {  // the lines from the first bad one on, one by one
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        take_line(lines.substr(0, end));
        ++m_lines;
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
}

void JsonRows::take_line(std::string_view line) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
    if (!simdjson::validate_utf8(line.data(), line.size())) {
        m_oddities.note(Oddity::invalid_utf8, m_lines);
        m_repaired = text::to_valid_utf8(line);
        const std::size_t size = m_repaired.size();
        m_repaired.resize(size + k_padding);
        line = std::string_view(m_repaired).substr(0, size);
    }
    if (!walk_line(line)) m_oddities.note(Oddity::bad_line, m_lines);
}

void JsonRows::count_huge_row() {
    m_oddities.note(Oddity::huge_row, m_lines);
    if (m_seen) m_seen({});
    ++m_rows;
    ++m_lines;
}

void JsonRows::merge(JsonRows& next) {
    m_root.merge(next.m_root, m_rows, true, m_budget);
    m_oddities.merge(next.m_oddities, m_lines);
    m_values.merge(next.m_values, m_value_rows, false, m_budget);
    m_budget.refused |= next.m_budget.refused;
    m_spans_lines |= next.m_spans_lines;
    m_value_rows += next.m_value_rows;
    m_rows += next.m_rows;
    m_lines += next.m_lines;
}

}  // namespace neurolake::formats
