// cmd_bucket.hpp: the members of the `bucket` family, one file each.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands.hpp"

namespace neurolake::apps {

void add_bucket_create(CLI::App& bucket, Registry& registry);
void add_bucket_list(CLI::App& bucket, Registry& registry);
void add_bucket_show(CLI::App& bucket, Registry& registry);
void add_bucket_stats(CLI::App& bucket, Registry& registry);
void add_bucket_set(CLI::App& bucket, Registry& registry);
void add_bucket_rename(CLI::App& bucket, Registry& registry);
void add_bucket_remove(CLI::App& bucket, Registry& registry);

}  // namespace neurolake::apps
