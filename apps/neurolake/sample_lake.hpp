// sample_lake.hpp: the small example lake of `init --example`: files that are made, not shipped.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace neurolake::apps {

struct SampleFile {
    std::string path;  // bucket/inside/path; ends with '/' for an empty folder
    std::string bytes;
};

// The same bytes on every machine: customers and orders (one partition a month, JSON Lines), a summary made of them, a
// dashboard's table, scores of a model, last years' orders, and an empty folder.
std::vector<SampleFile> sample_files();

}  // namespace neurolake::apps
