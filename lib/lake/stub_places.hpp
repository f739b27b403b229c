// stub_places.hpp: where in the tree the objects have their stubs, which people may move and copy like any file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lake/cloud_list.hpp"
#include "lake/inventory.hpp"
#include "lake/lake.hpp"

namespace neurolake::lake {

using Places = std::map<std::string, std::string>;  // by the key of an object: "bucket/path"

// The first place of each stub. Opens every stub that the walk found. Errors: unmounted bucket, or a stub that cannot
// be read (one that is gone since the walk is left out).
Result<Places> stub_places(const Lake& lake, const std::vector<Bucket>& buckets, const InventoryBuilder& found);

// Where each object is had: its stub, or the file its bytes came back to. A path of the list whose object is here has
// lost nothing: its stub was moved. Buckets whose disk or folder is not there are left out. Errors: as above.
Result<Places> held_places(const Lake& lake, const std::vector<Bucket>& buckets, const InventoryBuilder& found,
                           const CloudList& list);
// The same after a walk of its own.
Result<Places> held_places(const Lake& lake, const std::vector<Bucket>& buckets, const CloudList& list,
                           const Clock& clock, const CancelFlag& cancel);

}  // namespace neurolake::lake
