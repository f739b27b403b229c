// input.hpp: an open file as the formats see it, and the padded window they read it through.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/compress.hpp"
#include "base/workers.hpp"
#include "formats/cell.hpp"
#include "formats/formats.hpp"
#include "formats/text_encoding.hpp"

namespace neurolake::formats {

struct Input {
    int fd = -1;
    std::uint64_t size = 0;
    std::string name;         // lower-cased file name
    std::string format_hint;  // by name
    Compression compression = Compression::none;
    Options options;
    const CancelFlag& cancel;
    TextEncoding encoding = TextEncoding::utf8;
    bool mixed_newlines = false;       // CR ends lines here, and LF ends others
    std::uint64_t* tail_at = nullptr;  // a reader at the end of compressed data puts here what follows it, if anything

    // Are the file's bytes what is read, so that a part of them can be read by its offset?
    bool is_plain() const {
        return compression == Compression::none && encoding == TextEncoding::utf8 && !mixed_newlines;
    }
    bool worth_several_threads() const {
        return is_plain() && options.sample_rows == 0 && size > 2 * options.segment_bytes;
    }
};

inline constexpr std::size_t k_window_bytes = 1u << 20;    // read at a time
inline constexpr std::size_t k_max_row_bytes = 16u << 20;  // longer rows are counted, not looked at

// A window that slides over a source. What was not taken stays at the front when more is read behind it; k_padding
// bytes behind the data are always readable.
class Window {
public:
    Window(ByteSource& source, std::size_t capacity);

    // Reads until the window is full or the source ends; at_end() is true once nothing more will come. What stands
    // before a damaged place is given out first: the failure comes with the next call.
    Status fill();
    bool grow(std::size_t limit);  // doubles the room; false when `limit` is reached
    std::string_view data() const { return {m_bytes.get() + m_begin, m_end - m_begin}; }
    void drop(std::size_t bytes) { m_begin += bytes; }
    bool at_end() const { return m_at_end; }
    bool is_full() const { return m_begin == 0 && m_end == m_capacity; }

private:
    void reserve(std::size_t capacity);

    ByteSource& m_source;
    std::size_t m_capacity = 0, m_begin = 0, m_end = 0;
    bool m_at_end = false;
    std::optional<Error> m_damage;
    std::unique_ptr<char[]> m_bytes;
};

// The file's bytes, inflated if need be, text as UTF-8. Counts what was read from the file.
class InputSource final : public ByteSource {
public:
    explicit InputSource(const Input& input);
    Result<std::size_t> read(std::span<char> into) override;
    std::uint64_t bytes_read() const { return m_file.bytes_read(); }

private:
    FileSource m_file;
    std::unique_ptr<ByteSource> m_inflated, m_text, m_lines;
    ByteSource* m_last;
    std::uint64_t m_tail_at = 0;
};

}  // namespace neurolake::formats
