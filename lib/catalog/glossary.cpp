// glossary.cpp: terms to entries and back.
// SPDX-License-Identifier: Apache-2.0
#include "catalog/glossary.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "base/text.hpp"

namespace neurolake::catalog {

std::string term_id(std::string_view name) { return text::lower(name); }

std::string to_entry(const Term& term) {
    auto value = json::Value::object().set("id", term_id(term.name)).set("term", term.name);
    if (!term.definition.empty()) value.set("definition", term.definition);
    auto synonyms = json::Value::array();
    for (const auto& word : term.synonyms) synonyms.push(word);
    if (!term.synonyms.empty()) value.set("synonyms", std::move(synonyms));
    return json::dump(value);
}

Result<Term> term_from_entry(std::string_view entry) {
    TRY(const json::Value value, json::parse(entry));
    Term term;
    term.name = value.text("term", value.text("id"));
    if (term.name.empty()) return Error(Errc::corrupt, "read the glossary: an entry without \"term\"");
    term.definition = value.text("definition");
    for (const auto& word : value.items("synonyms"))
        if (const auto* text = word.as_string()) term.synonyms.push_back(*text);
    return term;
}

Result<std::vector<Term>> read_terms(const Catalog& catalog) {
    TRY(const auto entries, catalog.entries(List::glossary));
    std::vector<Term> terms;
    for (const auto& entry : entries) {
        TRY(Term term, term_from_entry(entry));
        terms.push_back(std::move(term));
    }
    return terms;
}

const Term* find_term(const std::vector<Term>& terms, std::string_view word) {
    const std::string wanted = text::lower(word);
    const auto named = std::ranges::find_if(terms, [&](const Term& term) { return term_id(term.name) == wanted; });
    if (named != terms.end()) return &*named;
    const auto called = std::ranges::find_if(terms, [&](const Term& term) {
        return std::ranges::any_of(term.synonyms, [&](const auto& other) { return text::lower(other) == wanted; });
    });
    return called == terms.end() ? nullptr : &*called;
}

}  // namespace neurolake::catalog
