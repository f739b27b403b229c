// gone_table.cpp: tells a folder whose files are gone from one whose files are tables of their own.
// SPDX-License-Identifier: Apache-2.0
#include "catalog/gone_table.hpp"

#include <algorithm>
#include <string_view>

namespace neurolake::catalog {

std::string fate_of_files(const Catalog& catalog, const model::Table& gone) {
    const auto lies_in_its_folder = [&](const model::Table& table) {
        if (!table.deleted_at.empty() || table.bucket != gone.bucket || table.is_folder) return false;
        const std::string_view path = table.path;
        const std::size_t slash = path.rfind('/');
        return path.substr(0, slash == std::string_view::npos ? 0 : slash) == gone.path;
    };
    const bool apart = gone.is_folder && std::ranges::any_of(catalog.tables(), lies_in_its_folder);
    return (apart ? "tables of their own since " : "gone since ") + gone.deleted_at;
}

}  // namespace neurolake::catalog
