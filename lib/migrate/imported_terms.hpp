// imported_terms.hpp: the terms of other glossaries in this one, in which a word stands for one term.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "catalog/glossary.hpp"
#include "migrate/foreign.hpp"

namespace neurolake::migrate {

// Terms by name; a definition that stands here stays, synonyms add up. A term or synonym that stands for another term
// is left out and told.
class TermMerger {
public:
    static Result<TermMerger> read(const catalog::Catalog& catalog);

    // All of one import at once: a name goes before a synonym, wherever they stand.
    void take(const std::vector<ForeignTerm>& terms);

    std::uint64_t found() const { return m_found; }  // terms, each once
    const std::vector<Orphan>& told() const { return m_told; }
    std::vector<const catalog::Term*> changed() const;
    bool is_new(const catalog::Term& term) const { return !m_before.contains(catalog::term_id(term.name)); }

private:
    void take_name(const ForeignTerm& from);
    void take_synonyms(const ForeignTerm& from);
    void tell(const char* what, const std::string& word, std::string message);

    std::map<std::string, catalog::Term> m_terms, m_before;
    std::map<std::string, std::string> m_term_of;           // synonym in lower case -> id of its term
    std::map<std::string, std::string> m_definition_there;  // by id: the first one
    std::vector<Orphan> m_told;
    std::set<std::string> m_said;  // messages, each once
    std::uint64_t m_found = 0;
};

// Whether a word may be one of the catalog's: no control characters, with which no command could take it away again.
bool is_plain_word(const std::string& word);

}  // namespace neurolake::migrate
