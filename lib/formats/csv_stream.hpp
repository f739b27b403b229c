// csv_stream.hpp: windows of a stream of delimited text, fed to CsvRows; and large files fed to it by several threads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <optional>

#include "formats/csv_rows.hpp"
#include "formats/input.hpp"

namespace neurolake::formats {

class CsvStream {
public:
    CsvStream(ByteSource& source, std::uint64_t position, std::size_t window)
        : m_window(source, window), m_position(position) {}

    Status fill();  // reads on and looks whether what came is text
    bool grow(std::size_t limit) { return m_window.grow(limit); }
    std::string_view data() const { return m_window.data(); }
    bool at_end() const { return m_window.at_end(); }
    void drop(std::size_t bytes);

    // One window's rows that begin before `limit` (of the stream). False when there are none left.
    Result<bool> step(CsvRows& rows, std::uint64_t limit = std::numeric_limits<std::uint64_t>::max());

    std::uint64_t position() const { return m_position; }  // of the first byte not taken
    std::optional<std::uint64_t> binary_zero() const { return m_binary_zero; }

private:
    Status take_oversized(CsvRows& rows);

    Window m_window;
    std::uint64_t m_position;
    std::size_t m_checked = 0;  // bytes of the window known to hold no zero
    std::optional<std::uint64_t> m_binary_zero;
    bool m_has_zeros = false;  // a few, in text
};

// Rows of a plain file from `begin`, which must be the start of a row, to its end, scanned by `threads` threads into
// `rows`. Where a thread cannot know whether it starts inside quotes it guesses, and the guess is checked against where
// the part before really ended. `position` becomes the offset behind the last row. Returns the offset of a binary zero,
// if any.
Result<std::optional<std::uint64_t>> scan_csv_parts(const Input& input, std::uint64_t begin, unsigned threads,
                                                    CsvRows& rows);

}  // namespace neurolake::formats
