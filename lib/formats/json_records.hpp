// json_records.hpp: where the rows of a JSON file are: in a list, in one list of an object, or GeoJSON features.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace neurolake::formats {

struct RecordList {
    std::string name;         // of the member that holds the list
    std::size_t begin = 0;    // behind its opening bracket
    bool is_geojson = false;  // a FeatureCollection: rows are features
};

// `text` begins with the '{' of the file's first object. Records are what the object holds, not the object itself, when
// exactly one of its members is a list of objects and that list is half of the text, or when it is a GeoJSON
// FeatureCollection. `whole`: nothing follows `text`.
std::optional<RecordList> find_record_list(std::string_view text, bool whole);

}  // namespace neurolake::formats
