// doctor.hpp: what doctor looks at, what it finds, and what it can mend.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lake/inventory.hpp"
#include "lake/stub_places.hpp"
#include "session.hpp"

namespace neurolake::apps {

struct Diagnosis {
    enum class Level { good, note, warning, problem } level = Level::good;
    std::string check;     // stable word: "layout", "settings", "catalog", "stubs" ...
    std::string message;   // one sentence
    std::string fix;       // what to do; "" when nothing
    bool can_fix = false;  // doctor --fix does it
    std::string path;      // the object concerned, bytes; may be empty
};

enum class AskCloud { no, yes };

// Looks at one lake; changes nothing but a probe file in .neurolake/staging, which is gone at the end. What cannot be
// looked at because an earlier check failed is left out. Errors: no_lake, cancelled.
class Examination {
public:
    Examination(Session& session, const lake::Lake& lake) : m_session(session), m_lake(lake) {}
    Result<std::vector<Diagnosis>> run(AskCloud ask_cloud);

private:
    using Level = Diagnosis::Level;
    void add(Level level, std::string check, std::string message, std::string fix = {}, bool can_fix = false,
             std::string path = {});
    // doctor_lake.cpp: the folder itself
    void check_layout();
    void check_lost_folder(const lake::Bucket& bucket);
    void check_settings();
    void check_permissions();
    void check_leftovers();
    void check_clock();
    void check_reserve();
    // doctor_data.cpp: what lies in it
    void check_buckets();
    void check_catalog();
    void check_tables(const catalog::Catalog& catalog);
    void check_histories(const catalog::Catalog& catalog);
    void check_unreadable_catalog(const Error& error);
    Status scan_buckets();
    std::string advice_on(const model::Finding& finding);
    void check_identity();
    void check_stubs();
    void tell_lost_stubs(const std::vector<const lake::CloudEntry*>& lost);
    // Of what the scan found, asked for once and only where a stub is not in its place.
    const Result<lake::Places>& held_places();
    bool was_moved(const lake::CloudEntry& entry);
    bool is_damaged_stub(const lake::CloudEntry& entry);
    void check_removed_buckets();
    std::filesystem::path bucket_root(const std::string& name) const;  // empty when there is none of the name
    void check_state();
    void check_journal();
    void check_room();
    void check_cloud(AskCloud ask);

    Session& m_session;
    const lake::Lake& m_lake;
    const config::Settings* m_settings = nullptr;  // null: they do not load
    std::optional<lake::ScanResult> m_scan;
    std::optional<Result<lake::Places>> m_held_places;
    std::vector<Diagnosis> m_found;
};

// Mends what Diagnosis::can_fix promises; one line for each deed. Caller holds the lake lock. Nothing of the user's is
// removed: damaged files are renamed aside.
Result<std::vector<std::string>> mend(Session& session, const lake::Lake& lake, const std::vector<Diagnosis>& found);

// The json catalog's files.
inline constexpr const char* k_catalog_files[] = {"tables.json", "schemas.json", "lineage.json", "glossary.json"};

}  // namespace neurolake::apps
