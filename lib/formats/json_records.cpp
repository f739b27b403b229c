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

struct Lists {
    MembersSeen seen;
    Members::Member last;
};

// The members up to one that does not end in the text.
Lists find_lists(Members& members, std::string_view text) {
    Lists found;
    Members::Member member;
    while (members.next(member)) {
        const std::string_view value = text.substr(member.begin, member.end - member.begin);
        found.seen.is_collection |= member.name == "type" && value.starts_with("\"FeatureCollection\"");
        if (!value.starts_with('[')) continue;
        const std::size_t first = members.skip_blanks_at(member.begin + 1);
        if (first >= text.size() || text[first] != '{') continue;
        found.last = member;
        ++found.seen.lists;
        if (!member.whole) break;
    }
    return found;
}

bool begins_with_feature(std::string_view list) {
    list.remove_prefix(std::min(list.find('{'), list.size()));
    Members members(list);
    Members::Member member;
    while (members.next(member) && member.whole)
        if (member.name == "type")
            return list.substr(member.begin, member.end - member.begin).starts_with("\"Feature\"");
    return false;
}

}  // namespace

FirstObject look_at_first_object(std::string_view text, bool whole) {
    Members members(text);
    const Lists lists = find_lists(members, text);
    const Members::Member& list = lists.last;
    FirstObject object;
    std::string_view behind;
    const bool closed = members.closed(behind);
    const std::size_t next = behind.find_first_not_of(k_blanks);
    object.whole = whole || (closed && next != std::string_view::npos);
    if (lists.seen.lists != 1) return object;
    if (closed && next != std::string_view::npos && (behind[next] == '{' || behind[next] == '['))
        return object;  // objects after each other
    RecordList found{std::string(list.name), list.begin + 1, false, lists.seen.is_collection};
    // Programs that sort the members write the collection's type behind the features.
    const bool may_follow = !closed && !whole && begins_with_feature(text.substr(list.begin));
    found.is_geojson = list.name == "features" && (found.is_collection || may_follow);
    const std::size_t size = text.find_last_not_of(k_blanks, list.end - 1) + 1 - list.begin;
    const std::size_t of_all = text.size() - behind.size();
    if (!found.is_geojson && (list.whole || whole) && size * 2 < of_all) return object;
    object.records = std::move(found);
    return object;
}

MembersSeen look_at_members(std::string_view object) {
    Members members(object);
    return find_lists(members, object).seen;
}

}  // namespace neurolake::formats
