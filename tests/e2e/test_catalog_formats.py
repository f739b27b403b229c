# Each table format through the real binary: the same columns, types and rows, whoever wrote the file; damaged ones are named.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import shutil
import struct
import tempfile

from catalog_lake import CatalogTest
from harness import SUPPORT, main, read

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


class Formats(CatalogTest):
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
        for name in ("csv", "tsv", "jsonl"):
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


if __name__ == "__main__":
    main()
