// json_records.cpp: a look at the members of the outermost object, by brackets and strings alone.
// SPDX-License-Identifier: Apache-2.0
#include "formats/json_records.hpp"

#include <algorithm>

#include "formats/json_split.hpp"

namespace neurolake::formats {
namespace {

constexpr std::string_view k_blanks = " \t\r\n";

class Members {
public:
    explicit Members(std::string_view text) : m_text(text) {}

    struct Member {
        std::string_view name;
        std::size_t begin = 0, end = 0;  // of its value
        bool whole = false;              // the value ends in the text
    };
    // False: no further member, or none that can be made out.
    bool next(Member& member) {
        skip_blanks();
        if (m_at >= m_text.size() || (m_text[m_at] != '{' && m_text[m_at] != ',')) return false;
        ++m_at;
        skip_blanks();
        if (m_at >= m_text.size() || m_text[m_at] != '"') return false;
        const std::size_t behind = skip_json_string(m_text, m_at);
        if (behind == std::string_view::npos) return false;
        member.name = m_text.substr(m_at + 1, behind - m_at - 2);
        m_at = behind;
        skip_blanks();
        if (m_at >= m_text.size() || m_text[m_at] != ':') return false;
        ++m_at;
        skip_blanks();
        member.begin = m_at;
        member.whole = skip_value();
        member.end = m_at;
        return true;
    }
    // All members were seen; what follows the object.
    bool closed(std::string_view& behind) {
        skip_blanks();
        if (m_at >= m_text.size() || m_text[m_at] != '}') return false;
        behind = m_text.substr(m_at + 1);
        return true;
    }
    std::size_t skip_blanks_at(std::size_t i) const {
        return std::min(m_text.find_first_not_of(k_blanks, i), m_text.size());
    }

private:
    void skip_blanks() { m_at = skip_blanks_at(m_at); }

    bool skip_value() {
        std::size_t depth = 0;
        while (m_at < m_text.size()) {
            const char c = m_text[m_at];
            if (c == '"') {
                m_at = std::min(skip_json_string(m_text, m_at), m_text.size());
                continue;
            }
            if (c == '{' || c == '[') ++depth;
            if (depth == 0 && (c == ',' || c == '}')) return true;
            if (c == '}' || c == ']') --depth;
            ++m_at;
        }
        return false;
    }

    std::string_view m_text;
    std::size_t m_at = 0;
};

}  // namespace

std::optional<RecordList> find_record_list(std::string_view text, bool whole) {
    Members members(text);
    Members::Member member, list;
    std::size_t lists = 0;
    bool collection = false;
    while (members.next(member)) {
        const std::string_view value = text.substr(member.begin, member.end - member.begin);
        collection |= member.name == "type" && value.starts_with("\"FeatureCollection\"");
        if (!value.starts_with('[')) continue;
        const std::size_t first = members.skip_blanks_at(member.begin + 1);
        if (first >= text.size() || text[first] != '{') continue;
        list = member;
        ++lists;
        if (!member.whole) break;
    }
    if (lists != 1) return std::nullopt;
    std::string_view behind;
    if (list.whole && members.closed(behind) && behind.find_first_not_of(k_blanks) != std::string_view::npos)
        return std::nullopt;  // another value follows: objects after each other
    if (list.whole && whole && !members.closed(behind)) return std::nullopt;
    RecordList found{std::string(list.name), list.begin + 1, collection && list.name == "features"};
    const std::size_t size = list.end - list.begin;
    if (!found.is_geojson && size * 2 < text.size()) return std::nullopt;
    return found;
}

}  // namespace neurolake::formats
