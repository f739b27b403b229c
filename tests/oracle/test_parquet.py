# Parquet files of other writers: names, types and row counts as DuckDB reads them.
# SPDX-License-Identifier: Apache-2.0
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

from catalog_lake import CatalogTest  # noqa: E402
from duckdb_oracle import DuckDB  # noqa: E402
from harness import SUPPORT, main, read  # noqa: E402

SIMPLE = {"BOOLEAN": "boolean", "TINYINT": "int8", "SMALLINT": "int16", "INTEGER": "int32", "BIGINT": "int64", "UTINYINT": "uint8",
          "USMALLINT": "uint16", "UINTEGER": "uint32", "UBIGINT": "uint64", "FLOAT": "float", "DOUBLE": "double", "VARCHAR": "text",
          "BLOB": "binary", "DATE": "date", "TIME": "time", "TIME_NS": "time", "TIME WITH TIME ZONE": "time", "TIMESTAMP": "timestamp",
          "TIMESTAMP_NS": "timestamp", "TIMESTAMP_MS": "timestamp", "TIMESTAMP_S": "timestamp", "TIMESTAMP WITH TIME ZONE": "timestamp_tz",
          "INTERVAL": "interval", "UUID": "uuid", "JSON": "json"}
# One COPY each: what is selected, and how it is written.
NUMBERS = ("(i % 100)::TINYINT a, (i % 100)::SMALLINT b, i::INTEGER c, i::BIGINT d, (i % 100)::UTINYINT e, i::USMALLINT f, i::UINTEGER g, i::UBIGINT h, "
           "i::FLOAT j, i::DOUBLE k, i::HUGEINT l, i % 2 = 0 m")
DECIMALS = "(i % 100)::DECIMAL(4,1) a, i::DECIMAL(9,2) b, i::DECIMAL(18,3) c, i::DECIMAL(38,10) d, CASE WHEN i > 1 THEN i::DECIMAL(12,0) END e"
TIMES = ("DATE '2024-02-28' + i::INTEGER a, TIME '10:00:00' b, TIMESTAMP '2024-02-28 12:00:00' + INTERVAL (i) HOUR c, "
         "TIMESTAMPTZ '2024-02-28 12:00:00+00' d, TIMESTAMP_NS '2024-02-28 12:00:00.123456789' e, TIMESTAMP_MS '2024-02-28 12:00:00.5' f, "
         "TIMESTAMP_S '2024-02-28 12:00:00' g, INTERVAL (i) DAY h")
WORDS = "'x' || i a, ('b' || i)::BLOB b, uuid() c, '{\"a\":1}'::JSON d, CASE WHEN i = 2 THEN NULL ELSE 'y' END e, 'p'::ENUM('p', 'q') f"
NESTED = ("[i, NULL] a, {'x': i, 'y': {'z': [i::VARCHAR]}} b, MAP {'k': i} c, [{'p': [i]}] d, MAP {1: {'q': [1.5]}} e, "
          "[[['deep']]] f, [MAP {'a': [1]}] g, NULL::INTEGER[] h, [1, 2, 3]::INTEGER[3] j")
NAMES = "i \" edges \", i \"with space\", i \"a.b\", i \"\u00e4\u00f6\u4e2d\", i \"UPPER\", i \"say \"\"so\"\"\", {'in ner': i, 'x,y': i} \"st<r>uct\""
MANY = ", ".join("i c%d" % number for number in range(700))
COPIES = {
    "numbers": (NUMBERS, 3, ""), "decimals": (DECIMALS, 3, ""), "times": (TIMES, 3, ""), "words": (WORDS, 3, ""), "nested": (NESTED, 3, ""),
    "names": (NAMES, 3, ""), "many": (MANY, 2, ""), "empty": (NUMBERS + ", [i] n", 0, ""), "groups": (WORDS, 50000, "ROW_GROUP_SIZE 2048"),
    "zstd": (NESTED, 3000, "COMPRESSION zstd"), "gzip": (NUMBERS, 3000, "COMPRESSION gzip"), "plain": (WORDS, 3000, "COMPRESSION uncompressed"),
    "lz4": (TIMES, 3000, "COMPRESSION lz4_raw"), "brotli": (WORDS, 30, "COMPRESSION brotli"), "v2": (NESTED, 3000, "PARQUET_VERSION v2"),
    "v2_numbers": (NUMBERS + ", " + "i::DECIMAL(9,2) n", 3000, "PARQUET_VERSION v2"), "nulls": ("NULL a, NULL::VARCHAR b, NULL::STRUCT(x INTEGER) c", 5, ""),
}

# Where DuckDB differs, and why it is not we who are wrong.
DIFFERENT = {
    "raw-data.sample_other_writer: ('at', 'timestamp_tz'), DuckDB ('at', 'timestamp')":
        "its column has the older annotation TIMESTAMP_MILLIS, which means UTC by definition (LogicalTypes.md, Timestamp, Compatibility)",
}


def ours(type_text):
    """DuckDB's spelling of a type as ours."""
    tokens = re.findall(r'"(?:[^"]|"")*"|[A-Za-z_][\w ]*|\d+|\(|\)|\[|\]|,', type_text)
    at = 0

    def name():
        nonlocal at
        token = tokens[at]
        at += 1
        return token

    def struct():
        nonlocal at
        fields = []
        while tokens[at - 1] != ")":
            field = name()
            if field.startswith('"'):
                kind = whole()
            else:  # `x INTEGER` is one token
                field, _, rest = field.partition(" ")
                tokens.insert(at, rest)
                kind = whole()
            plain = field[1:-1].replace('""', '"') if field.startswith('"') else field
            fields.append((plain if re.fullmatch(r"[\w\x80-\U0010ffff]+", plain) else '"%s"' % plain.replace('"', '\\"')) + ":" + kind)
            at += 1
        return "struct<%s>" % ",".join(fields)

    def whole():
        nonlocal at
        word = name().strip()
        if word == "STRUCT":
            at += 1
            out = struct()
        elif word == "MAP":
            at += 1
            key = whole()
            at += 1
            value = whole()
            at += 1
            out = "map<%s,%s>" % (key, value)
        elif word == "DECIMAL":
            out = "decimal(%s,%s)" % (tokens[at + 1], tokens[at + 3])
            at += 5
        elif word == "ENUM":
            at = tokens.index(")", at) + 1
            out = "text"
        else:
            out = SIMPLE[word]
        while at < len(tokens) and tokens[at] == "[":
            at = tokens.index("]", at) + 1
            out = "list<%s>" % out
        return out

    return whole()


class Parquet(CatalogTest):
    def test_names_types_and_rows_are_those_duckdb_reads(self):
        duckdb = DuckDB()
        self.addCleanup(duckdb.close)
        for name, (select, rows, options) in COPIES.items():
            path = self.path("buckets", "raw-data", name, "part.parquet")
            os.makedirs(os.path.dirname(path))
            duckdb.query("COPY (SELECT %s FROM range(1, %d) t(i)) TO '%s' (FORMAT parquet%s)" % (select, rows + 1, path, options and ", " + options))
            os.utime(path, (1700000000, 1700000000))
        samples = os.path.join(SUPPORT, "samples", "parquet")
        for file in sorted(os.listdir(samples)):
            if file.endswith(".parquet") and not file.startswith("encrypted"):
                self.put("raw-data/sample_%s/part.parquet" % file[:-8], read(os.path.join(samples, file)))
        self.index()
        tables = self.tables()
        differing, columns = [], 0
        for full_name, table in sorted(tables.items()):
            path = self.path("buckets", "raw-data", full_name.split(".", 1)[1], "part.parquet")
            theirs = [(row[0], ours(row[1])) for row in duckdb.query("DESCRIBE SELECT * FROM '%s'" % path)[1]]
            mine = [(column["name"], column["type"].replace("!", "")) for column in table["columns"]]
            columns += len(mine)
            differing += ["%s: %s, DuckDB %s" % (full_name, a, b) for a, b in zip(mine, theirs) if a != b]
            if len(mine) != len(theirs):
                differing.append("%s: %d columns, DuckDB %d" % (full_name, len(mine), len(theirs)))
            rows = int(duckdb.one("SELECT count(*) FROM '%s'" % path))
            if (rows, True) != (table["rows"], table["rows_exact"]):
                differing.append("%s: %s rows, DuckDB %d" % (full_name, table["rows"], rows))
        print("parquet: %d files, %d of %d columns as in DuckDB" % (len(tables), columns - len(differing), columns))
        for each in differing:
            print("    %s: %s" % (each, DIFFERENT.get(each, "not explained")))
        self.assertEqual([], [each for each in differing if each not in DIFFERENT])
        self.assertGreater(len(tables), len(COPIES))


if __name__ == "__main__":
    main()
