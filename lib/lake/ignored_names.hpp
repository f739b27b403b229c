// ignored_names.hpp: names inside a bucket that are never data, whatever their content.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "lake/stub.hpp"

namespace neurolake::lake {

// Hidden names (our temporaries and markers are hidden), side files of a move in flight, the note beside stubs.
inline bool never_data(std::string_view name) {
    if (name.starts_with('.') || name == k_note_name) return true;  // .<name>.nl-tmp-<random> is hidden too
    const std::size_t dot = name.rfind('.');  // asked for every file of every walk: the whole name is not searched
    return dot != std::string_view::npos && name.substr(dot).starts_with(".nl-side-");
}
// `path` is or lies in a hidden folder: nothing in it is data.
bool in_hidden_folder(std::string_view path);

}  // namespace neurolake::lake
