# Rows of Parquet files in every type, codec, encoding and page version; each value that `catalog head` shows is the one DuckDB reads.
# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

from catalog_lake import CatalogTest  # noqa: E402
from duckdb_oracle import DuckDB  # noqa: E402
from harness import SUPPORT, main, read  # noqa: E402
from same_values import moment  # noqa: E402

ROWS = 3000  # of each file; so many are also asked for, so that every page of every column is read
# r: a number that jumps about, the same in each run; n: one that is null now and then.
SOURCE = "(SELECT i, (hash(i) %% 1000003)::BIGINT AS r, CASE WHEN hash(i * 7) %% 4 > 0 THEN i END AS n FROM range(%d) t(i))" % ROWS
INTEGERS = ", ".join("CASE i WHEN 1 THEN %s WHEN 2 THEN %s WHEN 3 THEN NULL ELSE (r %% 100)::%s END::%s AS %s" % (low, high, kind, kind, kind.lower())
                     for kind, low, high in (("TINYINT", -128, 127), ("SMALLINT", -32768, 32767), ("INTEGER", -2**31, 2**31 - 1),
                                             ("BIGINT", -2**63, 2**63 - 1), ("UTINYINT", 0, 255), ("USMALLINT", 0, 65535), ("UINTEGER", 0, 2**32 - 1),
                                             ("UBIGINT", 0, 2**64 - 1)))
DECIMALS = ", ".join("CASE i %% 5 WHEN 3 THEN NULL WHEN 2 THEN -(r::DECIMAL(38,0) / %s)::%s ELSE (r::DECIMAL(38,0) / %s)::%s END AS d%d"
                     % (divisor, kind, divisor, kind, number)
                     for number, (kind, divisor) in enumerate((("DECIMAL(4,1)", 10000), ("DECIMAL(9,2)", 10), ("DECIMAL(18,3)", 7), ("DECIMAL(18,0)", 1),
                                                               ("DECIMAL(38,10)", 3), ("DECIMAL(38,0)", 1), ("DECIMAL(5,5)", 1000003))))
REALS = ("CASE i WHEN 1 THEN 'NaN' WHEN 2 THEN 'Infinity' WHEN 3 THEN '-Infinity' WHEN 4 THEN -0.0 WHEN 5 THEN 1e-40 ELSE r / 7 END::FLOAT AS f, "
         "CASE i WHEN 1 THEN 'NaN' WHEN 2 THEN 'Infinity' WHEN 3 THEN '-Infinity' WHEN 4 THEN 5e-324 WHEN 5 THEN 1.7e308 ELSE n / 7 END::DOUBLE AS d, "
         "r % 3 = 0 AS yes, CASE WHEN n % 5 > 1 THEN n % 2 = 0 END AS maybe, (i % 40 < 38) AS mostly")
TIMES = ("DATE '1970-01-01' + (r % 200000 - 100000)::INTEGER AS d, CASE i WHEN 1 THEN DATE '0001-01-01' WHEN 2 THEN DATE '9999-12-31' ELSE DATE '2024-02-29' END AS d2, "
         "TIME '00:00:00' + INTERVAL (r) MILLISECOND AS t, TIMESTAMP '2024-02-28 12:00:00' - INTERVAL (r * 3607) SECOND AS us, "
         "TIMESTAMPTZ '1969-12-31 23:59:59.999999+00' + INTERVAL (n) MICROSECOND AS tz, "
         "(TIMESTAMP '1900-01-01 00:00:00.123' + INTERVAL (r) HOUR)::TIMESTAMP_MS AS ms, (TIMESTAMP '2000-01-01 00:00:00' + INTERVAL (r) HOUR)::TIMESTAMP_S AS s, "
         "make_timestamp_ns(1700000000000000000 + r * 1000003) AS ns, make_timestamp_ns(-r - 1) AS ns2")
WORDS = ("'word ' || r % 50 AS few, 'w' || hash(r) AS many, CASE WHEN n % 3 = 0 THEN '' ELSE 'a' || n END AS holes, repeat('ä中😀 ', (r % 20)::INTEGER) AS wide, "
         "CASE i WHEN 1 THEN ''::BLOB ELSE ('\\x00\\xFF'::BLOB || ('b' || r)::BLOB) END AS bytes, "
         "('00000000-0000-4000-8000-' || lpad(r::VARCHAR, 12, '0'))::UUID AS u, ('{\"a\":' || r || '}')::JSON AS j, "
         "CASE WHEN n % 3 = 0 THEN 'p' WHEN n % 3 = 1 THEN 'q' END::ENUM('p', 'q', 'r') AS e, NULL::INTEGER AS nothing, 'always' AS one, "
         "'long prefix that is shared / ' || i AS near")
NESTED = ("CASE i % 5 WHEN 0 THEN [] WHEN 1 THEN NULL WHEN 2 THEN [NULL] ELSE [i, NULL, r] END AS list, "
          "CASE i % 7 WHEN 0 THEN NULL ELSE {'a': n, 'b': {'c': CASE WHEN i % 3 = 0 THEN NULL ELSE 'x' || i END}} END AS pair, "
          "CASE i % 4 WHEN 0 THEN MAP {} WHEN 1 THEN NULL ELSE MAP {'k' || i: n, 'z': NULL} END AS map, MAP {i: [1.5::DOUBLE, NULL]} AS numbered, "
          "CASE i % 6 WHEN 0 THEN [[]] WHEN 1 THEN [NULL, [], [NULL]] WHEN 2 THEN [] WHEN 3 THEN NULL ELSE [['a', NULL], [], ['b' || i]] END::VARCHAR[][] AS deep, "
          "CASE i % 3 WHEN 0 THEN [{'p': [r], 'q': NULL}, NULL, {'p': NULL, 'q': 1}] WHEN 1 THEN [] ELSE [{'p': [], 'q': 2}] END AS pairs, "
          "[i, i + 1, i + 2]::BIGINT[3] AS three, {'when': DATE '2024-01-01' + (i % 9)::INTEGER, 'price': (r / 100)::DECIMAL(9,2), 'on': n > 5} AS mix, "
          "[MAP {'a': [i], 'b': []}] AS maps, {'l': [{'m': [MAP {'x': {'y': [n]}}]}]} AS deepest")
KINDS = {"integers": INTEGERS, "decimals": DECIMALS, "reals": REALS, "times": TIMES, "words": WORDS, "nested": NESTED}
WRITINGS = {"snappy": "", "gzip": "COMPRESSION gzip, PARQUET_VERSION v2", "zstd": "COMPRESSION zstd, ROW_GROUP_SIZE 2048", "lz4": "COMPRESSION lz4_raw, PARQUET_VERSION v2",
            "plain": "COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 1", "plain_v2": "COMPRESSION uncompressed, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 1"}
UNREADABLE = ("rows_brotli", "encrypted")


def as_text(name, kind):
    """What DuckDB is asked for, so that its text is as near to ours as it can be."""
    quoted = '"%s"' % name.replace('"', '""')
    if kind.startswith(("STRUCT", "MAP")) or kind.endswith("]"):
        return "to_json(%s)" % quoted
    if kind == "BLOB":
        return "'0x' || lower(hex(%s))" % quoted
    if kind == "INTERVAL":
        return "format('{} months {} days {} ms', datepart('year', {0}) * 12 + datepart('month', {0}), datepart('day', {0}), epoch_ms({0} - date_trunc('day', {0})))".replace(
            "{0}", quoted)
    return "CAST(%s AS VARCHAR)" % quoted


def scalar(text):
    """Numbers and times by their value, whatever their spelling."""
    if re.fullmatch(r"-?\d+", text):
        return text
    if re.fullmatch(r"-?(\d+\.?\d*(e[+-]?\d+)?|inf|nan)", text, re.I):
        return re.sub(r"\.0$", "", repr(float(text)))
    return repr(moment(text))


def plain(value):
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [plain(element) for element in value]
    return scalar(str(value)) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else value


def comparable(cell, kind):
    if cell is None or kind in ("VARCHAR", "BLOB", "UUID", "JSON", "BOOLEAN", "INTERVAL") or kind.startswith("ENUM"):
        return cell
    if kind.startswith("DECIMAL"):
        return re.sub(r"^(-?)\.", r"\g<1>0.", cell)
    if kind.startswith(("STRUCT", "MAP")) or kind.endswith("]"):
        return plain(json.loads(cell))
    if kind.startswith("TIME") and not kind.startswith("TIMESTAMP"):
        return re.sub(r"(\.\d*?)0+$", r"\1", re.sub(r"\+00$|Z$", "", cell)).rstrip(".")
    if kind == "DOUBLE":
        return struct.pack("d", float(cell))
    if kind == "FLOAT":  # the shortest text of 32 bits is not that of 64
        return struct.pack("f", float(cell))
    return scalar(cell)


class ParquetRows(CatalogTest):
    def write(self, duckdb):
        for kind, select in KINDS.items():
            for writing, options in WRITINGS.items():
                path = self.path("buckets", "raw-data", "%s_%s" % (kind, writing), "part.parquet")
                os.makedirs(os.path.dirname(path))
                duckdb.query("COPY (SELECT %s FROM %s ORDER BY i) TO '%s' (FORMAT parquet%s)" % (select, SOURCE, path, options and ", " + options))
                os.utime(path, (1700000000, 1700000000))
        samples = os.path.join(SUPPORT, "samples", "parquet")
        for file in sorted(os.listdir(samples)):
            if file.endswith(".parquet") and file[:-8] not in UNREADABLE:
                self.put("raw-data/sample_%s/part.parquet" % file[:-8], read(os.path.join(samples, file)))

    def test_every_value_is_the_one_duckdb_reads(self):
        duckdb = DuckDB()
        self.addCleanup(duckdb.close)
        duckdb.query("SET TimeZone = 'UTC'")
        self.write(duckdb)
        self.index()
        files = compared = 0
        different, encodings = [], set()
        for name in sorted(self.tables()):
            path = self.path("buckets", "raw-data", name.split(".", 1)[1], "part.parquet")
            encodings |= {word for row in duckdb.query("SELECT encodings, compression FROM parquet_metadata('%s')" % path)[1] for word in ", ".join(row).split(", ")}
            columns = [(row[0], row[1]) for row in duckdb.query("DESCRIBE SELECT * FROM '%s'" % path)[1]]
            theirs = duckdb.query("SELECT %s FROM '%s' LIMIT %d" % (", ".join(as_text(*column) for column in columns), path, ROWS))[1]
            ours = self.nl("catalog", "head", name, "-n", str(ROWS), "--json").json
            self.assertEqual(([column[0] for column in columns], len(theirs)), (ours["columns"], len(ours["rows"])), name)
            files += 1
            for row, (mine, other) in enumerate(zip(ours["rows"], theirs)):
                for (column, kind), a, b in zip(columns, mine, other):
                    compared += 1
                    if comparable(a, kind) != comparable(b, kind):
                        different.append("%s row %d, %s %s: %s, DuckDB %s" % (name, row, column, kind, a, b))
        print("parquet rows: %d files, %d values, %d different; %s" % (files, compared, len(different), ", ".join(sorted(encodings - {""}))))
        self.assertEqual([], different[:10])
        self.assertGreater(compared, 500000)
        self.assertLessEqual({"RLE_DICTIONARY", "PLAIN", "DELTA_BINARY_PACKED", "DELTA_LENGTH_BYTE_ARRAY", "BYTE_STREAM_SPLIT", "UNCOMPRESSED", "SNAPPY", "GZIP",
                              "ZSTD", "LZ4_RAW"}, encodings)


if __name__ == "__main__":
    main()
