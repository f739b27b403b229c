// doctor_data.cpp: doctor's checks of what lies in the lake: buckets, catalog, stubs, journal, room, cloud.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>
#include <span>

#include "base/text.hpp"
#include "bucket_rename.hpp"
#include "bucket_report.hpp"
#include "catalog/backend_choice.hpp"
#include "catalog/lost_histories.hpp"
#include "catalog_report.hpp"
#include "doctor.hpp"
#include "formats/formats.hpp"
#include "index/index.hpp"
#include "index/renamed_bucket.hpp"
#include "lake/last_run.hpp"
#include "marks_report.hpp"
#include "shell_words.hpp"
#include "store_place.hpp"
#include "tier/tier.hpp"

namespace neurolake::apps {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t k_shown = 10;  // of many alike, so that a list of 10,000 lost stubs stays readable

}  // namespace

void Examination::check_buckets() {
    if (!m_settings) return;
    for (const lake::Bucket& bucket : m_settings->buckets) {
        if (!bucket.outside) continue;
        if (auto there = lake::check_bucket_mount(m_lake, bucket); !there)
            add(Level::problem, "mounts", there.error().message, there.error().hint, false, bucket.root.string());
    }
    auto unregistered = lake::unregistered_buckets(m_lake.layout(), m_settings->buckets);
    if (!unregistered) return;
    for (const lake::Bucket& bucket : *unregistered)
        add(Level::warning, "buckets", fmt::format("the folder buckets/{} is no registered bucket", bucket.name),
            how_to_adopt(bucket), false, bucket.root.string());
}

// It parses, and is yet no catalog: of another shape, or of a newer program.
void Examination::check_unreadable_catalog(const Error& error) {
    const bool in_folder = !error.path.empty() && fs::path(error.path).parent_path() == m_settings->catalog.folder;
    const bool ours = error.code == Errc::corrupt && (in_folder || m_settings->catalog.backend == "postgresql");
    add(Level::problem, "catalog", error.message,
        ours ? "neurolake doctor --fix renames it aside; then: neurolake catalog index" : error.hint, ours, error.path);
}

void Examination::check_catalog() {
    if (!m_settings) return;
    const fs::path& folder = m_settings->catalog.folder;
    bool whole = true;
    // A catalog that lies elsewhere is not made again here.
    if (auto elsewhere = catalog::check_not_elsewhere(m_settings->catalog);
        !elsewhere && m_settings->catalog.backend != "postgresql") {
        whole = false;
        add(Level::problem, "catalog", elsewhere.error().message, elsewhere.error().hint);
    }
    for (const char* name :
         whole && m_settings->catalog.backend == "json" ? std::span(k_catalog_files) : std::span<const char* const>()) {
        const fs::path file = folder / name;
        auto text = read_file(file, 4ull << 30);
        if (!text) {
            whole = false;
            const bool history = std::string_view(name) == "schemas.json";
            add(Level::problem, "catalog",
                text.error().message + (history ? ": with it the earlier schema versions of all tables are lost" : ""),
                history ? "bring it back from a backup; else neurolake doctor --fix begins each history again at the "
                          "table's present version"
                        : "neurolake doctor --fix makes an empty one",
                true, file.string());
        } else if (auto parsed = json::parse(*text); !parsed || !parsed->is_object()) {
            whole = false;
            add(Level::problem, "catalog", fmt::format("catalog file {} is damaged", name),
                "neurolake doctor --fix renames it aside; then: neurolake catalog index", true, file.string());
        }
    }
    if (whole) {
        if (auto catalog = m_session.catalog(); !catalog)
            check_unreadable_catalog(catalog.error());
        else if (auto whole_file = (*catalog)->check(); !whole_file)
            check_unreadable_catalog(whole_file.error());
        else {
            add(Level::good, "catalog", fmt::format("the catalog reads: {}", tables_text(**catalog)));
            check_tables(**catalog);
            check_histories(**catalog);
        }
    }
    if (auto inventory = m_session.inventory(); !inventory)
        add(Level::problem, "inventory", inventory.error().message,
            "neurolake doctor --fix renames it aside; then: neurolake catalog index", true,
            m_lake.layout().inventory.string());
}

void Examination::check_histories(const catalog::Catalog& catalog) {
    const auto lost = catalog::tables_without_history(catalog);
    if (!lost || lost->empty()) return;
    add(Level::problem, "history", text::escape_controls(catalog::lost_text(*lost)),
        "bring the catalog back from a backup; else neurolake doctor --fix begins each history again there", true);
}

// What the last index could not read, or read and found broken.
void Examination::check_tables(const catalog::Catalog& catalog) {
    std::uint64_t tables = 0;
    for (const model::Table* table : catalog.tables_with(model::Finding::Severity::error)) {
        if (++tables > k_shown) continue;
        const auto found =
            std::ranges::find(table->findings, model::Finding::Severity::error, &model::Finding::severity);
        add(Level::warning, "tables", text::escape_controls(fmt::format("{}: {}", found->path, found->message)),
            fmt::format("mend or remove the file, then: neurolake catalog index; all of it: neurolake catalog show {}",
                        text::escape_controls(plain_or_quoted(table->full_name()))),
            false, found->path);
    }
    if (tables > k_shown)
        add(Level::warning, "tables",
            fmt::format("and {} more with files in trouble", counted(tables - k_shown, "table")),
            "neurolake catalog index names them all");
    const auto runs = lake::LastRuns::read(m_lake.layout().last_run);
    const auto last = runs ? runs->find("index") : std::nullopt;
    if (tables == 0 && last && last->rc != 0)
        add(Level::warning, "tables", fmt::format("the last index, at {}, ended with exit code {}", last->at, last->rc),
            "neurolake catalog index says why");
}

// What to do about a bucket that the scan could not open.
std::string Examination::advice_on(const model::Finding& finding) {
    const auto bucket = std::ranges::find(m_settings->buckets, finding.path, &lake::Bucket::name);
    const auto inventory = m_session.inventory();
    if (finding.code != "bucket_unreadable" || bucket == m_settings->buckets.end() || !inventory) return {};
    const auto lost = index::lost_folder(*bucket, **inventory, m_lake.layout().buckets, m_settings->buckets);
    return lost ? lost->advice : std::string();
}

Status Examination::scan_buckets() {
    if (!m_settings) return {};
    std::vector<lake::Bucket> buckets;
    for (const lake::Bucket& bucket : m_settings->buckets)
        if (lake::check_bucket_mount(m_lake, bucket)) buckets.push_back(bucket);
    lake::ScanOptions options;
    options.rehash_stubs = true;
    options.ignored_name = [](std::string_view name) { return formats::is_known_non_data(name); };
    const lake::Inventory empty;
    auto inventory = m_session.inventory();
    auto scan = lake::scan(buckets, inventory ? **inventory : empty, options, m_session.clock(), m_session.cancel());
    if (!scan && scan.error().code == Errc::cancelled) return std::move(scan).error();
    if (!scan) {
        add(Level::problem, "data", scan.error().message, scan.error().hint, false, scan.error().path);
        return {};
    }
    std::uint64_t files = 0, cloud = 0;
    for (const auto& totals : scan->scan.totals) {
        files += totals.files;
        cloud += totals.cloud_files;
    }
    add(Level::good, "data",
        fmt::format("the data can be seen: {} in {}{}", counted(files, "file"), counted(buckets.size(), "bucket"),
                    cloud ? fmt::format(", {} more in the cloud", text::with_thousands(cloud)) : ""));
    std::size_t shown = 0;
    for (const auto& finding : scan->scan.findings) {
        if (finding.severity == model::Finding::Severity::note || ++shown > k_shown) continue;
        const bool bad = finding.severity == model::Finding::Severity::error;
        add(bad ? Level::problem : Level::warning, "data", fmt::format("{}: {}", finding.path, finding.message),
            advice_on(finding), false, finding.path);
    }
    if (shown > k_shown) add(Level::warning, "data", fmt::format("and {} findings more", shown - k_shown));
    for (const lake::Bucket& bucket : buckets)
        for (const auto& finding : index::broken_overrides(bucket, *scan))
            add(Level::warning, "tables", text::escape_controls(fmt::format("{}: {}", finding.path, finding.message)),
                "mend or remove the file, then: neurolake catalog index", false, finding.path);
    m_scan = std::move(*scan);
    return {};
}

// Where a stub should be lies something else: the user's new file, or what is left of the stub.
bool Examination::is_damaged_stub(const lake::CloudEntry& entry) {
    const auto root = open_folder(bucket_root(entry.stub.bucket));
    const auto stub = root ? lake::read_stub_at(root->get(), entry.stub.path) : Result<std::optional<lake::Stub>>({});
    if (stub || stub.error().code != Errc::corrupt) return false;
    const std::string path = entry.stub.bucket + "/" + entry.stub.path;
    add(Level::problem, "data", fmt::format("{}: {}", path, stub.error().message),
        fmt::format("its data is in the cloud; bring it back with: neurolake recall {}", plain_or_quoted(path)), false,
        path);
    return true;
}

// Data of a bucket that was removed with its stubs, which lie in the trash.
void Examination::check_removed_buckets() {
    const auto list = m_session.cloud_list();
    if (!list || !m_settings) return;
    std::map<std::string, std::uint64_t> files;
    for (const lake::CloudEntry& entry : (*list)->entries())
        if (!entry.recalled && bucket_root(entry.stub.bucket).empty() && !was_moved(entry)) ++files[entry.stub.bucket];
    for (const auto& [name, count] : files)
        add(Level::note, "stubs",
            fmt::format("{} of the removed bucket {} are still in the cloud", counted(count, "file"), name),
            fmt::format("to have them back: neurolake bucket create {0}, then neurolake doctor --fix, then neurolake "
                        "recall {0}",
                        name),
            false, name);
}

fs::path Examination::bucket_root(const std::string& name) const {
    for (const lake::Bucket& bucket : m_settings->buckets)
        if (bucket.name == name) return bucket.root;
    return {};
}

// A lake whose marker was made anew cannot reach what the old one put into the cloud.
void Examination::check_identity() {
    const auto list = m_session.cloud_list();
    if (!list) return;
    std::map<std::string, std::uint64_t> files;
    for (const lake::CloudEntry& entry : (*list)->entries())
        if (entry.stub.lake != m_lake.id()) ++files[entry.stub.lake];
    const auto& layout = m_lake.layout();
    for (const auto& [id, count] : files)
        add(Level::problem, "identity",
            fmt::format("{} in the cloud belong{} to the lake {}, but this lake's id is {}: its data cannot be reached",
                        counted(count, "file"), count == 1 ? "s" : "", id, m_lake.id()),
            fmt::format("copy the old .neurolake back; or, where nothing was moved since: mv '{0}' '{0}.other', then "
                        "neurolake init '{1}', which takes the old id over",
                        layout.marker.string(), layout.home.string()),
            false, layout.marker.string());
}

bool Examination::was_moved(const lake::CloudEntry& entry) {
    const auto& places = held_places();
    return places && places->contains(entry.stub.store.key);
}

const Result<lake::Places>& Examination::held_places() {
    if (m_held_places) return *m_held_places;
    const auto list = m_session.cloud_list();
    m_held_places = m_scan && list ? lake::held_places(m_lake, m_settings->buckets, *m_scan->next, **list)
                                   : Result<lake::Places>(lake::Places());
    return *m_held_places;
}

// People may move stubs like any file: then nothing is lost.
void Examination::tell_lost_stubs(const std::vector<const lake::CloudEntry*>& lost) {
    if (lost.empty()) return;
    const auto& places = held_places();
    if (!places) return add(Level::problem, "stubs", places.error().message, places.error().hint);
    std::uint64_t missing = 0, moved = 0;
    for (const lake::CloudEntry* entry : lost) {
        const std::string path = entry->stub.bucket + "/" + entry->stub.path;
        const auto place = places->find(entry->stub.store.key);
        if (place != places->end()) {
            if (++moved <= k_shown)
                add(Level::note, "stubs", fmt::format("the stub of {} was moved to {}", path, place->second), "", false,
                    place->second);
        } else if (++missing <= k_shown) {
            add(Level::problem, "stubs", path + " is in the cloud, but its stub is missing here",
                "neurolake doctor --fix puts the stub back", true, path);
        }
    }
    if (moved > k_shown) add(Level::note, "stubs", fmt::format("and {} more stubs were moved", moved - k_shown));
    if (missing > k_shown)
        add(Level::problem, "stubs", fmt::format("and {} more stubs are missing", missing - k_shown),
            "neurolake doctor --fix puts them back", true);
}

// Every object we rely on must have its stub, or its data, in the tree.
void Examination::check_stubs() {
    check_identity();
    check_removed_buckets();
    if (!m_scan) return;
    auto list = m_session.cloud_list();
    if (!list) return add(Level::problem, "stubs", list.error().message, list.error().hint, false, list.error().path);
    if ((*list)->torn())
        add(Level::warning, "stubs", "catalog/cloud.jsonl has a torn line, which is left out",
            "the next burst or recall writes it anew");
    std::set<std::string> scanned(m_scan->scan.buckets.begin(), m_scan->scan.buckets.end());
    std::uint64_t kept = 0, replaced = 0;
    std::vector<const lake::CloudEntry*> lost;
    std::set<std::pair<std::string, std::string>> folders;
    for (const lake::CloudEntry& entry : (*list)->entries()) {
        if (entry.recalled || !scanned.contains(entry.stub.bucket)) continue;
        const std::string& path = entry.stub.path;
        const auto record = m_scan->next->find(entry.stub.bucket, path);
        if (record && record->state == lake::FileState::stub) {
            ++kept;
            folders.emplace(entry.stub.bucket, fs::path(path).parent_path().string());
        }
        if (record && record->state == lake::FileState::data && !is_damaged_stub(entry)) ++replaced;
        if (record) continue;  // a damaged stub was told of by the scan
        lost.push_back(&entry);
    }
    tell_lost_stubs(lost);
    for (const auto& [bucket, folder] : folders) {
        const auto named = [&, &name = bucket](const lake::Bucket& b) { return b.name == name; };
        const auto found = std::find_if(m_settings->buckets.begin(), m_settings->buckets.end(), named);
        if (found != m_settings->buckets.end() && !fs::exists(found->root / folder / lake::k_note_name))
            add(Level::warning, "notes", fmt::format("{}/{} lacks its note {}", bucket, folder, lake::k_note_name),
                "neurolake doctor --fix writes it again", true, bucket + "/" + folder);
    }
    if (lost.empty() && kept > 0)
        add(Level::good, "stubs", fmt::format("every file in the cloud has its stub: {}", text::with_thousands(kept)));
    if (replaced > 0)
        add(Level::note, "stubs",
            fmt::format("{} here took the place of a stub; the older bytes are still in the cloud",
                        counted(replaced, "file")));
}

// Small files of ours without which a command refuses to work.
void Examination::check_state() {
    const auto told = [&](const Error& error) {
        if (error.code == Errc::corrupt)
            add(Level::problem, "state", error.message, "neurolake doctor --fix renames it aside", true, error.path);
    };
    if (const auto pins = tier::read_pins(m_lake.layout().pins); !pins) told(pins.error());
    if (const auto rename = unfinished_rename(m_lake.layout()); !rename) told(rename.error());
}

void Examination::check_journal() {
    check_state();
    auto unfinished = tier::unfinished(m_lake.layout());
    if (!unfinished) return add(Level::problem, "journal", unfinished.error().message, unfinished.error().hint);
    const auto holder = LockFile::holder(m_lake.layout().lock);
    if (holder && !holder->starts_with(fmt::format("pid {},", ::getpid())))  // --fix holds it itself
        return add(Level::note, "journal",
                   fmt::format("a run is at work ({})", text::escape_controls(text::trim(*holder))));
    for (const std::string& one : *unfinished) {
        if (one.starts_with("damaged")) {
            add(Level::problem, "journal", one + ": what it speaks of is not known, and nothing of it was touched",
                fmt::format("compare it with what lies in .neurolake/trash, then move it out of {}",
                            m_lake.layout().journal.string()));
            continue;
        }
        add(Level::warning, "journal", "unfinished: " + one,
            "the next burst or recall finishes it, or: neurolake doctor --fix", true);
    }
    if (unfinished->empty()) add(Level::good, "journal", "no operation was left half done");
}

void Examination::check_room() {
    if (!m_settings || !m_scan) return;
    std::uint64_t used = 0;
    for (const auto& totals : m_scan->scan.totals) used += totals.bytes;
    const auto marks = marks_for(m_session, used);
    if (!marks) return add(Level::problem, "room", marks.error().message);
    if (marks->over())
        add(Level::warning, "room",
            fmt::format("over the high mark: {} used, the mark is {} ({})", text::size_text(used),
                        text::size_text(marks->high.bytes), marks->high.origin),
            "neurolake burst, or raise the mark");
    if (marks->disk_total < marks->capacity.bytes)
        add(Level::note, "room",
            fmt::format("the disk ({}) is smaller than the capacity ({}): its real room counts",
                        text::size_text(marks->disk_total), text::size_text(marks->capacity.bytes)));
}

void Examination::check_cloud(AskCloud ask) {
    if (!m_settings) return;
    const auto missing = store::missing(m_settings->store);
    if (const auto same = on_lake_disk(m_settings->store, m_lake.layout().home))
        add(Level::warning, "cloud", "object store directory " + *same,
            "name a directory on another disk: neurolake config set hybrid_storage.directory DIR");
    if (ask == AskCloud::no) {
        if (const auto gone = missing_directory(m_settings->store))
            add(Level::warning, "cloud", "object store directory " + *gone);
        if (!missing.empty())
            add(Level::note, "cloud",
                fmt::format("no cloud configured, nothing is moved; missing: {}", fmt::join(missing, ", ")),
                "fill in hybrid_storage in config/settings.yaml, then: neurolake doctor --cloud");
        return;
    }
    auto store = m_session.store();
    if (!store) return add(Level::problem, "cloud", store.error().message, store.error().hint);
    if (auto good = (*store)->check(); !good)
        add(Level::problem, "cloud", good.error().message, good.error().hint);
    else
        add(Level::good, "cloud", fmt::format("the store answers: {}", (*store)->describe()));
}

}  // namespace neurolake::apps
