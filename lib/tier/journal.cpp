// journal.cpp: writing, reading and sealing operation records.
// SPDX-License-Identifier: Apache-2.0
#include "tier/journal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/digest.hpp"
#include "tier/free.hpp"

namespace neurolake::tier {

namespace {

constexpr std::string_view k_schema = "neurolake.journal/1";
constexpr std::uint64_t k_largest_record = 16u << 20;
constexpr std::size_t k_longest_name = 255;

constexpr std::array<std::pair<OpState, std::string_view>, 4> k_states{{
    {OpState::uploading, "uploading"},
    {OpState::proven, "proven"},
    {OpState::swapping, "swapping"},
    {OpState::recalling, "recalling"},
}};

json::Value to_json(const Identity& id) {
    auto out = json::Value::object();
    out.set("dev", id.dev).set("ino", id.ino).set("size", id.size).set("mtime_ns", id.mtime_ns);
    out.set("ctime_ns", id.ctime_ns).set("mode", id.mode).set("uid", id.uid).set("gid", id.gid);
    return out.set("nlink", id.nlink).set("allocated", id.allocated);
}

Identity identity_from(const json::Value& value) {
    Identity id;
    id.dev = value.natural("dev");
    id.ino = value.natural("ino");
    id.size = value.natural("size");
    id.mtime_ns = value.integer("mtime_ns");
    id.ctime_ns = value.integer("ctime_ns");
    id.mode = static_cast<std::uint32_t>(value.natural("mode"));
    id.uid = static_cast<std::uint32_t>(value.natural("uid"));
    id.gid = static_cast<std::uint32_t>(value.natural("gid"));
    id.nlink = static_cast<std::uint32_t>(value.natural("nlink"));
    id.allocated = value.natural("allocated");
    return id;
}

json::Value to_json(const OpFile& file) {
    auto out = json::Value::object();
    out.set("n", file.n).set("state", to_string(file.state)).set("bucket", file.bucket);
    json::set_path(out, "path", file.path);
    out.set("table", file.table).set("unit", file.unit).set("identity", to_json(file.identity));
    out.set("size", file.identity.size).set("sha256", file.sha256);
    json::set_path(out, "key", file.key);
    out.set("version_id", file.version_id).set("etag", file.etag).set("upload_op", file.upload_op);
    out.set("upload_id", file.upload_id).set("part_size", file.part_size).set("moved_at", file.moved_at);
    out.set("nolease", file.nolease);
    if (file.stub) out.set("stub", lake::to_json(*file.stub));
    return out;
}

Result<OpFile> file_from(const json::Value& value) {
    OpFile file;
    file.n = static_cast<unsigned>(value.natural("n"));
    const auto word = value.text("state");
    const auto state = std::find_if(k_states.begin(), k_states.end(), [&](const auto& s) { return s.second == word; });
    if (state == k_states.end()) return Error(Errc::corrupt, fmt::format("unknown state '{}'", word));
    file.state = state->first;
    file.bucket = value.text("bucket");
    file.path = json::get_path(value, "path");
    file.table = value.text("table");
    file.unit = value.text("unit");
    if (const auto* identity = value.find("identity")) file.identity = identity_from(*identity);
    file.sha256 = value.text("sha256");
    file.key = json::get_path(value, "key");
    file.version_id = value.text("version_id");
    file.etag = value.text("etag");
    file.upload_op = value.text("upload_op");
    file.upload_id = value.text("upload_id");
    file.part_size = value.natural("part_size");
    file.moved_at = value.text("moved_at");
    file.nolease = value.boolean("nolease");
    if (const auto* stub = value.find("stub")) {
        TRY(file.stub, lake::stub_from_json(*stub));
    }
    if (file.path.empty() || file.bucket.empty()) return Error(Errc::corrupt, "a file without a path");
    return file;
}

json::Value to_json(const lake::StoreLocation& store) {
    auto out = json::Value::object();
    out.set("provider", store.provider).set("endpoint", store.endpoint).set("region", store.region);
    return out.set("bucket", store.bucket).set("path_style", store.path_style);
}

lake::StoreLocation location_from(const json::Value& value) {
    lake::StoreLocation out;
    out.provider = value.text("provider");
    out.endpoint = value.text("endpoint");
    out.region = value.text("region");
    out.bucket = value.text("bucket");
    out.path_style = value.boolean("path_style", true);
    return out;
}

}  // namespace

std::string_view to_string(OpState state) {
    return std::find_if(k_states.begin(), k_states.end(), [&](const auto& s) { return s.first == state; })->second;
}

std::string entry_name(const OpRecord& record, const OpFile& file) { return fmt::format("{}-{}", record.op, file.n); }
std::string side_name(const OpRecord& record, const OpFile& file) { return ".nl-" + entry_name(record, file); }
std::string aside_name(const OpRecord& record, const OpFile& file) { return side_name(record, file) + ".aside"; }

std::string conflict_name(const OpRecord& record, const std::string& name) {
    const auto ending = ".nl-conflict-" + record.op;
    return name.substr(0, k_longest_name - ending.size()) + ending;
}

std::string new_op() { return random_hex(8); }

json::Value to_json(const OpRecord& record) {
    auto out = json::Value::object();
    out.set("schema", k_schema).set("op", record.op).set("kind", record.kind == OpKind::burst ? "burst" : "recall");
    out.set("started_at", record.started_at)
        .set("plan", record.plan)
        .set("instance", record.instance)
        .set("store", to_json(record.store));
    auto files = json::Value::array();
    for (const auto& file : record.files) files.push(to_json(file));
    out.set("files", std::move(files));
    const auto seal = sha256(json::dump(out));
    return out.set("seal", seal ? to_hex(*seal) : std::string());
}

Result<OpRecord> record_from_json(const json::Value& value) {
    const auto* members = value.as_object();
    if (!members || value.text("schema") != k_schema) return Error(Errc::corrupt, "not a journal record");
    auto rest = json::Value::object();
    for (const auto& [key, member] : *members)
        if (key != "seal") rest.set(key, member);
    TRY(const auto seal, sha256(json::dump(rest)));
    if (value.text("seal") != to_hex(seal)) return Error(Errc::corrupt, "its checksum does not fit");
    OpRecord record;
    record.op = value.text("op");
    record.kind = value.text("kind") == "recall" ? OpKind::recall : OpKind::burst;
    record.started_at = value.text("started_at");
    record.plan = value.text("plan");
    record.instance = value.text("instance");
    if (const auto* store = value.find("store")) record.store = location_from(*store);
    for (const auto& entry : value.items("files")) {
        TRY(auto file, file_from(entry));
        record.files.push_back(std::move(file));
    }
    return record;
}

Status Journal::write(const OpRecord& record) const {
    const auto bytes = json::dump(to_json(record), json::Style::entries) + "\n";
    const auto path = m_layout.journal / (record.op + ".json");
    auto written = write_file_atomic(path, bytes, 0600);
    if (!written && written.error().code == Errc::full) {
        lake::release_reserve(m_layout);
        written = write_file_atomic(path, bytes, 0600);
    }
    return std::move(written).with_context("journal");
}

Status Journal::remove(const OpRecord& record) const {
    TRY(const Fd folder, open_folder(m_layout.journal));
    return forget_entry(folder.get(), record.op + ".json").with_context("journal");
}

Status Journal::settle(const OpRecord& record) const { return record.files.empty() ? remove(record) : write(record); }

Result<Journal::Listing> Journal::read() const {
    Listing listing;
    std::vector<std::filesystem::path> paths;
    std::error_code error;
    for (std::filesystem::directory_iterator it(m_layout.journal, error), end; !error && it != end; it.increment(error))
        paths.push_back(it->path());
    if (error) return os_error(error.value(), "list " + m_layout.journal.string(), m_layout.journal.string());
    std::sort(paths.begin(), paths.end());
    for (const auto& path : paths) {
        const auto name = path.filename().string();
        if (name.starts_with(".")) continue;  // a temporary of a killed write: the record before it counts
        auto bytes = read_file(path, k_largest_record);
        if (!bytes && bytes.error().code != Errc::corrupt) return std::move(bytes).error();
        auto value = bytes ? json::parse(*bytes) : Result<json::Value>(std::move(bytes).error());
        auto record = value ? record_from_json(*value) : Result<OpRecord>(std::move(value).error());
        if (record && record->op + ".json" == name)
            listing.records.push_back(std::move(record).value());
        else
            listing.damaged.push_back(name);
    }
    return listing;
}

}  // namespace neurolake::tier
