// edit.cpp: finds the bytes of one value, line or entry by the tree's marks and changes only those.
// SPDX-License-Identifier: Apache-2.0
#include "config/edit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "base/text.hpp"

namespace neurolake::config {

namespace {

constexpr std::size_t k_step = 2;  // of new indentation

Error cannot(std::string_view file, const Place& at, std::string_view why) {
    return Error(Errc::unsupported,
                 fmt::format("{}:{}:{}: cannot edit this in place: {}", file, at.line, at.column, why),
                 "change it in a text editor, then run `neurolake config check`");
}

std::string joined(const KeyPath& path) { return fmt::format("{}", fmt::join(path, ".")); }

// One text under edit: the tree, and where things lie in the bytes.
class Text {
public:
    static Result<Text> parse(std::string_view text, std::string_view file) {
        Document document = parse_yaml(text, file);
        if (!document.problems.empty())
            return Error(Errc::config, to_string(document.problems.front()), "mend this first, then try again");
        return Text(text, file, std::move(document.root));
    }

    const Node& root() const { return m_root; }
    std::string_view eol() const { return m_eol; }

    const Node* find(const KeyPath& path, std::size_t depth) const {
        const Node* node = &m_root;
        for (std::size_t i = 0; i < depth && node; ++i)
            node = node->kind == Node::Kind::map ? node->find(path[i]) : nullptr;
        return node;
    }

    std::size_t line_start(std::size_t offset) const {
        const std::size_t before = offset == 0 ? std::string_view::npos : m_text.rfind('\n', offset - 1);
        return before == std::string_view::npos ? bom() : before + 1;
    }
    std::size_t line_end(std::size_t offset) const {  // behind the line's end
        const std::size_t end = m_text.find('\n', offset);
        return end == std::string_view::npos ? m_text.size() : end + 1;
    }
    std::size_t indent_of(std::size_t offset) const { return offset - line_start(offset); }

    // The end of a value's own bytes, behind its last one; nullopt when it is written over several lines.
    std::optional<std::size_t> value_end(const Node& node) const {
        if (node.kind == Node::Kind::scalar) return scalar_end(node);
        if (node.flow) return flow_end(node);
        return std::nullopt;
    }
    // Behind the last byte of everything the node holds.
    std::size_t content_end(const Node& node) const {
        if (node.kind == Node::Kind::null) return colon_end(node);
        if (const auto end = value_end(node)) return *end;
        if (node.children.empty()) return node.at.offset;
        return content_end(node.children.back());
    }
    // Behind the colon of a key.
    std::size_t colon_end(const Node& node) const {
        std::size_t i = key_end(node);
        while (i < m_text.size() && m_text[i] != ':') ++i;
        return std::min(i + 1, m_text.size());
    }
    std::size_t key_end(const Node& node) const {
        const std::size_t at = node.key_at.offset;
        if (m_text[at] == '"' || m_text[at] == '\'') return quoted_end(m_text, at);
        return at + node.key.size();
    }

    std::string replaced(std::size_t from, std::size_t to, std::string_view with) const {
        std::string out(m_text.substr(0, from));
        return out.append(with).append(m_text.substr(to));
    }
    // Whole lines put in at `offset`, which begins a line or ends the text.
    std::string with_lines(std::size_t offset, const std::string& lines) const {
        const bool needs_end = offset == m_text.size() && offset > bom() && m_text.back() != '\n';
        return replaced(offset, offset, needs_end ? std::string(m_eol) + lines : lines);
    }
    std::string_view line_at(std::size_t start) const { return m_text.substr(start, line_end(start) - start); }
    std::size_t size() const { return m_text.size(); }

private:
    Text(std::string_view text, std::string_view file, Node root)
        : m_text(text), m_file(file), m_root(std::move(root)) {
        const std::size_t first = text.find('\n');
        m_eol = first != std::string_view::npos && first > 0 && text[first - 1] == '\r' ? "\r\n" : "\n";
    }
    std::size_t bom() const { return m_text.starts_with("\xEF\xBB\xBF") ? 3 : 0; }

    std::optional<std::size_t> scalar_end(const Node& node) const {
        const std::size_t at = node.at.offset;
        if (node.quote == '|' || node.quote == '>') return std::nullopt;
        const std::size_t end = node.quote != 0 ? quoted_end(m_text, at) : at + node.text.size();
        // A plain scalar over several lines is folded: its text is not what stands there.
        if (end > m_text.size() || m_text.substr(at, end - at).find('\n') != std::string_view::npos)
            return std::nullopt;
        if (node.quote == 0 && m_text.substr(at, end - at) != node.text) return std::nullopt;
        return end;
    }
    std::optional<std::size_t> flow_end(const Node& node) const {
        std::size_t depth = 0;
        for (std::size_t i = node.at.offset; i < m_text.size(); ++i) {
            const char c = m_text[i];
            if (c == '\n') return std::nullopt;
            const bool starts_word =
                i > 0 && (m_text[i - 1] == ' ' || m_text[i - 1] == '[' || m_text[i - 1] == '{' || m_text[i - 1] == ',');
            if ((c == '"' || c == '\'') && starts_word) {
                i = quoted_end(m_text, i) - 1;
            } else if (c == '[' || c == '{') {
                ++depth;
            } else if ((c == ']' || c == '}') && --depth == 0) {
                return i + 1;
            }
        }
        return std::nullopt;
    }

    std::string_view m_text, m_file;
    Node m_root;
    std::string_view m_eol;
};

std::string indentation(std::size_t columns) { return std::string(columns, ' '); }

// "section:" lines for what is missing of the path, then the last key with its value.
std::string nested_lines(const KeyPath& path, std::size_t from, std::size_t indent, std::string_view rendered,
                         std::string_view eol) {
    std::string lines;
    for (std::size_t i = from; i + 1 < path.size(); ++i, indent += k_step)
        lines += fmt::format("{}{}:{}", indentation(indent), path[i], eol);
    return lines + fmt::format("{}{}: {}{}", indentation(indent), path.back(), rendered, eol);
}

// Where the section that owns `parent` ends: the next line with content at its depth or above.
std::size_t region_end(const Text& text, const Node& parent, bool is_root) {
    if (is_root) return text.size();
    const std::size_t depth = text.indent_of(parent.key_at.offset);
    std::size_t at = text.line_end(parent.key_at.offset);
    while (at < text.size()) {
        const std::string_view line = text.line_at(at);
        const std::size_t first = line.find_first_not_of(" \r\n");
        if (first != std::string_view::npos && line[first] != '#' && first <= depth) return at;
        at = text.line_end(at);
    }
    return at;
}

// A commented-out line of the key ("  # low: 72GiB") shows where the value is expected: behind it.
std::optional<std::size_t> behind_example(const Text& text, const Node& parent, bool is_root, std::string_view key) {
    if (is_root) return std::nullopt;
    const std::size_t end = region_end(text, parent, is_root);
    for (std::size_t at = text.line_end(parent.key_at.offset); at < end; at = text.line_end(at)) {
        std::string_view line = text::trim(text.line_at(at));
        if (!line.starts_with('#')) continue;
        line.remove_prefix(1);
        line = text::trim(line);
        if (line.starts_with(key) && line.substr(key.size()).starts_with(':')) return text.line_end(at);
    }
    return std::nullopt;
}

// New block lines below an existing map (or an empty section).
Result<std::string> add_lines(const Text& text, std::string_view file, const KeyPath& path, std::size_t depth,
                              const std::function<std::string(std::size_t indent)>& lines) {
    const Node& parent = *text.find(path, depth);
    const bool is_root = depth == 0;
    if (parent.kind != Node::Kind::map && parent.kind != Node::Kind::null)
        return cannot(file, parent.key_at, fmt::format("{} is no section", parent.key));
    if (parent.kind == Node::Kind::map && parent.flow)
        return cannot(file, parent.at, "the section is written in braces {...}");
    std::size_t indent = is_root ? 0 : text.indent_of(parent.key_at.offset) + k_step;
    if (parent.kind == Node::Kind::map && !parent.children.empty())
        indent = text.indent_of(parent.children.front().key_at.offset);
    std::size_t at = text.size();
    if (const auto example = behind_example(text, parent, is_root, path[depth])) {
        at = *example;
    } else if (parent.kind == Node::Kind::map && !parent.children.empty()) {
        const std::size_t content = text.content_end(parent.children.back());
        at = text.line_end(content == 0 ? 0 : content - 1);
        if (is_root) at = text.size();
    } else if (!is_root) {
        // An empty section, "name:" or "name: ~" alone on its line.
        const std::size_t colon = text.colon_end(parent);
        const std::string_view rest = text::trim(text.line_at(colon));
        if (!rest.empty() && rest[0] != '#') return cannot(file, parent.key_at, "the section holds a null value");
        at = text.line_end(colon);
    }
    return text.with_lines(at, lines(indent));
}

// A key more in a map written in braces.
Result<std::string> add_to_flow(const Text& text, std::string_view file, const Node& map, std::string_view key,
                                std::string_view rendered) {
    const auto end = text.value_end(map);
    if (!end) return cannot(file, map.at, "the braces {...} go over several lines");
    const std::string entry = fmt::format("{}: {}", key, rendered);
    return text.replaced(*end - 1, *end - 1, map.children.empty() ? entry : ", " + entry);
}

Result<std::string> set_existing(const Text& text, std::string_view file, const Node& node, std::string_view rendered) {
    if (node.kind == Node::Kind::map) return Error(Errc::usage, fmt::format("{} is a section, not a value", node.key));
    if (node.kind == Node::Kind::null) {
        const std::size_t colon = text.colon_end(node);
        std::string_view rest = text.line_at(colon);
        rest = text::trim(rest.substr(0, std::min(rest.find('#'), rest.size())));
        if (!rest.empty()) return cannot(file, node.key_at, "it holds an explicit null");
        return text.replaced(colon, colon, fmt::format(" {}", rendered));
    }
    const auto end = text.value_end(node);
    if (!end) return cannot(file, node.at, "the value goes over several lines");
    return text.replaced(node.at.offset, *end, rendered);
}

Flat without_path(Flat flat, const std::string& prefix) {
    std::erase_if(flat,
                  [&](const auto& pair) { return pair.first == prefix || pair.first.starts_with(prefix + '\x1f'); });
    return flat;
}

std::string flat_name(const KeyPath& path) { return fmt::format("{}", fmt::join(path, "\x1f")); }

// A section with nothing in it is the same as no section.
Flat without_empty(Flat flat) {
    std::erase_if(flat, [](const auto& pair) { return pair.second == "~"; });
    return flat;
}

// The edit did what it should and nothing else, or it does not happen.
Status check_edit(std::string_view before, std::string_view after, std::string_view file, const KeyPath& old_path,
                  const KeyPath& new_path) {
    const Document was = parse_yaml(before, file), is = parse_yaml(after, file);
    const auto same = [&] {
        return without_empty(without_path(flatten(was.root), flat_name(old_path))) ==
               without_empty(without_path(flatten(is.root), flat_name(new_path)));
    };
    if (is.problems.empty() && same()) return {};
    return Error(Errc::unsupported,
                 fmt::format("{}: editing {} in place would change more than that", file, joined(old_path)),
                 "change it in a text editor, then run `neurolake config check`");
}

void flatten_into(const Node& node, const std::string& name, Flat& out) {
    if (node.kind == Node::Kind::scalar) {
        out.emplace_back(name, "=" + node.text);
    } else if (node.kind == Node::Kind::list) {
        std::string items = "[";
        for (const Node& item : node.children) items += item.text + '\x1f';
        out.emplace_back(name, items);
    } else if (node.children.empty()) {
        out.emplace_back(name, "~");
    }
    if (node.kind != Node::Kind::map) return;
    for (const Node& child : node.children)
        flatten_into(child, name.empty() ? child.key : name + '\x1f' + child.key, out);
}

bool is_plain_word(std::string_view text) {
    if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
    const auto letter = [](char c) {
        const auto u = static_cast<unsigned char>(c);
        return (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || (u >= '0' && u <= '9') || u >= 0x80;
    };
    if (!letter(text.front()) && text.front() != '/' && text.front() != '.' && text.front() != '-') return false;
    if (text.starts_with("- ") || text == "-" || text.starts_with("---")) return false;
    if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos) return false;
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return letter(c) || std::string_view(" ./_-+:@%()&;!?$^~=*|<>'#").find(c) != std::string_view::npos;
    });
}

// Words that other readers take for something else than text.
bool is_typed_word(std::string_view text) {
    static constexpr std::string_view k_words[] = {"true", "false", "yes", "no", "on", "off", "null", "~", "y", "n"};
    const std::string low = text::lower(text);
    if (std::find(std::begin(k_words), std::end(k_words), low) != std::end(k_words)) return true;
    return text.find_first_not_of("0123456789.+-_eExXoO:") == std::string_view::npos;
}

std::string single_quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
    return out + "'";
}

std::string rendered_word(std::string_view text, bool typed_is_meant) {
    return is_plain_word(text) && (typed_is_meant || !is_typed_word(text)) ? std::string(text) : single_quoted(text);
}

}  // namespace

Flat flatten(const Node& root) {
    Flat out;
    flatten_into(root, "", out);
    std::sort(out.begin(), out.end());
    return out;
}

Result<std::string> yaml_scalar(const Rule& rule, const Node& value) {
    const auto bad = [](std::string_view text) { return !text::is_utf8(text) || text::escape_controls(text) != text; };
    if (bad(value.text) ||
        std::any_of(value.children.begin(), value.children.end(), [&](const Node& n) { return bad(n.text); }))
        return Error(Errc::usage, fmt::format("the value for {} holds a control character or is not UTF-8", rule.key),
                     "give plain text on one line");
    if (value.kind == Node::Kind::list) {
        std::vector<std::string> items;
        for (const Node& item : value.children) items.push_back(single_quoted(item.text));
        return fmt::format("[{}]", fmt::join(items, ", "));
    }
    const bool is_words = rule.kind == Kind::text || rule.kind == Kind::folder || rule.kind == Kind::url;
    if (rule.kind == Kind::moment) return single_quoted(value.text);
    return rendered_word(value.text, !is_words);
}

Result<std::string> with_value(std::string_view text, std::string_view file, const KeyPath& path,
                               std::string_view rendered) {
    TRY(const Text parsed, Text::parse(text, file));
    std::size_t depth = path.size();
    while (!parsed.find(path, depth)) --depth;
    std::string after;
    const Node& deepest = *parsed.find(path, depth);
    if (depth == path.size()) {
        TRY(after, set_existing(parsed, file, deepest, rendered));
    } else if (deepest.kind == Node::Kind::map && deepest.flow && depth + 1 == path.size()) {
        TRY(after, add_to_flow(parsed, file, deepest, path[depth], rendered));
    } else {
        const auto lines = [&](std::size_t indent) {
            return nested_lines(path, depth, indent, rendered, parsed.eol());
        };
        TRY(after, add_lines(parsed, file, path, depth, lines));
    }
    TRY_DO(check_edit(text, after, file, path, path));
    return after;
}

Result<std::string> with_entry(std::string_view text, std::string_view file, const KeyPath& path,
                               const std::vector<std::pair<std::string, std::string>>& lines) {
    TRY(const Text parsed, Text::parse(text, file));
    std::size_t depth = path.size() - 1;
    while (!parsed.find(path, depth)) --depth;
    const auto block = [&](std::size_t indent) {
        std::string out;
        for (std::size_t i = depth; i < path.size(); ++i, indent += k_step)
            out += fmt::format("{}{}:{}", indentation(indent), path[i], parsed.eol());
        std::string_view open_group;
        for (const auto& [key, value] : lines) {
            const std::size_t dot = key.find('.');
            const std::string_view group =
                dot == std::string::npos ? std::string_view{} : std::string_view(key).substr(0, dot);
            if (!group.empty() && group != open_group)
                out += fmt::format("{}{}:{}", indentation(indent), group, parsed.eol());
            open_group = group;
            out += fmt::format("{}{}: {}{}", indentation(indent + (group.empty() ? 0 : k_step)),
                               group.empty() ? std::string_view(key) : std::string_view(key).substr(dot + 1), value,
                               parsed.eol());
        }
        return out;
    };
    TRY(std::string after, add_lines(parsed, file, path, depth, block));
    TRY_DO(check_edit(text, after, file, path, path));
    return after;
}

Result<std::string> with_renamed_key(std::string_view text, std::string_view file, const KeyPath& path,
                                     std::string_view new_name) {
    TRY(const Text parsed, Text::parse(text, file));
    const Node* node = parsed.find(path, path.size());
    if (!node) return Error(Errc::not_found, fmt::format("{}: no {}", file, joined(path)));
    std::string after = parsed.replaced(node->key_at.offset, parsed.key_end(*node), new_name);
    KeyPath renamed = path;
    renamed.back() = new_name;
    TRY_DO(check_edit(text, after, file, path, renamed));
    return after;
}

Result<std::string> without_entry(std::string_view text, std::string_view file, const KeyPath& path) {
    TRY(const Text parsed, Text::parse(text, file));
    const Node* node = parsed.find(path, path.size());
    if (!node) return Error(Errc::not_found, fmt::format("{}: no {}", file, joined(path)));
    const Node* parent = parsed.find(path, path.size() - 1);
    if (parent->flow) return cannot(file, parent->at, "the section is written in braces {...}");
    const std::size_t end = parsed.content_end(*node);
    std::string after = parsed.replaced(parsed.line_start(node->key_at.offset), parsed.line_end(end - 1), "");
    TRY_DO(check_edit(text, after, file, path, path));
    return after;
}

}  // namespace neurolake::config
