# Conduct: streams, exit codes, locks, signals, terminals, locales, logs, help, completion.
# SPDX-License-Identifier: Apache-2.0
# ctest: threads
import fcntl
import hashlib
import json
import os
import re
import signal
import subprocess
import sys

from harness import age, BINARY, LakeTest, cron_environment, main, read, tree_hash, wait_until, write
from jsonschema_lite import check

READERS = (("bucket", "list"), ("bucket", "show", "archive"), ("bucket", "stats"), ("ls",), ("version",), ("help",), ("status",))


class Advice(LakeTest):
    def test_commands_that_are_advised_carry_the_home_that_was_given(self):
        other = self.nl("init", os.path.join(self.tmp, "its lake"), "--json").json["home"]
        os.mkdir(os.path.join(other, "buckets", "staging"))
        adopt = "neurolake --home '%s' bucket create staging" % other
        self.assertIn(adopt, self.nl("--home", other, "catalog", "index").err)
        self.assertIn("fix: to adopt it: " + adopt, self.nl("doctor", "--home", other).out)
        fixes = [one["fix"] for one in self.nl("--home", other, "doctor", "--json").json["checks"]]
        self.assertIn("to adopt it: " + adopt, fixes)
        self.assertIn(adopt, self.nl("--home", other, "bucket", "show", "staging", "--json", check=1).error["hint"])
        self.assertIn(adopt, self.nl("--home", other, "bucket", "show", "staging", check=1).err)
        # Where the same lake is found without it, and where no lake is wanted yet, nothing is added.
        found = self.nl("--home", other, "bucket", "show", "staging", env={"NEUROLAKE_HOME": other}, check=1).err
        self.assertIn("adopt it: neurolake bucket create staging", found)
        missing = os.path.join(self.tmp, "none")
        self.assertIn("neurolake init " + missing, self.nl("--home", missing, "status", check=10).err)


class Help(LakeTest):
    def commands(self):
        """Every command path, from the pages of help --all."""
        pages = self.nl("help", "--all").out
        return [words.split() for words in re.findall(r"^Usage: neurolake ((?:[a-z-]+ ?)+)(?: \[|\[| [A-Z]|$)", pages, re.M)]

    def test_every_command_explains_itself_and_ends_with_two_examples(self):
        commands = self.commands()
        self.assertGreaterEqual(len(commands), 15)
        for words in commands:
            page = self.nl(*words, "--help").out
            self.assertIn("Usage: neurolake " + " ".join(words), page)
            examples = page[page.rindex("Examples:\n"):].splitlines()[1:]
            self.assertEqual(len(examples), 2, page)
            for line in examples:
                self.assertRegex(line, r"\bneurolake\b")
            for line in page[:page.rindex("Examples:\n")].splitlines():
                self.assertLessEqual(len(line), 80, line)
            self.assertEqual(self.nl("help", *words).out, page)

    def test_every_example_names_a_real_command_and_real_options(self):
        for words in self.commands():
            page = self.nl(*words, "--help").out
            for line in page[page.rindex("Examples:\n"):].splitlines()[1:]:
                call = re.search(r"\bneurolake ((?:[a-z][a-z-]* ?)+)", line)
                self.assertIsNotNone(call, line)
                known = [" ".join(each) for each in self.commands()]
                self.assertTrue(any((call.group(1) + " ").startswith(each + " ") for each in known), line)

    def test_alone_it_shows_the_main_verbs_and_inside_a_lake_its_state(self):
        outside = self.nl(env={"NEUROLAKE_HOME": None}).out
        for verb in ("init", "bucket", "catalog", "status", "burst", "recall"):
            self.assertIn("neurolake " + verb, outside)
        self.assertGreater(len(self.nl().out), len(outside))

    def test_the_man_page_and_completions_know_every_command(self):
        page = self.nl("man").out
        self.assertTrue(page.startswith('.TH NEUROLAKE 1'))
        for words in self.commands():
            self.assertIn("neurolake " + " ".join(words).replace("-", "\\-"), page)
        for shell in ("bash", "zsh", "fish"):
            script = self.nl("completion", shell).out
            for word in ("bucket", "stats", "--dry-run"):
                self.assertIn(word.lstrip("-") if shell == "fish" else word, script)
        self.nl("completion", "tcsh", check=2)

    def test_bash_completes_commands_flags_and_buckets(self):
        script = os.path.join(self.tmp, "completion.bash")
        write(script, self.nl("completion", "bash").out)

        def completed(*words):
            typed = "neurolake " + " ".join(words)
            line = ('source %s; COMP_WORDS=(neurolake %s); COMP_CWORD=%d; COMP_LINE="%s"; COMP_POINT=%d; _neurolake; '
                    'printf "%%s\\n" "${COMPREPLY[@]}"') % (script, " ".join("'%s'" % w for w in words), len(words), typed, len(typed))
            env = self.environment({"PATH": os.path.dirname(BINARY) + ":" + os.environ["PATH"]})
            run = subprocess.run(["bash", "--norc", "-c", line], env=env, cwd=self.home, stdout=subprocess.PIPE, check=True)
            return run.stdout.decode().split()

        self.assertIn("bucket", completed("bu"))
        self.assertEqual(completed("bucket", "sta"), ["stats"])
        self.assertIn("--dry-run", completed("bucket", "rename", "--d"))
        self.assertEqual(completed("bucket", "stats", "raw"), ["raw-data"])
        self.put("raw-data/orders/a.csv", "a,b\n1,2\n")
        self.nl("catalog", "index")
        self.assertEqual(completed("catalog", "show", "raw"), ["raw-data.orders"])
        self.assertEqual(completed("recall", "raw"), ["raw-data/", "raw-data.orders"])
        for command in ("recall", "burst", "ls"):
            self.assertEqual(completed(command, "raw-data/o"), ["raw-data/orders/"])
        self.assertEqual(completed("recall", "raw-data/orders/"), ["raw-data/orders/a.csv"])
        self.assertEqual(completed("config", "set", "storage.hi"), ["storage.high"])
        self.assertEqual(completed("bucket", "set", "raw-data", "tier=l"), ["local"])
        self.assertNotIn("--list", completed("completion", "--"))


class Usage(LakeTest):
    def test_wrong_words_are_exit_2_with_a_suggestion(self):
        for words in (("catalog", "import", "/nonexist"), ("lineage", "import", "/nonexist"), ("lineage", "export", "-o", "/nonexist/x"),
                      ("catalog", "export", "-o", "/nonexist/x")):
            error = self.nl(*words, "--json", check=1).error
            self.assertRegex(error["message"], "^(import|write to) /nonexist.*: there is no ", words)
            self.assertTrue(error["hint"], words)
        self.assertIn("lists the known keys", self.nl("status", "--set", "nope=1", check=None).err)
        cases = ((("tables",), "did you mean neurolake catalog tables?"), (("catalog", "list"), "did you mean neurolake catalog tables?"),
                 (("lineage",), "neurolake lineage show analytics.daily"), (("catalog", "head", "t", "-n", "-1"), "'-1' is not a whole number of at least 1"),
                 (("catalog", "head", "t", "-n", "0x10"), "'0x10' is not a whole number"), (("catalog", "head", "t", "-n", "9" * 20), "is too large"),
                 (("catalog", "index", "--sample", "-1"), "'-1' is not a whole number"), (("logs", "query", "-n", "abc"), "'abc' is not a whole number"),
                 (("buckte",), "did you mean bucket?"), (("bucket", "lst"), "did you mean list?"),
                 (("bucket", "list", "--jsn"), "did you mean --json?"), (("bucket",), "create"), (("bucket", "show"), "BUCKET"),
                 (("ls", "--local", "--cloud"), "--cloud"), (("--now", "yesterday", "version"), "yesterday"),
                 (("--set", "nonsense", "version"), "KEY=VALUE"), (("--color", "blue", "version"), "blue"),
                 (("--wait=soon", "version"), "soon"), (("version", "more"), "more"), (("bucket", "list", "--sort"), "--sort"))
        for words, told in cases:
            result = self.nl(*words, check=2)
            self.assertIn(told, result.err, words)
            self.assertEqual(result.out, "", words)

    def test_errors_with_json_are_one_object_on_stderr(self):
        for words, rc in ((("bucket", "show", "nothing"), 1), (("bucket", "lst"), 2), (("bucket", "list", "--home", "/nowhere"), 10)):
            for flag in ("--json", "--jsonl"):
                result = self.nl(*words, flag, check=rc)
                self.assertEqual(result.out, "")
                self.assertEqual(len(result.err.splitlines()), 1)
                check(json.loads(result.err), "error.json")
                self.assertEqual(result.error["exit"], rc)

    def test_global_flags_stand_before_or_after_the_command(self):
        self.assertEqual(self.nl("--json", "bucket", "list").out, self.nl("bucket", "list", "--json").out)
        self.assertEqual(self.nl("bucket", "--json", "list").out, self.nl("bucket", "list", "--json").out)

    def test_words_of_commands_can_be_names_of_buckets(self):
        for name in ("status", "logs", "catalog"):
            self.nl("bucket", "create", name)
            self.nl("bucket", "show", name)
            self.nl("ls", name)

    def test_quiet_drops_summaries_but_not_results_or_errors(self):
        self.assertEqual(self.nl("bucket", "create", "xyz", "--quiet").out, "Created: %s\n" % self.bucket("xyz"))
        self.assertNotEqual(self.nl("bucket", "show", "nothing", "--quiet", check=1).err, "")


class Streams(LakeTest):
    def many(self, count=3000):
        for number in range(count):
            write(self.bucket("raw-data", "a-rather-long-name-of-a-file-%06d" % number), b"")

    def test_a_closed_pipe_is_success(self):
        self.many()
        run = subprocess.run(["bash", "-c", 'set -o pipefail; "$0" ls | head -1', BINARY], env=self.environment(),
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual((run.returncode, run.stderr), (0, b""))
        self.assertEqual(run.stdout, b"raw-data/a-rather-long-name-of-a-file-000000\n")

    def test_a_full_disk_behind_stdout_is_told(self):
        with open("/dev/full", "wb") as full:
            run = subprocess.run([BINARY, "bucket", "list"], env=self.environment(), stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(run.returncode, 1)
        self.assertIn(b"standard output", run.stderr)

    def test_plain_ascii_where_the_locale_is_not_utf8(self):
        write(self.bucket("raw-data", "größe-日本.csv"), "a\n1\n")
        self.nl("bucket", "set", "raw-data", "purpose=Größe")
        for env in ({"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {"LC_ALL": None}, {"LC_ALL": "de_DE.ISO-8859-1"}):
            for words in READERS + (("bucket", "stats", "raw-data", "--top", "3"), ("help", "--all"), ("init", self.lake)):
                if words == ("ls",):
                    continue  # names for programs: bytes as they are
                result = self.nl(*words, env=env, check=None)
                self.assertTrue(result.out_bytes.isascii(), (words, env, result.out_bytes))
                self.assertTrue(result.err_bytes.isascii(), (words, env))

    def test_colour_only_where_it_is_wanted(self):
        self.assertIn("\x1b[", self.terminal("bucket", "list").out)
        for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            self.assertNotIn("\x1b[", self.terminal("bucket", "list", env=env).out)
        self.assertNotIn("\x1b[", self.terminal("bucket", "list", "--color", "never").out)
        self.assertNotIn("\x1b[", self.nl("bucket", "list").out)
        self.assertIn("\x1b[", self.nl("bucket", "list", "--color", "always").out)
        self.assertNotIn("\x1b[", self.nl("bucket", "list", "--json", "--color", "always").out)

    def test_names_cannot_change_the_state_of_a_terminal(self):
        for name in (b"\x1b]0;owned\x07.csv", b"a\rb.csv", b"c\x9bd.csv", "rtl\u202e.csv".encode()):
            write(os.fsencode(self.bucket("raw-data")) + b"/" + name, b"x")
        for words in (("ls",), ("ls", "-l"), ("bucket", "stats", "raw-data", "--top", "9")):
            shown = self.terminal(*words, "--color", "never").out_bytes.replace(b"\r\n", b"\n")
            for bad in (b"\x1b", b"\x07", b"\r", b"\x9b", "\u202e".encode()):
                self.assertNotIn(bad, shown, words)
        raw = self.nl("ls").out_bytes
        self.assertIn(b"\x1b]0;owned\x07.csv", raw)
        result = self.nl("ls", b"raw-data/\x1b[31mx", check=1)
        self.assertNotIn("\x1b", result.err)

    def test_the_version_is_what_everybody_tries_first(self):
        for word in ("--version", "-V"):
            self.assertEqual(self.nl(word).out, self.nl("version").out)
        self.assertEqual(self.nl("--version", "--json").json["schema"], "neurolake.version/1")
        self.nl("bucket", "list", "--version", check=2)

    def test_nothing_far_fetched_is_suggested(self):
        for words in (("recall", "--limit"), ("cloud", "verify", "--deep")):
            self.assertNotIn("did you mean", self.nl(*words, check=2).err)
        self.assertIn("did you mean --bucket?", self.nl("burst", "--bukcet", "x", check=2).err)

    def test_long_messages_are_broken_at_the_terminal_but_never_through_a_pipe(self):
        os.mkdir(self.bucket("A name that is no name of a bucket"))
        for line in self.terminal("status", "--color", "never").out.splitlines():
            if "warning" in line or line.startswith("         "):
                self.assertTrue(len(line) <= 80 or " " not in line.strip() or "/" in line, line)
        piped = [line for line in self.nl("status").err.splitlines() if "no registered bucket" in line]
        self.assertTrue(piped and "new-name" in piped[0], piped)

    def test_lines_are_broken_at_blanks_only_and_only_on_a_terminal(self):
        for i in range(3):
            self.put("raw-data/table_%d.csv" % i, "id,zip\n1,01234\n")
        self.nl("catalog", "index", "--settle", "0")
        for words in (("status",), ("doctor",), ("burst", "--dry-run"), ("catalog", "explain", "raw-data.table_1"), ("catalog", "search", "nosuchword")):
            shown = re.sub(r"\x1b\[[0-9;]*[mK]", "", self.terminal(*words, columns=50, check=None).out.replace("\r\n", "\n"))
            piped = self.nl(*words, check=None)
            whole = set((piped.out + piped.err).split())
            for line in shown.splitlines():
                self.assertTrue(len(line) <= 50 or "/" in line or "neurolake " in line, (words, line))
            if words[0] == "catalog":
                self.assertLessEqual(set(shown.split()), whole)
        path = self.path("buckets", "raw-data", "table_1.csv")
        os.rename(path, path[:-len("table_1.csv")] + "long" * 20 + ".csv")
        self.nl("catalog", "index", "--settle", "0")
        self.assertIn("raw-data/" + "long" * 20 + ".csv", self.terminal("catalog", "show", "long" * 20, columns=50).out, "a path stays whole")
        self.assertIn("Nothing found in the names, columns, tags, terms, descriptions and owners of 3 tables; the data itself",
                      self.nl("catalog", "search", "nosuchword").out)

    def test_what_doctor_says_stands_in_one_column(self):
        for env in ({"LC_ALL": "C.UTF-8"}, {"LC_ALL": "C"}):
            shown = self.terminal("doctor", columns=60, env=env).out.replace("\r\n", "\n")
            lines = re.sub(r"\x1b\[[0-9;]*[mK]", "", shown).splitlines()[:-1]
            self.assertTrue(any(line.startswith("     ") for line in lines), lines)
            for line in lines:
                self.assertRegex(line, r"^(✓   |ok  |!   |-   |    ) (\S|  fix: |       \S)")

    def test_removing_a_bucket_with_files_asks_a_person_and_nobody_else(self):
        for name in ("one", "two"):
            self.nl("bucket", "create", name + "-bucket")
            self.put(name + "-bucket/x.csv", "a,b\n1,2\n")
        before = tree_hash(self.bucket("one-bucket"))
        shown = self.terminal("bucket", "remove", "one-bucket", "--trash", input=b"n\n", check=15).out
        self.assertIn("Move 1 file of bucket 'one-bucket' to the trash?", shown)
        self.assertEqual(tree_hash(self.bucket("one-bucket")), before)
        self.terminal("bucket", "remove", "one-bucket", "--trash", input=b"y\n")
        self.assertFalse(os.path.exists(self.bucket("one-bucket")))
        self.nl("bucket", "remove", "two-bucket", "--trash")

    def test_a_bucket_or_a_bare_name_for_a_table_leads_on(self):
        self.put("raw-data/orders/x.csv", "a,b\n1,2\n")
        self.nl("catalog", "index")
        self.assertIn("neurolake catalog tables raw-data", self.nl("catalog", "show", "raw-data", check=1).err)
        self.assertIn("did you mean raw-data.orders?", self.nl("catalog", "show", "oders", check=1).err)

    def test_another_user_is_told_whose_lake_it_is(self):
        if os.getuid() != 0:
            self.skipTest("needs root, to be somebody else")
        result = self.nl("ls", uid=65534, check=1)
        self.assertIn("belongs to root", result.err)
        self.assertIn("run neurolake as root", result.err)

    def test_tables_fit_a_terminal_of_80_columns(self):
        self.nl("bucket", "set", "raw-data", "purpose=" + "very long words about it " * 8)
        shown = self.terminal("bucket", "list", "--color", "never").out
        for line in shown.splitlines():
            self.assertLessEqual(len(line), 80, line)
        self.assertIn("very long", shown)
        self.assertIn(("very long words about it " * 8).strip(), self.nl("bucket", "list").out)

    def test_progress_is_a_bar_on_terminals_only_and_leaves_nothing(self):
        big = os.path.join(self.tmp, "big.bin")
        with open(big, "wb") as file:
            file.truncate(64 << 20)
        shown = self.terminal("put", big, "raw-data/one.bin").out
        self.assertIn("\r\x1b[K", shown)
        self.assertEqual(shown.split("\r\x1b[K")[-1].splitlines()[0], "raw-data/one.bin  64.0 MiB")
        self.assertEqual(self.nl("put", big, "raw-data/two.bin").err, "")
        self.assertNotIn("\r", self.nl("put", big, "raw-data/three.bin").out)
        self.assertNotIn("\x1b[K", self.terminal("put", big, "raw-data/four.bin", "--quiet").out)
        store = os.path.join(self.tmp, "store")
        os.mkdir(store)
        self.nl("config", "set", "hybrid_storage.cloud_provider", "directory")
        self.nl("config", "set", "hybrid_storage.directory", store)
        age(self.bucket("raw-data"), seconds=3600)
        for words, last in ((("burst", "raw-data/one.bin"), "Uploaded"), (("cloud", "verify"), "1 object,"),
                            (("recall", "--all"), "Brought back 1 file")):
            shown = self.terminal(*words).out
            left = [line.split("\r\x1b[K")[-1] for line in shown.replace("\r\n", "\n").split("\n")]
            self.assertTrue(any(line.startswith(last) for line in left), shown)

    def test_it_works_in_the_environment_of_cron(self):
        env = cron_environment(NEUROLAKE_HOME=self.lake)
        for words in READERS:
            self.nl(*words, only_env=env, cwd="/")


class Cron(LakeTest):
    def test_the_lines_of_a_crontab_run_as_they_are(self):
        os.mkdir(os.path.join(self.tmp, "store"))
        self.nl("config", "set", "hybrid_storage.cloud_provider", "directory")
        self.nl("config", "set", "hybrid_storage.directory", os.path.join(self.tmp, "store"))
        report = self.nl("cron", "print", "--json").json
        check(report)
        self.assertEqual([], report["left_out"])
        self.assertEqual(report["lines"][0]["when"], "*/15 * * * *")
        for line in report["lines"]:
            self.assertIn(self.path("logs/cron.log"), line["command"])
            self.assertTrue(line["command"].startswith("'/"))
        self.assertIn(report["lock"], self.nl("cron", "print").out)
        index = report["lines"][0]["command"]
        run = subprocess.run(["sh", "-c", index], env=cron_environment(), cwd="/", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, b"", b""))
        self.assertEqual(read(self.path("logs/cron.log")), b"")
        self.nl("cron", "print", "--index-every", "7m", check=2)
        self.nl("cron", "print", "--burst-at", "25:00", check=2)
        self.assertIn("\n5 3 * * * ", self.nl("cron", "print", "--burst-at", "03:05").out)

    def test_no_line_is_made_for_what_cannot_run(self):
        report = self.nl("cron", "print", "--json").json
        check(report)
        self.assertEqual(["index"], [line["job"] for line in report["lines"]])
        self.assertIn("hybrid_storage.cloud_bucket", report["left_out"][0]["why"])
        self.assertIn("# No line for burst: ", self.nl("cron", "print").out)
        self.nl("config", "set", "hybrid_storage.cloud_bucket", "some-bucket")
        keys = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret"}
        self.assertIn("known to this shell only", self.nl("cron", "print", env=keys).out)
        os.mkdir(os.path.join(self.home, ".aws"))
        write(os.path.join(self.home, ".aws", "credentials"), "[default]\naws_access_key_id = AKIA\naws_secret_access_key = secret\n")
        self.assertEqual(["index", "burst"], [line["job"] for line in self.nl("cron", "print", "--json", env=keys).json["lines"]])


class Locks(LakeTest):
    def hold(self):
        file = open(self.path(".neurolake", "lock"), "a")
        fcntl.flock(file, fcntl.LOCK_EX)
        self.addCleanup(file.close)
        return file

    def test_a_second_writer_is_refused_and_readers_are_not(self):
        before = tree_hash(self.path("config"))
        self.hold()
        result = self.nl("bucket", "create", "xyz", check=11)
        self.assertIn("another run holds the lake", result.err)
        self.nl("put", __file__, "raw-data", check=11)
        self.nl("bucket", "create", "xyz", "--wait=1s", check=11)
        self.assertEqual(tree_hash(self.path("config")), before)
        for words in READERS:
            self.nl(*words)
        self.nl("bucket", "create", "xyz", "--dry-run")

    def test_waiting_ends_when_the_other_run_does(self):
        held = self.hold()
        waiting = self.start("bucket", "create", "xyz", "--wait")
        self.assertIsNone(waiting.poll())
        held.close()
        self.assertEqual(waiting.wait(), 0)
        self.assertTrue(os.path.isdir(self.bucket("xyz")))

    def test_a_signal_ends_the_waiting(self):
        self.hold()
        for number, rc in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            waiting = self.start("bucket", "create", "xyz", "--wait")
            wait_until(lambda: self.catches(waiting.pid, number), "the signal handler")
            os.kill(waiting.pid, number)
            self.assertEqual(waiting.wait(), rc)
            self.assertIn(b"again", waiting.stderr.read())

    @staticmethod
    def catches(pid, number):
        with open("/proc/%d/status" % pid) as status:
            mask = int(re.search(r"^SigCgt:\s*([0-9a-f]+)", status.read(), re.M).group(1), 16)
        return mask >> (number - 1) & 1

    def test_a_killed_run_blocks_nobody(self):
        held = self.hold()
        waiting = self.start("bucket", "create", "xyz", "--wait")
        held.close()
        waiting.kill()
        waiting.wait()
        self.nl("bucket", "create", "abc")

    def test_an_interrupted_put_leaves_no_trace_and_can_be_repeated(self):
        big = os.path.join(self.tmp, "big.bin")
        with open(big, "wb") as file:
            file.truncate(768 << 20)
        running = self.start("put", big, "raw-data")
        wait_until(lambda: os.listdir(self.bucket("raw-data")) or running.poll() is not None, "the copy to begin")
        running.send_signal(signal.SIGINT)
        self.assertEqual(running.wait(), 130)
        self.assertEqual(os.listdir(self.bucket("raw-data")), [])
        self.nl("put", big, "raw-data")
        self.assertEqual(os.path.getsize(self.bucket("raw-data", "big.bin")), 768 << 20)


class Logs(LakeTest):
    KEYS = {"ts", "lake", "user", "host", "pid", "cmd", "event", "rc", "ms"}

    def test_failures_go_to_the_error_log_and_changes_to_the_audit_log(self):
        self.nl("bucket", "show", "nothing", check=1)
        failed = self.log("error")[-1]
        self.assertLessEqual(self.KEYS, set(failed))
        self.assertEqual((failed["cmd"], failed["rc"], failed["code"]), ("bucket show", 1, "not_found"))
        self.assertRegex(failed["ts"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.nl("bucket", "create", "xyz")
        self.assertLessEqual(self.KEYS, set(self.log("audit")[-1]))

    def test_reading_and_dry_runs_write_no_log(self):
        before = tree_hash(self.lake)
        for words in READERS:
            self.nl(*words)
        self.nl("bucket", "create", "xyz", "--dry-run")
        self.nl("bucket", "remove", "nothing", "--dry-run", check=1)
        self.assertEqual(tree_hash(self.lake), before)

    def test_the_audit_log_is_a_chain(self):
        for name in ("one", "two", "three"):
            self.nl("bucket", "create", name)
        previous = b""
        lines = read(self.path("logs/audit.log")).splitlines()
        self.assertGreaterEqual(len(lines), 4)
        for line in lines:
            wanted = hashlib.sha256(previous).hexdigest() if previous else "0" * 64
            self.assertEqual(json.loads(line)["prev"], wanted)
            previous = line

    def test_a_word_that_is_missing_is_said_with_what_it_may_be(self):
        self.assertIn("LOG is required: audit, query or error", self.nl("logs", check=2).err)
        for words in (["run"], ["run", "--"]):
            self.assertIn("COMMAND is required: ", self.nl(*words, check=2).err)

    def test_words_in_brackets_are_taken_as_they_stand(self):
        for name in ("g", "[g]"):
            write(os.path.join(self.tmp, name), name.encode())
        self.nl("put", "--move", "[g]", "raw-data", cwd=self.tmp)
        self.assertEqual(b"[g]", read(self.bucket("raw-data", "[g]")))
        self.assertEqual(b"g", read(os.path.join(self.tmp, "g")))
        self.nl("catalog", "glossary", "add", "T", "--synonym", "[s,t]", "--synonym=[u]", "--definition", "[d]")
        term = self.nl("catalog", "glossary", "show", "T", "--json").json["terms"][0]
        self.assertEqual((["[s,t]", "[u]"], "[d]"), (term["synonyms"], term["definition"]))
        words = ["[1, 2]", "[]", "[0-9]", "[[x]]", "--in=[a,b]", "]", "{}", "[a]\x1f", "a]"]
        said = self.nl("run", "--", sys.executable, "-c", "import sys; print(sys.argv[1:])", *words).out
        self.assertEqual(repr(words), said.strip())
        self.assertIn("unknown command '[x]'", self.nl("[x]", check=2).err)

    def test_logs_are_shown_and_the_chain_is_checked(self):
        self.nl("bucket", "create", "xyz")
        self.nl("put", write(os.path.join(self.tmp, "in.csv"), "a"), "xyz")
        shown = self.nl("logs", "audit", "--last", "2").out.splitlines()
        self.assertIn("path=xyz/in.csv", shown[-1])
        check(self.nl("logs", "audit", "--json").json)
        self.assertEqual(self.nl("logs", "audit", "--since", "7d", "--now", "2126-01-01T00:00:00Z").out, "")
        report = self.nl("audit", "verify", "--json").json
        check(report)
        self.assertTrue(report["intact"])
        lines = read(self.path("logs/audit.log")).splitlines(True)
        for damaged in (lines[:1] + lines[2:], lines[1:], lines[:-1] + [lines[-1].replace(b"xyz", b"abc")] + lines[-1:],
                        [lines[0].replace(b'"rc":0', b'"rc":1')] + lines[1:]):
            write(self.path("logs/audit.log"), b"".join(damaged))
            self.assertIn("audit.log:", self.nl("audit", "verify", check=14).err)
        write(self.path("logs/audit.log"), b"".join(lines))
        self.nl("audit", "verify")

    def test_no_secret_of_a_flag_or_variable_is_logged(self):
        env = {"AWS_SECRET_ACCESS_KEY": "s3cr3tvalue", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE"}
        self.nl("bucket", "create", "xyz", "--set", "hybrid_storage.secret_access_key=s3cr3tvalue", env=env, check=None)
        self.nl("bucket", "show", "nothing", "--set", "hybrid_storage.secret_access_key=s3cr3tvalue", env=env, check=None)
        for name in ("audit", "error", "query"):
            self.assertNotIn(b"s3cr3tvalue", read(self.path("logs", name + ".log")))


if __name__ == "__main__":
    main()
