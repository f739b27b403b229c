// search.hpp: which tables a person's words mean, best first.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/backend.hpp"
#include "catalog/glossary.hpp"

namespace neurolake::catalog {

// Where a word may be found, best first.
enum class Rank : std::uint8_t {
    name,           // it is the table's name
    column,         // it is a column's name
    name_begins,    // the name begins with it
    name_word,      // a word inside the name does: "orders" in "new_orders"
    name_inside,    // anywhere in the name
    column_inside,  // a column's name holds it
    tag,
    term,         // a glossary term of the table or of a column, or a synonym of such a term
    description,  // of the table or of a column
    owner,
    bucket,
    nowhere,
};

// One word of a search, ready to be looked for in many texts.
class SearchWord {
public:
    SearchWord(std::string_view word, const std::vector<Term>& glossary);
    const std::string& text() const { return m_text; }  // in small letters
    // Anywhere in the text, without regard to case (base/case_fold.hpp).
    bool is_in(std::string_view text) const { return find(text) != std::string_view::npos; }
    std::size_t find(std::string_view text) const;
    // The word, or a term that has it for a synonym, may stand in this JSON entry: a quick sieve.
    bool may_be_in(std::string_view entry) const;
    // The synonym by which the word means this term.
    const std::string* synonym_of(std::string_view term) const;

private:
    struct Meant {
        std::string term, synonym, lower_term;
    };
    // `text` may have large ASCII letters.
    std::size_t find_folded(std::string_view text) const;

    std::string m_text;
    bool m_ascii;  // the usual: texts are looked at as they are
    std::array<std::uint8_t, 256> m_skip{};
    std::vector<Meant> m_terms;
};

std::vector<SearchWord> search_words(std::string_view text, const std::vector<Term>& glossary);  // split at blanks

struct Match {
    std::uint32_t score = 0;   // less is better
    std::vector<Found> found;  // one a word
};
// nullopt unless every word is found. The second form reads the table's entry as Backend::text gives it, unparsed.
std::optional<Match> match(const TableKey& key, const model::Table& table, const std::vector<SearchWord>& words);
std::optional<Match> match(const TableKey& key, std::string_view entry, const std::vector<SearchWord>& words);

// A place in a table where a word stands.
struct FoundPlace {
    Rank rank = Rank::nowhere;
    std::string word, where, match;  // as in Found
    std::string column;              // the column whose term or description it is; for a column its name
};
// Every place of every word, the best first, then in the order of the table.
std::vector<FoundPlace> all_places(const model::Table& table, const std::vector<SearchWord>& words);

}  // namespace neurolake::catalog
