# kill -9 at random moments of an index of 10,000 files: in every backend the catalog opens and is the old state or the new one.
# SPDX-License-Identifier: Apache-2.0
# ctest: slow
import concurrent.futures
import json
import os
import random
import secrets
import signal
import subprocess
import tempfile
import time
import unittest

from harness import BINARY, clean_environment, main, read, write
from servers import Postgres, ServerUnavailable
from tier_lake import fast_folder

FILES, TABLES = 10000, 100
KILLS = int(os.environ.get("KILLS", "60"))


class ManyFiles(unittest.TestCase):
    backend = "json"
    dsn = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="neurolake-many-", dir=fast_folder())
        self.addCleanup(subprocess.run, ["rm", "-rf", self.folder])
        self.base = os.path.join(self.folder, "base")
        self.nl(self.base, "init", self.base)
        self.nl(self.base, "config", "set", "catalog.backend", self.backend)
        for number in range(FILES):
            write(os.path.join(self.base, "buckets", "raw-data", "t%03d" % (number % TABLES), "%05d.csv" % number),
                  "id,zip\n%d,01234\n" % number, age_days=1)

    def start(self, lake, *words):
        return subprocess.Popen([BINARY, "--home", lake, *words], env=clean_environment(self.folder, NEUROLAKE_CATALOG_DSN=self.dsn), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def nl(self, lake, *words):
        process = self.start(lake, *words)
        out, err = process.communicate()
        self.assertEqual(0, process.returncode, err)
        return out

    def rows(self, lake):
        """Also each history: a table whose history is missing or unreadable fails here."""
        for name in ("tables", "schemas", "lineage") if self.backend == "json" else ():
            json.loads(read(os.path.join(lake, "catalog", name + ".json")))
        export = json.loads(self.nl(lake, "catalog", "export", "--format", "json"))
        self.assertIn("tables", export)
        tables = json.loads(self.nl(lake, "catalog", "tables", "--json"))["tables"]
        return sorted((table["name"], table["rows"], table["files"]) for table in tables)

    def copy(self, name):
        """The data by hard links, since an index only reads it; all else really copied."""
        lake = os.path.join(self.folder, name)
        os.mkdir(lake)
        for entry in os.listdir(self.base):
            subprocess.run(["cp", "-al" if entry == "buckets" else "-a", os.path.join(self.base, entry), lake], check=True)
        marker = os.path.join(lake, ".neurolake/lake.json")  # a lake of its own, also for a server that many share
        value = json.loads(read(marker))
        write(marker, json.dumps({**value, "id": secrets.token_hex(16)}))
        return lake

    def seconds_of_index(self, lake):
        start = time.monotonic()
        self.nl(lake, "catalog", "index")
        return time.monotonic() - start

    def test_killed_at_random_moments(self):
        new = sorted(("raw-data.t%03d" % n, FILES // TABLES, FILES // TABLES) for n in range(TABLES))
        lake = self.copy("whole")
        whole = self.seconds_of_index(lake)
        self.assertEqual(new, self.rows(lake))
        states = []

        def kill(number):
            nonlocal whole  # as fast as the machine is by now, which others use, too
            lake = self.copy("k%d" % number)
            process = self.start(lake, "catalog", "index")
            time.sleep(random.Random(number).uniform(0, whole * 1.1))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            seen = self.rows(lake)
            states.append("killed, old" if process.returncode == -9 and not seen else "killed, new" if process.returncode == -9 else "done")
            problem = None if seen in ([], new) else "neither old nor new: %s" % seen[:3]
            if not problem:
                seconds = self.seconds_of_index(lake)
                whole = whole * 0.8 if seen else seconds
                problem = None if self.rows(lake) == new else "the next index did not finish"
            subprocess.run(["rm", "-rf", lake])
            return problem

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            problems = [problem for problem in pool.map(kill, range(KILLS)) if problem]
        print("%s: %d kills of an index of %d files: %s, %d violations" % (self.backend, KILLS, FILES, {s: states.count(s) for s in sorted(set(states))}, len(problems)))
        self.assertEqual([], problems)
        self.assertGreater(KILLS - states.count("done"), KILLS // 3)


class ManyFilesSqlite(ManyFiles):
    backend = "sqlite"


class ManyFilesPostgreSQL(ManyFiles):
    backend = "postgresql"

    @classmethod
    def setUpClass(cls):
        try:
            cls.server = Postgres().start()
        except ServerUnavailable as missing:
            raise unittest.SkipTest(str(missing))
        cls.addClassCleanup(cls.server.stop)
        cls.dsn = cls.server.dsn()


if __name__ == "__main__":
    main()
