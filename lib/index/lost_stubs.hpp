// lost_stubs.hpp: stubs that a person removed, though the bytes they stood for are still in the object store.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "catalog/catalog.hpp"
#include "lake/cloud_list.hpp"
#include "lake/inventory.hpp"

namespace neurolake::index {

// One finding a table (`catalog` as it was before), else a folder: how much lies in the cloud and how to get it. A
// stub that only moved inside the scanned buckets is not lost.
std::vector<model::Finding> lost_stubs(const lake::Scan& scan, const lake::CloudList& list,
                                       const catalog::Catalog& catalog);

}  // namespace neurolake::index
