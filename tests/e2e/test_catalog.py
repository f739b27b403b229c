# The catalog from the outside: what is a table, what type is a column, what a change to files does to them.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import random
import re
import shutil

from catalog_lake import CatalogTest
from harness import age, main, need, read, run, tree, write
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
                if args[0] not in ("show", "search"):
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
        self.assertIn("a.csv and b.csv share 0 of 2", self.nl("catalog", "explain", "raw-data.mix.a").out)

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
        report = self.index()
        self.assertEqual(["raw-data.each.d", "raw-data.each.e", "raw-data.tidy"], self.names())
        self.assertEqual([("override_line", 3)], [(f["code"], f["line"]) for f in report["findings"]])
        os.unlink(self.bucket("raw-data", "mess", "_neurolake.yaml"))
        self.index()
        self.assertEqual(["raw-data.each.d", "raw-data.each.e", "raw-data.mess.x", "raw-data.mess.y"], self.names())

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
        self.put("raw-data/load.csv.part", "id\n1\n")
        report = self.index("--settle", "60s")
        self.assertEqual(["raw-data/load.csv.part", "raw-data/young.csv"], [s["path"] for s in report["settling"]])
        self.assertEqual([], self.names())
        self.assertIn("settling raw-data/young.csv", self.nl("catalog", "index", "--settle", "60s").out)
        age(self.bucket("raw-data", "young.csv"), seconds=90)
        self.index("--settle", "60s")
        self.assertEqual(["raw-data.young"], self.names())

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
        self.assertIn("gone", self.nl("catalog", "show", "raw-data.orders", check=1).err)
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

    def test_indexing_one_bucket_leaves_the_others_for_later(self):
        self.put("raw-data/a.csv", "id\n1\n")
        self.put("processed/b.csv", "id\n1\n")
        self.index("raw-data")
        self.assertEqual(["raw-data.a"], self.names())
        self.index()
        self.assertEqual(["processed.b", "raw-data.a"], self.names())

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


class Damage(CatalogTest):
    def test_a_damaged_catalog_is_never_overwritten(self):
        self.put("raw-data/a.csv", "id\n1\n")
        self.index()
        write(self.path("catalog", "tables.json"), read(self.path("catalog", "tables.json"))[:-30])
        damaged = read(self.path("catalog", "tables.json"))
        self.put("raw-data/b.csv", "id\n1\n")
        for args in (["catalog", "tables"], ["catalog", "index"]):
            error = self.nl(*args, "--json", check=1).error
            self.assertEqual("corrupt", error["code"])
            self.assertIn("doctor --fix", error["hint"])
        self.assertEqual(damaged, read(self.path("catalog", "tables.json")))

    def test_a_lost_catalog_is_made_again_without_reading_files(self):
        for i in range(10):
            self.put("raw-data/t/%d.csv" % i, "id\n%d\n" % i)
        self.index()
        before = self.tables()["raw-data.t"]
        os.unlink(self.path("catalog", "tables.json"))
        self.assertEqual(0, self.index()["files_read"])
        after = self.tables()["raw-data.t"]
        self.assertEqual({k: v for k, v in before.items() if k != "indexed_at"},
                         {k: v for k, v in after.items() if k != "indexed_at"})

    def test_a_damaged_inventory_is_put_aside_and_made_again(self):
        self.put("raw-data/a.csv", "id\n1\n")
        self.index()
        write(self.path(".neurolake", "inventory"), b"no inventory")
        report = self.index()
        self.assertIn("inventory_damaged", self.findings(report))
        aside = [name for name in os.listdir(self.path(".neurolake")) if ".damaged-" in name]
        self.assertEqual(1, len(aside))
        self.assertEqual(["raw-data.a"], self.names())
        self.assertEqual([], self.index()["changes"])

    def test_damaged_profiles_only_cost_a_second_reading(self):
        self.put("raw-data/t/a.csv", "id\n1\n")
        self.index()
        write(self.path(".neurolake", "profiles"), b"NLPROF1\nrubbish")
        self.put("raw-data/t/b.csv", "id\n2\n")
        self.assertEqual(2, self.index()["files_read"])
        self.assertEqual(2, self.tables()["raw-data.t"]["rows"])


if __name__ == "__main__":
    main()
