// lineage_picture.hpp: a part of the lineage as a picture: Graphviz DOT, Mermaid, SVG.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "catalog/lineage.hpp"

namespace neurolake::catalog {

struct ViewWish {
    std::size_t up = 1, down = 1;  // how far; k_any_depth: all
    std::size_t widest = 25;       // datasets of one level on one side; 0: all
    bool columns = false;          // which column is made from which
};

// The datasets around one, and the links among them.
struct LineageView {
    struct Node {
        std::size_t dataset = 0;
        int level = 0;  // -2: two steps upstream; 0: the one that was asked for; 1: what it feeds
    };
    std::size_t start = 0;                   // dataset
    std::vector<Node> nodes;                 // by level, then name
    std::vector<std::size_t> links;          // ascending
    std::size_t more_up = 0, more_down = 0;  // datasets further away, or beyond the widest level
};

LineageView view_of(const Lineage& lineage, std::size_t start, const ViewWish& wish);

// Distinct names of the jobs of a link, sorted.
std::vector<std::string> jobs_of(const Lineage& lineage, const Lineage::Link& link);
std::vector<model::ColumnLink> columns_of(const Lineage& lineage, const Lineage::Link& link);

// Text in UTF-8, with a line end at the end. Names are escaped as each language has it, whatever bytes they hold.
std::string to_dot(const Lineage& lineage, const LineageView& view, bool columns);
std::string to_mermaid(const Lineage& lineage, const LineageView& view, bool columns);
// A standalone SVG 1.1 document: data flows from left to right, cycles run back below; no script, no reference to
// anything outside.
std::string to_svg(const Lineage& lineage, const LineageView& view, bool columns);

}  // namespace neurolake::catalog
