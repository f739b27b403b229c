// yaml.cpp: builds the tree from yaml-cpp's parser events, which carry the marks that its own nodes lose for keys.
// SPDX-License-Identifier: Apache-2.0
#include "config/yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>
#include <utility>

#include "base/text.hpp"

namespace neurolake::config {

namespace {

constexpr std::size_t k_max_depth = 16, k_max_nodes = 10'000;
constexpr std::string_view k_bom = "\xEF\xBB\xBF";

// Ends the parse from inside an event; the problem is already noted.
struct Stop {};

int column_of(std::string_view text, std::size_t offset) {
    std::size_t start = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
    start = start == std::string_view::npos ? 0 : start + 1;
    if (start == 0 && text.starts_with(k_bom) && offset >= k_bom.size()) start = k_bom.size();
    int column = 1;
    for (std::size_t i = start; i < offset; ++i)
        if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) ++column;
    return column;
}

struct Control {
    std::size_t offset;
    unsigned code;
};

// C0 but tab and line ends, DEL, C1, line and paragraph separators.
std::optional<Control> find_control(std::string_view text, bool allow_lines) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0x20 && c < 0x7F) continue;
        if (c == '\t' || (allow_lines && (c == '\n' || c == '\r'))) continue;
        if (c < 0x20 || c == 0x7F) return Control{i, c};
        if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0)
            return Control{i, static_cast<unsigned char>(text[i + 1])};
        if (c == 0xE2 && text.substr(i, 3) == "\xE2\x80\xA8") return Control{i, 0x2028};
        if (c == 0xE2 && text.substr(i, 3) == "\xE2\x80\xA9") return Control{i, 0x2029};
    }
    return std::nullopt;
}

// The same in what yaml-cpp made of escapes: it writes U+0085 and U+00A0 (\N and \_) as one byte each.
std::optional<Control> find_made_control(std::string_view text) {
    if (const auto control = find_control(text, false)) return control;
    if (text::is_utf8(text)) return std::nullopt;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (text[i] == '\x85' || text[i] == '\xA0') return Control{i, static_cast<unsigned char>(text[i])};
    return Control{0, 0xFFFD};
}

// The double-quoted scalar as written, from its first quote to the closing one (or the end of the line).
std::string_view raw_double_quoted(std::string_view text, std::size_t offset) {
    std::size_t i = offset + 1;
    while (i < text.size() && text[i] != '"' && text[i] != '\n') i += text[i] == '\\' ? 2 : 1;
    return text.substr(offset, std::min(i + 1, text.size()) - offset);
}

std::string backslash_fix(std::string_view raw) {
    std::string inside(raw.substr(0, raw.find_last_not_of("\r\n") + 1));
    if (inside.size() >= 2 && inside.front() == '"' && inside.back() == '"')
        inside = inside.substr(1, inside.size() - 2);
    std::string forward = inside;
    std::replace(forward.begin(), forward.end(), '\\', '/');
    return fmt::format("in double quotes a backslash begins an escape; write {} or '{}' (single quotes)", forward,
                       inside);
}

// A lone \N, \U, \P ... : an escape that a person writing a Windows path did not mean.
bool has_accidental_escape(std::string_view raw) {
    for (std::size_t i = 1; i + 1 < raw.size(); ++i) {
        if (raw[i] != '\\') continue;
        if (raw[i + 1] != '\\' && raw[i + 1] != '"' && raw[i + 1] != '/') return true;
        ++i;
    }
    return false;
}

bool looks_like_windows_path(std::string_view raw) {
    return raw.size() > 4 && raw[0] == '"' && ((raw[2] == ':' && raw[3] == '\\') || raw.starts_with("\"\\\\"));
}

// What yaml-cpp gets to read: the file without its comments, at which it is slow; lines and columns still find the
// place in the file. A line with quotes keeps its comment, for the '#' may be inside them. What a cut could spoil, a
// value over several lines, is refused.
struct Input {
    std::string text;
    std::vector<std::size_t> line_starts;  // offsets in the file

    explicit Input(std::string_view file_text) {
        text.reserve(file_text.size());
        std::size_t start = file_text.starts_with(k_bom) ? k_bom.size() : 0;
        while (start < file_text.size()) {
            const std::size_t end = std::min(file_text.find('\n', start), file_text.size() - 1) + 1;
            const std::string_view row = file_text.substr(start, end - start);
            const std::size_t cut = comment_start(row);
            line_starts.push_back(start);
            text += row.substr(0, cut);
            if (cut < row.size()) text += '\n';
            start = end;
        }
        line_starts.push_back(file_text.size());
    }
    static std::size_t comment_start(std::string_view row) {
        const std::size_t hash = row.find('#');
        if (hash == std::string_view::npos) return row.size();
        if (row.find_first_not_of(' ') == hash) return 0;
        if (row.find_first_of("\"'") < row.size()) return row.size();
        const std::size_t comment = row.find(" #");
        return comment == std::string_view::npos ? row.size() : comment;
    }
    std::size_t offset_of(const YAML::Mark& mark) const {
        const auto line = std::min(static_cast<std::size_t>(std::max(mark.line, 0)), line_starts.size() - 1);
        return std::min(line_starts[line] + static_cast<std::size_t>(std::max(mark.column, 0)), line_starts.back());
    }
};

class Builder final : public YAML::EventHandler {
public:
    Builder(std::string_view text, const Input& input, std::string_view file, Document& out)
        : m_text(text), m_input(input), m_file(file), m_out(out) {}

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        refuse_anchor(mark, anchor);
        add(Node{}, mark);
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        problem(mark, "aliases (*name) are not used in settings; write the value itself");
        add(Node{}, mark);
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        refuse_anchor(mark, anchor);
        Node node;
        node.kind = Node::Kind::scalar;
        node.text = value;
        const char first = byte_at(mark);
        if (first == '"' || first == '\'' || first == '|' || first == '>') node.quote = first;
        const bool quoted = first == '"' || first == '\'';
        if (quoted) check_quotes(mark);
        if (tag != "?" && (tag != "!" || node.quote == 0)) refuse_tag(mark);
        if (!is_key_next() && anchor == 0) check_scalar(mark, node);
        add(std::move(node), mark);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value style) override {
        open(Node::Kind::list, mark, tag, anchor, style);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value style) override {
        open(Node::Kind::map, mark, tag, anchor, style);
    }
    void OnMapEnd() override { close(); }

private:
    struct Open {
        Node node;
        bool has_key = false;
        std::string key;
        Place key_at;
    };

    char byte_at(const YAML::Mark& mark) const {
        const std::size_t offset = place(mark).offset;
        return offset < m_text.size() ? m_text[offset] : '\0';
    }
    Place place(const YAML::Mark& mark) const {
        const std::size_t offset = m_input.offset_of(mark);
        return {mark.line + 1, column_of(m_text, offset), offset};
    }
    void problem(const YAML::Mark& mark, std::string text) {
        const Place at = place(mark);
        m_out.problems.push_back({std::string(m_file), at.line, at.column, std::move(text)});
    }
    [[noreturn]] void stop(const YAML::Mark& mark, std::string text) {
        problem(mark, std::move(text));
        throw Stop{};
    }
    void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
        if (anchor != 0) problem(mark, "anchors (&name) are not used in settings; write the value where it is needed");
    }
    void refuse_tag(const YAML::Mark& mark) {
        problem(mark, "tags (!type) are not used in settings; write the plain value");
    }
    bool is_key_next() const {
        return !m_open.empty() && m_open.back().node.kind == Node::Kind::map && !m_open.back().has_key;
    }

    void check_quotes(const YAML::Mark& mark) {
        const std::size_t begin = place(mark).offset, end = quoted_end(m_text, begin);
        if (end == std::string_view::npos) stop(mark, "a quote is not closed");
        if (m_text.substr(begin, end - begin).find('\n') != std::string_view::npos)
            stop(mark, "a value must stand on one line; join its lines, or close its quotes");
    }
    void check_scalar(const YAML::Mark& mark, const Node& node) {
        const auto control = node.quote == '"' ? find_made_control(node.text) : find_control(node.text, false);
        if (node.quote == '"') {
            const std::string_view raw = raw_double_quoted(m_text, place(mark).offset);
            if (control || (looks_like_windows_path(raw) && has_accidental_escape(raw))) {
                const std::string what =
                    control ? fmt::format("the value {} holds the control character U+{:04X}", raw, control->code)
                            : fmt::format("the value {} holds a backslash escape", raw);
                return problem(mark, what + "; " + backslash_fix(raw));
            }
            return;
        }
        const bool folded =
            node.quote == 0 && byte_at(mark) != '!' && m_text.substr(place(mark).offset, node.text.size()) != node.text;
        const bool block = node.quote == '|' || node.quote == '>' || folded;
        if (block || (control && (control->code == '\n' || control->code == '\r')))
            return problem(mark, "a value must stand on one line; join its lines");
        if (control) problem(mark, fmt::format("the value holds the control character U+{:04X}", control->code));
    }

    void take_key(Node&& node, const Place& at, const YAML::Mark& mark) {
        Open& map = m_open.back();
        if (node.kind != Node::Kind::scalar) stop(mark, "a key must be a plain word; is a bracket [ or { not closed?");
        if (node.text == "<<") problem(mark, "merge keys (<<) are not used in settings; write the keys themselves");
        if (find_control(node.text, false)) stop(mark, "a key holds a control character");
        if (const Node* first = map.node.find(node.text))
            problem(mark,
                    fmt::format("'{}' stands here twice (first on line {}); keep one", node.text, first->key_at.line));
        map.key = std::move(node.text);
        map.key_at = at;
        map.has_key = true;
    }

    void add(Node&& node, const YAML::Mark& mark) {
        const Place at = place(mark);
        if (++m_nodes > k_max_nodes)
            stop(mark, fmt::format("more than {} entries; this is no settings file", k_max_nodes));
        if (is_key_next()) return take_key(std::move(node), at, mark);
        node.at = at;
        attach(std::move(node));
    }
    void attach(Node&& node) {
        if (m_open.empty()) {
            m_out.root = std::move(node);
            return;
        }
        Open& parent = m_open.back();
        if (parent.node.kind == Node::Kind::map) {
            node.key = std::move(parent.key);
            node.key_at = parent.key_at;
            parent.has_key = false;
        }
        parent.node.children.push_back(std::move(node));
    }
    void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
              YAML::EmitterStyle::value style) {
        if (is_key_next()) stop(mark, "a key must be a plain word; is a bracket [ or { not closed?");
        refuse_anchor(mark, anchor);
        if (tag != "?") refuse_tag(mark);
        if (m_open.size() >= k_max_depth) stop(mark, fmt::format("nested more than {} deep", k_max_depth));
        if (++m_nodes > k_max_nodes)
            stop(mark, fmt::format("more than {} entries; this is no settings file", k_max_nodes));
        Node node;
        node.kind = kind;
        node.at = place(mark);
        node.flow = style == YAML::EmitterStyle::Flow;
        m_open.push_back({std::move(node), false, {}, {}});
    }
    void close() {
        Node node = std::move(m_open.back().node);
        m_open.pop_back();
        attach(std::move(node));
    }

    std::string_view m_text;
    const Input& m_input;
    std::string_view m_file;
    Document& m_out;
    std::vector<Open> m_open;
    std::size_t m_nodes = 0;
};

// yaml-cpp's words -> what a person should do about it.
std::string explain(std::string_view message) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 10> k_words{{
        {"illegal map value", "a ':' where none may be; quote values that contain ': ', and indent with spaces only"},
        {"end of map not found",
         "the indentation does not fit the lines above; keys of one section start in one column"},
        {"end of sequence not found", "the indentation of the list does not fit the lines above"},
        {"end of map flow not found", "a '{' is not closed with '}'"},
        {"end of sequence flow not found", "a '[' is not closed with ']'"},
        {"illegal EOF in scalar", "a quote is not closed"},
        {"illegal tab", "a tab in the indentation; use spaces"},
        {"illegal block entry", "a '-' where no list may begin; check the indentation"},
        {"unknown token", "this character cannot begin a value; put the value in single quotes"},
        {"illegal flow end", "a ']' or '}' that nothing opened; put the value in single quotes"},
    }};
    for (const auto& [word, meaning] : k_words)
        if (message.find(word) != std::string_view::npos) return std::string(meaning);
    return fmt::format("not valid YAML ({})", message);
}

Problem syntax_problem(const YAML::Exception& error, std::string_view text, const Input& input, std::string_view file) {
    if (error.mark.is_null()) return {std::string(file), 1, 1, explain(error.msg)};
    const std::size_t offset = input.offset_of(error.mark);
    Problem problem{std::string(file), error.mark.line + 1, column_of(text, offset), explain(error.msg)};
    const std::string_view said = error.msg;
    if (!said.starts_with(YAML::ErrorMsg::INVALID_ESCAPE) && !said.starts_with(YAML::ErrorMsg::INVALID_HEX) &&
        !said.starts_with(YAML::ErrorMsg::INVALID_UNICODE))
        return problem;
    // The mark may stand behind the value: \U wants eight digits, also from the next line. Step back to the line of it.
    std::size_t at = offset;
    for (int line = error.mark.line; line >= 0 && line > error.mark.line - 2; --line) {
        const std::size_t start = input.line_starts[static_cast<std::size_t>(line)];
        const std::string_view row = text.substr(start, at - start);
        const std::size_t quote = row.find('"');
        if (quote != std::string_view::npos && row.find('\\', quote) != std::string_view::npos) {
            problem.line = line + 1;
            problem.column = column_of(text, start + quote);
            problem.text =
                "an escape that YAML does not know; " + backslash_fix(raw_double_quoted(text, start + quote));
            break;
        }
        at = start;
    }
    return problem;
}

// Walks the lines once: tabs in indentation and document markers, which yaml-cpp treats too kindly.
std::optional<Problem> check_lines(std::string_view text, std::string_view file) {
    int line = 0;
    bool content = false;
    for (std::size_t start = 0; start < text.size();) {
        ++line;
        std::size_t end = text.find('\n', start);
        if (end == std::string_view::npos) end = text.size();
        std::string_view row = text.substr(start, end - start);
        if (row.ends_with('\r')) row.remove_suffix(1);
        start = end + 1;
        const std::size_t first = row.find_first_not_of(" \t");
        if (first == std::string_view::npos || row[first] == '#') continue;
        if (const std::size_t tab = row.substr(0, first).find('\t'); tab != std::string_view::npos)
            return Problem{std::string(file), line, static_cast<int>(tab) + 1, "a tab in the indentation; use spaces"};
        const bool marker = row == "---" || row == "..." || row.starts_with("--- ") || row.starts_with("... ");
        if ((marker && (content || row[0] == '.')) || row[0] == '%')
            return Problem{std::string(file), line, 1, "only one document without directives; remove this line"};
        content = true;
    }
    return std::nullopt;
}

std::optional<Problem> check_bytes(std::string_view text, std::string_view file) {
    const auto at = [&](std::size_t offset, std::string what) {
        const int line = 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<long>(offset), '\n'));
        return Problem{std::string(file), line, column_of(text, offset), std::move(what)};
    };
    if (text.size() > k_yaml_limit)
        return Problem{std::string(file), 0, 0,
                       fmt::format("larger than {} KiB; this is no settings file", k_yaml_limit >> 10)};
    if (!text::is_utf8(text)) {
        std::size_t start = 0;
        while (text::is_utf8(text.substr(start, text.find('\n', start) - start))) start = text.find('\n', start) + 1;
        return at(start, "this line is not UTF-8; save the file as UTF-8");
    }
    if (const auto control = find_control(text, true))
        return at(control->offset, fmt::format("the control character U+{:04X}; remove it", control->code));
    return check_lines(text, file);
}

}  // namespace

std::string to_string(const Problem& problem) {
    if (problem.line == 0) return problem.file + ": " + problem.text;
    return fmt::format("{}:{}:{}: {}", problem.file, problem.line, problem.column, problem.text);
}

std::size_t quoted_end(std::string_view text, std::size_t offset) {
    const char quote = text[offset];
    for (std::size_t i = offset + 1; i < text.size(); ++i) {
        if (quote == '"' && text[i] == '\\') {
            ++i;
        } else if (text[i] == quote) {
            if (quote == '"' || i + 1 >= text.size() || text[i + 1] != '\'') return i + 1;
            ++i;
        }
    }
    return std::string_view::npos;
}

const Node* Node::find(std::string_view name) const {
    for (const Node& child : children)
        if (child.key == name) return &child;
    return nullptr;
}

Document parse_yaml(std::string_view text, std::string_view file) {
    Document document;
    if (auto problem = check_bytes(text, file)) {
        document.problems.push_back(std::move(*problem));
        document.broken = true;
        return document;
    }
    const Input input(text);
    try {
        std::istringstream in(input.text);
        YAML::Parser parser(in);
        Builder builder(text, input, file, document);
        parser.HandleNextDocument(builder);
        // A stray ',' ends the document for yaml-cpp without an error: what stands behind it must not be lost silently.
        if (document.problems.empty() && parser) {
            document.problems.push_back(
                {std::string(file), 1, 1, "the file goes on where its YAML ends; look for a stray ',' and remove it"});
            document.broken = true;
        }
    } catch (const Stop&) {
        document.broken = true;
    } catch (const YAML::Exception& error) {
        document.problems.push_back(syntax_problem(error, text, input, file));
        document.broken = true;
    } catch (const std::exception& error) {
        document.problems.push_back({std::string(file), 1, 1, fmt::format("not readable as YAML ({})", error.what())});
        document.broken = true;
    }
    if (!document.broken && document.root.kind != Node::Kind::map && document.root.kind != Node::Kind::null) {
        document.problems.push_back({std::string(file), document.root.at.line, document.root.at.column,
                                     "must begin with a section such as 'storage:'"});
        document.broken = true;
    }
    return document;
}

}  // namespace neurolake::config
