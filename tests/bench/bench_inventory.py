# bench_inventory.py: scans that find nothing new, against the bare walk; opening and writing the inventory.
# SPDX-License-Identifier: Apache-2.0
import os
import subprocess

from measure import Command, Row, peer


def rows(context):
    def lake(*argv, before=None):
        return Command("bench_lake " + argv[0], [context.program("bench_lake"), *argv], before)

    def inventory(tree):
        """Of a tree that did not change since."""
        path = tree + ".inventory"
        if not os.path.exists(path):
            subprocess.run([context.program("bench_lake"), "scan", tree, path], check=True, stdout=subprocess.DEVNULL)
        return path

    for files in context.sizes:
        group = f"inventory, {files:,} files in folders of 100, warm"

        def tree(files=files):
            return context.tree(files, 100)

        million = files >= 1_000_000
        yield lambda t=tree, g=group: Row(g, "scan, nothing changed", lake("scan", t(), inventory(t())),
                                          lake("walk", t()), at_most=1.10, peak_at_most=128)
        yield lambda t=tree, g=group: Row(
            g, "scan, nothing changed", lake("scan", t(), inventory(t())),
            peer("updatedb, full", "updatedb", "-l", "0", "-U", t(), "-o", t() + ".locatedb", "--prunepaths", "",
                 "--prune-bind-mounts", "no"), at_least=1.6)
        yield lambda t=tree, g=group, m=million: Row(g, "quick scan, nothing changed", lake("quick", t(), inventory(t())),
                                                     wall_at_most=0.05 if m else None)
        yield lambda t=tree, g=group: Row(g, "open, totals", lake("totals", inventory(t())), wall_at_most=0.01)
        yield lambda t=tree, g=group, m=million: Row(
            g, "write all anew, durable", lake("copy", inventory(t()), t() + ".copy"), wall_at_most=0.5 if m else None)

        def first(t=tree, g=group):
            path = t() + ".first"

            def forget():
                if os.path.exists(path):
                    os.unlink(path)
            return Row(g, "first scan, everything new", lake("scan", t(), path, before=forget), lake("walk", t()))
        yield first
