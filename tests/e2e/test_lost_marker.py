# The hidden folder .neurolake is gone: what is said, how init takes the lake's id over, and that recall works again.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import shutil

from harness import main, read, sha256, tree_hash, write
from tier_lake import TierTest


class LostMarker(TierTest):
    def setUp(self):
        super().setUp()
        self.digests = {}
        for month in ("01", "02"):
            path = self.put("raw-data/orders/%s.csv" % month, "a,b\n" + "1,%s\n" % month * 30000, age_days=30)
            self.digests["orders/%s.csv" % month] = sha256(path)
        self.nl("catalog", "index")
        self.nl("burst", "raw-data/orders")
        self.id = json.loads(read(self.path(".neurolake", "lake.json")))["id"]

    def lose_state(self):
        os.rename(self.path(".neurolake"), os.path.join(self.tmp, "away"))

    def test_the_hint_asks_for_the_old_folder_first(self):
        self.lose_state()
        err = self.nl("recall", "--all", check=10).err
        self.assertLess(err.index("mount the disk, or copy the hidden folder .neurolake back"), err.index("neurolake init"))
        self.assertIn("cloud.jsonl", err)

    def test_init_takes_the_id_over_and_recall_works_again(self):
        self.lose_state()
        before = tree_hash(self.lake)
        self.assertIn("Would take over the id " + self.id, self.nl("init", self.lake, "--dry-run").out)
        self.assertEqual(tree_hash(self.lake), before)
        self.assertEqual(self.nl("init", self.lake, "--json").json["taken_over"], self.id)
        self.assertEqual(json.loads(read(self.path(".neurolake", "lake.json")))["id"], self.id)
        self.nl("doctor", "--cloud")
        self.nl("recall", "--all")
        for name, digest in self.digests.items():
            self.assertEqual(sha256(self.bucket("raw-data", name)), digest)
        self.assertEqual(self.created_event()["taken_over"], self.id)

    def created_event(self):
        return [line for line in self.log("audit") if line["event"] == "lake.created"][-1]

    def test_doctor_tells_of_a_lake_that_is_not_the_one_of_its_files(self):
        marker = self.path(".neurolake", "lake.json")
        value = json.loads(read(marker))
        write(marker, json.dumps({**value, "id": "e" * 32}), mode=0o600)
        out = self.nl("doctor", check=1).out
        self.assertIn("2 files in the cloud belong to the lake %s" % self.id, out)
        os.rename(marker, marker + ".other")
        self.nl("init", self.lake)
        self.nl("doctor")
        self.nl("recall", "--all")

    def test_it_is_said_in_words(self):
        self.lose_state()
        out = self.nl("init", self.lake).out
        self.assertIn("Took over the id %s of the lake that 2 files in the cloud" % self.id, out)

    def test_files_of_two_lakes_are_refused_and_nothing_is_made(self):
        self.lose_state()
        lines = [json.loads(line) for line in read(self.path("catalog", "cloud.jsonl")).splitlines()]
        lines[-1]["stub"]["lake"] = "f" * 32
        write(self.path("catalog", "cloud.jsonl"), "".join(json.dumps(line) + "\n" for line in lines))
        before = tree_hash(self.lake)
        err = self.nl("init", self.lake, check=1).err
        self.assertIn("names files of 2 lakes", err)
        self.assertIn("copy the hidden folder .neurolake back", err)
        self.assertEqual(tree_hash(self.lake), before)

    def test_a_lake_with_nothing_in_the_cloud_gets_a_new_id(self):
        self.nl("recall", "--all")
        shutil.rmtree(self.path(".neurolake"))
        os.remove(self.path("catalog", "cloud.jsonl"))
        self.assertNotIn("taken_over", self.nl("init", self.lake, "--json").json)
        self.assertNotEqual(json.loads(read(self.path(".neurolake", "lake.json")))["id"], self.id)


class StorePlace(TierTest):
    def test_a_directory_that_is_not_there_fails_the_test_of_the_store(self):
        os.rmdir(self.cloud)
        self.assertIn("mkdir", self.nl("cloud", "test", check=12).err)
        self.assertIn("does not exist", self.nl("doctor", "--cloud", check=1).out)
        self.assertIn("is no folder", self.nl("config", "set", "hybrid_storage.directory", self.cloud).err)
        self.assertIn("is no folder", self.nl("status").err)
        self.assertFalse(os.path.exists(self.cloud))

    def test_a_burst_that_makes_the_directory_says_so(self):
        os.rmdir(self.cloud)
        self.put("raw-data/t/a.csv", "id\n1\n")
        self.assertIn("is not there: the real run would make it", self.nl("burst", "raw-data/t", "--set", "burst.min_size=0", "--dry-run").err)
        self.assertFalse(os.path.isdir(self.cloud))
        first = self.nl("burst", "raw-data/t", "--set", "burst.min_size=0")
        self.assertTrue(os.path.isdir(self.cloud))
        self.assertIn("was not there: this burst made it", first.err)
        self.assertIn("lies on the same disk as the lake: a burst frees nothing", first.err)
        self.put("raw-data/u/a.csv", "id\n1\n")
        self.assertNotIn("was not there", self.nl("burst", "raw-data/u", "--set", "burst.min_size=0").err)

    def test_the_lakes_own_disk_is_told_and_changes_no_exit_code(self):
        same = "lies on the same disk as the lake: a burst frees nothing"
        self.assertIn(same, self.nl("cloud", "test").err)
        self.assertIn(same, self.nl("config", "set", "hybrid_storage.directory", self.cloud).err)
        self.assertIn(same, self.nl("status", "--check").err)
        self.assertIn(same, self.nl("doctor").out)
        self.assertNotIn(same, self.nl("config", "set", "storage.high", "1GB").err)

    def test_a_file_in_the_place_of_a_stub_is_counted_apart(self):
        self.put("raw-data/o/a.csv", "a,b\n" + "1,2\n" * 30000, age_days=30)
        self.put("raw-data/o/b.csv", "a,b\n" + "3,4\n" * 30000, age_days=30)
        self.nl("burst", "raw-data/o")
        os.remove(self.bucket("raw-data", "o", "a.csv"))
        self.put("raw-data/o/a.csv", "a,b\n5,6\n")
        out = self.nl("doctor").out
        self.assertIn("every file in the cloud has its stub: 1", out)
        self.assertIn("1 file here took the place of a stub", out)


if __name__ == "__main__":
    main()
