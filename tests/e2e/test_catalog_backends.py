# The catalog in json, sqlite and postgresql: the same answers and exports, moved whole, refused with advice, read while written.
# SPDX-License-Identifier: Apache-2.0
import glob
import json
import os
import re
import shutil
import subprocess
import threading
import time
import unittest

from catalog_lake import CatalogTest
from harness import SANITIZER, main, need, read, run, write
from servers import Postgres, ServerUnavailable
from jsonschema_lite import check as check_schema

server = None


def setUpModule():
    global server
    try:
        server = Postgres().start()
    except ServerUnavailable as missing:
        print("without postgresql:", missing)


def tearDownModule():
    if server:
        server.stop()


def backends():
    return ["json", "sqlite"] + (["postgresql"] if server else [])


class BackendTest(CatalogTest):
    def environment(self, env=None, lake=None):
        with_server = {"NEUROLAKE_CATALOG_DSN": server.dsn()} if server else {}
        return super().environment({**with_server, **(env or {})}, lake=lake)

    def migrate(self, *words, check=0, **more):
        answer = self.nl("catalog", "migrate", "--json", *words, check=check, **more)
        if check == 0:
            check_schema(answer.json)
        return answer

    def fill(self):
        for name in ("a", "b"):
            self.put("raw-data/%s.csv" % name, "id,zip\n1,01234\n2,99999\n")
        self.put("processed/events/year=2024/month=01/x.jsonl", '{"id":1}\n{"id":2}\n')
        self.put("raw-data/odd \"name\".csv", "größe,x\n1,2\n")
        self.index()
        self.nl("catalog", "describe", "raw-data.a", "What it is")
        self.nl("catalog", "tag", "raw-data.a", "gold")
        self.nl("catalog", "glossary", "add", "Zip", "--definition", "Where it is")
        self.nl("lineage", "add", "--in", "raw-data.a,s3://elsewhere/x", "--out", "processed.events", "--job", "nightly")
        os.unlink(self.bucket("raw-data", "b.csv"))
        self.put("raw-data/a.csv", "id,zip,more\n1,01234,x\n")
        self.index()

    def answers(self):
        """What the commands that read the catalog print, byte for byte."""
        words = [["export", "--format", f] for f in ("json", "jsonl", "csv", "ddl", "duckdb", "markdown", "openlineage")]
        words += [["tables", "--all", "--json"], ["show", "raw-data.a", "--json"], ["history", "raw-data.a", "--json"],
                  ["explain", "raw-data.a", "--json"], ["search", "zip", "--json"], ["schema", "processed.events", "--json"]]
        return {" ".join(w): self.nl("catalog", *w).out_bytes for w in words}

    def backend(self):
        return self.nl("config", "get", "catalog.backend").out.strip()

    def files(self):
        return sorted(f for f in os.listdir(self.path("catalog")) if ".moved-" not in f)


class Moves(BackendTest):
    def test_round_through_all_backends_the_answers_stay_the_same_bytes(self):
        self.fill()
        before, plain = self.answers(), self.catalog_files()
        settings = read(self.path("config/settings.yaml")).decode()
        for backend in [*backends()[1:], "json"]:
            moved = self.migrate("--to", backend).json
            self.assertEqual((backend, True, 4), (moved["to"], moved["moved"], moved["tables"]))
            self.assertEqual(backend, self.backend())
            self.assertEqual(before, self.answers(), backend)
            self.assertEqual([], self.index()["changes"])
            self.assertEqual(before, self.answers(), backend)
            self.assertNotIn("✗", self.nl("doctor", check=None).out)
        self.assertEqual(plain, self.catalog_files())
        self.assertEqual(settings, read(self.path("config/settings.yaml")).decode())  # comments and all

    def test_the_new_backend_takes_changes_and_the_old_one_is_kept(self):
        self.fill()
        for backend in [*backends()[1:], "json"]:
            self.migrate("--to", backend)
            self.put("raw-data/%s.csv" % backend, "id\n1\n")
            self.index()
            self.assertIn("raw-data." + backend, self.names())
            self.nl("catalog", "owner", "raw-data." + backend, "Ana")
            self.assertIn("Ana", self.nl("catalog", "show", "raw-data." + backend).out)
            self.nl("bucket", "rename", "archive", "archive-" + backend)
            self.nl("bucket", "rename", "archive-" + backend, "archive")
        self.assertTrue(glob.glob(self.path("catalog/tables.json.moved-*")))
        self.assertTrue(glob.glob(self.path("catalog/catalog.db.moved-*")))

    def test_from_a_catalog_that_was_removed_there_is_a_way_on(self):
        self.fill()
        for backend in ("sqlite", "json", "sqlite"):
            self.migrate("--to", backend)
        os.unlink(self.path("catalog/catalog.db"))
        refused = self.nl("catalog", "tables", check=1).err
        self.assertIn("moved to another backend or removed", refused)
        older = glob.glob(self.path("catalog/catalog.db.moved-*"))
        self.assertEqual(1, len(older))
        self.assertIn(os.path.basename(older[0]) + " is an older state", refused)
        os.rename(older[0], self.path("catalog/older.db"))
        self.index("--full")
        self.assertIn("raw-data.a", self.names())

    def test_tables_that_are_gone_are_counted_apart(self):
        self.fill()
        self.assertIn("3 tables, 1 gone, ", self.nl("catalog", "migrate", "--to", "sqlite", "--dry-run").out)
        self.assertIn("3 tables, 1 gone, ", self.nl("catalog", "migrate", "--to", "sqlite").out)
        self.assertIn("the catalog reads: 3 tables, 1 gone\n", self.nl("doctor").out)

    def test_set_first_and_move_then(self):
        self.fill()
        before = self.answers()
        for backend in [*backends()[1:], "json"]:
            self.nl("config", "set", "catalog.backend", backend)
            refused = self.nl("catalog", "tables", check=1)
            self.assertIn("neurolake catalog migrate", refused.err)
            self.nl("catalog", "index", check=1)
            self.nl("catalog", "migrate")
            self.assertEqual(before, self.answers())
            again = self.migrate().json
            self.assertFalse(again["moved"])
        self.assertEqual(before, self.answers())

    def test_a_dry_run_and_a_refusal_change_nothing(self):
        self.fill()
        before = self.snapshot()
        planned = self.migrate("--to", "sqlite", "--dry-run").json
        self.assertEqual((False, True, "json", "sqlite"), (planned["moved"], planned["dry_run"], planned["from"], planned["to"]))
        self.nl("catalog", "migrate", "--to", "json", "--from", "json", check=2)
        self.nl("catalog", "migrate", "--to", "oracle", check=2)
        self.nl("catalog", "migrate", "--to", "sqlite", check=2, env={"NEUROLAKE_CATALOG_BACKEND": "json"})
        self.assertEqual(before, self.snapshot())

    def snapshot(self):
        return {f: read(self.path("catalog", f)) for f in sorted(os.listdir(self.path("catalog")))}, read(self.path("config/settings.yaml"))

    def test_killed_at_every_change_of_the_disk_the_old_or_the_new_one_is_in_force(self):
        need("strace")
        self.fill()
        before = self.answers()
        template = os.path.join(self.tmp, "template")
        shutil.copytree(self.lake, template, symlinks=True)
        calls = "write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,ftruncate"
        trace = os.path.join(self.tmp, "trace")
        command = [self.binary, "catalog", "migrate", "--to", "sqlite"]
        self.check(run(["strace", "-f", "-qq", "-e", "trace=" + calls, "-o", trace, *command], env=self.environment()), 0)
        seen = re.findall(r"^\d+ +(\w+)\(", read(trace).decode(errors="replace"), re.M)
        points = [(call, n) for call in sorted(set(seen)) for n in range(1, seen.count(call) + 1)]
        self.assertGreater(len(points), 10)
        states = {"json": 0, "sqlite": 0}
        for call, n in points:
            shutil.rmtree(self.lake)
            shutil.copytree(template, self.lake, symlinks=True)
            run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call,
                 "-e", "inject=%s:signal=SIGKILL:when=%d" % (call, n), *command], env=self.environment())
            states[self.backend()] += 1
            self.assertEqual(before, self.answers(), "%s #%d" % (call, n))
            self.nl("catalog", "migrate", "--to", "sqlite")
            self.assertEqual("sqlite", self.backend())
            self.assertEqual(before, self.answers(), "%s #%d" % (call, n))
            self.assertEqual(["catalog.db"], [f for f in self.files() if not f.startswith(".") and f.startswith(("catalog.", "tables."))])
        self.assertGreater(states["json"], 5)
        print("killed at %d points: %s in force" % (len(points), states))


class Sqlite(BackendTest):
    def setUp(self):
        super().setUp()
        self.fill()
        self.migrate("--to", "sqlite")

    def test_where_locks_fail_it_stops_with_advice(self):
        need("strace")
        before = read(self.path("catalog/catalog.db"))
        self.put("raw-data/new.csv", "id\n1\n")
        for error in ("ENOLCK", "EOPNOTSUPP"):
            result = run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fcntl", "-e", "inject=fcntl:error=" + error,
                          self.binary, "catalog", "index"], env=self.environment())
            self.assertEqual(1, result.rc, str(result))
            self.assertIn("locks do not work on this file system", result.err)
            self.assertIn("catalog.storage_path", result.err)
        self.assertEqual(before, read(self.path("catalog/catalog.db")))
        self.index()
        self.assertIn("raw-data.new", self.names())

    def test_moving_to_it_where_locks_fail_leaves_the_old_backend_in_force(self):
        need("strace")
        self.migrate("--to", "json")
        before = self.answers()
        result = run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fcntl", "-e", "inject=fcntl:error=ENOLCK",
                      self.binary, "catalog", "migrate", "--to", "sqlite"], env=self.environment())
        self.assertEqual(1, result.rc, str(result))
        self.assertIn("locks do not work", result.err)
        self.assertEqual("json", self.backend())
        self.assertEqual(before, self.answers())
        self.assertNotIn("catalog.db", os.listdir(self.path("catalog")))

    def test_a_damaged_file_is_renamed_aside_by_doctor(self):
        bad = b"this is no database " * 300
        write(self.path("catalog/catalog.db"), bad)
        refused = self.nl("catalog", "tables", check=1)
        self.assertIn("catalog.db", refused.err)
        self.assertIn("doctor --fix", refused.err)
        self.nl("catalog", "index", check=1)
        self.assertEqual(bad, read(self.path("catalog/catalog.db")))
        self.nl("doctor", "--fix", "--yes")
        kept = glob.glob(self.path("catalog/catalog.db.damaged-*"))
        self.assertEqual([bad], [read(path) for path in kept])
        self.index("--full")
        self.assertIn("raw-data.a", self.names())

    def test_a_copy_of_the_folder_reads_while_the_original_is_written(self):
        stop = threading.Event()

        def change():
            for number in range(8):
                self.put("raw-data/n%d.csv" % number, "id\n1\n")
                self.index()
            stop.set()
        writer = threading.Thread(target=change)
        writer.start()
        copies = 0
        while not stop.is_set() or not copies:
            copy = os.path.join(self.tmp, "copy%d" % copies)
            subprocess.run(["cp", "-a", self.path("catalog/catalog.db"), copy], check=True)
            found = run(["sqlite3", copy, "PRAGMA integrity_check; SELECT count(*) > 3 FROM neurolake_tables;"]) if shutil.which("sqlite3") else None
            if found:
                self.assertEqual("ok\n1\n", found.out)
            copies += 1
        writer.join()

    def test_a_reader_without_write_permission_reads(self):
        before = self.answers()
        for name in os.listdir(self.path("catalog")):
            os.chmod(self.path("catalog", name), 0o444)
        os.chmod(self.path("catalog"), 0o555)
        self.addCleanup(os.chmod, self.path("catalog"), 0o755)
        self.assertEqual(before, self.answers())


class Readers(BackendTest):
    def test_while_an_index_runs_readers_see_the_old_or_the_new_catalog(self):
        for backend in backends():
            with self.subTest(backend):
                shutil.rmtree(self.lake)
                self.nl("init", self.lake)
                for number in range(30):
                    self.put("raw-data/t%d.csv" % number, "id\n1\n")
                self.index()
                if backend != "json":
                    self.migrate("--to", backend)
                seen, problems, over = set(), [], threading.Event()

                def look():
                    while not over.is_set():
                        result = self.nl("catalog", "tables", "--json", check=None)
                        if result.rc:
                            problems.append(str(result))
                            return
                        rows = {table["rows"] for table in result.json["tables"]}
                        seen.add(tuple(sorted(rows)))
                        if len(rows) != 1 or len(result.json["tables"]) != 30:
                            problems.append("half: %s" % rows)
                threads = [threading.Thread(target=look) for _ in range(2)]
                for thread in threads:
                    thread.start()
                for rows in range(2, 8):
                    for number in range(30):
                        self.put("raw-data/t%d.csv" % number, "id\n" + "1\n" * rows)
                    self.index()
                over.set()
                for thread in threads:
                    thread.join()
                self.assertEqual([], problems)
                self.assertTrue(seen <= {(n,) for n in range(1, 8)}, seen)
                self.assertGreater(len(seen), 1)


@unittest.skipUnless(os.path.exists("/usr/lib/postgresql") or shutil.which("postgres"), "PostgreSQL is not installed")
class PostgreSQL(BackendTest):
    def setUp(self):
        super().setUp()
        if not server:
            self.skipTest("PostgreSQL did not start")
        self.fill()
        self.migrate("--to", "postgresql")

    def test_a_server_that_is_down_is_one_error_in_five_seconds_and_nothing_is_touched(self):
        before = self.answers()
        self.put("raw-data/new.csv", "id\n1\n")
        state = self.snapshot()
        for down, up in (("stop", "start"), ("freeze", "thaw")):
            self.assertTrue(server.tell(down))
            try:
                for words in (["tables"], ["index"], ["migrate", "--to", "json"], ["describe", "raw-data.a", "x"]):
                    start = time.monotonic()
                    result = self.nl("catalog", *words, check=1)
                    self.assertLess(time.monotonic() - start, 20 if SANITIZER else 10)  # five, and a busy machine's share
                    errors = [line for line in result.err.splitlines() if line.startswith("error:")]
                    self.assertEqual(1, len(errors), str(result))
                    self.assertIn("127.0.0.1", errors[0])
                    self.assertNotIn(server.password, result.err)
                self.nl("bucket", "list")
            finally:
                self.assertTrue(server.tell(up))
            self.assertEqual(state, self.snapshot())
            self.assertEqual("postgresql", self.backend())
        self.assertEqual(before, self.answers())
        self.index()
        self.assertIn("raw-data.new", self.names())

    def snapshot(self):
        found = {}
        for folder in ("catalog", "config", "buckets"):
            for root, _, names in os.walk(self.path(folder)):
                found.update({os.path.join(root, name): read(os.path.join(root, name)) for name in names})
        found["inventory"] = [read(path) for path in sorted(glob.glob(self.path(".neurolake/inventory*")))]
        return found

    def test_the_password_is_in_no_file_log_or_answer(self):
        wrong = {"NEUROLAKE_CATALOG_DSN": server.dsn(password=False), "PGPASSWORD": "wrong-secret-word"}
        refused = self.nl("catalog", "tables", check=1, env=wrong)
        self.assertIn("password authentication failed", refused.err)
        said = refused.err + self.nl("config", "show", "--origin").out + self.nl("doctor", check=None).out
        for root, _, names in os.walk(self.lake):
            for name in names:
                said += read(os.path.join(root, name)).decode("utf-8", "replace")
        self.assertNotIn(server.password, said)
        self.assertNotIn("wrong-secret-word", said)

    def test_the_password_from_a_pgpass_file_and_the_rest_from_the_settings(self):
        before = self.answers()
        pgpass = write(os.path.join(self.tmp, "pgpass"), "127.0.0.1:%d:*:%s:%s\n" % (server.port, server.said["user"], server.password), mode=0o600)
        env = {"NEUROLAKE_CATALOG_DSN": None, "PGPASSFILE": pgpass}
        self.nl("config", "set", "catalog.dsn", server.dsn(password=False), env=env)
        self.assertIn("raw-data.a", self.nl("catalog", "tables", env=env).out)
        self.assertIn("port=%d" % server.port, self.nl("config", "get", "catalog.dsn", env=env).out)
        env = {"NEUROLAKE_CATALOG_DSN": None, "PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGUSER": server.said["user"],
               "PGDATABASE": "postgres", "PGPASSWORD": server.password}
        self.nl("config", "set", "catalog.dsn", "", env=env)
        self.assertEqual(before["export --format json"], self.nl("catalog", "export", "--format", "json", env=env).out_bytes)

    def test_a_password_in_the_settings_is_warned_of_and_never_shown(self):
        refused = self.nl("config", "set", "catalog.dsn", "postgresql://me:topsecret@db/lake", check=2)
        self.assertIn(".pgpass", refused.err)
        settings = self.path("config/settings.yaml")
        text = read(settings).decode().replace("  # dsn: ''", "  dsn: '%s' #" % server.dsn())
        write(settings, text, mode=0o600)
        env = {"NEUROLAKE_CATALOG_DSN": None}
        self.assertIn("raw-data.a", self.nl("catalog", "tables", env=env).out)
        doctor = self.nl("doctor", check=None, env=env)
        self.assertIn(".pgpass", doctor.out)
        self.assertNotIn(server.password, doctor.out + self.nl("config", "show", env=env).out)
        os.chmod(settings, 0o644)
        self.assertIn("chmod 600", self.nl("catalog", "tables", check=2, env=env).err)

    def test_several_lakes_share_a_database(self):
        other = os.path.join(self.tmp, "other")
        self.nl("init", other, lake=other)
        write(os.path.join(other, "buckets/raw-data/only-there.csv"), "id\n1\n", age_days=1)
        self.nl("catalog", "index", lake=other)
        self.nl("catalog", "migrate", "--to", "postgresql", lake=other)
        self.assertNotIn("raw-data.only-there", self.names())
        self.assertEqual(["raw-data.only-there"], [t["name"] for t in self.nl("catalog", "tables", "--json", lake=other).json["tables"]])

    def test_damaged_rows_are_kept_aside_by_doctor(self):
        lake_id = json.loads(read(self.path(".neurolake/lake.json")))["id"]
        psql = shutil.which("psql")
        if not psql:
            self.skipTest("psql is not installed")
        run([psql, server.dsn(), "-q", "-c", "UPDATE neurolake_tables SET entry = '{' WHERE lake = '%s'" % lake_id],
            env={"PATH": os.environ["PATH"]})
        self.assertIn("doctor --fix", self.nl("catalog", "tables", check=1).err)
        self.nl("doctor", "--fix", "--yes")
        self.index("--full")
        self.assertIn("raw-data.a", self.names())

    def test_libpq_is_loaded_only_for_this(self):
        need("strace")
        for backend, loads in (("postgresql", True), ("json", False)):
            self.migrate("--to", backend)
            opened = subprocess.run(["strace", "-f", "-qq", "-e", "trace=openat", self.binary, "catalog", "tables"],
                                    env=self.environment({"ASAN_OPTIONS": "detect_leaks=0"}), capture_output=True)
            self.assertEqual(0, opened.returncode, opened.stderr[-500:])
            self.assertEqual(loads, b"libpq" in opened.stderr)


if __name__ == "__main__":
    main()
