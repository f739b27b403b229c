// foreign.cpp: finds the catalog files, tells what each is, and hands it to its reader.
// SPDX-License-Identifier: Apache-2.0
#include "migrate/foreign.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <unordered_map>

#include "base/file.hpp"
#include "migrate/foreign_database.hpp"
#include "migrate/foreign_kinds.hpp"
#include "migrate/foreign_readers.hpp"
#include "migrate/tolerant_json.hpp"

namespace neurolake::migrate {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t k_largest_file = 256ull << 20;
constexpr int k_deepest_folder = 8;
constexpr std::size_t k_most_files = 10000;

// Catalogs before what speaks of their assets.
constexpr ForeignKind k_kinds[] = {
    {is_own_export, read_own_export, check_own_export},
    {is_dataset_database, read_dataset_database},
    {is_asset_catalog, read_asset_catalog},
    {is_schema_registry, read_schema_registry},
    {is_metadata_store, read_metadata_store},
    {is_lineage_graph, read_lineage_graph},
    {is_transformations, read_transformations},
    {is_pattern_catalog, read_pattern_catalog},
    {is_table_storage, read_table_storage},
    {is_storage_records, read_storage_records},
};

// Names under which such files are known; in a folder nothing else is opened.
constexpr std::string_view k_names[] = {"catalog.json",   "lineage.json",          "schemas.json",
                                        "metadata.json",  "transformations.json",  ".storage_metadata.json",
                                        "_metadata.json", "storage_metadata.json", "nuic.db"};

struct Found {
    fs::path path;
    std::string name;
};

Error damaged(const std::string& name, const Error& why) {
    return Error(Errc::corrupt, fmt::format("read {}: {}; nothing was imported", name, why.message),
                 "the program that wrote it may have been cut off: look for a copy of the file in a backup", name);
}

constexpr std::string_view k_known =
    "known: catalog.json, lineage.json, schemas.json, metadata.json, transformations.json, .storage_metadata.json, "
    "_metadata.json, nuic.db, and the JSON of: neurolake catalog export -o catalog.json";

bool looks_like_json(std::string_view text) {
    const std::size_t first = text.find_first_not_of("\xEF\xBB\xBF \t\r\n");
    return first == std::string_view::npos || text[first] == '{' || text[first] == '[' || text == "null";
}

// What to do with an export of ours of another format than JSON, which holds less than a catalog; "" = it is none.
std::string hint_for_own(std::string_view text, const json::Value* content, const fs::path& path) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const auto first = line.starts_with('{') && !content ? json::parse(line) : Result<json::Value>(json::Value());
    const json::Value& entry = content ? *content : first ? *first : json::Value();
    if (entry.find("eventTime") && entry.find("job"))
        return "its lineage comes in with: neurolake lineage import " + path.string();
    const bool table = entry.find("bucket") && entry.find("columns") && entry.find("rule");
    if (!table && !text.starts_with("-- The tables of a lake ") && !text.starts_with("# Data dictionary") &&
        !text.starts_with("table,column,position,type,"))
        return {};
    return "export that lake as JSON and import that: neurolake --home LAKE catalog export -o catalog.json";
}

Result<ForeignFile> read_one(const fs::path& path, const std::string& name) {
    TRY(const Fd fd, open_file(path, O_RDONLY | O_NONBLOCK));
    TRY(const Identity identity, identity_of(fd.get()));
    if (!identity.is_regular()) return Error(Errc::usage, fmt::format("read {}: it is no file", name), "", name);
    std::array<char, 16> magic{};
    TRY(const std::size_t got, read_some(fd.get(), std::as_writable_bytes(std::span(magic)), 0));
    if (is_sqlite_file({magic.data(), got})) {
        auto content = read_database(path);
        if (content) return ForeignFile{path, name, std::move(*content)};
        if (content.error().code == Errc::corrupt) return damaged(name, content.error());
        return Error(content.error().code, fmt::format("{}: {}", name, content.error().message), content.error().hint,
                     name);
    }
    TRY(const std::string text, read_file(fd.get(), k_largest_file).with_context("read " + name));
    if (text.empty()) return damaged(name, Error(Errc::corrupt, "it is empty"));
    auto content = parse_tolerantly(text);
    if (const std::string hint = hint_for_own(text, content ? &*content : nullptr, path); !hint.empty())
        return Error(Errc::usage, fmt::format("{} is an export of neurolake, but none to import", name), hint, name);
    if (!content && !looks_like_json(text))
        return Error(Errc::usage, fmt::format("{} is no catalog that is known here", name), std::string(k_known), name);
    if (!content) return damaged(name, content.error());
    return ForeignFile{path, name, std::move(*content)};
}

// Of a table's own file all but name and columns may be missing; then its name alone tells what it is.
void fill_defaults(ForeignFile& file) {
    const json::Value* schema = file.content.find("schema");
    if (file.path.filename() != "_metadata.json" || !schema || !schema->is_object() || !file.content.find("name"))
        return;
    if (!is_table_storage(file.content)) file.content.set("min_reader_version", 1);
}

// _history.json belongs to the _metadata.json beside it.
Status add_history(ForeignFile& file) {
    if (!is_table_storage(file.content)) return {};
    const fs::path beside = file.path.parent_path() / "_history.json";
    if (auto there = identity_of_path(beside); !there || !there->is_regular()) return {};
    TRY(ForeignFile history, read_one(beside, (fs::path(file.name).parent_path() / "_history.json").string()));
    file.content.set("history", std::move(history.content));
    return {};
}

Status look_into(const fs::path& folder, const std::string& name, int depth, std::vector<Found>& found,
                 Collection& into) {
    std::error_code failed;
    std::vector<fs::directory_entry> entries;
    for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed))
        entries.push_back(*entry);
    if (failed)
        return os_error(failed.value(), "look into " + (name.empty() ? folder.string() : name), folder.string());
    std::sort(entries.begin(), entries.end());
    for (const auto& entry : entries) {
        const std::string leaf = entry.path().filename().string();
        const std::string whole = name.empty() ? leaf : name + "/" + leaf;
        std::error_code unknown;
        if (entry.is_symlink(unknown)) continue;
        if (entry.is_directory(unknown)) {
            if (leaf.starts_with(".deleted_"))
                into.orphan("dropped_table", whole, "a dropped table; rename its folder to bring it back");
            else if (depth < k_deepest_folder)
                TRY_DO(look_into(entry.path(), whole, depth + 1, found, into));
        } else if (entry.is_regular_file(unknown) && std::ranges::find(k_names, leaf) != std::end(k_names)) {
            if (found.size() == k_most_files)
                return Error(Errc::usage,
                             fmt::format("{} holds more than {} catalog files", folder.string(), k_most_files));
            found.push_back({entry.path(), whole});
        }
    }
    return {};
}

Error no_catalog(const ForeignFile& file) {
    const std::string schema = file.content.text("schema");
    if (schema.starts_with("neurolake.catalog.export/"))
        return Error(Errc::usage,
                     fmt::format("{} is an export of another version of neurolake ({})", file.name, schema),
                     "import it with that version or a newer one, or export that lake with this one", file.name);
    if (schema.starts_with("neurolake."))
        return Error(Errc::usage, fmt::format("{} is one of a lake's own files ({})", file.name, schema),
                     "export that lake and import the export: neurolake --home LAKE catalog export -o catalog.json",
                     file.name);
    return Error(Errc::usage, fmt::format("{} is JSON, but no catalog that is known here", file.name),
                 std::string(k_known), file.name);
}

Error nothing_to_import(const std::string& name) {
    return Error(Errc::corrupt, fmt::format("read {}: there is nothing in it; nothing was imported", name),
                 "the program that wrote it may have been cut off: look for a copy of the file in a backup", name);
}

// "a.json, b.json and 3 more"
std::string named(const std::vector<std::string>& files) {
    constexpr std::size_t k_named = 3;
    const auto first = std::span(files).first(std::min(files.size(), k_named));
    const std::string text = fmt::format("{}", fmt::join(first, ", "));
    return files.size() > k_named ? fmt::format("{} and {} more", text, files.size() - k_named) : text;
}

bool nothing_in_it(const json::Value& content) {
    if (const json::Array* items = content.as_array()) return items->empty();
    return content.is_null() || (content.is_object() && members_of(content).empty());
}

Result<std::vector<ForeignFile>> read_files(const fs::path& from, Collection& into) {
    std::error_code unknown;
    const bool folder = fs::is_directory(from, unknown);
    std::vector<Found> found;
    if (folder) {
        TRY_DO(look_into(from, "", 0, found, into));
        if (found.empty())
            return Error(Errc::not_found, fmt::format("no catalog file in {}", from.string()),
                         "known: catalog.json, lineage.json, schemas.json, metadata.json, transformations.json, "
                         ".storage_metadata.json, nuic.db, and folders with _metadata.json",
                         from.string());
    } else {
        found.push_back({from, from.filename().string()});
    }
    std::vector<ForeignFile> files;
    for (const Found& each : found) {
        TRY(ForeignFile file, read_one(each.path, each.name));
        fill_defaults(file);
        TRY_DO(add_history(file));
        const auto* kind = std::ranges::find_if(k_kinds, [&](const ForeignKind& k) { return k.is(file.content); });
        if (kind == std::end(k_kinds)) {
            if (!folder) return nothing_in_it(file.content) ? nothing_to_import(file.name) : no_catalog(file);
            if (!nothing_in_it(file.content)) into.foreign.unread.push_back(file.name);
            continue;
        }
        if (kind->check)
            if (const Status sound = kind->check(file.content); !sound) return damaged(file.name, sound.error());
        files.push_back(std::move(file));
    }
    if (const auto& unread = into.foreign.unread; files.empty() && !unread.empty())
        return Error(Errc::usage,
                     fmt::format("{}: {} JSON, but no catalog that is known here", from.string(),
                                 unread.size() == 1 ? unread[0] + " is" : named(unread) + " are"),
                     std::string(k_known), from.string());
    if (files.empty()) return nothing_to_import(from.string());
    return files;
}

// Keys were joined to a folder unchecked there: what would leave it is not looked at.
bool stays_inside(const std::string& key) {
    const fs::path path(key);
    return !key.empty() && !path.is_absolute() && key.find('\\') == std::string::npos &&
           key.find('\0') == std::string::npos &&
           std::ranges::none_of(path, [](const fs::path& part) { return part == ".."; });
}

bool is_file(const fs::path& path) {
    const auto identity = identity_of_path(path);
    return identity && identity->is_regular();
}

void look_for(RecordedFile& file, const fs::path& buckets) {
    const fs::path folder = std::exchange(file.found, {});
    if (!stays_inside(file.path))
        file.state = RecordedFile::State::refused;
    else if (is_file(buckets / file.path))
        file.state = RecordedFile::State::here;
    else if (is_file(folder / file.path)) {
        file.state = RecordedFile::State::beside;
        file.found = folder / file.path;
    }
}

bool holds_anything(const Foreign& found) {
    return !found.tables.empty() || !found.texts.empty() || !found.edges.empty() || !found.jobs.empty() ||
           !found.terms.empty() || !found.files.empty();
}

}  // namespace

Result<Foreign> read_foreign(const fs::path& from, const fs::path& buckets) {
    Collection collection;
    TRY(const auto files, read_files(from, collection));
    for (const ForeignKind& kind : k_kinds)
        for (const ForeignFile& file : files)
            if (kind.is(file.content) &&
                std::ranges::find(collection.foreign.sources, file.name) == collection.foreign.sources.end()) {
                kind.read(file, collection);
                tell_wrong_kinds(file, collection);
                collection.foreign.sources.push_back(file.name);
            }
    const Foreign& found = collection.foreign;
    if (!found.wrong.empty() && !holds_anything(found))
        return Error(
            Errc::corrupt, fmt::format("{}: {}; nothing was imported", found.wrong[0].name, found.wrong[0].message),
            "another program wrote over it, or it was changed by hand: look for a copy in a backup", from.string());
    for (RecordedFile& file : collection.foreign.files) look_for(file, buckets);
    return std::move(collection.foreign);
}

ForeignTable& Collection::table(const std::string& name) {
    const auto [at, fresh] = m_table_at.try_emplace(name, foreign.tables.size());
    if (fresh) {
        foreign.tables.emplace_back();
        foreign.tables.back().name = name;
    }
    return foreign.tables[at->second];
}

void Collection::orphan(std::string what, std::string name, std::string message) {
    foreign.orphans.push_back({std::move(what), std::move(name), std::move(message)});
}

std::string Collection::name_of(const std::string& id) const {
    const auto found = m_name_of.find(id);
    return found == m_name_of.end() ? id : found->second;
}

std::string Collection::by_suffix(std::string_view name, const std::vector<std::string>& candidates) {
    std::string found;
    for (const std::string& candidate : candidates) {
        const bool ends = candidate == name || (!name.empty() && candidate.ends_with(fmt::format(".{}", name)));
        if (!ends || candidate == found) continue;
        if (!found.empty()) return {};
        found = candidate;
    }
    return found;
}

const json::Object& members_of(const json::Value& value) {
    static const json::Object k_none;
    const json::Object* members = value.as_object();
    return members ? *members : k_none;
}

std::vector<ForeignColumn> columns_of(const json::Value& list) {
    std::vector<ForeignColumn> out;
    if (!list.is_array()) return out;
    for (const json::Value& item : *list.as_array()) {
        ForeignColumn column;
        column.name = item.is_string() ? *item.as_string() : item.text("name");
        if (column.name.empty()) continue;
        column.type = item.text("type");
        column.nullable = item.boolean("nullable", true);
        column.description = item.text("description");
        column.term = item.text("business_term");
        column.pii_suggested = item.boolean("pii") || item.boolean("sensitive");
        out.push_back(std::move(column));
    }
    return out;
}

std::string path_in_lake(std::string_view path) {
    std::string out(path);
    std::ranges::replace(out, '\\', '/');
    const std::size_t at = out.rfind("/buckets/");
    if (at != std::string::npos) return out.substr(at + 9);
    return out.starts_with("buckets/") ? out.substr(8) : "";
}

std::string utc_time(std::string_view text) {
    const auto digit = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
    constexpr std::string_view k_shape = "0000-00-00T00:00:00";
    if (text.size() < k_shape.size()) return {};
    for (std::size_t i = 0; i < k_shape.size(); ++i)
        if (k_shape[i] == '0' ? !digit(i) : text[i] != k_shape[i]) return {};
    return std::string(text.substr(0, k_shape.size())) + "Z";
}

namespace {

template <typename Text>
void fill(Text& into, const Text& more) {
    if (into.empty()) into = more;
}

void add_all(std::vector<std::string>& into, const std::vector<std::string>& more) {
    for (const std::string& word : more)
        if (std::ranges::find(into, word) == into.end()) into.push_back(word);
}

void merge(ForeignColumn& into, const ForeignColumn& more) {
    fill(into.type, more.type);
    fill(into.description, more.description);
    fill(into.term, more.term);
    into.pii_suggested |= more.pii_suggested;
    // The first word stands, as with all that is filled in here.
    const bool said = into.pii || into.not_pii;
    into.pii = said ? into.pii : more.pii;
    into.not_pii = said ? into.not_pii : more.not_pii;
}

}  // namespace

void merge(ForeignTable& into, const ForeignTable& more) {
    fill(into.path, more.path);
    fill(into.description, more.description);
    fill(into.owner, more.owner);
    fill(into.compatibility, more.compatibility);
    add_all(into.tags, more.tags);
    add_all(into.terms, more.terms);
    add_all(into.suggested_tags, more.suggested_tags);
    fill(into.suggested_description, more.suggested_description);
    fill(into.created_at, more.created_at);
    fill(into.source, more.source);
    if (into.more.is_null()) into.more = more.more;
    if (into.versions.size() < more.versions.size()) into.versions = more.versions;
    std::unordered_map<std::string_view, std::size_t> known;
    for (std::size_t i = 0; i < into.columns.size(); ++i) known[into.columns[i].name] = i;
    const std::size_t before = into.columns.size();
    for (const ForeignColumn& column : more.columns) {
        const auto at = known.find(column.name);
        if (at == known.end() && before == 0)
            into.columns.push_back(column);
        else if (at != known.end())
            merge(into.columns[at->second], column);
    }
}

}  // namespace neurolake::migrate
