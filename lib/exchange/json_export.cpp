// json_export.cpp: the catalog as one JSON document, and as one line a table.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <set>
#include <unordered_map>

#include "base/json.hpp"
#include "exchange/exchange.hpp"

namespace neurolake::exchange {
namespace {

// A list of the document, one compact entry a line.
class ListWriter {
public:
    ListWriter(const Sink& sink, std::string_view name)
        : m_sink(sink), m_opening(",\n  \"" + std::string(name) + "\": [") {}

    Status entry(std::string_view text) {
        std::string line = m_any ? ",\n    " : m_opening + "\n    ";
        m_any = true;
        return m_sink(line += text);
    }
    Status end() { return m_sink(m_any ? "\n  ]" : m_opening + "]"); }

private:
    const Sink& m_sink;
    std::string m_opening;
    bool m_any = false;
};

// What an entry of a list has to do with the tables of a choice.
class Relevance {
public:
    explicit Relevance(const Content& content) : m_whole(content.whole) {
        if (m_whole) return;
        for (const model::Table* table : content.tables) {
            m_words.insert(table->full_name());
            m_words.insert(table->id);
            m_terms.insert(table->terms.begin(), table->terms.end());
            for (const auto* columns : {&table->columns, &table->partition_columns})
                for (const model::Column& column : *columns)
                    if (!column.term.empty()) m_terms.insert(column.term);
        }
    }
    bool wants(catalog::List list, const json::Value& entry) const {
        if (m_whole) return true;
        if (list != catalog::List::glossary) return mentions(entry, m_words);
        return m_terms.contains(entry.text("id")) || m_terms.contains(entry.text("term"));
    }

private:
    // A table's name or id stands in it, also with a column behind ("raw-data.orders.zip").
    static bool mentions(const json::Value& value, const std::set<std::string>& words) {
        if (const std::string* text = value.as_string())
            return words.contains(*text) || words.contains(text->substr(0, text->rfind('.')));
        if (const json::Array* items = value.as_array()) {
            for (const json::Value& item : *items)
                if (mentions(item, words)) return true;
        } else if (const json::Object* members = value.as_object()) {
            for (const auto& [key, member] : *members)
                if (mentions(member, words)) return true;
        }
        return false;
    }

    bool m_whole;
    std::set<std::string> m_words, m_terms;
};

// Versions beyond a table's current one are what a run wrote that died before it changed the table.
Result<std::string> history_entry(const json::Value& entry, std::uint32_t current) {
    TRY(model::SchemaHistory history, model::history_from_json(entry));
    std::erase_if(history.versions, [&](const auto& version) { return version.version > current; });
    return history.versions.empty() ? std::string() : json::dump(model::to_json(history));
}

Status write_list(const Content& content, const Relevance& relevance, catalog::List list, std::string_view name,
                  const Sink& sink) {
    std::unordered_map<std::string_view, std::uint32_t> version_of;
    for (const model::Table* table : content.tables) version_of[table->id] = table->schema_version;
    ListWriter writer(sink, name);
    TRY(const auto entries, content.catalog->entries(list));
    for (const std::string& text : entries) {
        const auto parsed = json::parse(text);
        if (!parsed && list == catalog::List::samples) continue;  // rows shown again, which the next index makes anew
        if (!parsed)
            return Error(Errc::corrupt, fmt::format("export {} of the catalog: {}", name, parsed.error().message),
                         "neurolake doctor tells which file is damaged");
        const json::Value& entry = *parsed;
        std::string line;
        if (list == catalog::List::histories) {
            const auto table = version_of.find(entry.text("id"));
            if (table == version_of.end()) continue;
            TRY(line, history_entry(entry, table->second));
        } else if (relevance.wants(list, entry)) {
            line = json::dump(entry);
        }
        if (!line.empty()) TRY_DO(writer.entry(line));
    }
    return writer.end();
}

}  // namespace

Status write_json(const Content& content, const Sink& sink) {
    auto head = json::Value::object().set("schema", "neurolake.catalog.export/1").set("lake", content.lake);
    head.set("indexed_at", content.catalog->indexed_at());
    std::string text = json::dump(head, json::Style::entries);
    TRY_DO(sink(text.substr(0, text.size() - 2)));  // "\n}"
    ListWriter tables(sink, "tables");
    for (const model::Table* table : content.tables) TRY_DO(tables.entry(json::dump(model::to_json(*table))));
    TRY_DO(tables.end());
    const Relevance relevance(content);
    constexpr std::pair<catalog::List, std::string_view> k_lists[] = {{catalog::List::histories, "histories"},
                                                                      {catalog::List::samples, "samples"},
                                                                      {catalog::List::lineage, "lineage"},
                                                                      {catalog::List::glossary, "glossary"},
                                                                      {catalog::List::imported, "imported"}};
    for (const auto& [list, name] : k_lists) TRY_DO(write_list(content, relevance, list, name, sink));
    return sink("\n}\n");
}

Status write_jsonl(const Content& content, const Sink& sink) {
    for (const model::Table* table : content.tables)
        if (table->deleted_at.empty()) TRY_DO(sink(json::dump(model::to_json(*table)) + "\n"));
    return {};
}

}  // namespace neurolake::exchange
