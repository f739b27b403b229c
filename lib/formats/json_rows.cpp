// json_rows.cpp: simdjson finds the structure, we walk it; one bad document costs only itself, numbers stay as spelt.
// SPDX-License-Identifier: Apache-2.0
#include "formats/json_rows.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/text.hpp"
#include "formats/byte_count.hpp"

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
    std::vector<char> unescaped;  // room for every string of the buffer that has an escape
};

// One pass over the structural characters of a buffer. What a document says is kept aside until its end is reached, so
// a document that turns out bad leaves no trace.
class JsonRows::Walker {
public:
    Walker(JsonRows& rows, std::string_view text, bool has_escapes)
        : m_rows(rows),
          m_text(text),
          m_index(rows.m_parser->stage1->structural_indexes.get()),
          m_count(rows.m_parser->stage1->n_structural_indexes),
          m_unescaped(rows.m_parser->unescaped.data()),
          m_has_escapes(has_escapes),
          m_room(rows.m_parser->events) {}

    bool done() const { return m_at >= m_count; }
    std::size_t position() const { return done() ? m_text.size() : m_index[m_at]; }
    bool take_comma() { return take(','); }

    // One document; true if it was good. Rows that are no objects are noted.
    bool document() {
        m_used = 0;
        m_too_deep = m_twice = false;
        const std::size_t begin = position(), begin_at = m_at;
        char* const unescaped = m_unescaped;
        const bool is_object = current() == '{';
        JsonShape* const shape = is_object ? &m_rows.m_root : &m_rows.m_values;
        if (!value(shape, 0)) return false;
        m_row = is_object ? m_rows.m_rows++ : m_rows.m_value_rows++;
        if (m_used < k_max_events) {
            for (std::size_t i = 0; i < m_used; ++i) commit(m_room[i]);
        } else {  // it is good: once more, and each value counts at once
            m_at = begin_at;
            m_unescaped = unescaped;
            m_counts_at_once = true;
            value(shape, 0);
            m_counts_at_once = false;
        }
        if (!is_object) m_rows.m_oddities.note(Oddity::not_an_object, line_of(begin));
        if (m_too_deep) m_rows.m_oddities.note(Oddity::too_deep, line_of(begin));
        if (m_twice) m_rows.m_oddities.note(Oddity::duplicate_key, line_of(begin));
        return true;
    }

private:
    void note(JsonShape& shape, Kind kind) { note(shape, kind, {}); }
    void note(JsonShape& shape, Kind kind, std::string_view text) {
        Event& event = next_event();
        event.shape = &shape;
        event.kind = kind;
        event.text = text.data();
        event.size = text.size();
        noted(event);
    }
    Event& next_event() {
        if (m_used < m_room.size()) return m_room[m_used];
        if (m_used == k_max_events) return m_spare;
        m_room.resize(2 * m_room.size());
        return m_room[m_used];
    }
    void noted(const Event& event) {
        if (m_counts_at_once)
            commit(event);
        else if (m_used < k_max_events)
            ++m_used;
    }

    char current() const { return m_at < m_count ? m_text[m_index[m_at]] : '\0'; }
    bool take(char c) {
        if (current() != c) return false;
        ++m_at;
        return true;
    }

    // The token at the current place: up to the next structural character, blanks behind it off.
    std::string_view token() const {
        const std::size_t begin = m_index[m_at];
        std::size_t end = m_at + 1 < m_count ? m_index[m_at + 1] : m_text.size();
        while (end > begin && m_text[end - 1] <= ' ' && is_space(m_text[end - 1])) --end;
        return {m_text.data() + begin, end - begin};
    }

    // The key that stood here in the row before mostly stands here again: then one comparison does for all.
    bool is_next_key(const JsonField& field) const {
        const std::size_t begin = m_index[m_at], size = field.name.size();
        if (m_at + 1 >= m_count || m_text[m_index[m_at + 1]] != ':' || begin + size + 2 > m_index[m_at + 1])
            return false;
        const char* key = m_text.data() + begin;
        return key[size + 1] == '"' && field.begins(key + 1) &&
               (size <= 8 || std::memcmp(key + 1, field.name.data(), size) == 0);
    }

    bool string(std::string_view& out) {
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
        m_unescaped += out.size() + k_padding;
        return true;
    }

    bool value(JsonShape* shape, unsigned depth) {
        if (shape == nullptr) return skip_value();
        if (shape->opaque || depth > k_max_depth) {
            m_too_deep |= depth > k_max_depth;
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
        std::size_t hint = 0;
        const std::uint64_t serial = ++m_rows.m_objects;
        do {
            JsonShape* field = nullptr;
            if (hint < shape.fields.size() && current() == '"' && is_next_key(shape.fields[hint])) {
                field = shape.fields[hint++].shape.get();
                m_at += 2;
            } else {
                std::string_view key;
                if (current() != '"' || !string(key) || !take(':')) return false;
                field = shape.field(key, hint, depth <= m_rows.m_column_depth, m_rows.m_budget);
            }
            if (field == nullptr)
                shape.opaque = true;
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
        if (element == nullptr) shape.opaque = true;
        do {
            if (!value(element, depth + 1)) return false;
        } while (take(','));
        return take(']');
    }

    bool scalar(JsonShape& shape) {
        if (done()) return false;
        const std::string_view text = token();
        if (text.empty()) return false;
        const bool number = (text[0] >= '0' && text[0] <= '9') || text[0] == '-' || text[0] == 'N' || text[0] == 'I';
        if (number) {
            Event& event = next_event();
            event.cell = classify(text.data(), text.size());
            if (!is_json_number(event.cell, text)) return false;
            if (event.cell.type == CellClass::code) event.cell.type = CellClass::exponent;  // JSON has no bare codes
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

    // Any value without typing it: brackets must balance. Not recursive, so depth costs nothing.
    bool skip_value() {
        std::size_t open = 0;
        do {
            const char c = current();
            if (done()) return false;
            if (c == '{' || c == '[') ++open;
            if (c == '}' || c == ']') {
                if (open == 0) return false;
                --open;
            }
            ++m_at;
        } while (open > 0);
        return true;
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
    std::size_t m_count, m_at = 0, m_counted = 0;
    std::uint64_t m_newlines = 0;
    char* m_unescaped;
    bool m_has_escapes, m_too_deep = false, m_twice = false;
    std::vector<Event>& m_room;
    Event m_spare{};
    std::size_t m_used = 0;
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
    const bool has_escapes = text.find('\\') != std::string_view::npos;
    if (has_escapes) {
        const auto escapes = static_cast<std::size_t>(count_byte(text, '\\'));
        m_parser->unescaped.resize(text.size() + (escapes + 1) * k_padding);
    }
    Walker walker(*this, text, has_escapes);
    while (!walker.done() && !is_full()) {
        const std::size_t begin = walker.position();
        if (!walker.document()) return begin;
        if (m_seen) m_seen(text.substr(begin, walker.position() - begin));
        if (!commas || walker.done()) continue;
        if (!walker.take_comma() || walker.done()) return begin;
    }
    return text.size();
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
    const std::uint64_t newlines = count_byte(lines, '\n');
    const bool open_line = !lines.empty() && lines.back() != '\n';
    const std::uint64_t first_line = m_lines;
    const std::size_t good = index(lines) ? walk(lines, false) : 0;
    // The lines from the first bad one on, one by one.
    if (good < lines.size()) m_lines += count_byte(lines.substr(0, good), '\n');
    lines.remove_prefix(good);
    while (!lines.empty() && !is_full()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        take_line(lines.substr(0, end));
        ++m_lines;
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    m_lines = first_line + newlines + open_line;
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
    if (!index(line) || walk(line, false) != line.size()) m_oddities.note(Oddity::bad_line, m_lines);
}

void JsonRows::count_huge_row() {
    m_oddities.note(Oddity::huge_row, m_lines);
    if (m_seen) m_seen({});
    ++m_rows;
    ++m_lines;
}

void JsonRows::merge(JsonRows& next) {
    m_root.merge(next.m_root, m_rows, m_budget);
    m_oddities.merge(next.m_oddities, m_lines);
    m_values.merge(next.m_values, m_value_rows, m_budget);
    m_value_rows += next.m_value_rows;
    m_rows += next.m_rows;
    m_lines += next.m_lines;
}

}  // namespace neurolake::formats
