// foreign_lineage.cpp: lineage.json of the older lineage tracker: queries, pipelines, transformations, columns.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "migrate/foreign_readers.hpp"

namespace neurolake::migrate {
namespace {

struct ColumnName {
    std::string table, column;
};

// "readings.temp"; the table part is "" for a bare column.
ColumnName split(const std::string& name) {
    const std::size_t dot = name.rfind('.');
    if (dot == std::string::npos) return {"", name};
    return {name.substr(0, dot), name.substr(dot + 1)};
}

class GraphReader {
public:
    GraphReader(const ForeignFile& file, Collection& into) : m_file(file), m_into(into) {}

    void read() {
        for (const auto& [id, record] : members_of(*m_file.content.find("lineage_graph"))) {
            if (record.text("type") == "transformation" || record.items("inputs").empty() ||
                record.items("outputs").empty())
                m_into.foreign.texts.push_back({record.text("type", "lineage"), id, m_file.name, record});
            else
                take(id, record);
        }
        if (const auto* columns = m_file.content.find("column_lineage")) check_columns(*columns);
    }

private:
    void take(const std::string& id, const json::Value& record) {
        const auto inputs = texts_of(record, "inputs"), outputs = texts_of(record, "outputs");
        const std::string at = utc_time(record.text("timestamp"));
        m_into.foreign.jobs.push_back({id, record.text("query_text"), "", at});
        if (!record.items("transformations").empty())
            m_into.foreign.texts.push_back({record.text("type", "lineage"), id, m_file.name, record});
        for (const std::string& to : outputs)
            for (const std::string& from : inputs) {
                ForeignEdge edge{m_into.name_of(from), m_into.name_of(to), id, {}, at};
                if (const auto* mapping = record.find("column_mapping")) map_columns(edge, *mapping, from, inputs);
                m_into.foreign.edges.push_back(std::move(edge));
            }
    }

    // Sources tell their table only by the end of its name: "readings.temp" of zoo.raw.readings.
    void map_columns(ForeignEdge& edge, const json::Value& mapping, const std::string& from,
                     const std::vector<std::string>& inputs) {
        for (const auto& [to, sources] : members_of(mapping)) {
            if (!sources.is_array()) continue;
            for (const json::Value& source : *sources.as_array()) {
                const std::string* text = source.as_string();
                if (!text) continue;
                const ColumnName name = split(*text);
                const bool only = name.table.empty() && inputs.size() == 1;
                if (!only && Collection::by_suffix(name.table, inputs) != from) continue;
                edge.columns.emplace_back(name.column, to);
                m_mapped.insert({edge.to + "." + to, *text});
            }
        }
        std::sort(edge.columns.begin(), edge.columns.end());
    }

    // column_lineage only ever grows there: what no record of the graph says any more is stale.
    void check_columns(const json::Value& columns) {
        for (const auto& [to, sources] : members_of(columns)) {
            if (!sources.is_array()) continue;
            for (const json::Value& source : *sources.as_array()) {
                const std::string* from = source.as_string();
                if (!from || m_mapped.contains({to, *from}) || of_transformation(to, *from)) continue;
                m_into.orphan("column_lineage", to,
                              fmt::format("no query or pipeline says any more that {} comes from {}", to, *from));
            }
        }
    }

    bool of_transformation(const std::string& to, const std::string& from) const {
        return std::ranges::any_of(m_into.foreign.texts, [&](const ForeignText& text) {
            const auto in = texts_of(text.content, "input_columns"), out = texts_of(text.content, "output_columns");
            return std::ranges::find(in, from) != in.end() && std::ranges::find(out, to) != out.end();
        });
    }

    const ForeignFile& m_file;
    Collection& m_into;
    std::set<std::pair<std::string, std::string>> m_mapped;  // column of the output, its source
};

}  // namespace

bool is_lineage_graph(const json::Value& content) {
    const json::Value* graph = content.find("lineage_graph");
    return graph && graph->is_object();
}

void read_lineage_graph(const ForeignFile& file, Collection& into) { GraphReader(file, into).read(); }

}  // namespace neurolake::migrate
