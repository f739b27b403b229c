// arrow_batch.hpp: a record batch of Arrow, or what a dictionary batch holds, laid out as the schema's fields say.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "formats/arrow_body.hpp"
#include "formats/arrow_file.hpp"
#include "formats/arrow_layout.hpp"

namespace neurolake::formats {

class ArrowBatch {
public:
    // Of a message's metadata; `name` is for people: "record batch 3". corrupt: what the metadata says cannot be;
    // unsupported: metadata older than Arrow 0.8, or an unknown compression.
    static Result<std::unique_ptr<ArrowBatch>> open(std::string metadata, ArrowBodySource body, std::string name);

    const std::string& name() const { return m_name; }
    std::uint64_t length() const { return m_length; }  // rows
    std::int64_t dictionary_id() const { return m_id; }
    bool is_delta() const { return m_is_delta; }
    std::size_t metadata_size() const { return m_metadata.size(); }
    ArrowBody& body() { return *m_body; }
    Error damaged(std::string_view why) const;

private:
    friend class ArrowCursor;
    ArrowBatch(std::string metadata, std::string name) : m_metadata(std::move(metadata)), m_name(std::move(name)) {}
    Status read(ArrowBodySource body);

    std::string m_metadata, m_name;
    std::int16_t m_version = 0;
    std::uint64_t m_length = 0;
    std::int64_t m_id = 0;
    bool m_is_delta = false;
    std::string_view m_nodes, m_variadic;  // in m_metadata
    std::optional<ArrowBody> m_body;
};

// The values of a field in a batch. The layout and the batch must outlive it.
struct ArrowArray {
    const ArrowLayout* layout = nullptr;
    ArrowBatch* batch = nullptr;
    bool encoded = false;  // its values are indices into a dictionary
    bool may_be_null = false;
    std::uint64_t length = 0;
    std::size_t buffer = 0;    // the first of its buffers
    std::size_t variadic = 0;  // buffers of a view behind the first two
    std::uint64_t run = 0;     // of run ends: where the last value that was asked for stands
    std::vector<ArrowArray> children;
};

// Source: the Arrow columnar format, "Flattening of nested fields" in "RecordBatch message". Goes through a batch,
// field by field in the schema's order.
class ArrowCursor {
public:
    explicit ArrowCursor(ArrowBatch& batch) : m_batch(batch) {}
    // corrupt: the batch does not have what the field needs. With `may_be_encoded`, a field with a dictionary has its
    // indices here; without, the dictionary's values.
    Result<ArrowArray> next(const ArrowLayout& layout, bool may_be_encoded = true);
    // Steps over a field.
    void skip(const ArrowLayout& layout, bool may_be_encoded = true);

private:
    std::size_t buffers_of(const ArrowLayout& layout, bool encoded) const;
    std::size_t variadic();  // how many buffers the next view has behind its first two

    ArrowBatch& m_batch;
    std::size_t m_node = 0, m_buffer = 0, m_variadic = 0;
};

}  // namespace neurolake::formats
