# bench_walk.py: the walk against the floor of the kernel and against the usual tools.
# SPDX-License-Identifier: Apache-2.0
from measure import Command, Row, peer


def rows(context):
    def lake(*argv):
        return Command("bench_lake " + argv[0], [context.program("bench_lake"), *argv])

    def floor(tree, threads=2):
        return Command(f"floor, {threads} threads", [context.program("bench_floor"), tree, str(threads)])

    for files in context.sizes:
        group = f"walk, {files:,} files in folders of 100, warm"

        def tree(files=files):
            return context.tree(files, 100)

        big = {"user_at_most": 0.05} if files >= 1_000_000 else {}
        yield lambda t=tree, g=group: Row(g, "walk alone", lake("walk", t()), floor(t()), at_most=1.10)
        yield lambda t=tree, g=group, b=big: Row(g, "bucket stats", lake("stats", t()), floor(t()), at_most=1.10,
                                                 peak_at_most=16, **b)
        yield lambda t=tree, g=group: Row(g, "bucket stats", lake("stats", t()), peer("du -s", "du", "-s", t()), at_least=2.0)
        yield lambda t=tree, g=group: Row(g, "bucket stats", lake("stats", t()),
                                          peer("find -printf %s", "find", t(), "-printf", "%s\\n"), at_least=2.0)
        yield lambda t=tree, g=group: Row(g, "bucket stats", lake("stats", t()), peer("gdu", "gdu", "-npc", t()), at_least=2.1)

        yield lambda t=tree, g=group: Row(g, "bucket stats", lake("stats", t()), peer("ncdu -o", "ncdu", "-0", "-o", "/dev/null", t()))

    flat = 200_000
    group = f"walk, {flat:,} files in one folder, warm"

    def wide():
        return context.tree(flat, 0)

    yield lambda: Row(group, "bucket stats", lake("stats", wide()), floor(wide()), at_most=1.10, peak_at_most=16)
    yield lambda: Row(group, "bucket stats", lake("stats", wide()), peer("du -s", "du", "-s", wide()), at_least=2.0)
