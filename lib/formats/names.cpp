// names.cpp: what a file's name alone says: its format, that it is no data, or that someone is still writing it.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "formats/formats.hpp"

namespace neurolake::formats {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 20> k_extensions{{
    {"csv", "csv"},
    {"tsv", "tsv"},
    {"tab", "tsv"},
    {"jsonl", "json_lines"},
    {"ndjson", "json_lines"},
    {"ldjson", "json_lines"},
    {"jsonlines", "json_lines"},
    {"json", "json"},
    {"geojson", "json"},
    {"parquet", "parquet"},
    {"pq", "parquet"},
    {"parq", "parquet"},
    {"ncf", "ncf"},
    {"avro", "avro"},
    {"arrow", "arrow"},
    {"arrows", "arrow"},
    {"ipc", "arrow"},
    {"feather", "arrow"},
    {"ftr", "arrow"},
    {"orc", "orc"},
}};

constexpr std::array<std::string_view, 5> k_compressed{"gz", "gzip", "zst", "zstd", "bz2"};

// Compared lower-cased: Windows and macOS do not keep the case of these.
constexpr std::array<std::string_view, 22> k_not_data{
    "bucket_info.txt",  "readme.md",
    "desktop.ini",      "thumbs.db",
    "ehthumbs.db",      "icon\r",
    "_success",         "_failure",
    "_in-cloud.txt",    "_neurolake.yaml",
    "_delta_log",       "_metadata",
    "_common_metadata", "_metadata.json",
    "_history.json",    "_temporary",
    "_spark_metadata",  "_symlink_format_manifest",
    "__macosx",         "lost+found",
    "$recycle.bin",     "system volume information",
};
// Job side-cars that carry an id after the word.
constexpr std::array<std::string_view, 2> k_not_data_prefixes{"_committed_", "_started_"};

constexpr std::array<std::string_view, 11> k_temporary_endings{".tmp",        ".temp",     ".part",      ".partial",
                                                               ".crdownload", ".download", "~",          ".filepart",
                                                               ".opdownload", ".swp",      ".inprogress"};

std::string lower(std::string_view s) {
    std::string out(s);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

// Takes ".ext" off the end of name and returns "ext"; "" when there is none (a leading dot starts no extension).
std::string_view take_extension(std::string_view& name) {
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos || dot == 0) return {};
    const std::string_view extension = name.substr(dot + 1);
    name = name.substr(0, dot);
    return extension;
}

}  // namespace

std::string format_of_name(std::string_view file_name) {
    const std::string name = lower(file_name);
    std::string_view rest = name;
    std::string_view extension = take_extension(rest);
    if (std::find(k_compressed.begin(), k_compressed.end(), extension) != k_compressed.end())
        extension = take_extension(rest);
    for (const auto& [known, format] : k_extensions)
        if (extension == known) return std::string(format);
    return {};
}

bool is_known_non_data(std::string_view name) {
    if (name.empty() || name.front() == '.') return true;
    const std::string lowered = lower(name);
    if (std::find(k_not_data.begin(), k_not_data.end(), lowered) != k_not_data.end()) return true;
    return std::any_of(k_not_data_prefixes.begin(), k_not_data_prefixes.end(),
                       [&](std::string_view prefix) { return lowered.starts_with(prefix); });
}

bool is_temporary_name(std::string_view name) {
    if (name.empty()) return false;
    if (name.front() == '.' && name.find(".nl-tmp-") != std::string_view::npos) return true;
    if (name.starts_with("~$")) return true;  // an office program's lock file
    const std::string lowered = lower(name);
    return std::any_of(k_temporary_endings.begin(), k_temporary_endings.end(),
                       [&](std::string_view ending) { return lowered.ends_with(ending); });
}

}  // namespace neurolake::formats
