#!/bin/bash
# layers.sh: the rules of the house that a compiler does not check: floors, fences round third-party code, who may delete and print.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: tests/layers.sh [ROOT]   Prints each offending line as file:line: text  (rule); exit 1 if there is one.
# docs/architecture.md has the picture of the floors. A new room is one word in `floors`, a new library one line in `fences`.
set -u
export LC_ALL=C
root=${1:-$(cd "$(dirname "$0")/.." && pwd)}
cd "$root" || exit 2

# Room and floor. An include goes to a lower floor or stays in its room.
floors="base=1 model=2 store=3 lake=3 formats=3 catalog=3 index=4 tier=4 retention=4 migrate=4 exchange=4 query=4 run=4 serve=5 config=6 apps=7"

# Header of a library (regular expression) and the only files that may include it (shell patterns, separated by |).
fences='
^CLI/            apps/neurolake/main.cpp|apps/neurolake/commands.cpp|apps/neurolake/options.cpp|apps/neurolake/*_text.cpp
^yaml-cpp/       lib/config/*
^simdjson        lib/base/json*|lib/formats/*
^curl/           lib/base/http*
^openssl/        lib/base/digest*
^(zlib|zstd).*h$ lib/base/compress*
^msgpack         lib/formats/*
^httplib         lib/serve/*
^sqlite3         lib/catalog/*
^libpq           lib/catalog/*
^duckdb          lib/query/*
^catch2/         tests/*
^gtest|^boost/   none
'

# Files that may remove or cut a file: each for the reason given. User data is freed in one place only.
may_remove=$(cat <<'END'
lib/base/file_atomic.cpp   its own temporary, when it was not committed
lib/base/file_lock.cpp     empties the lock file, to write who holds it
lib/base/file_rename.cpp   the old name after a link, where the kernel has no rename that never overwrites
lib/base/log.cpp           the oldest of its rotated files
lib/lake/leftovers.cpp     temporaries of file_atomic that no living process has open
lib/lake/put_file.cpp      the source of a move, after its copy was read back equal
lib/tier/free.cpp          user bytes against a proof, and what a burst or recall made itself; the only place of tier
lib/lake/reserve.cpp       the reserve, given up so that a burst can run on a full disk
lib/lake/stub_note.cpp     the note _IN-CLOUD.txt, which we wrote ourselves
lib/store/directory_store.cpp   objects and temporaries in the store's own folder, never in the lake
END
)

sources=$(find lib apps -name '*.hpp' -o -name '*.cpp' | sort)
[ -n "$sources" ] || { echo "layers.sh: no sources below $root" >&2; exit 2; }

offences=$(
    # Floors and fences, from the include lines alone.
    grep -HnE '^[[:space:]]*#[[:space:]]*include' $sources /dev/null | awk -v floors="$floors" -v fences="$fences" '
        function shell_to_regex(glob) { gsub(/[.]/, "[.]", glob); gsub(/[*]/, ".*", glob); return "^" glob "$" }
        BEGIN {
            n = split(floors, pairs, " ")
            for (i = 1; i <= n; i++) { split(pairs[i], pair, "="); floor[pair[1]] = pair[2] }
            n = split(fences, lines, "\n")
            for (i = 1; i <= n; i++) if (split(lines[i], field, " ") == 2) { fence[++count] = field[1]; allowed[count] = field[2] }
        }
        {
            split($0, part, ":"); file = part[1]
            split(file, folder, "/"); room = folder[1] == "apps" ? "apps" : folder[2]
            name = $0; sub(/^[^"<]*["<]/, "", name); sub(/[">].*/, "", name)
            if (!(room in floor)) print $0 "  (room " room " stands on no floor: name it in tests/layers.sh)"
            if ($0 ~ /include[[:space:]]*"/ && split(name, target, "/") > 1) {
                if (!(target[1] in floor)) print $0 "  (" target[1] " is no room)"
                else if (target[1] != room && floor[target[1]] >= floor[room])
                    print $0 "  (" room " is on floor " floor[room] ", " target[1] " on floor " floor[target[1]] ")"
            }
            for (i = 1; i <= count; i++) if (name ~ fence[i]) {
                fine = 0; m = split(allowed[i], globs, "|")
                for (j = 1; j <= m; j++) if (file ~ shell_to_regex(globs[j])) fine = 1
                if (!fine) print $0 "  (" name " stands in " allowed[i] " only)"
            }
        }'

    # Who may delete. Comments and strings are left out as far as a line tells.
    grep -HnE '(^|[^_[:alnum:].>])(std::|fs::|std::filesystem::|::)?(unlink|unlinkat|remove_all|rmdir|truncate|ftruncate)[[:space:]]*\(|filesystem::remove[[:space:]]*\(|fs::remove[[:space:]]*\(|(^|[^_[:alnum:].>:])std::remove[[:space:]]*\(' \
        $sources /dev/null | awk -v may_remove="$may_remove" '
        BEGIN { n = split(may_remove, lines, "\n"); for (i = 1; i <= n; i++) { split(lines[i], field, " "); if (field[1]) may[field[1]] = 1 } }
        { split($0, part, ":"); code = $0; sub(/^[^:]*:[^:]*:/, "", code); sub(/\/\/.*/, "", code); gsub(/"[^"]*"/, "", code)
          if (!(part[1] in may) && code ~ /(unlink|unlinkat|remove|remove_all|rmdir|truncate)[[:space:]]*\(/)
              print $0 "  (only the files named in tests/layers.sh may delete or cut)" }'

    # Who may print and end the process: the roof alone (and the copy of us that could not become another program).
    grep -HnE '(std::(cout|cerr|clog)|[^[:alnum:]_](f?printf|f?puts|putchar|_?exit|abort|perror)[[:space:]]*\()' $(echo "$sources" | grep '^lib/' | grep -v '^lib/run/traced_command.cpp$') /dev/null |
        awk '{ code = $0; sub(/^[^:]*:[^:]*:/, "", code); sub(/\/\/.*/, "", code); gsub(/"[^"]*"/, "", code)
               if (code ~ /(std::(cout|cerr|clog)|[^[:alnum:]_](f?printf|f?puts|putchar|_?exit|abort|perror)[[:space:]]*\()/)
                   print $0 "  (only apps prints or ends the process)" }'

    # Every header once; every file says what it is for, then its licence.
    for file in $sources; do
        case $file in *.hpp) grep -q '^#pragma once' "$file" || echo "$file:1:  (a header without #pragma once)" ;; esac
        awk -v file="$file" '
            NR == 1 && $0 !~ /^\/\/ [^ ]+.*: ./ { print file ":1: " $0 "  (line 1 says what the file is for: // name: purpose)" }
            NR == 2 && $0 != "// SPDX-License-Identifier: Apache-2.0" { print file ":2: " $0 "  (line 2 is the SPDX line)" }
            NR == 2 { exit }' "$file"
    done
)
if [ -n "$offences" ]; then
    echo "$offences"
    echo "layers.sh: $(echo "$offences" | wc -l) offending lines" >&2
    exit 1
fi
echo "layers.sh: $(echo "$sources" | wc -l) files keep to their floors"
