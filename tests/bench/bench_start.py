# bench_start.py: from start to exit of short commands, as scripts call them thousands of times.
# SPDX-License-Identifier: Apache-2.0
import os
import subprocess

from measure import Command, Row, peer

ROUNDS = 200


def rows(context):
    def program():
        return context.program("neurolake")

    def lake():
        """A new lake: five buckets, one file in each, indexed."""
        path = context.path("start-lake")
        if not os.path.exists(path):
            subprocess.run([program(), "init", "--quiet", path], check=True)
            for name in os.listdir(os.path.join(path, "buckets")):
                with open(os.path.join(path, "buckets", name, "x.csv"), "w", encoding="ascii") as out:
                    out.write("a,b\n1,2\n")
                os.utime(out.name, (1_700_000_000, 1_700_000_000))
            subprocess.run([program(), "--home", path, "catalog", "index", "--quiet"], check=True,
                           stdout=subprocess.DEVNULL)
        return path

    def ours(*words):
        return Command("neurolake " + " ".join(words), [program(), "--home", lake(), *words],
                       env={"PATH": os.environ.get("PATH", ""), "HOME": context.scratch})

    group = "start-up, a lake of five buckets"
    yield lambda: Row(group, "bucket list", ours("bucket", "list"), peer("python3, 3 imports", "python3", "-c", "import argparse, json, os"), at_least=5,
                      cpu_at_most=0.003, rounds=ROUNDS)
    yield lambda: Row(group, "bucket list --json", ours("bucket", "list", "--json"), cpu_at_most=0.003, rounds=ROUNDS)
    yield lambda: Row(group, "status", ours("status"), rounds=ROUNDS)
    yield lambda: Row(group, "version", ours("version"), peer("true", "true"), cpu_at_most=0.003, rounds=ROUNDS)
