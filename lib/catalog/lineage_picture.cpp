// lineage_picture.cpp: which part of the lineage is shown; DOT and Mermaid.
// SPDX-License-Identifier: Apache-2.0
#include "catalog/lineage_picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "base/text.hpp"

namespace neurolake::catalog {

namespace {

struct Candidate {
    Reached at;
    Direction direction;
};

// The nearest first; in a cycle a dataset is on both sides.
std::vector<Candidate> around(const Lineage& lineage, std::size_t start) {
    std::vector<Candidate> all;
    for (const auto direction : {Direction::up, Direction::down})
        for (const Reached& at : walk(lineage, start, direction)) all.push_back({at, direction});
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.at.depth < b.at.depth; });
    return all;
}

}  // namespace

LineageView view_of(const Lineage& lineage, std::size_t start, const ViewWish& wish) {
    LineageView view;
    view.start = start;
    view.nodes.push_back({start, 0});
    std::vector<bool> shown(lineage.datasets().size());
    shown[start] = true;
    const auto candidates = around(lineage, start);
    std::map<std::pair<bool, std::size_t>, std::size_t> on_level;
    for (const auto& [at, direction] : candidates) {
        const bool up = direction == Direction::up;
        // What is reached through something hidden is hidden, so that nothing hangs in the air.
        const auto& link = lineage.links()[at.via];
        const bool hangs = !shown[up ? link.to : link.from];
        if (shown[at.dataset] || hangs || at.depth > (up ? wish.up : wish.down)) continue;
        auto& taken = on_level[{up, at.depth}];
        if (wish.widest && taken >= wish.widest) continue;
        ++taken;
        shown[at.dataset] = true;
        const int level = static_cast<int>(at.depth);
        view.nodes.push_back({at.dataset, up ? -level : level});
    }
    for (const auto& [at, direction] : candidates)
        if (!shown[at.dataset]) ++(direction == Direction::up ? view.more_up : view.more_down);
    std::stable_sort(view.nodes.begin(), view.nodes.end(),
                     [](const auto& a, const auto& b) { return a.level < b.level; });
    for (std::size_t i = 0; i < lineage.links().size(); ++i)
        if (shown[lineage.links()[i].from] && shown[lineage.links()[i].to]) view.links.push_back(i);
    return view;
}

std::vector<std::string> jobs_of(const Lineage& lineage, const Lineage::Link& link) {
    std::set<std::string> names;
    for (const std::size_t edge : link.edges)
        if (const auto name = lineage.job_name(lineage.edges()[edge].job); !name.empty()) names.insert(name);
    return {names.begin(), names.end()};
}

std::vector<model::ColumnLink> columns_of(const Lineage& lineage, const Lineage::Link& link) {
    std::set<model::ColumnLink> all;
    for (const std::size_t edge : link.edges) {
        const auto& columns = lineage.edges()[edge].columns;
        all.insert(columns.begin(), columns.end());
    }
    return {all.begin(), all.end()};
}

namespace {

// What may stand in a picture's text: valid UTF-8 with control characters shown as on a terminal.
std::string plain(std::string_view name) { return text::to_valid_utf8(text::escape_controls(name)); }

// Inside a quoted string of DOT: only the quote and the backslash mean something there.
std::string dot_text(std::string_view name) {
    std::string out;
    for (const char c : plain(name)) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

// In a quoted label of Mermaid everything that could end it, open markup or a comment is written as its character code.
std::string mermaid_text(std::string_view name) {
    std::string out;
    for (const char c : plain(name)) {
        const auto byte = static_cast<unsigned char>(c);
        const bool safe =
            byte >= 0x80 || std::isalnum(byte) || std::string_view(" ._-/:+,=").find(c) != std::string_view::npos;
        if (safe)
            out += c;
        else
            out += fmt::format("#{};", byte);
    }
    return out;
}

// The lines beside an arrow: its jobs, then its columns.
std::vector<std::string> label_of(const Lineage& lineage, const Lineage::Link& link, bool columns,
                                  std::string (*escaped)(std::string_view)) {
    std::vector<std::string> lines;
    const std::string jobs = fmt::format("{}", fmt::join(jobs_of(lineage, link), ", "));
    if (!jobs.empty()) lines.push_back(escaped(jobs));
    if (columns)
        for (const auto& [from, to] : columns_of(lineage, link)) lines.push_back(escaped(from + " -> " + to));
    return lines;
}

std::string more_text(std::size_t more) { return fmt::format("and {} more", more); }

}  // namespace

std::string to_dot(const Lineage& lineage, const LineageView& view, bool columns) {
    std::string out =
        "digraph lineage {\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", "
        "fillcolor=\"#f6f8fa\", fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=10];\n";
    for (const auto& node : view.nodes) {
        const auto& dataset = lineage.datasets()[node.dataset];
        const char* look = node.dataset == view.start ? ", penwidth=2, fillcolor=\"#ddf4ff\""
                           : !dataset.table           ? ", style=\"rounded,dashed\""
                           : dataset.gone()           ? ", fontcolor=\"#888888\""
                                                      : "";
        out += fmt::format("  n{} [label=\"{}\"{}];\n", node.dataset, dot_text(dataset.name), look);
    }
    for (const std::size_t at : view.links) {
        const auto& link = lineage.links()[at];
        const auto lines = label_of(lineage, link, columns, dot_text);
        const std::string label = lines.empty() ? "" : fmt::format(" [label=\"{}\"]", fmt::join(lines, "\\n"));
        out += fmt::format("  n{} -> n{}{};\n", link.from, link.to, label);
    }
    const auto more = [&](const char* id, std::size_t count, bool up) {
        if (!count) return;
        out += fmt::format("  {} [label=\"{}\", shape=plaintext, style=\"\"];\n", id, more_text(count));
        out += up ? fmt::format("  {} -> n{} [style=dotted];\n", id, view.start)
                  : fmt::format("  n{} -> {} [style=dotted];\n", view.start, id);
    };
    more("more_up", view.more_up, true);
    more("more_down", view.more_down, false);
    return out + "}\n";
}

std::string to_mermaid(const Lineage& lineage, const LineageView& view, bool columns) {
    std::string out = "flowchart LR\n";
    for (const auto& node : view.nodes) {
        const auto& dataset = lineage.datasets()[node.dataset];
        const std::string look = node.dataset == view.start ? ":::asked" : !dataset.table ? ":::external" : "";
        out += fmt::format("  n{}[\"{}\"]{}\n", node.dataset, mermaid_text(dataset.name), look);
    }
    for (const std::size_t at : view.links) {
        const auto& link = lineage.links()[at];
        const auto lines = label_of(lineage, link, columns, mermaid_text);
        const std::string label = lines.empty() ? "" : fmt::format("|\"{}\"|", fmt::join(lines, "<br/>"));
        out += fmt::format("  n{} -->{} n{}\n", link.from, label, link.to);
    }
    if (view.more_up) out += fmt::format("  more_up([\"{}\"]) -.-> n{}\n", more_text(view.more_up), view.start);
    if (view.more_down) out += fmt::format("  n{} -.-> more_down([\"{}\"])\n", view.start, more_text(view.more_down));
    return out + "  classDef asked stroke-width:3px\n  classDef external stroke-dasharray:4 3\n";
}

}  // namespace neurolake::catalog
