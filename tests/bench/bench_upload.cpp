// bench_upload.cpp: what a burst does with one file's bytes, without the lake around it, so that each step can be
// measured.
// SPDX-License-Identifier: Apache-2.0
//
// usage: bench_upload put FILE ENDPOINT BUCKET KEY CONCURRENCY   hashes, uploads and proves, as a burst does; keys from
// the
//                                                                environment (AWS_ACCESS_KEY_ID ...)
//        bench_upload sum FILE        the first of these alone: SHA-256 of the whole and of parts of 16 MiB
//        bench_upload sha256 FILE     SHA-256 of the file
#include <fcntl.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/digest.hpp"
#include "store/store.hpp"
#include "tier/upload.hpp"

namespace {

using namespace neurolake;
using namespace neurolake::tier;
namespace fs = std::filesystem;

constexpr std::uint64_t k_part = 16u << 20;

struct Opened {
    Fd folder;
    LeaseWatch watch;
    std::unique_ptr<HeldFile> file;
};

Status open(Opened& opened, const fs::path& path) {
    TRY(opened.folder, open_folder(path.parent_path()));
    TRY(opened.file,
        HeldFile::open(opened.folder.get(), path.filename().string(), std::nullopt, SystemClock().now(), opened.watch));
    return {};
}

Status sum(const fs::path& path) {
    Opened opened;
    TRY_DO(open(opened, path));
    const CancelFlag cancel;
    TRY(const Sums sums, sum_up(*opened.file, k_part, cancel, {}));
    std::printf("%s %zu parts\n", to_hex(sums.whole).c_str(), sums.parts.size());
    return {};
}

Status put(const fs::path& path, const std::string& endpoint, const std::string& bucket, const std::string& key,
           unsigned concurrency) {
    store::Options options;
    options.endpoint = endpoint;
    options.bucket = bucket;
    const SystemClock clock;
    const CancelFlag cancel;
    TRY(const auto store, store::open(options, clock, cancel));
    Opened opened;
    TRY_DO(open(opened, path));
    const auto part = part_size_for(opened.file->identity().size, k_part, store->capabilities());
    TRY(const Sums sums, sum_up(*opened.file, part, cancel, {}));
    UploadJob job{*opened.file, sums,       {{store::k_meta_sha256, to_hex(sums.whole)}}, {}, key, {}, false, {},
                  {},           concurrency};
    job.journal = [](const UploadJob&) { return Status(); };
    TRY(const auto proof, upload_and_prove(*store, job, cancel));
    std::printf("%s\n", proof.claim().key.c_str());
    return {};
}

Status sha256_file(const fs::path& path) {
    TRY(const Fd fd, open_file(path, O_RDONLY));
    TRY(const auto digest, sha256_of(fd.get()));
    std::printf("%s\n", to_hex(digest).c_str());
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    const std::string task = argc > 2 ? argv[1] : "";
    Status done = Error(Errc::usage, "usage: bench_upload put|sum|sha256 FILE [ENDPOINT BUCKET KEY CONCURRENCY]");
    if (task == "sum") done = sum(argv[2]);
    if (task == "sha256") done = sha256_file(argv[2]);
    if (task == "put" && argc == 7)
        done = put(argv[2], argv[3], argv[4], argv[5], static_cast<unsigned>(std::atoi(argv[6])));
    if (done) return 0;
    std::fprintf(stderr, "bench_upload: %s\n", done.error().message.c_str());
    return 1;
}
