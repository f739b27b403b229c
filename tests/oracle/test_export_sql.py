# What `catalog export` writes for DuckDB is run by DuckDB.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

import odd_files  # noqa: E402
from catalog_lake import CatalogTest  # noqa: E402
from duckdb_oracle import DuckDB  # noqa: E402
from harness import main, read, write  # noqa: E402


class OracleTest(CatalogTest):
    def duckdb(self, cwd=None):
        duckdb = DuckDB(cwd)
        self.addCleanup(duckdb.close)
        return duckdb


class Ddl(OracleTest):
    def test_duckdb_has_every_column_with_its_type_and_comment(self):
        self.put("raw-data/t/year=2023/a.csv", "id,zip,on,at,ok,f,u\n1,01234,2024-01-02,2024-01-02 03:04:05,true,1.5,"
                 "8f14e45f-ceea-467f-a9e3-1b3a2c6d9e4f\n" * 1)
        self.put("raw-data/n.jsonl", '{"say \\"hi\\"":1,"a":[1,2],"A":{"x":1.5,"y":["p"]},"big":18446744073709551615,"--":true}\n' * 2)
        self.index()
        path = self.path("catalog", "tables.json")
        catalog = json.loads(read(path))
        for table in catalog["tables"]:
            table["description"] = "it's\n); DROP SCHEMA x; --"
            table["columns"][0]["description"] = "first; it's \"quoted\""
        write(path, json.dumps(catalog))
        duckdb = self.duckdb()
        duckdb.query(self.nl("catalog", "export", "--format", "ddl").out)
        types = {row[0]: row[1] for row in duckdb.query('DESCRIBE "raw-data"."t"')[1]}
        self.assertEqual({"id": "BIGINT", "zip": "VARCHAR", "on": "DATE", "at": "TIMESTAMP", "ok": "BOOLEAN", "f": "DOUBLE",
                          "u": "UUID", "year": "BIGINT"}, types)
        types = {row[0]: row[1] for row in duckdb.query('DESCRIBE "raw-data"."n"')[1]}
        self.assertEqual(5, len(types))
        self.assertEqual("BIGINT[]", types["a"])
        self.assertEqual("STRUCT(x DOUBLE, y VARCHAR[])", types["A_2"])
        self.assertEqual({"it's\n); DROP SCHEMA x; --"}, {row[0] for row in duckdb.query("SELECT comment FROM duckdb_tables()")[1]})
        self.assertEqual("first; it's \"quoted\"",
                         duckdb.one("SELECT comment FROM duckdb_columns() WHERE table_name='t' AND column_name='id'"))

    def test_odd_tables_are_taken_and_times_keep_their_digits(self):
        for name, text in list(odd_files.CSV.items()) + list(odd_files.JSON.items()):
            self.put("raw-data/" + (name if "." in name else name + ".csv"), text)
        self.put("raw-data/wide.csv", ",".join("c%d" % i for i in range(2001)) + "\n" + ",".join("1" * 2001) + "\n")
        self.index(check=None)
        duckdb = self.duckdb()
        duckdb.query(self.nl("catalog", "export", "--format", "ddl").out)
        known = [name for name, table in self.tables().items() if table["columns"]]
        self.assertEqual(str(len(known)), duckdb.one("SELECT count(*) FROM duckdb_tables()"))
        duckdb.query("""INSERT INTO "raw-data"."nanoseconds" VALUES (TIMESTAMP_NS '2024-01-02 03:04:05.123456789', '2024-01-02T03:04:05.123456789Z')""")
        self.assertEqual("2024-01-02 03:04:05.123456789", duckdb.one('SELECT CAST(t AS VARCHAR) FROM "raw-data"."nanoseconds"'))


if __name__ == "__main__":
    main()
