// backend_choice.hpp: the backends by name; which of them holds a lake's catalog; one of them set aside.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/backend.hpp"

namespace neurolake::catalog {

inline constexpr std::string_view k_backends[] = {"json", "sqlite", "postgresql"};

// As Catalog::open() and create() promise. usage: no such backend.
Result<std::unique_ptr<Backend>> open_backend(const Options& options);
Status create_backend(const Options& options);

// The same without asking whether another backend holds the catalog.
Result<std::unique_ptr<Backend>> open_backend_alone(const Options& options);

// Whether this backend keeps a catalog of the lake, be it an empty one. json: tables.json is there. Connects for
// postgresql.
Result<bool> is_there(const Options& options);
// Whether it holds more than an empty catalog does: a table, an entry, a run of the index.
Result<bool> holds_something(const Options& options);

// not_found with advice when this backend has no catalog but files of another one are there, or its own were moved
// away. Looks at files alone.
Status check_not_elsewhere(const Options& options);

// Gives what the backend holds another name that ends in `ending` ("moved-20261122T154025Z"), so that it holds nothing
// any more; nothing is removed. The new names. json: tables.json goes first, after that the
// catalog is not there any more.
Result<std::vector<std::string>> set_aside(const Options& options, std::string_view ending);

}  // namespace neurolake::catalog
