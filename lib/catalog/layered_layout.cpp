// layered_layout.cpp: layers, order and coordinates of a flow chart.
// SPDX-License-Identifier: Apache-2.0
#include "catalog/layered_layout.hpp"

#include <algorithm>
#include <cmath>

namespace neurolake::catalog {

namespace {

constexpr std::size_t k_sweeps = 12;
// Beyond this many points on long lines they are drawn straight: the picture is unreadable anyway.
constexpr std::size_t k_most_points = 50000;

struct Spot {  // a box, or a point of a long line in a layer it crosses
    double height = 0, y = 0;
    std::size_t layer = 0;
    std::vector<std::size_t> left, right;  // neighbouring spots
};

class Sketch {
public:
    Sketch(std::vector<LayoutBox>& boxes, const std::vector<LayoutEdge>& edges, const LayoutGaps& gaps)
        : m_boxes(boxes), m_edges(edges), m_gaps(gaps) {
        m_result.routes.resize(edges.size());
    }

    Layout draw() {
        cut_cycles();
        choose_layers();
        make_spots();
        order_layers();
        place();
        return std::move(m_result);
    }

private:
    // Edges that lead back to a box from which the walk came. The caller's order says where to begin.
    void cut_cycles() {
        std::vector<std::vector<std::size_t>> out(m_boxes.size());
        for (std::size_t e = 0; e < m_edges.size(); ++e) {
            m_result.routes[e].backward = m_edges[e].leads_back;
            if (!m_edges[e].leads_back) out[m_edges[e].from].push_back(e);
        }
        std::vector<int> state(m_boxes.size());  // 1: on the way, 2: done
        for (std::size_t root = 0; root < m_boxes.size(); ++root) {
            if (state[root]) continue;
            std::vector<std::pair<std::size_t, std::size_t>> stack{{root, 0}};
            state[root] = 1;
            while (!stack.empty()) {
                auto& [box, next] = stack.back();
                if (next == out[box].size()) {
                    state[box] = 2;
                    m_order.push_back(box);
                    stack.pop_back();
                    continue;
                }
                const std::size_t edge = out[box][next++];
                const std::size_t to = m_edges[edge].to;
                if (state[to] == 1) m_result.routes[edge].backward = true;
                if (state[to]) continue;
                state[to] = 1;
                stack.emplace_back(to, 0);
            }
        }
        std::reverse(m_order.begin(), m_order.end());  // sources first
    }

    // As far left as inputs allow; then what has no inputs moves right, beside what it feeds.
    void choose_layers() {
        std::vector<std::vector<std::size_t>> out(m_boxes.size());
        std::vector<bool> has_input(m_boxes.size());
        for (std::size_t e = 0; e < m_edges.size(); ++e) {
            if (m_result.routes[e].backward) continue;
            out[m_edges[e].from].push_back(m_edges[e].to);
            has_input[m_edges[e].to] = true;
        }
        for (const std::size_t box : m_order)
            for (const std::size_t to : out[box])
                m_boxes[to].layer = std::max(m_boxes[to].layer, m_boxes[box].layer + 1);
        for (const std::size_t box : m_order) {
            if (has_input[box] || out[box].empty()) continue;
            std::size_t nearest = m_boxes[out[box][0]].layer;
            for (const std::size_t to : out[box]) nearest = std::min(nearest, m_boxes[to].layer);
            m_boxes[box].layer = nearest - 1;
        }
    }

    void make_spots() {
        for (const LayoutBox& box : m_boxes) m_spots.push_back({box.height, 0, box.layer, {}, {}});
        m_points.resize(m_edges.size());
        for (std::size_t e = 0; e < m_edges.size(); ++e) {
            if (m_result.routes[e].backward) continue;
            const std::size_t last = m_boxes[m_edges[e].to].layer;
            std::size_t before = m_edges[e].from;
            for (std::size_t layer = m_boxes[before].layer + 1; layer < last; ++layer) {
                if (m_spots.size() > m_boxes.size() + k_most_points) break;
                m_spots.push_back({6, 0, layer, {}, {}});
                join(before, m_spots.size() - 1);
                before = m_spots.size() - 1;
                m_points[e].push_back(before);
            }
            join(before, m_edges[e].to);
        }
        std::size_t layers = 0;
        for (const Spot& spot : m_spots) layers = std::max(layers, spot.layer + 1);
        m_layers.resize(layers);
        for (std::size_t i = 0; i < m_spots.size(); ++i) m_layers[m_spots[i].layer].push_back(i);
    }

    void join(std::size_t left, std::size_t right) {
        m_spots[left].right.push_back(right);
        m_spots[right].left.push_back(left);
    }

    static const std::vector<std::size_t>& side(const Spot& spot, bool left) { return left ? spot.left : spot.right; }

    void order_layers() {
        std::vector<double> place(m_spots.size());
        const auto number = [&](const std::vector<std::size_t>& layer) {
            for (std::size_t i = 0; i < layer.size(); ++i) place[layer[i]] = static_cast<double>(i);
        };
        for (const auto& layer : m_layers) number(layer);
        for (std::size_t sweep = 0; sweep < k_sweeps; ++sweep) {
            const bool forward = sweep % 2 == 0;
            for (std::size_t i = 0; i < m_layers.size(); ++i) {
                auto& layer = m_layers[forward ? i : m_layers.size() - 1 - i];
                std::vector<std::pair<double, std::size_t>> wanted;
                for (const std::size_t spot : layer) wanted.emplace_back(mean(spot, forward, place), spot);
                std::stable_sort(wanted.begin(), wanted.end(),
                                 [](const auto& a, const auto& b) { return a.first < b.first; });
                for (std::size_t k = 0; k < layer.size(); ++k) layer[k] = wanted[k].second;
                number(layer);
            }
        }
    }

    // Of the neighbours on that side; where there are none, the place itself.
    double mean(std::size_t spot, bool left, const std::vector<double>& place) const {
        const auto& around = side(m_spots[spot], left);
        if (around.empty()) return place[spot];
        double sum = 0;
        for (const std::size_t other : around) sum += place[other];
        return sum / static_cast<double>(around.size());
    }

    double gap(std::size_t above, std::size_t below) const {
        const bool lines = above >= m_boxes.size() && below >= m_boxes.size();
        return (m_spots[above].height + m_spots[below].height) / 2 + (lines ? 8 : m_gaps.between_boxes);
    }

    // The heights nearest to the wanted ones that keep order and gaps: least squares by pooling neighbours that would
    // overlap.
    void settle(const std::vector<std::size_t>& layer, const std::vector<double>& wanted) {
        struct Pool {
            double sum;
            std::size_t count;
            double mean() const { return sum / static_cast<double>(count); }
        };
        std::vector<Pool> pools;
        std::vector<double> offset(layer.size());
        for (std::size_t i = 0; i < layer.size(); ++i) {
            if (i) offset[i] = offset[i - 1] + gap(layer[i - 1], layer[i]);
            pools.push_back({wanted[i] - offset[i], 1});
            while (pools.size() > 1 && pools[pools.size() - 2].mean() > pools.back().mean()) {
                pools[pools.size() - 2].sum += pools.back().sum;
                pools[pools.size() - 2].count += pools.back().count;
                pools.pop_back();
            }
        }
        std::size_t i = 0;
        for (const Pool& pool : pools)
            for (std::size_t k = 0; k < pool.count; ++k, ++i) m_spots[layer[i]].y = pool.mean() + offset[i];
    }

    void place() {
        for (const auto& layer : m_layers) settle(layer, std::vector<double>(layer.size(), 0.0));
        for (std::size_t sweep = 0; sweep < k_sweeps; ++sweep) {
            for (std::size_t i = 0; i < m_layers.size(); ++i) {
                const auto& layer = m_layers[sweep % 2 == 0 ? i : m_layers.size() - 1 - i];
                std::vector<double> wanted;
                for (const std::size_t spot : layer) wanted.push_back(middle_of_neighbours(spot));
                settle(layer, wanted);
            }
        }
        put_at_the_origin();
    }

    double middle_of_neighbours(std::size_t spot) const {
        double sum = 0;
        std::size_t count = 0;
        for (const bool left : {true, false})
            for (const std::size_t other : side(m_spots[spot], left)) {
                sum += m_spots[other].y;
                ++count;
            }
        return count ? sum / static_cast<double>(count) : m_spots[spot].y;
    }

    // Steep lines get more room, so that they stay apart.
    double gap_after(std::size_t layer) const {
        double steepest = 0;
        for (const std::size_t spot : m_layers[layer])
            for (const std::size_t other : m_spots[spot].right)
                steepest = std::max(steepest, std::abs(m_spots[spot].y - m_spots[other].y));
        return std::clamp(steepest * 0.3, m_gaps.between_layers, 3 * m_gaps.between_layers);
    }

    void put_at_the_origin() {
        double top = 1e18, x = 0;
        for (const Spot& spot : m_spots) top = std::min(top, spot.y - spot.height / 2);
        std::vector<double> middle_of(m_layers.size());
        for (std::size_t layer = 0; layer < m_layers.size(); ++layer) {
            double widest = 0;
            for (const std::size_t spot : m_layers[layer])
                if (spot < m_boxes.size()) widest = std::max(widest, m_boxes[spot].width);
            middle_of[layer] = x + widest / 2;
            for (const std::size_t spot : m_layers[layer]) {
                if (spot >= m_boxes.size()) continue;
                m_boxes[spot].x = middle_of[layer] - m_boxes[spot].width / 2;
                m_boxes[spot].y = m_spots[spot].y - m_spots[spot].height / 2 - top;
                m_result.height = std::max(m_result.height, m_boxes[spot].y + m_boxes[spot].height);
            }
            m_result.width = x + widest;
            x += widest + gap_after(layer);
        }
        for (std::size_t e = 0; e < m_edges.size(); ++e)
            for (const std::size_t point : m_points[e]) {
                m_result.routes[e].x.push_back(middle_of[m_spots[point].layer]);
                m_result.routes[e].y.push_back(m_spots[point].y - top);
                m_result.height = std::max(m_result.height, m_spots[point].y - top);
            }
    }

    std::vector<LayoutBox>& m_boxes;
    const std::vector<LayoutEdge>& m_edges;
    const LayoutGaps& m_gaps;
    Layout m_result;
    std::vector<std::size_t> m_order;
    std::vector<Spot> m_spots;                       // the boxes first
    std::vector<std::vector<std::size_t>> m_points;  // of each edge
    std::vector<std::vector<std::size_t>> m_layers;
};

}  // namespace

Layout lay_out(std::vector<LayoutBox>& boxes, const std::vector<LayoutEdge>& edges, const LayoutGaps& gaps) {
    return Sketch(boxes, edges, gaps).draw();
}

}  // namespace neurolake::catalog
