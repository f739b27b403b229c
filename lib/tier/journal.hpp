// journal.hpp: the truth in flight: one sealed JSON file an operation, written before each step that leaves a trace.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "lake/lake.hpp"
#include "lake/stub.hpp"

namespace neurolake::tier {

enum class OpKind { burst, recall };

enum class OpState {
    uploading,  // hashed; its object may or may not exist
    proven,     // the store holds the bytes; from here on a stub may stand at the name
    swapping,   // the same, on a file system without an atomic exchange: the name may be missing for a moment
    recalling,  // bytes are on their way to staging, or already at the name
};
std::string_view to_string(OpState state);

struct OpFile {
    unsigned n = 0;  // number within the record: its side and trash entries are called "<op>-<n>"
    OpState state = OpState::uploading;
    std::string bucket, path, table;
    std::string unit;    // files of one unit carry the same word: they go together or not at all
    Identity identity;   // of the file (burst) or the stub (recall) when it was opened
    std::string sha256;  // hex
    std::string key, version_id, etag;
    std::string upload_op;  // who began the upload (an earlier, killed operation's word when its upload goes on)
    std::string upload_id;  // of an unfinished multipart upload
    std::uint64_t part_size = 0;
    std::string moved_at;  // RFC 3339, when the unit's swap began; "" before
    bool nolease = false;
    std::optional<lake::Stub> stub;  // recall: what the stub says
};

struct OpRecord {
    std::string op;  // 16 hex
    OpKind kind = OpKind::burst;
    std::string started_at, plan;
    std::string instance;  // the copy of the lake that wrote it
    lake::StoreLocation store;
    std::vector<OpFile> files;
};

std::string entry_name(const OpRecord& record, const OpFile& file);          // in trash and staging: "<op>-<n>"
std::string side_name(const OpRecord& record, const OpFile& file);           // beside the file: ".nl-<op>-<n>"
std::string aside_name(const OpRecord& record, const OpFile& file);          // without exchange: ".nl-<op>-<n>.aside"
std::string conflict_name(const OpRecord& record, const std::string& name);  // "<name>.nl-conflict-<op>"

json::Value to_json(const OpRecord& record);                  // sealed with "seal": SHA-256 of the rest
Result<OpRecord> record_from_json(const json::Value& value);  // corrupt when the seal does not fit

// Format: docs/formats/journal.md. Every write is whole, fsynced, renamed, and the folder fsynced. On a full disk the
// lake's reserve is given up and the write tried once more.
class Journal {
public:
    explicit Journal(const lake::Layout& layout) : m_layout(layout) {}
    Status write(const OpRecord& record) const;
    Status remove(const OpRecord& record) const;
    // Writes what is left of the record, or removes it when no file is left.
    Status settle(const OpRecord& record) const;

    struct Listing {
        std::vector<OpRecord> records;
        std::vector<std::string> damaged;  // file names
    };
    Result<Listing> read() const;

private:
    const lake::Layout& m_layout;
};

std::string new_op();  // 16 hex

}  // namespace neurolake::tier
