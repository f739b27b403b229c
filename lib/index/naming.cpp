// naming.cpp: from paths to table names.
// SPDX-License-Identifier: Apache-2.0
#include "index/naming.hpp"

#include <cctype>
#include <map>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "formats/formats.hpp"

namespace neurolake::index {
namespace {

constexpr std::string_view k_bucket_table = "all";  // partitions directly in a bucket

std::string safe(std::string_view part) {
    // Bytes that are no visible text must not hide in a name people type.
    const bool letters_beyond_ascii = text::escape_controls(part) == part && text::is_utf8(part);
    std::string out;
    for (const char c : part) {
        const auto u = static_cast<unsigned char>(c);
        const bool good = std::isalnum(u) || c == '_' || c == '-' || (u >= 0x80 && letters_beyond_ascii);
        out += good ? c : '_';
    }
    return out.empty() ? "_" : out;
}

// The file's name without the extensions that name its format ("orders" of "orders.csv.gz"); all of it when none does.
std::string_view stem_of(std::string_view name) {
    if (formats::format_of_name(name).empty()) return name;
    const std::string_view shorter = name.substr(0, name.rfind('.'));
    // What is left still names a format in "orders.csv.gz", but not every name that ends so is compressed: "a.csv.csv".
    const std::string_view last = name.substr(shorter.size() + 1);
    const bool compressed = formats::format_of_name("x." + std::string(last)).empty();
    return compressed ? shorter.substr(0, shorter.rfind('.')) : shorter;
}

std::string extension_of(const Group& group) {
    const std::string_view name = name_of(group.path), stem = stem_of(name);
    return stem.size() < name.size() ? safe(name.substr(stem.size() + 1)) : std::string();
}

std::string digits_of(std::string_view path) {
    const auto digest = sha256(path);
    return digest ? to_hex(*digest).substr(0, 6) : random_hex(3);
}

// One more try each: with the extension, with digits of the path, with more digits.
std::string other_name(const Group& group, const std::string& plain, const std::set<std::string>& taken) {
    const std::string extension = group.is_folder ? std::string() : extension_of(group);
    if (!extension.empty() && !taken.contains(plain + "_" + extension)) return plain + "_" + extension;
    std::string name = plain + "_" + digits_of(group.path);
    while (taken.contains(name)) name += "_";
    return name;
}

}  // namespace

std::string safe_table_name(std::string_view wanted) {
    std::string out;
    for (const std::string_view part : text::split(wanted, '.')) out += (out.empty() ? "" : ".") + safe(part);
    return out;
}

std::string plain_name(const Group& group) {
    if (!group.wanted_name.empty()) return safe_table_name(group.wanted_name);
    if (group.path.empty()) return std::string(k_bucket_table);
    std::string out;
    for (const std::string_view part : text::split(parent_of(group.path), '/'))
        if (!part.empty()) out += safe(part) + ".";
    const std::string_view name = name_of(group.path);
    return out + safe(group.is_folder ? name : stem_of(name));
}

std::vector<std::string> give_names(const std::vector<const Group*>& groups, const std::vector<std::string>& kept,
                                    std::set<std::string> taken) {
    std::vector<std::string> names = kept;
    for (const std::string& name : kept)
        if (!name.empty()) taken.insert(name);
    std::map<std::string, std::vector<std::size_t>> wanted;
    for (std::size_t i = 0; i < groups.size(); ++i)
        if (names[i].empty()) wanted[plain_name(*groups[i])].push_back(i);
    for (const auto& [plain, all] : wanted) {
        std::size_t folders = 0;
        for (const std::size_t i : all) folders += groups[i]->is_folder;
        for (const std::size_t i : all) {
            const bool first_choice = all.size() == 1 || (folders == 1 && groups[i]->is_folder);
            const bool free = first_choice && !taken.contains(plain);
            names[i] = free ? plain : other_name(*groups[i], plain, taken);
            taken.insert(names[i]);
        }
    }
    return names;
}

}  // namespace neurolake::index
