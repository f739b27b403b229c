# kill -9 before every system call that changes disk or cloud: no byte is ever in no proven place, and the next run finishes.
# SPDX-License-Identifier: Apache-2.0
# ctest: kill
import json
import os

from harness import main, sha256
from kill_lake import SETTINGS, PointTest, S3Stage, Stage
from servers import MiniS3
from tier_lake import stub_of


class KillPoints(PointTest):
    FILES = {"a.csv": b"alpha\n" * 3000, "t/b.csv": b"beta\n" * 2000}

    def test_burst(self):
        stage = Stage(self.folder, self.FILES)
        self.each_point(stage, ["burst", "raw-data"], self.all_away(stage))

    def table(self):
        files = {"t/a.csv": b"id,v\n" + b"1,2\n" * 3000, "t/b.csv": b"id,v\n" + b"3,4\n" * 3000}
        stage = Stage(self.folder, files)
        stage.nl(stage.base, "catalog", "index", settings=stage.settings(stage.base), check=(0, 3))
        return stage

    def test_burst_of_one_table(self):
        stage = self.table()
        self.each_point(stage, ["burst", "raw-data"], self.all_away(stage))

    def test_a_table_killed_in_its_burst_is_loud_at_once_and_whole_after_any_writer(self):
        """No reader ever takes half of it for all of it: each part is at its name, its own bytes or a stub no reader opens;
        and what runs next, whatever it is, makes it all here or all away, as the catalog then says."""
        stage = self.table()
        lost_before = stage.lost

        def lost_or_silent(copy):
            bucket = os.path.join(copy, "lake", "buckets", "raw-data")
            silent = []
            for name, digest in stage.digests.items():
                path = os.path.join(bucket, name)
                if not os.path.lexists(path):
                    silent.append("missing at its name: " + name)
                elif stub_of(path):
                    silent += ["readable stub: " + name] * (os.lstat(path).st_mode & 0o777 != 0)
                elif sha256(path) != digest:
                    silent.append("neither file nor stub: " + name)
            return lost_before(copy) + silent

        def whole(copy):
            bucket = os.path.join(copy, "lake", "buckets", "raw-data")
            away = [name for name in stage.files if stub_of(os.path.join(bucket, name))]
            with open(os.path.join(copy, "lake", "catalog", "tables.json")) as file:
                tables = [table for table in json.load(file)["tables"] if table["name"] == "raw-data.t"]
            problems = []
            if len(away) not in (0, len(stage.files)):
                problems.append("half: %s" % away)
            if [table["tier"] for table in tables] != ["cloud" if away else "local"]:
                problems.append("the catalog says %s, away are %s" % ([table["tier"] for table in tables], away))
            return "; ".join(problems)

        stage.lost = lost_or_silent
        self.each_point(stage, ["burst", "raw-data"], whole, again=["catalog", "index"])

    def test_a_table_killed_twice(self):
        stage = self.table()
        self.each_pair(stage, ["burst", "raw-data"], self.all_away(stage), samples=2)

    def test_recall(self):
        # One batch, whose steps are done for all its files: kills fall between the files of a step, too.
        stage = Stage(self.folder, {**self.FILES, "t/c.csv": b"gamma\n" * 2500, "t/empty": b""})
        base_cloud = os.path.join(stage.base, "cloud")

        # Every copy recalls from the one cloud of the base, which recall only reads.
        stage.settings = lambda copy: ["hybrid_storage.cloud_provider=directory", "hybrid_storage.directory=" + base_cloud,
                                       *SETTINGS]
        stage.nl(stage.base, "burst", "raw-data", settings=stage.settings(stage.base))
        self.each_point(stage, ["recall", "raw-data"], self.all_here(stage))

    def test_recall_of_two_batches(self):
        # 128 files are a batch; the record of the first waits for the index while the second is in flight.
        stage = Stage(self.folder, {"t/%03d.csv" % i: b"%d\n" % i for i in range(130)})
        base_cloud = os.path.join(stage.base, "cloud")
        stage.settings = lambda copy: ["hybrid_storage.cloud_provider=directory", "hybrid_storage.directory=" + base_cloud,
                                       *SETTINGS]
        stage.nl(stage.base, "burst", "raw-data", settings=stage.settings(stage.base))

        def in_the_books(copy):
            told = stage.nl(copy, "status", "--json").stdout
            clouds = [bucket["cloud_file_count"] for bucket in json.loads(told)["buckets"] if bucket["name"] == "raw-data"]
            return self.all_here(stage)(copy) or ("" if clouds == [0] else "status: %s" % told)

        self.each_point(stage, ["recall", "raw-data"], in_the_books,
                        choose=lambda total: sorted({*range(1, total + 1, 41), *range(total - 59, total + 1)}))

    def test_a_kill_in_the_recovery_from_a_kill(self):
        stage = Stage(self.folder, {"a.csv": b"alpha\n" * 3000})
        # Stopped in the middle: the stub stands, the original waits.
        total, calls = self.count(stage, ["burst", "raw-data"])
        exchange = max(i for i, call in enumerate(calls, 1) if call == "renameat2") + 2
        stage.run(stage.base, ["burst", "raw-data"], stage.settings(stage.base), {"FAILNTH": "%d:KILL" % exchange})
        cloud = os.path.join(stage.base, "cloud")
        stage.settings = lambda copy: ["hybrid_storage.cloud_provider=directory", "hybrid_storage.directory=" + cloud, *SETTINGS]
        self.each_point(stage, ["burst", "raw-data"], self.all_away_in(stage, cloud))

    def test_no_space_at_each_call(self):
        stage = Stage(self.folder, self.FILES)
        self.each_point(stage, ["burst", "raw-data"], self.all_away(stage),
                        fault="ENOSPC:write,pwrite,open,mkdir,fallocate,fsync,rename,renameat2")

    def test_device_errors_at_each_call(self):
        stage = Stage(self.folder, self.FILES)
        self.each_point(stage, ["burst", "raw-data"], self.all_away(stage),
                        fault="EIO:write,pwrite,open,fsync,fdatasync,rename,renameat2,unlink,unlinkat,fchmod,futimens")

    def test_half_written_calls(self):
        stage = Stage(self.folder, {"a.csv": b"alpha\n" * 3000})
        self.each_point(stage, ["burst", "raw-data"], self.all_away(stage), fault="SHORT:write,pwrite,send")


class KillPointsS3(PointTest):
    """An upload in parts, with the same eyes."""

    FILES = {"big.bin": b"\x89" + b"0123456789abcdef" * (331 << 10), "small.csv": b"alpha\n" * 3000}

    def test_burst_in_parts(self):
        with MiniS3() as s3:
            stage = S3Stage(self.folder, self.FILES, s3)
            self.each_point(stage, ["burst", "raw-data"], stage.all_away)

    def test_killed_twice(self):
        with MiniS3() as s3:
            stage = S3Stage(self.folder, self.FILES, s3)
            self.each_pair(stage, ["burst", "raw-data"], stage.all_away, samples=1)


if __name__ == "__main__":
    main()
