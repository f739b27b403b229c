# Burst and recall against two different S3 servers: a small strict one with checksums and conditions, and OpenStack Swift without.
# SPDX-License-Identifier: Apache-2.0
# ctest: threads
"""Every test of OnEachServer runs on both. The waits of a burst end at once (failnth.c); the servers accept that clock."""
import hashlib
import json
import os
import stat
import unittest

from harness import SUPPORT, LakeTest, main, need, read, run, sha256, wait_until, write
from jsonschema_lite import check
from servers import FaultProxy, MiniS3, ServerUnavailable, Swift
from tier_lake import failnth, leftovers, stub_of

MIB = 1 << 20
PART = 5 * MIB


def setUpModule():
    failnth()


class S3Test(LakeTest):
    """One server a class; each lake has a prefix of its own."""

    make_server = None

    @classmethod
    def setUpClass(cls):
        if cls.make_server is None:
            raise unittest.SkipTest("runs on the servers below")
        try:
            cls.server = cls.make_server()
            cls.server.start()
        except ServerUnavailable as missing:
            if os.environ.get("CI"):
                raise
            raise unittest.SkipTest(str(missing))
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        super().setUp()
        self.keys = self.server.env
        self.endpoint = self.server.endpoint
        self.use(cloud_provider="s3", endpoint=self.endpoint, cloud_bucket=self.server.bucket, part_size="5MiB", concurrency="2")
        self.prefix = "neurolake/%s/" % json.loads(read(self.path(".neurolake", "lake.json")))["id"][:12]

    def use(self, **settings):
        for key, value in settings.items():
            self.set("hybrid_storage." + key, value)

    def environment(self, env=None, lake=None):
        base = super().environment({**getattr(self, "keys", {}), "LD_PRELOAD": failnth(), "FAILNTH_NO_SLEEP": "1",
                                    "FAILNTH_AHEAD": "60"}, lake)
        for name, value in (env or {}).items():
            base.pop(name, None) if value is None else base.update({name: value})
        return base

    def location(self, name):
        return stub_of(self.bucket(name))["store"]

    def object(self, name):
        """What the server holds for a file, whatever bucket its stub names."""
        store = self.location(name)
        return self.server.call("GET", "/%s/%s" % (store["bucket"], store["key"]))

    def mine(self):
        """The keys of this lake's objects."""
        return self.server.keys(self.prefix)

    def orders(self):
        """A table of three files, one of them large enough for an upload in parts."""
        rows = b"".join(b"%d,%05d\n" % (n, n * 37 % 99999) for n in range(20000))
        files = {"raw-data/orders/1.csv": b"id,zip\n" + rows, "raw-data/orders/2 \u00fc+%.csv": b"id,zip\n" + rows[7:],
                 "raw-data/orders/3.csv": b"id,zip\n" + b"7,01234\n" * (11 * MIB // 8)}
        for name, data in files.items():
            self.put(name, data, age_days=9, mode=0o640)
        return {name: self.facts(name) for name in files}

    def facts(self, name):
        status = os.stat(self.bucket(name))
        return sha256(self.bucket(name)), status.st_mtime_ns, stat.S_IMODE(status.st_mode), status.st_size


class OnEachServer:
    def test_a_table_goes_when_the_disk_is_full_and_comes_back_bit_for_bit(self):
        before = self.orders()
        self.put("raw-data/warm.bin", b"w" * (4 * MIB))
        self.nl("catalog", "index")
        self.set("storage.high", "13MiB")
        report = self.nl("burst", "--json").json
        check(report)
        self.assertEqual((["raw-data.orders"], sorted(before)), ([u["table"] for u in report["units"]],
                                                                 sorted(m["path"] for m in report["moved"])))
        self.assertEqual(sum(fact[3] for fact in before.values()), report["freed_bytes"])
        for name, (digest, _, _, size) in before.items():
            stub = stub_of(self.bucket(name))
            self.assertEqual((digest, size, "s3", self.server.bucket), (stub["sha256"], stub["size"], stub["store"]["provider"],
                                                                       stub["store"]["bucket"]))
            self.assertEqual(digest, digest_of(self.object(name)))
            self.assertEqual(0, stat.S_IMODE(os.stat(self.bucket(name)).st_mode))
        status = self.nl("status", "--json").json
        check(status)
        self.assertEqual((3, sum(fact[3] for fact in before.values())),
                         (status["total"]["cloud_file_count"], status["total"]["cloud_bytes"]))
        self.assertEqual(["cloud"], [t["tier"] for t in self.nl("catalog", "tables", "--json").json["tables"] if t["name"] == "raw-data.orders"])
        for words in ([], ["--full"]):
            self.assertEqual([], self.nl("cloud", "verify", "--json", *words).json["lost"])
        self.set("storage.high", "100MiB")
        self.nl("recall", "raw-data.orders")
        self.assertEqual(before, {name: self.facts(name) for name in before})
        self.assertEqual([], leftovers(self.lake))
        self.assertEqual(3, len(self.mine()))
        self.assertEqual([], self.server.unfinished(self.prefix))
        self.nl("doctor", "--cloud")

    def test_what_came_back_goes_again_without_being_sent(self):
        before = self.orders()
        self.nl("burst", "raw-data/orders")
        self.nl("recall", "raw-data/orders")
        with FaultProxy(self.server.endpoint) as proxy:
            self.use(endpoint=proxy.endpoint)
            self.nl("burst", "raw-data/orders")
            sent = sum(event["length"] for event in proxy.log())
        self.assertLess(sent, PART)  # small ones may be offered again, the large one is asked for
        for name, fact in before.items():
            self.assertEqual(fact[0], digest_of(self.object(name)))
        self.assertEqual(3, len(self.mine()))

    def test_wrong_keys_move_nothing_and_are_named(self):
        before = self.orders()
        wrong = {"AWS_SECRET_ACCESS_KEY": "wrong/secret+key00000000000000000000000"}
        for words in (["burst", "raw-data/orders"], ["cloud", "test"], ["doctor", "--cloud"]):
            result = self.nl(*words, env=wrong, check=1 if words[0] == "doctor" else 12)
            self.assertRegex(result.err + result.out, r"(?i)refused|denied|signature|key")
            self.assertNotIn(wrong["AWS_SECRET_ACCESS_KEY"], result.err + result.out)
        self.assertEqual(before, {name: self.facts(name) for name in before})
        self.assertEqual([], self.mine())
        self.nl("burst", "raw-data/orders")
        self.nl("recall", "raw-data/orders", env=wrong, check=12)
        for name in before:
            self.assertTrue(stub_of(self.bucket(name)), name)
        self.nl("recall", "raw-data/orders")
        self.assertEqual(before, {name: self.facts(name) for name in before})
        for folder, _, files in os.walk(self.path("logs")):
            for name in files:
                text = read(os.path.join(folder, name)).decode()
                self.assertNotIn(wrong["AWS_SECRET_ACCESS_KEY"], text)
                self.assertNotIn(self.server.secret_key, text)

    def test_an_altered_object_is_never_taken_for_the_file(self):
        before = self.orders()
        self.nl("burst", "raw-data/orders")
        name = "raw-data/orders/1.csv"
        key, good = self.location(name)["key"], self.object(name)
        for bad in (b"X" + good[1:], good[:-1], b""):
            self.server.call("PUT", key, bad)
            self.nl("recall", name, check=14)
            self.assertTrue(stub_of(self.bucket(name)))
            lost = self.nl("cloud", "verify", "--full", "--json", check=14).json["lost"]
            self.assertEqual([name], [one["path"] for one in lost])
        self.server.call("DELETE", key)
        self.assertIn("1.csv", self.nl("recall", "raw-data/orders", check=(3, 14)).err)
        self.assertTrue(stub_of(self.bucket(name)))
        self.assertEqual(before["raw-data/orders/3.csv"], self.facts("raw-data/orders/3.csv"))
        self.server.call("PUT", key, good)
        self.nl("recall", "raw-data/orders")
        self.assertEqual(before, {name: self.facts(name) for name in before})
        self.assertEqual([], leftovers(self.lake))

    def test_an_upload_killed_in_a_part_goes_on_with_less_than_a_part_again(self):
        data = os.urandom(4 * PART - 1000)
        self.put("raw-data/big.bin", data)
        self.use(concurrency="1")
        with FaultProxy(self.server.endpoint) as proxy:
            self.use(endpoint=proxy.endpoint)
            proxy.rules([{"match": {"method": "PUT", "query": "partNumber=3"}, "times": 1,
                          "fault": {"type": "stall", "where": "before_request", "seconds": 600}}])
            process = self.start("burst", "raw-data/big.bin")
            wait_until(lambda: any("partNumber=3" in event["target"] for event in proxy.log()) or process.poll() is not None, "part 3")
            process.kill()
            self.assertEqual(-9, process.wait())
            self.assertEqual(data, read(self.bucket("raw-data/big.bin")))
            self.assertEqual(1, len(self.server.unfinished(self.prefix)))
            proxy.clear()
            self.nl("burst", "raw-data/big.bin")
            again = sum(event["length"] for event in proxy.log() if event["method"] == "PUT")
        self.assertLessEqual(again, 2 * PART)
        self.assertEqual(data, self.object("raw-data/big.bin"))
        self.assertEqual([], self.server.unfinished(self.prefix))
        self.assertEqual([], leftovers(self.lake))

    def test_another_bucket_takes_the_next_burst_and_old_stubs_keep_theirs(self):
        self.put("raw-data/old.bin", os.urandom(70000))
        self.put("raw-data/new.bin", os.urandom(70000))
        before = {name: self.facts(name) for name in ("raw-data/old.bin", "raw-data/new.bin")}
        self.nl("burst", "raw-data/old.bin")
        self.server.create_bucket("second")
        self.use(cloud_bucket="second")
        self.nl("burst", "raw-data/new.bin")
        self.assertEqual([self.server.bucket, "second"], [self.location(name)["bucket"] for name in before])
        for name, fact in before.items():
            self.assertEqual(fact[0], digest_of(self.object(name)))
        self.use(cloud_bucket="no-such-bucket")
        self.nl("recall", "--all")
        self.assertEqual(before, {name: self.facts(name) for name in before})
        self.nl("burst", "raw-data/new.bin", "--set", "hybrid_storage.prefix=other", check=12)
        self.assertEqual(before["raw-data/new.bin"], self.facts("raw-data/new.bin"))

    def test_keys_come_from_a_shared_file_a_profile_or_the_settings(self):
        access, secret = self.server.access_key, self.server.secret_key
        self.keys = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_CONFIG_FILE": "/dev/null"}
        self.use(region=self.server.region)
        self.put("raw-data/a.bin", os.urandom(70000))
        fact = self.facts("raw-data/a.bin")
        self.nl("burst", "raw-data/a.bin", check=12)
        shared = write(os.path.join(self.home, ".aws", "credentials"), "[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n"
                       "[wrong]\naws_access_key_id = nobody\naws_secret_access_key = nothing\n" % (access, secret), mode=0o600)
        self.nl("cloud", "test")
        self.nl("cloud", "test", env={"AWS_PROFILE": "wrong"}, check=12)
        self.nl("burst", "raw-data/a.bin")
        os.unlink(shared)
        self.nl("recall", "raw-data/a.bin", check=12)
        with open(self.path("config", "settings.yaml")) as file:
            text = file.read()
        write(self.path("config", "settings.yaml"), text.replace("hybrid_storage:\n", "hybrid_storage:\n  access_key_id: '%s'\n"
                                                                 "  secret_access_key: '%s'\n" % (access, secret), 1), mode=0o600)
        self.nl("recall", "raw-data/a.bin")
        self.assertEqual(fact, self.facts("raw-data/a.bin"))
        for folder, _, files in os.walk(self.lake):
            for name in files:
                if not name.startswith("settings.yaml"):
                    self.assertNotIn(secret.encode(), read(os.path.join(folder, name)), name)

    def test_the_bucket_may_stand_in_the_host_name(self):
        before = self.orders()
        self.use(endpoint="http://localhost:%d" % self.server.port, path_style="false")
        self.nl("burst", "raw-data/orders")
        for name, fact in before.items():
            self.assertEqual(fact[0], digest_of(self.object(name)))
        self.nl("recall", "raw-data/orders")
        self.assertEqual(before, {name: self.facts(name) for name in before})

    def test_only_the_configured_store_is_spoken_to(self):
        need("strace")
        self.put("raw-data/a.bin", os.urandom(70000))
        trace = os.path.join(self.tmp, "trace")
        wanted = "sin_port=htons(%d), sin_addr=inet_addr(\"127.0.0.1\")" % self.server.port
        for words in (["burst", "raw-data/a.bin"], ["cloud", "verify"], ["recall", "raw-data/a.bin"]):
            self.check(run(["strace", "-f", "-qq", "-o", trace, "-e", "trace=connect,sendto,sendmsg", self.binary, *words],
                           env=self.environment(), cwd=self.tmp), 0)
            named = [line for line in read(trace).decode(errors="replace").splitlines() if "sin_addr" in line or "sin6_addr" in line]
            self.assertTrue(named)
            self.assertEqual([], [line for line in named if wanted not in line])

    def test_the_way_out_names_each_object_for_the_aws_command(self):
        before = self.orders()
        self.nl("burst", "raw-data/orders")
        write(os.path.join(self.tmp, "restore.sh"), self.nl("escape-hatch").out)
        tool = write(os.path.join(self.tmp, "bin", "aws"), AWS % (SUPPORT, self.server.access_key, self.server.secret_key), mode=0o755)
        target = os.path.join(self.tmp, "rescued")
        os.mkdir(target)
        env = {"PATH": os.path.dirname(tool) + ":" + os.environ["PATH"]}
        done = run(["sh", os.path.join(self.tmp, "restore.sh"), target], env=env, cwd=self.tmp)
        self.check(done, 0)
        for name, fact in before.items():
            path = os.path.join(target, "buckets", name)
            self.assertEqual((fact[0], fact[2]), (sha256(path), stat.S_IMODE(os.stat(path).st_mode)))


# As much of `aws s3 cp` as the script of escape-hatch uses, signed by the test's own code.
AWS = """#!/usr/bin/env python3
import sys, urllib.request
sys.path.insert(0, %r)
sys.dont_write_bytecode = True
from servers import sign
words = sys.argv[1:]
assert words[:3] == ["s3", "cp", "--endpoint-url"], words
endpoint, words = words[3], words[4:]
region = "us-east-1"
if words[0] == "--region":
    region, words = words[1], words[2:]
source, target = words
import urllib.parse
url = endpoint + "/" + urllib.parse.quote(source[len("s3://"):], safe="/-._~")
headers = sign("GET", url, %r, %r, region)
with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer, open(target, "wb") as file:
    file.write(answer.read())
"""


def digest_of(data):
    return hashlib.sha256(data).hexdigest()


class OnTheStrictServer(OnEachServer, S3Test):
    make_server = MiniS3


class OnTheStrictServerWithVersions(S3Test):
    make_server = lambda *_: MiniS3(versioning=True)

    def test_a_stub_relies_on_its_version_whatever_was_put_over_it(self):
        before = self.orders()
        self.nl("burst", "raw-data/orders")
        name = "raw-data/orders/1.csv"
        self.server.call("PUT", self.location(name)["key"], b"somebody else's")
        self.nl("recall", "raw-data/orders")
        self.assertEqual(before, {name: self.facts(name) for name in before})


class OnSwift(OnEachServer, S3Test):
    make_server = Swift


if __name__ == "__main__":
    main()
