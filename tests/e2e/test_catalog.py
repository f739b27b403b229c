# The catalog from the outside: what is a table, what type is a column, what people read of it.
# SPDX-License-Identifier: Apache-2.0
# ctest: threads
import os
import random
import re

from catalog_lake import CatalogTest
from harness import main, read, tree, write
from jsonschema_lite import check as check_schema


class FirstTables(CatalogTest):
    def test_a_dropped_file_becomes_a_table_with_columns_types_and_rows(self):
        self.put("raw-data/customers.csv", "id,name,zip\n1,Ann,01234\n2,Bob,90210\n")
        report = self.index()
        self.assertEqual([("raw-data.customers", "added", 2)],
                         [(c["table"], c["what"], c["rows"]) for c in report["changes"]])
        table = self.tables()["raw-data.customers"]
        self.assertEqual({"id": "int64", "name": "text", "zip": "text"}, self.types("raw-data.customers"))
        self.assertEqual((2, True, 1, "csv", "local"),
                         tuple(table[k] for k in ("rows", "rows_exact", "files", "format", "tier")))

    def test_the_tree_of_the_example_gets_the_expected_names(self):
        for name in ("raw-data/customers/customers.csv", "raw-data/orders/orders.csv", "raw-data/loose.csv",
                     "processed/customer_summary/part-1.csv", "processed/customer_summary/part-2.csv"):
            self.put(name, "id,amount\n1,2\n")
        self.index()
        self.assertEqual(["processed.customer_summary", "raw-data.customers", "raw-data.loose", "raw-data.orders"],
                         self.names())
        listing = self.nl("catalog", "tables").out
        self.assertIn("No data yet: analytics, archive, ml-models", listing)

    def test_two_files_of_one_name_get_names_of_their_own_that_stay(self):
        self.put("raw-data/orders.csv", "id\n1\n")
        self.index()
        self.assertEqual(["raw-data.orders"], self.names())
        self.put("raw-data/orders.tsv", "id\tx\n1\t2\n")
        self.index()
        self.assertEqual(["raw-data.orders", "raw-data.orders_tsv"], self.names())
        self.assertEqual("csv", self.tables()["raw-data.orders"]["format"])

    def test_unknown_formats_are_listed_not_errors(self):
        self.put("ml-models/churn/model.bin", os.urandom(5000))
        self.put("raw-data/notes", b"\x00\x01\x02")
        report = self.index()
        self.assertEqual([], report["failed"])
        self.assertEqual({"ml-models.churn": "unknown", "raw-data.notes": "unknown"},
                         {name: row["format"] for name, row in self.tables().items()})

    def test_unknown_formats_stay_out_of_the_list_for_people(self):
        self.put("raw-data/notes", b"\x00\x01\x02")
        self.index()
        self.assertIn("raw-data.notes", self.nl("catalog", "tables").out)  # nothing else is there
        self.put("raw-data/t.csv", "id\n1\n")
        self.index()
        listing = self.nl("catalog", "tables").out
        self.assertNotIn("raw-data.notes", listing)
        self.assertIn("Not shown: 1 file of unknown format; see: neurolake catalog tables --format unknown\n", listing)
        for args in (["--format", "unknown"], ["--all"]):
            self.assertIn("raw-data.notes", self.nl("catalog", "tables", *args).out)

    def test_a_wrong_table_name_gets_the_right_advice(self):
        for name in ("raw-data/orders.csv", "processed/orders.csv", "raw-data/other.csv"):
            self.put(name, "id\n1\n")
        self.index()
        for command in ("show", "head", "schema"):
            self.assertIn("did you mean processed.orders or raw-data.orders?",
                          self.nl("catalog", command, "oders", check=1).err)
            wrong = self.nl("catalog", command, "raw-data", check=1).err
            self.assertIn('"raw-data" is a bucket, not a table', wrong)
            self.assertIn("neurolake catalog tables raw-data", wrong)
        self.assertIn("names, columns, tags, terms, descriptions and owners of 3 tables",
                      self.nl("catalog", "search", "zzz").out)
        for blank in ("", "  ", "\t"):
            self.assertIn("nothing to search for", self.nl("catalog", "search", blank, check=2).err)
        self.assertEqual("usage", self.nl("catalog", "search", "", "--json", check=2).error["code"])

    def test_names_and_cells_are_escaped_in_one_way_where_the_locale_is_not_utf8(self):
        self.put("raw-data/größe/größe.csv", "id,größe\n1,Zürich\n")
        self.index()
        escaped = r"gr\xc3\xb6\xc3\x9fe"
        table = self.names()[0]
        for args in (["catalog", "tables"], ["ls"], ["catalog", "head", table], ["catalog", "show", table],
                     ["why", "raw-data/größe/größe.csv"], ["catalog", "search", "id"]):
            shown = self.nl(*args, env={"LC_ALL": "C"}).out_bytes
            self.assertIn(escaped.encode(), shown, args)
            self.assertTrue(shown.isascii(), args)
        self.assertIn(r"Z\xc3\xbcrich", self.nl("catalog", "head", table, env={"LC_ALL": "C"}).out)
        self.assertIn(r"Z\xc3\xbcrich", self.nl("catalog", "show", table, env={"LC_ALL": "C"}).out)
        exact = "raw-data/größe/größe.csv\0".encode()
        self.assertEqual(exact, self.nl("ls", "-0", env={"LC_ALL": "C"}).out_bytes)

    def test_head_and_tables_agree_on_a_quote_that_is_never_closed(self):
        self.put("raw-data/t.csv", 'id,name\n1,Ann\n2,Bob\n3,"Cy\n')
        self.index()
        self.assertEqual(3, self.tables()["raw-data.t"]["rows"])
        rows = self.nl("catalog", "head", "raw-data.t", "--json").json["rows"]
        self.assertEqual([["1", "Ann"], ["2", "Bob"], ["3", '"Cy']], rows)

    def test_head_names_the_files_whose_rows_it_does_not_show(self):
        for name in ("1", "2", "3"):
            self.put("raw-data/half/%s.csv" % name, "id,t\n%s,a\n" % name)
        self.index()
        self.assertEqual([], self.nl("catalog", "head", "half", "--json").json["missing"])
        os.remove(self.path("buckets", "raw-data", "half", "1.csv"))
        result = self.nl("catalog", "head", "half", check=3)
        self.assertIn("raw-data/half/1.csv is gone since the last index: its rows are missing here", result.err)
        self.assertIn("2   a", result.out)
        self.put("raw-data/half/2.csv", "zz,yy,xx\n1,2,3\n")
        result = self.nl("catalog", "head", "half", check=3)
        self.assertIn("raw-data/half/2.csv: its file changed since it was indexed: neurolake catalog index", result.err)
        value = self.nl("catalog", "head", "half", "--json", check=3).json
        check_schema(value)
        self.assertEqual([["3", "a"]], value["rows"])
        self.assertEqual([("raw-data/half/1.csv", "gone"), ("raw-data/half/2.csv", "changed")],
                         [(file["path"], file["state"]) for file in value["missing"]])

    def test_a_range_is_whole_in_a_pipe_and_makes_sense_on_a_terminal(self):
        self.put("raw-data/t.csv", "at,key\n2024-05-01T10:00:00Z,%sa\n2024-05-01T11:30:00Z,%sb\n" % ("same" * 10, "same" * 10))
        self.index()
        piped = self.nl("catalog", "show", "raw-data.t").out
        self.assertIn("same" * 10 + "a .. " + "same" * 10 + "b", piped)
        shown = self.terminal("catalog", "show", "raw-data.t").out
        self.assertRegex(shown, "2024-05-01.10:00:00.* .. 2024-05-01.11:30:00")
        self.assertIn("…a .. …b", shown)
        self.assertIn("Newest file", shown)
        self.put("raw-data/wide.csv", "name\n%s\n%s\n" % ("a" * 40, "b" * 40))
        self.index()
        self.assertIn("a" * 40 + " .. " + "b" * 40, self.terminal("catalog", "show", "raw-data.wide", columns=140).out)

    def test_known_non_data_is_no_table(self):
        for name in ("BUCKET_INFO.txt", "README.md", ".DS_Store", "Thumbs.db", "desktop.ini", "_SUCCESS",
                     "t/_delta_log/00000.json", ".hidden/x.csv"):
            self.put("raw-data/" + name, "id\n1\n")
        self.put("raw-data/t/part.csv", "id\n1\n")
        self.index()
        self.assertEqual(["raw-data.t"], self.names())

    def test_every_command_speaks_json_and_helps_with_wrong_names(self):
        self.put("raw-data/orders.csv", "id,email\n1,a@b.c\n")
        self.index()
        for command in ("show", "schema", "history", "explain", "head"):
            value = self.nl("catalog", command, "raw-data.orders", "--json").json
            self.assertEqual("neurolake.catalog.%s/1" % command, value["schema"])
            check_schema(value)
            self.nl("catalog", command, "orders")  # the bare name is enough
            wrong = self.nl("catalog", command, "raw-data.order", "--json", check=1)
            self.assertEqual(("not_found", "did you mean raw-data.orders?"), (wrong.error["code"], wrong.error["hint"]))
        head = self.nl("catalog", "head", "orders", "--json").json
        self.assertEqual((["id", "email"], [["1", "a@b.c"]]), (head["columns"], head["rows"]))
        found = self.nl("catalog", "search", "EMAIL", "--json").json
        check_schema(found)
        hits = found["hits"]
        self.assertEqual([("raw-data.orders", "column", "email")], [(h["table"], h["where"], h["match"]) for h in hits])
        self.assertEqual(["catalog.head", "catalog.head", "catalog.search"],
                         [line["event"] for line in self.log("query")][-3:])

    def test_the_screen_of_80_columns_holds_every_line(self):
        self.put("raw-data/%s.csv" % ("long" * 30), "id,%s\n1,%s\n" % ("column" * 20, "value" * 40))
        self.index()
        name = self.names()[0]
        for args in (["tables"], ["search", "long"], ["show", name], ["schema", name], ["head", name]):
            for line in self.terminal("catalog", *args).out.splitlines():
                plain = re.sub(r"\x1b\[[0-9;]*m", "", line)
                if args[0] not in ("show", "search") and plain != name:  # to be copied: whole on a line of its own
                    self.assertLessEqual(len(plain), 80, args)

    def test_no_absolute_path_is_written(self):
        self.put("raw-data/orders/a.csv", "id\n1\n")
        self.put("raw-data/bad/b.parquet", "no parquet at all")
        self.index(check=(0, 3))
        for name, (kind, *_) in tree(self.lake).items():
            if kind == "file" and not name.startswith(b"logs/"):
                self.assertNotIn(os.fsencode(self.tmp), read(os.path.join(os.fsencode(self.lake), name)), name)


class Types(CatalogTest):
    ROWS = 50000

    def lines(self):
        """zip has leading zeros from row 30,001 on, quantity fractions from row 25,001 on."""
        for row in range(1, self.ROWS + 1):
            zip_code = "%05d" % (row % 10000) if row > 30000 else "%05d" % (10000 + row % 80000)
            quantity = "%d.5" % (row % 100) if row > 25000 else "%d" % (row % 100)
            yield "%d,%s,%s,item %d\n" % (row, zip_code, quantity, row % 7)

    def test_types_come_from_all_rows_with_the_first_offender(self):
        self.put("raw-data/sales/sales.csv", "id,zip,quantity,item\n" + "".join(self.lines()))
        self.index()
        self.assertEqual({"id": "int64", "zip": "text", "quantity": "double", "item": "text"}, self.types("raw-data.sales"))
        why = self.why("raw-data.sales")
        self.assertIn("leading zero first at row 30001", why["zip"])
        self.assertIn("first at row 25001", why["quantity"])
        self.assertEqual(self.ROWS, self.tables()["raw-data.sales"]["rows"])

    def test_the_order_of_rows_does_not_change_a_type(self):
        rows = list(self.lines())
        expected = None
        for seed in range(3):
            random.Random(seed).shuffle(rows)
            self.put("raw-data/s%d/s.csv" % seed, "id,zip,quantity,item\n" + "".join(rows))
        self.index()
        for seed in range(3):
            columns = self.nl("catalog", "show", "raw-data.s%d" % seed, "--json").json["table"]["columns"]
            facts = [(c["name"], c["type"], c["evidence"].get("min"), c["evidence"].get("max"), c["evidence"]["values"])
                     for c in columns]
            expected = expected or facts
            self.assertEqual(expected, facts)
        self.assertEqual(["int64", "text", "double", "text"], [fact[1] for fact in expected])

    def test_evidence_of_several_files_adds_up_and_names_the_file(self):
        self.put("raw-data/t/a.csv", "id,zip\n1,12345\n2,\n")
        self.put("raw-data/t/b.csv", "id,zip\n3,54321\n4,01234\n")
        self.index()
        columns = {c["name"]: c for c in self.nl("catalog", "show", "raw-data.t", "--json").json["table"]["columns"]}
        self.assertEqual("text", columns["zip"]["type"])
        self.assertEqual(("t/b.csv", 2), (columns["zip"]["evidence"]["forced_path"], columns["zip"]["evidence"]["forced_row"]))
        self.assertEqual((3, 1), (columns["zip"]["evidence"]["values"], columns["zip"]["evidence"]["nulls"]))
        self.assertEqual(("1", "4"), (columns["id"]["evidence"]["min"], columns["id"]["evidence"]["max"]))

    def test_empty_files_and_empty_columns_decide_nothing(self):
        self.put("raw-data/t/a.csv", "id,x\n1,\n2,\n")
        self.put("raw-data/t/empty.csv", "")
        self.index()
        self.assertEqual({"id": "int64", "x": "unknown"}, self.types("raw-data.t"))
        self.put("raw-data/t/b.csv", "id,x\n3,2024-01-05\n")
        self.index()
        self.assertEqual({"id": "int64", "x": "date"}, self.types("raw-data.t"))
        self.assertEqual((3, 3), tuple(self.tables()["raw-data.t"][k] for k in ("files", "rows")))


class Grouping(CatalogTest):
    def test_key_value_folders_are_one_table_with_typed_partition_columns(self):
        for year, month in ((2023, 12), (2024, 1), (2024, 2)):
            self.put("raw-data/events/year=%d/month=%02d/part.csv" % (year, month), "id,kind\n1,a\n2,b\n")
        self.index()
        table = self.tables()["raw-data.events"]
        self.assertEqual([("year", "int64"), ("month", "int64")], [(p["name"], p["type"]) for p in table["partitions"]])
        self.assertEqual((3, 6), (table["files"], table["rows"]))
        explained = self.nl("catalog", "explain", "raw-data.events", "--json").json
        self.assertEqual("partitions", explained["rule"])
        self.assertIn("year, month", explained["rule_reason"])
        head = self.nl("catalog", "head", "raw-data.events", "-n", "3", "--json").json
        self.assertEqual(["id", "kind", "year", "month"], head["columns"])
        self.assertEqual([["1", "a", "2023", "12"], ["2", "b", "2023", "12"], ["1", "a", "2024", "01"]], head["rows"])

    def test_mixed_depth_is_a_warning_that_names_two_files(self):
        self.put("raw-data/e/year=2023/a.csv", "id\n1\n")
        self.put("raw-data/e/year=2024/b.csv", "id\n1\n")
        self.put("raw-data/e/flat.csv", "id\n1\n")
        report = self.index()
        mixed = [f for f in report["findings"] if f["code"] == "mixed_depth"]
        self.assertEqual(1, len(mixed))
        self.assertIn("flat.csv", mixed[0]["message"])
        self.assertIn("year=2023/a.csv", mixed[0]["message"])
        result = self.nl("catalog", "index", "--full")
        self.assertIn("flat.csv", result.err)

    def test_unlike_files_of_a_folder_stay_apart_and_explain_says_which_differ(self):
        self.put("raw-data/mix/a.csv", "id,name\n1,x\n")
        self.put("raw-data/mix/b.csv", "sensor,value\n1,2\n")
        self.index()
        self.assertEqual(["raw-data.mix.a", "raw-data.mix.b"], self.names())
        words = self.nl("catalog", "explain", "raw-data.mix.a").out
        self.assertIn("A table of its own because the files of its folder are not alike: a.csv and b.csv share 0 of 2", words)
        override = os.path.join(os.path.realpath(self.lake), "buckets", "raw-data", "mix", "_neurolake.yaml")
        advice = 'For one table of all files of its folder, write "table: NAME" into %s; then: neurolake catalog index'
        self.assertIn("  " + advice % override + "\n", words)
        explained = self.nl("catalog", "explain", "raw-data.mix.a", "--json").json
        check_schema(explained)
        self.assertEqual(advice % override, explained["hint"])

    def test_drift_is_told_with_two_file_names_and_the_row(self):
        self.put("raw-data/drift/2023.csv", "id,qty,zip\n1,5,01234\n2,6,01235\n")
        self.put("raw-data/drift/2024.csv", "id,qty,zip\n3,7,01236\n4,n/a?,01237\n")
        self.put("raw-data/drift/2025.csv", "id,qty,zip,note\n5,8,01238,x\n")
        self.assertRegex(self.nl("catalog", "index", "--dry-run").err, r"warning: +raw-data/drift/2025.csv has note, which drift/2023.csv lacks")
        self.assertNotIn("note:", self.nl("catalog", "index", "--dry-run", "--quiet").err)
        report = self.index()
        found = {f["code"]: f for f in report["findings"]}
        self.assertEqual({"column_drift", "type_drift"}, set(found))
        for name in ("2023.csv", "2025.csv", "note"):
            self.assertIn(name, found["column_drift"]["message"])
        self.assertEqual("qty is int64 in drift/2023.csv but text in drift/2024.csv (text first at row 2); text in 1 of 3 files",
                         found["type_drift"]["message"])
        self.assertEqual("text", self.types("raw-data.drift")["qty"])
        self.assertEqual([], self.index()["findings"], "told once, not at each run")

    def test_rows_of_files_that_lack_a_column_are_null_there(self):
        self.put("raw-data/monthly/01.csv", "id,day,shop,qty\n1,1,1,5\n2,1,1,\n")
        self.put("raw-data/monthly/02.csv", "id,day,shop,qty,note\n3,1,1,7,x\n4,1,1,8,\n5,1,1,9,y\n")
        self.index()
        nulls = lambda: {c["name"]: c["evidence"].get("nulls", 0) for c in self.nl("catalog", "show", "raw-data.monthly", "--json").json["table"]["columns"]
                         if c["name"] in ("id", "qty", "note")}
        self.assertEqual({"id": 0, "qty": 1, "note": 3}, nulls())
        self.put("raw-data/monthly/00.csv", "id,day,shop,note\n6,1,1,z\n")
        self.put("raw-data/monthly/03.csv", "")
        self.index()
        self.assertEqual({"id": 0, "qty": 2, "note": 3}, nulls())
        self.nl("catalog", "index", "--full")
        self.assertEqual({"id": 0, "qty": 2, "note": 3}, nulls())
        shown = self.nl("catalog", "show", "raw-data.monthly").out
        self.assertRegex(shown, r"note +text +3 ")
        self.assertIn("raw-data.monthly,note,4,text,yes,no,no,,,,3,3,", self.nl("catalog", "export", "--format", "csv").out)

    def test_an_override_file_decides(self):
        self.put("raw-data/mess/x/a.csv", "id,name\n1,x\n")
        self.put("raw-data/mess/y/b.csv", "sensor,value\n1,2\n")
        self.put("raw-data/scratch/c.csv", "id\n1\n")
        self.put("raw-data/each/d.csv", "id\n1\n")
        self.put("raw-data/each/e.csv", "id\n1\n")
        self.index()
        self.assertEqual(["raw-data.each", "raw-data.mess.x", "raw-data.mess.y", "raw-data.scratch"], self.names())
        self.put("raw-data/mess/_neurolake.yaml", "# one\ntable: tidy\nbogus: 1\n")
        self.put("raw-data/scratch/_neurolake.yaml", "ignore: true\n")
        self.put("raw-data/each/_neurolake.yaml", "single_file: true\n")
        for _ in range(2):
            report = self.index(check=3)
            self.assertEqual(["raw-data.each.d", "raw-data.each.e", "raw-data.tidy"], self.names())
            self.assertEqual([("override_line", 3)], [(f["code"], f["line"]) for f in report["findings"]])
        for table, folder in (("each.d", "each"), ("tidy", "mess")):
            self.assertRegex(self.nl("catalog", "explain", "raw-data." + table).out, "change or remove .*/%s/_neurolake.yaml; then" % folder)
        self.assertIn('line 3 of _neurolake.yaml is ignored: "bogus" is no key', self.nl("doctor").out)
        os.unlink(self.bucket("raw-data", "mess", "_neurolake.yaml"))
        self.index()
        self.assertEqual(["raw-data.each.d", "raw-data.each.e", "raw-data.mess.x", "raw-data.mess.y"], self.names())

    def test_a_broken_override_file_counts_for_nothing_and_is_told_until_it_is_mended(self):
        self.put("raw-data/mess/a.csv", "id,name\n1,x\n")
        self.put("raw-data/mess/_neurolake.yaml", "table: [1,\n")
        for _ in range(2):
            report = self.index(check=3)
            self.assertEqual(["raw-data.mess"], self.names())
            self.assertEqual([("override_broken", "raw-data/mess/_neurolake.yaml", 1, "error")],
                             [(f["code"], f["path"], f["line"], f["severity"]) for f in report["findings"]])
        told = self.nl("catalog", "index", check=3).err
        self.assertIn("error: raw-data/mess/_neurolake.yaml: line 1 is broken, so the file is ignored as a whole: table: a list is no value here; write", told)
        self.assertIn("raw-data/mess/_neurolake.yaml: line 1 is broken", self.nl("doctor").out)
        self.put("raw-data/mess/_neurolake.yaml", "table: mine\n")
        self.assertEqual([], self.index()["findings"])
        self.assertEqual(["raw-data.mine"], self.names())

    def test_what_is_no_file_under_the_name_of_an_override_is_told(self):
        for name in ("link", "pipe", "folder"):
            self.put("raw-data/%s/a.csv" % name, "id\n1\n")
        os.symlink("a.csv", self.bucket("raw-data", "link", "_neurolake.yaml"))
        os.mkfifo(self.bucket("raw-data", "pipe", "_neurolake.yaml"))
        os.mkdir(self.bucket("raw-data", "folder", "_neurolake.yaml"))
        for _ in range(2):
            found = {f["path"]: (f["code"], f["severity"], f["message"].split(",")[0]) for f in self.index(check=3)["findings"]}
            self.assertEqual({"raw-data/%s/_neurolake.yaml" % name: ("override_broken", "error", "it is a " + words) for name, words in (
                ("link", "symlink"), ("pipe", "pipe"), ("folder", "folder"))}, found)
        self.assertEqual(3, self.nl("doctor").out.count("not a plain file, so it says nothing"))
        self.assertEqual(["raw-data.folder", "raw-data.link", "raw-data.pipe"], self.names())

    def test_a_name_that_an_override_cannot_give_is_told(self):
        self.put("raw-data/u.csv", "id\n1\n")
        self.index()
        self.put("raw-data/mine/a.csv", "id\n1\n")
        self.put("raw-data/mine/_neurolake.yaml", "table: u\n")
        self.put("raw-data/odd/a.csv", "x\n1\n")
        self.put("raw-data/odd/_neurolake.yaml", "table: my table/2\n")
        report = self.index()
        told = {f["path"]: f["message"] for f in report["findings"]}
        self.assertEqual(["override_name"] * 2, self.findings(report))
        self.assertRegex(told["raw-data/mine/_neurolake.yaml"], "^another table of this bucket is called u: this one is u_[0-9a-f]{6};")
        self.assertEqual("\"my table/2\" is no name of a table (letters, digits, _, - and dots are): it is called my_table_2",
                         told["raw-data/odd/_neurolake.yaml"])
        self.assertEqual([], self.index()["findings"], "told once")
        self.assertEqual(["raw-data.my_table_2"], [name for name in self.index()["tables_with_warnings"] if "my" in name])

    def test_nasty_names_are_cataloged_and_found_again(self):
        names = [b"new\nline.csv", b"esc\x1b[31m.csv", b"\xff\xfe.csv", b"-dash.csv", "größe.csv".encode(), b"a b.csv",
                 b"quo\"te'.csv", b"per%2Fcent.csv", "日本.csv".encode(), b"a=b.csv", b"back\\slash.csv"]
        for name in names:
            path = os.path.join(os.fsencode(self.bucket("raw-data")), name)
            write(path, "id\n1\n", age_days=1)
        report = self.index()
        self.assertEqual([], report["failed"])
        tables = self.tables()
        self.assertEqual(len(names), len(tables))
        for name in tables:
            self.assertEqual([["1"]], self.nl("catalog", "head", name, "--json").json["rows"], name)
            self.assertNotRegex(name, r"[\x00-\x20]")
        self.assertNotIn("\x1b[31m", self.terminal("catalog", "tables").out)
        self.assertEqual(0, self.index()["files_read"])


if __name__ == "__main__":
    main()
