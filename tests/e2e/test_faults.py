# Every kind of lying network: whatever the store answers, bytes are here or proven there, and the next run finishes.
# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import os
import subprocess
import tempfile
import unittest

from harness import BINARY, clean_environment, main, sha256, write
from servers import FaultProxy, MiniS3
from tier_lake import failnth, fast_folder, leftovers, lost, stub_of

UP = "PUT|POST"
ASK = "HEAD|GET"
# what, on which requests, the fault
FAULTS = [
    ("503 with Retry-After", UP, {"type": "status", "code": 503, "retry_after": 1}),
    ("500", UP, {"type": "status", "code": 500, "s3code": "InternalError"}),
    ("404", UP, {"type": "status", "code": 404, "s3code": "NoSuchBucket"}),
    ("done but reported failed", UP, {"type": "status", "code": 500, "s3code": "InternalError", "forward": True}),
    ("credentials expired", UP, {"type": "expired"}),
    ("access denied", UP, {"type": "access_denied"}),
    ("clock skew", UP, {"type": "clock_skew"}),
    ("no such upload", UP, {"type": "no_such_upload"}),
    ("redirect", UP, {"type": "redirect"}),
    ("200 with an error", UP, {"type": "ok_error"}),
    ("200 with an error, and done", UP, {"type": "ok_error", "forward": True}),
    ("reset in the body", UP, {"type": "reset_request", "after": 1000}),
    ("refused before the body", UP, {"type": "unheard", "code": 403, "s3code": "AccessDenied"}),
    ("upstream cut in the body", UP, {"type": "reset_upstream", "after": 1000}),
    ("answer lost", UP, {"type": "reset_response", "after": 0}),
    ("answer cut", UP, {"type": "reset_response", "after": 40}),
    ("truncated answer", UP, {"type": "truncate", "after": 10}),
    ("stall", UP, {"type": "stall", "where": "before_response", "seconds": 2}),
    ("corrupted on its way", UP, {"type": "corrupt", "where": "request"}),
    ("sent twice", UP, {"type": "duplicate_request"}),
    ("answered twice", UP, {"type": "duplicate_response"}),
    ("swallowed", "PUT", {"type": "swallow"}),
    ("swallowed, the joining of parts too", UP, {"type": "swallow"}),
    ("another ETag", UP, {"type": "headers", "set": {"ETag": "\"00000000000000000000000000000000\""}}),
    ("no checksum in the answer", UP, {"type": "headers", "drop": ["x-amz-checksum-sha256"]}),
    ("garbage", UP, {"type": "garbage"}),
    ("proof: 503", ASK, {"type": "status", "code": 503}),
    ("proof: 403", ASK, {"type": "access_denied"}),
    ("proof: stale", ASK, {"type": "stale", "what": "404"}),
    ("proof: garbage", ASK, {"type": "garbage"}),
    ("proof: reset", ASK, {"type": "reset_response", "after": 0}),
    ("proof: another checksum", ASK,
     {"type": "headers", "set": {"x-amz-checksum-sha256": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}),
    ("proof: another length", "HEAD", {"type": "headers", "set": {"Content-Length": "17"}}),
]
RECALL_FAULTS = [
    ("503", {"type": "status", "code": 503}),
    ("403", {"type": "access_denied"}),
    ("404", {"type": "stale", "what": "404"}),
    ("redirect", {"type": "redirect"}),
    ("truncated", {"type": "truncate", "after": 1000}),
    ("short, consistently", {"type": "short", "after": 1000}),
    ("reset in the body", {"type": "reset_response", "after": 1000}),
    ("corrupted", {"type": "corrupt", "where": "response", "offset": 5000}),
    ("stall", {"type": "stall", "where": "mid_response", "after": 100, "seconds": 2}),
    ("chunked and cut", {"type": "chunked_cut", "after": 1000}),
    ("answered twice", {"type": "duplicate_response"}),
    ("garbage", {"type": "garbage"}),
    ("encoded", {"type": "headers", "set": {"Content-Encoding": "gzip"}}),
]


class Faults(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="neurolake-faults-", dir=fast_folder())
        self.addCleanup(subprocess.run, ["rm", "-rf", self.folder])
        self.files = {"big.bin": os.urandom(6 << 20), "a.csv": b"alpha\n" * 5000, "b.csv": b"beta\n" * 5000}

    def nl(self, lake, s3, proxy, *words):
        settings = ["hybrid_storage.cloud_provider=s3", "hybrid_storage.endpoint=" + proxy.endpoint,
                    "hybrid_storage.cloud_bucket=" + s3.bucket, "hybrid_storage.part_size=5MiB", "burst.min_size=0",
                    "hybrid_storage.concurrency=2"]
        flags = [flag for value in settings for flag in ("--set", value)]
        # Waits between tries end at once; the server refuses clocks that are further off.
        env = {**clean_environment(self.folder), **s3.env, "LD_PRELOAD": failnth(), "FAILNTH_NO_SLEEP": "1",
               "FAILNTH_AHEAD": "300"}
        return subprocess.run([BINARY, "--home", lake, *words, *flags], env=env, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=600)

    def make(self, name):
        lake = os.path.join(self.folder, name)
        done = subprocess.run([BINARY, "init", lake], env=clean_environment(self.folder), capture_output=True)
        self.assertEqual(0, done.returncode, done.stderr)
        for file, data in self.files.items():
            write(os.path.join(lake, "buckets", "raw-data", file), data, age_days=2)
        return lake, {file: sha256(os.path.join(lake, "buckets", "raw-data", file)) for file in self.files}

    @staticmethod
    def lost(lake, s3, digests, trash=None):
        bucket = os.path.join(lake, "buckets", "raw-data")
        objects = s3.objects()

        def in_cloud(name):
            path = os.path.join(bucket, name)
            stub = stub_of(path) if os.path.lexists(path) else None
            return stub and objects.get(stub["store"]["key"], {}).get("sha256") == digests[name]
        return [name for name in lost(bucket, "/nonexistent", digests, trash=trash) if not in_cloud(name)]

    def burst_through(self, number, what, method, fault, times, checksums):
        words = "%s, %s, %s checksums" % (what, "once" if times else "always", "with" if checksums else "without")
        lake, digests = self.make("lake-%s" % number)
        with MiniS3(checksums=checksums) as s3, FaultProxy(s3.endpoint) as proxy:
            rule = {"match": {"method": method}, "fault": fault}
            if times:
                rule["times"] = times
            proxy.rules([rule])
            first = self.nl(lake, s3, proxy, "burst", "raw-data")
            if first.returncode not in (0, 3, 12, 14):
                return "%s: rc %d %s" % (words, first.returncode, first.stderr.decode())
            if first.returncode and not first.stderr:
                return words + ": failed without a word"
            missing = self.lost(lake, s3, digests, trash=lake)
            if missing:
                return "%s: LOST %s\n%s" % (words, missing, first.stderr.decode())
            if not times and method == UP and fault["type"] in ("status", "swallow", "garbage") and not fault.get("forward") \
                    and first.returncode == 0:
                return words + ": it cannot have worked"
            proxy.clear()
            again = self.nl(lake, s3, proxy, "burst", "raw-data")
            if again.returncode:
                return "%s: the next run: rc %d %s\nfirst: %s" % (words, again.returncode, again.stderr.decode(),
                                                                 first.stderr.decode())
            bucket = os.path.join(lake, "buckets", "raw-data")
            here = [name for name in digests if not stub_of(os.path.join(bucket, name))]
            if here or self.lost(lake, s3, digests) or leftovers(lake) or s3.uploads() or len(s3.objects()) != len(digests):
                return "%s: afterwards: here %s, left %s, uploads %s, objects %s\nfirst %s\nnext %s" % (
                    words, here, leftovers(lake), s3.uploads(), sorted(s3.objects()), first.stderr.decode(),
                    again.stderr.decode())
        return None

    def run_all(self, jobs):
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            problems = [problem for problem in pool.map(lambda job: job[0](*job[1:]), jobs) if problem]
        print("%d faults, %d violations" % (len(jobs), len(problems)), flush=True)
        self.assertEqual([], problems[:3], "\n".join(problems[:3]))

    def test_each_fault_of_an_upload(self):
        jobs = []
        for what, method, fault in FAULTS:
            for times in (1, 0):
                for checksums in (True, False):
                    jobs.append((self.burst_through, len(jobs), what, method, fault, times, checksums))
        self.run_all(jobs)

    def recall_through(self, number, what, fault, times):
        words = "recall: %s, %s" % (what, "once" if times else "always")
        lake, digests = self.make("recall-%s" % number)
        with MiniS3() as s3, FaultProxy(s3.endpoint) as proxy:
            if self.nl(lake, s3, proxy, "burst", "raw-data").returncode:
                return words + ": the burst before it failed"
            rule = {"match": {"method": "GET"}, "fault": fault}
            if times:
                rule["times"] = times
            proxy.rules([rule])
            first = self.nl(lake, s3, proxy, "recall", "raw-data")
            if first.returncode not in (0, 3, 12, 14):
                return "%s: rc %d %s" % (words, first.returncode, first.stderr.decode())
            missing = self.lost(lake, s3, digests)
            if missing or leftovers(lake):
                return "%s: LOST %s left %s\n%s" % (words, missing, leftovers(lake), first.stderr.decode())
            proxy.clear()
            again = self.nl(lake, s3, proxy, "recall", "raw-data")
            bucket = os.path.join(lake, "buckets", "raw-data")
            wrong = [name for name in digests if sha256(os.path.join(bucket, name)) != digests[name]]
            if again.returncode or wrong or leftovers(lake):
                return "%s: afterwards rc %d, wrong %s, left %s: %s" % (words, again.returncode, wrong, leftovers(lake),
                                                                    again.stderr.decode())
        return None

    def test_each_fault_of_a_download(self):
        self.run_all([(self.recall_through, "%d-%d" % (i, times), what, fault, times)
                      for i, (what, fault) in enumerate(RECALL_FAULTS) for times in (1, 0)])

    def burst_refused_unheard(self, match, code, s3code):
        lake, digests = self.make(s3code)
        with MiniS3() as s3, FaultProxy(s3.endpoint) as proxy:
            proxy.rules([{"match": match, "fault": {"type": "unheard", "code": code, "s3code": s3code}}])
            result = self.nl(lake, s3, proxy, "burst", "raw-data")
            self.assertEqual([], self.lost(lake, s3, digests))
            return result, s3.objects()

    def test_what_a_server_refuses_before_the_body_is_heard(self):
        """A server that answers before it has read the body, and closes: the answer dies unless one asks first."""
        result, objects = self.burst_refused_unheard({"method": UP}, 403, "AccessDenied")
        self.assertIn(result.returncode, (3, 12))
        self.assertIn(b"refused", result.stderr)
        self.assertNotRegex(result.stderr, rb"(?i)reset|empty reply")
        self.assertEqual({}, objects)
        only_when_free = {"method": "PUT", "header": {"if-none-match": "."}}
        result, objects = self.burst_refused_unheard(only_when_free, 501, "NotImplemented")
        self.assertEqual(0, result.returncode, result.stderr)
        self.assertEqual(len(self.files), len(objects))

    def test_secrets_never_reach_a_log(self):
        lake, _ = self.make("secrets")
        with MiniS3() as s3, FaultProxy(s3.endpoint) as proxy:
            proxy.rules([{"match": {"method": UP}, "times": 3, "fault": {"type": "access_denied"}}])
            outputs = []
            for words in (["burst", "raw-data"], ["burst", "raw-data", "--verbose"], ["cloud", "test"], ["recall", "--all"]):
                result = self.nl(lake, s3, proxy, *words)
                outputs.append(result.stdout + result.stderr)
            for folder, _, files in os.walk(lake):
                for name in files:
                    with open(os.path.join(folder, name), "rb") as file:
                        outputs.append(file.read())
            for output in outputs:
                self.assertNotIn(s3.secret_key.encode(), output)


if __name__ == "__main__":
    main()
