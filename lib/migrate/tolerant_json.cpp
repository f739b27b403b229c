// tolerant_json.cpp: what Python writes and JSON does not know is put right before parsing.
// SPDX-License-Identifier: Apache-2.0
#include "migrate/tolerant_json.hpp"

#include <charconv>
#include <optional>
#include <unordered_map>

namespace neurolake::migrate {
namespace {

// The code unit of \uXXXX at the beginning of `s`.
std::optional<unsigned> code_unit(std::string_view s) {
    unsigned unit = 0;
    if (s.size() < 6 || s[0] != '\\' || s[1] != 'u') return std::nullopt;
    const auto [end, failed] = std::from_chars(s.data() + 2, s.data() + 6, unit, 16);
    return failed == std::errc() && end == s.data() + 6 ? std::optional(unit) : std::nullopt;
}

// Copies the escape at the beginning of `s`; returns how much of it was taken.
std::size_t copy_escape(std::string_view s, std::string& out) {
    const auto unit = code_unit(s);
    if (!unit || *unit < 0xD800 || *unit > 0xDFFF) {
        const std::size_t taken = std::min<std::size_t>(2, s.size());
        out += s.substr(0, taken);
        return taken;
    }
    const auto low = code_unit(s.substr(6));
    const bool pair = *unit < 0xDC00 && low && *low >= 0xDC00 && *low <= 0xDFFF;
    out += pair ? s.substr(0, 12) : "\\ufffd";
    return pair ? 12 : 6;
}

std::string put_right(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    std::string out;
    out.reserve(text.size());
    bool in_text = false;
    for (std::size_t i = 0; i < text.size();) {
        const std::string_view rest = text.substr(i);
        if (in_text && rest[0] == '\\') {
            i += copy_escape(rest, out);
            continue;
        }
        if (rest[0] == '"') in_text = !in_text;
        std::size_t word = 0;
        if (!in_text)
            for (const std::string_view odd : {"NaN", "Infinity", "-Infinity"})
                if (rest.starts_with(odd)) word = odd.size();
        if (word)
            out += "null";
        else
            out += rest[0];
        i += std::max<std::size_t>(word, 1);
    }
    return out;
}

// Of equal keys the last one stays, at its own place.
json::Value last_wins(json::Value value) {
    if (const json::Array* items = value.as_array()) {
        json::Array out;
        out.reserve(items->size());
        for (const json::Value& item : *items) out.push_back(last_wins(item));
        return out;
    }
    const json::Object* members = value.as_object();
    if (!members) return value;
    std::unordered_map<std::string_view, std::size_t> last;
    for (std::size_t i = 0; i < members->size(); ++i) last[(*members)[i].first] = i;
    json::Object out;
    out.reserve(last.size());
    for (std::size_t i = 0; i < members->size(); ++i)
        if (last[(*members)[i].first] == i) out.emplace_back((*members)[i].first, last_wins((*members)[i].second));
    return out;
}

}  // namespace

Result<json::Value> parse_tolerantly(std::string_view text) {
    TRY(json::Value value, json::parse(put_right(text)));
    return last_wins(std::move(value));
}

}  // namespace neurolake::migrate
