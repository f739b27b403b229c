// parquet_encodings.hpp: the values of a Parquet page one after the other, whatever their encoding.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "formats/parquet_footer.hpp"

namespace neurolake::formats {

// Source: parquet-format's Encodings.md. Nothing here reads outside its bytes, and memory does not grow with what the
// bytes claim: what runs out of bytes, or does not add up, is no next value.

// RLE / bit-packing hybrid: levels, dictionary indices, booleans.
class ParquetRuns {
public:
    ParquetRuns() = default;
    ParquetRuns(std::string_view bytes, unsigned width) : m_rest(bytes), m_width(width) {}
    bool next(std::uint32_t& value);

private:
    bool begin_run();

    std::string_view m_rest;
    unsigned m_width = 0;  // bits of a value, at most 32
    std::uint64_t m_left = 0, m_bit = 0;
    std::uint32_t m_value = 0;
    bool m_packed = false;
};

// DELTA_BINARY_PACKED.
class ParquetDeltas {
public:
    ParquetDeltas() = default;
    explicit ParquetDeltas(std::string_view bytes);
    bool next(std::int64_t& value);
    // The bytes behind all values, without reading them; false when there is no such place.
    bool behind(std::string_view& rest) const;

private:
    bool begin_block();

    std::string_view m_rest;
    std::uint64_t m_block = 0, m_minis = 0, m_per_mini = 0, m_total = 0, m_given = 0;
    std::uint64_t m_value = 0, m_least = 0;  // modulo 2^64, as the format adds
    std::string_view m_widths, m_mini;
    std::uint64_t m_at = 0;  // of the block
    bool m_ok = false;
};

// Values as PLAIN stores them, without the length of byte arrays; a boolean is one byte.
class ParquetDecoder {
public:
    virtual ~ParquetDecoder() = default;
    // The value stays until the next call. False: the bytes give no more.
    virtual bool next(std::string_view& value) = 0;
};

// The values of a dictionary page, which stays where it is.
struct ParquetDictionary {
    std::vector<std::string_view> values;
};

// Bytes of a value of that type: 0 of those that have no fixed size.
std::size_t parquet_value_size(const ParquetElement& element);

// `bytes` and `dictionary` must outlive the decoder. corrupt: an encoding that is not known, or not of that type, or a
// dictionary that is missing.
Result<std::unique_ptr<ParquetDecoder>> parquet_decoder(std::int64_t encoding, const ParquetElement& element,
                                                        std::string_view bytes, const ParquetDictionary* dictionary);

}  // namespace neurolake::formats
