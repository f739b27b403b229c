# What a user's programs do to files while a burst has them in its hands: the newest bytes always stay.
# SPDX-License-Identifier: Apache-2.0
# ctest: threads
"""The window is opened by the store: a proxy that stalls the upload or the proof while the race happens."""
import mmap
import os
import time

from harness import main, read, sha256, wait_until, write
from servers import FaultProxy, MiniS3
from tier_lake import TierTest, stub_of

DATA = b"n" * 300000


def append(path):
    with open(path, "ab") as file:
        file.write(b"more")


def overwrite(path):
    with open(path, "r+b") as file:
        file.write(b"NEW")


def overwrite_and_hide(path):
    status = os.stat(path)
    overwrite(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def truncate(path):
    os.truncate(path, 10)


def replace(path):
    write(path + ".new", b"a new file")
    os.rename(path + ".new", path)


def replace_by_equal_size(path):
    status = os.stat(path)
    write(path + ".new", b"q" * len(DATA))
    os.utime(path + ".new", ns=(status.st_atime_ns, status.st_mtime_ns))
    os.rename(path + ".new", path)


def through_a_map(path):
    with open(path, "r+b") as file:
        with mmap.mmap(file.fileno(), 4096) as view:
            view[7:8] = b"!"


RACES = [append, overwrite, overwrite_and_hide, truncate, replace, replace_by_equal_size, through_a_map]


class Races(TierTest):
    really_waits = True

    def setUp(self):
        super().setUp()
        self.s3 = MiniS3().start()
        self.addCleanup(self.s3.stop)
        self.proxy = FaultProxy(self.s3.endpoint).start()
        self.addCleanup(self.proxy.stop)
        for key, value in (("cloud_provider", "s3"), ("endpoint", self.proxy.endpoint), ("cloud_bucket", self.s3.bucket)):
            self.set("hybrid_storage." + key, value)
        self.env = self.s3.env

    def race(self, method):
        """All races at once, each on a file of its own, while the store holds its answer about each of them back."""
        paths = {what: self.bucket("raw-data", what.__name__ + ".bin") for what in RACES}
        for path in paths.values():
            self.put("raw-data/" + os.path.basename(path), DATA)
        self.set("hybrid_storage.concurrency", str(len(RACES)))
        self.proxy.rules([{"match": {"method": method}, "times": len(RACES),
                           "fault": {"type": "stall", "where": "before_response", "seconds": 60}}])
        process = self.start("burst", "raw-data", env=self.env)
        stalled = lambda: len([event for event in self.proxy.log() if event["fault"] == "stall"]) == len(RACES)
        wait_until(lambda: stalled() or process.poll() is not None, "the requests that stall")
        for what, path in paths.items():
            what(path)
        newest = {what: read(path) for what, path in paths.items()}
        self.proxy.release()
        self.assertEqual(3, process.wait(), process.stderr.read())
        self.proxy.clear()
        for what, path in paths.items():
            self.assertEqual(newest[what], read(path), what.__name__)
            self.assertIsNone(stub_of(path), what.__name__)
        self.assert_clean()
        time.sleep(2.1)
        for path in paths.values():
            os.utime(path, (time.time() - 100,) * 2)
        self.nl("burst", "raw-data", env=self.env)
        objects = self.s3.objects()
        for what, path in paths.items():
            self.assertEqual(sha256_of(newest[what]), objects[stub_of(path)["store"]["key"]]["sha256"], what.__name__)

    def test_while_the_bytes_go_up(self):
        self.race("PUT")

    def test_while_the_proof_is_asked_for(self):
        self.s3.config(checksums=False)
        self.race("HEAD")

    def test_an_open_writer_is_named_and_left_alone(self):
        self.put("raw-data/a.bin", DATA)
        with open(self.bucket("raw-data", "a.bin"), "r+b"):
            result = self.nl("burst", "raw-data/a.bin", env=self.env, check=3)
            self.assertIn("open for writing", result.err)
        self.assertEqual(DATA, read(self.bucket("raw-data", "a.bin")))
        self.nl("burst", "raw-data/a.bin", env=self.env)
        self.assertTrue(stub_of(self.bucket("raw-data", "a.bin")))

    def test_a_writer_hardly_waits_for_a_burst(self):
        """Opening for writing while the upload runs succeeds within a moment, not after the kernel's 45 seconds."""
        self.put("raw-data/a.bin", DATA)
        time.sleep(2.1)
        self.proxy.rules([{"match": {"method": "PUT"}, "times": 1,
                           "fault": {"type": "stall", "where": "before_response", "seconds": 60}}])
        process = self.start("burst", "raw-data/a.bin", env=self.env)
        wait_until(lambda: self.proxy.log() or process.poll() is not None, "the upload")
        append(self.bucket("raw-data", "a.bin"))
        self.assertIsNone(process.poll())  # the writer was served while the upload still waited
        self.proxy.release()
        self.assertEqual(3, process.wait())
        self.assertEqual(DATA + b"more", read(self.bucket("raw-data", "a.bin")))

    def test_six_bursts_at_once(self):
        digests = {}
        for i in range(12):
            self.put("raw-data/f%d.bin" % i, os.urandom(100000))
            digests["f%d.bin" % i] = sha256(self.bucket("raw-data", "f%d.bin" % i))
        processes = [self.start("burst", "raw-data", "--wait=60s", env=self.env) for _ in range(6)]
        codes = [process.wait() for process in processes]
        self.assertEqual([0] * 6, codes)
        objects = self.s3.objects()
        self.assertEqual(12, len(objects))
        for name, digest in digests.items():
            self.assertEqual(digest, objects[stub_of(self.bucket("raw-data", name))["store"]["key"]]["sha256"])
        self.assert_clean()


def sha256_of(data):
    import hashlib
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    main()
