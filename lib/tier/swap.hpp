// swap.hpp: a stub takes the place of a file, the file goes aside, and everything finds its way back when in doubt.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lake/stub.hpp"
#include "tier/journal.hpp"

namespace neurolake::tier {

// The names one file's operation uses. Descriptors are borrowed.
struct Place {
    int folder = -1;    // of the file
    std::string name;   // in it
    int trash = -1;     // .neurolake/trash
    std::string op;     // "<op>-<n>": entry in trash, and the word in the stub
    std::string side;   // beside the file: first the stub, after an exchange the original
    std::string aside;  // beside the file: the original, where there is no exchange
    std::string conflict;
};
Place place_of(const OpRecord& record, const OpFile& file, int folder, int trash);

enum class Holds {
    nothing,
    own_stub,    // a verified stub of this very operation
    other_stub,  // a verified stub of another one
    something,   // anything else: the original, or what somebody put there
};
Result<Holds> holds(int folder, const std::string& name, std::string_view op);

// Step 7, first half: the stub whole and durable under the side name. full: the reserve may help.
Status write_stub(const Place& place, const lake::Stub& stub, lake::StubMode mode);
// Step 7, second half: file and stub change places at once. unsupported where the file system cannot.
Status exchange(const Place& place);
// The same in two renames that never overwrite; a crash between them leaves the name missing for recovery to fill.
Status exchange_in_two(const Place& place);

// An entry in some folder.
struct Entry {
    int folder = -1;
    std::string name;
    bool found() const { return folder >= 0; }
};
// Step 8: the original into the trash where it lies on the same file system; else it stays beside. Never fails: where
// it is afterwards is the answer.
Entry move_aside(const Place& place);
// Where the original is now, if it is not at its name.
Result<Entry> find_original(const Place& place);

enum class Back {
    home,      // at its name again, the stub gone
    conflict,  // the name was taken meanwhile: it lies at the conflict name
    nowhere,   // there was no original aside
};
// The original back to its name. Nothing is overwritten; repeatable; durable when it returns.
Result<Back> put_back(const Place& place);

}  // namespace neurolake::tier
