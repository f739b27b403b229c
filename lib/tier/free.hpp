// free.hpp: the only file of tier that removes anything: user bytes against a proof, and what tier itself made.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "tier/held_file.hpp"
#include "tier/verified_copy.hpp"

namespace neurolake::tier {

// The only place where user bytes are freed: the entry `name` in `folder`, which is the very inode of `original`, moved
// there at `moved_at`. Looks again (identity, lease, and that `rest` is over); conflict when anything is not as it was,
// and then nothing is removed. The caller fsyncs the folder afterwards.
Status free_local(VerifiedCopy&& copy, HeldFile& original, int folder, const std::string& name,
                  std::chrono::steady_clock::time_point moved_at, std::chrono::milliseconds rest);

// Empty, or it begins as only stubs begin and does not verify: no user file reaches a side name but by the exchange
// with a whole stub.
bool looks_torn(int folder, const std::string& name);

// Whether a stub that a killed run only began to write may go too: only where `name` cannot hold user bytes.
enum class Torn { keep, remove };
// Removes `name` if it is a stub that carries `op`; not_found is success; conflict when it is anything else.
Status remove_own_stub(int folder, const std::string& name, std::string_view op, Torn torn = Torn::keep);

// Removes an entry that tier wrote itself and that holds no user byte that exists nowhere else: journal records,
// downloads that did not verify or were cut off, stubs half written. Fsyncs the folder. not_found is success.
Status forget_entry(int folder, const std::string& name);

}  // namespace neurolake::tier
