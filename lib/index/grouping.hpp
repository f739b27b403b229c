// grouping.hpp: which files of a unit form a table, and why.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "index/tree.hpp"
#include "model/table.hpp"

namespace neurolake::index {

// A table to be: its place, its files, and the rule that made it one.
struct Group {
    std::string path;  // folder or file inside the bucket
    bool is_folder = true;
    model::GroupingRule rule = model::GroupingRule::single_file;
    std::string reason;
    std::string wanted_name;               // of an override file; "" = after the path
    std::vector<const File*> files;        // in path order; point into the unit
    std::vector<std::string> keys;         // partition keys, in order
    std::vector<model::Finding> findings;  // paths begin with the bucket
    const OwnWords* said = nullptr;        // of the unit; may be null
};

// A file's format as far as it decides: of its profile, else of its name; "" for a file that decides nothing (empty, or
// not readable and without a telling name).
std::string format_of(const File& file);

// At least 70 % of the column names of the larger side are shared, or all of the smaller side (two or more).
bool similar_columns(const std::vector<std::string>& a, const std::vector<std::string>& b);

// Rules in order: override file, key=value partitions, a folder whose files share format and columns, single files.
// Files directly in a bucket stay single: a file dropped beside another must not turn both into a new table.
std::vector<Group> group(const std::string& bucket, const Unit& unit);

}  // namespace neurolake::index
