// parquet_pages.cpp: page after page: its header, the beginning of its body, levels and values.
// SPDX-License-Identifier: Apache-2.0
#include "formats/parquet_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>

#include "formats/parquet_body.hpp"
#include "formats/parquet_encodings.hpp"
#include "formats/parquet_values.hpp"

namespace neurolake::formats {
namespace {

constexpr std::uint64_t k_entry_cost = 64;            // bytes an entry takes beside its text
constexpr std::size_t k_max_dictionary = 512u << 10;  // values: those of the first rows come first
constexpr std::int64_t k_rle = 3;                     // the encoding of levels

// One try to read the records, with so much of each page at most.
class Chunk {
public:
    Chunk(const Input& input, const ParquetLeaf& leaf, const ParquetChunk& chunk, std::uint64_t records,
          std::uint64_t page_limit, ParquetBudget& budget)
        : m_file(input, chunk.codec, page_limit, budget),
          m_leaf(leaf),
          m_chunk(chunk),
          m_wanted(records),
          m_room(budget.column) {}

    Status read() {
        auto at = static_cast<std::uint64_t>(m_chunk.first_page);
        while (m_values < m_chunk.values && !m_done && !m_short) {
            TRY(const ParquetPage page, m_file.page(at));
            m_page_at = at;
            if (page.kind == ParquetPage::Kind::dictionary)
                TRY_DO(read_dictionary(page));
            else if (page.kind == ParquetPage::Kind::data || page.kind == ParquetPage::Kind::data_v2)
                TRY_DO(read_data(page));
            at = page.body + page.stored_bytes;
        }
        return {};
    }

    // Each record is handed to `take` instead of being kept, behind the first `given`.
    void hand_to(const ParquetTake& take, std::uint64_t given) {
        m_take = &take;
        m_given = given;
    }
    std::uint64_t records() const { return m_out.records; }

    // More of a page was needed than was read of it.
    bool is_short() const { return m_short; }
    ParquetEntries take() { return std::move(m_out); }
    // What there is of a short one: the last record of several values may not be whole.
    ParquetEntries take_whole() {
        if (m_leaf.repetition > 0 && m_out.records > 0) drop_record();
        m_out.cut = true;
        return take();
    }

private:
    Error damaged(std::string_view why) const {
        return {Errc::corrupt, fmt::format("the page at byte {} is damaged: {}", m_page_at, why)};
    }

    // The bytes gave no more: they were cut by us, or are damaged.
    Status ran_out(bool cut) {
        if (!cut) return damaged("it holds less than it says");
        m_short = true;
        return {};
    }

    Status read_dictionary(const ParquetPage& page) {
        if (m_dictionary) return damaged("it is the column's second dictionary");
        constexpr std::int64_t k_plain = 0, k_old_plain = 2;
        if (page.encoding != k_plain && page.encoding != k_old_plain)
            return damaged(fmt::format("it is a dictionary in encoding {}, not PLAIN", page.encoding));
        TRY(m_dictionary_body, m_file.body(page));
        TRY(const auto decoder, parquet_decoder(k_plain, *m_leaf.element, m_dictionary_body.values, nullptr));
        m_dictionary.emplace();
        std::string_view value;
        while (static_cast<std::int64_t>(m_dictionary->values.size()) < page.values && decoder->next(value)) {
            if (m_leaf.element->physical == ParquetPhysical::boolean) return damaged("it is a dictionary of booleans");
            if (m_dictionary->values.size() == k_max_dictionary) {
                m_dictionary_body.cut = true;
                break;
            }
            m_dictionary->values.push_back(value);
        }
        return {};
    }

    Status read_data(const ParquetPage& page) {
        if (page.values < 0) return damaged("it says it holds fewer than no values");
        const bool bad_levels = (m_leaf.repetition > 0 && page.repetition_encoding != k_rle) ||
                                (m_leaf.definition > 0 && page.definition_encoding != k_rle);
        if (bad_levels)
            return Error(Errc::unsupported, "levels that are bit-packed, as the oldest writers did, are not read here");
        TRY(const ParquetBody body, m_file.body(page));
        std::string_view values = body.values, repetition = body.repetition, definition = body.definition;
        if (page.kind == ParquetPage::Kind::data) {
            const bool whole = (m_leaf.repetition == 0 || sized_levels(values, repetition)) &&
                               (m_leaf.definition == 0 || sized_levels(values, definition));
            if (!whole && page.values > 0) return ran_out(body.cut);
        }
        m_repetition = ParquetRuns(repetition, static_cast<unsigned>(std::bit_width(m_leaf.repetition)));
        m_definition = ParquetRuns(definition, static_cast<unsigned>(std::bit_width(m_leaf.definition)));
        // Bytes that end are damage only where all of the page, and of the dictionary, was read.
        const bool cut = body.cut || (m_dictionary && m_dictionary_body.cut);
        TRY(const auto decoder,
            parquet_decoder(page.encoding, *m_leaf.element, values, m_dictionary ? &*m_dictionary : nullptr));
        constexpr std::int64_t k_split = 9;
        if (page.encoding == k_split && body.cut) return ran_out(true);
        for (std::int64_t i = 0; i < page.values && m_values < m_chunk.values && !m_done; ++i, ++m_values) {
            TRY(const bool given, entry(*decoder));
            if (!given) return ran_out(cut);
        }
        return {};
    }

    // Levels of the first kind of data pages stand in the page's body, behind their length.
    static bool sized_levels(std::string_view& rest, std::string_view& levels) {
        std::uint32_t size = 0;
        if (rest.size() < sizeof size) return false;
        std::memcpy(&size, rest.data(), sizeof size);
        rest.remove_prefix(sizeof size);
        levels = rest.substr(0, size);
        const bool whole = levels.size() == size;
        rest.remove_prefix(levels.size());
        return whole;
    }

    Result<bool> entry(ParquetDecoder& decoder) {
        std::uint32_t repetition = 0, definition = 0;
        if (m_leaf.repetition > 0 && !m_repetition.next(repetition)) return false;
        if (repetition == 0 && m_out.records == m_wanted) {
            m_done = true;
            return true;
        }
        if (m_leaf.definition > 0 && !m_definition.next(definition)) return false;
        if (repetition > m_leaf.repetition || definition > m_leaf.definition)
            return damaged("a level is higher than the schema has");
        if (repetition > 0 && m_out.records == 0)
            return damaged("its first value goes on with a record that has not begun");
        if (m_take != nullptr) return hand_on(decoder, definition == m_leaf.definition);
        ParquetEntry made{static_cast<std::uint8_t>(definition), static_cast<std::uint8_t>(repetition), {}};
        std::uint64_t cost = k_entry_cost;
        if (definition == m_leaf.definition) {
            std::string_view bytes;
            if (!decoder.next(bytes)) return false;
            if (!parquet_fits(*m_leaf.element, m_leaf.type, bytes))
                return damaged("a value is outside the column's type, " + model::to_string(m_leaf.type));
            made.value = parquet_json(*m_leaf.element, m_leaf.type, bytes);
            if (const std::string* text = made.value.as_string()) cost += text->size();
        }
        if (repetition == 0) {
            m_record_at = m_out.entries.size();
            ++m_out.records;
        }
        if (cost > m_room) return drop_record();
        m_room -= cost;
        m_out.entries.push_back(std::move(made));
        return true;
    }

    bool hand_on(ParquetDecoder& decoder, bool present) {
        std::string_view bytes;
        if (present && !decoder.next(bytes)) return false;
        if (m_out.records++ >= m_given) (*m_take)(present ? std::optional(bytes) : std::nullopt);
        return true;
    }

    // There is no room for all of the record that was begun last.
    bool drop_record() {
        m_out.entries.resize(m_record_at);
        --m_out.records;
        m_out.cut = m_done = true;
        return true;
    }

    ParquetFile m_file;
    const ParquetLeaf& m_leaf;
    const ParquetChunk& m_chunk;
    std::uint64_t m_wanted, m_room, m_page_at = 0;
    std::int64_t m_values = 0;  // that were gone through
    std::size_t m_record_at = 0;
    bool m_done = false, m_short = false;
    const ParquetTake* m_take = nullptr;
    std::uint64_t m_given = 0;
    ParquetBody m_dictionary_body;
    std::optional<ParquetDictionary> m_dictionary;
    ParquetRuns m_repetition, m_definition;
    ParquetEntries m_out;
};

std::uint64_t first_limit(std::uint64_t records) {
    constexpr std::uint64_t k_few = 100;
    return records > k_few ? 64u << 10 : 8u << 10;
}
std::uint64_t next_limit(std::uint64_t limit, const ParquetBudget& budget) { return std::min(limit * 8, budget.page); }

Status check_place(const Input& input, const ParquetChunk& chunk) {
    if (chunk.encrypted)
        return Error(Errc::unsupported, "the column is encrypted: its values cannot be read without its key");
    if (chunk.elsewhere)
        return Error(Errc::unsupported, "the column's values stand in another file, which is not read");
    if (chunk.first_page <= 0 || static_cast<std::uint64_t>(chunk.first_page) >= input.size)
        return Error(Errc::corrupt, "a column chunk lies outside the file: it was cut or patched");
    return {};
}

}  // namespace

Result<ParquetEntries> read_parquet_entries(const Input& input, const ParquetLeaf& leaf, const ParquetChunk& chunk,
                                            std::uint64_t records, ParquetBudget& budget) {
    TRY_DO(check_place(input, chunk));
    for (std::uint64_t limit = first_limit(records);; limit = next_limit(limit, budget)) {
        Chunk reader(input, leaf, chunk, records, limit, budget);
        TRY_DO(reader.read());
        if (!reader.is_short()) return reader.take();
        if (limit < budget.page) continue;
        ParquetEntries entries = reader.take_whole();
        if (entries.records == 0) return Error(Errc::guard, "the first value is larger than can be shown");
        return entries;
    }
}

Status read_parquet_bytes(const Input& input, const ParquetLeaf& leaf, const ParquetChunk& chunk, std::uint64_t records,
                          ParquetBudget& budget, const ParquetTake& take) {
    TRY_DO(check_place(input, chunk));
    std::uint64_t given = 0;
    for (std::uint64_t limit = first_limit(records);; limit = next_limit(limit, budget)) {
        Chunk reader(input, leaf, chunk, records, limit, budget);
        reader.hand_to(take, given);
        const Status status = reader.read();
        given = std::max(given, reader.records());
        if (!status || !reader.is_short() || limit == budget.page) return status;
    }
}

}  // namespace neurolake::formats
