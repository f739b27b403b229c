// meaning.cpp: the verdict from counts and names, a person's word, and the sentences.
// SPDX-License-Identifier: Apache-2.0
#include "model/meaning.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <optional>

#include "base/text.hpp"
#include "model/meaning_hints.hpp"

namespace neurolake::model {
namespace {

constexpr double k_enough_of_codes = 0.95;  // two letters are a country too easily
constexpr std::uint64_t k_several = 2, k_many = 5;

struct Kind {
    std::string_view semantic;
    Shapes shapes;         // one that has any of these
    std::uint64_t wanted;  // so many different values at least; 1 where the name says the same
    bool about_people;
};

// The first that fits. A random number passes Luhn's check one time in ten, so cards must be many.
constexpr std::array<Kind, 8> k_kinds{{
    {"email", bit(Shape::email), 1, true},
    {"iban", bit(Shape::iban), 1, true},
    {"payment_card", bit(Shape::payment_card), k_many, true},
    {"ssn_us", bit(Shape::ssn_us), k_several, true},
    {"phone", bit(Shape::phone), k_several, true},
    {"uuid", bit(Shape::uuid), 1, false},
    {"mac_address", bit(Shape::mac_address), 1, false},
    {"url", bit(Shape::url), 1, false},
}};

struct Words {
    std::string_view semantic, words;
};
constexpr std::array<Words, 25> k_words{{
    {"email", "e-mail address"},
    {"iban", "IBAN"},
    {"payment_card", "payment card number"},
    {"ssn_us", "US social security number"},
    {"phone", "phone number"},
    {"ip_address", "IP address"},
    {"mac_address", "MAC address"},
    {"uuid", "UUID"},
    {"url", "URL"},
    {"latitude", "latitude"},
    {"longitude", "longitude"},
    {"country_code", "country code"},
    {"currency_code", "currency code"},
    {"person_name", "name of a person"},
    {"date_of_birth", "date of birth"},
    {"postal_address", "postal address"},
    {"national_id", "national ID or tax number"},
    {"pii_email", "e-mail address"},
    {"pii_phone", "phone number"},
    {"pii_ssn", "social security number"},
    {"pii_name", "name of a person"},
    {"pii_address", "postal address"},
    {"geo_lat", "latitude"},
    {"geo_lon", "longitude"},
    {"geographic", "geographic value"},
}};

constexpr std::array<std::string_view, 10> k_hints{"email",       "iban",          "payment_card", "ssn_us",
                                                   "phone",       "ip_address",    "person_name",  "date_of_birth",
                                                   "national_id", "postal_address"};

bool is_text(const Column& c) { return c.type.kind == TypeKind::text; }
bool is_number(TypeKind kind) { return kind >= TypeKind::int8 && kind <= TypeKind::decimal; }

// The counts of one column, asked by shape.
class Counts {
public:
    explicit Counts(const SemanticEvidence& seen) : m_seen(seen) {}

    std::uint64_t of(Shape shape) const {
        const ShapeCount* count = find(shape);
        return count ? count->matched : 0;
    }
    bool enough(std::uint64_t matched, double share = k_enough) const {
        return matched > 0 && static_cast<double>(matched) >= share * static_cast<double>(looked_at());
    }
    std::uint64_t looked_at() const { return m_seen.checked - std::min(m_seen.checked, of(Shape::no_value)); }
    std::string sample(Shapes shapes) const {
        for (const ShapeCount& count : m_seen.shapes)
            if (shapes & (Shapes{1} << count.shape)) return count.sample;
        return {};
    }
    const SemanticEvidence& seen() const { return m_seen; }

private:
    const ShapeCount* find(Shape shape) const {
        for (const ShapeCount& count : m_seen.shapes)
            if (count.shape == static_cast<std::uint8_t>(shape)) return &count;
        return nullptr;
    }
    const SemanticEvidence& m_seen;
};

struct Verdict {
    std::string_view semantic;
    Shapes shapes = 0;
    std::uint64_t matched = 0;
    bool about_people = false;
};

std::optional<Verdict> address_verdict(const Counts& counts, const NameHints& name) {
    const std::uint64_t four = counts.of(Shape::ipv4), six = counts.of(Shape::ipv6);
    if (!counts.enough(four + six) || name.says("version")) return std::nullopt;
    const bool hinted = name.says("ip_address");
    const bool no_version = counts.of(Shape::ipv4_wide) * 4 >= four;
    if (!hinted && (!no_version || counts.seen().distinct < k_several)) return std::nullopt;
    return Verdict{"ip_address", bit(Shape::ipv4) | bit(Shape::ipv6), four + six, true};
}

std::optional<Verdict> code_verdict(const Counts& counts, const NameHints& name) {
    const std::uint64_t currencies = counts.of(Shape::currency_code), countries = counts.of(Shape::country_code);
    if (name.says("currency_code") && counts.enough(currencies, k_enough_of_codes))
        return Verdict{"currency_code", bit(Shape::currency_code), currencies, false};
    if (name.says("country_code") && counts.enough(countries, k_enough_of_codes))
        return Verdict{"country_code", bit(Shape::country_code), countries, false};
    return std::nullopt;
}

std::optional<Verdict> by_values(const Counts& counts, const NameHints& name) {
    for (const Kind& kind : k_kinds) {
        const auto shape = static_cast<Shape>(std::countr_zero(kind.shapes));
        if (!counts.enough(counts.of(shape))) continue;
        const bool several = std::max(counts.seen().distinct, std::uint64_t{1}) >= kind.wanted;
        if (several || name.says(kind.semantic))
            return Verdict{kind.semantic, kind.shapes, counts.of(shape), kind.about_people};
    }
    const std::uint64_t phones = counts.of(Shape::phone) + counts.of(Shape::phone_like);
    if (counts.enough(phones) && name.says("phone"))
        return Verdict{"phone", bit(Shape::phone) | bit(Shape::phone_like), phones, true};
    if (auto address = address_verdict(counts, name)) return address;
    return code_verdict(counts, name);
}

// Every value lies between the bounds, so two comparisons look at them all.
bool lies_within(const Column& c, double limit) {
    if (!is_number(c.type.kind) || !c.evidence.min || !c.evidence.max || c.evidence.values == 0) return false;
    return std::strtod(c.evidence.min->c_str(), nullptr) >= -limit &&
           std::strtod(c.evidence.max->c_str(), nullptr) <= limit;
}

std::string_view by_bounds(const Column& c, const NameHints& name) {
    if (name.says("latitude") && lies_within(c, 90)) return "latitude";
    if (name.says("longitude") && lies_within(c, 180)) return "longitude";
    return {};
}

// Nine digits without dashes have no check digit, so values never say it; but they do not say otherwise either.
bool could_be_ssn(const Column& c) {
    if (is_text(c)) return c.evidence.longest >= 9 && c.evidence.longest <= 11;
    const bool whole = is_number(c.type.kind) && c.type.kind < TypeKind::float32;
    if (!c.evidence.max) return whole && (c.evidence.longest == 0 || c.evidence.longest == 9);  // or hidden already
    return whole && c.evidence.max->size() == 9 && lies_within(c, 899'999'999) && !c.evidence.min->starts_with('-');
}

// Values that were looked at and say otherwise silence the name.
std::string_view by_name(const Column& c, const NameHints& name) {
    const bool read = c.semantic_evidence.checked > 0 || c.evidence.longest > 0;
    const bool date = c.type.kind == TypeKind::date || c.type.kind == TypeKind::timestamp;
    if (name.says("ssn_us") && could_be_ssn(c)) return "ssn_us";
    if (!is_text(c) && !date) return {};
    for (const std::string_view semantic : k_hints) {
        const bool checkable = semantic != "person_name" && semantic != "date_of_birth" && semantic != "national_id" &&
                               semantic != "postal_address";
        if ((checkable && read) || !name.says(semantic)) continue;
        if (is_text(c) || (date && semantic == "date_of_birth")) return semantic;
    }
    return {};
}

std::string_view last_name(const Column& c) {
    std::string_view field = c.semantic_evidence.field;
    if (const std::size_t dot = field.rfind('.'); dot != std::string_view::npos) field.remove_prefix(dot + 1);
    while (field.ends_with("[]")) field.remove_suffix(2);
    return field.empty() ? std::string_view(c.name) : field;
}

void forget_verdict(Column& c) {
    c.semantic.clear();
    c.pii = false;
    c.semantic_evidence.source.clear();
    c.semantic_evidence.matched = 0;
    c.semantic_evidence.sample.clear();
}

}  // namespace

void judge_meaning(Column& c) {
    SemanticEvidence& seen = c.semantic_evidence;
    if (seen.source == "file" || seen.source == "person") return;
    forget_verdict(c);
    const NameHints name(last_name(c));
    const Counts counts(seen);
    if (const auto verdict = by_values(counts, name)) {
        c.semantic = verdict->semantic;
        c.pii = verdict->about_people && !c.not_pii;
        seen.source = "values";
        seen.matched = verdict->matched;
        seen.sample = counts.sample(verdict->shapes);
    } else if (const std::string_view place = by_bounds(c, name); !place.empty()) {
        c.semantic = place;
        seen.source = "values";
        seen.checked = seen.matched = c.evidence.values;
        seen.first_rows = 0;
    } else if (const std::string_view hint = by_name(c, name); !hint.empty()) {
        c.semantic = hint;
        seen.source = "name";
    }
}

void hide_values(Column& c) {
    if (!c.pii && !is_hint(c)) return;
    c.evidence.min.reset();
    c.evidence.max.reset();
}

void settle_meaning(Column& c) {
    judge_meaning(c);
    hide_values(c);
    if (c.semantic_evidence.source == "values" && !c.semantic_evidence.shapes.empty())
        c.semantic_evidence.checked = Counts(c.semantic_evidence).looked_at();
    c.semantic_evidence.shapes.clear();
    c.semantic_evidence.distinct = 0;
    if (c.semantic_evidence.source.empty() && !c.not_pii) c.semantic_evidence = {};
    if (c.semantic_evidence.source == "name") c.semantic_evidence.checked = c.semantic_evidence.first_rows = 0;
}

SemanticEvidence merge(const SemanticEvidence& a, const SemanticEvidence& b) {
    if (a.source == "file" || b.source == "file") return a.source == "file" ? a : b;
    if (a.field != b.field && !a.shapes.empty() && !b.shapes.empty()) return a.field < b.field ? a : b;
    SemanticEvidence out;
    out.field = a.shapes.empty() ? b.field : a.field;
    out.checked = a.checked + b.checked;
    out.distinct = std::max(a.distinct, b.distinct);
    out.first_rows = std::max(a.first_rows, b.first_rows);
    out.shapes = a.shapes;
    for (const ShapeCount& more : b.shapes) {
        const auto at = std::ranges::lower_bound(out.shapes, more.shape, {}, &ShapeCount::shape);
        if (at == out.shapes.end() || at->shape != more.shape) {
            out.shapes.insert(at, more);
            continue;
        }
        at->matched += more.matched;
        if (at->sample.empty() || (!more.sample.empty() && more.sample < at->sample)) at->sample = more.sample;
    }
    return out;
}

void say_pii(Column& c) {
    c.not_pii = false;
    c.pii = true;
    c.semantic_evidence.source = "person";
    hide_values(c);
}

void say_not_pii(Column& c) {
    forget_word(c);
    c.not_pii = true;
    c.pii = false;
}

void forget_word(Column& c) {
    if (!has_word(c)) return;
    SemanticEvidence& seen = c.semantic_evidence;
    c.not_pii = false;
    if (seen.source == "person") seen.source = seen.matched > 0 ? "values" : "";
    const auto kind = std::ranges::find(k_kinds, c.semantic, &Kind::semantic);
    const bool about_people = c.semantic == "ip_address" || (kind != k_kinds.end() && kind->about_people);
    if (seen.source == "file")
        c.pii = c.semantic.empty() || c.semantic.starts_with("pii_");
    else
        c.pii = seen.source == "values" && about_people;
    if (seen.source.empty()) judge_meaning(c);
}

bool has_word(const Column& c) { return c.not_pii || c.semantic_evidence.source == "person"; }

void keep_word(Column& now, const Column& before) {
    if (before.not_pii) say_not_pii(now);
    if (before.semantic_evidence.source == "person") say_pii(now);
}

bool is_hint(const Column& c) { return c.semantic_evidence.source == "name" && !c.not_pii; }

std::string_view meaning_words(std::string_view semantic) {
    const auto known = std::ranges::find(k_words, semantic, &Words::semantic);
    return known == k_words.end() ? semantic : known->words;
}

std::string share_text(const Column& c) {
    const SemanticEvidence& seen = c.semantic_evidence;
    if (seen.checked == 0 || seen.matched == 0) return {};
    if (seen.matched >= seen.checked) return "100 %";
    // Never rounded up to all of them.
    const std::uint64_t tenths = seen.matched * 1000 / seen.checked;
    return tenths % 10 ? fmt::format("{}.{} %", tenths / 10, tenths % 10) : fmt::format("{} %", tenths / 10);
}

namespace {

std::string looks_text(const Column& c) {
    const SemanticEvidence& seen = c.semantic_evidence;
    const bool part = seen.field.empty() && seen.checked < c.evidence.values;
    std::string out = seen.field.empty() ? "" : seen.field + " ";
    out += fmt::format("looks like {} ({} of {} {}", meaning_words(c.semantic), share_text(c),
                       text::with_thousands(seen.checked), seen.checked == 1 ? "value" : "values");
    if (seen.first_rows > 0)
        out += fmt::format(" in the first {} rows of each file", text::with_thousands(seen.first_rows));
    else if (part)
        out += " looked at";
    if (!seen.sample.empty()) out += ", for instance " + seen.sample;
    return out + ")";
}

}  // namespace

std::string meaning_text(const Column& c) {
    const SemanticEvidence& seen = c.semantic_evidence;
    std::string out;
    if (seen.matched > 0 && !c.semantic.empty())
        out = looks_text(c);
    else if (seen.source == "file")
        out = c.semantic.empty() ? "its file says it is about people" : fmt::format("its file says {}", c.semantic);
    else if (seen.source == "name")
        out = fmt::format("its name hints at: {} (a name alone proves nothing)", meaning_words(c.semantic));
    if (c.not_pii) return out + (out.empty() ? "" : ", but ") + "a person said it is not personal";
    if (seen.source == "person") return out + (out.empty() ? "" : "; ") + "a person said it is personal";
    return out;
}

}  // namespace neurolake::model
