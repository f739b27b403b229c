// make_tree.cpp: makes the trees the walk is measured on: so many small files in so many folders, from a seed.
// SPDX-License-Identifier: Apache-2.0
//
// usage: bench_make_tree FOLDER FILES FILES_A_FOLDER SEED [csv]
// FILES_A_FOLDER = 0: all files in one folder. With csv, every file is a small table; otherwise files have sizes, but
// no content. The same arguments make the same tree. One that is already there (the recipe beside it says with which
// arguments) is left as it is.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

std::uint64_t g_state = 0;
std::uint64_t next_random() {  // splitmix64
    std::uint64_t z = (g_state += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
}

const char* const k_words[] = {"orders", "events", "clicks", "sensor", "invoice", "customer", "export", "daily"};
const char* const k_endings[] = {".csv", ".jsonl", ".parquet", ".json", ".log", ".txt"};

bool write_table(int fd, std::uint64_t r) {
    std::string rows = "id,amount,name\n";
    for (std::uint64_t i = 0; i < 3 + r % 5; ++i)
        rows += std::to_string(i) + "," + std::to_string(r % 1000) + "." + std::to_string(i % 10) + ",customer\n";
    return ::write(fd, rows.data(), rows.size()) == static_cast<ssize_t>(rows.size());
}

// Sizes without content, so that a million files fit anywhere: a walk reads none.
bool make_file(int folder, std::uint64_t number, bool csv) {
    const std::uint64_t r = next_random();
    const std::string name = std::string(k_words[r % 8]) + "_" + std::to_string(number) + "_" +
                             std::to_string(r % 100000) + (csv ? ".csv" : k_endings[(r >> 20) % 6]);
    const int fd = ::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) return false;
    const bool filled = csv ? write_table(fd, r) : ::ftruncate(fd, static_cast<off_t>((r >> 32) % 50000)) == 0;
    return ::close(fd) == 0 && filled;
}

bool make_all(const std::filesystem::path& root, std::uint64_t files, std::uint64_t per_folder, bool csv) {
    for (std::uint64_t number = 0, folder = 0; number < files; ++folder) {
        std::filesystem::path path = root;
        if (per_folder > 0)
            path /= "source_" + std::to_string(folder / 1000) + "/year=" + std::to_string(2015 + folder / 100 % 10) +
                    "/part_" + std::to_string(folder % 100);
        std::filesystem::create_directories(path);
        const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) return false;
        const std::uint64_t end = per_folder > 0 ? std::min(files, number + per_folder) : files;
        for (; number < end; ++number)
            if (!make_file(fd, number, csv)) return false;
        ::close(fd);
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5 && argc != 6) {
        std::fprintf(stderr, "usage: bench_make_tree FOLDER FILES FILES_A_FOLDER SEED [csv]\n");
        return 2;
    }
    const std::filesystem::path root = argv[1];
    const std::string recipe = std::string(argv[2]) + " " + argv[3] + " " + argv[4] + (argc == 6 ? " csv" : "") + "\n";
    const std::filesystem::path marker = root.string() + ".recipe";
    std::ifstream in(marker);
    if (std::string there; std::getline(in, there) && there + "\n" == recipe) return 0;
    std::filesystem::remove(marker);
    std::filesystem::remove_all(root);
    std::filesystem::create_directories(root);
    g_state = std::strtoull(argv[4], nullptr, 10);
    if (!make_all(root, std::strtoull(argv[2], nullptr, 10), std::strtoull(argv[3], nullptr, 10), argc == 6)) {
        std::perror("bench_make_tree");
        return 1;
    }
    std::ofstream(marker) << recipe;
    return 0;
}
