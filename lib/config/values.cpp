// values.cpp: from the written word to the typed value; one function a kind, one clear sentence a mistake.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "config/options.hpp"

namespace neurolake::config {

namespace {

Error wrong(std::string what, std::string fix) { return Error(Errc::config, std::move(what), std::move(fix)); }

std::optional<double> plain_number(std::string_view text) {
    double value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
}

// 0644 is 420 to one YAML reader and 644 to the next.
bool has_leading_zero(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    return text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
}

std::string plain(double value) { return fmt::format("{}", value); }

std::string range_text(const Rule& rule, const auto& show) {
    const bool low = std::isfinite(rule.least), high = std::isfinite(rule.most);
    if (low && high) return fmt::format("between {} and {}", show(rule.least), show(rule.most));
    return low ? fmt::format("at least {}", show(rule.least)) : fmt::format("at most {}", show(rule.most));
}

Status check_range(const Rule& rule, double value, std::string_view text, const auto& show) {
    if (value >= rule.least && value <= rule.most) return {};
    return wrong(fmt::format("{} is out of range", text), "write a value " + range_text(rule, show));
}

Result<Value> boolean(const Rule&, const std::string& text) {
    const std::string word = text::lower(text);
    Value value;
    value.on = word == "true" || word == "yes" || word == "on";
    if (!value.on && word != "false" && word != "no" && word != "off")
        return wrong(fmt::format("'{}' is neither true nor false", text), "write true or false");
    return value;
}

Result<Value> integer(const Rule& rule, const std::string& text) {
    Value value;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value.integer);
    if (code != std::errc{} || end != text.data() + text.size() || has_leading_zero(text))
        return wrong(fmt::format("'{}' is not a whole number", text), "write digits only, for instance 7");
    TRY_DO(check_range(rule, static_cast<double>(value.integer), text, plain));
    return value;
}

Result<Value> number(const Rule& rule, const std::string& text) {
    const auto parsed = plain_number(text);
    if (!parsed || has_leading_zero(text))
        return wrong(fmt::format("'{}' is not a number", text), "write a number, for instance 30 or 0.5");
    TRY_DO(check_range(rule, *parsed, text, plain));
    Value value;
    value.number = *parsed;
    return value;
}

Result<Value> percent(const Rule& rule, const std::string& text) {
    std::string_view digits = text;
    if (digits.ends_with('%')) digits = text::trim(digits.substr(0, digits.size() - 1));
    const auto parsed = plain_number(digits);
    if (!parsed || has_leading_zero(digits))
        return wrong(fmt::format("'{}' is not a percentage", text), "write a number, for instance 50");
    TRY_DO(check_range(rule, *parsed, text, [](double v) { return fmt::format("{}%", v); }));
    Value value;
    value.number = *parsed;
    value.is_percent = true;
    return value;
}

Result<Value> gigabytes(const Rule&, const std::string& text) {
    Value value;
    const auto parsed = has_leading_zero(text) ? std::nullopt : plain_number(text);
    if (!parsed) {
        const auto with_unit = text::parse_size(text);  // "80GB" says itself what it means
        if (!with_unit)
            return wrong(fmt::format("'{}' is not a number of gigabytes", text),
                         "write a number such as 80 or 0.5 (units of 2^30 bytes), or a size such as 80GB");
        value.bytes = *with_unit;
    } else if (const double bytes = *parsed * double(1u << 30); bytes >= 1 && bytes < 9.2e18) {
        value.bytes = static_cast<std::uint64_t>(std::llround(bytes));
    }
    if (value.bytes == 0) return wrong(fmt::format("{} is out of range", text), "write a number above 0");
    return value;
}

bool is_bare(std::string_view text) { return text.find_first_not_of("0123456789.") == std::string_view::npos; }

Result<Value> size(const Rule& rule, const std::string& text) {
    auto parsed = text::parse_size(text);
    if (!parsed)
        return wrong(fmt::format("'{}' is not a size", text),
                     "write a number with a unit, for instance 80GB or 512MiB");
    const bool mark = !std::isfinite(rule.least);
    if (mark && *parsed == 0) return wrong("0 is out of range", "write a size above 0");
    // 80 meant as gigabytes would be a mark of 80 bytes, and the next burst would move everything.
    if (mark && *parsed < 1024 && is_bare(text))
        return wrong(fmt::format("{} has no unit and would mean {} bytes", text, *parsed),
                     fmt::format("write for instance {}GB or {}GiB", text, text));
    TRY_DO(check_range(rule, static_cast<double>(*parsed), text,
                       [](double v) { return text::size_text(static_cast<std::uint64_t>(v)); }));
    Value value;
    value.bytes = *parsed;
    return value;
}

Result<Value> size_or_percent(const Rule& rule, const std::string& text) {
    if (text.ends_with('%')) return percent(rule, text);
    auto parsed = text::parse_size(text);
    if (!parsed) return wrong(fmt::format("'{}' is neither a size nor a share", text), "write for instance 50GB or 5%");
    Value value;
    value.bytes = *parsed;
    return value;
}

Result<Value> word(const Rule& rule, const std::string& text) {
    std::vector<std::string> known;
    for (const std::string_view choice : text::split(rule.words, '|')) {
        if (text::lower(choice) == text::lower(text)) {
            Value value;
            value.text = choice;
            return value;
        }
        known.emplace_back(choice);
    }
    std::string fix = fmt::format("write {}", fmt::join(known, known.size() == 2 ? " or " : ", "));
    if (const auto meant = text::closest(text, known)) fix = fmt::format("did you mean {}? {}", *meant, fix);
    return wrong(fmt::format("'{}' is not known here", text), fix);
}

Result<Value> text_line(const Rule&, const std::string& text) {
    if (text.size() > 4096) return wrong("longer than 4096 bytes", "shorten it");
    Value value;
    value.text = text;
    return value;
}

// Endpoints get our signature: nothing but scheme, host, port and path may stand here.
Result<Value> url(const Rule&, const std::string& text) {
    Value value;
    value.text = text;
    if (text.empty()) return value;
    const std::string fix = "write for instance https://s3.example.org or http://127.0.0.1:9000";
    const std::string low = text::lower(text);
    const std::size_t scheme = low.starts_with("https://") ? 8 : low.starts_with("http://") ? 7 : 0;
    if (scheme == 0) return wrong(fmt::format("'{}' does not begin with https:// or http://", text), fix);
    if (text.find_first_of(" ?#\\<>\"") != std::string::npos)
        return wrong(fmt::format("'{}' holds more than host, port and path", text), fix);
    const std::string host = text.substr(scheme, text.find('/', scheme) - scheme);
    if (host.find('@') != std::string::npos)
        return wrong("the URL holds a user name or password", "keep credentials out of the URL; " + fix);
    if (host.empty() || host.starts_with(':')) return wrong(fmt::format("'{}' names no host", text), fix);
    while (value.text.ends_with('/')) value.text.pop_back();
    return value;
}

Result<Value> folder(const Rule&, const std::string& text, const PathRules& paths) {
    if (text.empty()) return wrong("an empty path", "name a folder, or remove the line");
    auto resolved = paths.resolve(text);
    if (!resolved) return wrong(resolved.error().message, resolved.error().hint);
    Value value;
    value.text = text;
    value.path = std::move(resolved->path);
    value.rerooted = resolved->rerooted;
    return value;
}

Result<Value> days(const Rule& rule, const std::string& text) {
    Value value;
    value.integer = lake::k_keep_forever;
    if (text::lower(text) == "forever" || text == "-1") return value;
    if (text == "0") return wrong("0 is not a retention", "use -1 for ever or >= 1");
    auto parsed = integer(rule, text);
    if (!parsed) return wrong(parsed.error().message, "use -1 for ever or a number of days >= 1");
    if (parsed->integer < 1 || parsed->integer > 1'000'000)
        return wrong(fmt::format("{} is out of range", text), "use -1 for ever or >= 1");
    return parsed;
}

Result<Value> moment(const Rule&, const std::string& text) {
    Value value;
    value.text = text;
    // Times without a zone come from older writers and are taken as UTC.
    if (!text.empty() && !parse_rfc3339(text) && !parse_rfc3339(text + "Z"))
        return wrong(fmt::format("'{}' is not a time", text), "write for instance 2026-11-22T08:31:00Z");
    return value;
}

Result<Value> globs(const Rule&, const Node& written) {
    Value value;
    const auto take = [&](const Node& item) {
        if (item.kind != Node::Kind::scalar || item.text.empty()) return false;
        value.list.push_back(item.text);
        return true;
    };
    if (written.kind == Node::Kind::scalar) {
        if (!take(written)) return wrong("an empty pattern", "write a list such as ['*.csv', 'raw-data/**']");
        return value;
    }
    for (const Node& item : written.children)
        if (!take(item)) return wrong("each pattern must be one word", "write a list such as ['*.csv', 'raw-data/**']");
    return value;
}

std::string kind_of(const Node& node) {
    return node.kind == Node::Kind::map ? "a section" : node.kind == Node::Kind::list ? "a list" : "nothing";
}

std::string shortened_secret(const Rule& rule, const std::string& text) {
    if (text.empty()) return "";
    const bool identifier = rule.key.ends_with("_id");  // names a key, is not the key
    return identifier && text.size() >= 12 ? text.substr(0, 4) + "..." + text.substr(text.size() - 4) : "(set)";
}

}  // namespace

std::string kind_text(const Rule& rule) {
    switch (rule.kind) {
        case Kind::boolean:
            return "true or false";
        case Kind::integer:
            return "whole number";
        case Kind::number:
            return "number";
        case Kind::percent:
            return "percent";
        case Kind::gigabytes:
            return "number of 2^30 bytes";
        case Kind::size:
            return "size";
        case Kind::size_or_percent:
            return "size or percent";
        case Kind::word: {
            std::string words(rule.words);
            std::string out;
            for (const char c : words) out += c == '|' ? std::string(", ") : std::string(1, c);
            return out;
        }
        case Kind::text:
            return "text";
        case Kind::url:
            return "URL";
        case Kind::folder:
            return "path";
        case Kind::globs:
            return "list of patterns";
        case Kind::days:
            return "days, -1 or forever";
        case Kind::moment:
            return "time";
    }
    return "text";
}

Result<Value> convert(const Rule& rule, const Node& written, const PathRules& paths) {
    if (written.kind == Node::Kind::null) return wrong("has no value", "write one, or remove the line");
    if (rule.kind == Kind::globs) {
        if (written.kind == Node::Kind::map)
            return wrong("is a section where a list belongs", "write a list such as ['*.csv']");
        return globs(rule, written);
    }
    if (written.kind != Node::Kind::scalar)
        return wrong(fmt::format("is {} where one value belongs", kind_of(written)), "write one value");
    switch (rule.kind) {
        case Kind::boolean:
            return boolean(rule, written.text);
        case Kind::integer:
            return integer(rule, written.text);
        case Kind::number:
            return number(rule, written.text);
        case Kind::percent:
            return percent(rule, written.text);
        case Kind::gigabytes:
            return gigabytes(rule, written.text);
        case Kind::size:
            return size(rule, written.text);
        case Kind::size_or_percent:
            return size_or_percent(rule, written.text);
        case Kind::word:
            return word(rule, written.text);
        case Kind::url:
            return url(rule, written.text);
        case Kind::folder:
            return folder(rule, written.text, paths);
        case Kind::days:
            return days(rule, written.text);
        case Kind::moment:
            return moment(rule, written.text);
        default:
            return text_line(rule, written.text);
    }
}

Node node_from_text(const Rule& rule, std::string_view text) {
    Node node;
    node.kind = Node::Kind::scalar;
    node.text = text;
    if (rule.kind != Kind::globs) return node;
    node.kind = Node::Kind::list;
    node.text.clear();
    text = text::trim(text);
    if (text.starts_with('[') && text.ends_with(']')) text = text::trim(text.substr(1, text.size() - 2));
    if (text.empty()) return node;
    for (std::string_view item : text::split(text, ',')) {
        item = text::trim(item);
        const bool quoted = item.size() >= 2 && (item[0] == '\'' || item[0] == '"') && item.back() == item[0];
        Node child;
        child.kind = Node::Kind::scalar;
        child.text = quoted ? item.substr(1, item.size() - 2) : item;
        node.children.push_back(std::move(child));
    }
    return node;
}

std::string shown_text(const Rule& rule, const Node& written) {
    if (written.kind == Node::Kind::list) {
        std::vector<std::string> items;
        for (const Node& item : written.children) items.push_back(item.text);
        return fmt::format("[{}]", fmt::join(items, ", "));
    }
    return is_secret(rule, written.text) ? shortened_secret(rule, written.text) : written.text;
}

}  // namespace neurolake::config
