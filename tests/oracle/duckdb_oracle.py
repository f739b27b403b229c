# DuckDB for tests that compare with it: it comes from npm (tests/oracle/package.json) into a build folder; .ci/run oracle puts it there.
# SPDX-License-Identifier: Apache-2.0
"""
    with DuckDB() as duckdb:
        types, rows = duckdb.query("SELECT 1 AS a")     # {"a": "INTEGER"}, [["1"]]; values are DuckDB's own text, NULL is None

A failing statement raises DuckDBError with DuckDB's words. NEUROLAKE_ORACLE names the folder with node_modules.
"""
import json
import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.environ.get("NEUROLAKE_ORACLE", os.path.join(HERE, "..", "..", "build", "oracle"))


class DuckDBError(Exception):
    pass


class DuckDB:
    def __init__(self, cwd=None):
        if not os.path.isdir(os.path.join(FOLDER, "node_modules", "@duckdb")):
            raise AssertionError("no DuckDB in %s: run .ci/run oracle" % os.path.realpath(FOLDER))
        # node looks for modules from the script's own folder upwards.
        script = os.path.join(FOLDER, "duckdb.mjs")
        shutil.copyfile(os.path.join(HERE, "duckdb.mjs"), script)
        self.process = subprocess.Popen(["node", os.path.realpath(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=cwd)

    def query(self, sql):
        """All statements are run; types and rows of the last one."""
        self.process.stdin.write(json.dumps({"sql": sql}).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("DuckDB's process ended")
        answer = json.loads(line)
        if "error" in answer:
            raise DuckDBError(answer["error"])
        return {column["name"]: column["type"] for column in answer["columns"]}, answer["rows"]

    def one(self, sql):
        """The only cell of the answer."""
        (row,) = self.query(sql)[1]
        (cell,) = row
        return cell

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
