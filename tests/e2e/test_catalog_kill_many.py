# kill -9 at random moments of an index of 10,000 files: the catalog always parses and is the old state or the new one.
# SPDX-License-Identifier: Apache-2.0
# ctest: slow
import concurrent.futures
import json
import os
import random
import signal
import subprocess
import tempfile
import time
import unittest

from harness import BINARY, clean_environment, main, read, write
from tier_lake import fast_folder

FILES, TABLES = 10000, 100
KILLS = int(os.environ.get("KILLS", "60"))


class ManyFiles(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="neurolake-many-", dir=fast_folder())
        self.addCleanup(subprocess.run, ["rm", "-rf", self.folder])
        self.base = os.path.join(self.folder, "base")
        self.nl(self.base, "init", self.base)
        for number in range(FILES):
            write(os.path.join(self.base, "buckets", "raw-data", "t%03d" % (number % TABLES), "%05d.csv" % number),
                  "id,zip\n%d,01234\n" % number, age_days=1)

    def start(self, lake, *words):
        return subprocess.Popen([BINARY, "--home", lake, *words], env=clean_environment(self.folder), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def nl(self, lake, *words):
        process = self.start(lake, *words)
        out, err = process.communicate()
        self.assertEqual(0, process.returncode, err)
        return out

    def rows(self, lake):
        for name in ("tables", "schemas", "lineage"):
            json.loads(read(os.path.join(lake, "catalog", name + ".json")))
        return sorted((table["name"], table["rows"], table["files"]) for table in json.loads(read(os.path.join(lake, "catalog/tables.json")))["tables"])

    def copy(self, name):
        """The data by hard links, since an index only reads it; all else really copied."""
        lake = os.path.join(self.folder, name)
        os.mkdir(lake)
        for entry in os.listdir(self.base):
            subprocess.run(["cp", "-al" if entry == "buckets" else "-a", os.path.join(self.base, entry), lake], check=True)
        return lake

    def test_killed_at_random_moments(self):
        new = sorted(("raw-data.t%03d" % n, FILES // TABLES, FILES // TABLES) for n in range(TABLES))
        lake = self.copy("whole")
        start = time.monotonic()
        self.nl(lake, "catalog", "index")
        whole = time.monotonic() - start
        self.assertEqual(new, self.rows(lake))
        states = []

        def kill(number):
            lake = self.copy("k%d" % number)
            process = self.start(lake, "catalog", "index")
            time.sleep(random.Random(number).uniform(0, whole * 1.1))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            seen = self.rows(lake)
            states.append("killed, old" if process.returncode == -9 and not seen else "killed, new" if process.returncode == -9 else "done")
            problem = None if seen in ([], new) else "neither old nor new: %s" % seen[:3]
            if not problem:
                self.nl(lake, "catalog", "index")
                problem = None if self.rows(lake) == new else "the next index did not finish"
            subprocess.run(["rm", "-rf", lake])
            return problem

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            problems = [problem for problem in pool.map(kill, range(KILLS)) if problem]
        print("%d kills of an index of %d files: %s, %d violations" % (KILLS, FILES, {s: states.count(s) for s in sorted(set(states))}, len(problems)))
        self.assertEqual([], problems)
        self.assertGreater(KILLS - states.count("done"), KILLS // 3)


if __name__ == "__main__":
    main()
