# What the tests of burst and recall share: a lake with a directory store, stubs read without the program, and the invariants.
# SPDX-License-Identifier: Apache-2.0
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import threading

from harness import BUILD, SUPPORT, LakeTest, need, read, sha256
from jsonschema_lite import check

MAGIC = b"\x89NLSTUB\r\n\x1a\n\xff\xfe\x00\x00\x01"


def stub_of(path):
    """The JSON of a verified stub, None when the file is something else. Read by the format alone, not by the program."""
    with open(path, "rb") as file:
        if file.read(16) != MAGIC:
            return None
    data = read(path)
    if len(data) % 4096 or not data.endswith(MAGIC):
        return None
    line = data.index(b"\n", 16)
    end = data.index(b"\n", line + 1)
    if hashlib.sha256(data[:end + 1]).digest() != data[end + 1:end + 33]:
        return None
    return json.loads(data[line + 1:end])


def failnth():
    """The preload library that fails or kills at the Nth call, compiled once per build folder."""
    need("cc")
    source = os.path.join(SUPPORT, "failnth.c")
    target = os.path.join(BUILD if os.path.isdir(BUILD) else tempfile.gettempdir(), "failnth.so")
    if not os.path.exists(target) or os.path.getmtime(target) < os.path.getmtime(source):
        fresh = "%s.%d.%d" % (target, os.getpid(), threading.get_ident())
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", fresh, source, "-ldl"], check=True)
        os.rename(fresh, target)
    return target


def fast_folder():
    """A folder in memory where there is one: these tests copy lakes and fsync thousands of times."""
    for folder in ("/dev/shm", "/run/shm"):
        if os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > 1 << 28:
            return folder
    return None


class QuickTest(LakeTest):
    """The waits of a burst (files settle, freed bytes rest) end at once."""

    really_waits = False  # True: the machine's own clock, for tests that race with a burst

    def environment(self, env=None, lake=None):
        quick = {} if self.really_waits else {"LD_PRELOAD": failnth(), "FAILNTH_NO_SLEEP": "1", "FAILNTH_AHEAD": "60"}
        return super().environment({**quick, **(env or {})}, lake)

    def nl(self, *args, **more):
        if more.get("uid") not in (None, os.getuid()):  # who need not be able to read the build folder
            more["env"] = {"LD_PRELOAD": None, **(more.get("env") or {})}
        return super().nl(*args, **more)


class TierTest(QuickTest):
    """self.lake with provider directory at self.cloud."""

    def setUp(self):
        super().setUp()
        self.cloud = os.path.join(self.tmp, "cloud")
        os.mkdir(self.cloud)
        self.set("hybrid_storage.cloud_provider", "directory")
        self.set("hybrid_storage.directory", self.cloud)
        self.set("catalog.settle_seconds", "2")

    def nl(self, *args, **more):
        """As in LakeTest; what --json prints is held to its published schema."""
        result = super().nl(*args, **more)
        if "--json" in args and result.out:
            check(result.json)
        return result

    def object(self, key):
        return os.path.join(self.cloud, key)

    def objects(self):
        return objects_in(self.cloud)

    def assert_clean(self, lake=None):
        self.assertEqual([], leftovers(lake or self.lake))

    def assert_nothing_lost(self, bucket, digests, lake=None, cloud=None):
        self.assertEqual([], lost(os.path.join(lake or self.lake, "buckets", bucket), cloud or self.cloud, digests))


def objects_in(cloud):
    """key -> SHA-256 of what a directory store holds."""
    found = {}
    for folder, folders, files in os.walk(cloud):
        folders[:] = [name for name in folders if not name.startswith(".neurolake")]
        for name in files:
            path = os.path.join(folder, name)
            if not name.startswith("."):
                found[os.path.relpath(path, cloud)] = sha256(path)
    return found


def leftovers(lake):
    """What a finished run must not leave: journal records, entries aside, names of ours among the user's."""
    found = []
    for name in ("journal", "trash", "staging"):
        folder = os.path.join(lake, ".neurolake", name)
        found += [os.path.join(name, entry) for entry in os.listdir(folder)]
    for folder, _, files in os.walk(os.path.join(lake, "buckets")):
        found += [os.path.join(folder, name) for name in files if ".nl-" in name]
    return found


def lost(bucket, cloud, digests, trash=None):
    """Names whose bytes (SHA-256 in digests) are neither at their name, nor in the cloud behind a valid stub there, nor, when
    `trash` is a lake, aside in its trash or beside their name."""
    aside = set()
    if trash:
        for folder in (os.path.join(trash, ".neurolake", "trash"), os.path.join(trash, ".neurolake", "staging")):
            aside |= {sha256(os.path.join(folder, name)) for name in os.listdir(folder)
                      if os.path.isfile(os.path.join(folder, name))}
        for folder, _, files in os.walk(bucket):
            aside |= {sha256(os.path.join(folder, name)) for name in files if ".nl-" in name}
    missing = []
    for name, digest in digests.items():
        path = os.path.join(bucket, name)
        if os.path.lexists(path):
            stub = stub_of(path)
            if stub is None and sha256(path) == digest:
                continue
            if stub is not None and stub["sha256"] == digest:
                key = os.path.join(cloud, stub["store"]["key"])
                if os.path.exists(key) and sha256(key) == digest:
                    continue
        if digest not in aside:
            missing.append(name)
    return missing
