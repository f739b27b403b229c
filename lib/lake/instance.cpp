// instance.cpp: the fingerprint of a lake's folder, and the id that belongs to it.
// SPDX-License-Identifier: Apache-2.0
#include "lake/instance.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace neurolake::lake {

namespace {

constexpr char k_schema[] = "neurolake.instance/1";

std::string machine_id() {
    for (const char* file : {"/etc/machine-id", "/var/lib/dbus/machine-id"})
        if (const auto text = read_file(file, 4096); text && !text->empty()) return std::string(text::trim(*text));
    return "unknown";
}

// Not the device's number: a remount may change it.
std::string fingerprint(const Layout& layout) {
    struct statx s {};
    if (::statx(AT_FDCWD, layout.state.c_str(), AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &s) != 0) return {};
    const bool born = (s.stx_mask & STATX_BTIME) != 0;
    const auto facts = fmt::format("{} {} {} {}", machine_id(), s.stx_ino, born ? s.stx_btime.tv_sec : 0,
                                   born ? s.stx_btime.tv_nsec : 0);
    const auto digest = sha256(facts);
    return digest ? to_hex(*digest).substr(0, 32) : std::string();
}

}  // namespace

std::string instance_id(const Layout& layout, Keep keep) {
    const auto file = layout.state / "instance.json";
    const std::string now = fingerprint(layout);
    if (now.empty()) return {};
    if (const auto text = read_file(file, 1 << 16))
        if (const auto value = json::parse(*text); value && value->text("schema") == k_schema)
            if (value->text("fingerprint") == now && value->text("id").size() == 32) return value->text("id");
    if (keep == Keep::no) return {};
    auto value = json::Value::object();
    const std::string id = random_hex(16);
    value.set("schema", k_schema).set("id", id).set("fingerprint", now);
    if (!write_file_atomic(file, json::dump(value, json::Style::pretty) + "\n", 0600)) return {};
    return id;
}

}  // namespace neurolake::lake
