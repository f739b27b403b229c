# Each view of odd files either has every row and value of its table, or is not there: asked of DuckDB, held against other readers.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("e2e", "support"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))

import data_files  # noqa: E402
import odd_files  # noqa: E402
import same_values  # noqa: E402
from catalog_lake import CatalogTest  # noqa: E402
from duckdb_oracle import FOLDER, DuckDB  # noqa: E402
from harness import main  # noqa: E402

SEED = int(os.environ.get("NEUROLAKE_SEED", "1"))
LARGEST = 3 << 20
# Without a view for good: what the file says, and why DuckDB cannot be made to read it so.
NEVER = {"unclosed", "half_quoted", "blank_then_quote", "comment_like", "zero", "words", "utf16_wide", "j_empty_key", "j_same_key", "j_cases",
         "j_not_all_objects", "j_damaged", "j_many_digits", "j_texts_and_digits", "j_any_and_digits", "j_texts_and_spellings"}


class OddViews(CatalogTest):
    def setUp(self):
        super().setUp()
        self.duckdb = DuckDB(cwd=self.lake)
        self.addCleanup(self.duckdb.close)

    def create_views(self):
        """Runs the whole script. The tables that have no view, with the reason."""
        self.duckdb.query(self.nl("catalog", "export", "--format", "duckdb").out)
        report = self.nl("catalog", "export", "--format", "duckdb", "-o", os.path.join(self.tmp, "views.sql"), "--overwrite", "--json").json
        self.assertEqual([], report["failing"])
        return {table["table"]: table["why"] for table in report["without"]}

    def expected(self, table, columns):
        """The rows by another reader than the scan that the catalog counted with: Python's for JSON, `catalog head` for the rest."""
        if table["format"].startswith("json"):
            return same_values.json_rows(self.bucket("raw-data", *table["path"].split("/")), columns)
        head = self.nl("catalog", "head", table["name"], "-n", "1000000", "--json", check=None)
        if head.rc != 0:
            return None
        value = json.loads(head.out)
        places = [value["columns"].index(column["name"]) for column in columns]
        return [[row[place] for place in places] for row in value["rows"]]

    def assert_views_tell_the_truth(self, least, known=()):
        without = self.create_views()
        compared = 0
        for name, table in self.tables().items():
            if name in without:
                continue
            columns = table["columns"] + table["partitions"]
            rows = same_values.rows_of_view(self.duckdb, name, columns)
            self.assertEqual(table["rows"], len(rows), name)
            wanted = self.expected(table, columns)
            if wanted is None or name in known:
                continue
            whys = {column["name"]: column["why"] for column in self.nl("catalog", "explain", name, "--json").json["columns"]}
            self.assertEqual([], same_values.differences(wanted, rows, columns, whys), name)
            compared += 1
        print("%d views have every row and value; %d tables have no view" % (compared, len(without)))
        self.assertGreaterEqual(compared, least)
        return without

    def test_files_at_random_and_by_hand(self):
        for name, content in odd_files.all_files(SEED, 150).items():
            self.put("raw-data/" + name, content)
        self.index(check=None)
        without = self.assert_views_tell_the_truth(240)
        names = {name.partition(".")[2] for name in without}
        by_hand = {name for name in odd_files.CSV} | {"j_" + name.partition(".")[0] for name in odd_files.JSON}
        self.assertEqual(NEVER, names & by_hand)

    def test_files_of_other_people(self):
        for path in data_files.data_files(FOLDER):
            source = os.path.join(FOLDER, "node_modules", path)
            if os.path.getsize(source) <= LARGEST and not path.endswith((".parquet", ".avro", ".arrow")):
                target = self.bucket("raw-data", path.replace("/", "_").replace("@", ""))
                shutil.copy(source, target)
                os.utime(target, (1700000000, 1700000000))
        self.index(check=None)
        for table, why in self.assert_views_tell_the_truth(20).items():
            print("  no view: %s: %s" % (table, why[:110]))

    def test_folders_of_several_depths_and_damaged_files_stop_nothing(self):
        self.put("raw-data/t/year=2023/m=01/a.csv", 'a,b\n1,"x\ny"\n')
        self.put("raw-data/t/year=2024/b.csv", "a,b\n2,y\n")
        self.put("raw-data/t/year=__HIVE_DEFAULT_PARTITION__/c.csv", 'a,b\n3,""\n')
        self.put("raw-data/odd/k=a=b/a.csv", "a\n1\n")
        self.put("raw-data/odd/k=c/a.csv", "a\n2\n")
        for name in ("good", "bad"):
            self.duckdb.query("COPY (SELECT range AS a FROM range(5000)) TO '%s' (FORMAT parquet)" % self.bucket("raw-data", name + ".parquet"))
        with open(self.bucket("raw-data", "bad.parquet"), "r+b") as file:
            file.truncate(100)
        self.put("raw-data/zzz.csv", "a\n1\n")
        for name in ("good", "bad"):
            os.utime(self.bucket("raw-data", name + ".parquet"), (1700000000, 1700000000))
        self.index(check=None)
        without = self.assert_views_tell_the_truth(2)
        self.assertEqual({"raw-data.bad", "raw-data.odd"}, set(without))
        self.assertIn("k=a=b", without["raw-data.odd"])
        self.assertEqual([["1", "2023", "1"], ["2", "2024", None], ["3", None, None]],
                         self.duckdb.query('SELECT a, year, m FROM "raw-data"."t" ORDER BY a')[1])
        self.assertEqual("5000", self.duckdb.one('SELECT count(*) FROM "raw-data"."good"'))

    def test_nanoseconds_of_parquet_stay(self):
        self.duckdb.query("COPY (SELECT TIMESTAMP_NS '2024-01-01 00:00:00.123456789' AS t) TO '%s' (FORMAT parquet)"
                          % self.bucket("raw-data", "ns.parquet"))
        os.utime(self.bucket("raw-data", "ns.parquet"), (1700000000, 1700000000))
        self.index()
        self.create_views()
        self.assertEqual("2024-01-01 00:00:00.123456789", self.duckdb.one('SELECT CAST(t AS VARCHAR) FROM "raw-data"."ns"'))

    def test_a_view_of_an_earlier_script_does_not_stay_when_it_would_lie(self):
        self.put("raw-data/t.csv", "a,b\n1,x\n")
        self.index()
        self.assertEqual({}, self.create_views())
        self.put("raw-data/t.csv", 'a,b\n1,x\n2,"never closed\n3,y\n', age_days=1)
        self.index(check=None)
        self.assertEqual({"raw-data.t"}, set(self.create_views()))
        self.assertEqual("0", self.duckdb.one("SELECT count(*) FROM duckdb_views() WHERE view_name = 't'"))


if __name__ == "__main__":
    main()
