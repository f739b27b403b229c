// json_records.hpp: where the rows of a JSON file are: in a list, in one list of an object, or GeoJSON features.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace neurolake::formats {

struct RecordList {
    std::string name;            // of the member that holds the list
    std::size_t begin = 0;       // behind its opening bracket
    bool is_geojson = false;     // rows are features
    bool is_collection = false;  // "type": "FeatureCollection" was seen, which may also stand behind the list
};

struct FirstObject {
    std::optional<RecordList> records;
    bool whole = false;  // it ends in the text, and what follows it is known: no byte behind the text changes anything
};

// `text` begins with the '{' of the file's first object. Records are what the object holds, not the object itself, when
// exactly one of its members is a list of objects and that list is half of the object, or when it is a GeoJSON
// FeatureCollection; and no other value follows it. What the text does not show is taken to be so. `whole`: nothing
// follows `text`.
FirstObject look_at_first_object(std::string_view text, bool whole);

// Of the members of an object, or some of them in brackets: what decides where its rows are.
struct MembersSeen {
    std::size_t lists = 0;  // of objects
    bool is_collection = false;
};
MembersSeen look_at_members(std::string_view object);

}  // namespace neurolake::formats
