// compatibility.hpp: whether readers and data of two schema versions go together.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/table.hpp"

namespace neurolake::model {

// Data columns, then partition columns: what a schema version is of.
std::vector<Column> whole_schema(const Table& table);

// The words of the Avro and Confluent schema registries, for tables:
//   backward  who reads by the new schema reads old data: no type holds less than before, no column that may be null
//             turned into one that may not, no new column without nulls (old rows have none of its values)
//   forward   who reads by the old schema reads new data: no column is gone, no value outside the old type, no nulls
//             where there were none
//   full      both; none: neither
// Fields of objects, elements of lists and values of maps follow the same rules ("m.a is gone", "l[] is text now ...").
// A column that nobody has seen a value of breaks nothing. Where evidence tells the range of an integer column, a
// float column holds it if it holds that range.
struct Compatibility {
    std::vector<std::string> backward, forward;  // what breaks each, a sentence a column; empty: it holds
    std::vector<std::string> lost;               // columns gone and types narrowed: what breaks queries at once
    std::string_view verdict() const;            // "full", "backward", "forward", "none"
};
Compatibility compatibility(const std::vector<Column>& before, const std::vector<Column>& after);

// What a person may ask of new versions: "backward", "forward", "full" or "none" (anything goes).
bool is_compatibility(std::string_view word);
bool satisfies(std::string_view verdict, std::string_view asked);  // both such words
// The sentences that break what was asked; "", where nobody asked: what is lost.
std::vector<std::string> breaks(const Compatibility& found, std::string_view asked);

}  // namespace neurolake::model
