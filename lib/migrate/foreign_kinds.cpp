// foreign_kinds.cpp: what each kind of catalog must hold, member by member, as far as anything of it is taken over.
// SPDX-License-Identifier: Apache-2.0
#include "migrate/foreign_kinds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace neurolake::migrate {
namespace {

using json::Value;

bool is_text(const Value& v) { return v.is_string(); }
bool is_number(const Value& v) { return v.as_double().has_value(); }
bool is_size(const Value& v) { return v.as_double().value_or(-1) >= 0; }
bool is_boolean(const Value& v) { return v.as_bool() != nullptr; }
bool is_object(const Value& v) { return v.is_object(); }
bool is_list(const Value& v) { return v.is_array(); }
bool is_texts(const Value& v) { return v.is_array() && std::ranges::all_of(*v.as_array(), is_text); }

const char* kind_of(const Value& v) {
    if (is_text(v)) return "a text";
    if (is_number(v)) return "a number";
    if (is_boolean(v)) return "true or false";
    return v.is_object() ? "an object" : v.is_array() ? "a list" : "null";
}

struct Expected {
    std::string_view key;
    bool (*fits)(const Value&);
    const char* what;
};
constexpr const char* k_text = "a text";
constexpr const char* k_texts = "a list of texts";
constexpr const char* k_list = "a list";
constexpr const char* k_object = "an object";

constexpr Expected k_asset[] = {{"asset_type", is_text, k_text},
                                {"name", is_text, k_text},
                                {"fully_qualified_name", is_text, k_text},
                                {"description", is_text, k_text},
                                {"owner", is_text, k_text},
                                {"file_path", is_text, k_text},
                                {"table_id", is_text, k_text},
                                {"created_at", is_text, k_text},
                                {"query_text", is_text, k_text},
                                {"business_term", is_text, k_text},
                                {"tags", is_texts, k_texts},
                                {"columns", is_list, k_list},
                                {"sensitive", is_boolean, "true or false"}};
constexpr Expected k_column[] = {{"name", is_text, k_text},
                                 {"type", is_text, k_text},
                                 {"description", is_text, k_text},
                                 {"business_term", is_text, k_text},
                                 {"nullable", is_boolean, "true or false"}};
constexpr Expected k_lineage[] = {{"inputs", is_texts, k_texts},
                                  {"outputs", is_texts, k_texts},
                                  {"column_mapping", is_object, k_object},
                                  {"query_text", is_text, k_text}};
constexpr Expected k_term[] = {{"term", is_text, k_text},
                               {"definition", is_text, k_text},
                               {"synonyms", is_texts, k_texts},
                               {"related_columns", is_texts, k_texts}};
constexpr Expected k_version[] = {{"version", is_number, "a number"}, {"columns", is_list, k_list}};
constexpr Expected k_enriched[] = {{"original_data", is_object, k_object},
                                   {"ai_generated_description", is_text, k_text},
                                   {"suggested_tags", is_texts, k_texts},
                                   {"enriched_columns", is_list, k_list}};
constexpr Expected k_storage[] = {{"name", is_text, k_text},
                                  {"description", is_text, k_text},
                                  {"properties", is_object, k_object},
                                  {"history", is_list, k_list}};
constexpr Expected k_record[] = {{"tier", is_text, k_text}, {"size_bytes", is_size, "a size"}};

class Teller {
public:
    Teller(const ForeignFile& file, Collection& into) : m_file(file), m_into(into) {}

    // False: it is no object at all.
    bool object(const std::string& name, const Value& value, std::span<const Expected> members) {
        if (value.is_null()) return false;
        if (!value.is_object()) {
            wrong(name, fmt::format("it is {}, not an object", kind_of(value)));
            return false;
        }
        for (const Expected& each : members)
            if (const Value* member = value.find(each.key); member && !member->is_null() && !each.fits(*member))
                wrong(name, member->is_array() && each.fits == is_texts
                                ? fmt::format("its {} is a list in which not all are texts", each.key)
                                : fmt::format("its {} is {}, not {}", each.key, kind_of(*member), each.what));
        return true;
    }

    // Every member of an object of objects.
    void all(std::string_view key, std::span<const Expected> members, std::string_view columns = {}) {
        const Value* list = m_file.content.find(key);
        if (!list || list->is_null()) return;
        if (!list->is_object()) return wrong(std::string(key), fmt::format("it is {}, not an object", kind_of(*list)));
        for (const auto& [id, value] : members_of(*list)) entry(fmt::format("{}.{}", key, id), value, members, columns);
    }
    void entry(const std::string& name, const Value& value, std::span<const Expected> members,
               std::string_view columns) {
        if (!object(name, value, members) || columns.empty()) return;
        std::size_t n = 0;
        for (const Value& column : value.items(columns)) {
            const std::string which = fmt::format("{}.{}[{}]", name, columns, n++);
            if (!column.is_string()) (void)object(which, column, k_column);
        }
    }
    // The versions of one schema.
    void versions(const std::string& name, const Value& list) {
        if (list.is_null()) return;
        if (!list.is_array()) return wrong(name, fmt::format("it is {}, not a list", kind_of(list)));
        std::size_t n = 0;
        for (const Value& version : *list.as_array()) {
            const std::string which = fmt::format("{}[{}]", name, n++);
            entry(which, version, k_version, "columns");
            if (version.is_object() && !version.find("columns")) wrong(which, "it has no columns");
        }
    }
    void texts(std::string_view key) {
        const Value* list = m_file.content.find(key);
        if (!list || list->is_null()) return;
        if (!list->is_object()) return wrong(std::string(key), fmt::format("it is {}, not an object", kind_of(*list)));
        for (const auto& [name, value] : members_of(*list))
            if (!is_texts(value)) wrong(fmt::format("{}.{}", key, name), "it is no list of texts");
    }

private:
    void wrong(std::string name, const std::string& why) {
        m_into.foreign.wrong.push_back({"wrong_kind", m_file.name + ": " + name, why});
    }

    const ForeignFile& m_file;
    Collection& m_into;
};

}  // namespace

void tell_wrong_kinds(const ForeignFile& file, Collection& into) {
    Teller tell(file, into);
    const Value& content = file.content;
    if (is_asset_catalog(content)) {
        tell.all("assets", k_asset, "columns");
        tell.texts("tags");
        tell.all("lineage", k_lineage);
        tell.all("business_glossary", k_term);
    } else if (is_schema_registry(content)) {
        for (const auto& [name, versions] : members_of(content)) tell.versions(name, versions);
    } else if (is_metadata_store(content)) {
        tell.all("metadata", k_enriched, "enriched_columns");
    } else if (is_lineage_graph(content)) {
        tell.all("lineage_graph", k_lineage);
    } else if (is_table_storage(content)) {
        (void)tell.object("table", content, k_storage);
    } else if (is_storage_records(content)) {
        for (const auto& [path, record] : members_of(content)) (void)tell.object(path, record, k_record);
    }
}

}  // namespace neurolake::migrate
