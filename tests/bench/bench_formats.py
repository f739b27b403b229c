# bench_formats.py: inferring schemas from all rows, against DuckDB's command line where it is installed, and against floors.
# SPDX-License-Identifier: Apache-2.0
import os
import subprocess

from measure import Command, Row, peer

SMALL_FILES = 1000
LARGE_BYTES = 1 << 30


def rows(context):
    def ours(*argv):
        return Command("bench_formats " + argv[0], [context.program("bench_formats"), *map(str, argv)])

    def made(task, name, *argv):
        """A generated file or folder, made when it is not there yet."""
        path = context.path(name)
        if not os.path.exists(path):
            if task == "make-many":
                os.mkdir(path)
            subprocess.run([context.program("bench_formats"), task, path, *map(str, argv)], check=True,
                           stdout=subprocess.DEVNULL)
        return path

    def duckdb(label, sql, name):
        script = context.path(name + ".sql")
        with open(script, "w", encoding="utf-8") as out:
            out.write("SET threads=1;\n" + sql)
        return peer(label, "duckdb", "-csv", ":memory:", "-c", f".read {script}")

    def small():
        return made("make-many", "small-csv", SMALL_FILES, 1)

    def csv():
        return made("make-csv", "large.csv", LARGE_BYTES, 1)

    def lines():
        return made("make-json", "large.jsonl", LARGE_BYTES, 1)

    group = f"schemas, {SMALL_FILES:,} CSV files of 13 KB, warm"
    yield lambda: Row(group, "profile, all rows", ours("profile-many", small(), SMALL_FILES), peak_at_most=64)
    yield lambda: Row(
        group, "profile, all rows", ours("profile-many", small(), SMALL_FILES),
        duckdb("DuckDB sniff_csv", "".join(f"FROM sniff_csv('{small()}/f{i}.csv');\n" for i in range(SMALL_FILES)), "sniff"),
        at_least=200, rounds=1)

    large = "schemas, one file of 1 GiB, warm, one thread unless said"
    yield lambda: Row(large, "CSV, all rows", ours("profile", 1, 1, csv()),
                      Command("read, count newlines", ours("read", csv()).argv), peak_at_most=64)
    yield lambda: Row(large, "CSV, all rows, all cores", ours("profile", 0, 1, csv()), ours("profile", 1, 1, csv()), peak_at_most=64)
    yield lambda: Row(large, "CSV, all rows", ours("profile", 1, 1, csv()),
                      duckdb("DuckDB typed scan", f"SELECT count(id), max(name), sum(amount), sum(price), max(day), max(flag), "
                             f"max(city), max(note) FROM read_csv('{csv()}');\n", "scan"), at_most=0.5, rounds=2)
    yield lambda: Row(large, "CSV, all rows", ours("profile", 1, 1, csv()),
                      duckdb("DuckDB sniff, all rows", f"FROM sniff_csv('{csv()}', sample_size=-1);\n", "sniff-all"),
                      at_most=0.1, rounds=1)
    yield lambda: Row(large, "JSON Lines, all rows", ours("profile", 1, 1, lines()),
                      Command("simdjson alone", ours("simdjson", lines()).argv), at_most=1 / 0.75, peak_at_most=64)
    yield lambda: Row(large, "JSON Lines, all cores", ours("profile", 0, 1, lines()), ours("profile", 1, 1, lines()), peak_at_most=64)
