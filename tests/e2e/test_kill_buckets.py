# kill -9 before every call of a bucket's rename and removal: afterwards everything has the old name or the new one.
# SPDX-License-Identifier: Apache-2.0
# ctest: kill
import json
import os

from harness import main, sha256
from kill_lake import PointTest, Stage
from tier_lake import leftovers, lost, stub_of

FILES = {"away/a.csv": b"id,v\n" + b"1,2\n" * 3000, "here/b.csv": b"id,v\n" + b"3,4\n" * 3000}


class BucketPoints(PointTest):
    def setUp(self):
        super().setUp()
        stage = self.stage = Stage(self.folder, FILES)
        self.cloud = os.path.join(stage.base, "cloud")  # one for all copies: nothing here writes to it
        stage.settings = lambda copy: ["hybrid_storage.cloud_provider=directory", "hybrid_storage.directory=" + self.cloud,
                                       "burst.min_size=0", "storage.min_free=1KiB"]
        self.nl("catalog", "index")
        self.nl("burst", "raw-data/away")
        self.nl("pin", "raw-data/here")
        self.nl("bucket", "set", "raw-data", "retention=91")

    def nl(self, *words, copy=None, check=(0,)):
        copy = copy or self.stage.base
        return self.stage.nl(copy, *words, settings=self.stage.settings(copy), check=check)

    def json(self, copy, *words):
        return json.loads(self.nl(*words, "--json", copy=copy).stdout)

    def lost_in(self, copy, names):
        """A file may be below any of these names; what is below none of them, whole or as a stub of its object, is lost."""
        lake = os.path.join(copy, "lake")
        everywhere = [set(lost(os.path.join(lake, name), self.cloud, self.stage.digests)) for name in names(lake)]
        return sorted(set.intersection(*everywhere))

    def readers_answer(self, copy):
        """A bucket whose folder has just got its new name may be told as missing (3), nothing worse."""
        runs = [(words, self.stage.run(copy, words, self.stage.settings(copy)))
                for words in (["bucket", "list"], ["catalog", "tables"], ["ls"], ["status"])]
        return ["%s: rc %d %s" % (" ".join(words), run.returncode, run.stderr.decode())
                for words, run in runs if run.returncode not in (0, 3 if words == ["ls"] else 0)]


class Rename(BucketPoints):
    def setUp(self):
        super().setUp()
        self.stage.lost = lambda copy: self.lost_in(copy, lambda lake: ["buckets/raw-data", "buckets/intake"]) + self.readers_answer(copy)

    def renamed(self, copy):
        """What is not as a finished rename leaves it; the stub comes back from where the object was put under the old name."""
        problems = []
        buckets = {row["name"]: row for row in self.json(copy, "bucket", "list")["buckets"]}
        if "raw-data" in buckets or os.path.lexists(os.path.join(copy, "lake", "buckets", "raw-data")):
            problems.append("the old bucket is still there")
        if buckets.get("intake", {}).get("retention_days") != 91 or not buckets["intake"]["registered"]:
            problems.append("the new bucket is %s" % buckets.get("intake"))
        tables = {row["name"]: row["tier"] for row in self.json(copy, "catalog", "tables")["tables"]}
        if tables != {"intake.away": "cloud", "intake.here": "local"}:
            problems.append("tables: %s" % tables)
        if [pin["path"] for pin in self.json(copy, "pin")["pins"]] != ["intake/here"]:
            problems.append("the pin stayed behind")
        # Copied files are new ones to an index, and read again; the stub cannot be, and what is known of it must stay.
        for words in ([], ["--full"]):
            listed = self.json(copy, "catalog", "index", *words)
            if listed["changes"]:
                problems.append("the next index found %s" % listed["changes"])
        self.nl("recall", "intake.away", copy=copy)
        bucket = os.path.join(copy, "lake", "buckets", "intake")
        problems += ["not back: " + name for name, digest in self.stage.digests.items() if sha256(os.path.join(bucket, name)) != digest]
        problems += ["left: " + name for name in leftovers(os.path.join(copy, "lake"))]
        return "; ".join(problems)

    def test_the_same_command_again_finishes_it(self):
        self.each_point(self.stage, ["bucket", "rename", "raw-data", "intake"], self.renamed, accept=(0, 1))

    def test_any_writer_finishes_it_or_finds_it_undone(self):
        """An index after the kill: either nothing had begun, or the rename is now complete."""
        def old_or_new(copy):
            if not os.path.lexists(os.path.join(copy, "lake", "buckets", "intake")):
                self.nl("bucket", "rename", "raw-data", "intake", copy=copy)
            return self.renamed(copy)

        for writer in (["catalog", "index"], ["burst", "--bucket", "archive"]):
            self.each_point(self.stage, ["bucket", "rename", "raw-data", "intake"], old_or_new, again=writer)


class Remove(BucketPoints):
    def test_a_full_bucket_is_here_or_in_the_trash(self):
        def names(lake):
            trash = os.path.join(".neurolake", "trash")
            return ["buckets/raw-data"] + [os.path.join(trash, name, "data") for name in os.listdir(os.path.join(lake, trash))]

        def removed(copy):
            lake = os.path.join(copy, "lake")
            buckets = [row["name"] for row in self.json(copy, "bucket", "list")["buckets"]]
            tables = [row["name"] for row in self.json(copy, "catalog", "tables")["tables"]]
            problems = ["still known: %s %s" % (buckets, tables)] * ("raw-data" in buckets or bool(tables))
            trash = os.listdir(os.path.join(lake, ".neurolake", "trash"))
            if len([name for name in trash if os.path.isdir(os.path.join(lake, ".neurolake", "trash", name, "data"))]) != 1:
                problems.append("the trash holds %s" % trash)
            if not stub_of(os.path.join(lake, names(lake)[1], "away", "a.csv")):
                problems.append("the stub did not go with its bucket")
            return "; ".join(problems)

        self.stage.lost = lambda copy: self.lost_in(copy, names) + self.readers_answer(copy)
        self.each_point(self.stage, ["bucket", "remove", "raw-data", "--trash"], removed, accept=(0, 1))

    def test_an_empty_bucket_is_known_or_not(self):
        def removed(copy):
            names = [row["name"] for row in self.json(copy, "bucket", "list")["buckets"]]
            return "still known" if "analytics" in names else ""

        self.stage.lost = self.readers_answer
        self.each_point(self.stage, ["bucket", "remove", "analytics"], removed, accept=(0, 1))


if __name__ == "__main__":
    main()
