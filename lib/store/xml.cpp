// xml.cpp: a strict reader for small XML documents.
// SPDX-License-Identifier: Apache-2.0
#include "store/xml.hpp"

#include <charconv>
#include <cstdint>

#include "base/text.hpp"

namespace neurolake::store::xml {
namespace {

constexpr int k_deepest = 32;
constexpr std::size_t k_most_nodes = 200'000;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_name(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return std::isalnum(byte) != 0 || c == '_' || c == '-' || c == '.' || c == ':' || byte >= 0x80;
}

void append_utf8(std::string& out, std::uint32_t c) {
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xC0 | (c >> 6));
        out += static_cast<char>(0x80 | (c & 63));
    } else if (c < 0x10000) {
        out += static_cast<char>(0xE0 | (c >> 12));
        out += static_cast<char>(0x80 | ((c >> 6) & 63));
        out += static_cast<char>(0x80 | (c & 63));
    } else {
        out += static_cast<char>(0xF0 | (c >> 18));
        out += static_cast<char>(0x80 | ((c >> 12) & 63));
        out += static_cast<char>(0x80 | ((c >> 6) & 63));
        out += static_cast<char>(0x80 | (c & 63));
    }
}

class Reader {
public:
    explicit Reader(std::string_view document) : m_text(document) {}

    Result<Node> document() {
        if (!text::is_utf8(m_text)) return wrong("invalid UTF-8");
        if (m_text.starts_with("\xEF\xBB\xBF")) m_at = 3;
        TRY_DO(skip_misc());
        Node root;
        TRY_DO(element(root, 0));
        TRY_DO(skip_misc());
        if (m_at != m_text.size()) return wrong("text after the root element");
        return root;
    }

private:
    Error wrong(std::string_view what) const {
        return Error(Errc::corrupt, "XML answer is damaged at byte " + std::to_string(m_at) + ": " + std::string(what));
    }
    bool at(std::string_view token) const { return m_text.substr(m_at).starts_with(token); }
    bool take(std::string_view token) {
        if (!at(token)) return false;
        m_at += token.size();
        return true;
    }
    void skip_blanks() {
        while (m_at < m_text.size() && is_blank(m_text[m_at])) ++m_at;
    }
    Status skip_past(std::string_view token) {
        const std::size_t found = m_text.find(token, m_at);
        if (found == std::string_view::npos) return wrong("it ends inside a construct");
        m_at = found + token.size();
        return {};
    }
    // Blanks, comments and processing instructions around the root.
    Status skip_misc() {
        for (;;) {
            skip_blanks();
            if (take("<?")) {
                TRY_DO(skip_past("?>"));
            } else if (take("<!--")) {
                TRY_DO(skip_past("-->"));
            } else {
                return {};
            }
        }
    }
    Result<std::string_view> name() {
        const std::size_t start = m_at;
        while (m_at < m_text.size() && is_name(m_text[m_at])) ++m_at;
        if (m_at == start) return wrong("a name is expected");
        return m_text.substr(start, m_at - start);
    }
    static std::string_view local(std::string_view qualified) {
        const std::size_t colon = qualified.rfind(':');
        return colon == std::string_view::npos ? qualified : qualified.substr(colon + 1);
    }

    Status attributes() {
        for (;;) {
            const std::size_t before = m_at;
            skip_blanks();
            if (m_at >= m_text.size()) return wrong("it ends inside a tag");
            if (m_text[m_at] == '>' || m_text[m_at] == '/') return {};
            if (m_at == before) return wrong("blanks are expected before an attribute");
            TRY_DO(name());
            skip_blanks();
            if (!take("=")) return wrong("'=' is expected");
            skip_blanks();
            if (!at("\"") && !at("'")) return wrong("a quoted value is expected");
            const char quote = m_text[m_at++];
            std::string value;
            while (m_at < m_text.size() && m_text[m_at] != quote) {
                if (m_text[m_at] == '<') return wrong("'<' in an attribute");
                TRY_DO(character(value));
            }
            if (!take({&quote, 1})) return wrong("it ends inside an attribute");
        }
    }

    Status element(Node& node, int depth) {
        if (depth >= k_deepest) return wrong("elements are nested too deeply");
        if (++m_nodes > k_most_nodes) return wrong("it has too many elements");
        if (at("<!")) return wrong("DOCTYPE and the like are not accepted");
        if (!take("<")) return wrong("an element is expected");
        TRY(const std::string_view qualified, name());
        node.name = local(qualified);
        TRY_DO(attributes());
        if (take("/>")) return {};
        if (!take(">")) return wrong("'>' is expected");
        TRY_DO(content(node, depth));
        if (!take(qualified)) return wrong("a closing tag does not fit <" + std::string(qualified) + ">");
        skip_blanks();
        if (!take(">")) return wrong("'>' is expected");
        return {};
    }

    // Up to and including "</".
    Status content(Node& node, int depth) {
        while (m_at < m_text.size()) {
            if (take("</")) return {};
            if (take("<!--")) {
                TRY_DO(skip_past("-->"));
            } else if (take("<![CDATA[")) {
                const std::size_t start = m_at;
                TRY_DO(skip_past("]]>"));
                node.text += m_text.substr(start, m_at - 3 - start);
            } else if (take("<?")) {
                TRY_DO(skip_past("?>"));
            } else if (m_text[m_at] == '<') {
                TRY_DO(element(node.children.emplace_back(), depth + 1));
            } else {
                TRY_DO(character(node.text));
            }
        }
        return wrong("it ends inside <" + node.name + ">");
    }

    Status character(std::string& out) {
        const char c = m_text[m_at];
        if (c == '&') return entity(out);
        if (static_cast<unsigned char>(c) < 0x20 && !is_blank(c)) return wrong("a control character");
        out += c;
        ++m_at;
        return {};
    }

    Status entity(std::string& out) {
        struct Known {
            std::string_view name;
            char c;
        };
        static constexpr Known k_known[] = {
            {"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
        for (const Known& known : k_known) {
            if (!take(known.name)) continue;
            out += known.c;
            return {};
        }
        if (!take("&#")) return wrong("an unknown entity");
        const int base = take("x") ? 16 : 10;
        std::uint32_t code = 0;
        const char* begin = m_text.data() + m_at;
        const auto [end, error] = std::from_chars(begin, m_text.data() + m_text.size(), code, base);
        m_at += static_cast<std::size_t>(end - begin);
        const bool surrogate = code >= 0xD800 && code < 0xE000;
        if (error != std::errc() || code == 0 || code > 0x10FFFF || surrogate || !take(";")) {
            return wrong("a bad character reference");
        }
        append_utf8(out, code);
        return {};
    }

    std::string_view m_text;
    std::size_t m_at = 0, m_nodes = 0;
};

}  // namespace

const Node* Node::child(std::string_view child_name) const {
    for (const Node& node : children) {
        if (node.name == child_name) return &node;
    }
    return nullptr;
}

std::string Node::child_text(std::string_view child_name) const {
    const Node* found = child(child_name);
    return found == nullptr ? std::string() : found->text;
}

Result<Node> parse(std::string_view document) { return Reader(document).document(); }

std::string escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '&':
                out += "&amp;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

}  // namespace neurolake::store::xml
