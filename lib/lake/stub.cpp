// stub.cpp: the bytes of a stub, made and verified: magic 16 | one line | JSON line | SHA-256 32 | padding | magic 16.
// SPDX-License-Identifier: Apache-2.0
#include "lake/stub.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace neurolake::lake {

namespace {

const std::string_view k_magic(reinterpret_cast<const char*>(k_stub_magic), sizeof k_stub_magic);
constexpr std::uint64_t k_most_bytes = 1u << 20;
constexpr std::size_t k_digest = 32;

Error damaged(std::string_view why) {
    return Error(Errc::corrupt, fmt::format("a damaged stub: {}", why),
                 "its data may still be in the cloud: see catalog/cloud.jsonl and run neurolake doctor");
}

json::Value location_to_json(const StoreLocation& s) {
    json::Value out = json::Value::object();
    out.set("provider", s.provider).set("endpoint", s.endpoint).set("region", s.region).set("bucket", s.bucket);
    json::set_path(out, "key", s.key);
    return out.set("version_id", s.version_id).set("etag", s.etag).set("path_style", s.path_style);
}

StoreLocation location_from_json(const json::Value& v) {
    StoreLocation s;
    s.provider = v.text("provider");
    s.endpoint = v.text("endpoint");
    s.region = v.text("region");
    s.bucket = v.text("bucket");
    s.key = json::get_path(v, "key");
    s.version_id = v.text("version_id");
    s.etag = v.text("etag");
    s.path_style = v.boolean("path_style", true);
    return s;
}

}  // namespace

json::Value to_json(const Stub& stub) {
    json::Value out = json::Value::object();
    out.set("version", stub.version).set("lake", stub.lake).set("op", stub.op).set("bucket", stub.bucket);
    json::set_path(out, "path", stub.path);
    out.set("size", stub.size)
        .set("allocated", stub.allocated)
        .set("mode", stub.mode)
        .set("uid", stub.uid)
        .set("gid", stub.gid);
    out.set("mtime_ns", stub.mtime_ns).set("sha256", stub.sha256).set("store", location_to_json(stub.store));
    out.set("uploaded_at", stub.uploaded_at).set("table", stub.table).set("rows", stub.rows);
    if (!stub.xattrs.empty()) {
        json::Value xattrs = json::Value::array();
        for (const auto& [name, value] : stub.xattrs)
            xattrs.push(json::Value::object().set("name", name).set("value_b64", to_base64(value)));
        out.set("xattrs", std::move(xattrs));
    }
    return out;
}

Result<Stub> stub_from_json(const json::Value& v) {
    Stub stub;
    stub.version = static_cast<int>(v.integer("version"));
    if (stub.version != 1)
        return Error(Errc::unsupported, fmt::format("a stub of version {}", stub.version), "use a newer neurolake");
    stub.lake = v.text("lake");
    stub.op = v.text("op");
    stub.bucket = v.text("bucket");
    stub.path = json::get_path(v, "path");
    stub.size = v.natural("size");
    stub.allocated = v.natural("allocated");
    stub.mode = static_cast<std::uint32_t>(v.natural("mode"));
    stub.uid = static_cast<std::uint32_t>(v.natural("uid"));
    stub.gid = static_cast<std::uint32_t>(v.natural("gid"));
    stub.mtime_ns = v.integer("mtime_ns");
    stub.sha256 = v.text("sha256");
    if (const json::Value* store = v.find("store")) stub.store = location_from_json(*store);
    stub.uploaded_at = v.text("uploaded_at");
    stub.table = v.text("table");
    if (const json::Value* rows = v.find("rows")) stub.rows = rows->as_uint();
    for (const json::Value& x : v.items("xattrs")) {
        TRY(auto value, from_base64(x.text("value_b64")));
        stub.xattrs.emplace_back(x.text("name"), std::move(value));
    }
    if (stub.sha256.size() != 64 || stub.path.empty() || stub.store.key.empty()) return damaged("a field is missing");
    return stub;
}

Result<std::string> encode(const Stub& stub) {
    std::string out(k_magic);
    out += fmt::format("This file's data is in the cloud. To bring it back: neurolake recall {}/{}\n", stub.bucket,
                       text::escape_controls(stub.path));
    out += json::dump(to_json(stub));
    out += '\n';
    TRY(const auto digest, sha256(out));
    out.append(reinterpret_cast<const char*>(digest.data()), digest.size());
    const std::uint64_t least = out.size() + k_magic.size();
    const std::uint64_t size = (least + k_stub_size - 1) / k_stub_size * k_stub_size;
    if (size > k_most_bytes)
        return Error(Errc::unsupported, "the path and its attributes do not fit in a stub", {}, stub.path);
    out.resize(size - k_magic.size(), '\0');
    out += k_magic;
    return out;
}

Result<std::optional<Stub>> decode(std::string_view bytes) {
    if (!bytes.starts_with(k_magic)) return std::optional<Stub>();
    if (bytes.size() % k_stub_size || bytes.size() < k_stub_size || !bytes.ends_with(k_magic))
        return damaged("its end is missing");
    const std::size_t line = bytes.find('\n', k_magic.size());
    const std::size_t end = line == std::string_view::npos ? line : bytes.find('\n', line + 1);
    if (end == std::string_view::npos || end + 1 + k_digest + k_magic.size() > bytes.size())
        return damaged("its text is cut off");
    TRY(const auto digest, sha256(bytes.substr(0, end + 1)));
    if (std::memcmp(digest.data(), bytes.data() + end + 1, k_digest) != 0) return damaged("its checksum does not fit");
    const std::string_view padding =
        bytes.substr(end + 1 + k_digest, bytes.size() - k_magic.size() - end - 1 - k_digest);
    if (padding.find_first_not_of('\0') != std::string_view::npos) return damaged("something was written into it");
    auto parsed = json::parse(bytes.substr(line + 1, end - line - 1));
    if (!parsed) return damaged("its JSON does not parse");
    TRY(auto stub, stub_from_json(*parsed));
    return std::optional<Stub>(std::move(stub));
}

Result<std::optional<Stub>> read_stub(int fd) {
    TRY(const Identity id, identity_of(fd));
    if (!id.is_regular() || id.size < sizeof k_stub_magic) return std::optional<Stub>();
    char head[sizeof k_stub_magic];
    TRY_DO(read_exact(fd, std::as_writable_bytes(std::span(head)), 0));
    if (std::string_view(head, sizeof head) != k_magic) return std::optional<Stub>();
    if (id.size > k_most_bytes) return damaged("it is too large");
    TRY(const std::string bytes, read_file(fd, k_most_bytes));
    return decode(bytes);
}

Result<std::optional<Stub>> read_stub_at(int bucket_fd, std::string_view path) {
    auto file = open_beneath(bucket_fd, path, O_RDONLY);
    if (file) return read_stub(file->get());
    if (file.error().code != Errc::denied) return std::move(file).error();
    // Guarded stubs have mode 0000. Their owner may lift that for the moment of opening; through an O_PATH descriptor,
    // so that it is this very inode and no link.
    TRY(const Fd handle, open_beneath(bucket_fd, path, O_PATH));
    TRY(const Identity id, identity_of(handle.get()));
    if (!id.is_regular() || id.size % k_stub_size || id.size > k_most_bytes || (id.mode & 0777) != 0)
        return std::move(file).error();
    const std::string name = fmt::format("/proc/self/fd/{}", handle.get());
    if (::chmod(name.c_str(), 0400) != 0) return std::move(file).error();
    Fd opened(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    const int error = errno;
    ::chmod(name.c_str(), id.mode & 07777);
    if (!opened) return os_error(error, "open " + std::string(path), std::string(path));
    return read_stub(opened.get());
}

}  // namespace neurolake::lake
