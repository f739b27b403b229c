// scratch.hpp: a lake's config folder in a temporary place, removed at the end.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "config/config.hpp"

namespace scratch {

class Lake {
public:
    Lake() {
        std::string name = (std::filesystem::temp_directory_path() / "nl-config-XXXXXX").string();
        if (!mkdtemp(name.data())) std::abort();
        m_root = std::filesystem::canonical(name);
        std::filesystem::create_directories(home() / "config");
    }
    ~Lake() {
        std::error_code ignored;
        std::filesystem::remove_all(m_root, ignored);
    }
    Lake(const Lake&) = delete;
    Lake& operator=(const Lake&) = delete;

    std::filesystem::path home() const { return m_root / "lake"; }
    std::filesystem::path root() const { return m_root; }
    void settings(const std::string& text) const { write("config/settings.yaml", text); }
    void buckets(const std::string& text) const { write("config/buckets.yaml", text); }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(home() / name, std::ios::binary) << text;
    }
    std::string read(const std::string& name) const {
        std::ifstream in(home() / name, std::ios::binary);
        std::ostringstream out;
        out << in.rdbuf();
        return out.str();
    }

private:
    std::filesystem::path m_root;
};

inline neurolake::config::Environment environment(std::map<std::string, std::string> values = {}) {
    return [values = std::move(values)](std::string_view name) -> std::optional<std::string> {
        const auto found = values.find(std::string(name));
        if (found == values.end()) return std::nullopt;
        return found->second;
    };
}

// The error's message, or "" when the settings loaded.
inline std::string load_error(const Lake& lake, std::map<std::string, std::string> env = {}) {
    auto loaded = neurolake::config::Config::load(lake.home(), environment(std::move(env)));
    return loaded ? std::string() : loaded.error().message;
}

}  // namespace scratch
