# status and doctor against the real binary: one screen, exit codes for cron, findings and their fixes.
# SPDX-License-Identifier: Apache-2.0
import datetime
import json
import os

from harness import LakeTest, main, read, rfc3339, tree_hash, write
from jsonschema_lite import check


class Status(LakeTest):
    def test_it_tells_room_marks_buckets_and_cloud(self):
        self.put("raw-data/a/one.csv", "a,b\n1,2\n")
        self.put("raw-data/two.csv", b"x" * 1000)
        self.nl("config", "set", "storage.high", "10MiB")
        out = self.nl("status").out
        for part in (self.lake, "100.0 GiB", "10.0 MiB", "9.0 MiB", "raw-data", "archive", "not configured", "Indexed", "never"):
            self.assertIn(part, out)
        report = self.nl("status", "--json").json
        check(report)
        raw = next(b for b in report["buckets"] if b["name"] == "raw-data")
        self.assertEqual((raw["file_count"], raw["dir_count"], raw["size_bytes"]), (2, 1, 1008))
        self.assertEqual(report["total"]["size_bytes"], 1008)
        self.assertEqual(report["marks"]["used_bytes"], 1008)
        self.assertEqual(report["marks"]["capacity"]["bytes"], 100 << 30)
        self.assertFalse(report["cloud"]["configured"])
        self.assertIn("hybrid_storage.cloud_bucket", " ".join(report["cloud"]["missing"]))

    def test_check_exits_13_over_the_mark_only(self):
        self.nl("config", "set", "storage.high", "1MiB")
        self.nl("status", "--check")
        self.put("raw-data/big.csv", b"x" * (2 << 20))
        self.nl("status")
        result = self.nl("status", "--check", check=13)
        self.assertIn("over the high mark", result.err)
        self.assertTrue(self.nl("status", "--check", "--json", check=13).json["over"])
        self.nl("config", "set", "storage.cloud_burst_enabled", "false")
        self.nl("status", "--check", check=13)

    def test_max_age_exits_1_when_the_last_index_is_old_and_names_it(self):
        self.assertIn("index", self.nl("status", "--max-age", "26h", check=1).err)
        self.put("raw-data/one.csv", "a,b\n1,2\n")
        self.nl("catalog", "index")
        self.nl("status", "--max-age", "26h")
        later = rfc3339(days=2)
        result = self.nl("status", "--max-age", "26h", "--now", later, check=1)
        self.assertIn("the last good index is older than 26h", result.err)
        self.assertTrue(self.nl("status", "--max-age", "26h", "--now", later, "--json", check=1).json["last"]["index"]["stale"])
        self.nl("status", "--max-age", "soon", check=2)

    def test_the_forecast_comes_from_the_history(self):
        self.put("raw-data/one.bin", b"x" * (4 << 20))
        now = datetime.datetime.now(datetime.timezone.utc)
        lines = [{"at": rfc3339(now, days=-day), "local_bytes": (4 - day) << 20, "cloud_bytes": 0} for day in (3, 2, 1)]
        write(self.path(".neurolake", "usage.jsonl"), "".join(json.dumps(line) + "\n" for line in lines))
        self.nl("config", "set", "storage.high", "14MiB")
        self.nl("config", "set", "storage.capacity", "24MiB")
        forecast = self.nl("status", "--json").json["forecast"]
        self.assertAlmostEqual(forecast["days_to_high"], 10, delta=0.1)
        self.assertAlmostEqual(forecast["days_to_full"], 20, delta=0.1)
        self.assertRegex(self.nl("status").out, r"1\.0 MiB a day: high mark in (9|10) days, full in (19|20) days")

    def test_each_index_adds_to_the_history_but_not_with_a_tried_clock(self):
        history = self.path(".neurolake", "usage.jsonl")
        self.nl("catalog", "index", "--now", rfc3339(days=400))
        self.assertFalse(os.path.exists(history))
        self.nl("catalog", "index")
        self.assertEqual(len(read(history).splitlines()), 1)
        self.nl("catalog", "index")
        self.assertEqual(len(read(history).splitlines()), 1)

    def test_looking_writes_nothing(self):
        self.nl("catalog", "index")
        self.assert_writes_nothing("status")

    def test_cached_answers_from_the_inventory(self):
        self.assertIn("nothing was counted yet", self.nl("status", "--cached").err)
        self.put("raw-data/one.csv", "a,b\n1,2\n")
        self.nl("catalog", "index")
        self.put("raw-data/two.csv", "a,b\n1,2\n")
        report = self.nl("status", "--cached", "--json").json
        check(report)
        self.assertEqual(report["total"]["file_count"], 1)
        self.assertEqual(self.nl("status", "--json").json["total"]["file_count"], 2)

    def test_a_bucket_on_a_disk_that_is_gone_is_a_warning(self):
        write(self.path("config", "buckets.yaml"), "buckets:\n  far-away:\n    path: %s\n" % os.path.join(self.tmp, "gone"))
        report = self.nl("status", "--json").json
        check(report)
        away = next(b for b in report["buckets"] if b["name"] == "far-away")
        self.assertIn("mounted", away["problem"])
        self.assertIn("?", self.nl("status").out)
        self.assertIn("mounted", self.nl("doctor", check=1).out)

    def test_eighty_columns_and_plain_ascii_where_asked(self):
        self.put("raw-data/one.csv", "a,b\n1,2\n")
        out = self.nl("status", env={"LC_ALL": "C"}).out
        out.encode("ascii")
        for line in self.nl("status", env={"LC_ALL": "C"}, lake=self.short_lake()).out.splitlines():
            self.assertLessEqual(len(line), 80, line)

    def short_lake(self):
        lake = os.path.join(self.tmp, "s")
        self.nl("init", lake)
        return lake


class Doctor(LakeTest):
    def found(self, *args, rc=0):
        report = self.nl("doctor", "--json", *args, check=rc).json
        check(report)
        return report

    def problems(self, report, name):
        return [c for c in report["checks"] if c["check"] == name and c["level"] in ("problem", "warning")]

    def test_a_good_lake_gets_its_ticks(self):
        self.put("raw-data/one.csv", "a,b\n1,2\n")
        out = self.nl("doctor").out
        for part in ("can be browsed", "all folders are there", "the data can be seen: 1 file in 5 buckets"):
            line = next(line for line in out.splitlines() if part in line)
            self.assertTrue(line.startswith("\u2713"), line)
        good = {c["check"] for c in self.found()["checks"] if c["level"] == "good"}
        self.assertLessEqual({"browse", "layout", "data", "settings", "catalog", "journal", "clock"}, good)

    def test_it_changes_nothing(self):
        self.put("raw-data/one.csv", "a,b\n1,2\n")
        before = tree_hash(self.path("config")), tree_hash(self.path("catalog")), tree_hash(self.path("buckets")), tree_hash(self.path(".neurolake", "journal"))
        self.nl("doctor")
        after = tree_hash(self.path("config")), tree_hash(self.path("catalog")), tree_hash(self.path("buckets")), tree_hash(self.path(".neurolake", "journal"))
        self.assertEqual(before, after)

    def test_a_missing_folder_is_named_with_its_fix_and_made_again(self):
        for folder in (("logs",), ("cache", "query-results"), ("buckets", "analytics"), (".neurolake", "trash")):
            path = self.path(*folder)
            for name in os.listdir(path):
                os.unlink(os.path.join(path, name))
            os.rmdir(path)
            report = self.found(rc=1)
            problem, = self.problems(report, "layout")
            self.assertIn("--fix", problem["fix"])
            self.assertTrue(problem["fixable"])
            self.assertTrue(self.found("--fix")["fixed"])
            self.assertTrue(os.path.isdir(path))
            self.found()

    def test_a_damaged_catalog_is_set_aside_and_never_overwritten(self):
        write(self.path("catalog", "tables.json"), '{"half a')
        self.assertTrue(self.problems(self.found(rc=1), "catalog"))
        self.found("--fix")
        aside, = [name for name in os.listdir(self.path("catalog")) if ".damaged-" in name]
        self.assertEqual(read(self.path("catalog", aside)), b'{"half a')
        json.loads(read(self.path("catalog", "tables.json")))

    def test_a_damaged_inventory_is_set_aside(self):
        self.put("raw-data/one.csv", "a,b\n1,2\n")
        self.nl("catalog", "index")
        write(self.path(".neurolake", "inventory"), b"not an inventory at all")
        self.assertTrue(self.problems(self.found(rc=1), "inventory"))
        self.found("--fix")
        self.nl("catalog", "index")

    def test_a_missing_reserve_and_an_open_state_folder_are_mended(self):
        os.unlink(self.path(".neurolake", "reserve"))
        os.chmod(self.path(".neurolake"), 0o755)
        report = self.found()
        self.assertTrue(self.problems(report, "reserve"))
        self.assertTrue(self.problems(report, "permissions"))
        self.found("--fix")
        self.assertGreaterEqual(os.stat(self.path(".neurolake", "reserve")).st_size, 1 << 20)
        self.assertEqual(os.stat(self.path(".neurolake")).st_mode & 0o777, 0o700)

    def test_broken_settings_do_not_stop_it(self):
        write(self.path("config", "settings.yaml"), "storage:\n  high: much\n")
        out = self.nl("doctor", check=1).out
        self.assertIn("config/settings.yaml:2:9", out)
        self.assertIn("can be browsed", out)

    def test_a_clock_that_went_back_is_told(self):
        report = self.found("--now", "2020-01-01T00:00:00Z", rc=1)
        self.assertIn("clock", [c["check"] for c in report["checks"] if c["level"] == "problem"])

    def test_a_hand_made_folder_and_leftovers_are_told(self):
        os.mkdir(self.bucket("by-hand"))
        write(self.path("config", ".settings.yaml.nl-tmp-abc"), "x")
        report = self.found()
        self.assertIn("neurolake bucket create by-hand", report["checks"][[c["check"] for c in report["checks"]].index("buckets")]["fix"])
        self.assertIn("leftovers", [c["check"] for c in report["checks"]])
        self.assertTrue(os.path.exists(self.path("config", ".settings.yaml.nl-tmp-abc")))

    def test_cloud_asks_the_store(self):
        self.assertIn("not configured", self.nl("doctor", "--cloud", check=1).out)
        self.nl("config", "set", "hybrid_storage.cloud_provider", "directory")
        store = os.path.join(self.tmp, "store")
        os.mkdir(store)
        self.nl("config", "set", "hybrid_storage.directory", store)
        self.assertIn("the store answers", self.nl("doctor", "--cloud").out)

    def test_lost_stubs_and_notes_come_back(self):
        store = os.path.join(self.tmp, "store")
        os.mkdir(store)
        self.nl("config", "set", "hybrid_storage.cloud_provider", "directory")
        self.nl("config", "set", "hybrid_storage.directory", store)
        for name in ("a.csv", "b.csv"):
            self.put("raw-data/orders/" + name, b"a,b\n" + b"1,2\n" * 30000)
        self.nl("burst", "raw-data/orders")
        self.assertIn("stubs", [c["check"] for c in self.found()["checks"] if c["level"] == "good"])
        stub, note = self.bucket("raw-data", "orders", "a.csv"), self.bucket("raw-data", "orders", "_IN-CLOUD.txt")
        kept = os.stat(stub).st_size
        os.unlink(stub)
        os.unlink(note)
        report = self.found(rc=1)
        (problem,) = self.problems(report, "stubs")
        (note_gone,) = self.problems(report, "notes")
        self.assertIn("raw-data/orders/a.csv is in the cloud, but its stub is missing", problem["message"])
        self.assertIn("_IN-CLOUD.txt", note_gone["message"])
        self.assertIn("put back 1 stub from catalog/cloud.jsonl", " ".join(self.found("--fix")["fixed"]))
        self.assertEqual(os.stat(stub).st_size, kept)
        self.assertEqual(os.stat(stub).st_mode & 0o777, 0)
        self.assertTrue(os.path.exists(note))
        after = self.found()
        self.assertEqual(self.problems(after, "stubs") + self.problems(after, "notes"), [])
        os.unlink(note)
        self.found("--fix")
        self.assertIn(b"b.csv", read(note))
        self.nl("recall", "raw-data/orders")
        self.assertEqual(read(stub), b"a,b\n" + b"1,2\n" * 30000)

    def test_no_lake_is_exit_10(self):
        os.rename(self.path(".neurolake"), self.path("elsewhere"))
        self.nl("doctor", check=10)
        self.nl("status", check=10)


if __name__ == "__main__":
    main()
