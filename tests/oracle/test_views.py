# The views of `catalog export --format duckdb`, asked by DuckDB: the same rows and types as the catalog, wherever the files are.
# SPDX-License-Identifier: Apache-2.0
import gzip
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("e2e", "support"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))

from catalog_lake import CatalogTest  # noqa: E402
from duckdb_oracle import DuckDB, DuckDBError  # noqa: E402
from harness import main  # noqa: E402

TYPES = {"text": "VARCHAR", "int64": "BIGINT", "int32": "INTEGER", "double": "DOUBLE", "date": "DATE", "timestamp": "TIMESTAMP",
         "timestamp_tz": "TIMESTAMP WITH TIME ZONE", "boolean": "BOOLEAN", "uuid": "UUID", "unknown": "VARCHAR", "float": "FLOAT"}


class ViewTest(CatalogTest):
    def setUp(self):
        super().setUp()
        self.duckdb = DuckDB(cwd=self.lake)
        self.addCleanup(self.duckdb.close)

    def create_views(self):
        self.duckdb.query(self.nl("catalog", "export", "--format", "duckdb").out)

    def rows(self, table, order="ALL"):
        bucket, name = table.split(".", 1)
        return self.duckdb.query('SELECT * FROM "%s"."%s" ORDER BY %s' % (bucket, name, order))

    def assert_like_catalog(self, *without_type):
        """Row count and types of every table through its view are the catalog's. Returns how many were compared."""
        compared = 0
        for name, table in self.tables().items():
            types, rows = self.rows(name)
            self.assertEqual(table["rows"], len(rows), name)
            expected = [(c["name"], TYPES.get(c["type"], c["type"])) for c in table["columns"] + table["partitions"]]
            if name not in without_type:
                self.assertEqual(expected, list(types.items()), name)
            compared += 1
        return compared


class Here(ViewTest):
    def test_delimited_text_of_many_dialects(self):
        files = {
            "plain": "id,zip,at,ok\n1,01234,2024-01-02 03:04,true\n2,,2024-01-02T03:04:05.25,False\n",
            "semicolons": 'a;b\n"x;""y""";1\n"two\nlines";2\n',
            "preamble": "Report of the year\nmade by hand\n\na,b,c\n1,2,3\n4,5,6\n7,8,9\n",
            "remarks": "# title\n\nCompany report 2024\n\nid,amt\n1,5\n2,6\nTotal,11\n",
            "only_remarks": "# title\n# more\nid,amt\n1,5\n# between\n2,6\n3,7\n",
            "late_remark": "Company report 2024\n\n# title\nid,amt\n1,5\n2,6\n3,7\n",
            "headless_remarks": "# title\n\nCompany report 2024\n\n1,5\n2,6\n3,11\n",
            "marked_remarks": b"\xef\xbb\xbf# title\r\n\r\n# more\r\nid,amt\r\n1,5\r\n2,6\r\n",
            "hash_header": "##version=4\n##source=x\n#CHROM,POS,ID\n1,100,a\n1,200,b\n",
            "headless": "1,2.5,x\n3,4.5,y\n5,6.5,z\n",
            "tabs": "a\tb\n1\t2\n3\t4\n",
            "one": "word\nx\ny\n",
            "bom": b"\xef\xbb\xbfa,b\n1,2\n",
            "cr": b"a,b\r1,2\r3,4\r",
            "crlf": b"a,b\r\n1,2\r\n3,4\r\n",
            "utf16": "name,n\ncafé,1\nthé,2\n".encode("utf-16"),
            "latin": "name,n\ncafé,1\nthé,2\n".encode("latin-1"),
            "ragged": "a,b,c\n1,2,3\n4,5\n6,7,8\n9,10,11\n",
            "comma": "a;b\n1.234,56;x\n7,5;y\n",
            "days": "d;n\n31/12/2023;1\n01/02/2024;2\n",
            "nothing": "n;m\n1;x\nNA;NA\n3;y\n",
            "cases": "a,A,say \"hi\"\n1,2,3\n4,5,6\n",
            "we[i]rd*?'name": "a,b\n1,2\n",
        }
        for name, text in files.items():
            self.put("raw-data/%s.csv" % name, text)
        self.put("raw-data/packed.csv.gz", gzip.compress(b"a,b\n1,2\n3,4\n"))
        self.index()
        self.create_views()
        self.assertGreater(self.assert_like_catalog("raw-data.cases"), len(files) - 1)
        self.assertEqual([["1", "5"], ["2", "6"], ["Total", "11"]], self.rows("raw-data.remarks")[1])
        self.assertEqual([['x;"y"', "1"], ["two\nlines", "2"]], sorted(self.rows("raw-data.semicolons")[1], reverse=True))
        self.assertEqual([["1", "01234", "2024-01-02 03:04:00", "true"], ["2", None, "2024-01-02 03:04:05.25", "false"]],
                         self.rows("raw-data.plain")[1])
        self.assertEqual([["7.5", "y"], ["1234.56", "x"]], self.rows("raw-data.comma")[1])
        self.assertEqual([["2023-12-31", "1"], ["2024-02-01", "2"]], self.rows("raw-data.days")[1])
        self.assertEqual([["café", "1"], ["thé", "2"]], self.rows("raw-data.utf16")[1])
        self.assertEqual([["café", "1"], ["thé", "2"]], self.rows("raw-data.latin")[1])

    def test_json(self):
        self.put("raw-data/lines.jsonl", '{"a":1,"b":"x","d":"2024-01-02","n":{"x":[1,2]}}\n{"a":2.5,"n":null}\n')
        self.put("raw-data/list.json", '[{"a":1,"b":true},{"a":2,"b":false}]')
        self.put("raw-data/packed.jsonl.gz", gzip.compress(b'{"a":1}\n{"a":2}\n'))
        self.index()
        self.create_views()
        self.assertEqual(3, self.assert_like_catalog("raw-data.lines"))
        types, rows = self.rows("raw-data.lines")
        self.assertEqual({"a": "DOUBLE", "b": "VARCHAR", "d": "DATE", "n": "STRUCT(\"x\" BIGINT[])"}, types)
        self.assertEqual([["1", "x", "2024-01-02", "{'x': [1, 2]}"], ["2.5", None, None, None]], rows)

    def test_parquet_of_files_that_differ(self):
        folder = self.bucket("raw-data", "p")
        os.makedirs(os.path.join(folder, "year=2023", "month=01"))
        os.makedirs(os.path.join(folder, "year=2024", "month=12"))
        self.duckdb.query("COPY (SELECT 1::INTEGER AS a, 'x' AS b, [1.5] AS l, {'x': 1} AS s, DATE '2024-01-01' AS d) "
                          "TO '%s' (FORMAT parquet)" % os.path.join(folder, "year=2023", "month=01", "a.parquet"))
        self.duckdb.query("COPY (SELECT 2::BIGINT AS a, TIMESTAMPTZ '2024-01-01 00:00:00+00' AS t FROM range(3)) TO '%s' (FORMAT parquet)"
                          % os.path.join(folder, "year=2024", "month=12", "b.parquet"))
        self.age()
        self.index()
        self.create_views()
        self.assertEqual(1, self.assert_like_catalog("raw-data.p"))
        types, rows = self.rows("raw-data.p")
        self.assertEqual(("BIGINT", "TIMESTAMP WITH TIME ZONE", "BIGINT", "BIGINT"), (types["a"], types["t"], types["year"], types["month"]))
        self.assertEqual(4, len(rows))

    def age(self):
        for folder, _, files in os.walk(self.bucket()):
            for name in files:
                os.utime(os.path.join(folder, name), (1700000000, 1700000000))

    def test_files_of_one_table_written_in_different_ways(self):
        self.put("raw-data/t/year=2023/a.csv", "id,zip,amount\n1,01234,9.50\n2,80331,12.00\n")
        self.put("raw-data/t/year=2024/b.csv", "id;zip;amount;more\n3;10115;3,5;x\n4;10117;1.000,5;y\n")
        self.put("raw-data/t/year=__HIVE_DEFAULT_PARTITION__/c.csv", "amount,id,zip\n7,5,1\n8,6,2\n")
        self.put("raw-data/d/a.csv", "id,amount\n1,7\n2,8\n")
        self.put("raw-data/d/b.csv", 'id;amount\n3;1.000,5\n4;3,5\n')
        self.index()
        self.create_views()
        self.assert_like_catalog()
        _, rows = self.rows("raw-data.d", "id")
        self.assertEqual(["7.0", "8.0", "1000.5", "3.5"], ["%s" % float(row[1]) for row in rows])
        _, rows = self.rows("raw-data.t", "id")
        self.assertEqual(["9.5", "12.0", "3.5", "1000.5", "7.0", "8.0"], ["%s" % float(row[2]) for row in rows])
        self.assertEqual(["2023", "2023", "2024", "2024", None, None], [row[-1] for row in rows])
        self.assertEqual(["01234", "80331", "10115", "10117", "1", "2"], [row[1] for row in rows])

    def test_names_that_are_duckdbs_own_and_names_of_which_case_alone_makes_two(self):
        for bucket in ("temp", "system", "memory", "main", "information-schema", "default"):
            self.nl("bucket", "create", bucket)
            self.put(bucket + "/t.csv", "a\n1\n")
        self.put("raw-data/Orders.csv", "a\n1\n")
        self.put("raw-data/orders.csv", "a\n1\n2\n")
        self.index()
        self.create_views()
        for name, rows in (("main.t", 1), ("default.t", 1), ("information-schema.t", 1), ("temp_bucket.t", 1), ("system_bucket.t", 1),
                           ("memory_bucket.t", 1), ("raw-data.Orders", 1), ("raw-data.orders_2", 2)):
            self.assertEqual(rows, len(self.rows(name)[1]), name)
        script = self.nl("catalog", "export", "--format", "ddl").out
        self.assertIn('-- temp.t is "temp_bucket"."t" here: DuckDB has a database called temp', script)
        tables = DuckDB(cwd=self.lake)
        self.addCleanup(tables.close)
        tables.query(script)
        self.assertEqual("8", tables.one("SELECT count(*) FROM duckdb_tables()"))

    def test_a_folder_that_says_null_in_letters_is_that_word(self):
        for folder in ("m=NULL", "m=null", "m=Null", "m=N%55LL", "m=a", "m=__HIVE_DEFAULT_PARTITION__"):
            self.put("raw-data/c/%s/p.csv" % folder, "id\n1\n2\n")
            self.put("raw-data/j/%s/p.jsonl" % folder, '{"id":1}\n')
            path = self.bucket("raw-data", "p", folder, "p.parquet")
            os.makedirs(os.path.dirname(path))
            self.duckdb.query("COPY (SELECT 1 AS id) TO '%s'" % path)
            os.utime(path, (1e9, 1e9))
        self.index()
        self.create_views()
        for table, rows in (("c", 2), ("j", 1), ("p", 1)):
            self.assertEqual({"NULL": 2 * rows, "null": rows, "Null": rows, "a": rows, None: rows},
                             {m: int(n) for m, n in self.duckdb.query('SELECT m, count(*) FROM "raw-data"."%s" GROUP BY m' % table)[1]}, table)

    def test_what_duckdb_cannot_read_is_named(self):
        shutil.copy(os.path.join(HERE, "..", "support", "samples", "ncf", "b01-tiny.ncf"), self.bucket("raw-data", "b.ncf"))
        self.put("raw-data/notes.txt", "just words\n")
        self.age()
        self.index()
        text = self.nl("catalog", "export", "--format", "duckdb").out
        self.assertIn("-- raw-data.b has no view: buckets/raw-data/b.ncf: DuckDB does not read ncf", text)
        self.assertNotIn("CREATE OR REPLACE", text)
        self.duckdb.query(text)


class Away(ViewTest):
    def setUp(self):
        super().setUp()
        self.cloud = os.path.join(self.tmp, "cloud")
        os.makedirs(self.cloud)
        for key, value in (("cloud_provider", "directory"), ("directory", self.cloud)):
            self.set("hybrid_storage." + key, value)
        self.set("burst.min_size", "0")
        for year in (2023, 2024):
            self.put("raw-data/t/year=%d/a.csv" % year, "a,b\n" + "1,2\n" * 2000, age_days=100)
        self.index()

    def test_a_view_of_a_table_that_is_away_fails_with_the_way_back(self):
        self.create_views()
        self.assertEqual("4000", self.duckdb.one('SELECT count(*) FROM "raw-data"."t"'))
        self.nl("burst", "raw-data/t/year=2023", "--yes")
        self.create_views()
        for query in ('SELECT count(*) FROM "raw-data"."t"', 'SELECT * FROM "raw-data"."t"', 'SELECT 1 FROM "raw-data"."t" WHERE a = 7'):
            with self.assertRaisesRegex(DuckDBError, "neurolake recall raw-data/t/year=2023/a.csv"):
                self.duckdb.query(query)
        self.assertEqual({"a": "BIGINT", "b": "BIGINT", "year": "BIGINT"},
                         {row[0]: row[1] for row in self.duckdb.query('DESCRIBE "raw-data"."t"')[1]})
        self.nl("recall", "raw-data/t", "--yes")
        self.create_views()
        self.assert_like_catalog()


if __name__ == "__main__":
    main()
