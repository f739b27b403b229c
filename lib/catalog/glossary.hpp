// glossary.hpp: the words of the business: terms with what they mean and what else they are called.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.hpp"

namespace neurolake::catalog {

// An entry of List::glossary. Tables and columns name a term by its name (Table::terms, Column::term).
struct Term {
    std::string name;                   // as people write it; unique without regard to ASCII case
    std::string definition;             // "" = not said
    std::vector<std::string> synonyms;  // sorted
    friend bool operator==(const Term&, const Term&) = default;
};

std::string term_id(std::string_view name);  // the entry's id: the name in lower case
std::string to_entry(const Term& term);
Result<Term> term_from_entry(std::string_view entry);

// All of them in order of id. corrupt for an entry that is none.
Result<std::vector<Term>> read_terms(const Catalog& catalog);
// By name or, where no term is called so, by synonym; without regard to ASCII case.
const Term* find_term(const std::vector<Term>& terms, std::string_view word);

}  // namespace neurolake::catalog
