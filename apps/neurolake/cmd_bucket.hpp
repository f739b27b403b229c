// cmd_bucket.hpp: the members of the `bucket` family, one file each.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands.hpp"

namespace neurolake::apps {

void add_bucket_create(CommandLine bucket, Registry& registry);
void add_bucket_list(CommandLine bucket, Registry& registry);
void add_bucket_show(CommandLine bucket, Registry& registry);
void add_bucket_stats(CommandLine bucket, Registry& registry);
void add_bucket_set(CommandLine bucket, Registry& registry);
void add_bucket_rename(CommandLine bucket, Registry& registry);
void add_bucket_remove(CommandLine bucket, Registry& registry);

}  // namespace neurolake::apps
