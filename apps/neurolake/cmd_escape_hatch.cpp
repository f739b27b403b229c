// cmd_escape_hatch.cpp: `neurolake escape-hatch`: a script that brings all data back without this program.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "commands.hpp"
#include "shell_words.hpp"
#include "store/keys.hpp"

namespace neurolake::apps {

namespace {

struct Args {};

constexpr char k_head[] = R"sh(#!/bin/sh
# Brings back every file of this lake whose bytes are in the cloud. Needs sha256sum, od, and for S3 the AWS CLI (`aws`).
# Usage: sh restore.sh [LAKE]      A file that is here already is left alone; what comes back is checked before it is
# put in place. Safe to run again. Exit code 1 when something could not be brought back.
set -u
lake=${1:-HOME_OF_LAKE}
failed=0

is_stub() { # our stubs begin with these bytes
    chmod u+r "$1" 2>/dev/null
    [ "$(od -An -tx1 -N8 "$1" 2>/dev/null | tr -d ' \n')" = 894e4c535455420d ]
}

restore() { # FOLDER PATH SHA256 MODE SECONDS COMMAND...
    folder=$1 path=$2 sum=$3 mode=$4 seconds=$5
    shift 5
    to=$folder/$path
    if [ -e "$to" ] && ! is_stub "$to"; then
        return
    fi
    mkdir -p "$(dirname "$to")"
    part=$(dirname "$to")/.restore-$$.part
    if "$@" "$part" >/dev/null && [ "$(sha256sum <"$part" | cut -c1-64)" = "$sum" ]; then
        chmod "$mode" "$part" && touch -d "@$seconds" "$part" && mv -f "$part" "$to" && return
    fi
    rm -f "$part"
    printf 'not brought back: %s\n' "$to" >&2
    failed=1
}

)sh";

constexpr char k_tail[] = "exit $failed\n";

// The command that fetches one object, without its last word, the target.
Result<std::string> fetch_words(const lake::StoreLocation& store) {
    if (store.provider == "directory") {
        TRY(const std::string file, store::shorten_components(store::escape_key(store.key, store::KeyPlace::folder)));
        return "cp " + shell_word(store.endpoint + "/" + file);
    }
    std::string words = "aws s3 cp";
    if (!store.endpoint.empty()) words += " --endpoint-url " + shell_word(store.endpoint);
    if (!store.region.empty()) words += " --region " + shell_word(store.region);
    return words + " " +
           shell_word("s3://" + store.bucket + "/" + store::escape_key(store.key, store::KeyPlace::object));
}

std::string folder_of(const config::Settings& settings, const std::string& bucket) {
    for (const auto& known : settings.buckets) {
        if (known.name == bucket && known.outside) return shell_word(known.root.string());
    }
    return "\"$lake\"/buckets/" + shell_word(bucket);
}

Result<int> run_escape_hatch(Session& session, const Args&) {
    TRY(const lake::Lake* lake, session.lake());
    TRY(const config::Settings* settings, session.settings());
    TRY(const lake::CloudList* list, session.cloud_list());
    std::string script = k_head;
    const std::string mark = "HOME_OF_LAKE";
    script.replace(script.find(mark), mark.size(), shell_word(lake->layout().home.string()));
    for (const auto& entry : list->entries()) {
        if (entry.recalled) continue;
        const auto& stub = entry.stub;
        TRY(const std::string fetch, fetch_words(stub.store));
        script += fmt::format("restore {} {} {} {:o} {} {}\n", folder_of(*settings, stub.bucket), shell_word(stub.path),
                              stub.sha256, stub.mode & 0777, stub.mtime_ns / 1'000'000'000, fetch);
    }
    session.out().raw(script + k_tail);
    return 0;
}

}  // namespace

void add_escape_hatch(CommandLine root, Registry& registry) {
    registry.command<Args>(root, "escape-hatch", "Print a script that restores all data without neurolake",
                           run_escape_hatch,
                           {"neurolake escape-hatch > restore.sh", "neurolake escape-hatch | sh -s -- /mnt/lake-copy"});
}

}  // namespace neurolake::apps
