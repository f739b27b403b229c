// first_values.hpp: what the first values of a file look like whose columns are known from its metadata.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <vector>

#include "base/json.hpp"
#include "formats/meaning_scan.hpp"
#include "formats/profile.hpp"

namespace neurolake::formats {

inline constexpr std::uint64_t k_first_rows = 1000;  // of a file, that are looked at

// All values of one column, or of one field inside it.
class Place {
public:
    Place(std::string path, std::string name) : m_path(std::move(path)), m_name(std::move(name)) {}

    void look(std::string_view value);
    const std::string& path() const { return m_path; }
    const std::string& name() const { return m_name; }
    model::SemanticEvidence evidence() const;

private:
    std::string m_path, m_name, m_padded;
    MeaningScan m_scan;
    std::vector<std::uint64_t> m_different;  // hashes of values that look like something; a few suffice
};

// Looks at text, whole numbers of 64 bits, and inside what nests or is JSON: what people are told by stands there. Not
// at columns of which the file itself says what they mean, nor at numbers that are too small for any phone or card.
class FirstValues {
public:
    explicit FirstValues(const std::vector<model::Column>& columns);

    bool wants(std::size_t column) const { return column < m_columns.size() && m_columns[column].wanted; }
    bool wants_any() const;
    // The value of the next row; one that is null counts as a row, too.
    void look(std::size_t column, const json::Value& value);
    void look_at_text(std::size_t column, std::optional<std::string_view> text);  // of a column of text
    std::uint64_t rows_of(std::size_t column) const { return m_columns[column].rows; }
    // Sets semantic_evidence. Of a nested column the first field that is about people stands for it.
    void tell(Profile& profile) const;

private:
    struct Column {
        bool wanted = false;
        model::Type type;
        std::string name;
        std::uint64_t rows = 0;
        std::size_t left = MeaningScan::k_all_of;  // values that are still looked at
        std::list<Place> places;                   // the column's own, or its fields in the order they are met
    };
    static void look_inside(Column& column, const json::Value& value, const model::Type* type, const std::string& path,
                            const std::string& name);
    static void look_at_map(Column& column, const json::Object& members, const model::Type& type,
                            const std::string& path);
    static void look_at(Column& column, std::string_view text, const std::string& path, const std::string& name);

    std::vector<Column> m_columns;
};

// The finding of a file whose columns are known, but whose first rows are damaged.
void note_damaged_rows(Profile& profile, const Error& why);

}  // namespace neurolake::formats
