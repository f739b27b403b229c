// yaml.hpp: one small YAML document as a tree with positions; the only fence around yaml-cpp.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace neurolake::config {

// What is wrong, and where. line 0: no position (an environment variable, a flag).
struct Problem {
    std::string file;  // "config/settings.yaml", "NEUROLAKE_STORAGE_HIGH", "--set storage.high"
    int line = 0, column = 0;
    std::string text;  // "what; fix"
};
std::string to_string(const Problem& problem);  // "config/settings.yaml:12:5: what; fix"

struct Place {
    int line = 0, column = 0;  // from 1; columns count characters
    std::size_t offset = 0;    // bytes from the start of the file, a byte order mark included
};

struct Node {
    enum class Kind { null, scalar, list, map };
    Kind kind = Kind::null;
    std::string key;  // in a map: the name of this entry
    Place key_at;
    std::string text;   // scalar
    char quote = 0;     // scalar: ' " | > or 0 for a plain one
    Place at;           // where the value begins; of null the place is not meaningful
    bool flow = false;  // list or map written as [..] or {..}
    std::vector<Node> children;

    const Node* find(std::string_view name) const;
};

struct Document {
    Node root;  // a map, or null for an empty file
    std::vector<Problem> problems;
    bool broken = false;  // the tree is not whole: do not read values from it
};

// Reads exactly one document. The limits keep hostile files harmless: 256 KiB, valid UTF-8 (a byte order mark is
// accepted), no control bytes, no anchors, aliases, tags or merge keys, depth 16, 10,000 nodes. Duplicate keys are
// problems (yaml-cpp takes them silently). Never throws.
Document parse_yaml(std::string_view text, std::string_view file);

// Behind the closing quote of the quoted scalar that begins at `offset`; npos when it is not closed.
std::size_t quoted_end(std::string_view text, std::size_t offset);

inline constexpr std::size_t k_yaml_limit = 256u << 10;

}  // namespace neurolake::config
