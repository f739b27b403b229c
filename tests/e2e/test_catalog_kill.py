# Whenever an index dies, the catalog parses and is the old or the new state; the next run finishes the work.
# SPDX-License-Identifier: Apache-2.0
# ctest: kill
import collections
import json
import os
import re
import shutil
import signal
import time

from catalog_lake import CatalogTest
from harness import main, need, read, run


class KillNine(CatalogTest):
    backend = "json"

    def setUp(self):
        super().setUp()
        self.nl("config", "set", "catalog.backend", self.backend)
        for i in range(40):
            self.put("raw-data/t%d/%d.csv" % (i % 8, i), "id,zip\n%d,01234\n" % i)
        self.index()
        self.old = self.facts()
        self.put("raw-data/t0/new.csv", "id,zip,email\n1,99999,x@y.z\n")
        self.put("raw-data/fresh/f.csv", "id\n1\n")
        shutil.rmtree(self.bucket("raw-data", "t7"))
        self.template = os.path.join(self.tmp, "template")
        shutil.copytree(self.lake, self.template, symlinks=True)
        self.index()
        self.new = self.facts()
        self.assertNotEqual(self.old, self.new)

    def facts(self, lake=None):
        """What a reader sees, without times and random ids."""
        tables = self.nl("catalog", "tables", "--json", "--all", lake=lake).json["tables"]
        facts = {}
        for table in tables:
            versions = []
            if not table.get("deleted_at"):
                history = self.nl("catalog", "history", table["name"], "--json", lake=lake).json["versions"]
                versions = [(v["version"], tuple(v["changes"])) for v in history]
            facts[table["name"]] = (table["rows"], table["files"], bool(table.get("deleted_at")),
                                    tuple((c["name"], c["type"]) for c in table["columns"]), tuple(versions))
        return facts

    def fresh(self):
        lake = os.path.join(self.tmp, "copy")
        shutil.rmtree(lake, ignore_errors=True)
        shutil.copytree(self.template, lake, symlinks=True)  # keeps times; inodes differ, so files are read again
        return lake

    def check_after_death(self, lake, what):
        for name in ("tables.json", "schemas.json") if self.backend == "json" else ():
            json.loads(read(os.path.join(lake, "catalog", name)))
        self.assertIn(self.facts(lake), (self.old, self.new), what)
        self.nl("catalog", "index", lake=lake)
        self.assertEqual(self.new, self.facts(lake), what)
        self.assertEqual([], self.nl("catalog", "index", "--json", lake=lake).json["changes"])

    def test_at_every_system_call_that_changes_the_disk(self):
        need("strace")
        lake = self.fresh()
        trace = os.path.join(self.tmp, "trace")
        command = [self.binary, "catalog", "index"]
        kept = "write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,ftruncate,unlink,unlinkat"
        result = run(["strace", "-f", "-qq", "-e", "trace=" + kept, "-o", trace, *command], env=self.environment(lake=lake))
        self.check(result, 0)
        counts = collections.Counter(re.findall(r"^\d+ +(\w+)\(", read(trace).decode(errors="replace"), re.M))
        points = [(call, n) for call, count in sorted(counts.items()) for n in range(1, count + 1)]
        self.assertGreater(len(points), 10)
        died = 0
        for call, n in points:
            lake = self.fresh()
            result = run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call,
                          "-e", "inject=%s:signal=SIGKILL:when=%d" % (call, n), *command], env=self.environment(lake=lake))
            died += result.rc != 0
            self.check_after_death(lake, "%s #%d" % (call, n))
        self.assertGreater(died, len(points) // 2)
        print("killed at %d of %d points" % (died, len(points)))

    def test_at_stepped_moments(self):
        start = time.monotonic()
        self.nl("catalog", "index", lake=self.fresh())
        whole = time.monotonic() - start
        killed = 0
        for step in range(25):
            lake = self.fresh()
            process = self.start("catalog", "index", lake=lake)
            time.sleep(whole * step / 20)
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
                killed += 1
            process.wait()
            self.check_after_death(lake, "step %d" % step)
        self.assertGreater(killed, 0)


class KillNineSqlite(KillNine):
    backend = "sqlite"


if __name__ == "__main__":
    main()
