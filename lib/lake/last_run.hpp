// last_run.hpp: when index, burst and the other verbs ran last, and how it went (.neurolake/last_run.json).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

namespace neurolake::lake {

struct LastRun {
    std::string at;       // RFC 3339
    int rc = 0;           // exit code
    std::string good_at;  // the last run that ended with 0; "" = never. Filled by record_run.
};

class LastRuns {
public:
    // A missing file means no verb ever ran; a damaged one too (it is only a convenience), and the next record replaces
    // it.
    static Result<LastRuns> read(const std::filesystem::path& file);
    std::optional<LastRun> find(std::string_view verb) const;  // "index", "burst", "verify"

private:
    json::Value m_document = json::Value::object();
    friend Status record_run(const std::filesystem::path&, std::string_view, const LastRun&);
};

// Replaces one verb's entry, keeping the others; atomic and durable. The caller holds the lake lock.
Status record_run(const std::filesystem::path& file, std::string_view verb, const LastRun& run);

}  // namespace neurolake::lake
