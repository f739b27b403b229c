# bench_catalog.py: what the catalog answers, on a lake of 5,000 tables.
# SPDX-License-Identifier: Apache-2.0
import os
import random
import subprocess

from measure import Command, Row

TABLES = 5000
WORDS = ("order customer invoice sensor reading visit product price stock region store payment delivery refund campaign click "
         "session device firmware alarm ticket agent call contract tariff meter usage forecast budget account").split()


def rows(context):
    def lake():
        """Folders of one CSV file each, 4 to 30 columns, indexed. Made once."""
        home = context.path(f"lake-tables-{TABLES}")
        if os.path.exists(home + ".ready"):
            return home
        quiet = {"check": True, "stdout": subprocess.DEVNULL, "env": environment(home)}
        subprocess.run([context.program("neurolake"), "init", home], **quiet)
        chance = random.Random(1)
        for i in range(TABLES):
            folder = os.path.join(home, "buckets", "raw-data", f"{chance.choice(WORDS)}_{chance.choice(WORDS)}_{i}")
            os.makedirs(folder)
            columns = ["id"] + sorted({f"{chance.choice(WORDS)}_{chance.choice(('id', 'at', 'email', 'name', 'total'))}"
                                       for _ in range(chance.randrange(4, 30))})
            with open(os.path.join(folder, "part.csv"), "w", encoding="ascii") as out:
                out.write(",".join(columns) + "\n")
                for row in range(20):
                    out.write(",".join(str(row * 31 + n) if n % 3 else f"text {row}-{n}" for n in range(len(columns))) + "\n")
        subprocess.run([context.program("neurolake"), "catalog", "index", "--settle", "0"], **quiet)
        with open(home + ".ready", "w", encoding="ascii"):
            pass
        return home

    def environment(home):
        return {**os.environ, "NEUROLAKE_HOME": home, "LC_ALL": "C"}

    def run(*argv):
        home = lake()
        return Command("neurolake " + " ".join(argv), [context.program("neurolake"), *argv], env=environment(home))

    group = f"catalog of {TABLES:,} tables, start to exit, warm"
    for words in (("email",), ("order", "email"), ("o",), ("nothing-is-called-so",)):
        yield lambda w=words: Row(group, "search " + " ".join(w), run("catalog", "search", *w), wall_at_most=0.1)
    yield lambda: Row(group, "search o --json", run("catalog", "search", "o", "--json"), wall_at_most=0.1)
    yield lambda: Row(group, "tables", run("catalog", "tables"))
    yield lambda: Row(group, "index, nothing changed", run("catalog", "index"), wall_at_most=0.1)
