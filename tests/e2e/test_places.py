# Where things lie: the catalog's files, logs, cache, a catalog elsewhere, odd paths, another mount of the same lake.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import stat
import subprocess

from harness import BINARY, LakeTest, main, need, read, run, sha256, write
from tier_lake import TierTest, leftovers, stub_of


class Files(LakeTest):
    def plain(self, name):
        """One of the catalog's files as any JSON reader sees it."""
        return json.loads(read(self.path("catalog", name + ".json")))

    def test_the_catalog_is_plain_json_that_lists_the_tables(self):
        self.put("raw-data/orders/orders.csv", "id,zip\n1,01234\n")
        self.nl("catalog", "index")
        for name in ("tables", "schemas", "lineage"):
            self.assertRegex(self.plain(name)["schema"], r"^neurolake\.\w+/1$")
        table, = self.plain("tables")["tables"]
        self.assertEqual(("raw-data.orders", 1), (table["name"], table["rows"]))
        self.assertIn('"zip"', read(self.path("catalog", "schemas.json")).decode())

    def test_a_catalog_elsewhere_is_written_there_and_nowhere_else(self):
        for where, folder in (("metadata/here", self.path("metadata", "here")), (os.path.join(self.tmp, "far"), os.path.join(self.tmp, "far"))):
            self.nl("config", "set", "catalog.storage_path", where)
            before = {name: read(self.path("catalog", name)) for name in os.listdir(self.path("catalog")) if name != "cloud.jsonl"}
            self.nl("doctor", "--fix", check=None)
            self.put("raw-data/orders/orders.csv", "id,zip\n1,01234\n")
            self.nl("catalog", "index")
            self.assertEqual(["raw-data.orders"], [t["name"] for t in json.loads(read(os.path.join(folder, "tables.json")))["tables"]])
            self.assertIn("raw-data.orders", self.nl("catalog", "tables").out)
            self.assertEqual(before, {name: read(self.path("catalog", name)) for name in before})

    def test_an_index_writes_below_catalog_logs_and_its_own_state_only(self):
        self.put("raw-data/orders/orders.csv", "id,zip\n1,01234\n")
        trace = os.path.join(self.tmp, "trace")
        calls = "open,openat,creat,rename,renameat,renameat2,link,linkat,symlinkat,mkdir,mkdirat,unlink,unlinkat,truncate,ftruncate,chmod,fchmodat"
        words = ["strace", "-f", "-y", "-qq", "-o", trace, "-e", "trace=" + calls, BINARY, "catalog", "index"]
        self.assertEqual(0, run(words, env=self.environment({"ASAN_OPTIONS": "detect_leaks=0"})).rc)
        wrote = set()
        for line in read(trace).decode().splitlines():
            if "open" in line.split("(")[0] and not re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC)", line) or "(" not in line:
                continue
            folder = re.search(r"(?:AT_FDCWD|\d+)<([^>]*)>", line)
            for name in re.findall(r'"([^"]*)"', line) or [""]:
                wrote.add(os.path.normpath(os.path.join(folder.group(1) if folder else "/", name)))
        allowed = tuple(self.path(name) for name in ("catalog", "logs", ".neurolake"))
        self.assertTrue(any(path.startswith(allowed[0]) for path in wrote), wrote)
        self.assertEqual([], [path for path in sorted(wrote) if not path.startswith(allowed) and not path.startswith("/dev/")])

    def test_every_log_line_says_when_who_where_what_and_how(self):
        self.put("raw-data/a.csv", "id\n1\n")
        self.nl("catalog", "index")
        self.nl("bucket", "create", "xyz")
        self.nl("bucket", "show", "nothing", check=1)
        self.nl("catalog", "search", "id")
        for name, cmd in (("audit", "bucket create"), ("error", "bucket show"), ("query", "catalog search")):
            line = self.log(name)[-1]
            self.assertLessEqual({"ts", "user", "host", "cmd", "rc", "ms"}, set(line), name)
            self.assertEqual(cmd, line["cmd"])

    def test_the_cache_is_nobodys_data(self):
        write(self.path("cache", "query-results", "answer.csv"), b"id\n" + b"1\n" * 100000, age_days=9)
        self.nl("config", "set", "storage.high", "1KiB")
        self.assertEqual(0, self.nl("status", "--json").json["marks"]["used_bytes"])
        self.nl("status", "--check")
        self.assertEqual([], self.nl("burst", "-n", "--json").json["units"])
        self.assertEqual(0, self.nl("catalog", "index", "--json").json["files_seen"])
        os.unlink(self.path("cache", "query-results", "answer.csv"))
        self.nl("doctor")


class OddPaths(TierTest):
    def test_spaces_letters_of_the_world_and_300_bytes(self):
        deep = os.path.join(self.tmp, "Mein Lager", "\u65e5\u672c", "x" * 150, "y" * 150)
        os.makedirs(deep)
        lake, cloud = os.path.join(deep, "see \u00e4"), os.path.join(deep, "wolke \u00fc")
        os.mkdir(cloud)
        self.assertGreater(len(os.fsencode(lake)), 300)
        self.nl("init", lake, env={"NEUROLAKE_HOME": None})
        self.lake = lake
        self.set("hybrid_storage.cloud_provider", "directory")
        self.set("hybrid_storage.directory", cloud)
        self.nl("bucket", "create", "mine-too")
        path = self.put("mine-too/verk\u00e4ufe 2024/t\u00e4glich.csv", "id,name\n" + "1,\u65e5\n" * 30000, age_days=5)
        digest = sha256(path)
        self.nl("catalog", "index")
        table, = self.nl("catalog", "tables", "--json").json["tables"]
        self.assertEqual(30000, table["rows"])
        self.nl("burst", "mine-too")
        self.assertEqual(digest, stub_of(path)["sha256"])
        self.nl("recall", table["name"])
        self.assertEqual(digest, sha256(path))
        self.assertEqual([], leftovers(lake))
        self.nl("doctor")

    def test_a_bucket_name_in_the_cloud_is_the_users_alone(self):
        """No name of anybody's bucket or server is built in: what is not configured is not guessed."""
        words = read(self.binary)
        for guess in (b"neurolake-cloud-burst", b"amazonaws.com/neurolake"):
            self.assertNotIn(guess, words)

    def test_providers_that_are_not_built_in_say_so_and_touch_nothing(self):
        path = self.put("raw-data/a.bin", os.urandom(100000))
        digest = sha256(path)
        for provider in ("azure", "gcs"):
            self.set("hybrid_storage.cloud_provider", provider)
            for words in (["burst", "raw-data"], ["cloud", "test"]):
                error = self.nl(*words, "--json", check=12).error
                self.assertIn("'%s' is not in this build" % provider, error["message"])
                self.assertIn("s3", error["hint"])
            self.assertEqual(digest, sha256(path))


class OtherMount(LakeTest):
    def test_what_is_dropped_through_another_mount_is_found(self):
        need("mount", "umount")
        if os.getuid() != 0:
            self.skipTest("needs root to mount")
        window = os.path.join(self.tmp, "window")
        os.mkdir(window)
        if subprocess.run(["mount", "--bind", self.bucket(), window], capture_output=True).returncode:
            self.skipTest("mounting is not permitted here")
        self.addCleanup(subprocess.run, ["umount", window], check=True)
        self.nl("catalog", "index")
        write(os.path.join(window, "dropped", "d.csv"), "id\n1\n2\n", age_days=1)
        report = self.nl("catalog", "index", "--json").json
        self.assertEqual([("raw-data.dropped", "added", 2)], [(c["table"], c["what"], c["rows"]) for c in report["changes"]])


class Copying(TierTest):
    """A copy that `cp` takes while a burst is at work is a whole lake, or says which operation to finish."""

    def test_a_copy_taken_in_the_middle_of_a_burst(self):
        for number in range(12):
            self.put("raw-data/t%02d/part.csv" % number, b"id\n" + b"%d\n" % number * 40000)
        self.nl("catalog", "index")
        digests = {number: sha256(self.bucket("raw-data", "t%02d" % number, "part.csv")) for number in range(12)}
        copies = []
        for calls in (30, 60, 120, 240):
            process = self.start("burst", "raw-data", env={"FAILNTH_UNDER": self.lake, "FAILNTH": "%d:KILL" % calls})
            process.wait()
            copy = os.path.join(self.tmp, "copy-%d" % calls)
            subprocess.run(["cp", "-r", self.lake, copy], check=True)
            copies.append(copy)
        for copy in copies:
            told = self.nl("doctor", lake=copy, check=(0, 1))
            if told.rc:
                self.assertRegex(told.out, "(?i)unfinished|half done|finish|--fix|burst")
            self.nl("doctor", "--fix", lake=copy, check=(0, 1))
            self.nl("burst", "raw-data", lake=copy)
            self.nl("recall", "--all", lake=copy)
            for number, digest in digests.items():
                self.assertEqual(digest, sha256(os.path.join(copy, "buckets", "raw-data", "t%02d" % number, "part.csv")))
            self.nl("doctor", lake=copy)
            self.assertEqual(0o644, stat.S_IMODE(os.stat(os.path.join(copy, "buckets/raw-data/t00/part.csv")).st_mode) | 0o044)


if __name__ == "__main__":
    main()
