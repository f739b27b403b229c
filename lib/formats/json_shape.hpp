// json_shape.hpp: what stands at one place of all JSON rows: scalars, objects by field, arrays by element.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "formats/column_scan.hpp"

namespace neurolake::formats {

class JsonShape;
struct JsonField {
    JsonField(std::string_view n, std::unique_ptr<JsonShape> s)
        : name(n),
          shape(std::move(s)),
          m_keep(n.size() >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * n.size())) - 1),
          m_beginning(beginning_of(name)) {}

    // The padding rule of cell.hpp holds for `wanted`, as it does for any std::string of fewer than 8 bytes.
    bool is_named(std::string_view wanted) const {
        if (wanted.size() != name.size() || beginning_of(wanted) != m_beginning) return false;
        return wanted.size() <= 8 || wanted == name;
    }

    // The same of text that is long enough, by its first 8 bytes.
    bool begins(const char* text) const { return (load8(text) & m_keep) == m_beginning; }

    std::string name;
    std::unique_ptr<JsonShape> shape;

private:
    static std::uint64_t beginning_of(std::string_view text) {
        const std::uint64_t keep = text.size() >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * text.size())) - 1;
        return load8(text.data()) & keep;
    }
    std::uint64_t m_keep, m_beginning;  // of the name: most comparisons end here
};

// How many places one file may have before further keys are left out (keys that are data). Columns have room of their
// own, so that what stands below them takes none of it.
struct ShapeBudget {
    static constexpr std::size_t k_name_bytes = 1u << 20;

    std::size_t places_left = 20000;   // below the columns
    std::size_t sketches_left = 1000;  // a KiB each
    std::size_t column_name_bytes_left = k_name_bytes, name_bytes_left = k_name_bytes;
    bool refused = false;  // a key or a list was left out
};

class JsonShape {
public:
    explicit JsonShape(bool count_distinct = false) : scalars(count_distinct) {}
    JsonShape(JsonShape&&) = default;
    JsonShape& operator=(JsonShape&&) = default;

    static constexpr std::size_t k_max_fields = 4096;

    // The field of that name, made if new; `hint` is where it stood in the object before and moves on. nullptr: there
    // is no room for it, here or in the budget, and so never will be.
    JsonShape* field(std::string_view name, std::size_t& hint, bool is_column, bool count_distinct,
                     ShapeBudget& budget);
    JsonShape* element(ShapeBudget& budget);

    void saw_object(std::uint64_t row) { first_object = std::min(objects++ == 0 ? row : first_object, row); }
    void saw_array(std::uint64_t row) { first_array = std::min(arrays++ == 0 ? row : first_array, row); }

    // The key of a column stood several times in one row: it counts as one value there.
    void saw_again(std::uint64_t row) { surplus += std::exchange(last_row, row) == row; }

    // `other` saw rows that follow `row_offset` of this one's. `is_root`: its fields are columns.
    void merge(JsonShape& other, std::uint64_t row_offset, bool is_root, ShapeBudget& budget);

    model::Type type() const;
    model::Column verdict(std::string name, std::uint64_t rows) const;

    ColumnScan scalars;
    std::uint64_t present = 0;  // times the key stood in a good row, null or not
    std::uint64_t objects = 0, arrays = 0, first_object = 0, first_array = 0;
    std::uint64_t last_object = 0;  // serial number of the object that had this key last
    bool opaque = false;            // too deep to follow: json
    bool wide = false;              // keys (or what the lists hold) were left out: json
    std::vector<JsonField> fields;
    std::unique_ptr<JsonShape> items;
    std::uint64_t surplus = 0;  // values beyond one a row, of a column
    std::uint64_t last_row = ~std::uint64_t{0};

private:
    std::size_t find(std::string_view name);
    bool take_room(std::string_view name, bool is_column, ShapeBudget& budget) const;

    std::unordered_multimap<std::size_t, std::uint32_t> m_by_hash;  // of the name; only once there are many fields
};

// Looks for the first field of a nested column whose values are about people, and gives the column its counts.
void find_personal_field(const JsonShape& shape, model::Column& column);

}  // namespace neurolake::formats
