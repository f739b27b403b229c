// parquet_maker.hpp: writes small, uncompressed Parquet files with flat columns, for tests that need files of their
// own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/compress.hpp"

namespace neurolake::test {

// Thrift's compact protocol, as far as a footer needs it. Fields of a struct must be written with ascending ids.
class ThriftWriter {
public:
    void integer(int id, std::int64_t value, int type = 6) {
        head(id, type);
        varint(static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
    }
    void binary(int id, std::string_view value) {
        head(id, 8);
        varint(value.size());
        m_out += value;
    }
    void begin_struct(int id) {
        head(id, 12);
        begin_element();
    }
    void begin_element() { m_last.push_back(0); }
    void end_struct() {
        m_out += '\0';
        m_last.pop_back();
    }
    void begin_list(int id, int element_type, std::size_t count) {
        head(id, 9);
        if (count < 15) {
            m_out += static_cast<char>(count << 4 | static_cast<unsigned>(element_type));
        } else {
            m_out += static_cast<char>(0xF0 | element_type);
            varint(count);
        }
    }
    void varint(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) m_out += static_cast<char>(value | 0x80);
        m_out += static_cast<char>(value);
    }
    void plain_binary(std::string_view value) {  // an element of a list
        varint(value.size());
        m_out += value;
    }
    std::string& bytes() { return m_out; }

private:
    void head(int id, int type) {
        const int step = id - m_last.back();
        m_last.back() = id;
        if (step > 0 && step < 16) {
            m_out += static_cast<char>(step << 4 | type);
            return;
        }
        m_out += static_cast<char>(type);
        varint(static_cast<std::uint64_t>(id) << 1);
    }
    std::string m_out;
    std::vector<int> m_last{0};
};

struct ParquetTestColumn {
    std::string name;
    std::variant<std::vector<std::int64_t>, std::vector<double>, std::vector<std::string>> values;
};

struct ParquetTestFile {
    std::vector<ParquetTestColumn> columns;  // all of the same length, required, PLAIN
    std::int64_t claimed_rows = -1;          // in the footer; -1 = the truth
    std::int64_t page_offset_shift = 0;      // a lie about where the data stands
    std::optional<std::uint32_t> crc_lie;    // pages have a checksum: the true one, but for these bits

    std::string bytes() const {
        std::string file = "PAR1";
        std::vector<std::pair<std::int64_t, std::int64_t>> places;
        for (const ParquetTestColumn& column : columns) {
            const std::string data = plain(column);
            ThriftWriter page;
            page.integer(1, 0, 5);
            page.integer(2, static_cast<std::int64_t>(data.size()), 5);
            page.integer(3, static_cast<std::int64_t>(data.size()), 5);
            if (crc_lie) page.integer(4, static_cast<std::int32_t>(crc32_of(data) ^ *crc_lie), 5);
            page.begin_struct(5);
            page.integer(1, static_cast<std::int64_t>(rows()), 5);
            page.integer(2, 0, 5);
            page.integer(3, 3, 5);
            page.integer(4, 3, 5);
            page.end_struct();
            page.end_struct();
            places.emplace_back(static_cast<std::int64_t>(file.size()),
                                static_cast<std::int64_t>(page.bytes().size() + data.size()));
            file += page.bytes() + data;
        }
        const std::string footer_bytes = footer(places);
        const auto size = static_cast<std::uint32_t>(footer_bytes.size());
        file += footer_bytes;
        file.append(reinterpret_cast<const char*>(&size), 4);
        return file + "PAR1";
    }

    std::size_t rows() const {
        return columns.empty() ? 0 : std::visit([](const auto& v) { return v.size(); }, columns.front().values);
    }

private:
    static int physical(const ParquetTestColumn& column) {
        constexpr int k_types[] = {2, 5, 6};  // INT64, DOUBLE, BYTE_ARRAY
        return k_types[column.values.index()];
    }

    static std::string plain(const ParquetTestColumn& column) {
        std::string out;
        const auto fixed = [&](const auto& values) {
            for (const auto& v : values) out.append(reinterpret_cast<const char*>(&v), sizeof v);
        };
        if (const auto* integers = std::get_if<0>(&column.values)) fixed(*integers);
        if (const auto* doubles = std::get_if<1>(&column.values)) fixed(*doubles);
        if (const auto* texts = std::get_if<2>(&column.values))
            for (const std::string& text : *texts) {
                const auto size = static_cast<std::uint32_t>(text.size());
                out.append(reinterpret_cast<const char*>(&size), 4);
                out += text;
            }
        return out;
    }

    std::string footer(const std::vector<std::pair<std::int64_t, std::int64_t>>& places) const {
        ThriftWriter w;
        w.integer(1, 1, 5);
        w.begin_list(2, 12, columns.size() + 1);
        w.begin_element();
        w.binary(4, "schema");
        w.integer(5, static_cast<std::int64_t>(columns.size()), 5);
        w.end_struct();
        for (const ParquetTestColumn& column : columns) {
            w.begin_element();
            w.integer(1, physical(column), 5);
            w.integer(3, 0, 5);
            w.binary(4, column.name);
            if (physical(column) == 6) w.integer(6, 0, 5);  // UTF8
            w.end_struct();
        }
        w.integer(3, claimed_rows >= 0 ? claimed_rows : static_cast<std::int64_t>(rows()));
        w.begin_list(4, 12, 1);
        w.begin_element();
        w.begin_list(1, 12, columns.size());
        for (std::size_t i = 0; i < columns.size(); ++i) chunk(w, columns[i], places[i]);
        w.integer(2, 0);
        w.integer(3, static_cast<std::int64_t>(rows()));
        w.end_struct();
        w.end_struct();
        return w.bytes();
    }

    void chunk(ThriftWriter& w, const ParquetTestColumn& column, std::pair<std::int64_t, std::int64_t> place) const {
        const std::int64_t offset = place.first + page_offset_shift;
        w.begin_element();
        w.integer(2, offset);
        w.begin_struct(3);
        w.integer(1, physical(column), 5);
        w.begin_list(2, 5, 1);
        w.varint(0);
        w.begin_list(3, 8, 1);
        w.plain_binary(column.name);
        w.integer(4, 0, 5);
        w.integer(5, static_cast<std::int64_t>(rows()));
        w.integer(6, place.second);
        w.integer(7, place.second);
        w.integer(9, offset);
        w.end_struct();
        w.end_struct();
    }
};

}  // namespace neurolake::test
