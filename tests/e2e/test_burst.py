# Burst with the real binary: what moves, what stays and why, what scripts can rely on.
# SPDX-License-Identifier: Apache-2.0
# ctest: threads
import json
import os
import stat

from harness import main, read, sha256, tree, write
from tier_lake import TierTest, stub_of

MIB = 1 << 20


class Burst(TierTest):
    def test_over_the_mark_the_coldest_go_until_the_low_mark(self):
        for day in range(1, 6):
            self.put("raw-data/f%d.bin" % day, os.urandom(MIB), age_days=day)
        self.set("storage.high", "3MiB")
        before = {day: sha256(self.bucket("raw-data", "f%d.bin" % day)) for day in range(1, 6)}
        report = self.nl("burst", "--json").json
        self.assertEqual(["raw-data/f5.bin", "raw-data/f4.bin", "raw-data/f3.bin"], [m["path"] for m in report["moved"]])
        self.assertEqual(3 * MIB, report["freed_bytes"])
        self.assertLessEqual(report["after"]["used_bytes"], report["after"]["low_bytes"])
        for day in (3, 4, 5):
            stub = stub_of(self.bucket("raw-data", "f%d.bin" % day))
            self.assertEqual(before[day], stub["sha256"])
            self.assertEqual(before[day], sha256(self.object(stub["store"]["key"])))
        for day in (1, 2):
            self.assertEqual(before[day], sha256(self.bucket("raw-data", "f%d.bin" % day)))
        self.assertEqual(0, self.nl("burst").rc)  # below the mark there is nothing to do
        self.assert_clean()

    def test_by_path_it_says_why_something_stays(self):
        self.put("raw-data/a.bin", os.urandom(MIB))
        self.put("raw-data/pinned.bin", os.urandom(MIB))
        self.put("raw-data/future.bin", os.urandom(MIB), age_days=-400)
        os.symlink("a.bin", self.bucket("raw-data", "link"))
        self.nl("pin", "raw-data/pinned.bin")
        self.assertIn("pinned", self.nl("burst", "raw-data/pinned.bin", check=3).err)
        self.assertIn("future", self.nl("burst", "raw-data/future.bin", check=3).err)
        for name in ("link", "none"):
            self.assertIn("no file at raw-data/" + name, self.nl("burst", "raw-data/" + name, check=1).err)
        self.nl("burst", "raw-data/a.bin")
        again = self.nl("burst", "raw-data/a.bin")
        self.assertIn("in the cloud already", again.out + again.err)

    def test_a_time_that_cannot_be_kept_keeps_the_file_here(self):
        path = self.bucket("raw-data", "far.bin")
        write(path, os.urandom(100000))
        os.utime(path, (1, 20_000_000_000))
        if os.stat(path).st_mtime < 10_000_000_000:
            self.skipTest("this file system keeps no time as far away")
        self.nl("burst", "raw-data/far.bin", check=3)
        self.assertFalse(stub_of(path))
        self.nl("catalog", "index", check=(0, 3))
        self.nl("ls", "-l", "raw-data")

    def test_a_stub_is_loud(self):
        self.put("raw-data/a.csv", b"x" * 100000)
        self.nl("burst", "raw-data/a.csv")
        path = self.bucket("raw-data", "a.csv")
        self.assertEqual(0, stat.S_IMODE(os.stat(path).st_mode))
        uid = self.as_nobody()
        if uid != os.getuid():
            os.chmod(path, 0)
        self.assertIn(b"a.csv", read(self.bucket("raw-data", "_IN-CLOUD.txt")))
        self.assertTrue(read(path).startswith(b"\x89NLSTUB"))

    def test_disabled_moves_nothing_and_says_so(self):
        self.put("raw-data/a.bin", os.urandom(MIB))
        self.set("storage.high", "1KiB")
        self.set("storage.cloud_burst_enabled", "false")
        result = self.nl("burst", check=(0, 13))
        self.assertIn("cloud_burst_enabled", result.out + result.err)
        self.assertEqual(MIB, os.path.getsize(self.bucket("raw-data", "a.bin")))

    def test_archive_buckets_always_move_and_pinned_data_never(self):
        self.nl("bucket", "create", "old", "--tier", "cloud")
        self.nl("bucket", "create", "kept", "--tier", "pinned")
        self.put("old/small.csv", b"a,b\n1,2\n")
        self.put("kept/k.bin", os.urandom(MIB))
        self.put("raw-data/pinned.bin", os.urandom(MIB))
        self.put("raw-data/free.bin", os.urandom(MIB))
        report = self.nl("burst", "--json").json
        self.assertEqual(["old/small.csv"], [m["path"] for m in report["moved"]])
        self.nl("pin", "raw-data/pinned.bin")
        self.set("storage.high", "1KiB")
        report = self.nl("burst", "--json", check=13).json
        self.assertEqual(["raw-data/free.bin"], [m["path"] for m in report["moved"]])
        kept = {k["path"]: k["rule"] for k in report["kept"]}
        self.assertEqual("pinned", kept["raw-data/pinned.bin"])
        self.assertEqual("tier_pinned", kept["kept/k.bin"])
        self.nl("unpin", "raw-data/pinned.bin")
        self.nl("burst", check=13)
        self.assertTrue(stub_of(self.bucket("raw-data", "pinned.bin")))

    def test_a_dry_run_names_everything_and_writes_nothing(self):
        self.put("raw-data/a.bin", os.urandom(MIB))
        self.put("raw-data/t/b.bin", os.urandom(MIB))
        self.set("storage.high", "1KiB")
        for command in (["burst", "--dry-run"], ["burst", "--dry-run", "--json"], ["burst", "plan"], ["burst", "-n", "raw-data/a.bin"]):
            self.assertIn("a.bin", self.assert_writes_nothing(*command).out)
        self.assertEqual({}, self.objects())

    def test_a_plan_is_reviewed_and_applied_as_far_as_it_still_fits(self):
        self.put("raw-data/a.bin", os.urandom(MIB))
        self.put("raw-data/b.bin", os.urandom(MIB))
        self.set("storage.high", "1KiB")
        plan = os.path.join(self.tmp, "plan.json")
        self.nl("burst", "plan", "-o", plan)
        self.assertEqual(2, len(json.loads(read(plan))["units"]))
        write(self.bucket("raw-data", "b.bin"), b"edited" * 50000, age_days=1)
        result = self.nl("burst", "apply", plan, "--json", check=3).json
        self.assertEqual(["raw-data/a.bin"], [m["path"] for m in result["moved"]])
        self.assertEqual(["raw-data/b.bin"], [s["path"] for s in result["skipped"]])
        again = self.nl("burst", "apply", plan, "--json", check=3).json
        self.assertEqual([], again["moved"])
        self.nl("pin", "raw-data/b.bin")
        self.assertIn("make a new plan", self.nl("burst", "apply", plan, check=1).err)
        forged = json.loads(read(plan))
        forged["units"][0]["files"][0]["path"] = "b.bin"
        write(plan, json.dumps(forged).encode())
        self.assertIn("changed after it was made", self.nl("burst", "apply", plan, check=1).err)
        # The JSON of a dry run is a plan too.
        self.nl("unpin", "raw-data/b.bin")
        write(plan, self.nl("burst", "--dry-run", "--json").out_bytes)
        self.assertEqual(["raw-data/b.bin"], [m["path"] for m in self.nl("burst", "apply", plan, "--json").json["moved"]])

    def test_a_table_moves_whole(self):
        for part in range(3):
            self.put("raw-data/orders/part%d.csv" % part, b"id,qty\n" + b"%d,2\n" % part * 40000)
        self.put("raw-data/single.bin", os.urandom(3 * MIB), age_days=0.5)
        self.nl("catalog", "index")
        self.set("storage.high", "3500KiB")
        report = self.nl("burst", "--json").json
        self.assertEqual(["raw-data.orders"], [unit["table"] for unit in report["units"]])
        self.assertEqual(3, len(report["moved"]))
        table = [t for t in self.nl("catalog", "tables", "--json").json["tables"] if t["name"] == "raw-data.orders"][0]
        self.assertEqual("cloud", table["tier"])
        self.set("storage.high", "10MiB")
        self.nl("recall", "raw-data.orders")
        table = [t for t in self.nl("catalog", "tables", "--json").json["tables"] if t["name"] == "raw-data.orders"][0]
        self.assertEqual("local", table["tier"])

    def test_by_hand_below_the_mark(self):
        self.put("raw-data/t/a.bin", b"a" * 10)
        self.put("raw-data/b.bin", b"b" * 10)
        self.nl("burst", self.bucket("raw-data", "t"))
        self.assertTrue(stub_of(self.bucket("raw-data", "t", "a.bin")))
        self.nl("burst", "b.bin", cwd=self.bucket("raw-data"))
        self.assertTrue(stub_of(self.bucket("raw-data", "b.bin")))
        self.assertEqual(1, self.nl("burst", "nowhere/x", check=None).rc)

    def test_limits_ages_and_buckets(self):
        self.nl("bucket", "create", "other")
        for name in ("raw-data/a.bin", "raw-data/b.bin", "other/c.bin"):
            self.put(name, os.urandom(MIB), age_days=10)
        self.put("raw-data/young.bin", os.urandom(MIB), age_days=2)
        self.set("storage.high", "1KiB")
        paths = lambda *words: sorted(u["path"] for u in self.nl("burst", "--dry-run", "--json", *words).json["units"])
        self.assertEqual(["c.bin"], paths("--bucket", "other"))
        self.assertEqual(2, len(paths("--limit", "2MiB")))
        self.assertIn("too_young", [k["rule"] for k in self.nl("burst", "-n", "--json", "--min-age", "30d").json["kept"]])
        self.set("burst.exclude", "[\"**/a.bin\"]", check=None)

    def test_not_configured_deletes_nothing_and_names_what_is_missing(self):
        self.put("raw-data/a.bin", os.urandom(MIB))
        self.set("hybrid_storage.cloud_provider", "s3")
        self.set("storage.high", "1KiB")
        before = tree(self.bucket())
        result = self.nl("burst", check=12)
        self.assertIn("hybrid_storage.cloud_bucket", result.err)
        self.assertIn("AWS_ACCESS_KEY_ID", result.err)
        self.assertEqual(before, tree(self.bucket()))

    def test_a_file_that_only_others_may_read_ends_nothing(self):
        for name in ("a.bin", "b.bin", "c.bin"):
            self.put("raw-data/" + name, os.urandom(MIB))
        uid = self.as_nobody()
        os.chown(self.cloud, uid, uid)
        os.chmod(self.bucket("raw-data", "a.bin"), 0)
        result = self.nl("burst", "raw-data", "--json", uid=uid, check=3)
        self.assertEqual(["raw-data/a.bin"], [one["path"] for one in result.json["failed"]])
        self.assertEqual(["raw-data/b.bin", "raw-data/c.bin"], sorted(one["path"] for one in result.json["moved"]))

    def test_a_store_that_is_not_there_is_exit_12_and_nothing_is_touched(self):
        self.put("raw-data/a.bin", os.urandom(MIB))
        self.put("raw-data/b.bin", os.urandom(MIB))
        self.nl("burst", "raw-data/a.bin")
        before = tree(self.bucket())
        os.rename(self.cloud, self.cloud + "-unplugged")
        for words in (["burst", "raw-data"], ["recall", "--all"]):
            error = self.nl(*words, "--json", check=12).error
            self.assertEqual("cloud", error["code"])
            self.assertIn("neurolake cloud test", error["hint"])
            self.assert_same_tree(before, self.bucket())
        os.rename(self.cloud + "-unplugged", self.cloud)
        self.nl("burst", "raw-data")
        self.nl("recall", "--all")

    def test_two_runs_at_once(self):
        self.put("raw-data/a.bin", os.urandom(MIB))
        first = self.start("burst", "raw-data/a.bin")
        while not os.listdir(self.path(".neurolake", "journal")) and first.poll() is None:
            pass
        second = self.nl("burst", check=(0, 11))
        if first.poll() is None:
            self.assertEqual(11, second.rc)
        self.assertEqual(0, first.wait())
        self.assertEqual(0, self.nl("burst", "--wait").rc)

    def test_signals_end_in_order_and_the_next_run_goes_on(self):
        for i in range(40):
            self.put("raw-data/f%02d.bin" % i, os.urandom(200000))
        before = {i: sha256(self.bucket("raw-data", "f%02d.bin" % i)) for i in range(40)}
        process = self.start("burst", "raw-data")
        while not os.listdir(self.path(".neurolake", "journal")) and process.poll() is None:
            pass
        process.terminate()
        self.assertIn(process.wait(), (143, 0))
        self.assert_nothing_lost("raw-data", {("f%02d.bin" % i): digest for i, digest in before.items()})
        self.nl("burst", "raw-data")
        self.assert_nothing_lost("raw-data", {("f%02d.bin" % i): digest for i, digest in before.items()})
        self.assertEqual(40, len(self.objects()))
        self.assert_clean()

    def test_every_move_is_in_the_audit_log(self):
        self.put("raw-data/a.bin", os.urandom(MIB))
        digest = sha256(self.bucket("raw-data", "a.bin"))
        self.nl("burst", "raw-data/a.bin")
        self.nl("recall", "raw-data/a.bin")
        lines = {line["event"]: line for line in self.log("audit")}
        for event in ("burst", "recall"):
            self.assertEqual(digest, lines[event]["sha256"])
            self.assertEqual("raw-data/a.bin", lines[event]["path"])
            self.assertIn("location", lines[event])
            self.assertIn("user", lines[event])

    def test_why_answers_as_the_plan_does(self):
        self.put("raw-data/cold.bin", os.urandom(MIB), age_days=9)
        self.put("raw-data/warm.bin", os.urandom(MIB), age_days=2)
        self.put("raw-data/tiny.bin", b"x")
        self.put("raw-data/pinned.bin", os.urandom(MIB))
        self.nl("pin", "raw-data/pinned.bin")
        self.set("storage.high", "2500KiB")
        plan = self.nl("burst", "-n", "--json").json
        planned = [unit["path"] for unit in plan["units"]]
        kept = {k["path"]: k for k in plan["kept"]}
        for name in ("cold.bin", "warm.bin", "tiny.bin", "pinned.bin"):
            why = self.assert_writes_nothing("why", "raw-data/" + name, "--json").json
            self.assertEqual(name in planned, why["planned"], name)
            if "raw-data/" + name in kept:
                self.assertEqual(kept["raw-data/" + name]["rule"], why["rule"])
                self.assertEqual(kept["raw-data/" + name]["why"], why["why"])
        self.nl("burst")
        why = self.nl("why", "raw-data/cold.bin", "--json").json
        self.assertEqual("cloud", why["where"])
        self.assertEqual(sha256(self.object(stub_of(self.bucket("raw-data", "cold.bin"))["store"]["key"])), why["sha256"])
        self.assertIn("recall", self.nl("why", "raw-data/cold.bin").out)

    def test_cloud_test_verify_and_orphans(self):
        self.assertIn("directory", self.nl("cloud", "test").out)
        self.put("raw-data/a.bin", os.urandom(MIB))
        self.put("raw-data/b.bin", os.urandom(MIB))
        self.nl("burst", "raw-data")
        for words in ([], ["--full"], ["--sample", "50%"]):
            self.assertEqual([], self.nl("cloud", "verify", "--json", *words).json["lost"])
        self.assertEqual([], self.nl("cloud", "orphans", "--json").json["orphans"])
        path = self.object(stub_of(self.bucket("raw-data", "a.bin"))["store"]["key"])
        data = bytearray(read(path))
        data[1000] ^= 1
        os.chmod(path, 0o644)
        write(path, bytes(data))
        lost = self.nl("cloud", "verify", "--full", "--json", check=14).json["lost"]
        self.assertEqual(["raw-data/a.bin"], [one["path"] for one in lost])


if __name__ == "__main__":
    main()
