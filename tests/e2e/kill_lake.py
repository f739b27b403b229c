# What the tests share that kill the program before each of its calls: a lake copied for each kill, and what must hold after it.
# SPDX-License-Identifier: Apache-2.0
"""Every point between two calls (write, fsync, rename, unlink, mkdir, send ...) is killed at once, on a fresh copy of one lake;
then every file must be here, or aside, or proven in the cloud; then the same command runs again and everything must be in order.
Prints the number of points. KILL_EVERY=n takes each nth point only (default 1)."""
import concurrent.futures
import os
import random
import subprocess
import tempfile
import unittest

from harness import BINARY, clean_environment, sha256, write
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
        """What is neither here nor proven in the cloud; a test may put its own in place."""
        lake = os.path.join(copy, "lake")
        return lost(os.path.join(lake, "buckets", "raw-data"), os.path.join(copy, "cloud"), self.digests, trash=lake)

    def copy(self, name):
        target = os.path.join(self.folder, name)
        subprocess.run(["cp", "-a", self.base, target], check=True)
        return target


class S3Stage(Stage):
    """The same on an S3 server that all copies share, each under a prefix of its own; the server is asked, not the disk."""

    def __init__(self, folder, files, s3):
        super().__init__(folder, files)
        self.s3 = s3
        self.environment.update(s3.env, FAILNTH_AHEAD="600")  # the server refuses a clock that is further off

    def settings(self, copy):
        return ["hybrid_storage.cloud_provider=s3", "hybrid_storage.endpoint=" + self.s3.endpoint,
                "hybrid_storage.cloud_bucket=" + self.s3.bucket, "hybrid_storage.part_size=5MiB",
                "hybrid_storage.prefix=" + os.path.basename(copy), *SETTINGS]

    def proven(self, copy, name, objects):
        path = os.path.join(copy, "lake", "buckets", "raw-data", name)
        stub = stub_of(path) if os.path.lexists(path) else None
        return stub and objects.get(stub["store"]["key"], {}).get("sha256") == self.digests[name]

    def lost(self, copy):
        lake, objects = os.path.join(copy, "lake"), self.s3.objects()
        here = lost(os.path.join(lake, "buckets", "raw-data"), "/nonexistent", self.digests, trash=lake)
        return [name for name in here if not self.proven(copy, name, objects)]

    def all_away(self, copy):
        """What is wrong after the last run: every file must be a stub with its object, and nothing else be left."""
        prefix, objects = os.path.basename(copy) + "/", self.s3.objects()
        problems = ["not in the cloud: " + name for name in self.files if not self.proven(copy, name, objects)]
        problems += ["left: " + name for name in leftovers(os.path.join(copy, "lake"))]
        problems += ["unfinished upload: " + upload["key"] for upload in self.s3.uploads().values() if "/" + prefix in upload["key"]]
        mine = [key for key in objects if key.startswith(prefix)]
        if len(mine) != len(self.files):
            problems.append("objects: %s" % mine)
        return "; ".join(problems)


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

    def each_point(self, stage, words, check_after, fault="KILL", again=None, accept=(0, 13), choose=None):
        """Violations over all points, or those that choose(total) names; each point is its own copy of the lake. `again` is
        what runs next (the same)."""
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
                if rerun.returncode not in accept:
                    return "%s: the next run: rc %d %s" % (where, rerun.returncode, rerun.stderr.decode())
                problem = check_after(copy)
                return problem and "%s: %s\nfirst: %s\nnext: %s" % (where, problem, killed.stderr.decode(),
                                                                rerun.stderr.decode())
            finally:
                subprocess.run(["rm", "-rf", copy])

        points = (choose(total) if choose else range(1, total + 1))[::EVERY]
        self.run_points(point, points, "%s: %s at %%d of %d points" % (" ".join(words), fault, total))

    def run_points(self, point, points, words):
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            violations = [problem for problem in pool.map(point, points) if problem]
        print("%s, %d violations" % (words % len(points), len(violations)), flush=True)
        self.assertEqual([], violations[:3])

    def each_pair(self, stage, words, check_after, samples):
        """After each first kill a second one, inside the run that recovers: at `samples` of its calls, drawn evenly with a
        seed, since all pairs would be tens of thousands. Then a third run must bring everything in order."""
        total, _ = self.count(stage, words)
        hit = []

        def pair(job):
            first, part = job
            # What is left to do after the first kill, and what recovery adds to it.
            left = total - first + 20
            second = random.Random(first * 1000 + part).randint(left * part // samples + 1, left * (part + 1) // samples)
            copy = stage.copy("q%d-%d" % job)
            try:
                stage.run(copy, words, stage.settings(copy), {"FAILNTH": "%d:KILL" % first})
                killed = stage.run(copy, words, stage.settings(copy), {"FAILNTH": "%d:KILL" % second})
                hit.append(killed.returncode == -9)
                where = "killed before call %d of %d, then before call %d" % (first, total, second)
                found = stage.lost(copy)
                if found:
                    return "%s: LOST %s" % (where, found)
                rerun = stage.run(copy, words, stage.settings(copy))
                if rerun.returncode not in (0, 13):
                    return "%s: the third run: rc %d %s" % (where, rerun.returncode, rerun.stderr.decode())
                problem = check_after(copy)
                return problem and "%s: %s\nthird: %s" % (where, problem, rerun.stderr.decode())
            finally:
                subprocess.run(["rm", "-rf", copy])

        jobs = [(first, part) for first in range(1, total + 1, EVERY) for part in range(samples)]
        self.run_points(pair, jobs, "%s: killed twice, %%d pairs after %d first points" % (" ".join(words), total))
        print("    %d of the second kills hit" % sum(hit), flush=True)
        self.assertGreater(sum(hit), len(jobs) // 2)

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
