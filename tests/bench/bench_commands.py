# bench_commands.py: the commands people run, start to exit, on a lake of small tables.
# SPDX-License-Identifier: Apache-2.0
import os
import subprocess

from measure import Command, Row, peer


def rows(context):
    def lake(files):
        """A lake with one bucket of small CSV files, indexed. Made once."""
        home = context.path(f"lake-{files}")
        bucket = os.path.join(home, "buckets", "bench")
        if not os.path.exists(home + ".ready"):
            neurolake = context.program("neurolake")
            quiet = {"check": True, "stdout": subprocess.DEVNULL, "env": environment(home)}
            subprocess.run([neurolake, "init", home], **quiet)
            if not os.path.exists(bucket):
                subprocess.run([neurolake, "bucket", "create", "bench"], **quiet)
            argv = [context.program("bench_make_tree"), bucket + "/t", str(files), "100", "1", "csv"]
            subprocess.run(argv, check=True)
            os.unlink(bucket + "/t.recipe")
            subprocess.run([neurolake, "catalog", "index", "--settle", "0"], **quiet)
            with open(home + ".ready", "w", encoding="ascii"):
                pass
        return home

    def environment(home):
        return {**os.environ, "NEUROLAKE_HOME": home, "LC_ALL": "C"}

    def run(home, *argv):
        return Command("neurolake " + " ".join(argv), [context.program("neurolake"), *argv], env=environment(home))

    def bucket(home):
        return os.path.join(home, "buckets", "bench")

    def walk(home):
        return Command("bench_lake walk", [context.program("bench_lake"), "walk", bucket(home)])

    for files in [size for size in context.sizes if size <= 100_000] or [100_000]:
        group = f"commands, a lake of {files:,} small CSV files in folders of 100, warm"

        def floor(home):
            return Command("floor, 2 threads", [context.program("bench_floor"), bucket(home), "2"])

        yield lambda f=files, g=group: Row(g, "bucket stats", run(lake(f), "bucket", "stats", "bench"), floor(lake(f)))
        yield lambda f=files, g=group: Row(g, "bucket stats", run(lake(f), "bucket", "stats", "bench"),
                                           peer("du -s", "du", "-s", bucket(lake(f))))
        yield lambda f=files, g=group: Row(g, "bucket stats --cached", run(lake(f), "bucket", "stats", "bench", "--cached"),
                                           wall_at_most=0.01)
        yield lambda f=files, g=group: Row(g, "bucket list", run(lake(f), "bucket", "list"), wall_at_most=0.01)
        yield lambda f=files, g=group: Row(g, "catalog index, nothing changed", run(lake(f), "catalog", "index"),
                                           walk(lake(f)), at_most=1.10, peak_at_most=128)
        yield lambda f=files, g=group: Row(g, "catalog index --quick", run(lake(f), "catalog", "index", "--quick"),
                                           wall_at_most=0.05)
