// ncf_values.cpp: the first values of NCF columns, inflated no further than needed; and the JSON dialect.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/json.hpp"
#include "formats/csv.hpp"
#include "formats/findings.hpp"
#include "formats/ncf.hpp"
#include "formats/ncf_layout.hpp"

namespace neurolake::formats {
namespace {

using Values = std::vector<std::optional<std::string>>;

constexpr std::uint64_t k_max_shown_bytes = 4u << 20;  // of the strings of one column

// A block's payload from its beginning.
class Payload {
public:
    Payload(const Input& input, const NcfColumn& column)
        : m_stored(input.fd, column.offset, column.offset + column.size) {
        if (column.compressed) m_inflated = inflate(m_stored, Compression::zstd);
    }
    Status read(std::span<char> into) {
        ByteSource& source = m_inflated ? *m_inflated : static_cast<ByteSource&>(m_stored);
        TRY(const std::size_t got, read_full(source, into));
        if (got < into.size()) return Error(Errc::corrupt, "the column block ends too early");
        return {};
    }
    Status skip(std::uint64_t bytes) {
        std::array<char, 16384> block;
        while (bytes > 0) {
            const auto now = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, block.size()));
            TRY_DO(read(std::span(block).first(now)));
            bytes -= now;
        }
        return {};
    }

    // corrupt: the block ends before so many bytes more; as far as that can be told cheaply.
    Status check_holds(std::uint64_t bytes) {
        constexpr std::uint64_t k_cheap = 64u << 20;
        return skip(std::min(bytes, k_cheap));
    }

private:
    FileSource m_stored;
    std::unique_ptr<ByteSource> m_inflated;
};

template <typename T>
std::optional<std::string> spelled(const char* p) {
    T value;
    std::memcpy(&value, p, sizeof value);
    if constexpr (std::is_same_v<T, double>)
        return double_text(value);
    else if constexpr (std::is_same_v<T, float>)
        return value == value && value - value == 0 ? fmt::format("{}", value)
                                                    : double_text(static_cast<double>(value));
    else
        return std::to_string(value);
}

struct Spelling {
    std::string_view type;
    std::optional<std::string> (*spell)(const char*);
};
constexpr std::array<Spelling, 10> k_spellings{{{"int8", spelled<std::int8_t>},
                                                {"int16", spelled<std::int16_t>},
                                                {"int32", spelled<std::int32_t>},
                                                {"int64", spelled<std::int64_t>},
                                                {"uint8", spelled<std::uint8_t>},
                                                {"uint16", spelled<std::uint16_t>},
                                                {"uint32", spelled<std::uint32_t>},
                                                {"uint64", spelled<std::uint64_t>},
                                                {"float32", spelled<float>},
                                                {"float64", spelled<double>}}};

Result<Values> raw_values(Payload& payload, const NcfColumn& column, std::size_t count) {
    const std::size_t width = ncf_width(column.type);
    const auto spelling =
        std::find_if(k_spellings.begin(), k_spellings.end(), [&](const Spelling& s) { return s.type == column.type; });
    Values values;
    std::array<char, 8> cell;
    for (std::size_t i = 0; i < count; ++i) {
        TRY_DO(payload.read(std::span(cell).first(width)));
        values.push_back(spelling->spell(cell.data()));
    }
    return values;
}

Result<Values> string_values(Payload& payload, std::size_t count) {
    const auto read_u32 = [&]() -> Result<std::uint32_t> {
        std::array<char, 4> bytes;
        TRY_DO(payload.read(bytes));
        std::uint32_t value;
        std::memcpy(&value, bytes.data(), 4);
        return value;
    };
    TRY(const std::uint32_t stored, read_u32());
    count = std::min<std::size_t>(count, stored);
    std::vector<std::uint32_t> offsets;
    for (std::size_t i = 0; i <= count; ++i) {
        TRY(const std::uint32_t offset, read_u32());
        if (offset < (offsets.empty() ? 0 : offsets.back())) return Error(Errc::corrupt, "string offsets go backwards");
        offsets.push_back(offset);
    }
    if (offsets.front() != 0) return Error(Errc::corrupt, "string offsets do not begin at 0");
    TRY_DO(payload.skip(4 * (std::uint64_t{stored} - count)));
    if (offsets.back() > k_max_shown_bytes) {  // fewer, where what there is of them is not a lie of a damaged block
        while (count > 0 && offsets[count] > k_max_shown_bytes) --count;
        if (count == 0) return Error(Errc::corrupt, "the first string is said to be too long to be one");
    }
    Values values;
    for (std::size_t i = 0; i < count; ++i) {
        std::string text(offsets[i + 1] - offsets[i], '\0');
        TRY_DO(payload.read(text));
        values.emplace_back(std::move(text));
    }
    TRY_DO(payload.check_holds(offsets.back() - offsets[count]));
    return values;
}

// Python writes NaN and Infinity bare, which JSON does not know: in quotes they are strings.
std::string quote_bare_numbers(std::string text) {
    std::string out;
    out.reserve(text.size());
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string && c == '\\' && i + 1 < text.size()) {
            out += c;
            out += text[++i];
            continue;
        }
        if (c == '"') in_string = !in_string;
        std::string_view word;
        if (!in_string && (c == 'N' || c == 'I' || c == '-'))
            for (const std::string_view candidate : {"NaN", "Infinity", "-Infinity"})
                if (std::string_view(text).substr(i).starts_with(candidate)) word = candidate;
        if (word.empty()) {
            out += c;
        } else {
            out += '"';
            out += word;
            out += '"';
            i += word.size() - 1;
        }
    }
    return out;
}

std::string json_type(const std::string& name) {
    if (name == "INTEGER") return "int64";
    if (name == "DOUBLE") return "float64";
    if (name == "BOOLEAN") return "boolean";
    return "string";
}

}  // namespace

Result<Values> ncf_values(const Input& input, const NcfFile& file, const NcfColumn& column, std::size_t count) {
    if (file.dialect == NcfDialect::json) {
        NcfFile counter;
        TRY(std::string text, ncf_bytes(input, counter, 0, input.size));
        return ncf_json_values(std::move(text), column.name, count);
    }
    if (!column.has_data) return Error(Errc::unsupported, fmt::format("column {} has no stored data", column.name));
    if (column.encoding == "pickle")
        return Error(Errc::unsupported, fmt::format("column {} is a Python pickle, which is not opened", column.name));
    Payload payload(input, column);
    count = static_cast<std::size_t>(std::min<std::uint64_t>(count, file.rows));
    return column.encoding == "raw" ? raw_values(payload, column, count) : string_values(payload, count);
}

namespace {

std::string why_no_rows(const NcfFile& file) {
    if (file.findings.empty()) return "the file holds no readable rows";
    const auto cause = std::ranges::find(file.findings, "metadata_only", &model::Finding::code);
    return cause == file.findings.end() ? file.findings.front().message : cause->message;
}

}  // namespace

Result<Rows> head_ncf(const Input& input, std::size_t count) {
    TRY(const NcfFile file, read_ncf(input));
    if (!file.data_readable) return Error(Errc::unsupported, why_no_rows(file));
    if (file.least_rows && *file.least_rows > 0)  // those are there, whatever the header says
        count = static_cast<std::size_t>(std::min<std::uint64_t>(count, *file.least_rows));
    Rows rows;
    std::vector<std::string> names;
    for (const NcfColumn& column : file.columns) names.push_back(column.name);
    std::vector<model::Finding> ignored;
    rows.columns = usable_names(names, names.size(), ignored, true);
    rows.cells.assign(static_cast<std::size_t>(std::min<std::uint64_t>(count, file.rows)),
                      std::vector<std::optional<std::string>>(names.size()));
    for (std::size_t i = 0; i < file.columns.size(); ++i) {
        auto values = ncf_values(input, file, file.columns[i], count);
        if (!values && values.error().code == Errc::unsupported) {
            // Not null, but not to be shown either.
            for (auto& row : rows.cells)
                if (file.columns[i].has_data) row[i] = "(opaque)";
            continue;
        }
        if (!values) return std::move(values).error().with_context("column " + file.columns[i].name);
        if (values->size() < rows.cells.size() && file.columns[i].encoding != "json") {
            rows.cells.resize(values->size());
            rows.cut = true;
        }
        for (std::size_t r = 0; r < rows.cells.size() && r < values->size(); ++r) rows.cells[r][i] = (*values)[r];
    }
    return rows;
}

void read_ncf_json(std::string text, NcfFile& file) {
    file.dialect = NcfDialect::json;
    if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
    const auto parsed = json::parse(quote_bare_numbers(std::move(text)));
    if (!parsed) {
        file.findings.push_back(error("bad_json", parsed.error().message));
        return;
    }
    if (parsed->text("format") != "ncf") {
        file.dialect = NcfDialect::unknown;
        file.findings.push_back(error("not_ncf", "a JSON object, but not of NCF"));
        return;
    }
    file.table = parsed->text("table");
    file.data_readable = true;
    for (const json::Value& column : parsed->items("schema")) {
        if (file.columns.size() >= k_ncf_max_columns) break;
        NcfColumn& out = file.columns.emplace_back();
        out.name = column.text("name");
        out.type = json_type(column.text("type"));
        out.nullable = column.boolean("nullable", true);
        out.encoding = "json";
        out.has_data = true;
    }
    file.rows = parsed->items("data").size();
    const json::Value* data = parsed->find("data");
    if (data == nullptr || data->as_array() == nullptr) file.contradict_rows(0);  // what holds the rows is lost
    if (const std::uint64_t said = parsed->natural("row_count"); said != file.rows)
        file.findings.push_back(
            warning("row_count_mismatch", fmt::format("row_count says {}, there are {} rows", said, file.rows)));
}

Result<Values> ncf_json_values(std::string text, const std::string& column, std::size_t count) {
    if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
    TRY(const json::Value parsed, json::parse(quote_bare_numbers(std::move(text))));
    Values values;
    for (const json::Value& row : parsed.items("data")) {
        if (values.size() >= count) break;
        const json::Value* cell = row.find(column);
        if (cell == nullptr || cell->is_null())
            values.emplace_back();
        else
            values.emplace_back(cell->is_string() ? *cell->as_string() : json::dump(*cell));
    }
    return values;
}

}  // namespace neurolake::formats
