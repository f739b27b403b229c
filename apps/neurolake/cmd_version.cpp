// cmd_version.cpp: `neurolake version`.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "commands.hpp"

namespace neurolake::apps {

namespace {

struct Args {};

Result<int> run_version(Session& session, const Args&) {
    Output& out = session.out();
    if (out.machine()) {
        out.object(json::Value::object()
                       .set("schema", "neurolake.version/1")
                       .set("version", NEUROLAKE_VERSION)
                       .set("lake_format", 1)
                       .set("providers", json::Array{"directory", "s3"})
                       .set("catalog_backends", json::Array{"json"}));
        return 0;
    }
    out.line(fmt::format("neurolake {}", NEUROLAKE_VERSION));
    return 0;
}

}  // namespace

void add_version(CommandLine root, Registry& registry) {
    registry.command<Args>(root, "version", "Print the version", run_version,
                           {"neurolake version", "neurolake version --json"});
}

}  // namespace neurolake::apps
