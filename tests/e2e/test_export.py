# What leaves the catalog: JSON and JSON Lines for programs, CSV for spreadsheets, SQL for databases; files that appear whole or not at all.
# SPDX-License-Identifier: Apache-2.0
import csv
import ctypes
import io
import json
import os
import re
import sqlite3

from catalog_lake import CatalogTest
from harness import LakeTest, main, read, write
from jsonschema_lite import check as check_schema
from servers import MiniS3, Postgres, ServerUnavailable


def postgres_says(dsn, sql):
    """Its complaint about the statements, or "": by the C library, which is there where the server is."""
    pq = ctypes.CDLL("libpq.so.5")
    for name in ("PQconnectdb", "PQexec", "PQerrorMessage"):
        getattr(pq, name).restype = ctypes.c_char_p if name == "PQerrorMessage" else ctypes.c_void_p
    connection = ctypes.c_void_p(pq.PQconnectdb(dsn.encode()))
    try:
        result = ctypes.c_void_p(pq.PQexec(connection, sql.encode()))
        pq.PQclear(result)
        return "\n".join(line for line in pq.PQerrorMessage(connection).decode().splitlines() if "NOTICE" not in line)
    finally:
        pq.PQfinish(connection)


class ExportTest(CatalogTest):
    def setUp(self):
        super().setUp()
        self.put("raw-data/orders/year=2023/a.csv", "id,zip,amount\n1,01234,9.50\n2,80331,12.00\n")
        self.put("raw-data/orders/year=2024/a.csv", "id,zip,amount\n3,10115,3\n")
        self.put("processed/people.jsonl", '{"name":"Ada","born":1815}\n{"name":"Grace","born":1906}\n')
        self.index()

    def export(self, *args, **more):
        return self.nl("catalog", "export", *args, **more).out

    def whole(self, *args):
        value = json.loads(self.export(*args))
        check_schema(value)
        return value


class Json(ExportTest):
    def test_everything_of_every_table_is_in_it(self):
        value = self.whole()
        self.assertEqual(["processed.people", "raw-data.orders"], [table["name"] for table in value["tables"]])
        self.assertEqual(sorted(table["id"] for table in value["tables"]), [entry["id"] for entry in value["histories"]])
        self.assertEqual(json.loads(read(self.path("catalog", "tables.json")))["tables"], value["tables"])
        self.assertEqual(json.loads(read(self.path(".neurolake", "lake.json")))["id"], value["lake"])

    def test_the_same_catalog_gives_the_same_bytes_however_its_files_are_laid_out(self):
        before = self.export()
        for name in ("tables.json", "schemas.json"):
            path = self.path("catalog", name)
            write(path, json.dumps(json.loads(read(path)), indent=4))
        self.assertEqual(before, self.export())

    def test_tombstones_are_in_it_and_in_no_other_format(self):
        os.unlink(self.bucket("processed", "people.jsonl"))
        self.index()
        gone = [table for table in self.whole()["tables"] if "deleted_at" in table]
        self.assertEqual(["processed.people"], [table["name"] for table in gone])
        self.assertNotIn("processed.people", self.export("--format", "jsonl"))
        self.assertNotIn("processed.people", self.export("--format", "csv"))

    def test_a_choice_of_tables_and_buckets(self):
        for words in (("orders",), ("raw-data.orders",), ("raw-data",), ("raw-data", "archive")):
            value = self.whole(*words)
            self.assertEqual(["raw-data.orders"], [table["name"] for table in value["tables"]], words)
            self.assertEqual([value["tables"][0]["id"]], [entry["id"] for entry in value["histories"]])
        self.assertEqual([], self.whole("archive")["tables"])
        self.assertIn("did you mean raw-data.orders", self.nl("catalog", "export", "ordres", check=1).err)

    def test_a_version_of_a_run_that_died_is_left_out(self):
        before = self.export()
        path = self.path("catalog", "schemas.json")
        schemas = json.loads(read(path))
        for history in schemas["histories"]:
            history["versions"].append(dict(history["versions"][-1], version=2))
        write(path, json.dumps(schemas))
        self.assertEqual(before, self.export())

    def test_an_empty_lake(self):
        self.nl("init", self.path("..", "other"))
        value = json.loads(self.nl("catalog", "export", lake=self.path("..", "other")).out)
        check_schema(value)
        self.assertEqual([], value["tables"])


class Lines(ExportTest):
    def test_one_table_a_line(self):
        lines = [json.loads(line) for line in self.export("--format", "jsonl").splitlines()]
        self.assertEqual(self.whole()["tables"], lines)


class Csv(ExportTest):
    def rows(self, *args):
        text = self.nl("catalog", "export", "--format", "csv", *args).out
        self.assertTrue(text.endswith("\r\n"))
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def test_one_row_a_column(self):
        rows = self.rows("orders")
        self.assertEqual(["id", "zip", "amount", "year"], [row["column"] for row in rows])
        self.assertEqual(["1", "2", "3", "4"], [row["position"] for row in rows])
        self.assertEqual("text", rows[1]["type"])
        self.assertEqual(["no", "no", "no", "yes"], [row["partition"] for row in rows])

    def test_what_a_spreadsheet_would_run_is_disarmed(self):
        self.put("raw-data/bad.csv", '"=cmd|x!A1","+1","a,b","say ""hi""","@now","-x"\n1,2,3,4,5,6\n7,8,9,1,2,3\n')
        self.index()
        self.assertEqual(["'=cmd|x!A1", "+1", "a,b", 'say "hi"', "'@now", "'-x"], [row["column"] for row in self.rows("bad")])


class Ddl(ExportTest):
    def test_sqlite_takes_it_and_knows_the_columns(self):
        self.put("raw-data/odd.jsonl", '{"say \\"hi\\"":1,"a":[1,2],"A":{"x":1.5},"big":18446744073709551615,"--":true}\n' * 2)
        self.index()
        database = sqlite3.connect(":memory:")
        self.addCleanup(database.close)
        database.executescript(self.export("--format", "ddl", "--dialect", "sqlite"))
        columns = {row[1]: row[2] for row in database.execute('PRAGMA table_info("raw-data.odd")')}
        self.assertEqual({'say "hi"': "INTEGER", "a": "TEXT", "A_2": "TEXT", "big": "TEXT", "--": "BOOLEAN"}, columns)
        database.execute('INSERT INTO "raw-data.orders" VALUES (1, \'01234\', 9.5, 2024)')
        self.assertEqual([("01234",)], database.execute('SELECT zip FROM "raw-data.orders"').fetchall())

    def test_words_of_people_cannot_end_a_statement(self):
        path = self.path("catalog", "tables.json")
        catalog = json.loads(read(path))
        for table in catalog["tables"]:
            table["description"] = "it's\n); DROP TABLE x; --"
            for column in table["columns"]:
                column["description"] = "a\n\rb'; DROP TABLE x; -- \"c\""
        write(path, json.dumps(catalog))
        database = sqlite3.connect(":memory:")
        self.addCleanup(database.close)
        database.executescript(self.export("--format", "ddl", "--dialect", "sqlite"))
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master ORDER BY name")]
        self.assertEqual(["processed.people", "raw-data.orders"], names)

    def put_odd(self):
        self.put("raw-data/odd.jsonl", '{"say \\"hi\\"":1,"a":[1,2],"A":{"x":1.5},"big":18446744073709551615,"--":true,"l":[[1]]}\n' * 2)
        self.put("raw-data/fine.csv", "t,z,d\n2024-01-02 03:04:05.123456789,2024-01-02T03:04:05.123456789Z,0.12345678901234567890\n")
        self.put("raw-data/wide.csv", ",".join("c%d" % i for i in range(2001)) + "\n" + ",".join("1" * 2001) + "\n")
        self.put("raw-data/%s.csv" % ("n" * 70), "%s,%s\n1,2\n" % ("c" * 70, "c" * 69 + "d"))
        self.index()

    def test_each_database_takes_the_statements_for_odd_tables(self):
        self.put_odd()
        database = sqlite3.connect(":memory:")
        self.addCleanup(database.close)
        text = self.export("--format", "ddl", "--dialect", "sqlite")
        database.executescript(text)
        self.assertIn("-- raw-data.wide: no table, its 2,001 columns are more than the 2,000 that sqlite takes", text)
        self.assertEqual({"t": "TEXT", "z": "TEXT", "d": "TEXT"}, {row[1]: row[2] for row in database.execute('PRAGMA table_info("raw-data.fine")')})
        self.assertIn('"t" TIMESTAMP_NS', self.export("--format", "ddl"))
        try:
            server = Postgres().start()
        except ServerUnavailable as missing:
            self.skipTest("without postgresql: %s" % missing)
        self.addCleanup(server.stop)
        text = self.export("--format", "ddl", "--dialect", "postgresql")
        self.assertIn('"t" text, -- timestamp with nanoseconds\n', text)
        self.assertEqual("", postgres_says(server.dsn(), text))
        self.assertIn("already exists", postgres_says(server.dsn(), text))

    def test_the_tables_that_are_not_in_it_are_counted_and_named(self):
        self.put_odd()
        file = os.path.join(self.tmp, "tables.sql")
        words = ("catalog", "export", "--format", "ddl", "--dialect", "sqlite", "-o", file, "--overwrite")
        report = self.nl(*words, "--json").json
        check_schema(report)
        self.assertEqual((read(file).count(b"CREATE TABLE"), ["raw-data.wide"]), (report["tables"], [one["table"] for one in report["without"]]))
        self.assertIn("%d tables written to %s; 1 table is not in it: raw-data.wide (a comment says why)" % (report["tables"], file), self.nl(*words).out)

    def test_an_unknown_database_is_refused(self):
        self.assertIn("duckdb", self.nl("catalog", "export", "--format", "ddl", "--dialect", "oracle", check=2).err)


class Views(ExportTest):
    """The text; tests/oracle has DuckDB run it."""

    def test_every_file_is_named_with_its_dialect_and_the_columns_have_their_types(self):
        text = self.export("--format", "duckdb", "raw-data")
        self.assertIn('CREATE SCHEMA IF NOT EXISTS "raw-data";', text)
        self.assertIn("-- raw-data.orders: 2 files here\nCREATE OR REPLACE VIEW \"raw-data\".\"orders\" AS\nSELECT "
                      'CAST(nullif("__1", \'\') AS BIGINT) AS "id", "__2" AS "zip", CAST(nullif("__3", \'\') AS DOUBLE) AS "amount", '
                      'CAST("year" AS BIGINT) AS "year"\n',
                      text)
        self.assertIn("    'buckets/raw-data/orders/year=2023/a.csv',\n    'buckets/raw-data/orders/year=2024/a.csv'\n  ], auto_detect=false, "
                      "header=true, delim=',', quote='\"', escape='\"', ", text)
        self.assertIn("hive_partitioning=true, hive_types={'year': 'BIGINT'}", text)
        self.assertNotIn(self.lake, text)

    def test_what_is_in_an_object_store_is_named_there(self):
        server = MiniS3()
        server.start()
        self.addCleanup(server.stop)
        for key, value in (("cloud_provider", "s3"), ("endpoint", server.endpoint), ("cloud_bucket", server.bucket)):
            self.set("hybrid_storage." + key, value)
        self.set("burst.min_size", "0")
        whole = self.export("--format", "duckdb")
        self.nl("burst", "raw-data/orders/year=2023", "--yes", env=server.env)
        text = self.export("--format", "duckdb")
        (key,) = server.keys()
        self.assertIn("-- raw-data.orders: 1 file here, 1 in the cloud\n", text)
        self.assertIn("'buckets/raw-data/orders/year=2024/a.csv',\n    's3://%s/%s'\n" % (server.bucket, key), text)
        self.assertIn("CREATE SECRET (TYPE s3, PROVIDER credential_chain", text)
        self.assertIn("ENDPOINT '127.0.0.1:%d', URL_STYLE 'path', USE_SSL false" % server.port, text)
        for secret in server.env.values():
            if len(secret) > 12:
                self.assertNotIn(secret, text)
        self.nl("recall", "raw-data/orders", "--yes", env=server.env)
        self.assertEqual(whole, self.export("--format", "duckdb"))

    def test_a_table_in_a_store_that_duckdb_does_not_reach_is_a_view_that_fails(self):
        cloud = os.path.join(self.tmp, "cloud")
        os.mkdir(cloud)
        for key, value in (("cloud_provider", "directory"), ("directory", cloud)):
            self.set("hybrid_storage." + key, value)
        self.set("burst.min_size", "0")
        self.nl("burst", "raw-data/orders/year=2023", "--yes")
        text = self.export("--format", "duckdb", "orders")
        self.assertIn("WHERE error('raw-data.orders: buckets/raw-data/orders/year=2023/a.csv: ", text)
        self.assertIn("neurolake recall raw-data/orders/year=2023/a.csv", text)
        self.assertNotIn("read_csv", text)
        report = self.nl("catalog", "export", "--format", "duckdb", "-o", os.path.join(self.tmp, "v.sql"), "--json").json
        check_schema(report)
        self.assertEqual((1, ["raw-data.orders"], []), (report["views"], [table["table"] for table in report["failing"]], report["without"]))

    def test_a_table_that_duckdb_would_read_in_another_way_has_no_view_and_the_summary_says_so(self):
        self.put("raw-data/open.csv", 'id,t\n1,x\n2,"never closed\n3,y\n')
        self.put("raw-data/keys.jsonl", '{"":1,"a":2}\n')
        self.put("raw-data/deep/a=1/b=2/x.csv", 'v\n1\n')
        self.put("raw-data/deep/a=2/x.csv", 'v\n2\n')
        self.put("raw-data/words.csv", 'word\nx,y\n"two\nlines, and a comma"\n""\n')
        self.index(check=None)
        text = self.export("--format", "duckdb", "raw-data")
        self.assertIn("-- raw-data.open has no view: buckets/raw-data/open.csv: 1 row opens a quote that is never closed: line 3\n"
                      '--   what to do: mend the file, or put it beside as Parquet; then: neurolake catalog index\nDROP VIEW IF EXISTS "raw-data"."open";',
                      text)
        self.assertIn("-- raw-data.keys has no view: ", text)
        self.assertIn("delim=E'\\x1f', quote='\"', escape='\"', nullstr='', allow_quoted_nulls=false, columns", text)
        self.assertIn("hive_partitioning=true, hive_types={'a': 'BIGINT', 'b': 'BIGINT'}", text)
        self.assertIn("UNION ALL", text)
        file = os.path.join(self.tmp, "views.sql")
        self.assertIn("4 views written to %s; 2 tables have none: raw-data.keys, raw-data.open (the file says why)" % file,
                      self.nl("catalog", "export", "--format", "duckdb", "-o", file).out)
        report = self.nl("catalog", "export", "--format", "duckdb", "-o", file, "--overwrite", "--json").json
        check_schema(report)
        self.assertEqual((4, []), (report["views"], report["failing"]))
        self.assertEqual(["raw-data.keys", "raw-data.open"], [table["table"] for table in report["without"]])

    def test_a_table_that_has_another_name_in_a_database_is_told(self):
        self.nl("bucket", "create", "temp")
        self.put("temp/t.csv", "id\n1\n")
        self.index()
        for form in ("ddl", "duckdb"):
            words = ("catalog", "export", "--format", form, "-o", os.path.join(self.tmp, "x.sql"), "--overwrite")
            self.assertIn('; 1 table has another name there: temp.t is "temp_bucket"."t"', self.nl(*words).out)
            report = self.nl(*words, "--json").json
            check_schema(report)
            self.assertEqual([{"table": "temp.t", "name": '"temp_bucket"."t"'}], report["renamed"])

    def test_what_a_name_says_of_compression_does_not_count(self):
        self.put("raw-data/plain.csv.gz", "a,b\n1,2\n")
        self.put("raw-data/lines.jsonl.zst", '{"a":1}\n')
        self.index(check=None)
        text = self.export("--format", "duckdb", "raw-data")
        for name in ("plain", "lines"):
            self.assertIn("compression='uncompressed'", re.search(r'VIEW "raw-data"."%s" AS.*?;' % name, text, re.S).group())

    def test_quotes_that_only_stand_inside_words_and_comments_cost_no_view(self):
        self.put("raw-data/pipes.csv", 'a,b\n5" pipe,1\n6" pipe,2\n')
        self.put("raw-data/odd.csv", 'a,b\n"p"q,1\nz,2\n')
        self.put("raw-data/remarks.csv", '# by hand\nid,t\n1,a # b\n# between, and more\n2,c\n')
        self.put("raw-data/codes.tsv", '# codes\n# of names (e.g., "Samoa (American)" and "Samoa\n#code\tname\nAS\tSamoa (American)\nWS\tSamoa\n')
        self.put("raw-data/said.tsv", '# codes\n# of\t"names"\n#code\tname\tn\nAS\tSamoa (American)\t1\nWS\tSamoa\t2\n')
        self.index(check=None)
        text = self.export("--format", "duckdb", "raw-data")
        self.assertIn('VIEW "raw-data"."pipes"', text)
        self.assertIn("-- raw-data.odd has no view: buckets/raw-data/odd.csv: line 2: a quote stands inside a cell", text)
        self.assertIn("skip=2", re.search(r'VIEW "raw-data"."codes" AS.*?;', text, re.S).group())
        self.assertIn("-- raw-data.said has no view: buckets/raw-data/said.tsv: line 2: a quote stands before a word above the table, and DuckDB takes "
                      "it for the beginning of a cell\n--   what to do: put it beside as Parquet, then: neurolake catalog index\n", text)
        self.assertIn("WHERE \"__1\" IS NULL OR NOT starts_with(\"__1\", '#')", text)
        self.assertNotIn("comment=", text)


class Sampled(CatalogTest):
    """Types of the first rows only are called so in every export."""

    def setUp(self):
        super().setUp()
        self.put("raw-data/long.csv", "id,v\n" + "1,2\n" * 500)
        self.put("raw-data/short.csv", "id\n1\n")
        self.assertIn("Catalog: 2 tables, at least 101 rows", self.nl("catalog", "index", "--sample", "100").out)

    def test_each_format_says_so(self):
        def export(name, *more):
            return self.nl("catalog", "export", "--format", name, *more).out
        for dialect in ("duckdb", "sqlite", "postgresql"):
            self.assertIn('-- types from the first 100 rows of each file only\nCREATE TABLE', export("ddl", "--dialect", dialect))
        self.assertEqual(1, export("ddl").count("from the first"))
        self.assertIn("-- types from the first 100 rows of each file only; a later value that does not fit ends a query with an error\n"
                      "CREATE OR REPLACE VIEW", export("duckdb"))
        self.assertIn("null_padding=true, parallel=false", export("duckdb"))
        rows = list(csv.DictReader(io.StringIO(export("csv"), newline="")))
        self.assertEqual([("raw-data.long", "no", "first 100 rows"), ("raw-data.short", "yes", "all rows")],
                         sorted({(row["table"], row["table_rows_exact"], row["types_from"]) for row in rows}))
        text = export("markdown")
        self.assertIn("\n2 tables, at least 101 rows, as of ", text)
        self.assertIn("- Types: from the first 100 rows of each file only\n", text)
        self.assertEqual(100, [table for table in json.loads(export("json"))["tables"] if table["name"] == "raw-data.long"][0]["sampled_rows"])

    def test_the_schema_says_so(self):
        self.assertIn("types from the first 100 rows of each file only", self.nl("catalog", "schema", "long").out)
        self.assertEqual(100, self.nl("catalog", "schema", "long", "--json").json["sampled_rows"])
        self.assertNotIn("sampled_rows", self.nl("catalog", "schema", "short", "--json").json)


class Markdown(ExportTest):
    def test_a_dictionary_of_living_tables(self):
        self.nl("lineage", "add", "--in", "raw-data.orders,s3://b/k", "--out", "processed.people")
        text = self.export("--format", "markdown")
        self.assertIn("- Made from: raw-data.orders, s3://b/k\n", text)
        self.assertIn("- Feeds: processed.people\n", text)
        self.assertTrue(text.startswith("# Data dictionary\n\n2 tables, 5 rows, as of "))
        for table in self.whole()["tables"]:
            self.assertIn("[%s](#table-%s)" % (table["name"], table["id"]), text)
            self.assertIn('<a id="table-%s"></a>\n\n## %s\n' % (table["id"], table["name"]), text)
        self.assertIn("| name | text | none |  | A\\*\\*\\* to G\\*\\*\\* |", text)
        self.assertIn("| year | int64 | none | partition | 2023 to 2024 |", text)
        self.assertNotIn("Grace", text)


class OpenLineage(ExportTest):
    def test_it_is_what_lineage_export_writes(self):
        self.nl("lineage", "add", "--in", "raw-data.orders", "--out", "processed.people", "--job", "nightly")
        text = self.export("--format", "openlineage")
        self.assertEqual(self.nl("lineage", "export").out, text)
        self.assertEqual("nightly", json.loads(text.splitlines()[0])["job"]["name"])
        self.nl("catalog", "export", "--format", "openlineage", "raw-data", check=2)

    def test_events_and_edges_are_counted_and_none_are_called_none(self):
        words = ("catalog", "export", "--format", "openlineage", "--overwrite", "-o", os.path.join(self.tmp, "events.jsonl"))
        self.assertIn("No lineage is known yet", self.nl(*words).out)
        self.nl("lineage", "add", "--in", "raw-data.orders,raw-data.else", "--out", "processed.people", "--job", "nightly")
        report = self.nl(*words, "--json").json
        check_schema(report)
        self.assertEqual((len(read(words[-1]).splitlines()), 2), (report["events"], report["edges"]))
        self.assertIn("of 2 edges", self.nl(*words).out)


class Files(ExportTest):
    def test_the_file_holds_the_same_bytes_as_standard_output(self):
        file = os.path.join(self.tmp, "catalog.json")
        report = self.nl("catalog", "export", "-o", file, "--json").json
        check_schema(report)
        self.assertEqual(2, report["tables"])
        self.assertEqual(self.export().encode(), read(file))

    def test_a_file_that_is_there_stays_unless_told_otherwise(self):
        file = write(os.path.join(self.tmp, "catalog.json"), "mine")
        self.assertIn("--overwrite", self.nl("catalog", "export", "-o", file, check=1).err)
        self.assertEqual(b"mine", read(file))
        self.nl("catalog", "export", "-o", file, "--overwrite")
        self.assertEqual(self.export().encode(), read(file))

    def test_an_export_that_fails_leaves_nothing(self):
        write(self.path("catalog", "lineage.json"), "{")
        self.nl("catalog", "export", "-o", os.path.join(self.tmp, "catalog.json"), check=1)
        self.assertEqual([], [name for name in os.listdir(self.tmp) if "catalog" in name])

    def test_it_writes_nothing_into_the_lake(self):
        for words in ((), ("--format", "csv"), ("--format", "jsonl")):
            self.assert_writes_nothing("catalog", "export", *words)


class Places(LakeTest):
    def test_an_export_never_takes_the_place_of_the_lakes_own_files_or_data(self):
        self.put("raw-data/a.csv", "id\n1\n")
        self.nl("catalog", "index")
        for place in ("catalog/tables.json", "config/settings.yaml", ".neurolake/x", "logs/y", "buckets/raw-data/a.csv"):
            for words in (("catalog", "export"), ("lineage", "export")):
                result = self.nl(*words, "-o", self.path(*place.split("/")), "--overwrite", check=2)
                self.assertIn(os.path.basename(place), result.err)
        self.assertEqual([], [name for name in ("logs/y", ".neurolake/x") if os.path.exists(self.path(name))])
        self.assertEqual(b"id\n1\n", read(self.bucket("raw-data", "a.csv")))
        self.assertIn("raw-data.a", self.nl("catalog", "tables").out)
        self.nl("catalog", "export", "--format", "markdown", "-o", self.bucket("raw-data", "dictionary.md"))
        self.assertTrue(self.nl("catalog", "export", "-o", "-").out.startswith("{"))


if __name__ == "__main__":
    main()
