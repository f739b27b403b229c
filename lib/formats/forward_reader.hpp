// forward_reader.hpp: bytes of a file from front to back, stepping over what is not wanted; inflated if need be.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "formats/input.hpp"

namespace neurolake::formats {

// In a plain file, stepping costs nothing; in a compressed one the bytes are inflated and dropped. Memory: 64 KiB and
// what the inflater needs. Errors: corrupt (the file ends before), guard (a limit), and those of reading.
class ForwardReader {
public:
    explicit ForwardReader(const Input& input);

    std::uint64_t position() const { return m_read_to - (m_end - m_begin); }  // in the inflated bytes
    std::uint64_t bytes_read() const;                                         // from the file

    Result<int> byte();  // -1 at the end
    Result<bool> at_end();
    // False: the file ends before.
    Result<bool> skip(std::uint64_t bytes);
    // So many bytes, of the thing that `what` names in messages.
    Result<std::string> take(std::uint64_t size, std::uint64_t limit, std::string_view what);
    // All that is left.
    Result<std::string> rest(std::uint64_t limit, std::string_view what);
    bool cancelled() const { return m_input.cancel.cancelled(); }

private:
    const Input& m_input;
    std::unique_ptr<InputSource> m_inflated;  // of a compressed file
    std::string m_buffer;
    std::size_t m_begin = 0, m_end = 0;
    std::uint64_t m_read_to = 0, m_total = 0;
};

// The damage of a file that ends too early.
Error cut_file(std::string_view where);

}  // namespace neurolake::formats
