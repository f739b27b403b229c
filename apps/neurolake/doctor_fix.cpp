// doctor_fix.cpp: mends what doctor found; never removes anything of the user's.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "catalog/backend_choice.hpp"
#include "catalog/lost_histories.hpp"
#include "doctor.hpp"
#include "lake/leftovers.hpp"
#include "lake/stub.hpp"
#include "tier_session.hpp"

namespace neurolake::apps {

namespace fs = std::filesystem;

namespace {

class Mender {
public:
    Mender(Session& session, const lake::Lake& lake, const std::vector<Diagnosis>& found)
        : m_session(session), m_lake(lake), m_found(found) {}

    Result<std::vector<std::string>> run() {
        if (wants("layout")) TRY_DO(mend_layout());
        if (wants("catalog")) TRY_DO(mend_catalog());
        if (wants("catalog") || wants("history")) TRY_DO(mend_histories());
        if (wants("inventory")) TRY_DO(mend_inventory());
        if (wants("permissions")) TRY_DO(mend_modes());
        if (wants("reserve")) TRY_DO(mend_reserve());
        for (const Diagnosis* one : of("state")) TRY_DO(set_aside(one->path));
        if (wants("stubs") || wants("journal")) TRY_DO(mend_tier());
        mend_leftovers();
        if (wants("notes")) TRY_DO(mend_notes());
        for (const std::string& deed : m_deeds)
            TRY_DO(m_session.audit("doctor_fix", json::Value::object().set("deed", deed)));
        return std::move(m_deeds);
    }

private:
    bool wants(std::string_view check) const {
        return std::any_of(m_found.begin(), m_found.end(),
                           [&](const Diagnosis& one) { return one.can_fix && one.check == check; });
    }
    // The findings of one check that doctor can mend.
    std::vector<const Diagnosis*> of(std::string_view check) const {
        std::vector<const Diagnosis*> chosen;
        for (const Diagnosis& one : m_found)
            if (one.can_fix && one.check == check) chosen.push_back(&one);
        return chosen;
    }
    std::string relative(const fs::path& path) const { return path.lexically_relative(m_lake.layout().home).string(); }

    Status mend_layout() {
        TRY_DO(lake::Lake::create(m_lake.layout().home, m_session.clock()));
        for (const Diagnosis* one : of("layout")) {
            TRY_DO(make_folders(one->path));
            m_deeds.push_back(fmt::format("made the folder {}", relative(one->path)));
        }
        return {};
    }

    // A damaged file may still hold what a person can save: it gets another name, never another content.
    Status set_aside(const fs::path& file) {
        if (!fs::exists(fs::symlink_status(file))) return {};
        std::string stamp = to_rfc3339(m_session.now());
        std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
        fs::path aside = file.string() + ".damaged-" + stamp;
        for (int n = 2; fs::exists(fs::symlink_status(aside)); ++n)  // the second within one second
            aside = fmt::format("{}.damaged-{}-{}", file.string(), stamp, n);
        TRY(const Fd folder, open_folder(file.parent_path()));
        TRY_DO(rename_noreplace(folder.get(), file.filename().c_str(), folder.get(), aside.filename().c_str()));
        TRY_DO(sync_folder(folder.get()));
        m_deeds.push_back(fmt::format("renamed the damaged {} to {}", relative(file), aside.filename().string()));
        return {};
    }

    Status mend_catalog() {
        TRY(const catalog::Options options, m_session.catalog_options());
        for (const Diagnosis* one : of("catalog"))
            if (!one->path.empty()) TRY_DO(set_aside(one->path));
        if (options.backend == "postgresql") TRY_DO(set_rows_aside(options));
        TRY_DO(catalog::Catalog::create(options));
        m_session.reload_catalog();
        m_deeds.push_back(options.backend == "json"
                              ? "made the missing catalog files; fill them with: neurolake catalog index --full"
                              : "made an empty catalog; fill it with: neurolake catalog index --full");
        m_deeds.push_back(
            "tags, descriptions, terms, corrections and lineage that only stood in what was damaged are not "
            "in the catalog any more: bring them back from a backup, or from an export with neurolake "
            "catalog import");
        return {};
    }

    Status mend_histories() {
        TRY(catalog::Catalog * catalog, m_session.catalog());
        TRY(const auto lost, catalog::tables_without_history(*catalog));
        if (lost.empty()) return {};
        const std::string deed = fmt::format("began the schema history of {} again at the present version",
                                             lost.size() == 1 ? "1 table" : fmt::format("{} tables", lost.size()));
        TRY_DO(catalog->change_entries(catalog::begin_again(lost, to_rfc3339(m_session.now()))));
        m_deeds.push_back(deed);
        return {};
    }

    // The server's rows of this lake, of which some do not read.
    Status set_rows_aside(const catalog::Options& options) {
        std::string stamp = to_rfc3339(m_session.now());
        std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
        TRY(const auto kept, catalog::set_aside(options, "damaged-" + stamp));
        for (const std::string& name : kept) m_deeds.push_back("kept the damaged catalog " + name);
        return {};
    }

    Status mend_inventory() {
        for (const Diagnosis* one : of("inventory")) TRY_DO(set_aside(one->path));
        return {};
    }

    Status mend_modes() {
        for (const Diagnosis* one : of("permissions")) {
            if (::chmod(one->path.c_str(), 0700) != 0) return os_error(errno, "chmod 700 " + one->path, one->path);
            m_deeds.push_back(fmt::format("made {} private", relative(one->path)));
        }
        return {};
    }

    Status mend_reserve() {
        TRY_DO(lake::make_reserve(m_lake.layout()));
        m_deeds.push_back("wrote the 1 MiB reserve again");
        return {};
    }

    // What a living writer has open stays.
    void mend_leftovers() {
        for (const Diagnosis* one : of("leftovers")) {
            const fs::path file = one->path;
            const auto folder = open_folder(file.parent_path());
            if (folder && lake::remove_leftover(folder->get(), file.filename().string()))
                m_deeds.push_back(fmt::format("removed {}, which a killed writer left", relative(file)));
        }
    }

    Status mend_tier();
    Status mend_notes();

    Session& m_session;
    const lake::Lake& m_lake;
    const std::vector<Diagnosis>& m_found;
    std::vector<std::string> m_deeds;
};

// Recovery first, so that a stub whose original waits in the trash is not taken for a lost one.
Status Mender::mend_tier() {
    TRY(const auto tiers, TierSession::open(m_session, nullptr, TierSession::Catalog::if_readable));
    TRY(const auto report, tiers->recover());
    if (wants("journal"))
        m_deeds.push_back(fmt::format("files of unfinished operations: {} finished, {} undone, {} left",
                                      report.finished, report.undone, report.left));
    if (!wants("stubs")) return {};
    TRY(const std::uint64_t made, tier::restore_stubs(tiers->context()));
    if (made) m_deeds.push_back(fmt::format("put back {} stub{} from catalog/cloud.jsonl", made, made == 1 ? "" : "s"));
    return {};
}

Status Mender::mend_notes() {
    TRY(const config::Settings* settings, m_session.settings());
    for (const Diagnosis* one : of("notes")) {
        const std::size_t slash = std::min(one->path.find('/'), one->path.size());
        const std::string name = one->path.substr(0, slash);
        const auto named = [&](const lake::Bucket& bucket) { return bucket.name == name; };
        const auto bucket = std::find_if(settings->buckets.begin(), settings->buckets.end(), named);
        if (bucket == settings->buckets.end()) continue;
        const std::string folder = one->path.substr(std::min(slash + 1, one->path.size()));
        TRY(const Fd root, open_folder(bucket->root));
        TRY_DO(lake::refresh_note(root.get(), name, folder));
        m_deeds.push_back(fmt::format("wrote the note of {}", one->path));
    }
    return {};
}

}  // namespace

Result<std::vector<std::string>> mend(Session& session, const lake::Lake& lake, const std::vector<Diagnosis>& found) {
    return Mender(session, lake, found).run();
}

}  // namespace neurolake::apps
