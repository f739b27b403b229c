// lineage_svg.cpp: a part of the lineage as a picture that any browser shows.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "catalog/layered_layout.hpp"
#include "catalog/lineage_picture.hpp"

namespace neurolake::catalog {

namespace {

constexpr double k_head = 44, k_row = 18, k_margin = 24, k_loop = 34;
constexpr double k_letter = 8.2, k_small_letter = 6.5;  // mean widths at 13 and 11 px, of wide fonts
constexpr std::size_t k_widest_text = 34;               // columns
constexpr std::size_t k_widest_label = 26;              // of a job's name beside its line
constexpr double k_label_height = 14, k_beside_label = 36;

constexpr const char* k_style = R"(  <style>
    text { font-family: -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", sans-serif; }
    .name { font-size: 13px; font-weight: 600; fill: #1f2328; }
    .note { font-size: 11px; fill: #59636e; }
    .column { font-size: 11px; fill: #1f2328; }
    .box { fill: #ffffff; stroke: #d1d9e0; stroke-width: 1; }
    .asked .box { fill: #ddf4ff; stroke: #0969da; stroke-width: 2; }
    .external .box { fill: #f6f8fa; stroke: #818b98; stroke-dasharray: 5 4; }
    .gone .name { fill: #818b98; text-decoration: line-through; }
    .more .box { fill: #f6f8fa; stroke: none; }
    .line { fill: none; stroke: #818b98; stroke-width: 1.4; }
    .of-column { stroke: #54aeff; stroke-width: 1.1; }
    .back { stroke: #bc4c00; stroke-dasharray: 6 4; }
    .job { font-size: 11px; fill: #59636e; text-anchor: middle; paint-order: stroke; stroke: #ffffff; stroke-width: 4px; }
  </style>
)";

// Also the two characters that UTF-8 can write and XML 1.0 forbids.
std::string xml(std::string_view name) {
    std::string out;
    const std::string text = text::to_valid_utf8(text::escape_controls(name));
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::string_view rest = std::string_view(text).substr(i);
        if (rest.starts_with("\xEF\xBF\xBE") || rest.starts_with("\xEF\xBF\xBF")) {
            out += "\xEF\xBF\xBD";
            i += 2;
            continue;
        }
        switch (text[i]) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += text[i];
        }
    }
    return out;
}

// The ends of names tell more than their middle.
std::string shortened(std::string_view name, std::size_t most = k_widest_text) {
    const std::string text = text::to_valid_utf8(text::escape_controls(name));
    if (text::display_width(text) <= most) return text;
    std::vector<std::string> letters;
    for (const char c : text) {
        if (letters.empty() || (static_cast<unsigned char>(c) & 0xC0) != 0x80) letters.emplace_back();
        letters.back() += c;
    }
    const std::size_t half = std::min(letters.size(), most) / 2 - 1;
    std::string out;
    for (std::size_t i = 0; i < half; ++i) out += letters[i];
    out += "\u2026";
    for (std::size_t i = letters.size() - half; i < letters.size(); ++i) out += letters[i];
    return out;
}

double width_of(std::string_view text, double letter) {
    return letter * static_cast<double>(text::display_width(text));
}

struct Card {
    std::string look, title, name, note, color;
    std::vector<std::string> columns;
};

// A color of its own for each bucket, so that the eye finds what belongs together.
std::string color_of(std::string_view bucket) {
    static constexpr const char* k_colors[] = {"#0969da", "#1a7f37", "#8250df", "#bf8700",
                                               "#cf222e", "#1b7c83", "#bf3989", "#57606a"};
    std::size_t sum = 7;
    for (const char c : bucket) sum = sum * 31 + static_cast<unsigned char>(c);
    return k_colors[sum % std::size(k_colors)];
}

std::string note_of(const Lineage::Dataset& dataset) {
    if (!dataset.table) {
        const std::string& where = dataset.ref.name_space;
        return where == model::k_lake_namespace ? "not in the catalog" : "external";
    }
    if (dataset.gone()) return "its files are gone";
    const model::Table& table = *dataset.table;
    std::string note = table.format;
    if (table.rows_exact || table.rows)
        note += fmt::format(" \u00b7 {} row{}", text::with_thousands(table.rows), table.rows == 1 ? "" : "s");
    if (!table.owner.empty()) note += " \u00b7 " + table.owner;
    return note;
}

class Picture {
public:
    Picture(const Lineage& lineage, const LineageView& view, bool columns) : m_lineage(lineage), m_view(view) {
        std::map<std::size_t, int> level_of;
        for (const auto& node : view.nodes) {
            m_card_of[node.dataset] = m_cards.size();
            level_of[node.dataset] = node.level;
            add_card(node.dataset);
        }
        for (const std::size_t at : view.links) {
            const auto& link = lineage.links()[at];
            // From what is fed back to what it is made from: these close the cycles through the middle.
            const int from = level_of[link.from], to = level_of[link.to];
            m_edges.push_back({m_card_of[link.from], m_card_of[link.to], from >= 0 && to <= 0 && from > to});
            if (columns) note_columns(link);
        }
        add_more(view.more_up, true);
        add_more(view.more_down, false);
    }

    std::string draw() {
        std::vector<LayoutBox> boxes;
        for (const Card& card : m_cards) boxes.push_back(box_of(card));
        const Layout layout = lay_out(boxes, m_edges, gaps_for_labels());
        m_boxes = std::move(boxes);
        for (const LayoutBox& box : m_boxes) m_taken.push_back({box.x, box.y, box.width, box.height});
        std::size_t backward = 0;
        for (const auto& route : layout.routes) backward += route.backward;
        m_floor = layout.height;
        m_height = layout.height + (backward ? 20 + 18 * static_cast<double>(backward) : 0);
        const double side = backward ? k_margin + k_loop : k_margin;
        const double width = layout.width + 2 * side, height = m_height + 2 * k_margin;
        std::string out = fmt::format(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
            "width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\">\n  <title>Lineage of {2}</title>\n",
            width, height, xml(m_lineage.datasets()[m_view.start].name));
        out += k_style;
        out += "  <defs>\n";
        for (const auto& [id, color] :
             {std::pair("tip", "#818b98"), std::pair("back-tip", "#bc4c00"), std::pair("column-tip", "#54aeff")})
            out += fmt::format(
                "    <marker id=\"{}\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"7\" "
                "markerHeight=\"7\" orient=\"auto\"><path d=\"M0 1 L9 5 L0 9 z\" fill=\"{}\"/></marker>\n",
                id, color);
        out += fmt::format(
            "  </defs>\n  <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
            "  <g transform=\"translate({} {})\">\n",
            side, k_margin);
        std::string labels;
        for (std::size_t e = 0; e < m_edges.size(); ++e) draw_edge(out, labels, e, layout.routes[e]);
        for (std::size_t i = 0; i < m_cards.size(); ++i) draw_card(out, m_cards[i], m_boxes[i]);
        return out + labels + "  </g>\n</svg>\n";
    }

private:
    void add_card(std::size_t at) {
        const auto& dataset = m_lineage.datasets()[at];
        std::string look = at == m_view.start ? "asked" : !dataset.table ? "external" : "table";
        if (dataset.gone()) look += " gone";
        m_cards.push_back({look,
                           dataset.name,
                           shortened(dataset.name),
                           shortened(note_of(dataset), k_widest_text + 6),
                           dataset.table ? color_of(dataset.table->bucket) : "",
                           {}});
    }

    void add_more(std::size_t more, bool up) {
        if (!more) return;
        const std::string text = fmt::format("and {} more", text::with_thousands(more));
        m_cards.push_back({"more", text, text, up ? "further up" : "further down", "", {}});
        const std::size_t start = m_card_of[m_view.start], here = m_cards.size() - 1;
        m_edges.push_back(up ? LayoutEdge{here, start, false} : LayoutEdge{start, here, false});
    }

    void note_columns(const Lineage::Link& link) {
        const auto add = [&](std::size_t dataset, const std::string& column) {
            auto& columns = m_cards[m_card_of[dataset]].columns;
            if (std::find(columns.begin(), columns.end(), column) == columns.end()) columns.push_back(column);
        };
        auto& list = m_columns[m_edges.size() - 1];
        list = columns_of(m_lineage, link);
        for (const auto& [from, to] : list) {
            add(link.from, from);
            add(link.to, to);
        }
    }

    static LayoutBox box_of(const Card& card) {
        double width = std::max(width_of(card.name, k_letter), width_of(card.note, k_small_letter));
        for (const auto& column : card.columns) width = std::max(width, width_of(shortened(column), k_small_letter));
        LayoutBox box;
        box.width = std::max(110.0, width + 30);
        box.height = k_head + (card.columns.empty() ? 0 : 8 + k_row * static_cast<double>(card.columns.size()));
        return box;
    }

    void draw_card(std::string& out, const Card& card, const LayoutBox& box) const {
        out += fmt::format("    <g class=\"{}\"><title>{}</title>\n", card.look, xml(card.title));
        out += fmt::format(
            "      <rect class=\"box\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"6\"/>\n",
            box.x, box.y, box.width, box.height);
        if (!card.color.empty())
            out += fmt::format(
                "      <rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"4\" height=\"{:.1f}\" rx=\"2\" fill=\"{}\"/>\n",
                box.x + 5, box.y + 8, k_head - 16, card.color);
        const auto text = [&](const char* look, double y, const std::string& words) {
            out += fmt::format("      <text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", look, box.x + 16,
                               box.y + y, xml(words));
        };
        text("name", 19, card.name);
        text("note", 35, card.note);
        for (std::size_t i = 0; i < card.columns.size(); ++i)
            text("column", k_head + 13 + k_row * static_cast<double>(i), shortened(card.columns[i]));
        out += "    </g>\n";
    }

    // The height at which a line leaves or meets a box: at the column's row, or at the head.
    double port(std::size_t card, const std::string* column) const {
        const auto& box = m_boxes[card];
        if (!column) return box.y + k_head / 2;
        const auto& columns = m_cards[card].columns;
        const auto at = std::find(columns.begin(), columns.end(), *column) - columns.begin();
        return box.y + k_head + 9 + k_row * static_cast<double>(at);
    }

    void draw_edge(std::string& out, std::string& labels, std::size_t e, const LayoutRoute& route) {
        if (route.backward) return draw_back(out, labels, e);
        const auto& [from, to, leads_back] = m_edges[e];
        const bool pale = m_cards[from].look == "more" || m_cards[to].look == "more";
        out += line_through(e, route, nullptr, nullptr, pale ? "line\" stroke-dasharray=\"2 4" : "line", "tip");
        for (const auto& [source, target] : columns_at(e))
            out += line_through(e, route, &source, &target, "line of-column", "column-tip");
        const Label label = label_of(e);
        if (label.shown.empty()) return;
        // In the gap before the target: there the lines of one job come together.
        const double left = route.x.empty() ? m_boxes[from].x + m_boxes[from].width : route.x.back();
        const double y = route.y.empty() ? port(from, nullptr) : route.y.back();
        const double middle = left == m_boxes[to].x ? 0.5 : (middle_of_gap(to) - left) / (m_boxes[to].x - left);
        add_label(labels, middle_of_gap(to), y + (port(to, nullptr) - y) * bend_at(middle) - 3, label);
    }

    struct Label {
        std::string shown, whole;
    };

    // The names of an edge's jobs: as many as there is room for, then how many more.
    Label label_of(std::size_t e) const {
        if (e >= m_view.links.size()) return {};
        const auto jobs = jobs_of(m_lineage, m_lineage.links()[m_view.links[e]]);
        std::string whole = fmt::format("{}", fmt::join(jobs, ", "));
        if (jobs.size() < 2 || text::display_width(whole) <= k_widest_label)
            return {shortened(whole, k_widest_label), std::move(whole)};
        const std::string more = fmt::format(" and {} more", jobs.size() - 1);
        return {shortened(jobs[0], k_widest_label - more.size()) + more, std::move(whole)};
    }

    // As far apart as the longest label needs.
    LayoutGaps gaps_for_labels() const {
        LayoutGaps gaps;
        for (std::size_t e = 0; e < m_edges.size(); ++e)
            gaps.between_layers =
                std::max(gaps.between_layers, width_of(label_of(e).shown, k_small_letter) + k_beside_label);
        return gaps;
    }

    // Between the layer of a box and the one before it: boxes of a layer differ in width.
    double middle_of_gap(std::size_t target) const {
        double left = 0, right = m_boxes[target].x;
        for (const LayoutBox& box : m_boxes) {
            if (box.layer == m_boxes[target].layer) right = std::min(right, box.x);
            if (box.layer + 1 == m_boxes[target].layer) left = std::max(left, box.x + box.width);
        }
        return (left + right) / 2;
    }

    // How far up or down a line is after this part of its way: nearly flat at both ends.
    static double bend_at(double part) {
        const double t = std::clamp(part, 0.0, 1.0);
        return t * t * (3 - 2 * t);
    }

    // Where neither a box nor another label is, as near as may be; the whole name shows under the pointer.
    void add_label(std::string& labels, double x, double y, const Label& label) {
        const double width = width_of(label.shown, k_small_letter);
        Area area{x - width / 2, y - k_label_height + 3, width, k_label_height};
        const auto is_free = [&](double shift) {
            return std::ranges::none_of(m_taken, [&](const Area& other) {
                return area.x < other.x + other.width && other.x < area.x + area.width &&
                       area.y + shift < other.y + other.height && other.y < area.y + shift + area.height;
            });
        };
        double shift = 0;
        for (int step = 1; step <= 12 && !is_free(shift); ++step)
            shift = (step % 2 ? 1 : -1) * k_label_height * ((step + 1) / 2) / 2.0;
        area.y += shift;
        m_taken.push_back(area);
        labels += fmt::format("    <text class=\"job\" x=\"{:.1f}\" y=\"{:.1f}\"><title>{}</title>{}</text>\n", x,
                              y + shift, xml(label.whole), xml(label.shown));
    }

    const std::vector<model::ColumnLink>& columns_at(std::size_t e) const {
        static const std::vector<model::ColumnLink> none;
        const auto found = m_columns.find(e);
        return found == m_columns.end() ? none : found->second;
    }

    std::string line_through(std::size_t e, const LayoutRoute& route, const std::string* source,
                             const std::string* target, const char* look, const char* tip) const {
        const auto& [from, to, leads_back] = m_edges[e];
        double x = m_boxes[from].x + m_boxes[from].width, y = port(from, source);
        std::string path = fmt::format("M{:.1f} {:.1f}", x, y);
        const auto curve_to = [&](double next_x, double next_y) {
            const double bend = (next_x - x) / 2;
            path += fmt::format(" C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", x + bend, y, next_x - bend, next_y,
                                next_x, next_y);
            x = next_x;
            y = next_y;
        };
        for (std::size_t i = 0; i < route.x.size(); ++i) curve_to(route.x[i], route.y[i]);
        curve_to(m_boxes[to].x - 1, port(to, target));
        return fmt::format("    <path class=\"{}\" d=\"{}\" marker-end=\"url(#{})\"/>\n", look, path, tip);
    }

    // Round below everything, each at a depth of its own.
    void draw_back(std::string& out, std::string& labels, std::size_t e) {
        const auto& [from, to, leads_back] = m_edges[e];
        const double depth = m_floor + 20 + 18 * static_cast<double>(m_backward++);
        const double x = m_boxes[from].x + m_boxes[from].width, y = port(from, nullptr);
        const double end_x = m_boxes[to].x - 1, end_y = port(to, nullptr);
        const Label label = label_of(e);
        if (!label.shown.empty()) add_label(labels, (x + end_x) / 2, depth + 4, label);
        out += fmt::format(
            "    <path class=\"line back\" d=\"M{0:.1f} {1:.1f} C{2:.1f} {1:.1f} {2:.1f} {3:.1f} {0:.1f} {3:.1f} "
            "L{4:.1f} {3:.1f} C{5:.1f} {3:.1f} {5:.1f} {6:.1f} {4:.1f} {6:.1f}\" marker-end=\"url(#back-tip)\">"
            "<title>a cycle{7}</title></path>\n",
            x, y, x + 40, depth, end_x, end_x - 40, end_y, label.whole.empty() ? "" : ": " + xml(label.whole));
    }

    struct Area {
        double x = 0, y = 0, width = 0, height = 0;
    };

    const Lineage& m_lineage;
    const LineageView& m_view;
    std::vector<Area> m_taken;  // by boxes and labels
    std::vector<Card> m_cards;
    std::vector<LayoutBox> m_boxes;  // parallel
    std::map<std::size_t, std::size_t> m_card_of;
    std::vector<LayoutEdge> m_edges;                                  // the view's links, then those to "and 7 more"
    std::map<std::size_t, std::vector<model::ColumnLink>> m_columns;  // by edge
    double m_floor = 0, m_height = 0;
    std::size_t m_backward = 0;
};

}  // namespace

std::string to_svg(const Lineage& lineage, const LineageView& view, bool columns) {
    return Picture(lineage, view, columns).draw();
}

}  // namespace neurolake::catalog
