// lineage_walk.cpp: what is upstream or downstream of a dataset, and where data flows in circles.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>

#include "catalog/lineage.hpp"

namespace neurolake::catalog {

const std::vector<std::size_t>& links_of(const Lineage& lineage, std::size_t dataset, Direction direction) {
    const auto& at = lineage.datasets()[dataset];
    return direction == Direction::up ? at.made_by : at.feeds;
}

std::size_t other_end(const Lineage& lineage, std::size_t link, Direction direction) {
    const auto& between = lineage.links()[link];
    return direction == Direction::up ? between.from : between.to;
}

namespace {

// Tarjan's strongly connected components (1972), with a stack of our own: chains of 100,000 datasets are walked too.
class Knots {
public:
    explicit Knots(const Lineage& lineage)
        : m_lineage(lineage),
          m_number(lineage.datasets().size()),
          m_low(m_number.size()),
          m_open(m_number.size()),
          m_knot(m_number.size()) {
        for (std::size_t i = 0; i < m_number.size(); ++i)
            if (m_number[i] == 0) visit(i);
    }
    const std::vector<std::size_t>& knot_of() const { return m_knot; }  // by dataset
    std::size_t count() const { return m_knots; }

private:
    struct Frame {
        std::size_t dataset, next;
    };

    void visit(std::size_t root) {
        std::vector<Frame> frames{{root, 0}};
        enter(root);
        while (!frames.empty()) {
            auto& [dataset, next] = frames.back();
            const auto& links = m_lineage.datasets()[dataset].feeds;
            if (next < links.size()) {
                const std::size_t to = m_lineage.links()[links[next++]].to;
                if (m_number[to] == 0) {
                    enter(to);
                    frames.push_back({to, 0});
                } else if (m_open[to]) {
                    m_low[dataset] = std::min(m_low[dataset], m_number[to]);
                }
                continue;
            }
            const std::size_t done = dataset;
            frames.pop_back();
            if (!frames.empty()) m_low[frames.back().dataset] = std::min(m_low[frames.back().dataset], m_low[done]);
            if (m_low[done] == m_number[done]) close(done);
        }
    }

    void enter(std::size_t dataset) {
        m_number[dataset] = m_low[dataset] = ++m_last;
        m_stack.push_back(dataset);
        m_open[dataset] = true;
    }

    void close(std::size_t first) {
        std::size_t member;
        do {
            member = m_stack.back();
            m_stack.pop_back();
            m_open[member] = false;
            m_knot[member] = m_knots;
        } while (member != first);
        ++m_knots;
    }

    const Lineage& m_lineage;
    std::vector<std::size_t> m_number, m_low;
    std::vector<bool> m_open;
    std::vector<std::size_t> m_knot, m_stack;
    std::size_t m_last = 0, m_knots = 0;
};

// The shortest ways from datasets back to themselves inside their knots.
class Rounds {
public:
    Rounds(const Lineage& lineage, const std::vector<std::size_t>& knot_of)
        : m_lineage(lineage), m_knot_of(knot_of), m_from(knot_of.size()), m_seen(knot_of.size(), k_any_depth) {}

    std::vector<std::size_t> of(std::size_t start) {
        std::deque<std::size_t> queue{start};
        while (!queue.empty()) {
            const std::size_t at = queue.front();
            queue.pop_front();
            for (const std::size_t link : m_lineage.datasets()[at].feeds) {
                const std::size_t to = m_lineage.links()[link].to;
                if (to == start) return way(start, at);
                if (m_knot_of[to] != m_knot_of[start] || std::exchange(m_seen[to], start) == start) continue;
                m_from[to] = at;
                queue.push_back(to);
            }
        }
        return {};
    }

private:
    // Its first by name first.
    std::vector<std::size_t> way(std::size_t start, std::size_t last) const {
        std::vector<std::size_t> way;
        for (std::size_t step = last; step != start; step = m_from[step]) way.push_back(step);
        way.push_back(start);
        std::ranges::reverse(way);
        std::rotate(way.begin(), std::ranges::min_element(way), way.end());
        return way;
    }

    const Lineage& m_lineage;
    const std::vector<std::size_t>& m_knot_of;
    std::vector<std::size_t> m_from, m_seen;  // by dataset; m_seen: on the search from where
};

}  // namespace

std::vector<std::size_t> neighbours(const Lineage& lineage, std::size_t dataset, Direction direction) {
    std::vector<std::size_t> all;
    for (const std::size_t link : links_of(lineage, dataset, direction))
        all.push_back(other_end(lineage, link, direction));
    return all;
}

std::vector<Reached> walk(const Lineage& lineage, std::size_t start, Direction direction, std::size_t depth) {
    std::vector<bool> seen(lineage.datasets().size());
    seen[start] = true;
    std::vector<Reached> reached, level{{start, 0, 0}};
    while (!level.empty() && level.front().depth < depth) {
        std::vector<Reached> next;
        for (const Reached& at : level)
            for (const std::size_t link : links_of(lineage, at.dataset, direction)) {
                const std::size_t end = other_end(lineage, link, direction);
                if (seen[end]) continue;
                seen[end] = true;
                next.push_back({end, at.depth + 1, link});
            }
        // Datasets are numbered by name.
        std::sort(next.begin(), next.end(), [](const auto& a, const auto& b) { return a.dataset < b.dataset; });
        reached.insert(reached.end(), next.begin(), next.end());
        level = std::move(next);
    }
    return reached;
}

std::vector<std::vector<std::size_t>> cycles(const Lineage& lineage) {
    const Knots knots(lineage);
    const auto& knot_of = knots.knot_of();
    std::vector<std::size_t> members(knots.count());
    for (const std::size_t knot : knot_of) ++members[knot];
    std::vector<bool> told(knot_of.size());
    std::vector<std::vector<std::size_t>> found;
    Rounds rounds(lineage, knot_of);
    for (std::size_t i = 0; i < knot_of.size(); ++i) {
        if (told[i]) continue;
        const auto targets = neighbours(lineage, i, Direction::down);
        const bool itself = std::ranges::find(targets, i) != targets.end();
        if (members[knot_of[i]] < 2 && !itself) continue;
        found.push_back(rounds.of(i));
        for (const std::size_t dataset : found.back()) told[dataset] = true;
    }
    return found;
}

}  // namespace neurolake::catalog
