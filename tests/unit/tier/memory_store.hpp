// memory_store.hpp: an object store in memory with everything the contract knows, whose honesty can be taken away.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <mutex>

#include "store/object_store.hpp"

namespace neurolake::tests {

using namespace neurolake::store;

struct Temper {
    bool conditional = true;    // honours "must not exist"
    bool attests = true;        // returns the SHA-256 it computed itself
    bool swallow = false;       // says yes to a put and keeps nothing
    bool corrupt = false;       // flips a byte of what it keeps
    bool truncate = false;      // keeps one byte less
    bool lie = false;           // attests what was announced instead of what it holds
    bool lose_answer = false;   // does it, then says it is unavailable
    std::optional<Error> fail;  // every operation of kinds in fail_on
    std::string fail_on;        // "put head ..."; empty = all
};

class MemoryStore final : public ObjectStore {
public:
    struct Object {
        std::string bytes;
        Metadata metadata;
        Sha256Digest announced{};
        std::optional<std::string> composite;
    };
    struct Unfinished {
        std::string key;
        PutRequest request;
        std::map<unsigned, std::string> parts;
    };

    Temper temper;
    std::uint64_t largest_put = 1u << 30;
    bool multipart = true;
    // Called before each operation, with its kind ("put", "head", "put_part" ...) and key; outside of any lock.
    std::function<void(std::string_view kind, const std::string& key)> before;
    std::map<std::string, Object> objects;
    std::map<std::string, Unfinished> uploads;
    std::map<std::string, int> counts;

    std::string describe() const override { return "store in memory"; }
    Capabilities capabilities() const override {
        Capabilities can;
        can.conditional_put = temper.conditional;
        can.attests_sha256 = temper.attests;
        can.multipart = multipart;
        can.min_part = 1;
        can.max_part = 1u << 30;
        can.max_single = largest_put;
        return can;
    }

    Result<ObjectInfo> put(const PutRequest& request, UploadSource& source) override {
        TRY_DO(begin("put", request.key));
        std::string bytes(source.size(), '\0');
        for (std::size_t at = 0; at < bytes.size();) {
            TRY(const auto got, source.read(at, bytes.data() + at, std::min<std::size_t>(4096, bytes.size() - at)));
            at += got;
        }
        return keep(request, std::move(bytes), std::nullopt);
    }

    Result<std::string> create_multipart(const PutRequest& request) override {
        TRY_DO(begin("create", request.key));
        const std::scoped_lock lock(m_mutex);
        const auto id = "upload-" + std::to_string(++m_next);
        uploads[id] = {request.key, request, {}};
        return id;
    }
    Result<Part> put_part(const std::string& key, const std::string& id, unsigned number, UploadSource& source,
                          std::uint64_t offset, std::uint64_t length, const Sha256Digest& sum) override {
        TRY_DO(begin("put_part", key));
        std::string bytes(length, '\0');
        for (std::size_t at = 0; at < length;) {
            TRY(const auto got, source.read(offset + at, bytes.data() + at, length - at));
            at += got;
        }
        TRY(const auto digest, sha256(bytes));
        if (digest != sum) return Error(Errc::corrupt, "the part arrived damaged");
        const std::scoped_lock lock(m_mutex);
        if (!uploads.contains(id)) return Error(Errc::not_found, "no such upload");
        uploads[id].parts[number] = std::move(bytes);
        return Part{number, length, "etag", temper.attests ? std::optional(digest) : std::nullopt};
    }
    Result<ObjectInfo> complete_multipart(const PutRequest& request, const std::string& id,
                                          const std::vector<Part>& parts) override {
        TRY_DO(begin("complete", request.key));
        std::string whole, sums;
        {
            const std::scoped_lock lock(m_mutex);
            if (!uploads.contains(id)) return Error(Errc::not_found, "no such upload");
            for (const auto& part : parts) {
                if (!uploads[id].parts.contains(part.number)) return Error(Errc::corrupt, "a part is missing");
                whole += uploads[id].parts[part.number];
                TRY(const auto digest, sha256(uploads[id].parts[part.number]));
                sums.append(reinterpret_cast<const char*>(digest.data()), digest.size());
            }
        }
        TRY(const auto over, sha256(sums));
        auto kept = keep(request, std::move(whole), to_base64(over) + "-" + std::to_string(parts.size()));
        if (kept || kept.error().code == Errc::unavailable) {
            const std::scoped_lock lock(m_mutex);
            uploads.erase(id);
        }
        return kept;
    }
    Status abort_multipart(const std::string& key, const std::string& id) override {
        TRY_DO(begin("abort", key));
        const std::scoped_lock lock(m_mutex);
        uploads.erase(id);
        return {};
    }
    Result<std::vector<Part>> list_parts(const std::string& key, const std::string& id) override {
        TRY_DO(begin("list_parts", key));
        const std::scoped_lock lock(m_mutex);
        if (!uploads.contains(id)) return Error(Errc::not_found, "no such upload");
        std::vector<Part> out;
        for (const auto& [number, bytes] : uploads[id].parts) {
            TRY(const auto digest, sha256(bytes));
            out.push_back({number, bytes.size(), "etag", temper.attests ? std::optional(digest) : std::nullopt});
        }
        return out;
    }
    Result<std::vector<Upload>> list_uploads(const std::string& prefix) override {
        TRY_DO(begin("list_uploads", prefix));
        const std::scoped_lock lock(m_mutex);
        std::vector<Upload> out;
        for (const auto& [id, upload] : uploads)
            if (upload.key.starts_with(prefix)) out.push_back({upload.key, id, ""});
        return out;
    }

    Result<ObjectInfo> head(const std::string& key, const std::string&) override {
        TRY_DO(begin("head", key));
        const std::scoped_lock lock(m_mutex);
        const auto found = objects.find(key);
        if (found == objects.end()) return Error(Errc::not_found, "no object " + key);
        return info(key, found->second);
    }
    Result<ObjectInfo> get(const std::string& key, const std::string&, std::uint64_t offset, std::uint64_t length,
                           const std::string&, const Sink& sink, const Opened&) override {
        TRY_DO(begin("get", key));
        std::string bytes;
        ObjectInfo said;
        {
            const std::scoped_lock lock(m_mutex);
            const auto found = objects.find(key);
            if (found == objects.end()) return Error(Errc::not_found, "no object " + key);
            bytes = found->second.bytes.substr(std::min<std::size_t>(offset, found->second.bytes.size()),
                                               length ? length : std::string::npos);
            TRY(said, info(key, found->second));
        }
        for (std::size_t at = 0; at < bytes.size(); at += 1000) TRY_DO(sink(std::string_view(bytes).substr(at, 1000)));
        return said;
    }
    Status list(const std::string& prefix, const std::function<Status(const ObjectInfo&)>& each) override {
        TRY_DO(begin("list", prefix));
        for (const auto& [key, object] : objects) {
            if (!key.starts_with(prefix)) continue;
            TRY(auto one, info(key, object));
            one.metadata.clear();
            TRY_DO(each(one));
        }
        return {};
    }
    Status remove(const std::string& key, const std::string&) override {
        TRY_DO(begin("remove", key));
        const std::scoped_lock lock(m_mutex);
        objects.erase(key);
        return {};
    }
    Status check() override { return begin("check", ""); }

    // For `before`, which several threads call at once.
    void fail_from_now(Error error) {
        const std::scoped_lock lock(m_mutex);
        temper.fail = std::move(error);
    }

private:
    Status begin(std::string_view kind, const std::string& key) {
        if (before) before(kind, key);
        const std::scoped_lock lock(m_mutex);
        ++counts[std::string(kind)];
        const bool meant = temper.fail_on.empty() || temper.fail_on.find(kind) != std::string::npos;
        if (temper.fail && meant) return Error(*temper.fail);
        return {};
    }

    Result<ObjectInfo> info(const std::string& key, const Object& object) const {
        ObjectInfo out;
        out.key = key;
        out.size = object.bytes.size();
        out.etag = "opaque-" + std::to_string(object.bytes.size());
        out.metadata = object.metadata;
        if (!temper.attests) return out;
        if (object.composite) {
            out.composite = object.composite;
        } else {
            TRY(const auto digest, sha256(object.bytes));
            out.sha256 = temper.lie ? object.announced : digest;
        }
        return out;
    }

    Result<ObjectInfo> keep(const PutRequest& request, std::string bytes, std::optional<std::string> composite) {
        const std::scoped_lock lock(m_mutex);
        if (temper.conditional && request.must_not_exist && objects.contains(request.key))
            return Error(Errc::already_exists, request.key + " exists");
        Object object{std::move(bytes), request.metadata, request.sha256, std::move(composite)};
        ObjectInfo answer;
        answer.key = request.key;
        answer.size = object.bytes.size();
        if (temper.corrupt && !object.bytes.empty()) object.bytes[object.bytes.size() / 2] ^= 1;
        if (temper.truncate && !object.bytes.empty()) object.bytes.pop_back();
        if (temper.attests && !temper.swallow) {
            TRY(answer, info(request.key, object));
        }
        if (!temper.swallow) objects[request.key] = std::move(object);
        if (temper.lose_answer) return Error(Errc::unavailable, "connection lost");
        return answer;
    }

    std::mutex m_mutex;
    int m_next = 0;
};

}  // namespace neurolake::tests
