# What a catalog remembers through copies, renames by hand and returns; trouble that stands; what killed writers leave.
# SPDX-License-Identifier: Apache-2.0
import gzip
import json
import lzma
import os
import shutil

from catalog_lake import CatalogTest
from harness import age, main, read, write


class Identity(CatalogTest):
    def show(self, table):
        return self.nl("catalog", "show", table, "--json").json["table"]

    def log(self, name):
        return [json.loads(line) for line in read(self.path("logs", name)).splitlines()]

    def copy(self, source, target):
        """A copy with new inodes and times, as mv to another file system and back makes it."""
        for folder, _, files in os.walk(source):
            for name in files:
                there = os.path.join(target, os.path.relpath(folder, source), name)
                write(there, read(os.path.join(folder, name)), age_days=1)

    def test_a_table_that_was_copied_and_removed_is_the_same_table(self):
        for name in "abc":
            self.put("raw-data/orders/%s.csv" % name, "id,who\n%d,%s\n" % (ord(name), name))
        for i in range(4):
            self.put("raw-data/other%d.csv" % i, "n%d\n%d\n" % (i, i))
        self.put("raw-data/twin1.csv", "x,y\n1,2\n")
        self.put("raw-data/twin2.csv", "x,y\n1,2\n")
        self.index()
        self.nl("catalog", "tag", "raw-data.orders", "gold")
        before = self.show("raw-data.orders")
        self.copy(self.bucket("raw-data", "orders"), self.bucket("analytics", "sales"))
        shutil.rmtree(self.bucket("raw-data", "orders"))
        self.put("analytics/twin.csv", "x,y\n1,2\n")
        os.unlink(self.bucket("raw-data", "twin1.csv"))
        os.unlink(self.bucket("raw-data", "twin2.csv"))
        report = self.index("--accept-shrink")
        self.assertEqual([("analytics.sales", "changed", "raw-data.orders"), ("analytics.twin", "added", None),
                          ("raw-data.twin1", "gone", None), ("raw-data.twin2", "gone", None)],
                         [(c["table"], c["what"], c.get("renamed_from")) for c in report["changes"]], "which twin is not guessed")
        after = self.show("analytics.sales")
        self.assertEqual((before["id"], before["first_seen"], ["gold"]), (after["id"], after["first_seen"], after["tags"]))
        line = [entry for entry in self.log("audit.log") if entry["event"] == "catalog.indexed"][-1]
        self.assertEqual([{"from": "raw-data.orders", "to": "analytics.sales"}], line["renamed"])
        self.assertEqual((1, ["analytics.twin"], 1, 2), (line["added"], line["added_tables"], line["changed"], line["gone"]))
        lines = len(self.log("audit.log"))
        self.index()
        self.assertEqual(lines, len(self.log("audit.log")), "a run without changes is no audit line")

    def pack(self, *parts):
        """What gzip does: the file goes, its packed twin comes with its time."""
        path = self.bucket(*parts)
        with open(path, "rb") as file, gzip.open(path + ".gz", "wb") as packed:
            packed.write(file.read())
        age(path + ".gz", 1)
        os.unlink(path)

    def unpack(self, *parts):
        path = self.bucket(*parts)
        with gzip.open(path, "rb") as packed:
            write(path[:-len(".gz")], packed.read(), age_days=1)
        os.unlink(path)

    def say_much_of(self, table):
        self.nl("catalog", "pii", table, "--pii", "nick")
        self.nl("catalog", "describe", table, "our people")
        self.nl("catalog", "tag", table, "gold")

    def test_a_file_that_is_packed_or_unpacked_in_place_stays_the_same_table(self):
        self.put("raw-data/p.csv", "id,nick\n1,anna\n2,bert\n")
        self.put("raw-data/d/z.csv", "z\n1\n")
        self.index()
        self.say_much_of("raw-data.p")
        before = self.show("raw-data.p")
        for change, name in [(self.pack, "p.csv"), (self.unpack, "p.csv.gz")]:
            change("raw-data", name)
            report = self.index()
            self.assertEqual([("raw-data.p", "changed", None)],
                             [(c["table"], c["what"], c.get("renamed_from")) for c in report["changes"]])
            self.assertEqual(0, report["files_gone"])
            after = self.show("raw-data.p")
            for key in ("id", "first_seen", "description", "tags"):
                self.assertEqual(before[key], after[key])
            for file in os.listdir(self.path("catalog")):
                kept = read(self.path("catalog", file))
                self.assertFalse(b"anna" in kept or b"bert" in kept, file)
        self.assertEqual(["raw-data.d", "raw-data.p"], self.names("--all"))

    def test_a_table_whose_packed_twin_is_still_too_new_waits_for_it(self):
        self.put("raw-data/p.csv", "id,nick\n1,anna\n")
        self.index()
        self.say_much_of("raw-data.p")
        before = self.show("raw-data.p")
        self.pack("raw-data", "p.csv")
        os.utime(self.bucket("raw-data", "p.csv.gz"))
        self.assertEqual([], self.index()["changes"])
        age(self.bucket("raw-data", "p.csv.gz"), 1)
        self.index()
        self.assertEqual((before["id"], "our people"), (self.show("raw-data.p")["id"], self.show("raw-data.p")["description"]))

    def test_a_table_written_in_another_format_under_its_name_stays_the_same_one(self):
        self.put("raw-data/p.csv", "id,nick\n1,anna\n")
        self.put("raw-data/q.csv", "a,b\n1,2\n")
        self.index()
        self.say_much_of("raw-data.p")
        self.nl("catalog", "tag", "raw-data.q", "old")
        before, q = self.show("raw-data.p"), self.show("raw-data.q")
        for name in "pq":
            os.unlink(self.bucket("raw-data", name + ".csv"))
        self.put("raw-data/p.jsonl", '{"id": 1, "nick": "anna"}\n')
        self.put("raw-data/q.jsonl", '{"x": 1, "y": 2, "z": 3}\n')
        self.index("--accept-shrink")
        after = self.show("raw-data.p")
        self.assertEqual((before["id"], "our people", ["gold"], "json_lines"),
                         (after["id"], after["description"], after["tags"], after["format"]))
        self.assertNotEqual(q["id"], self.show("raw-data.q")["id"], "another table, whatever its name")
        os.unlink(self.bucket("raw-data", "p.jsonl"))
        self.index("--accept-shrink")
        self.put("raw-data/p.csv", "id,nick\n1,anna\n")
        self.pack("raw-data", "p.csv")
        self.index()
        self.assertEqual((before["id"], "our people"), (self.show("raw-data.p")["id"], self.show("raw-data.p")["description"]))

    def test_words_stay_also_while_a_table_is_packed_so_that_nobody_reads_it(self):
        content = "id,nick\n1,anna\n2,bert\n"
        self.put("raw-data/p.csv", content)
        self.index()
        self.say_much_of("raw-data.p")
        before = self.show("raw-data.p")
        os.unlink(self.bucket("raw-data", "p.csv"))
        write(self.bucket("raw-data", "p.csv.xz"), lzma.compress(content.encode()), age_days=1)
        self.index("--accept-shrink")
        os.unlink(self.bucket("raw-data", "p.csv.xz"))
        self.put("raw-data/p.csv", content)
        self.index("--accept-shrink")
        after = self.show("raw-data.p")
        self.assertEqual((before["id"], "our people", True), (after["id"], after["description"], after["columns"][1]["pii"]))

    def test_a_table_whose_name_tells_its_ending_keeps_it_when_it_is_packed(self):
        self.put("raw-data/p.csv", "id,nick\n1,anna\n")
        self.put("raw-data/p.jsonl", '{"x": 1}\n')
        self.index()
        before = self.show("raw-data.p_csv")
        self.pack("raw-data", "p.csv")
        self.index()
        self.assertEqual(before["id"], self.show("raw-data.p_csv")["id"])
        self.assertEqual(["raw-data.p_csv", "raw-data.p_jsonl"], self.names("--all"))

    def test_packing_most_of_a_bucket_is_no_loss_of_files(self):
        for i in range(6):
            self.put("raw-data/t%d.csv" % i, "id,x%d\n1,2\n" % i)
        self.index()
        for i in range(5):
            self.pack("raw-data", "t%d.csv" % i)
        self.assertEqual(["changed"] * 5, [c["what"] for c in self.index()["changes"]])

    def test_a_file_from_below_a_table_that_was_none_of_its_files_leaves_the_table_there(self):
        self.put("raw-data/x/dt=1/a.csv", "a,b\n1,2\n")
        self.put("raw-data/x/old/_neurolake.yaml", "ignore: true\n")
        for name in ("old/o.csv", "_temporary/p.csv", "new.csv.part"):
            self.put("raw-data/x/" + name, "q,r\n%d,6\n" % len(name))
        self.put("raw-data/keep.csv", "k\n1\n")
        self.index()
        self.nl("catalog", "tag", "raw-data.x", "gold")
        before = self.show("raw-data.x")
        for source, name in [("old/o.csv", "o"), ("_temporary/p.csv", "p"), ("new.csv.part", "n")]:
            os.rename(self.bucket("raw-data", "x", source), self.bucket("raw-data", name + ".csv"))
            report = self.index()
            self.assertEqual([("raw-data." + name, "added")], [(c["table"], c["what"]) for c in report["changes"]])
            self.assertEqual(before, self.show("raw-data.x"))
            self.assertEqual([], self.index("--full")["changes"])

    def test_two_names_of_one_file_move_each_by_itself(self):
        self.put("raw-data/a/A.csv", "x,y\n1,2\n")
        self.put("raw-data/other.csv", "x\n1\n")
        os.mkdir(self.bucket("raw-data", "b"))
        os.link(self.bucket("raw-data", "a", "A.csv"), self.bucket("raw-data", "b", "h.parquet"))
        self.index(check=3)
        before = self.show("raw-data.a")
        os.mkdir(self.bucket("raw-data", "n"))
        for name in "ab":
            os.rename(self.bucket("raw-data", name), self.bucket("raw-data", "n", name))
        self.index("--accept-shrink", check=3)
        after = self.show("raw-data.n.a")
        self.assertEqual((before["id"], "csv", 1), (after["id"], after["format"], after["rows"]))
        self.assertEqual([], self.index("--full", check=3)["changes"])

    def test_a_table_whose_file_gets_another_ending_is_read_as_that(self):
        self.put("raw-data/t/a.csv", "x\n1\n")
        self.index()
        os.rename(self.bucket("raw-data", "t", "a.csv"), self.bucket("raw-data", "t", "a.parquet"))
        self.assertEqual([{"path": "raw-data/t/a.parquet"}], self.index(check=3)["failed"])

    def test_a_table_keeps_its_identity_where_only_the_bucket_it_went_to_is_indexed(self):
        for name in ("q/a", "part/a", "part/b"):
            self.put("raw-data/%s.csv" % name, "c,d\n5,%d\n" % len(name))
        self.index()
        self.nl("catalog", "tag", "raw-data.q", "silver")
        before, part = self.show("raw-data.q"), self.show("raw-data.part")
        os.rename(self.bucket("raw-data", "q"), self.bucket("processed", "q"))
        os.rename(self.bucket("raw-data", "part", "b.csv"), self.bucket("processed", "b.csv"))
        self.index("processed")
        after = self.show("processed.q")
        self.assertEqual((before["id"], ["silver"]), (after["id"], after["tags"]))
        self.assertNotEqual(part["id"], self.show("processed.b")["id"], "a table stays where a file of it is left")
        self.index()
        self.assertEqual(["processed.b", "processed.q", "raw-data.part"], self.names())
        self.assertEqual((part["id"], 1), (self.show("raw-data.part")["id"], self.show("raw-data.part")["files"]))

    def test_a_bucket_folder_renamed_by_hand_keeps_its_tables_once_it_is_registered(self):
        for i in range(5):
            self.put("analytics/t%d.csv" % i, "id,x%d\n1,2\n" % i)
        self.index()
        self.nl("catalog", "tag", "analytics.t1", "gold")
        before = self.show("analytics.t1")
        os.rename(self.bucket("analytics"), self.bucket("insights"))
        told = self.nl("catalog", "index", check=3).err
        self.assertRegex(told, "error: analytics: .*its files lie in buckets/insights now: was the folder renamed[?]")
        self.assertIn("warning: folder buckets/insights is no registered bucket; to adopt it: neurolake bucket create insights\n", told)
        for rc, command in ((1, ["doctor"]), (1, ["doctor", "--fix"]), (0, ["status"])):
            told = self.nl(*command, check=rc)
            told = " ".join((told.out + told.err).split())
            self.assertIn("its files lie in buckets/insights now: was the folder renamed? neurolake bucket create insights", told, command)
            self.assertNotIn("makes an empty one", told)
            self.assertNotIn("mounted", told)
        self.assertFalse(os.path.exists(self.bucket("analytics")))
        os.mkdir(self.bucket("analytics"))
        told = self.nl("catalog", "index", check=15).err
        self.assertRegex(told, "(?m)^hint: *its files lie in buckets/insights now: .* neurolake bucket create insights registers it")
        os.rmdir(self.bucket("analytics"))
        self.nl("bucket", "set", "analytics", "retention_days=90", "purpose=what is asked for")
        made = self.nl("bucket", "create", "insights")
        self.assertIn("Its files were those of bucket analytics", " ".join(made.out.split()) + " ".join(made.err.split()))
        adopted = self.nl("bucket", "show", "insights", "--json").json
        self.assertEqual((90, "what is asked for"), tuple(adopted.get("bucket", adopted)[k] for k in ("retention_days", "purpose")))
        report = self.index(check=3)
        self.assertEqual(0, report["files_read"])
        self.assertRegex(report["findings"][0]["message"], "its files lie in bucket insights now: neurolake bucket remove analytics$")
        self.assertEqual(["insights.t%d" % i for i in range(5)], self.names("--all"))
        after = self.show("insights.t1")
        self.assertEqual((before["id"], ["gold"]), (after["id"], after["tags"]))
        self.assertIn("neurolake bucket remove analytics", self.index(check=3)["findings"][0]["message"])
        self.nl("bucket", "remove", "analytics")
        self.assertEqual([], self.index()["findings"])
        os.rename(self.bucket("insights"), self.path("elsewhere"))
        self.assertRegex(self.index(check=3)["findings"][0]["message"], "not mounted[?] If it is gone for good: neurolake bucket remove insights$")

    def test_a_bucket_that_may_not_be_read_or_is_no_folder_is_no_disk_to_mount(self):
        self.put("analytics/t.csv", "id\n1\n")
        self.index()
        os.rename(self.bucket("analytics"), self.path("aside"))
        self.addCleanup(os.rename, self.path("aside"), self.bucket("analytics"))
        write(self.bucket("analytics"), "a file\n")
        told = [self.index(check=3)["findings"][0]["message"]] + [
            " ".join((r.out + r.err).split()) for r in (self.nl("doctor", "--fix", check=1), self.nl("status"))]
        for text in told:
            self.assertIn("what lies there is no folder: move it away and put the folder back", text)
            self.assertNotIn("mounted", text)
        self.assertEqual(b"a file\n", read(self.bucket("analytics")))
        os.unlink(self.bucket("analytics"))

    def test_words_do_not_go_to_another_table_at_the_same_place(self):
        self.put("raw-data/t.csv", "id,name,zip\n1,x,2\n")
        self.put("raw-data/u.csv", "id\n1\n")
        self.index()
        self.nl("catalog", "tag", "raw-data.t", "gold")
        first = self.show("raw-data.t")["id"]
        os.unlink(self.bucket("raw-data", "t.csv"))
        self.index()
        self.put("raw-data/t.csv", "sensor,value\n1,2\n")
        report = self.index()
        self.assertEqual(["new_table_here"], self.findings(report))
        self.assertIn("with columns of other names: this one is new, and what was said of the other one (tags, description, owner) stays with that",
                      report["findings"][0]["message"])
        other = self.show("raw-data.t")
        self.assertEqual([], other["tags"])
        self.assertNotEqual(first, other["id"])
        os.unlink(self.bucket("raw-data", "t.csv"))
        self.index()
        self.put("raw-data/t.csv", "id,name,city\n1,x,2\n")
        self.assertEqual([], self.index()["findings"])
        back = self.show("raw-data.t")
        self.assertEqual((first, ["gold"]), (back["id"], back["tags"]))

    def test_a_column_that_comes_back_has_its_words_again(self):
        with_mail, without = "id,mail,zip\n1,a@b.example,2\n2,c@d.example,3\n", "id,zip\n1,2\n"
        self.put("raw-data/t.csv", with_mail)
        self.index()
        self.nl("catalog", "describe", "raw-data.t", "--column", "mail", "Where to write to")
        self.nl("catalog", "pii", "raw-data.t", "--not-pii", "mail")
        for text in (without, with_mail):
            self.put("raw-data/t.csv", text)
            self.index()
        column = {c["name"]: c for c in self.show("raw-data.t")["columns"]}["mail"]
        self.assertEqual("Where to write to", column["description"])
        self.assertTrue(column["not_pii"])
        self.assertFalse(column["pii"])
        self.nl("catalog", "describe", "raw-data.t", "--column", "mail", "--remove")
        for text in (without, with_mail):
            self.put("raw-data/t.csv", text)
            self.index()
        column = {c["name"]: c for c in self.show("raw-data.t")["columns"]}["mail"]
        self.assertNotIn("description", column, "what was taken back stays so")
        self.assertTrue(column["not_pii"])

    def test_trouble_is_told_until_it_is_gone(self):
        self.put("raw-data/bad.parquet", b"PAR1xxxxxxxxPAR1")
        for name in "ab":
            self.put("raw-data/many/%s.ncf" % name, b"this is no such file at all")
        self.put("raw-data/drift/1.csv", "id,x,y\n1,2,3\n")
        self.put("raw-data/drift/2.csv", "id,x,y,z\n1,2,3,4\n")
        self.assertFalse(self.index(check=3)["rows_exact"])
        for _ in range(2):
            report = self.index(check=3)
            self.assertEqual((0, False), (report["files_read"], report["rows_exact"]))
            self.assertEqual(["raw-data/bad.parquet", "raw-data/many"], sorted(f["path"] for f in report["findings"]))
            self.assertEqual(["raw-data/bad.parquet", "raw-data/many/a.ncf", "raw-data/many/b.ncf"], [f["path"] for f in report["failed"]])
            self.assertEqual((["raw-data.bad", "raw-data.many"], ["raw-data.drift"]),
                             (report["tables_with_errors"], report["tables_with_warnings"]))
        run = self.nl("catalog", "index", check=3)
        self.assertIn("error: raw-data/many: 2 of its files still have trouble: neurolake catalog show raw-data.many\n", run.err)
        self.assertEqual(["2 tables with errors: raw-data.bad, raw-data.many; see: neurolake catalog tables --errors",
                          "1 table with warnings: raw-data.drift; see: neurolake catalog show raw-data.drift"], run.out.splitlines()[-2:])
        listed = self.tables("--errors")
        self.assertEqual({"raw-data.bad": ["raw-data/bad.parquet"], "raw-data.many": ["raw-data/many/a.ncf", "raw-data/many/b.ncf"]},
                         {name: [f["path"] for f in table["findings"]] for name, table in listed.items()})
        words = self.nl("catalog", "tables", "--errors").out
        self.assertRegex(words, r"(?m)^raw-data.many .*\n    raw-data/many/a.ncf: .*\n    raw-data/many/b.ncf: ")
        self.assertNotIn("drift", words)
        self.assertEqual("No table with errors\n", self.nl("catalog", "tables", "processed", "--errors").out)
        self.assertEqual(["raw-data/bad.parquet", "raw-data/many", "raw-data/many/a.ncf", "raw-data/many/b.ncf"],
                         self.log("error.log")[-1]["files"])
        told = [c for c in self.nl("doctor", "--json").json["checks"] if c["check"] == "tables"]
        self.assertEqual(["warning", "warning"], [c["level"] for c in told])
        self.assertIn("raw-data/bad.parquet", told[0]["message"])
        os.unlink(self.bucket("raw-data", "bad.parquet"))
        shutil.rmtree(self.bucket("raw-data", "many"))
        report = self.index("--accept-shrink")
        self.assertEqual(([], ["raw-data.drift"], True), (report["failed"], report["tables_with_warnings"], report["rows_exact"]))
        self.assertIn("\n1 table with warnings: raw-data.drift; see: neurolake catalog show raw-data.drift\n", self.nl("catalog", "index").out)
        self.assertIn("drift/2.csv has z", self.nl("catalog", "show", "raw-data.drift").out)

    def test_a_quick_index_tells_of_a_link_where_an_override_file_should_be(self):
        self.put("raw-data/t/a.csv", "x\n1\n")
        os.symlink("/nowhere", self.bucket("raw-data", "t", "_neurolake.yaml"))
        age(self.bucket("raw-data", "t"))
        for options in ((), ("--quick",), ("--quick",)):
            self.assertIn("override_broken", self.findings(self.index(*options, check=3)), options)
        os.unlink(self.bucket("raw-data", "t", "_neurolake.yaml"))
        self.assertEqual([], self.index("--quick")["findings"])

    def test_what_is_broken_is_not_lost_among_remarks(self):
        for i in range(30):
            self.put("raw-data/t/%d.csv" % i, "# a remark\nid,n\n1,2\n")
        self.put("raw-data/t/cut.csv.gz", gzip.compress(b"id,n\n" + os.urandom(3000).hex().encode())[:-500])
        for _ in range(2):
            self.assertIn("error: raw-data/t/cut.csv.gz: ", self.nl("catalog", "index", check=3).err)
        self.assertEqual(["raw-data.t"], sorted(self.tables("--errors")))
        for i in range(150):
            self.put("raw-data/many/%d.parquet" % i, "no parquet")
        self.index(check=3)
        self.assertIn("error: raw-data/many: at least 100 of its files still have trouble", self.nl("catalog", "index", check=3).err)
        self.assertIn("\n    raw-data/many: and 50 more errors\n", self.nl("catalog", "tables", "--errors").out)

    def test_what_killed_writers_left_is_removed_but_not_what_is_being_written(self):
        self.put("raw-data/deep/a.csv", "id\n1\n")
        left = [self.bucket("raw-data", ".x.csv.nl-tmp-0123456789ab"), self.bucket("raw-data", "deep", ".a.csv.nl-tmp-0123456789ab"),
                self.path("catalog", ".tables.json.nl-tmp-0123456789ab")]
        kept = [self.bucket("raw-data", ".mine"), self.bucket("raw-data", ".x.nl-tmp-mine")]
        for command in (("catalog", "index"), ("doctor", "--fix")):
            for path in left + kept:
                write(path, "x", age_days=1)
            with open(left[0], "r+b"):
                self.nl(*command)
                self.assertEqual([left[0]] + kept, [path for path in left + kept if os.path.exists(path)], command)
            self.nl(*command)
            self.assertEqual(kept, [path for path in left + kept if os.path.exists(path)], command)


if __name__ == "__main__":
    main()
