# neurolake run: a command's exit code, streams and signals are its own; what it read and made in the lake is lineage.
# SPDX-License-Identifier: Apache-2.0
import fcntl
import os
import shutil
import signal
import struct
import subprocess
import sys
import threading
import unittest

from catalog_lake import CatalogTest
from harness import BINARY, main, read, run, write
from jsonschema_lite import check as check_schema
from tier_lake import TierTest

CLEAN = """
import os, sys
rows = open("raw-data/a/1.csv").read() + open("raw-data/b/1.csv").read()
os.stat("raw-data/c/1.csv")
os.listdir("raw-data/c")
os.makedirs("processed/sum", exist_ok=True)
with open("processed/sum/.part", "w") as part:
    part.write(rows)
os.rename("processed/sum/.part", "processed/sum/c.csv")
open("processed/sum/c.csv").read()
print("said", sys.stdin.read())
print("complained", file=sys.stderr)
sys.exit(int(sys.argv[1]))
"""

STATIC = """
#include <fcntl.h>
#include <unistd.h>
int main(void) {
    char bytes[64];
    int in = open("raw-data/a/1.csv", O_RDONLY), out = open("analytics/static.csv", O_WRONLY | O_CREAT, 0644);
    return write(out, bytes, read(in, bytes, sizeof bytes)) > 0 ? 0 : 1;
}
"""


class RunTest(CatalogTest):
    def setUp(self):
        super().setUp()
        for name in "abc":
            self.put("raw-data/%s/1.csv" % name, "id,x\n1,2\n")
        self.index()
        self.buckets = self.path("buckets")

    def environment(self, env=None, lake=None):  # the leak checker cannot work under a tracer
        return super().environment({"ASAN_OPTIONS": "detect_leaks=0", **(env or {})}, lake)

    def go(self, *words, check=0, **more):
        return self.nl("run", *words, check=check, cwd=self.buckets, **more)

    def edges(self, job=None):
        value = self.nl("lineage", "export", "--format", "json").json
        return sorted((e["from"], e["to"]) for e in value["edges"] if job is None or e["job"] == job)

    def last_run(self, job):
        value = self.nl("lineage", "jobs", job, "--json").json
        check_schema(value)
        return value["jobs"][0]["last_run"]

    def script(self, text):
        return write(os.path.join(self.tmp, "clean.py"), text.encode())


class Lineage(RunTest):
    def test_what_a_job_reads_and_makes_is_its_lineage_and_what_it_leaves_alone_is_not(self):
        self.script(CLEAN)
        done = self.go("--job", "clean", "--", sys.executable, os.path.join(self.tmp, "clean.py"), "0", input="hello")
        self.assertEqual("said hello\n", done.out)
        self.assertIn("complained\n", done.err)
        self.assertIn("clean: raw-data.a, raw-data.b \u2192 processed/sum/c.csv\n", done.err)
        self.assertEqual([("raw-data.a", "processed/sum/c.csv"), ("raw-data.b", "processed/sum/c.csv")], self.edges("clean"))
        for words in (("show", "processed.sum"), ("impact", "sum"), ("show", "processed.c")):
            error = self.nl("lineage", *words, "--json", check=1).error
            self.assertIn("there is lineage of processed/sum/c.csv", error["message"])
            self.assertIn("catalog index makes it a table; as long as it is none, ask for processed/sum/c.csv", error["hint"])
        self.put("processed/sum/c.csv", "id,x\n1,2\n")
        self.index()  # the place becomes the table
        self.assertEqual([("raw-data.a", "processed.sum"), ("raw-data.b", "processed.sum")], self.edges("clean"))
        ran = self.last_run("clean")
        self.assertEqual(("complete", 0, ["raw-data.a", "raw-data.b"], ["processed.sum"]),
                         (ran["state"], ran["rc"], ran["inputs"], ran["outputs"]))
        self.assertIn("clean.py 0", ran["command"])
        self.assertGreater(ran["duration_ms"], 0)
        self.assertIn("run", [line["event"] for line in self.log("audit")])

    def test_the_exit_code_is_the_commands_and_a_failed_run_is_kept_as_one(self):
        self.script(CLEAN)
        self.go("--", sys.executable, os.path.join(self.tmp, "clean.py"), "7", input="", check=7)
        self.assertEqual(("failed", 7), tuple(self.last_run("clean.py")[key] for key in ("state", "rc")))
        self.go("--", "sh", "-c", "kill -9 $$", check=137)
        self.assertIn('there is no program "nothing-of-that-name"', self.go("--", "nothing-of-that-name", check=127).err)
        plain = write(os.path.join(self.tmp, "plain"), b"no program\n")
        self.go("--", plain, check=126)
        self.go(check=2)
        self.nl("run", "--", "touch", os.path.join(self.tmp, "ran"), lake=os.path.join(self.tmp, "nowhere"), check=10)
        self.assertFalse(os.path.exists(os.path.join(self.tmp, "ran")))

    def test_redirections_renames_links_appends_and_folders_count(self):
        with open(self.path("buckets", "raw-data", "a", "1.csv")) as source, open(self.path("buckets", "analytics", "s.csv"), "w") as target:
            subprocess.run([BINARY, "run", "--job", "redirected", "--", "sort"], stdin=source, stdout=target, check=True,
                           env=self.environment(), cwd=self.buckets, stderr=subprocess.DEVNULL)
        self.assertEqual([("raw-data.a", "analytics/s.csv")], self.edges("redirected"))
        for job, command, expected in (
                ("moved", "mv analytics/s.csv processed/s.csv", [("analytics/s.csv", "processed/s.csv")]),
                ("linked", "ln raw-data/b/1.csv processed/l.csv", [("raw-data.b", "processed/l.csv")]),
                ("folder", "mkdir t; cp raw-data/a/1.csv t/1.csv; cp t/1.csv t/2.csv; mv t analytics/final", [("raw-data.a", "analytics/final/1.csv"), ("raw-data.a", "analytics/final/2.csv")]),
                ("partitions", "for m in 1 2; do mkdir -p archive/log/m=$m; cp raw-data/c/1.csv archive/log/m=$m/x.csv; done", [("raw-data.c", "archive/log")]),
                ("appended", "cat raw-data/a/1.csv >> raw-data/b/1.csv", [("raw-data.a", "raw-data.b")]),
                ("in place", "sed -i s/2/3/ raw-data/c/1.csv", []),
                ("to and fro", "cat raw-data/c/1.csv >/dev/null; mv raw-data/b/1.csv raw-data/b/2.csv; mv raw-data/b/2.csv raw-data/b/1.csv", []),
                ("lock file", "flock processed/lock cp raw-data/a/1.csv processed/f.csv", [("raw-data.a", "processed/f.csv")]),
                ("rewritten", "cp raw-data/a/1.csv processed/s.csv && touch -d 2020-01-01 processed/s.csv", [("raw-data.a", "processed/s.csv")]),
                ("own commands", "cp raw-data/a/1.csv processed/o.csv; %s catalog index -q" % BINARY, [("raw-data.a", "processed/o.csv")]),
                ("new bucket", "%s bucket create fresh -q; cp raw-data/a/1.csv fresh/n.csv" % BINARY, [("raw-data.a", "fresh/n.csv")]),
                ("gone again", "cp raw-data/a/1.csv analytics/x.csv; rm analytics/x.csv", []),
                ("background", "(sleep 0.2; cp raw-data/b/1.csv analytics/late.csv) & exit 0", [("raw-data.b", "analytics/late.csv")])):
            self.go("--job", job, "--", "sh", "-c", command)
            self.assertEqual(expected, self.edges(job), job)
        self.assertEqual((["raw-data.c"], ["raw-data.c"]), tuple(self.last_run("in place")[key] for key in ("inputs", "outputs")))

    def test_what_the_caller_had_open_counts_where_it_was_used(self):
        for job, command, expected in (
                ("third", "%s run --job third -- sh -c 'cat <&3 > processed/t.csv' 3<raw-data/a/1.csv", [("raw-data.a", "processed/t.csv")]),
                ("ninth", "%s run --job ninth -- sh -c 'cat raw-data/a/1.csv >&9' 9>processed/n.csv", [("raw-data.a", "processed/n.csv")]),
                ("unread", "%s run --job unread -- cp raw-data/a/1.csv processed/u.csv <raw-data/b/1.csv", [("raw-data.a", "processed/u.csv")])):
            done = run(["sh", "-c", command % BINARY], env=self.environment(), cwd=self.buckets)
            self.assertEqual(0, done.rc, str(done))
            self.assertEqual(expected, self.edges(job))

    def test_two_new_tables_of_one_folder_each_have_their_lineage(self):
        self.go("--job", "two", "--", "sh", "-c", "mkdir processed/res; cut -d, -f1 raw-data/a/1.csv >processed/res/ids.csv; "
                "(echo day,amount,currency; echo 2024-01-01,3,EUR) >processed/res/sales.csv")
        for name in ("ids", "sales"):
            os.utime(self.path("buckets", "processed", "res", name + ".csv"), (1e9, 1e9))
        self.index()
        self.assertEqual([("raw-data.a", "processed.res.ids"), ("raw-data.a", "processed.res.sales")], self.edges("two"))

    def test_a_table_that_was_moved_is_not_made_from_itself(self):
        self.go("--job", "mv", "--", "mv", "raw-data/a", "processed/a")
        self.index()
        self.assertEqual(["processed.a"], [name for name in self.names() if name.endswith(".a")])
        self.assertIn("No data flows in a circle", self.nl("lineage", "cycles").out)

    def test_static_programs_are_seen_as_well(self):
        source = write(os.path.join(self.tmp, "static.c"), STATIC.encode())
        program = os.path.join(self.tmp, "static")
        subprocess.run(["cc", "-static", "-o", program, source], check=True)
        self.go("--", program)
        self.assertEqual([("raw-data.a", "analytics/static.csv")], self.edges("static"))

    def test_what_comes_from_elsewhere_can_be_said(self):
        self.go("--job", "fetch", "--in", "s3://crm/export.csv", "--in", "raw-data.b,raw-data.c", "--", "sh", "-c", "echo id > raw-data/a/2.csv")
        self.assertEqual([("raw-data.b", "raw-data.a"), ("raw-data.c", "raw-data.a"), ("s3://crm/export.csv", "raw-data.a")], self.edges("fetch"))

    def test_json_tells_what_was_kept(self):
        value = self.go("--json", "--", "cp", "raw-data/a/1.csv", "analytics/x.csv").json
        check_schema(value)
        self.assertEqual(("cp", 0, ["raw-data.a"], ["analytics/x.csv"]), tuple(value[key] for key in ("job", "rc", "inputs", "outputs")))
        before = read(self.path("catalog", "lineage.json"))
        self.assertIn("Would run: touch ", self.go("--dry-run", "--", "touch", os.path.join(self.tmp, "ran")).out)
        self.assertFalse(os.path.exists(os.path.join(self.tmp, "ran")))
        self.assertEqual(before, read(self.path("catalog", "lineage.json")))


class Trouble(RunTest):
    def start(self, *words):
        return subprocess.Popen([BINARY, "run", *words], env=self.environment(), cwd=self.buckets, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, start_new_session=True)

    def test_a_signal_is_handed_on_and_the_run_kept(self):
        process = self.start("--job", "slow", "--", "sh", "-c", "echo ready; exec sleep 600")
        self.assertEqual(b"ready\n", process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(143, process.wait())
        process.communicate()
        self.assertEqual(("failed", 143), tuple(self.last_run("slow")[key] for key in ("state", "rc")))

    def test_a_signal_ends_what_the_command_left_behind(self):
        process = self.start("--job", "left", "--", "sh", "-c", "sleep 600 >/dev/null 2>&1 & echo ready")
        self.assertEqual(b"ready\n", process.stdout.readline())
        self.assertIn(b"waiting for a process that it left running", process.stderr.readline())
        process.send_signal(signal.SIGTERM)
        process.communicate()
        self.assertEqual(0, process.returncode)
        self.assertEqual("complete", self.last_run("left")["state"])

    def test_a_run_below_a_run_leaves_the_files_to_it(self):
        done = self.go("--job", "outer", "--", BINARY, "run", "--job", "inner", "--", "cp", "raw-data/a/1.csv", "analytics/x.csv")
        self.assertIn("below another neurolake run", done.err)
        self.assertEqual([("raw-data.a", "analytics/x.csv")], self.edges("outer"))
        self.assertEqual([], self.edges("inner"))
        self.assertEqual("complete", self.last_run("outer")["state"])

    def test_those_that_end_a_moment_later_are_not_worth_a_word(self):
        done = self.go("--job", "left", "--", "sh", "-c", "sleep 0.2; cp raw-data/a/1.csv analytics/x.csv & exit 0")
        self.assertNotIn("waiting", done.err)
        self.assertEqual([("raw-data.a", "analytics/x.csv")], self.edges("left"))

    def test_what_the_caller_ignores_stays_ignored(self):
        words = "trap '' HUP INT; exec %s run -q -- sh -c 'kill -HUP $$; kill -INT $$; echo still here'" % BINARY
        self.assertEqual("still here\n", run(["sh", "-c", words], env=self.environment(), cwd=self.buckets).out)

    def test_children_of_others_are_not_waited_for(self):
        words = "sleep 600 >/dev/null 2>&1 & echo $!; exec %s run -q -- true" % BINARY
        done = run(["sh", "-c", words], env=self.environment(), cwd=self.buckets)
        self.assertEqual(0, done.rc)
        os.kill(int(done.out), signal.SIGKILL)

    @unittest.skipUnless(os.uname().machine == "x86_64", "the program is for x86")
    def test_programs_of_32_bits_are_told(self):
        code = bytes.fromhex("31db 89d8 40 cd80")  # exit(0)
        header = b"\x7fELF\1\1\1" + bytes(9) + struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, 0x8048054, 52, 0, 0, 52, 32, 1, 0, 0, 0)
        segment = struct.pack("<IIIIIIII", 1, 0, 0x8048000, 0x8048000, 84 + len(code), 84 + len(code), 5, 4096)
        program = write(os.path.join(self.tmp, "old"), header + segment + code)
        os.chmod(program, 0o755)
        done = self.nl("run", "--", program, check=None)
        if done.rc == 126:
            return  # a kernel that does not run such programs
        self.assertEqual(3, done.rc)
        self.assertIn("it ran a 32-bit program", done.err)

    def test_programs_that_may_not_be_looked_into_are_told(self):
        copy = os.path.join(self.tmp, "copy")
        shutil.copy("/bin/cp", copy)
        os.chmod(copy, 0o111)
        done = self.go("--job", "blind", "--", copy, "raw-data/a/1.csv", "/dev/null", uid=self.as_nobody(), check=3)
        self.assertIn("not all files of the command are known", done.err)

    def test_nothing_outlives_a_killed_run(self):
        process = self.start("--", "sh", "-c", "echo $$; exec sleep 600")
        command = int(process.stdout.readline())
        process.kill()
        process.communicate()
        for _ in range(1000):
            try:
                with open("/proc/%d/stat" % command) as stat:
                    if stat.read().rsplit(")", 1)[1].split()[0] == "Z":
                        return
            except (FileNotFoundError, ProcessLookupError):
                return
            threading.Event().wait(0.01)
        self.fail("the command is still there")

    def test_it_waits_for_the_lake_when_the_work_is_done(self):
        lock = open(self.path(".neurolake", "lock"), "r+")
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = self.start("--job", "patient", "--", "sh", "-c", "cp raw-data/a/1.csv analytics/x.csv; echo done")
        self.assertEqual(b"done\n", process.stdout.readline())
        fcntl.flock(lock, fcntl.LOCK_UN)
        lock.close()
        process.communicate()
        self.assertEqual(0, process.returncode)
        self.assertEqual([("raw-data.a", "analytics/x.csv")], self.edges("patient"))

    def test_where_nothing_can_be_traced_the_command_runs_and_that_is_said(self):
        words = ["strace", "-f", "-qq", "-e", "trace=none", "-o", "/dev/null", BINARY, "run", "--job", "blind", "--"]
        done = run(words + ["cp", "raw-data/a/1.csv", "analytics/x.csv"], env=self.environment(), cwd=self.buckets)
        self.assertEqual(3, done.rc)
        self.assertIn("the files of the command are not known: tracing is not permitted here", done.err)
        self.assertEqual(b"id,x\n1,2\n", read(self.path("buckets", "analytics", "x.csv")))
        self.assertEqual(("complete", []), tuple(self.last_run("blind")[key] for key in ("state", "inputs")))

    def test_a_record_that_cannot_be_kept_is_no_success(self):
        write(self.path("catalog", "lineage.json"), b"{broken")
        done = self.go("--", "cp", "raw-data/a/1.csv", "analytics/x.csv", check=3)
        self.assertIn("its lineage was not kept: ", done.err)
        self.go("--", "sh", "-c", "exit 5", check=5)


class Placeholders(TierTest):
    def test_a_command_that_read_a_placeholder_is_told_so(self):
        self.put("raw-data/orders/0.csv", "id\n" + "1\n" * 9000)
        self.nl("catalog", "index")
        self.nl("burst", "raw-data/orders")
        done = self.nl("run", "--job", "count", "--", "sh", "-c", "wc -c < %s" % self.path("buckets", "raw-data", "orders", "0.csv"), check=3)
        self.assertIn("the command read 1 file whose data is in the cloud", done.err)
        self.assertIn("neurolake recall raw-data/orders/0.csv", done.err)


if __name__ == "__main__":
    main()
