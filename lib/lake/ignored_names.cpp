// ignored_names.cpp: hidden names and our own.
// SPDX-License-Identifier: Apache-2.0
#include "lake/ignored_names.hpp"

namespace neurolake::lake {

bool never_data(std::string_view name) {
    if (name.starts_with('.')) return true;  // .<name>.nl-tmp-<random> too
    if (name == "_IN-CLOUD.txt") return true;
    const std::size_t dot = name.rfind('.');  // called for every file of every walk: no search of the whole name
    return dot != std::string_view::npos && name.substr(dot).starts_with(".nl-side-");
}

bool in_hidden_folder(std::string_view path) {
    return path.starts_with('.') || path.find("/.") != std::string_view::npos;
}

}  // namespace neurolake::lake
