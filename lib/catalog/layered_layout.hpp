// layered_layout.hpp: where the boxes of a flow chart go: columns from left to right, few crossings, little distance.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

namespace neurolake::catalog {

// After Sugiyama, Tagawa, Toda (1981): cycles are cut, boxes put into layers, the order within a layer improved by the
// mean of the neighbours, then each box moved as near to them as its layer allows.
struct LayoutEdge {
    std::size_t from = 0, to = 0;  // boxes
    bool leads_back = false;       // known to close a cycle
};

struct LayoutBox {
    double width = 0, height = 0;  // given
    double x = 0, y = 0;           // found: the upper left corner
    std::size_t layer = 0;
};

struct LayoutRoute {
    bool backward = false;  // closes a cycle (or is a loop): to be drawn round the outside
    // Points between the two boxes that the line passes, from left to right: one in each layer that it crosses.
    std::vector<double> x, y;
};

struct Layout {
    std::vector<LayoutRoute> routes;  // parallel to the edges
    double width = 0, height = 0;
};

struct LayoutGaps {
    double between_layers = 110, between_boxes = 18;
};

// Edges name boxes by index. Where there are cycles, data flows from the first boxes to the last. The same input gives
// the same picture.
Layout lay_out(std::vector<LayoutBox>& boxes, const std::vector<LayoutEdge>& edges, const LayoutGaps& gaps);

}  // namespace neurolake::catalog
