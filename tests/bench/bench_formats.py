# bench_formats.py: inferring schemas from all rows, against DuckDB where it is installed, and against floors.
# SPDX-License-Identifier: Apache-2.0
import os
import subprocess

from measure import Command, Row, duckdb

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

    def small():
        return made("make-many", "small-csv", SMALL_FILES, 1)

    def from_csv(folder, extension, options):
        """The same small tables in another format, written by DuckDB."""
        target = context.path(folder)
        if not os.path.exists(target + ".ready"):
            os.makedirs(target, exist_ok=True)
            made_by = duckdb(context, "DuckDB", folder, [
                f"COPY (FROM read_csv('{small()}/f{i}.csv')) TO '{target}/f{i}.{extension}' ({options})" for i in range(SMALL_FILES)])
            subprocess.run(made_by.argv, check=True, stdout=subprocess.DEVNULL)
            with open(target + ".ready", "w", encoding="ascii"):
                pass
        return target

    def small_lines():
        return from_csv("small-jsonl", "jsonl", "FORMAT json")

    def small_parquet():
        return from_csv("small-parquet", "parquet", "FORMAT parquet")

    def csv():
        return made("make-csv", "large.csv", LARGE_BYTES, 1)

    def lines():
        return made("make-json", "large.jsonl", LARGE_BYTES, 1)

    group = f"schemas, {SMALL_FILES:,} small files (13 KB as CSV), one process, one thread, warm"
    yield lambda: Row(group, "profile, all rows", ours("profile-many", small(), SMALL_FILES), peak_at_most=64)
    yield lambda: Row(group, "CSV, all rows", ours("profile-many", small(), SMALL_FILES),
                      duckdb(context, "DuckDB sniff_csv", "sniff", [f"FROM sniff_csv('{small()}/f{i}.csv')" for i in range(SMALL_FILES)]),
                      at_least=200, rounds=1)
    yield lambda: Row(group, "JSON Lines, all rows", ours("profile-many", small_lines(), SMALL_FILES, "jsonl"),
                      duckdb(context, "DuckDB DESCRIBE read_json", "describe-json",
                             [f"DESCRIBE FROM read_json('{small_lines()}/f{i}.jsonl')" for i in range(SMALL_FILES)]),
                      at_least=15, rounds=1)
    yield lambda: Row(group, "Parquet, footer and first values", ours("profile-many", small_parquet(), SMALL_FILES, "parquet"),
                      duckdb(context, "DuckDB parquet_schema", "describe-parquet",
                             [f"FROM parquet_schema('{small_parquet()}/f{i}.parquet')" for i in range(SMALL_FILES)]),
                      at_least=15, rounds=1)

    large = "schemas, one file of 1 GiB, warm, one thread unless said"
    yield lambda: Row(large, "CSV, all rows", ours("profile", 1, 1, csv()),
                      Command("read, count newlines", ours("read", csv()).argv), peak_at_most=64)
    yield lambda: Row(large, "CSV, all rows, all cores", ours("profile", 0, 1, csv()), ours("profile", 1, 1, csv()), peak_at_most=64)
    yield lambda: Row(large, "CSV, all rows", ours("profile", 1, 1, csv()),
                      duckdb(context, "DuckDB typed scan", "scan", [
                          f"SELECT count(id), max(name), sum(amount), sum(price), max(day), max(flag), max(city), max(note) FROM read_csv('{csv()}')"]),
                      at_most=0.5, rounds=2)
    yield lambda: Row(large, "CSV, all rows", ours("profile", 1, 1, csv()),
                      duckdb(context, "DuckDB sniff, all rows", "sniff-all", [f"FROM sniff_csv('{csv()}', sample_size=-1)"]),
                      at_most=0.1, rounds=1)
    yield lambda: Row(large, "JSON Lines, all rows", ours("profile", 1, 1, lines()),
                      Command("simdjson alone", ours("simdjson", lines()).argv), at_most=1 / 0.75, peak_at_most=64)
    yield lambda: Row(large, "JSON Lines, all cores", ours("profile", 0, 1, lines()), ours("profile", 1, 1, lines()), peak_at_most=64)
