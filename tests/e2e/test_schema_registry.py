# The schema registry: versions, how they go together, what a person asks of new ones, and who is told when it breaks.
# SPDX-License-Identifier: Apache-2.0
import json
import os

from catalog_lake import CatalogTest
from harness import main, tree
from jsonschema_lite import check as check_schema


class Registry(CatalogTest):
    def versions(self, *texts, table="raw-data/t.csv"):
        """Indexes the file in these states, one after another."""
        for text in texts:
            self.put(table, text)
            self.index()

    def history(self, table="raw-data.t"):
        value = self.nl("catalog", "history", table, "--json").json
        check_schema(value)
        return value["versions"]

    def diff(self, *args, **more):
        value = self.nl("catalog", "diff", *args, "--json", **more).json
        check_schema(value)
        return value

    def test_each_version_tells_how_it_goes_together_with_the_one_before(self):
        self.versions("id,zip\n1,01234\n", "id,zip,email\n1,01234,a@b.c\n", "id,email\n1,a@b.c\n", "id,email\n1.5,a@b.c\n",
                      "id,email\n2024-01-01,a@b.c\n")
        history = self.history()
        self.assertEqual([None, "full", "backward", "backward", "none"], [v.get("compatibility") for v in history])
        self.assertEqual([False, False, True, False, True], [v["breaking"] for v in history])
        text = self.nl("catalog", "history", "raw-data.t").out
        self.assertRegex(text, r"version 2 .*backward and forward compatible\n  \+ email text")
        self.assertRegex(text, r"version 3 .*  backward compatible, breaking for readers of the old schema\n  - zip")

    def test_diff_shows_what_changed_and_whom_it_breaks(self):
        self.versions("id,zip\n1,01234\n", "id,zip,email\n1,01234,a@b.c\n", "id,email\nx,a@b.c\n")
        last = self.diff("raw-data.t")
        self.assertEqual((2, 3, ["~ id int64 -> text", "- zip"]), (last["from"], last["to"], sorted(last["changes"], reverse=True)))
        self.assertEqual(("backward", True, []), (last["compatibility"], last["breaking"], last["breaks"]["backward"]))
        self.assertIn("zip is gone", last["breaks"]["forward"])
        self.assertEqual(["+ email text"], self.diff("raw-data.t", "1", "2")["changes"])
        whole = self.diff("raw-data.t", "1")
        self.assertEqual((1, 3, 3), (whole["from"], whole["to"], len(whole["changes"])))
        back = self.diff("raw-data.t", "3", "1")
        self.assertEqual("none", back["compatibility"])  # a narrower id for old data, no email for its readers
        text = self.nl("catalog", "diff", "raw-data.t").out
        self.assertIn("- zip\n", text)
        self.assertIn("~ id int64 -> text\n", text)
        self.assertIn("Version 2 to 3: backward compatible\n", text)
        self.assertIn("  new readers can read the old data\n", text)
        self.assertRegex(text, r"\n  readers of the old schema break: .*zip is gone")
        self.assertIn("    readers of the old schema break: ", self.nl("catalog", "history", "raw-data.t").out)
        back = self.nl("catalog", "diff", "raw-data.t", "3", "1").out
        self.assertRegex(back, r"\n  new readers break on the old data: .*id is int64 now")

    def test_old_readers_go_on_where_a_type_only_got_narrower(self):
        self.versions("a\n1.5\n")
        self.put("raw-data/t.csv", "a\n1\n22\n")
        run = self.nl("catalog", "index", "--strict", check=3)
        self.assertIn("a is int64 now, which may not hold all values of double", run.out + run.err)
        self.assertNotIn("breaks readers of the old one", run.out)
        self.assertIn("readers of schema version 2 may not take the older data", run.out)
        self.assertIn("  readers of the old schema can read the new data\n", self.nl("catalog", "diff", "raw-data.t").out)

    def test_that_a_column_may_be_null_is_part_of_the_schema(self):
        def avro(*types):
            text = json.dumps({"type": "record", "name": "r", "fields": [{"name": "a", "type": t} for t in types]}).encode()
            return b"Obj\x01\x02\x16avro.schema" + bytes([2 * len(text) & 0x7F | 0x80, 2 * len(text) >> 7]) + text + b"\0" + b"s" * 16
        self.put("raw-data/t.avro", avro("int"))
        self.index()
        self.nl("catalog", "compatibility", "raw-data.t", "full")
        self.put("raw-data/t.avro", avro(["null", "int"]))
        self.assertEqual(["raw-data.t"], [c["table"] for c in self.index("--strict", check=3)["changes"]])
        self.assertEqual([([], None), (["~ a int32! -> int32"], "backward")],
                         [(v["changes"], v.get("compatibility")) for v in self.history()])
        self.assertFalse(self.nl("catalog", "schema", "raw-data.t", "--version", "1", "--json").json["columns"][0]["nullable"])

    def test_fields_of_objects_follow_the_rules_of_columns(self):
        self.versions('{"o":{"a":1}}\n', '{"o":{"a":1,"b":2}}\n', '{"o":{"b":2}}\n', table="raw-data/t.jsonl")
        self.assertEqual([None, "full", "backward"], [v.get("compatibility") for v in self.history()])
        self.assertIn("o.a is gone", self.diff("raw-data.t")["breaks"]["forward"])

    def test_what_fits_a_double_may_become_one(self):
        self.versions("id,qty\n1,5\n", "id,qty\n1,5.5\n")
        self.assertEqual(("backward", False), tuple(self.history()[1][key] for key in ("compatibility", "breaking")))
        self.assertEqual([], self.diff("raw-data.t")["breaks"]["backward"])

    def test_a_diff_that_cannot_be_says_what_there_is(self):
        self.versions("id\n1\n")
        self.assertIn("one schema version only: there is nothing to compare", self.nl("catalog", "diff", "raw-data.t").out)
        alone = self.diff("raw-data.t")
        self.assertEqual((1, 1, [], "full"), tuple(alone[key] for key in ("from", "to", "changes", "compatibility")))
        self.assertIn("it has version 1 only", self.nl("catalog", "diff", "raw-data.t", "1", "7", check=1).err)
        self.nl("catalog", "diff", "raw-data.t", "0", check=2)
        self.nl("catalog", "diff", "raw-data.t", "1", "2", "3", check=2)

    def test_strict_holds_tables_to_what_was_asked_of_them(self):
        self.put("raw-data/t.csv", "id,zip\n1,01234\n")
        self.put("raw-data/u.csv", "id,zip\n1,01234\n")
        self.index()
        self.nl("catalog", "compatibility", "raw-data.t", "forward")
        self.nl("catalog", "compatibility", "raw-data.u", "none")
        self.put("raw-data/t.csv", "id,zip\nx,01234\n")
        self.put("raw-data/u.csv", "id\n1\n")
        report = self.index("--strict", check=3)
        changes = {change["table"]: change for change in report["changes"]}
        self.assertEqual(["id is text now, which readers of int64 do not know"], changes["raw-data.t"]["breaks"])
        self.assertEqual(("forward", "backward", False), tuple(changes["raw-data.t"][k] for k in ("asked", "compatibility", "breaking")))
        self.assertEqual(([], True), (changes["raw-data.u"]["breaks"], changes["raw-data.u"]["breaking"]))
        self.assertTrue(report["breaking"])
        self.assertEqual({"id": "text", "zip": "text"}, self.types("raw-data.t"))  # the catalog tells what is there
        self.assertFalse(self.index("--strict")["breaking"])  # told once, by the run that met it

    def test_without_strict_the_break_is_told_and_the_run_is_fine(self):
        self.put("raw-data/t.csv", "id,zip\n1,01234\n")
        self.index()
        self.nl("catalog", "compatibility", "raw-data.t", "full")
        self.put("raw-data/t.csv", "id\n1\n")
        shown = self.nl("catalog", "index").out
        self.assertIn("breaks: zip is gone\n", shown)
        self.assertIn("new versions must be backward and forward compatible: neurolake catalog diff raw-data.t\n", shown)

    def test_strict_may_stand_in_the_settings(self):
        self.set("catalog.strict", "true")
        self.put("raw-data/t.csv", "id,zip\n1,01234\n")
        self.index()
        self.put("raw-data/t.csv", "id\n1\n")
        self.assertEqual(["zip is gone"], self.index(check=3)["changes"][0]["breaks"])

    def test_what_is_asked_is_remembered_shown_and_taken_back(self):
        for name in ("a", "b"):
            self.put("raw-data/%s.csv" % name, "id\n1\n")
        self.index()
        before = tree(self.path("catalog"))
        self.nl("catalog", "compatibility", "raw-data.*", "backward", "--dry-run")
        self.assert_same_tree(before, self.path("catalog"))
        value = self.nl("catalog", "compatibility", "raw-data.a,raw-data.b", "backward", "--json").json
        check_schema(value)
        self.assertEqual([True, True], [t["changed"] for t in value["tables"]])
        self.assertIn("nothing changed", self.nl("catalog", "compatibility", "raw-data.a", "backward").out)
        self.put("raw-data/a.csv", "id,x\n1,2\n")
        self.index("--full")
        self.assertEqual("backward", self.tables()["raw-data.a"]["compatibility"])
        self.assertIn("must be backward compatible", self.nl("catalog", "show", "raw-data.a").out)
        self.assertIn("must be backward compatible", self.nl("catalog", "compatibility", "raw-data.a").out)
        self.nl("catalog", "compatibility", "raw-data.a", "--remove")
        self.assertNotIn("compatibility", self.tables()["raw-data.a"])
        self.assertIn("backward, forward, full or none", self.nl("catalog", "compatibility", "raw-data.a", "sideways", check=2).err)
        self.nl("catalog", "compatibility", "raw-data.a", "full", "--remove", check=2)
        events = [line["event"] for line in self.log("audit")]
        self.assertEqual(2, events.count("catalog.compatibility"))

    def test_history_and_versions_survive_a_renamed_folder_with_one_file_more(self):
        for i in range(4):
            self.put("raw-data/orders/%d.csv" % i, "id,zip\n%d,01234\n" % i)
        self.index()
        self.put("raw-data/orders/4.csv", "id,zip,mail\n4,01234,a@b.c\n")
        self.index()
        before = self.nl("catalog", "show", "raw-data.orders", "--json").json["table"]
        os.rename(self.bucket("raw-data", "orders"), self.bucket("raw-data", "orders2"))
        self.put("raw-data/orders2/5.csv", "id,zip,mail,note\n5,01234,a@b.c,x\n")
        report = self.index()
        self.assertEqual(1, report["files_read"])
        after = self.nl("catalog", "show", "raw-data.orders2", "--json").json["table"]
        self.assertEqual(before["id"], after["id"])
        self.assertEqual([[], ["+ mail text"], ["+ note text"]], [v["changes"] for v in self.history("raw-data.orders2")])


class Samples(CatalogTest):
    def test_types_from_a_sample_are_labelled_everywhere_until_all_rows_were_read(self):
        self.put("raw-data/t.csv", "x\n" + "1\n" * 500 + "word\n")
        self.put("raw-data/short.csv", "x\n1\n")
        self.index("--sample", "100")
        tables = self.tables()
        self.assertEqual(100, tables["raw-data.t"]["sampled_rows"])
        self.assertNotIn("sampled_rows", tables["raw-data.short"])
        self.assertEqual({"x": "int64"}, self.types("raw-data.t"))
        label = "types from the first 100 rows of each file only"
        self.assertIn(label, self.nl("catalog", "show", "raw-data.t").out)
        self.assertIn(label, self.nl("catalog", "explain", "raw-data.t").out)
        explained = self.nl("catalog", "explain", "raw-data.t", "--json").json
        check_schema(explained)
        self.assertEqual(100, explained["sampled_rows"])
        self.assertIn("(sample)", self.nl("catalog", "tables").out)
        self.index("--full")
        self.assertEqual({"x": "text"}, self.types("raw-data.t"))
        self.assertNotIn("sampled_rows", self.tables()["raw-data.t"])
        self.assertNotIn("sample", self.nl("catalog", "tables").out)

    def test_a_sampled_file_beside_a_new_one_is_read_whole(self):
        self.put("raw-data/t/a.csv", "x\n" + "1\n" * 500 + "word\n")
        self.index("--sample", "100")
        self.put("raw-data/t/b.csv", "x\n1\n")
        self.assertEqual(2, self.index()["files_read"])
        self.assertEqual({"x": "text"}, self.types("raw-data.t"))
        self.assertNotIn("sampled_rows", self.tables()["raw-data.t"])


if __name__ == "__main__":
    main()
