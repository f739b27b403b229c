// json_fields.cpp: what to_json and from_json of the catalog's entries share.
// SPDX-License-Identifier: Apache-2.0
#include "model/json_fields.hpp"

namespace neurolake::model {

void set_text(json::Value& object, std::string_view key, const std::string& value) {
    if (!value.empty()) json::set_path(object, key, value);
}

void set_count(json::Value& object, std::string_view key, std::uint64_t value) {
    if (value) object.set(key, value);
}

json::Value texts_to_json(const std::vector<std::string>& values) {
    json::Value list = json::Value::array();
    for (const std::string& value : values) {
        json::Value item = json::Value::object();
        json::set_path(item, "path", value);
        list.push(item.find("path_b64") ? std::move(item) : json::Value(value));
    }
    return list;
}

void set_texts(json::Value& object, std::string_view key, const std::vector<std::string>& values) {
    if (!values.empty()) object.set(key, texts_to_json(values));
}

std::vector<std::string> texts_of(const json::Value& object, std::string_view key) {
    std::vector<std::string> texts;
    for (const json::Value& item : object.items(key))
        if (item.is_string())
            texts.push_back(*item.as_string());
        else if (item.find("path_b64"))
            texts.push_back(json::get_path(item, "path"));
    return texts;
}

Error missing(std::string_view from, std::string_view what, std::string_view key) {
    std::string text = "read ";
    for (const std::string_view part : {from, std::string_view(": "), what, std::string_view(" without \""), key})
        text += part;
    return Error(Errc::corrupt, text + "\"");
}

}  // namespace neurolake::model
