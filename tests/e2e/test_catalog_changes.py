# An index after something changed: what is read, what is told, what waits, what stays.
# SPDX-License-Identifier: Apache-2.0
# ctest: threads
import errno
import gzip
import json
import os
import pty
import re
import shutil
import signal

from catalog_lake import CatalogTest
from harness import SUPPORT, age, main, need, read, run, wait_until, write


class Changes(CatalogTest):
    def test_only_what_changed_is_read(self):
        for i in range(20):
            self.put("raw-data/t/%02d.csv" % i, "id,x\n%d,1\n" % i)
        self.assertEqual(20, self.index()["files_read"])
        before = self.catalog_files()
        self.assertEqual((0, []), tuple(self.index()[k] for k in ("files_read", "changes")))
        self.assertEqual(before, self.catalog_files())
        self.put("raw-data/t/20.csv", "id,x\n20,0.5\n")
        report = self.index()
        self.assertEqual((1, 20), (report["files_read"], report["files_unchanged"]))
        table = self.tables()["raw-data.t"]
        self.assertEqual((21, 21), (table["files"], table["rows"]))
        self.assertEqual("double", self.types("raw-data.t")["x"])
        os.unlink(self.bucket("raw-data", "t", "20.csv"))
        self.assertEqual(0, self.index()["files_read"])
        self.assertEqual("int64", self.types("raw-data.t")["x"])

    def test_a_second_index_opens_no_data_file(self):
        need("strace")
        for i in range(50):
            self.put("raw-data/t%d/%d.csv" % (i % 7, i), "id\n%d\n" % i)
        self.index()
        trace = os.path.join(self.tmp, "trace")
        result = run(["strace", "-f", "-qq", "-e", "trace=open,openat,openat2", "-o", trace, self.binary, "catalog", "index"],
                     env=self.environment(), cwd=self.tmp)
        self.check(result, 0)
        opened = read(trace).decode()
        self.assertIn("inventory", opened)
        self.assertNotIn(".csv", opened)

    def test_a_young_file_is_settling_and_taken_in_later(self):
        self.put("raw-data/young.csv", "id\n1\n", age_days=None)
        age(self.put("raw-data/load.csv.part", "id\n1\n"), seconds=600)
        self.put("raw-data/rested.csv", "id\n1\n")
        report = self.index("--settle", "60s")
        self.assertEqual(["raw-data/load.csv.part", "raw-data/young.csv"], [s["path"] for s in report["settling"]])
        self.assertEqual((3, 1, 0), tuple(report[k] for k in ("files_seen", "files_read", "files_unchanged")))
        self.assertEqual(["raw-data.rested"], self.names())
        text = self.nl("catalog", "index", "--settle", "60s").out
        self.assertIn("settling raw-data/young.csv", text)
        self.assertIn("1 unchanged, 2 not read yet", text)
        self.assertIn("1 file is still being written, by its name", text)
        self.assertRegex(text.splitlines()[-1], "^1 file is too new .*: run neurolake catalog index again")
        age(self.bucket("raw-data", "young.csv"), seconds=90)
        self.index("--settle", "60s")
        self.assertEqual(["raw-data.rested", "raw-data.young"], self.names())

    def test_an_abandoned_temporary_file_is_told_once(self):
        path = self.put("raw-data/load.csv.part", "id\n1\n", age_days=3)
        self.index("--dry-run")
        report = self.index()
        self.assertEqual((["unfinished_file"], []), (self.findings(report), report["settling"]))
        report = self.index()
        self.assertEqual(([], [], []), (self.findings(report), report["settling"], report["changes"]))
        age(write(path, "id\n1\n2\n"), days=2)
        self.assertIn("looks unfinished", self.nl("catalog", "index").err)
        os.rename(path, self.bucket("raw-data", "load.csv"))
        self.index()
        self.assertEqual(2, self.tables()["raw-data.load"]["rows"])

    def test_on_a_terminal_the_index_waits_for_files_that_were_just_written(self):
        self.set("catalog.settle_seconds", "5")
        self.put("raw-data/old.csv", "id\n1\n")
        self.put("raw-data/young.csv", "id\n1\n2\n", age_days=None)
        shown = self.terminal("catalog", "index").out
        self.assertRegex(shown, r"(?s)waiting for 1 file that was just written .*raw-data.old .*raw-data.young +2 rows")
        self.assertIn("2 tables new: read 2 files", shown)
        self.assertNotIn("settling", shown)
        self.assertEqual(["raw-data.old", "raw-data.young"], self.names())
        os.utime(self.bucket("raw-data", "young.csv"))
        # What was read before the wait is not read again after it.
        self.assertIn("read 2 files", self.terminal("catalog", "index", "--full").out)
        for args in (["--quiet"], ["--json"]):
            self.put("raw-data/%s.csv" % args[0].strip("-"), "id\n1\n", age_days=None)
            self.terminal("catalog", "index", *args)
        self.assertEqual(["raw-data.old", "raw-data.young"], self.names())
        self.assertIn("too new", self.terminal("catalog", "index", "--settle", "1h").out)

    def test_the_wait_for_young_files_can_be_interrupted(self):
        self.put("raw-data/old.csv", "id\n1\n")
        self.put("raw-data/young.csv", "id\n1\n", age_days=None)
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        process = self.start("catalog", "index", "--settle", "12s", stdout=slave, stderr=slave)
        os.close(slave)
        shown = b""
        while b"waiting for" not in shown:
            shown += os.read(master, 4096)
        # The thread sanitizer can lose a signal that comes when a thread begins to sleep for the first time: let it sleep once or twice.
        began = self.sleeps(process.pid)
        wait_until(lambda: self.sleeps(process.pid) > began + 2, "the wait to go on")
        os.kill(process.pid, signal.SIGINT)
        try:
            while block := os.read(master, 4096):
                shown += block
        except OSError as error:  # EIO: the program is gone
            self.assertEqual(errno.EIO, error.errno)
        self.assertEqual(130, process.wait())
        self.assertIn(b"1 file is too new", shown)
        self.assertEqual(["raw-data.old"], self.names())

    @staticmethod
    def sleeps(pid):
        with open("/proc/%d/status" % pid) as status:
            return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status.read(), re.M).group(1))

    def test_tables_name_the_buckets_whose_files_wait_and_what_to_do(self):
        listing = self.nl("catalog", "tables").out
        self.assertIn("No data yet: analytics, archive, ml-models, processed, raw-data", listing)
        self.assertRegex(listing, "Next: copy files into a bucket, for instance .*, then: neurolake catalog index")
        self.put("raw-data/young.csv", "id\n1\n", age_days=None)
        self.nl("bucket", "create", "by-hand", "--no-auto-catalog")
        self.put("by-hand/README.md", "notes")
        for _ in range(2):  # before and after an index that had to leave the file
            listing = self.nl("catalog", "tables").out
            self.assertIn("No data yet: analytics, archive, by-hand, ml-models, processed\n", listing)
            self.assertIn("Files not in the catalog yet: raw-data\nNext: neurolake catalog index\n", listing)
            self.index("--settle", "1h")
        self.index("--settle", "0s")
        self.assertNotIn("Next", self.nl("catalog", "tables").out)
        self.put("by-hand/x.csv", "id\n1\n")
        self.assertIn("Next: neurolake catalog index by-hand\n", self.nl("catalog", "tables").out)

    def test_known_non_data_is_counted_nowhere(self):
        for i in range(5):
            self.put("raw-data/t/%d.csv" % i, "id\n1\n")
            self.put("raw-data/u%d/_IN-CLOUD.txt" % i, "notes")
        report = self.index()
        self.assertEqual((5, 5, 0), tuple(report[k] for k in ("files_seen", "files_read", "files_unchanged")))
        for i in range(5):
            os.unlink(self.bucket("raw-data", "u%d" % i, "_IN-CLOUD.txt"))
        report = self.index()
        self.assertEqual((5, 5, 0), tuple(report[k] for k in ("files_seen", "files_unchanged", "files_gone")))

    def test_rows_that_were_only_sampled_are_at_least_so_many(self):
        self.put("raw-data/long.csv", "id\n" + "1\n" * 500)
        self.nl("catalog", "index", "--sample", "100")
        self.assertIn("Catalog: 1 table, at least 100 rows", self.nl("catalog", "index").out)
        text = self.nl("catalog", "index", "--full").out
        self.assertIn("changed raw-data.long  rows at least 100 -> 500\n", text)
        self.assertIn("Catalog: 1 table, 500 rows", text)

    def test_a_sample_takes_nothing_away_that_all_rows_told(self):
        self.put("raw-data/long.csv", "id\n" + "1\n" * 500 + "word\n")
        self.put("raw-data/wide.jsonl", '{"a":1}\n' * 500 + '{"a":1,"late":2}\n')
        self.index()
        result = self.nl("catalog", "index", "--full", "--sample", "100", check=2)
        self.assertIn("give one of them", result.err)
        self.nl("config", "set", "catalog.sample_rows", "100")
        self.assertEqual([], self.index("--full")["changes"])
        self.put("raw-data/other.csv", "id\n" + "1\n" * 500)
        self.index("--full")
        self.assertEqual((100, False), tuple(self.tables()["raw-data.other"][key] for key in ("rows", "rows_exact")))

    def test_of_many_breaks_the_first_are_told_and_all_in_json(self):
        self.put("raw-data/t.csv", ",".join("c%02d" % i for i in range(40)) + "\n" + ",".join(["1"] * 40) + "\n")
        self.index()
        self.put("raw-data/t.csv", "c00,c01\n1,1\n")
        self.assertEqual(38, len(self.index("--dry-run")["changes"][0]["breaks"]))
        told = self.nl("catalog", "index").out
        self.assertEqual(11, told.count("breaks: "))
        self.assertIn("breaks: 28 more, all with --json\n", told)

    def test_packing_one_file_of_a_table_changes_no_values(self):
        for i in range(3):
            self.put("raw-data/t/%d.csv" % i, "id,zip\n%d,0123\n%d,45\n" % (i, i + 7))
        self.index()
        path = self.bucket("raw-data", "t", "0.csv")  # the one whose zip forced the type
        with open(path, "rb") as file:
            write(path + ".gz", gzip.compress(file.read()), age_days=1)
        os.unlink(path)
        told = self.nl("catalog", "index").out
        self.assertIn("its files have another size, what is known of their values is the same\n", told)

    def test_files_that_a_person_groups_otherwise_are_not_gone(self):
        for i in range(3):
            self.put("raw-data/daily/%d.csv" % i, "id,x\n%d,5\n" % i)
        self.index()
        self.nl("catalog", "tag", "raw-data.daily", "gold")
        self.put("raw-data/daily/_neurolake.yaml", "single_file: true\n")
        told = self.nl("catalog", "index").out
        self.assertRegex(told, r"gone    raw-data.daily  .*\n          its files are tables of their own now\n")
        self.assertIn("the files of raw-data.daily are tables of their own since 2", self.nl("catalog", "show", "raw-data.daily").err)
        self.assertIn("its files are tables of their own since 2", self.nl("catalog", "head", "raw-data.daily", check=1).err)
        self.put("raw-data/daily/_neurolake.yaml", "table: sensors\n")
        told = self.nl("catalog", "index").out
        self.assertRegex(told, r"new     raw-data.sensors  .*\n          was raw-data.daily\n")
        self.assertEqual(3, told.count("its file is part of another table now\n"))
        self.assertEqual(["gold"], self.tables()["raw-data.sensors"]["tags"])
        for i in range(3):
            os.unlink(self.bucket("raw-data", "daily", "%d.csv" % i))
        self.assertNotIn("its file", self.nl("catalog", "index", "--accept-shrink").out)
        self.assertIn("gone since", self.nl("catalog", "show", "raw-data.sensors").err)

    def test_changed_lines_say_what_changed(self):
        self.put("raw-data/t/a.csv", "id,x\n1,5\n2,6\n")
        self.index()
        self.put("raw-data/t/b.csv", "id,x\n3,7\n")
        self.assertRegex(self.nl("catalog", "index").out, r"changed raw-data.t  rows 2 -> 3 . files 1 -> 2")
        self.put("raw-data/t/b.csv", "id,x\n3,9\n")
        self.assertIn("values changed", self.nl("catalog", "index").out)
        age(self.bucket("raw-data", "t", "b.csv"), seconds=3600)
        self.assertIn("files were written again with the same values", self.nl("catalog", "index").out)
        os.unlink(self.bucket("raw-data", "t", "b.csv"))
        self.assertRegex(self.nl("catalog", "index").out, r"changed raw-data.t  rows 3 -> 2 . files 2 -> 1")

    def test_changed_lines_name_the_columns_that_came_went_and_changed(self):
        self.put("raw-data/t.csv", "id,x,old\n1,5,a\n")
        self.index()
        self.put("raw-data/t.csv", "id,x%s\n1,5.5%s\n2,6%s\n" % ("".join(",n%d" % i for i in range(7)), ",1" * 7, ",2" * 7))
        lines = self.nl("catalog", "index").out.splitlines()
        self.assertEqual(["changed raw-data.t  rows 1 -> 2", "          +7 columns: n0 int64, n1 int64, n2 int64, n3 int64, n4 int64 and 2 more",
                          "          -1 column: old", "          ~1 column: x int64 -> double"], lines[:4])
        self.put("raw-data/t.csv", "id\n1\n")
        change = self.index()["changes"][0]
        self.assertEqual((2, 1, 1, 1), tuple(change[k] for k in ("rows_before", "rows", "files_before", "files")))

    def test_a_rename_repeats_no_warning_and_changes_no_table(self):
        self.put("raw-data/broken/b.csv", "id,x\n1,2\n3\n")
        self.put("raw-data/bad/b.parquet", "no parquet at all")
        self.index(check=3)
        before = self.tables()["raw-data.broken"]["rows"]
        self.nl("bucket", "rename", "raw-data", "landing")
        result = self.nl("catalog", "index", check=3)
        self.assertRegex(result.err, r"\Aerror: landing/bad/b\.parquet: [^\n]*\n\Z", "what is broken is told, and nothing else")
        self.assertIn("No changes: read 0 files", result.out)
        self.assertEqual(before, self.tables()["landing.broken"]["rows"])
        os.rename(self.bucket("landing", "broken"), self.bucket("landing", "odd"))
        result = self.nl("catalog", "index", check=3)
        self.assertIn("was landing.broken", result.out)
        self.assertIn("read 0 files", result.out)
        self.put("landing/bad/c.csv", "id\n1\n")  # beside the broken one, which is not read again
        self.assertEqual(1, self.nl("catalog", "index", "--quiet", check=3).err.count("b.parquet"))

    def test_quiet_prints_warnings_and_errors_only(self):
        self.put("raw-data/a.csv", "id,x\n1,2\n3\n")
        result = self.nl("catalog", "index", "--quiet")
        self.assertEqual("", result.out)
        self.assertIn("1 row has fewer cells than there are columns: line 3 has 1 of 2", result.err)

    def test_a_wrong_word_is_no_index_run(self):
        self.index()
        before = read(self.path(".neurolake", "last_run.json"))
        self.nl("catalog", "index", "nosuch", check=1)
        self.nl("catalog", "index", "--settle", "soon", check=2)
        self.assertEqual(before, read(self.path(".neurolake", "last_run.json")))

    def test_a_stray_file_is_sent_to_a_bucket_there_is(self):
        write(self.path("buckets", "my cities.csv"), "id\n1\n")
        self.nl("bucket", "rename", "raw-data", "landing")
        warning = self.nl("catalog", "index").err
        self.assertIn("buckets/my cities.csv lies in no bucket; move it: mv '", warning)
        self.assertNotIn("raw-data", warning)
        command = warning.split("move it: ")[1].strip()
        self.check(run(["sh", "-c", command], env=self.environment()), 0)
        self.assertNotIn("lies in no bucket", self.nl("catalog", "index").err)

    def test_a_growing_file_keeps_its_last_good_state_until_it_rests(self):
        path = self.put("raw-data/log.csv", "id\n1\n")
        self.index()
        with open(path, "a") as file:
            file.write("2\n3\n")
        report = self.index("--settle", "60s")
        self.assertEqual(["raw-data/log.csv"], [s["path"] for s in report["settling"]])
        self.assertEqual(1, self.tables()["raw-data.log"]["rows"])
        age(path, seconds=90)
        self.index("--settle", "60s")
        self.assertEqual(3, self.tables()["raw-data.log"]["rows"])

    def test_a_file_that_settled_without_a_further_change_is_indexed(self):
        self.put("raw-data/x.csv", "id\n1\n", age_days=None)
        self.index("--settle", "3600s")
        self.assertEqual([], self.names())
        self.index("--settle", "0s")  # the tree did not change since
        self.assertEqual(["raw-data.x"], self.names())

    def test_deleted_files_leave_a_tombstone_and_come_back_as_the_same_table(self):
        path = self.put("raw-data/orders/a.csv", "id\n1\n")
        self.put("raw-data/other/b.csv", "id\n1\n")
        self.index()
        id_before = self.nl("catalog", "show", "raw-data.orders", "--json").json["table"]["id"]
        os.rename(path, os.path.join(self.tmp, "a.csv"))
        report = self.index()
        self.assertEqual([("raw-data.orders", "gone")], [(c["table"], c["what"]) for c in report["changes"]])
        self.assertEqual(["raw-data.other"], self.names())
        self.assertTrue(self.tables("--all")["raw-data.orders"]["deleted_at"])
        self.assertIn("gone", self.nl("catalog", "show", "raw-data.orders").err)
        os.rename(os.path.join(self.tmp, "a.csv"), path)
        self.index()
        self.assertEqual(id_before, self.nl("catalog", "show", "raw-data.orders", "--json").json["table"]["id"])
        self.assertEqual(2, len(self.tables("--all")))

    def test_a_renamed_folder_keeps_its_table_and_reads_nothing(self):
        for i in range(5):
            self.put("raw-data/orders/%d.csv" % i, "id\n1\n")
        self.index()
        before = self.nl("catalog", "show", "raw-data.orders", "--json").json["table"]
        os.rename(self.bucket("raw-data", "orders"), self.bucket("raw-data", "sales"))
        report = self.index()
        self.assertEqual(0, report["files_read"])
        self.assertEqual([("raw-data.sales", "changed", "raw-data.orders")],
                         [(c["table"], c["what"], c.get("renamed_from")) for c in report["changes"]])
        after = self.nl("catalog", "show", "raw-data.sales", "--json").json["table"]
        self.assertEqual((before["id"], before["first_seen"]), (after["id"], after["first_seen"]))
        self.assertEqual(["raw-data.sales"], self.names("--all"))

    def test_tables_moved_to_another_bucket_keep_their_identity(self):
        for i in range(5):
            self.put("raw-data/orders/%d.csv" % i, "id\n1\n")
        self.put("raw-data/single.csv", "id\n1\n")
        self.put("raw-data/stays.csv", "id\n1\n")
        self.index()
        ids = {name: self.nl("catalog", "show", name, "--json").json["table"]["id"]
               for name in ("raw-data.orders", "raw-data.single")}
        os.rename(self.bucket("raw-data", "orders"), self.bucket("processed", "orders"))
        os.rename(self.bucket("raw-data", "single.csv"), self.bucket("analytics", "renamed.csv"))
        report = self.index("--accept-shrink")
        self.assertEqual(1, report["files_read"], "a file's own name moves its change time, a folder's name does not")
        self.assertEqual([("analytics.renamed", "changed", "raw-data.single"), ("processed.orders", "changed", "raw-data.orders")],
                         [(c["table"], c["what"], c.get("renamed_from")) for c in report["changes"]])
        self.assertEqual(ids["raw-data.orders"], self.nl("catalog", "show", "processed.orders", "--json").json["table"]["id"])
        self.assertEqual(ids["raw-data.single"], self.nl("catalog", "show", "analytics.renamed", "--json").json["table"]["id"])
        self.assertEqual(["analytics.renamed", "processed.orders", "raw-data.stays"], self.names("--all"))

    def test_a_new_column_is_schema_version_2_and_a_lost_one_is_breaking(self):
        self.put("raw-data/t.csv", "id,zip\n1,01234\n")
        self.index()
        self.put("raw-data/t.csv", "id,zip,email\n1,01234,a@b.c\n")
        report = self.index("--strict")
        self.assertEqual(["+ email text"], report["changes"][0]["schema_changes"])
        self.assertFalse(report["breaking"])
        self.put("raw-data/t.csv", "id,email\n1,a@b.c\n")
        report = self.index("--strict", check=3)
        self.assertTrue(report["breaking"])
        history = self.nl("catalog", "history", "raw-data.t", "--json").json["versions"]
        self.assertEqual([[], ["+ email text"], ["- zip"]], [v["changes"] for v in history])
        self.assertEqual([False, False, True], [v["breaking"] for v in history])
        self.assertIn("- zip", self.nl("catalog", "history", "raw-data.t").out)
        old = self.nl("catalog", "schema", "raw-data.t", "--version", "1", "--json").json
        self.assertEqual(["id", "zip"], [c["name"] for c in old["columns"]])
        self.nl("catalog", "schema", "raw-data.t", "--version", "9", check=1)

    def test_a_narrowed_type_is_breaking_a_widened_one_is_not(self):
        self.put("raw-data/t.csv", "x\n1.5\n")
        self.index()
        self.put("raw-data/t.csv", "x\n2024-01-01\n")
        self.assertTrue(self.index("--strict", check=3)["breaking"])
        self.put("raw-data/t.csv", "x\nword\n")
        self.assertFalse(self.index("--strict")["breaking"])

    def test_unreadable_files_are_named_and_the_rest_goes_on(self):
        self.put("raw-data/good.csv", "id\n1\n")
        self.put("raw-data/secret.csv", "id\n1\n", mode=0)
        uid = self.as_nobody()
        report = self.index(check=3, uid=uid)
        self.assertEqual(["raw-data/secret.csv"], [f["path"] for f in report["failed"]])
        result = self.nl("catalog", "index", uid=uid, check=3)  # tried again, not forgotten
        self.assertIn("secret.csv", result.err)
        self.assertIn("raw-data.good", self.nl("catalog", "tables", uid=uid).out)
        os.chmod(self.bucket("raw-data", "secret.csv"), 0o644)
        self.index(uid=uid)
        os.chmod(self.bucket("raw-data", "secret.csv"), 0)
        told = self.nl("catalog", "index", "--full", uid=uid, check=3).out
        self.assertIn("it could not be read\n", told)
        self.assertNotIn("values changed", told)
        os.chmod(self.bucket("raw-data", "secret.csv"), 0o644)
        self.assertNotIn("values changed", self.nl("catalog", "index", uid=uid).out)

    def test_a_mass_loss_stops_the_index_and_changes_nothing(self):
        for i in range(10):
            self.put("raw-data/t/%d.csv" % i, "id\n1\n")
        self.index()
        before = self.catalog_files()
        shutil.rmtree(self.bucket("raw-data", "t"))
        for _ in range(2):
            self.assertEqual("guard", self.nl("catalog", "index", "--json", check=15).error["code"])
            self.assertEqual(before, self.catalog_files())
        self.index("--accept-shrink")
        self.assertEqual([], self.names())

    def test_a_dry_run_tells_and_writes_nothing(self):
        self.put("raw-data/a.csv", "id\n1\n")
        report = self.assert_writes_nothing("catalog", "index", "--dry-run", "--json").json
        self.assertEqual([("raw-data.a", "added")], [(c["table"], c["what"]) for c in report["changes"]])
        self.assertTrue(report["dry_run"])

    def test_a_bucket_without_auto_catalog_is_indexed_only_by_name(self):
        self.nl("bucket", "create", "by-hand", "--no-auto-catalog")
        self.put("by-hand/a.csv", "id\n1\n")
        self.index()
        self.assertEqual([], self.names())
        self.index("by-hand")
        self.assertEqual(["by-hand.a"], self.names())

    def test_what_went_from_a_bucket_without_auto_catalog_is_told_by_the_index_that_names_it(self):
        self.nl("bucket", "set", "raw-data", "auto_catalog=false")
        for name in ("t/a", "t/b", "t/c", "one/a", "x/dt=1/a", "x/dt=2/a"):
            self.put("raw-data/%s.csv" % name, "a,b\n1,2\n")
        self.put("raw-data/x/dt=2/_neurolake.yaml", "ignore: true\n")
        self.index("raw-data")
        self.assertEqual({"t": 3, "one": 1, "x": 1}, self.rows())
        os.unlink(self.bucket("raw-data", "t", "b.csv"))
        os.unlink(self.bucket("raw-data", "x/dt=2/_neurolake.yaml"))
        os.rename(self.bucket("raw-data", "one"), self.bucket("raw-data", "two"))
        for _ in range(2):
            self.assertEqual((0, []), (self.index()["files_gone"], self.index()["changes"]))
        report = self.index("raw-data")
        self.assertEqual([("raw-data.t", None), ("raw-data.two", "raw-data.one"), ("raw-data.x", None)],
                         [(c["table"], c.get("renamed_from")) for c in report["changes"]])
        self.assertEqual({"t": 2, "two": 1, "x": 2}, self.rows())

    def test_indexing_one_bucket_leaves_the_others_for_later(self):
        self.put("raw-data/a.csv", "id\n1\n")
        self.put("processed/b.csv", "id\n1\n")
        self.index("raw-data")
        self.assertEqual(["raw-data.a"], self.names())
        self.index()
        self.assertEqual(["processed.b", "raw-data.a"], self.names())

    def rows(self):
        return {name.removeprefix("raw-data."): row["rows"] for name, row in self.tables().items()}

    def test_an_override_file_that_comes_or_goes_below_a_table_changes_that_table(self):
        for part in (1, 2):
            self.put("raw-data/x/dt=%d/a.csv" % part, "a,b\n%d,2\n" % part)
        for folder in ("m", "m/sub"):
            self.put("raw-data/%s/a.csv" % folder, "a,b\n1,2\n")
        self.put("raw-data/m/_neurolake.yaml", "table: mine\n")
        self.put("raw-data/x/dt=2/_neurolake.yaml", "ignore: true\n")
        self.index()
        self.assertEqual({"x": 1, "mine": 2}, self.rows())
        below_x = self.bucket("raw-data", "x/dt=2/_neurolake.yaml")
        below_mine = self.bucket("raw-data", "m/sub/_neurolake.yaml")
        for words, expected in [(None, {"x": 2, "mine": 2}), ("ignore: true\n", {"x": 1, "mine": 1}),
                                ("table: other\n", {"x": 1, "other": 1, "mine": 1}), (None, {"x": 2, "mine": 2})]:
            if words is None:
                os.unlink(below_x)
                if os.path.exists(below_mine):
                    os.unlink(below_mine)
            else:
                write(below_x, words)
                write(below_mine, "ignore: true\n")
            self.index()
            self.assertEqual(expected, self.rows(), words)
            self.assertEqual([], self.index("--full")["changes"], words)

    def test_a_table_storage_that_loses_its_history_counts_every_version(self):
        storage = os.path.join(SUPPORT, "samples", "legacy", "ncf_storage", "users")
        for name in os.listdir(storage):
            self.put("raw-data/t/" + name, read(os.path.join(storage, name)))
        self.index()
        before = self.rows()
        for name in ("_history.json", "_metadata.json"):
            path = self.bucket("raw-data", "t", name)
            kept = read(path)
            os.unlink(path)
            self.index()
            self.assertLess(before["t"], self.rows()["t"], name)
            self.assertEqual([], self.index("--full")["changes"], name)
            write(path, kept)
            self.index()
            self.assertEqual(before, self.rows(), name)

    def test_a_second_index_at_the_same_time_is_refused(self):
        import fcntl
        with open(self.path(".neurolake", "lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assertEqual("locked", self.nl("catalog", "index", "--json", check=11).error["code"])

    def test_the_last_run_is_remembered(self):
        self.put("raw-data/a.csv", "id\n1\n")
        self.index("--now", "2026-11-22T08:00:00Z")
        last = json.loads(read(self.path(".neurolake", "last_run.json")))
        self.assertEqual(("2026-11-22T08:00:00Z", 0), (last["index"]["at"], last["index"]["rc"]))


if __name__ == "__main__":
    main()
