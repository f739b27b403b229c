// gone_table.hpp: what is to be said of a table that is one no more.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "catalog/catalog.hpp"

namespace neurolake::catalog {

// "gone since T", or "tables of their own since T" where a person's _neurolake.yaml took a folder's files apart: of the
// files of `gone`, a tombstone.
std::string fate_of_files(const Catalog& catalog, const model::Table& gone);

}  // namespace neurolake::catalog
