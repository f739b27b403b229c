// json_cells.hpp: JSON documents as rows of text: each value as it stands in the file, so that no digit is lost.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/formats.hpp"
#include "formats/json_rows.hpp"

namespace neurolake::formats {

// A column of a JSON file: the name the catalog knows it by, and the field it is made of.
struct JsonColumn {
    std::string name;
    const JsonField* field;
};
// The fields that are columns: all that stood in a good row, or of a feature of GeoJSON its id, its properties and its
// geometry; a property of the name of one of these gets a number.
std::vector<JsonColumn> json_columns(const JsonShape& root, bool geojson, std::vector<model::Finding>& findings);

// Keeps the first documents that JsonRows takes for rows. Strings are unquoted; numbers keep their spelling; nested
// values are JSON without blanks; null is nothing.
class JsonCells {
public:
    JsonCells(std::size_t count, bool geojson) : m_count(count), m_geojson(geojson) {}
    // A good document; "" is a row of which nothing is known.
    void take(std::string_view document);
    // `scanned` saw the documents taken here, and maybe more.
    Rows rows(const JsonRows& scanned) const;

private:
    struct Member {
        bool of_feature;  // beside the properties, not one of them
        std::string key;
        std::optional<std::string> value;
    };
    using Row = std::vector<Member>;
    void take_members(std::string_view object, Row& row, bool of_feature) const;

    std::size_t m_count;
    bool m_geojson;
    std::vector<Row> m_rows;
    std::vector<std::optional<std::string>> m_values;  // documents that are no objects
};

}  // namespace neurolake::formats
