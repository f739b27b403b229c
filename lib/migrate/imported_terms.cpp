// imported_terms.cpp: names first, then synonyms, each word to the term that had it first.
// SPDX-License-Identifier: Apache-2.0
#include "migrate/imported_terms.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace neurolake::migrate {

bool is_plain_word(const std::string& word) {
    return std::ranges::none_of(word, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

Result<TermMerger> TermMerger::read(const catalog::Catalog& catalog) {
    TermMerger merger;
    TRY(const auto terms, catalog::read_terms(catalog));
    for (const catalog::Term& term : terms) {
        const std::string id = catalog::term_id(term.name);
        merger.m_terms[id] = merger.m_before[id] = term;
        for (const std::string& synonym : term.synonyms) merger.m_term_of.emplace(text::lower(synonym), id);
    }
    return merger;
}

void TermMerger::take(const std::vector<ForeignTerm>& terms) {
    for (const ForeignTerm& term : terms) take_name(term);
    for (const ForeignTerm& term : terms) take_synonyms(term);
}

std::vector<const catalog::Term*> TermMerger::changed() const {
    std::vector<const catalog::Term*> out;
    for (const auto& [id, term] : m_terms)
        if (const auto before = m_before.find(id); before == m_before.end() || !(before->second == term))
            out.push_back(&term);
    return out;
}

void TermMerger::tell(const char* what, const std::string& word, std::string message) {
    if (m_said.insert(message).second) m_told.push_back({what, word, std::move(message)});
}

void TermMerger::take_name(const ForeignTerm& from) {
    if (from.name.empty()) return;
    const std::string id = catalog::term_id(from.name);
    const auto [there, first] = m_definition_there.try_emplace(id, from.definition);
    m_found += first;
    if (!first && !from.definition.empty() && from.definition != there->second)
        tell("term", from.name,
             fmt::format("the term {} is there twice, with other definitions: the first one counts", from.name));
    if (!is_plain_word(from.name))
        return tell("term", from.name, fmt::format("the term {} holds control characters: it was left out", from.name));
    if (const auto synonym = m_term_of.find(id); !m_terms.contains(id) && synonym != m_term_of.end())
        return tell("term", from.name,
                    fmt::format("{} is a synonym of the term {} here: it was left out as a term of its own", from.name,
                                m_terms.at(synonym->second).name));
    catalog::Term& term = m_terms.try_emplace(id, catalog::Term{from.name, "", {}}).first->second;
    if (term.definition.empty()) term.definition = from.definition;
}

void TermMerger::take_synonyms(const ForeignTerm& from) {
    const std::string id = catalog::term_id(from.name);
    const auto found = m_terms.find(id);
    if (found == m_terms.end()) return;
    catalog::Term& term = found->second;
    const auto left_out = [&](const std::string& word, const std::string& why) {
        tell("synonym", word, fmt::format("{} {}: it was left out as a synonym of {}", word, why, term.name));
    };
    for (const std::string& synonym : from.synonyms) {
        const std::string word = text::lower(synonym);
        if (word.empty() || word == id) continue;
        if (!is_plain_word(synonym)) {
            left_out(synonym, "holds control characters");
        } else if (const auto other = m_terms.find(word); other != m_terms.end()) {
            left_out(synonym, "is a term of its own");
        } else if (const auto [owner, fresh] = m_term_of.try_emplace(word, id); fresh) {
            term.synonyms.insert(std::ranges::upper_bound(term.synonyms, synonym), synonym);
        } else if (owner->second != id) {
            left_out(synonym, fmt::format("is a synonym of the term {}", m_terms.at(owner->second).name));
        }
    }
}

}  // namespace neurolake::migrate
