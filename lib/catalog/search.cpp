// search.cpp: looking for words in entries without parsing them, and ranking what was found.
// SPDX-License-Identifier: Apache-2.0
#include "catalog/search.hpp"

#include <algorithm>

#include "base/case_fold.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace neurolake::catalog {
namespace {

constexpr unsigned char fold(char c) { return static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); }

bool is_sign(char c) { return (fold(c) >= 'a' && fold(c) <= 'z') || (c >= '0' && c <= '9') || (c & 0x80) != 0; }

constexpr std::string_view k_where[] = {"table", "column", "table",       "table", "table", "column",
                                        "tag",   "term",   "description", "owner", "bucket"};

Rank rank_in_name(std::string_view name, const SearchWord& word) {
    Rank best = Rank::nowhere;
    std::size_t from = 0;
    for (std::size_t at = word.find(name); at != std::string_view::npos; at = word.find(name.substr(from))) {
        at += from;
        if (at == 0) return name.size() == word.text().size() ? Rank::name : Rank::name_begins;
        best = std::min(best, is_sign(name[at - 1]) ? Rank::name_inside : Rank::name_word);
        from = at + 1;
    }
    return best;
}

// In the name "bucket.table", else in that of the bucket.
Rank rank_in_full_name(std::string_view bucket, std::string_view full_name, const SearchWord& word) {
    if (full_name.size() == word.text().size() && word.is_in(full_name)) return Rank::name;
    const Rank rank = rank_in_name(full_name.substr(bucket.size() + 1), word);
    return rank == Rank::nowhere && word.is_in(bucket) ? Rank::bucket : rank;
}

// How good a place the text is for the word, and what is told of it.
std::pair<Rank, std::string> rank_in_text(Rank kind, std::string_view text, const SearchWord& word) {
    if (word.is_in(text)) {
        const bool whole = kind == Rank::column_inside && text.size() == word.text().size();
        return {whole ? Rank::column : kind, std::string(text)};
    }
    const std::string* synonym = kind == Rank::term ? word.synonym_of(text) : nullptr;
    if (!synonym) return {Rank::nowhere, ""};
    return {kind, std::string(text) + " (" + *synonym + ")"};
}

// Keeps the best place of each word while a table's texts go by.
class Matcher {
public:
    Matcher(const TableKey& key, const std::vector<SearchWord>& words) : m_words(words), m_best(words.size()) {
        for (std::size_t i = 0; i < words.size(); ++i) {
            const Rank rank = rank_in_full_name(key.bucket, key.full_name, words[i]);
            if (rank != Rank::nowhere) take(i, rank, rank == Rank::bucket ? key.bucket : key.full_name);
        }
    }

    // False: every word is the name, nothing can be better.
    bool needs_more() const {
        return std::ranges::any_of(m_best, [](const Best& best) { return best.rank > Rank::name; });
    }

    void see(Rank kind, std::string_view text) {
        for (std::size_t i = 0; i < m_words.size(); ++i) {
            if (m_best[i].rank <= (kind == Rank::column_inside ? Rank::column : kind)) continue;
            auto [rank, told] = rank_in_text(kind, text, m_words[i]);
            take(i, rank, std::move(told));
        }
    }

    std::optional<Match> result() && {
        Match out;
        for (std::size_t i = 0; i < m_words.size(); ++i) {
            if (m_best[i].rank == Rank::nowhere) return std::nullopt;
            out.score += static_cast<std::uint32_t>(m_best[i].rank);
            out.found.push_back({m_words[i].text(), std::string(k_where[static_cast<std::size_t>(m_best[i].rank)]),
                                 std::move(m_best[i].text)});
        }
        return out;
    }

private:
    struct Best {
        Rank rank = Rank::nowhere;
        std::string text;
    };

    void take(std::size_t word, Rank rank, std::string text) {
        if (rank < m_best[word].rank) m_best[word] = {rank, std::move(text)};
    }

    const std::vector<SearchWord>& m_words;
    std::vector<Best> m_best;
};

// All texts beside the name that search looks at, each with the column whose it is.
template <typename See>
void each_text(const model::Table& table, const See& see) {
    for (const auto* list : {&table.columns, &table.partition_columns})
        for (const model::Column& column : *list) {
            see(Rank::column_inside, column.name, column.name);
            if (!column.term.empty()) see(Rank::term, column.term, column.name);
            if (!column.description.empty()) see(Rank::description, column.description, column.name);
        }
    for (const std::string& tag : table.tags) see(Rank::tag, tag, "");
    for (const std::string& term : table.terms) see(Rank::term, term, "");
    see(Rank::description, table.description, "");
    see(Rank::owner, table.owner, "");
}

// Goes once over a compact entry and tells the texts that search looks at, by the member they stand in.
class EntryTexts {
public:
    explicit EntryTexts(std::string_view entry) : m_entry(entry) {}

    template <typename See>
    void each(const See& see) {
        for (std::size_t i = 0; i < m_entry.size(); ++i) {
            const char c = m_entry[i];
            if (c == '"') {
                const std::size_t begin = i + 1;
                const bool plain = skip_text(i);
                text(m_entry.substr(begin, i - begin), plain, see);
            } else if (c == '{' || c == '[') {
                open(c == '{');
            } else if (c == '}' || c == ']') {
                if (m_depth > 0) --m_depth;
                m_key_next = false;
            } else if (c == ',') {
                m_key_next = m_depth < k_deepest && m_is_object[m_depth];
            } else if (c == ':') {
                m_key_next = false;
            }
        }
    }

private:
    static constexpr std::size_t k_deepest = 8;  // what lies deeper is of no interest

    void open(bool object) {
        if (++m_depth < k_deepest) m_is_object[m_depth] = object;
        m_key_next = object && m_depth < k_deepest;
    }

    // Leaves `i` at the closing quote. True when the text holds no escapes.
    bool skip_text(std::size_t& i) const {
        bool plain = true;
        for (++i; i < m_entry.size() && m_entry[i] != '"'; ++i) {
            if (m_entry[i] != '\\') continue;
            plain = false;
            ++i;
        }
        i = std::min(i, m_entry.size());
        return plain;
    }

    Rank kind() const {
        if (m_depth == 1)
            return m_top == "description" ? Rank::description : m_top == "owner" ? Rank::owner : Rank::nowhere;
        if (m_depth == 2) return m_top == "tags" ? Rank::tag : m_top == "terms" ? Rank::term : Rank::nowhere;
        if (m_depth != 3 || (m_top != "columns" && m_top != "partition_columns")) return Rank::nowhere;
        if (m_inner == "name") return Rank::column_inside;
        return m_inner == "term" ? Rank::term : m_inner == "description" ? Rank::description : Rank::nowhere;
    }

    template <typename See>
    void text(std::string_view raw, bool plain, const See& see) {
        if (m_key_next) {
            if (m_depth == 1) m_top = raw;
            if (m_depth == 3) m_inner = raw;
            return;
        }
        const Rank here = kind();
        if (here == Rank::nowhere) return;
        if (plain) return see(here, raw);
        const auto value = json::parse("\"" + std::string(raw) + "\"");
        if (value && value->is_string()) see(here, *value->as_string());
    }

    std::string_view m_entry, m_top, m_inner;
    std::size_t m_depth = 0;
    bool m_is_object[k_deepest] = {};
    bool m_key_next = false;
};

}  // namespace

SearchWord::SearchWord(std::string_view word, const std::vector<Term>& glossary)
    : m_text(text::fold_case(word)), m_ascii(std::ranges::all_of(m_text, [](char c) { return (c & 0x80) == 0; })) {
    const std::size_t longest = std::min<std::size_t>(m_text.size(), 255);
    m_skip.fill(static_cast<std::uint8_t>(longest));
    for (std::size_t i = 0; i + 1 < m_text.size(); ++i)
        m_skip[static_cast<unsigned char>(m_text[i])] =
            static_cast<std::uint8_t>(std::min(longest, m_text.size() - 1 - i));
    for (const Term& term : glossary)
        for (const std::string& synonym : term.synonyms)
            if (is_in(synonym)) {
                m_terms.push_back({term.name, synonym, text::fold_case(term.name)});
                break;
            }
}

std::size_t SearchWord::find(std::string_view text) const {
    return m_ascii ? find_folded(text) : find_folded(text::fold_case(text));
}

// Horspool: looks at the end of the window first and moves on by what stands there.
std::size_t SearchWord::find_folded(std::string_view text) const {
    const std::size_t size = m_text.size();
    if (size == 0) return 0;
    for (std::size_t at = 0; at + size <= text.size();) {
        const unsigned char last = fold(text[at + size - 1]);
        if (last == static_cast<unsigned char>(m_text[size - 1])) {
            std::size_t i = 0;
            while (i + 1 < size && fold(text[at + i]) == static_cast<unsigned char>(m_text[i])) ++i;
            if (i + 1 == size) return at;
        }
        at += m_skip[last];
    }
    return std::string_view::npos;
}

bool SearchWord::may_be_in(std::string_view entry) const {
    // JSON writes these otherwise: be generous.
    const auto is_other = [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) >= 0x80; };
    if (std::ranges::any_of(m_text, is_other) || is_in(entry)) return true;
    return std::ranges::any_of(m_terms, [&](const Meant& meant) {
        if (std::ranges::any_of(meant.lower_term, is_other)) return true;
        return SearchWord(meant.lower_term, {}).is_in(entry);
    });
}

const std::string* SearchWord::synonym_of(std::string_view term) const {
    const auto meant = std::ranges::find_if(m_terms, [&](const Meant& each) { return each.term == term; });
    return meant == m_terms.end() ? nullptr : &meant->synonym;
}

std::vector<SearchWord> search_words(std::string_view words, const std::vector<Term>& glossary) {
    std::vector<SearchWord> out;
    for (const std::string_view word : text::split(words, ' '))
        if (!text::trim(word).empty()) out.emplace_back(text::trim(word), glossary);
    return out;
}

std::optional<Match> match(const TableKey& key, const model::Table& table, const std::vector<SearchWord>& words) {
    Matcher matcher(key, words);
    each_text(table, [&](Rank kind, std::string_view text, std::string_view) { matcher.see(kind, text); });
    return std::move(matcher).result();
}

std::optional<Match> match(const TableKey& key, std::string_view entry, const std::vector<SearchWord>& words) {
    for (const SearchWord& word : words)
        if (!word.may_be_in(entry)) return std::nullopt;
    Matcher matcher(key, words);
    if (matcher.needs_more())
        EntryTexts(entry).each([&](Rank kind, std::string_view text) { matcher.see(kind, text); });
    return std::move(matcher).result();
}

std::vector<FoundPlace> all_places(const model::Table& table, const std::vector<SearchWord>& words) {
    std::vector<FoundPlace> places;
    const auto add = [&](Rank rank, const SearchWord& word, std::string match, std::string_view column) {
        if (rank == Rank::nowhere) return;
        places.push_back({rank, word.text(), std::string(k_where[static_cast<std::size_t>(rank)]), std::move(match),
                          std::string(column)});
    };
    const std::string full_name = table.full_name();
    for (const SearchWord& word : words) {
        const Rank rank = rank_in_full_name(table.bucket, full_name, word);
        add(rank, word, rank == Rank::bucket ? table.bucket : full_name, "");
    }
    each_text(table, [&](Rank kind, std::string_view text, std::string_view column) {
        for (const SearchWord& word : words) {
            auto [rank, told] = rank_in_text(kind, text, word);
            add(rank, word, std::move(told), column);
        }
    });
    std::ranges::stable_sort(places, {}, &FoundPlace::rank);
    return places;
}

}  // namespace neurolake::catalog
