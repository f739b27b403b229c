// view_files.cpp: inventory, file profiles and catalog/cloud.jsonl put together for each file of a table.
// SPDX-License-Identifier: Apache-2.0
#include "view_files.hpp"
#include "shell_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "catalog/catalog.hpp"
#include "exchange/sql_words.hpp"
#include "index/profile_store.hpp"
#include "index/table_storage.hpp"
#include "store/keys.hpp"

namespace neurolake::apps {

namespace {

// "https://h:9000" -> what CREATE SECRET says; AWS's own endpoints need the region only.
std::string secret_of(const lake::StoreLocation& store) {
    std::string out;
    if (!store.region.empty()) out += ", REGION " + exchange::quoted_text(store.region);
    if (store.endpoint.empty()) return out;
    const std::size_t scheme = store.endpoint.find("://");
    const std::string host = scheme == std::string::npos ? store.endpoint : store.endpoint.substr(scheme + 3);
    out += ", ENDPOINT " + exchange::quoted_text(host);
    if (store.path_style) out += ", URL_STYLE 'path'";
    return out + (store.endpoint.starts_with("http://") ? ", USE_SSL false" : "");
}

class Files {
public:
    Files(Session& session, index::ProfileStore profiles) : m_session(session), m_profiles(std::move(profiles)) {}

    Result<std::vector<exchange::ViewFile>> of(const model::Table& table) {
        TRY(const catalog::Catalog* catalog, m_session.catalog());
        TRY(const lake::Inventory* inventory, m_session.inventory());
        TRY(const lake::Bucket* bucket, m_session.bucket(table.bucket));
        TRY(m_cloud, m_session.cloud_list());
        const auto root = open_folder(bucket->root);
        index::OldVersions old(root ? root->get() : -1);  // are no part of the table: the index does not read them
        std::vector<exchange::ViewFile> files;
        m_folders.clear();
        inventory->for_each(table.bucket, table.path, [&](const lake::FileRecord& file) {
            if (file.state == lake::FileState::ignored) return true;
            const model::Table* owner = catalog->table_of(table.bucket, file.path);
            if (owner && owner->id == table.id && !old.holds(file.path)) files.push_back(file_of(*bucket, file));
            return true;
        });
        std::ranges::sort(files, {}, &exchange::ViewFile::path);
        return files;
    }

private:
    exchange::ViewFile file_of(const lake::Bucket& bucket, const lake::FileRecord& file) {
        exchange::ViewFile out;
        const bool inside = !bucket.outside;
        out.path = inside ? fmt::format("buckets/{}/{}", bucket.name, file.path) : (bucket.root / file.path).string();
        if (!text::is_utf8(out.path)) out.refusal = "SQL is UTF-8, and its name is not";
        out.bytes = file.size;
        if (file.state == lake::FileState::stub)
            find_object(bucket, file, out);
        else
            out.here = bucket.root / file.path;
        out.profile = profile_of(bucket.name, file);
        return out;
    }

    void find_object(const lake::Bucket& bucket, const lake::FileRecord& file, exchange::ViewFile& out) const {
        out.away = true;
        const lake::CloudEntry* entry = m_cloud->find(bucket.name, file.path);
        const std::string back = "neurolake recall " + plain_or_quoted(bucket.name + "/" + file.path);
        if (!entry) {
            out.refusal = "it is in the cloud, and catalog/cloud.jsonl does not say where: neurolake doctor --fix";
        } else if (const lake::StoreLocation& store = entry->stub.store; store.provider == "s3") {
            out.path = fmt::format("s3://{}/{}", store.bucket, store::escape_key(store.key, store::KeyPlace::object));
            out.secret = secret_of(store);
            out.refusal.clear();
        } else {
            out.refusal = fmt::format("it is in a store that DuckDB does not reach ({}); bring it back: {}",
                                      store.provider, back);
        }
    }

    formats::Profile profile_of(const std::string& bucket, const lake::FileRecord& file) {
        const std::size_t slash = file.path.rfind('/');
        const std::string folder = slash == std::string::npos ? "" : file.path.substr(0, slash);
        const std::string name = slash == std::string::npos ? file.path : file.path.substr(slash + 1);
        const auto [at, fresh] = m_folders.try_emplace(folder);
        if (fresh) at->second = m_profiles.load(bucket, folder);
        const auto found = at->second.find(name);
        const bool same =
            found != at->second.end() && found->second.size == file.size && found->second.mtime_ns == file.mtime_ns;
        return same ? found->second.profile : formats::Profile{};
    }

    Session& m_session;
    index::ProfileStore m_profiles;
    lake::CloudList* m_cloud = nullptr;
    std::map<std::string, index::FolderProfiles> m_folders;  // of one table
};

}  // namespace

Result<exchange::FilesOf> view_files(Session& session) {
    TRY(const lake::Lake* lake, session.lake());
    TRY(index::ProfileStore profiles, index::ProfileStore::open(lake->layout().state / "profiles"));
    const auto files = std::make_shared<Files>(session, std::move(profiles));
    return exchange::FilesOf([files](const model::Table& table) { return files->of(table); });
}

}  // namespace neurolake::apps
