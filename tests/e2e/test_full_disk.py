# Burst is the cure for a full disk, so it must work on one; a recall must never fill one.
# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
import unittest

from harness import main, need, sha256, write
from tier_lake import TierTest, leftovers, lost, stub_of

MIB = 1 << 20


class FullDisk(TierTest):
    make_lake = False

    def setUp(self):
        need("mount", "umount")
        if os.getuid() != 0:
            self.skipTest("needs root to mount a small file system")
        super(TierTest, self).setUp()
        self.cloud = os.path.join(self.tmp, "cloud")
        os.mkdir(self.cloud)

    def mounted(self, *words):
        where = os.path.join(self.tmp, "disk")
        os.mkdir(where)
        if subprocess.run(["mount", *words, where], capture_output=True).returncode:
            self.skipTest("mounting is not permitted here")
        self.addCleanup(subprocess.run, ["umount", where], check=True)
        self.lake = os.path.join(where, "lake")
        self.nl("init", self.lake)
        self.set("hybrid_storage.cloud_provider", "directory")
        self.set("hybrid_storage.directory", self.cloud)
        self.set("catalog.settle_seconds", "2")

    def fill(self, leave=0):
        """Data files, then a filler to the last byte."""
        digests = {}
        for i in range(40):
            name = "f%02d.bin" % i
            try:
                write(self.bucket("raw-data", name), os.urandom(300000), age_days=3)
            except OSError:
                os.unlink(self.bucket("raw-data", name))
                break
            digests[name] = sha256(self.bucket("raw-data", name))
        with open(os.path.join(os.path.dirname(self.lake), "filler"), "wb", buffering=0) as file:
            for size in (65536, 4096, 512, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    pass
        return digests

    def check(self, result, expected):
        super().check(result, expected)

    def burst_on_a_full_disk(self):
        digests = self.fill()
        self.assertTrue(len(digests) > 5)
        with self.assertRaises(OSError):
            write(self.bucket("raw-data", "one-more"), b"x" * 100000)
        if os.path.exists(self.bucket("raw-data", "one-more")):
            os.unlink(self.bucket("raw-data", "one-more"))
        result = self.nl("burst", "--json", check=(0, 13))
        self.assertTrue(result.json["freed_bytes"] > 0, result)
        bucket = self.bucket("raw-data")
        self.assertEqual([], lost(bucket, self.cloud, digests))
        self.assertEqual([], leftovers(self.lake))
        self.assertEqual(MIB, os.path.getsize(self.path(".neurolake", "reserve")))
        away = [name for name in digests if stub_of(self.bucket("raw-data", name))]
        self.assertEqual(len(away), len(result.json["moved"]))
        return digests, away

    def test_a_full_tmpfs(self):
        self.mounted("-t", "tmpfs", "-o", "size=12m", "tmpfs")
        digests, away = self.burst_on_a_full_disk()
        # And a recall of everything does not fill it again.
        self.assertIn("--make-room", self.nl("recall", "--all", check=15).err)
        self.assertEqual([], lost(self.bucket("raw-data"), self.cloud, digests))

    def test_a_full_ext4(self):
        need("mkfs.ext4")
        image = os.path.join(self.tmp, "image")
        with open(image, "wb") as file:
            file.truncate(64 * MIB)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)
        self.mounted("-o", "loop", image)
        for i in range(40, 180):
            try:
                write(self.bucket("raw-data", "g%03d.bin" % i), os.urandom(300000), age_days=2)
            except OSError:
                os.unlink(self.bucket("raw-data", "g%03d.bin" % i))
                break
        digests, _ = self.burst_on_a_full_disk()
        self.assertEqual([], lost(self.bucket("raw-data"), self.cloud, digests))

    def test_no_inodes_left(self):
        self.mounted("-t", "tmpfs", "-o", "size=32m,nr_inodes=2000", "tmpfs")
        digests = {}
        for i in range(10):
            name = "f%02d.bin" % i
            write(self.bucket("raw-data", name), os.urandom(300000), age_days=3)
            digests[name] = sha256(self.bucket("raw-data", name))
        fillers = os.path.join(os.path.dirname(self.lake), "fillers")
        try:
            os.mkdir(fillers)
            for i in range(3000):
                open(os.path.join(fillers, str(i)), "w").close()
        except OSError:
            pass
        with self.assertRaises(OSError):
            open(os.path.join(fillers, "one-more"), "w").close()
        result = self.nl("burst", "raw-data")
        self.assertEqual([], lost(self.bucket("raw-data"), self.cloud, digests), result)
        self.assertTrue(all(stub_of(self.bucket("raw-data", name)) for name in digests))
        self.assertEqual([], leftovers(self.lake))
        self.nl("recall", "raw-data")
        self.assertEqual(digests, {name: sha256(self.bucket("raw-data", name)) for name in digests})


if __name__ == "__main__":
    main()
