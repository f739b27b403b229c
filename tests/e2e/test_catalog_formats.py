# Each table format through the real binary: the same columns, types and rows, whoever wrote the file; damaged ones are named.
# SPDX-License-Identifier: Apache-2.0
# ctest: threads
import csv
import gzip
import io
import json
import os
import shutil
import struct
import tempfile

from catalog_lake import CatalogTest
from harness import SUPPORT, main, read
from jsonschema_lite import check as check_schema
from tier_lake import TierTest

SAMPLES = os.path.join(SUPPORT, "samples", "ncf")
ROWS = [(1, "Ann", 1.5), (2, "Bob", 22.25), (3, "Cid", 0.75)]


def varint(number):
    out = b""
    while number >= 0x80:
        out, number = out + bytes([number & 0x7F | 0x80]), number >> 7
    return out + bytes([number])


def thrift(value):
    """The compact form of {field: value}: int = i32 or i64, str = binary, list of one kind, dict = struct."""
    out, last = b"", 0
    for field, each in sorted(value.items()):
        kind, body = element(each)
        out, last = out + bytes([field - last << 4 | kind]) + body, field
    return out + b"\0"


def element(value):
    if isinstance(value, int):
        return 6, varint(value << 1 ^ value >> 63)
    if isinstance(value, str):
        return 8, varint(len(value.encode())) + value.encode()
    if isinstance(value, dict):
        return 12, thrift(value)
    kinds = {element(each)[0] for each in value}
    assert len(kinds) == 1 and len(value) < 15
    return 9, bytes([len(value) << 4 | kinds.pop()]) + b"".join(element(each)[1] for each in value)


def parquet():
    """A Parquet file of ROWS: int64, UTF-8 and double columns, one uncompressed row group of plain pages."""
    columns = (("id", 2, None, b"".join(struct.pack("<q", row[0]) for row in ROWS)),
               ("name", 6, 0, b"".join(struct.pack("<i", len(row[1])) + row[1].encode() for row in ROWS)),
               ("amount", 5, None, b"".join(struct.pack("<d", row[2]) for row in ROWS)))
    data, chunks, schema = b"PAR1", [], [{4: "schema", 5: len(columns)}]
    for name, kind, converted, values in columns:
        page = thrift({1: 0, 2: len(values), 3: len(values), 5: {1: len(ROWS), 2: 0, 3: 3, 4: 3}}) + values
        chunks.append({2: len(data), 3: {1: kind, 2: [0], 3: [name], 4: 0, 5: len(ROWS), 6: len(page), 7: len(page), 9: len(data)}})
        schema.append({1: kind, 3: 0, 4: name, **({} if converted is None else {6: converted})})
        data += page
    footer = thrift({1: 1, 2: schema, 3: len(ROWS), 4: [{1: chunks, 2: len(data), 3: len(ROWS)}]})
    return data + footer + struct.pack("<I", len(footer)) + b"PAR1"


def avro(doc="What it cost"):
    """An Avro object container file of ROWS: one block, stored as it is; `doc` is said of the amount."""
    zigzag = lambda number: varint(number << 1 ^ number >> 63)
    text = lambda value: zigzag(len(value)) + value
    fields = [{"name": "id", "type": "long"}, {"name": "name", "type": ["null", "string"]}, {"name": "amount", "type": "double", "doc": doc}]
    schema = json.dumps({"type": "record", "name": "row", "fields": fields}).encode()
    rows = b"".join(zigzag(row[0]) + zigzag(1) + text(row[1].encode()) + struct.pack("<d", row[2]) for row in ROWS)
    sync = b"0123456789abcdef"
    return b"Obj\1" + zigzag(1) + text(b"avro.schema") + text(schema) + zigzag(0) + sync + zigzag(len(ROWS)) + text(rows) + sync


def zstd(data):
    """One Zstandard frame of raw blocks."""
    out = b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(data))
    pieces = [data[at:at + 1000] for at in range(0, len(data), 1000)]
    for number, piece in enumerate(pieces):
        out += (len(piece) << 3 | (number == len(pieces) - 1)).to_bytes(3, "little") + piece
    return out


class Formats(CatalogTest):
    def test_binary_formats_have_the_same_columns_and_rows_plain_and_compressed(self):
        arrow = lambda name: read(os.path.join(SUPPORT, "samples", "arrow", name))
        files = {"avro": avro(), "arrow": arrow("rows.arrow"), "feather": arrow("rows.arrow"), "arrows": arrow("rows.arrows")}
        for name, data in files.items():
            self.put("raw-data/%s/part.%s" % (name, name), data)
            self.put("raw-data/%s-gz/part.%s.gz" % (name, name), gzip.compress(data))
            self.put("raw-data/%s-zst/part.%s.zst" % (name, name), zstd(data))
        self.put("raw-data/parquet-gz/part.parquet.gz", gzip.compress(parquet()))
        self.put("raw-data/orc/part.orc", read(os.path.join(SUPPORT, "samples", "orc", "rows.orc")))
        result = self.nl("catalog", "index", "--json")
        self.assertEqual([], result.json["failed"])
        tables = self.tables()
        for name in files:
            for ending in ("", "-gz", "-zst"):
                table = tables["raw-data." + name + ending]
                self.assertEqual(("avro" if name == "avro" else "arrow", 3, True), (table["format"], table["rows"], table["rows_exact"]), name + ending)
                self.assertEqual({"id": "int64", "name": "text", "amount": "double"}, self.types("raw-data." + name + ending), name + ending)
                head = self.nl("catalog", "head", "raw-data." + name + ending, "--json").json
                self.assertEqual([[str(value) for value in row] for row in ROWS], head["rows"], name + ending)
        self.assertEqual(("orc", 3, True), tuple(tables["raw-data.orc"][key] for key in ("format", "rows", "rows_exact")))
        self.assertEqual({"id": "int64", "name": "text", "amount": "double"}, self.types("raw-data.orc"))
        shown = self.nl("catalog", "show", "raw-data.orc").out
        self.assertRegex(shown, r"amount +double +0 +0\.75 \.\. 22\.25")
        head = self.nl("catalog", "head", "raw-data.orc", "--json").json
        self.assertEqual([[str(value) for value in row] for row in ROWS], head["rows"])
        self.assertIn("What it cost", self.nl("catalog", "show", "raw-data.avro").out)
        # Parquet compresses its own pages: a file that was compressed again is named, and not guessed at.
        self.assertEqual("unknown", tables["raw-data.parquet-gz"]["format"])
        findings = self.nl("catalog", "show", "raw-data.parquet-gz", "--json").json["table"]["findings"]
        self.assertIn("compressed", findings[0]["message"])

    def test_head_shows_the_rows_that_count_and_explain_how_they_are_written(self):
        self.put("raw-data/events.jsonl", '{"n":123456789012345678901,"x":1e400,"l":[NaN],"":1.10}\n{"n":7,"x":2}\n')
        self.put("raw-data/mac.jsonl", '{"a":1}\r{"a":2}\r')
        self.put("raw-data/places.geojson", '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"geometry":"round"},'
                 '"geometry":{"type":"Point","coordinates":[1,2]}}]}')
        self.put("raw-data/excel.csv", "sep=;\nid;price\n1;2,5\n")
        self.put("raw-data/tail.csv.gz", gzip.compress(b"a,b\n1,2\n") + b"junk")
        self.index()
        head = lambda table: self.nl("catalog", "head", table, "--json").json
        self.assertEqual([["123456789012345678901", "1e400", "[NaN]", "1.10"], ["7", "2", None, None]], head("raw-data.events")["rows"])
        self.assertEqual([["1"], ["2"]], head("raw-data.mac")["rows"])
        self.assertEqual((["geometry_2", "geometry"], [["round", '{"type":"Point","coordinates":[1,2]}']]),
                         (head("raw-data.places")["columns"], head("raw-data.places")["rows"]))
        self.assertEqual([["1", "2,5"]], head("raw-data.excel")["rows"])
        explained = self.nl("catalog", "explain", "raw-data.excel", "--json").json
        check_schema(explained)
        dialect = explained["dialects"][0]
        self.assertEqual((";", '"', True, "utf-8", ",", 1), tuple(
            dialect[key] for key in ("delimiter", "quote", "header", "encoding", "decimal_mark", "lines_before")))
        self.assertIn('Read as delimiter ;, quote ", header, utf-8; decimal comma; 1 line before the table',
                      self.nl("catalog", "explain", "raw-data.excel").out)
        self.assertIn("4 bytes after the end of the gzip data are not gzip", self.nl("catalog", "show", "raw-data.tail").out)

    def test_what_a_file_says_of_its_columns_goes_with_the_file_and_what_a_person_says_stays(self):
        said = lambda: {c["name"]: c.get("description") or "" for c in self.nl("catalog", "schema", "raw-data.t", "--json").json["columns"]}
        self.put("raw-data/t/a.avro", avro())
        self.index()
        self.nl("catalog", "describe", "raw-data.t", "--column", "name", "Who bought it")
        self.assertEqual({"id": "", "name": "Who bought it", "amount": "What it cost"}, said())
        self.put("raw-data/t/a.avro", avro("Its price"))
        self.index()
        self.assertEqual({"id": "", "name": "Who bought it", "amount": "Its price"}, said())
        os.unlink(self.bucket("raw-data", "t", "a.avro"))
        self.put("raw-data/t/a.csv", "id,name,amount\n1,x,2.5\n")
        self.index()
        self.assertEqual({"id": "", "name": "Who bought it", "amount": ""}, said())
        self.assertEqual([], self.index("--full")["changes"])

    def test_nulls_that_nobody_counted_are_not_told_as_none(self):
        self.put("raw-data/a.avro", avro())
        self.put("raw-data/b.csv", "id,name\n1,x\n")
        self.index()
        shown = self.nl("catalog", "show", "raw-data.a").out
        self.assertRegex(shown, r"name +text +\?")
        self.assertRegex(shown, r"id +int64 +0")  # it may hold none
        text = self.nl("catalog", "export", "raw-data.a", "--format", "markdown").out
        self.assertIn("| name | text | not counted |", text)
        self.assertIn("| id | int64 | none |", text)
        rows = list(csv.DictReader(io.StringIO(self.nl("catalog", "export", "--format", "csv").out)))
        self.assertEqual([("3", "0"), ("", ""), ("3", "0"), ("1", "0"), ("1", "0")], [(row["values"], row["nulls"]) for row in rows])

    def test_a_table_storage_folder_counts_the_live_versions_only(self):
        source = os.path.join(SUPPORT, "samples", "legacy", "ncf_storage")
        live = {"users": 3, "auto_schema": 2}
        for name in live:
            for file in os.listdir(os.path.join(source, name)):
                self.put("raw-data/%s/%s" % (name, file), read(os.path.join(source, name, file)))
        self.index()
        tables = self.tables()
        self.assertEqual(live, {name: tables["raw-data." + name]["rows"] for name in live})
        self.assertEqual(2, tables["raw-data.users"]["files"])
        findings = self.nl("catalog", "show", "raw-data.users", "--json").json["table"]["findings"]
        self.assertEqual("older_versions", findings[0]["code"])
        ids = lambda: [row[0] for row in self.nl("catalog", "head", "raw-data.users", "--json").json["rows"]]
        self.assertEqual(["9", "8", "10"], ids())
        self.assertRegex(self.nl("catalog", "export", "--format", "duckdb", "raw-data.users").out, "has no view: .*: DuckDB does not read ncf")
        for word in ("--not-pii", "--pii", "--undo"):  # the last one takes the kept rows anew
            self.nl("catalog", "pii", "raw-data.users", word, "id")
            (kept,) = [one for one in json.loads(read(self.path("catalog", "samples.json")))["samples"] if one["table"] == "raw-data.users"]
            self.assertEqual(3, len(kept["rows"]), word)
        # Only the history changes: nothing was overwritten after all.
        history = json.loads(read(os.path.join(source, "users", "_history.json")))
        for entry in history:
            entry["mode"] = entry["mode"] and "append"
        self.put("raw-data/users/_history.json", json.dumps(history))
        self.index()
        self.assertEqual((6, 4), (self.tables()["raw-data.users"]["rows"], self.tables()["raw-data.users"]["files"]))
        self.assertEqual(["1", "2", "3", "9", "8", "10"], ids())

    def test_the_first_rows_of_a_damaged_file_are_answered_with_its_damage(self):
        self.put("raw-data/cut.parquet", parquet()[:-20])
        self.index(check=3)
        known = self.nl("catalog", "show", "raw-data.cut", "--json").json["table"]["findings"][0]
        error = self.nl("catalog", "head", "raw-data.cut", "--json", check=1).error
        self.assertEqual(("corrupt", "raw-data/cut.parquet"), (error["code"], error["path"]))
        self.assertIn(known["message"], error["message"])

    def test_the_same_table_in_each_format_has_the_same_columns_and_rows(self):
        text = lambda cut: "".join(cut.join(map(str, row)) + "\n" for row in [("id", "name", "amount"), *ROWS])
        for name, data in (("csv", text(",")), ("tsv", text("\t")),
                           ("jsonl", "".join(json.dumps(dict(zip(("id", "name", "amount"), row))) + "\n" for row in ROWS)),
                           ("parquet", parquet())):
            self.put("raw-data/as-%s/part.%s" % (name, name), data)
        self.assertEqual([], self.index()["failed"])
        tables = self.tables()
        for name in ("csv", "tsv", "jsonl", "parquet"):
            table = tables["raw-data.as-" + name]
            self.assertEqual(({"jsonl": "json_lines"}.get(name, name), 3, True), (table["format"], table["rows"], table["rows_exact"]))
            self.assertEqual({"id": "int64", "name": "text", "amount": "double"}, self.types("raw-data.as-" + name), name)
        for name in ("csv", "tsv", "jsonl", "parquet"):
            self.assertEqual([[str(value) for value in row] for row in ROWS],
                             self.nl("catalog", "head", "raw-data.as-" + name, "--json").json["rows"], name)

    def test_ncf_files_of_every_writer_have_the_columns_and_rows_they_were_written_with(self):
        sound = [name[:-4] for name in sorted(os.listdir(SAMPLES)) if name.endswith(".ncf") and not name.startswith(("hostile", "u"))]
        self.assertGreater(len(sound), 8)
        for name in sound:
            self.put("raw-data/%s/part.ncf" % name, read(os.path.join(SAMPLES, name + ".ncf")))
        self.assertEqual([], self.index()["failed"])
        tables = self.tables()
        for name in sound:
            expected = json.loads(read(os.path.join(SAMPLES, name + ".expected.json")))
            table = tables["raw-data." + name]
            self.assertEqual("ncf", table["format"])
            self.assertEqual([column["name"] for column in expected["columns"]], [column["name"] for column in table["columns"]], name)
            self.assertEqual(expected["row_count"], table["rows"], name)

    def test_checksums_inside_a_file_are_verified_on_full(self):
        self.put("raw-data/flip/part.ncf", read(os.path.join(SAMPLES, "hostile-a-checksum-flip.ncf")))
        self.assertNotIn("checksum_mismatch", self.findings(self.index()))
        self.assertIn("checksum_mismatch", self.findings(self.index("--full")))

    def test_damaged_and_hostile_ncf_files_are_listed_with_the_reason_and_run_nothing(self):
        canary = os.path.join(tempfile.gettempdir(), "ncf_pickle_canary")
        self.assertFalse(os.path.exists(canary))
        self.put("raw-data/good.csv", "id\n1\n")
        broken = []
        for name in sorted(os.listdir(SAMPLES)):
            if not name.startswith("hostile") or not name.endswith(".ncf"):
                continue
            self.put("raw-data/%s/part.ncf" % name[:-4], read(os.path.join(SAMPLES, name)))
            if json.loads(read(os.path.join(SAMPLES, name[:-4] + ".expected.json"))).get("result") == "error":
                broken.append(name[:-4])
        self.assertGreater(len(broken), 5)
        self.index(check=3)
        result = self.nl("catalog", "index", "--full", check=3)
        tables = self.tables()
        self.assertEqual(1, tables["raw-data.good"]["rows"])
        for name in broken:
            table = tables["raw-data." + name]
            self.assertEqual("ncf", table["format"], name)
            self.assertIn("raw-data/%s/part.ncf" % name, result.err)
            shown = self.nl("catalog", "show", "raw-data." + name, "--json").json["table"]
            self.assertTrue(any(finding["message"] for finding in shown["findings"]), name)
        self.assertFalse(os.path.exists(canary))

    def test_one_row_group_is_one(self):
        self.put("raw-data/one.parquet", parquet())
        for part in "abc":
            self.put("raw-data/many/%s.parquet" % part, parquet())
        self.index()
        self.assertRegex(self.nl("catalog", "explain", "raw-data.one").out, r"\n  Read as 1 row group(,|\n)")
        self.assertRegex(self.nl("catalog", "explain", "raw-data.many").out, r"\n  Read as 1 row group a file(,|\n)")


class FormatsInTheCloud(TierTest):
    def test_the_rows_of_a_parquet_table_stay_in_sight_when_its_data_is_in_the_cloud(self):
        self.put("raw-data/sales/part.parquet", read(os.path.join(SUPPORT, "samples", "parquet", "rows_plain.parquet")), age_days=9)
        self.assertEqual([], self.nl("catalog", "index", "--json").json["failed"])
        here = self.nl("catalog", "head", "raw-data.sales", "-n", "3", "--json").json
        self.assertEqual("files", here["source"])
        self.assertEqual(["2", "text 0", "0.50", "2024-02-02 10:00:00.5", "0.5", "true", "[2,null,3]", None, '{"k2":2,"z":null}',
                          '[{"p":[2]},null,{"p":null}]'], here["rows"][2])
        self.nl("burst", "raw-data/sales")
        away = self.nl("catalog", "head", "raw-data.sales", "-n", "3", "--json").json
        self.assertEqual(("sample", here["columns"], here["rows"]), (away["source"], away["columns"], away["rows"]))
        self.assertEqual(20, len(self.nl("catalog", "head", "raw-data.sales", "-n", "40", "--json").json["rows"]))


if __name__ == "__main__":
    main()
