# A lake that was copied shares its objects with the original: neither may take them from the other.
# SPDX-License-Identifier: Apache-2.0
import os
import subprocess

from harness import age, main, sha256, write
from tier_lake import TierTest


class Copies(TierTest):
    def setUp(self):
        super().setUp()
        for number in range(3):
            self.put("raw-data/t/%d.csv" % number, "id\n" + "%d\n" % number * 20000)
        self.nl("burst", "raw-data/t")

    def digests(self, lake):
        folder = os.path.join(lake, "buckets", "raw-data", "t")
        return {name: sha256(os.path.join(folder, name)) for name in sorted(os.listdir(folder)) if name.endswith(".csv")}

    def test_neither_copy_cleans_what_the_other_relies_on(self):
        copy = self.lake + "-copy"
        subprocess.run(["cp", "-a", self.lake, copy], check=True)
        self.nl("recall", "--all", lake=copy)
        originals = self.digests(copy)
        changed = os.path.join(copy, "buckets", "raw-data", "t", "0.csv")
        write(changed, "id\n" + "another\n" * 20000)
        age(os.path.join(copy, "buckets", "raw-data"), seconds=60)
        newer = self.digests(copy)
        self.nl("burst", "raw-data/t", lake=copy)
        for lake in (copy, self.lake):
            self.assertIn("copy", self.nl("cloud", "orphans", "--clean", lake=lake).out)
        self.nl("recall", "--all")
        self.nl("recall", "--all", lake=copy)
        self.assertEqual(originals, self.digests(self.lake))
        self.assertEqual(newer, self.digests(copy))

    def test_the_original_still_cleans_its_own(self):
        self.nl("recall", "--all")
        write(self.bucket("raw-data", "t", "0.csv"), "id\n" + "another\n" * 20000)
        age(self.bucket("raw-data"), seconds=60)
        self.nl("burst", "raw-data/t")
        self.assertEqual(4, len(self.objects()))
        orphans = self.nl("cloud", "orphans", "--clean", "--json").json["orphans"]
        self.assertEqual([True], [orphan["removed"] for orphan in orphans])
        self.assertEqual(3, len(self.objects()))
        self.nl("recall", "--all")

    def test_many_files_come_back_from_a_store_the_settings_no_longer_name(self):
        for number in range(60):
            self.put("raw-data/many/%02d.bin" % number, os.urandom(20000))
        before = {n: sha256(self.bucket("raw-data", "many", "%02d.bin" % n)) for n in range(60)}
        self.nl("burst", "raw-data/many")
        elsewhere = os.path.join(self.tmp, "elsewhere")
        os.mkdir(elsewhere)
        self.set("hybrid_storage.directory", elsewhere)
        self.nl("recall", "--all")
        self.assertEqual(before, {n: sha256(self.bucket("raw-data", "many", "%02d.bin" % n)) for n in range(60)})


if __name__ == "__main__":
    main()
