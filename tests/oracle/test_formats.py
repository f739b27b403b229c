# File by file, what we make of other people's data against what DuckDB makes of it; each disagreement is known, with the reason.
# SPDX-License-Identifier: Apache-2.0
"""
Prints a table of agreement. Fails when a file and an aspect disagree that known.json does not name, and when known.json names one
that no longer disagrees. NEUROLAKE_PROFILE_FILES is the program that prints our profiles, NEUROLAKE_ORACLE the folder of packages.
"""
import collections
import fnmatch
import json
import os
import re
import subprocess
import tempfile
import unittest

from data_files import data_files
from duckdb_oracle import FOLDER, HERE, DuckDB, DuckDBError
from lossless import lost_values

PROFILE_FILES = os.environ.get("NEUROLAKE_PROFILE_FILES", os.path.join(HERE, "..", "..", "build", "release", "tests", "profile_files"))
SAMPLES = os.path.join(HERE, "..", "support", "samples", "ncf")


def profiles_of(paths):
    """{path: profile} from our side."""
    done = subprocess.run([PROFILE_FILES], input="".join(path + "\n" for path in paths), stdout=subprocess.PIPE, text=True, check=True)
    return {profile["path"]: profile for profile in map(json.loads, done.stdout.splitlines())}


def quoted(path):
    return "'%s'" % path.replace("'", "''")


SIMPLE = {"BOOLEAN": "boolean", "TINYINT": "int8", "SMALLINT": "int16", "INTEGER": "int32", "BIGINT": "int64", "UTINYINT": "uint8",
          "USMALLINT": "uint16", "UINTEGER": "uint32", "UBIGINT": "uint64", "FLOAT": "float", "DOUBLE": "double", "DATE": "date",
          "TIME": "time", "TIME_NS": "time", "TIMESTAMP": "timestamp", "TIMESTAMP_S": "timestamp", "TIMESTAMP_MS": "timestamp", "TIMESTAMP_NS": "timestamp",
          "TIMESTAMP WITH TIME ZONE": "timestamp_tz", "TIME WITH TIME ZONE": "time", "INTERVAL": "interval", "UUID": "uuid",
          "VARCHAR": "text", "BLOB": "binary", "JSON": "json"}

# NCF's names of types that are not ours.
NCF = {"float32": "float", "float64": "double", "string": "text", "decimal": "decimal(38,18)"}


def split_top(text):
    """Parts between the commas that stand in no bracket and no quotes."""
    parts, depth, quoted_here, begin = [], 0, False, 0
    for i, c in enumerate(text):
        quoted_here ^= c == '"'
        depth += not quoted_here and (c in "(<") - (c in ")>")
        if c == "," and depth == 0 and not quoted_here:
            parts.append(text[begin:i].strip())
            begin = i + 1
    return parts + [text[begin:].strip()]


def our_name_of(duckdb_type):
    """DuckDB's name of a type in our words."""
    if duckdb_type.endswith("]"):
        return "list<%s>" % our_name_of(re.sub(r"\[\d*\]$", "", duckdb_type))
    if duckdb_type.startswith("DECIMAL("):
        return duckdb_type.lower()
    if duckdb_type.startswith("ENUM("):
        return "text"
    if duckdb_type.startswith("MAP("):
        return "map<%s>" % ",".join(our_name_of(part) for part in split_top(duckdb_type[4:-1]))
    if duckdb_type.startswith("STRUCT("):
        fields = []
        for part in split_top(duckdb_type[7:-1]):
            name, _, kind = part[1:].partition('" ') if part.startswith('"') else part.partition(" ")
            fields.append("%s:%s" % (name, our_name_of(kind)))
        return "struct<%s>" % ",".join(fields)
    return SIMPLE.get(duckdb_type, duckdb_type)


def plain_type(ours):
    """Without what DuckDB has no word for: fields that cannot be null, quotes around names."""
    return ours.replace("!", "").replace('"', "")


class Formats(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.duckdb = DuckDB()
        cls.work = tempfile.TemporaryDirectory(prefix="nl-oracle-")
        cls.agreement = collections.defaultdict(lambda: collections.Counter())
        cls.files = collections.Counter()
        cls.unread = collections.Counter()

    @classmethod
    def tearDownClass(cls):
        cls.duckdb.close()
        cls.work.cleanup()
        aspects = ("delimiter", "header", "columns", "names", "types", "rows")
        print("\n%-14s %6s %10s" % ("format", "files", "not theirs") + "".join("%18s" % aspect for aspect in aspects))
        for kind in sorted(cls.files):
            line = "%-14s %6d %10d" % (kind, cls.files[kind], cls.unread[kind])
            for aspect in aspects:
                good, bad = cls.agreement[kind][aspect, True], cls.agreement[kind][aspect, False]
                line += "%18s" % ("-" if good + bad == 0 else "%d of %d %5.1f%%" % (good, good + bad, 100.0 * good / (good + bad)))
            print(line)

    def note(self, kind, name, aspect, ours, theirs, found):
        self.agreement[kind][aspect, ours == theirs] += 1
        if ours != theirs:
            found.append({"file": name, "aspect": aspect, "ours": ours, "theirs": theirs})

    def count_type(self, kind, name, column, theirs):
        same = plain_type(column["type"]) == our_name_of(theirs)
        self.agreement[kind]["types", same] += 1
        if not same:
            print("type: %s %s: ours %s (%s) theirs %s" % (name, column["name"], column["type"], column["evidence"].get("reason"), theirs))

    def check_known(self, kind, found):
        """Each disagreement is named in known.json, and each name there is one."""
        with open(os.path.join(HERE, "known.json")) as file:
            known = [entry for entry in json.load(file) if entry["kind"] == kind]
        unknown = []
        for item in found:
            hits = [e for e in known if fnmatch.fnmatch(item["file"], e["file"]) and item["aspect"] in e["aspects"]]
            for entry in hits:
                entry["seen"] = True
            if hits:
                print("known: %(file)s %(aspect)s ours %(ours)s theirs %(theirs)s" % item + ": " + hits[0]["why"])
            else:
                unknown.append(item)
        for item in unknown:
            print("UNKNOWN: %(file)s %(aspect)s\n   ours   %(ours)s\n   theirs %(theirs)s" % item)
        self.assertEqual([], [entry["file"] for entry in known if "seen" not in entry], "known.json names what no longer differs")
        self.assertEqual(0, len(unknown), "disagreements that known.json does not name")

    def corpus(self, *endings):
        names = [name for name in data_files(FOLDER) if name.endswith(endings)]
        self.assertGreater(len(names), 0, "no data in %s" % FOLDER)
        base = os.path.join(FOLDER, "node_modules")
        profiles = profiles_of([os.path.join(base, name) for name in names])
        return [(name, os.path.join(base, name), profiles[os.path.join(base, name)]) for name in names]

    def test_delimited_text(self):
        found, lost = [], {}
        for name, path, ours in self.corpus(".csv", ".tsv"):
            self.files["csv"] += 1
            if bad := lost_values(path, ours):
                lost[name] = bad
            try:
                sniffed = dict(zip(*self.sniff(path)))
                rows = int(self.duckdb.one("SELECT count(*) FROM read_csv(%s, sample_size=-1)" % quoted(path)))
                types, _ = self.duckdb.query("SELECT * FROM read_csv(%s, sample_size=-1) LIMIT 0" % quoted(path))
            except DuckDBError as error:
                self.unread["csv"] += 1
                print("theirs fails: %s: %s" % (name, str(error).split("\n")[0]))
                continue
            header, has_header = re.search(r"delimiter (tab|.)", ours["dialect"]), ", header" in ours["dialect"]
            delimiter = None if header is None else header.group(1)
            theirs = {"\\t": "tab", "\t": "tab"}.get(sniffed["Delimiter"], sniffed["Delimiter"])
            if len(ours["columns"]) > 1 or len(types) > 1:
                self.note("csv", name, "delimiter", delimiter, theirs, found)
            self.note("csv", name, "header", has_header, sniffed["HasHeader"] == "true", found)
            self.note("csv", name, "columns", len(ours["columns"]), len(types), found)
            self.note("csv", name, "rows", ours["rows"], rows, found)
            if len(ours["columns"]) == len(types) and has_header == (sniffed["HasHeader"] == "true"):
                if has_header:
                    self.note("csv", name, "names", [c["name"].lower() for c in ours["columns"]], [t.lower() for t in types], found)
                for column, theirs in zip(ours["columns"], types.values()):
                    # Ours are from all rows and lose nothing, so they may be finer or wider: counted, and proven above.
                    self.count_type("csv", name, column, theirs)
        self.assertEqual({}, lost, "values their column's type does not hold")
        self.check_known("csv", found)

    def sniff(self, path):
        types, rows = self.duckdb.query("SELECT * FROM sniff_csv(%s, sample_size=-1)" % quoted(path))
        return list(types), rows[0]

    def test_json(self):
        found = []
        for name, path, ours in self.corpus(".json", ".geojson", ".jsonl", ".ndjson"):
            self.files["json"] += 1
            try:
                source = "read_json_auto(%s, sample_size=-1, maximum_object_size=67108864, map_inference_threshold=-1)" % quoted(path)
                types, _ = self.duckdb.query("SELECT * FROM %s LIMIT 0" % source)
                rows = int(self.duckdb.one("SELECT count(*) FROM %s" % source))
            except DuckDBError as error:
                self.unread["json"] += 1
                print("theirs fails: %s: %s" % (name, str(error).split("\n")[0]))
                continue
            self.note("json", name, "columns", len(ours["columns"]), len(types), found)
            self.note("json", name, "rows", ours["rows"], rows, found)
            if len(ours["columns"]) == len(types):
                self.note("json", name, "names", [c["name"].lower() for c in ours["columns"]],
                          ["value" if t == "json" and len(types) == 1 else t.lower() for t in types], found)
                for column, theirs in zip(ours["columns"], types.values()):
                    self.count_type("json", name, column, theirs)
        self.check_known("json", found)

    def compare_footers(self, kind, paths, describe):
        """Names, types and rows must be the same, without exception."""
        found = []
        for path, ours in profiles_of(paths).items():
            self.files[kind] += 1
            types, rows = describe(path)
            name = os.path.basename(path)
            self.note(kind, name, "columns", len(ours["columns"]), len(types), found)
            self.note(kind, name, "names", [c["name"] for c in ours["columns"]], list(types), found)
            mine = {c["name"]: plain_type(c["type"]) for c in ours["columns"]}
            self.agreement[kind]["types", True] += sum(mine.get(column) == theirs for column, theirs in types.items())
            for column, theirs in types.items():
                if mine.get(column) != theirs:
                    self.note(kind, name + " " + column, "types", mine.get(column), theirs, found)
            self.note(kind, name, "rows", ours["rows"], rows, found)
        self.check_known(kind, found)

    def test_parquet(self):
        paths = [path for name, path, _ in self.corpus(".parquet")] + self.write_parquet()

        def describe(path):
            types, _ = self.duckdb.query("SELECT * FROM read_parquet(%s) LIMIT 0" % quoted(path))
            rows = int(self.duckdb.one("SELECT count(*) FROM read_parquet(%s)" % quoted(path)))
            return {name: our_name_of(kind) for name, kind in types.items()}, rows

        self.compare_footers("parquet", paths, describe)

    def write_parquet(self):
        """By DuckDB: its own table of all types, each codec and version, and every delimited file of the corpus."""
        paths = []

        def write(name, select, options):
            path = os.path.join(self.work.name, name + ".parquet")
            self.duckdb.query("COPY (%s) TO %s (FORMAT parquet%s)" % (select, quoted(path), options))
            paths.append(path)

        write("all_types", "SELECT * FROM test_all_types()", "")
        for codec in ("uncompressed", "snappy", "gzip", "zstd", "lz4_raw", "brotli"):
            write(codec, "SELECT i, i::VARCHAR s, [i, NULL] l, {'a': i, 'b': [i]} st, MAP {i: 'x'} m FROM range(5000) r(i)",
                  ", CODEC %s, ROW_GROUP_SIZE 2048" % codec)
        write("version_2", "SELECT i, i / 7 d, DATE '2024-01-01' + i::INT dt FROM range(3000) r(i)", ", PARQUET_VERSION v2")
        write("empty", "SELECT 1 a, 'x' b WHERE false", "")
        for name, path, _ in self.corpus(".csv"):
            try:
                write("from_" + re.sub(r"\W", "_", name), "SELECT * FROM read_csv(%s, sample_size=-1)" % quoted(path), "")
            except DuckDBError:
                continue  # DuckDB cannot read that file
        return paths

    def test_avro(self):
        script = os.path.join(FOLDER, "write_avro.mjs")
        with open(os.path.join(HERE, "write_avro.mjs")) as source, open(script, "w") as target:
            target.write(source.read())
        written = json.loads(subprocess.run(["node", os.path.realpath(script), self.work.name], stdout=subprocess.PIPE, check=True).stdout)
        self.compare_footers("avro", list(written), lambda path: (written[path]["types"], written[path]["rows"]))

    def test_ncf(self):
        found = []
        names = sorted(name[:-4] for name in os.listdir(SAMPLES) if name.endswith(".ncf"))
        profiles = profiles_of([os.path.join(SAMPLES, name + ".ncf") for name in names])
        for name in names:
            with open(os.path.join(SAMPLES, name + ".expected.json")) as file:
                expected = json.load(file)
            ours = profiles[os.path.join(SAMPLES, name + ".ncf")]
            self.files["ncf"] += 1
            if "columns" in expected and expected.get("result", "ok") == "ok":
                self.note("ncf", name, "names", [c["name"] for c in ours["columns"]], [c["name"] for c in expected["columns"]], found)
                self.note("ncf", name, "columns", len(ours["columns"]), len(expected["columns"]), found)
                for column, theirs in zip(ours["columns"], expected["columns"]):
                    self.note("ncf", name + " " + column["name"], "types", column["type"], NCF.get(theirs["type"], theirs["type"]), found)
            if "row_count" in expected and expected.get("result", "ok") == "ok":
                self.note("ncf", name, "rows", ours["rows"], expected["row_count"], found)
        self.check_known("ncf", found)


if __name__ == "__main__":
    unittest.main(verbosity=0)
