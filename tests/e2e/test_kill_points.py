# kill -9 before every system call that changes disk or cloud: no byte is ever in no proven place, and the next run finishes.
# SPDX-License-Identifier: Apache-2.0
"""Every point between two calls (write, fsync, rename, unlink, mkdir, send ...) is killed at once, on a fresh copy of one lake;
then every file must be here, or aside, or proven in the cloud; then the same command runs again and everything must be in order.
Prints the number of points. KILL_EVERY=n takes each nth point only (default 1)."""
import concurrent.futures
import os
import subprocess
import tempfile
import unittest

from harness import BINARY, clean_environment, main, sha256, write
from servers import MiniS3
from tier_lake import failnth, fast_folder, leftovers, lost, objects_in, stub_of

EVERY = int(os.environ.get("KILL_EVERY", "1"))
SETTINGS = ["hybrid_storage.concurrency=1", "burst.min_size=0", "storage.min_free=1KiB"]


class Stage:
    """A prepared lake that is copied for each kill."""

    def __init__(self, folder, files):
        self.folder = folder
        self.files = files
        self.environment = {**clean_environment(folder), "FAILNTH_AHEAD": "3600", "FAILNTH_NO_SLEEP": "1", "LD_PRELOAD": failnth()}
        self.base = os.path.join(folder, "base")
        os.mkdir(self.base)
        self.nl(self.base, "init", os.path.join(self.base, "lake"))
        os.mkdir(os.path.join(self.base, "cloud"))
        for name, data in files.items():
            write(os.path.join(self.base, "lake", "buckets", "raw-data", name), data, age_days=2)
        self.digests = {name: sha256(os.path.join(self.base, "lake", "buckets", "raw-data", name)) for name in files}

    def settings(self, copy):
        return ["hybrid_storage.cloud_provider=directory", "hybrid_storage.directory=" + os.path.join(copy, "cloud"),
                *SETTINGS]

    def run(self, copy, words, settings=(), env=None):
        flags = [flag for value in settings for flag in ("--set", value)]
        return subprocess.run([BINARY, "--home", os.path.join(copy, "lake"), *words, *flags],
                              env={**self.environment, "FAILNTH_UNDER": self.folder, **(env or {})}, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=600)

    def nl(self, copy, *words, settings=(), check=(0,)):
        result = self.run(copy, words, settings)
        assert result.returncode in check, (words, result.returncode, result.stdout, result.stderr)
        return result

    def lost(self, copy):
        lake = os.path.join(copy, "lake")
        return lost(os.path.join(lake, "buckets", "raw-data"), os.path.join(copy, "cloud"), self.digests, trash=lake)

    def copy(self, name):
        target = os.path.join(self.folder, name)
        subprocess.run(["cp", "-a", self.base, target], check=True)
        return target


class PointTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="neurolake-kill-", dir=fast_folder())
        self.addCleanup(subprocess.run, ["rm", "-rf", self.folder])

    def count(self, stage, words):
        copy = stage.copy("count")
        counted = os.path.join(stage.folder, "counted")
        result = stage.run(copy, words, stage.settings(copy), {"FAILNTH_COUNT": counted})
        self.assertIn(result.returncode, (0, 13), result.stderr)
        with open(counted) as file:
            calls = file.read().split()
        subprocess.run(["rm", "-rf", copy])
        return int(calls[0]), calls[1:]

    def each_point(self, stage, words, check_after, fault="KILL", again=None):
        """Violations over all points; each point is its own copy of the lake."""
        total, calls = self.count(stage, words)

        def point(n):
            copy = stage.copy("p%d" % n)
            try:
                killed = stage.run(copy, words, stage.settings(copy), {"FAILNTH": "%d:%s" % (n, fault)})
                where = "%s before call %d of %d (%s), rc %d" % (fault, n, total, calls[n - 1] if n <= len(calls) else "?",
                                                             killed.returncode)
                found = stage.lost(copy)
                if found:
                    return "%s: LOST %s\n%s" % (where, found, killed.stderr.decode())
                if fault != "KILL" and killed.returncode not in (0,) and not killed.stderr:
                    return where + ": failed without a word"
                rerun = stage.run(copy, again or words, stage.settings(copy))
                if rerun.returncode not in (0, 13):
                    return "%s: the next run: rc %d %s" % (where, rerun.returncode, rerun.stderr.decode())
                problem = check_after(copy)
                return problem and "%s: %s\nfirst: %s\nnext: %s" % (where, problem, killed.stderr.decode(),
                                                                rerun.stderr.decode())
            finally:
                subprocess.run(["rm", "-rf", copy])

        points = range(1, total + 1, EVERY)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            violations = [problem for problem in pool.map(point, points) if problem]
        print("%s: %s at %d of %d points, %d violations" % (" ".join(words), fault, len(points), total, len(violations)), flush=True)
        self.assertEqual([], violations[:3])

    def all_away(self, stage):
        return self.all_away_in(stage, None)

    def all_away_in(self, stage, cloud):
        def check(copy):
            bucket = os.path.join(copy, "lake", "buckets", "raw-data")
            problems = ["not a stub: " + name for name in stage.files if not stub_of(os.path.join(bucket, name))]
            where = cloud or os.path.join(copy, "cloud")
            problems += ["lost: " + name for name in lost(bucket, where, stage.digests)]
            problems += ["left: " + name for name in leftovers(os.path.join(copy, "lake"))]
            objects = objects_in(where)
            if len(objects) != len(stage.files):
                problems.append("orphans: %s" % sorted(objects))
            return "; ".join(problems)
        return check

    def all_here(self, stage):
        def check(copy):
            bucket = os.path.join(copy, "lake", "buckets", "raw-data")
            problems = ["not back: " + name for name in stage.files
                        if sha256(os.path.join(bucket, name)) != stage.digests[name]]
            problems += ["left: " + name for name in leftovers(os.path.join(copy, "lake"))]
            return "; ".join(problems)
        return check


class KillPoints(PointTest):
    FILES = {"a.csv": b"alpha\n" * 3000, "t/b.csv": b"beta\n" * 2000}

    def test_burst(self):
        stage = Stage(self.folder, self.FILES)
        self.each_point(stage, ["burst", "raw-data"], self.all_away(stage))

    def test_burst_of_one_table(self):
        files = {"t/a.csv": b"id,v\n" + b"1,2\n" * 3000, "t/b.csv": b"id,v\n" + b"3,4\n" * 3000}
        stage = Stage(self.folder, files)
        stage.nl(stage.base, "catalog", "index", settings=stage.settings(stage.base), check=(0, 3))
        self.each_point(stage, ["burst", "raw-data"], self.all_away(stage))

    def test_recall(self):
        stage = Stage(self.folder, self.FILES)
        base_cloud = os.path.join(stage.base, "cloud")

        # Every copy recalls from the one cloud of the base, which recall only reads.
        stage.settings = lambda copy: ["hybrid_storage.cloud_provider=directory", "hybrid_storage.directory=" + base_cloud,
                                       *SETTINGS]
        stage.nl(stage.base, "burst", "raw-data", settings=stage.settings(stage.base))
        self.each_point(stage, ["recall", "raw-data"], self.all_here(stage))

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
    """The same against S3, with an upload in parts; the server is asked, not the disk."""

    def test_burst_in_parts(self):
        data = os.urandom(11 << 20)
        files = {"big.bin": data, "small.csv": b"alpha\n" * 3000}
        stage = Stage(self.folder, files)
        with MiniS3() as s3:
            stage.environment.update(s3.env)
            stage.settings = lambda copy: [
                "hybrid_storage.cloud_provider=s3", "hybrid_storage.endpoint=" + s3.endpoint,
                "hybrid_storage.cloud_bucket=" + s3.bucket, "hybrid_storage.part_size=5MiB",
                "hybrid_storage.prefix=" + os.path.basename(copy), *SETTINGS]

            def nothing_lost(copy):
                prefix = os.path.basename(copy)
                bucket = os.path.join(copy, "lake", "buckets", "raw-data")
                objects = s3.objects()
                problems = []
                for name in files:
                    stub = stub_of(os.path.join(bucket, name))
                    if not stub:
                        problems.append("not a stub: " + name)
                    elif objects.get(stub["store"]["key"], {}).get("sha256") != stage.digests[name]:
                        problems.append("not in the cloud: " + name)
                problems += ["left: " + name for name in leftovers(os.path.join(copy, "lake"))]
                uploads = [upload["key"] for upload in s3.uploads().values() if "/" + prefix + "/" in upload["key"]]
                if uploads:
                    problems.append("unfinished uploads: %s" % uploads)
                mine = [key for key in objects if key.startswith(prefix + "/")]
                if len(mine) != len(files):
                    problems.append("objects: %s" % mine)
                return "; ".join(problems)

            def lost_of(copy):
                lake = os.path.join(copy, "lake")
                bucket = os.path.join(lake, "buckets", "raw-data")
                objects = s3.objects()

                def in_cloud(name):
                    path = os.path.join(bucket, name)
                    stub = stub_of(path) if os.path.lexists(path) else None
                    return stub and objects.get(stub["store"]["key"], {}).get("sha256") == stage.digests[name]
                return [name for name in lost(bucket, "/nonexistent", stage.digests, trash=lake) if not in_cloud(name)]
            stage.lost = lost_of
            stage.environment["FAILNTH_AHEAD"] = "600"  # the server refuses a clock that is further off
            self.each_point(stage, ["burst", "raw-data"], nothing_lost)


if __name__ == "__main__":
    main()
