// ignored_names.cpp: hidden folders.
// SPDX-License-Identifier: Apache-2.0
#include "lake/ignored_names.hpp"

namespace neurolake::lake {

bool in_hidden_folder(std::string_view path) {
    return path.starts_with('.') || path.find("/.") != std::string_view::npos;
}

}  // namespace neurolake::lake
