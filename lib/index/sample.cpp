// sample.cpp: taking, cutting, masking and keeping first rows.
// SPDX-License-Identifier: Apache-2.0
#include "index/sample.hpp"

#include <fcntl.h>

#include <algorithm>
#include <unordered_map>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "formats/value_shapes.hpp"
#include "index/partition.hpp"
#include "model/compatibility.hpp"
#include "model/mask.hpp"
#include "model/meaning.hpp"

namespace neurolake::index {
namespace {

constexpr std::size_t k_most_columns = 100, k_most_cell = 64, k_most_bytes = 16384;
constexpr std::size_t k_most_files = 4;  // that are opened for one sample
constexpr std::string_view k_cut = "...";

// Whole characters only.
std::string cut(std::string value) {
    if (value.size() <= k_most_cell && text::is_utf8(value)) return value;
    std::string clean = text::to_valid_utf8(value);
    if (clean.size() <= k_most_cell) return clean;
    std::size_t end = k_most_cell - k_cut.size();
    while (end > 0 && (static_cast<unsigned char>(clean[end]) & 0xC0) == 0x80) --end;
    return clean.substr(0, end).append(k_cut);
}

const model::Column* column_named(const model::Table& table, std::string_view name) {
    for (const auto* list : {&table.columns, &table.partition_columns})
        for (const auto& column : *list)
            if (column.name == name) return &column;
    return nullptr;
}

// Where each column of the table stands in a file; behind its columns where it does not. Mostly both have the same
// order.
std::vector<std::size_t> places_in(const std::vector<std::string>& file, const std::vector<model::Column>& columns) {
    std::unordered_map<std::string_view, std::size_t> by_name;
    const auto find = [&](std::string_view name) {
        if (by_name.empty())
            for (std::size_t i = 0; i < file.size(); ++i) by_name.try_emplace(file[i], i);
        const auto at = by_name.find(name);
        return at == by_name.end() ? file.size() : at->second;
    };
    std::vector<std::size_t> out;
    out.reserve(columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i)
        out.push_back(i < file.size() && file[i] == columns[i].name ? i : find(columns[i].name));
    return out;
}

void mask_column(Sample& sample, std::size_t at, const model::Column& column) {
    sample.masked[at] = true;
    for (Cells& cells : sample.rows)
        if (at < cells.size() && cells[at]) cells[at] = model::mask_value(column.semantic, *cells[at]);
}

// In a column that is not about people, a value may be so all the same.
void mask_addresses(Sample& sample, std::size_t at) {
    for (Cells& cells : sample.rows)
        if (at < cells.size() && cells[at] && formats::looks_personal(*cells[at]))
            cells[at] = model::mask_value(formats::is_email(*cells[at]) ? "email" : "", *cells[at]);
}

// What the entry takes at most, with every byte escaped.
std::size_t largest_entry(const Sample& sample) {
    std::size_t bytes = 200 + 6 * (sample.table.size() + sample.path.size());
    for (const std::string& name : sample.columns) bytes += 24 + 8 * name.size();
    for (const Cells& cells : sample.rows)
        for (const auto& cell : cells) bytes += 8 + (cell ? 6 * cell->size() : 0);
    return bytes;
}

void keep_first_columns(Sample& sample) {
    const std::size_t columns = std::min(sample.columns.size(), k_most_columns);
    sample.columns.resize(columns);
    sample.masked.resize(columns);
    for (Cells& cells : sample.rows) cells.resize(columns);
}

// Masked from the whole values first: a value that was cut has lost its end.
void bound(Sample& sample) {
    for (Cells& cells : sample.rows)
        for (auto& cell : cells)
            if (cell) cell = cut(std::move(*cell));
    while (!sample.rows.empty() && largest_entry(sample) > k_most_bytes && to_entry(sample).size() > k_most_bytes)
        sample.rows.pop_back();
}

}  // namespace

// By hand: an index of many small tables spends its time here.
std::string to_entry(const Sample& sample) {
    auto head = json::Value::object().set("id", sample.table_id);
    json::set_path(head, "table", sample.table);
    json::set_path(head, "path", sample.path);
    auto columns = json::Value::array(), masked = json::Value::array();
    for (std::size_t i = 0; i < sample.columns.size(); ++i) {
        auto named = json::Value::object();
        json::set_path(named, "name", sample.columns[i]);
        columns.push(named.find("name_b64") ? std::move(named) : json::Value(sample.columns[i]));
        if (sample.masked[i]) masked.push(i);
    }
    head.set("columns", std::move(columns));
    if (!masked.as_array()->empty()) head.set("masked", std::move(masked));
    std::string out = json::dump(head);
    out.back() = ',';
    out += "\"rows\":[";
    for (const Cells& cells : sample.rows) {
        out += '[';
        for (const auto& cell : cells) {
            cell ? json::append_quoted(out, *cell) : void(out += "null");
            out += ',';
        }
        if (cells.empty())
            out += ']';
        else
            out.back() = ']';
        out += ',';
    }
    if (out.back() == ',') out.pop_back();
    return out += "]}";
}

Result<Sample> sample_from_entry(std::string_view entry) {
    TRY(const json::Value value, json::parse(entry));
    Sample sample;
    sample.table_id = value.text("id");
    sample.table = json::get_path(value, "table");
    sample.path = json::get_path(value, "path");
    for (const auto& name : value.items("columns"))
        sample.columns.push_back(name.is_string() ? *name.as_string() : json::get_path(name, "name"));
    sample.masked.resize(sample.columns.size());
    for (const auto& at : value.items("masked"))
        if (const auto i = at.as_uint(); i && *i < sample.masked.size()) sample.masked[*i] = true;
    for (const auto& row : value.items("rows")) {
        Cells cells(sample.columns.size());
        const auto* items = row.as_array();
        if (!items || items->size() != cells.size())
            return Error(Errc::corrupt,
                         "read the catalog: the sample of " + sample.table + " has a row of another size",
                         "neurolake catalog index --full takes it anew");
        for (std::size_t i = 0; i < cells.size(); ++i)
            if (const auto* text = (*items)[i].as_string()) cells[i] = *text;
        sample.rows.push_back(std::move(cells));
    }
    return sample;
}

void add_rows(const model::Table& table, const std::string& path, const formats::Rows& rows, std::size_t wanted,
              std::vector<Cells>& out) {
    const auto slash = path.rfind('/');
    const auto keys = keys_between(table.path, slash == std::string::npos ? "" : path.substr(0, slash));
    const std::size_t width = table.columns.size() + table.partition_columns.size();
    const std::vector<std::size_t> place = places_in(rows.columns, table.columns);
    for (const auto& cells : rows.cells) {
        if (out.size() >= wanted) return;
        Cells line(width);
        for (std::size_t c = 0; c < place.size(); ++c)
            if (place[c] < cells.size()) line[c] = cells[place[c]];
        for (std::size_t p = 0; p < table.partition_columns.size(); ++p) {
            const auto key =
                std::ranges::find(keys, table.partition_columns[p].name, [](const auto& k) { return k.first; });
            if (key != keys.end() && key->second != k_null_partition) line[table.columns.size() + p] = key->second;
        }
        out.push_back(std::move(line));
    }
}

std::optional<Sample> take_sample(const model::Table& table, const Group& group, int bucket_fd) {
    Sample sample;
    std::size_t opened = 0;
    for (const File* f : group.files) {
        if (sample.rows.size() >= k_sample_rows || opened == k_most_files) break;
        if (f->state != lake::FileState::data || f->failed || !f->profile || f->profile->profile.rows == 0) continue;
        ++opened;
        const auto fd = open_beneath(bucket_fd, f->path, O_RDONLY);
        if (!fd) continue;
        const auto rows = formats::head(fd->get(), f->path.substr(f->path.rfind('/') + 1), k_sample_rows);
        if (!rows) continue;
        if (sample.rows.empty()) sample.path = f->path;
        add_rows(table, f->path, *rows, k_sample_rows, sample.rows);
    }
    if (sample.rows.empty()) return std::nullopt;
    sample.table_id = table.id;
    sample.table = table.full_name();
    for (const auto& column : model::whole_schema(table)) sample.columns.push_back(column.name);
    sample.masked.resize(sample.columns.size());
    keep_first_columns(sample);
    mask(sample, table);
    bound(sample);
    return sample;
}

void mask(Sample& sample, const model::Table& table) {
    for (std::size_t i = 0; i < sample.columns.size(); ++i) {
        const model::Column* column = column_named(table, sample.columns[i]);
        if (column && (column->pii || model::is_hint(*column)) && !sample.masked[i])
            mask_column(sample, i, *column);
        else if (!column || !column->not_pii)
            mask_addresses(sample, i);
    }
}

}  // namespace neurolake::index
