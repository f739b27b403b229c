// profile_store.cpp: frames, their checksums, appending and compaction.
// SPDX-License-Identifier: Apache-2.0
#include "index/profile_store.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <set>

namespace neurolake::index {
namespace {

constexpr std::string_view k_magic = "NLPROF5\n";  // the file's first bytes; the digit is the codec
constexpr std::uint32_t k_frame_magic = 0x4D52464E;
constexpr std::size_t k_header = 4 + 4 + 4 + 4 + 8 + 8;
constexpr std::uint64_t k_slack = 1u << 20;  // dead bytes that are not worth a rewrite

struct Header {
    std::uint32_t magic = k_frame_magic, bucket_size = 0, folder_size = 0, reserved = 0;
    std::uint64_t payload_size = 0, checksum = 0;
    std::uint64_t frame_size() const { return k_header + bucket_size + folder_size + payload_size; }
};

std::uint64_t checksum_of(const Header& header, std::string_view rest) {
    std::uint64_t state = 0x70726F66696C6573ull ^ header.payload_size ^ (std::uint64_t{header.bucket_size} << 32);
    const auto mix = [&](std::uint64_t word) {
        state = (state ^ word) * 0x9E3779B97F4A7C15ull;
        state ^= state >> 32;
    };
    mix(header.folder_size);
    for (; rest.size() >= 8; rest.remove_prefix(8)) {
        std::uint64_t word;
        std::memcpy(&word, rest.data(), 8);
        mix(word);
    }
    std::uint64_t tail = rest.size();
    for (const char c : rest) tail = tail << 8 | static_cast<unsigned char>(c);
    mix(tail);
    return state;
}

std::string bytes_of(const Header& h) {
    std::string out(k_header, '\0');
    char* at = out.data();
    for (const std::uint32_t v : {h.magic, h.bucket_size, h.folder_size, h.reserved}) {
        std::memcpy(at, &v, 4);
        at += 4;
    }
    std::memcpy(at, &h.payload_size, 8);
    std::memcpy(at + 8, &h.checksum, 8);
    return out;
}

Header header_from(const char* at) {
    Header h;
    for (std::uint32_t* v : {&h.magic, &h.bucket_size, &h.folder_size, &h.reserved}) {
        std::memcpy(v, at, 4);
        at += 4;
    }
    std::memcpy(&h.payload_size, at, 8);
    std::memcpy(&h.checksum, at + 8, 8);
    return h;
}

std::string make_frame(std::string_view bucket, std::string_view folder, std::string_view payload) {
    Header header;
    header.bucket_size = static_cast<std::uint32_t>(bucket.size());
    header.folder_size = static_cast<std::uint32_t>(folder.size());
    header.payload_size = payload.size();
    std::string rest;
    rest.append(bucket).append(folder).append(payload);
    header.checksum = checksum_of(header, rest);
    return bytes_of(header) + rest;
}

// The payload of a frame read whole; nullopt when it does not verify.
std::optional<std::string_view> payload_of(std::string_view frame) {
    if (frame.size() < k_header) return std::nullopt;
    const Header header = header_from(frame.data());
    if (header.magic != k_frame_magic || header.frame_size() != frame.size()) return std::nullopt;
    const std::string_view rest = frame.substr(k_header);
    if (checksum_of(header, rest) != header.checksum) return std::nullopt;
    return rest.substr(header.bucket_size + header.folder_size);
}

// 0: no file of profiles.
int codec_of(std::string_view head) {
    if (head.size() != k_magic.size() || head.substr(0, 6) != k_magic.substr(0, 6) || head.back() != '\n') return 0;
    const int codec = head[6] - '0';
    return codec >= 1 && codec <= k_codec ? codec : 0;
}

Result<std::string> read_range(int fd, std::uint64_t offset, std::uint64_t size) {
    std::string bytes(size, '\0');
    TRY_DO(read_exact(fd, std::as_writable_bytes(std::span(bytes)), offset));
    return bytes;
}

}  // namespace

Result<ProfileStore> ProfileStore::open(const std::filesystem::path& file) {
    ProfileStore store;
    store.m_file = file;
    auto fd = open_file(file, O_RDWR);
    if (!fd && fd.error().code == Errc::denied) fd = open_file(file, O_RDONLY);  // a dry run of somebody else
    if (!fd && fd.error().code == Errc::not_found) return store;
    if (!fd) return std::move(fd).error().with_context("open the file profiles");
    store.m_fd = std::move(*fd);
    TRY(const Identity identity, identity_of(store.m_fd.get()));
    auto head = read_range(store.m_fd.get(), 0, std::min<std::uint64_t>(identity.size, k_magic.size()));
    store.m_codec = head ? codec_of(*head) : 0;
    if (store.m_codec == 0) {
        store.m_damaged = true;
        return store;
    }
    store.m_end = k_magic.size();
    while (store.m_end + k_header <= identity.size) {
        auto bytes = read_range(store.m_fd.get(), store.m_end, k_header);
        if (!bytes) break;
        const Header header = header_from(bytes->data());
        const std::uint64_t names_size = std::uint64_t{header.bucket_size} + header.folder_size;
        const std::uint64_t room = identity.size - store.m_end - k_header;
        if (header.magic != k_frame_magic || names_size > room || header.payload_size > room - names_size) break;
        auto both = read_range(store.m_fd.get(), store.m_end + k_header, names_size);
        if (!both) break;
        Place& place = store.m_places[{both->substr(0, header.bucket_size), both->substr(header.bucket_size)}];
        store.m_live += header.frame_size() - place.size;
        place = {store.m_end, header.frame_size()};
        store.m_end += header.frame_size();
    }
    store.m_damaged = store.m_end != identity.size;
    return store;
}

std::string ProfileStore::frame_of(const Key& key) const {
    if (const auto staged = m_staged.find(key); staged != m_staged.end()) return staged->second;
    const auto place = m_places.find(key);
    if (place == m_places.end()) return {};
    auto frame = read_range(m_fd.get(), place->second.offset, place->second.size);
    return frame ? std::move(*frame) : std::string();
}

FolderProfiles ProfileStore::load(std::string_view bucket, std::string_view folder) const {
    const Key key{std::string(bucket), std::string(folder)};
    const std::string frame = frame_of(key);
    const auto payload = payload_of(frame);
    if (!payload) return {};
    auto profiles = decode(*payload, m_staged.contains(key) ? k_codec : m_codec);
    return profiles ? std::move(*profiles) : FolderProfiles{};
}

void ProfileStore::put(std::string_view bucket, std::string_view folder, const FolderProfiles& profiles) {
    Key key{std::string(bucket), std::string(folder)};
    m_staged[std::move(key)] = make_frame(bucket, folder, encode(profiles));
}

void ProfileStore::rename_bucket(std::string_view from, std::string_view to) {
    std::set<std::string> folders;
    for (const auto& [key, place] : m_places)
        if (key.first == from) folders.insert(key.second);
    for (const auto& [key, frame] : m_staged)
        if (key.first == from) folders.insert(key.second);
    for (const std::string& folder : folders) {
        const FolderProfiles profiles = load(from, folder);
        if (profiles.empty()) continue;
        put(to, folder, profiles);
        put(from, folder, {});
    }
}

Status ProfileStore::commit() {
    if (m_staged.empty()) return {};
    std::uint64_t live = m_live, staged = 0;
    for (const auto& [key, frame] : m_staged) {
        staged += frame.size();
        const auto place = m_places.find(key);
        live += frame.size() - (place == m_places.end() ? 0 : place->second.size);
    }
    const bool rewrite_pays = m_end + staged > 2 * live + k_slack;
    return !m_fd || m_damaged || m_codec != k_codec || rewrite_pays ? rewrite() : append();
}

// Readers hold no lock, so a frame must never be seen half: its checksum decides, and fsync comes before the inventory
// calls the files indexed.
Status ProfileStore::append() {
    std::string bytes;
    std::uint64_t offset = m_end;
    for (const auto& [key, frame] : m_staged) {
        Place& place = m_places[key];
        m_live += frame.size() - place.size;
        place = {offset, frame.size()};
        offset += frame.size();
        bytes += frame;
    }
    if (::lseek(m_fd.get(), static_cast<off_t>(m_end), SEEK_SET) < 0) return os_error(errno, "append file profiles");
    TRY_DO(write_all(m_fd.get(), bytes).with_context("append file profiles"));
    TRY_DO(sync_file(m_fd.get()));
    m_end = offset;
    m_staged.clear();
    return {};
}

Status ProfileStore::rewrite() {
    TRY(AtomicFile file, AtomicFile::create(m_file, 0600));
    TRY_DO(file.write(k_magic));
    std::map<Key, Place> places = m_places;
    for (const auto& [key, frame] : m_staged) places[key];
    std::uint64_t offset = k_magic.size();
    for (auto at = places.begin(); at != places.end();) {
        std::string frame = frame_of(at->first);
        const int codec = m_staged.contains(at->first) ? k_codec : m_codec;
        const auto payload = payload_of(frame);
        const auto profiles = payload ? decode(*payload, codec) : std::nullopt;
        if (!profiles || profiles->empty()) {  // damaged, or a folder that is no more
            at = places.erase(at);
            continue;
        }
        if (codec != k_codec) frame = make_frame(at->first.first, at->first.second, encode(*profiles));
        TRY_DO(file.write(frame));
        at->second = {offset, frame.size()};
        offset += frame.size();
        ++at;
    }
    TRY_DO(file.commit(Overwrite::yes).with_context("write the file profiles"));
    TRY(m_fd, open_file(m_file, O_RDWR));
    m_places = std::move(places);
    m_end = offset;
    m_live = offset - k_magic.size();
    m_damaged = false;
    m_codec = k_codec;
    m_staged.clear();
    return {};
}

}  // namespace neurolake::index
