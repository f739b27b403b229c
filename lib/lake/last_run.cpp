// last_run.cpp: reading and replacing entries of last_run.json.
// SPDX-License-Identifier: Apache-2.0
#include "lake/last_run.hpp"

#include "base/file.hpp"

namespace neurolake::lake {

Result<LastRuns> LastRuns::read(const std::filesystem::path& file) {
    LastRuns runs;
    auto text = read_file(file, 1u << 20);
    if (!text && (text.error().code == Errc::not_found || text.error().code == Errc::corrupt)) return runs;
    if (!text) return std::move(text).error();
    if (auto document = json::parse(*text); document && document->is_object()) runs.m_document = std::move(*document);
    return runs;
}

std::optional<LastRun> LastRuns::find(std::string_view verb) const {
    const json::Value* entry = m_document.find(verb);
    if (!entry || !entry->is_object()) return std::nullopt;
    return LastRun{entry->text("at"), static_cast<int>(entry->integer("rc")), entry->text("good_at")};
}

Status record_run(const std::filesystem::path& file, std::string_view verb, const LastRun& run) {
    TRY(LastRuns runs, LastRuns::read(file));
    const auto before = runs.find(verb);
    json::Value entry = json::Value::object();
    entry.set("at", run.at).set("rc", run.rc);
    entry.set("good_at", run.rc == 0 ? run.at : before ? before->good_at : std::string());
    runs.m_document.set(verb, std::move(entry));
    return write_file_atomic(file, json::dump(runs.m_document, json::Style::pretty) + "\n", 0600);
}

}  // namespace neurolake::lake
