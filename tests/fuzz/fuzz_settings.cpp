// fuzz_settings.cpp: the texts of both settings files: parsed, loaded, and one value edited.
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "config/edit.hpp"
#include "config/loader.hpp"

using namespace neurolake;

// Up to the first zero byte the bytes are settings.yaml, behind it buckets.yaml.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view all(reinterpret_cast<const char*>(bytes), size);
    const std::size_t zero = all.find('\0');
    config::Sources sources;
    sources.settings = all.substr(0, zero);
    if (zero != std::string_view::npos) sources.buckets = all.substr(zero + 1);
    const config::Environment empty = [](std::string_view) { return std::nullopt; };
    const config::Loaded loaded = config::load_from("/fuzz", sources, empty, {});
    for (const config::Problem& problem : loaded.problems)
        if (problem.text.empty()) std::abort();
    if (!config::parse_yaml(sources.settings, "settings.yaml").problems.empty()) return 0;
    const auto edited = config::with_value(sources.settings, "settings.yaml", {"storage", "high"}, "80%");
    if (!edited) return 0;
    const config::Document after = config::parse_yaml(*edited, "settings.yaml");
    const config::Node* storage = after.root.find("storage");
    const config::Node* high = storage != nullptr ? storage->find("high") : nullptr;
    if (high == nullptr || high->text != "80%" || !after.problems.empty()) std::abort();
    return 0;
}
