# What every end-to-end test stands on: a lake in a scratch folder, the real binary, a clean environment.
# SPDX-License-Identifier: Apache-2.0
"""
    from harness import LakeTest, main

    class Buckets(LakeTest):                       # setUp has made a lake in self.lake (make_lake = False: only the folder name)
        def test_a_bucket_is_a_folder(self):
            self.nl("bucket", "create", "x")       # rc 0 is checked; check=2 expects 2, check=(0, 3) either, check=None none
            self.assertTrue(os.path.isdir(self.bucket("x")))
            rows = self.nl("bucket", "list", "--json").json["buckets"]

    if __name__ == "__main__":
        main()

The binary is $NEUROLAKE, else build/release/apps/neurolake/neurolake. Nothing of the caller's environment reaches it except PATH
and the sanitizers' options; HOME is a scratch folder. Everything a test makes lies under self.tmp and is removed; everything a
test starts with self.start is ended.
"""
import datetime
import errno
import fcntl
import hashlib
import json
import os
import pty
import select
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(TESTS)
SUPPORT = os.path.join(TESTS, "support")
BINARY = os.path.abspath(os.environ.get("NEUROLAKE") or os.path.join(ROOT, "build/release/apps/neurolake/neurolake"))
BUILD = os.path.abspath(os.environ.get("NEUROLAKE_BUILD_DIR") or os.path.join(ROOT, "build/release"))
SANITIZER = os.environ.get("NEUROLAKE_SANITIZE", "")  # "", "address,undefined" or "thread", as the build was made
NOBODY = 65534
DEADLINE = 600  # seconds after which a hung program is ended and the test fails: a safety net, not a measure
KEPT = ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "TMPDIR", "LD_LIBRARY_PATH")
sys.path.insert(0, SUPPORT)


class Result:
    """What a program left behind: .rc, .out and .err as text (undecodable bytes kept as surrogates), .json, .error."""

    def __init__(self, args, rc, out, err):
        self.args, self.rc, self.out_bytes, self.err_bytes = args, rc, out, err
        self.out = out.decode("utf-8", "surrogateescape")
        self.err = err.decode("utf-8", "surrogateescape")

    @property
    def json(self):
        """stdout as the one JSON object that --json promises."""
        return json.loads(self.out)

    @property
    def jsonl(self):
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error(self):
        """The error object that --json promises on stderr (its last line)."""
        return json.loads(self.err.splitlines()[-1])["error"]

    def __str__(self):
        def shown(text):
            return text if len(text) < 6000 else text[:3000] + "\n[...]\n" + text[-3000:]
        return "$ %s\nrc %s\n--- stdout\n%s--- stderr\n%s" % (
            " ".join(map(printable, self.args)), self.rc, shown(self.out), shown(self.err))


def printable(value):
    return os.fsencode(value).decode("utf-8", "backslashreplace")


def clean_environment(home, **more):
    """PATH, a scratch HOME, UTF-8, and nothing else that could change an answer; None removes a variable."""
    env = {name: os.environ[name] for name in KEPT if name in os.environ}
    env.update(HOME=home, LC_ALL="C.UTF-8", TZ="UTC", TERM="dumb", USER="tester")
    return merged(env, more)


def merged(env, more):
    env = dict(env)
    for name, value in (more or {}).items():
        if value is None:
            env.pop(name, None)
        else:
            env[name] = os.fsdecode(value) if isinstance(value, bytes) else str(value)
    return env


def cron_environment(**more):
    """What cron gives a job: a short PATH and next to nothing else; no HOME, no TERM, no locale."""
    return merged({"PATH": "/usr/bin:/bin"}, more)


# ------------------------------------------------------------------------------------------------ files

def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def write(path, data=b"", age_days=None, mode=None):
    """Writes a file with its folders; text or bytes. Returns the path."""
    folder = os.path.dirname(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
    with open(path, "wb") as file:
        file.write(data.encode() if isinstance(data, str) else data)
    if mode is not None:
        os.chmod(path, mode)
    if age_days is not None:
        age(path, days=age_days)
    return path


def read(path):
    with open(path, "rb") as file:
        return file.read()


def age(path, days=0, seconds=0):
    """Makes a file, or every file of a folder, that much older (also what lets fresh files pass the settle time)."""
    past = time.time() - days * 86400 - seconds
    if not os.path.isdir(path) or os.path.islink(path):
        os.utime(path, (past, past), follow_symlinks=False)
        return path
    for folder, _, files in os.walk(os.fsencode(path)):
        for name in files:
            os.utime(os.path.join(folder, name), (past, past), follow_symlinks=False)
    return path


def tree(path, content=True):
    """{relative path (bytes): (kind, mode, size, mtime_ns, sha256 or link target)}: names, bytes, modes and times of a folder."""
    top = os.fsencode(path)
    found = {}

    def visit(full, name):
        info = os.lstat(full)
        kind, mode = stat.S_IFMT(info.st_mode), stat.S_IMODE(info.st_mode)
        if stat.S_ISDIR(info.st_mode):
            found[name] = ("dir", mode, 0, info.st_mtime_ns, "")
            for child in sorted(os.listdir(full)):
                visit(os.path.join(full, child), os.path.join(name, child) if name else child)
        elif stat.S_ISLNK(info.st_mode):
            found[name] = ("link", mode, info.st_size, info.st_mtime_ns, os.readlink(full))
        elif stat.S_ISREG(info.st_mode):
            found[name] = ("file", mode, info.st_size, info.st_mtime_ns, digest_of(full) if content else "")
        else:
            found[name] = ("special %o" % kind, mode, 0, info.st_mtime_ns, "")

    visit(top, b"")
    return found


def digest_of(path):
    try:
        return sha256(path)
    except PermissionError:
        return "unreadable"


def tree_hash(path, content=True):
    """One digest of tree(): equal before and after means that nothing was written."""
    return hashlib.sha256(repr(sorted(tree(path, content).items())).encode()).hexdigest()


def remove_tree(path):
    """rmtree that also clears folders and files whose mode forbids it."""
    def allow(function, name, _):
        if isinstance(sys.exc_info()[1], FileNotFoundError):
            return
        for each in (os.path.dirname(name), name):
            try:
                if not os.path.islink(each):
                    os.chmod(each, 0o700)
            except OSError:
                pass
        shutil.rmtree(name, onerror=give_up) if os.path.isdir(name) and not os.path.islink(name) else os.unlink(name)

    def give_up(function, name, info):
        raise info[1]

    if os.path.lexists(path):
        shutil.rmtree(os.fsencode(path), onerror=allow)


# ------------------------------------------------------------------------------------------------ processes

def run(args, env=None, input=None, cwd=None, uid=None, timeout=DEADLINE):
    """Runs a program to its end in its own process group; uid: as that user (only root can)."""
    if os.path.basename(args[0]) == "strace":  # the leak checker cannot work under a tracer
        options = (env if env is not None else os.environ).get("ASAN_OPTIONS", "")
        env = merged(os.environ if env is None else env, {"ASAN_OPTIONS": (options + ":" if options else "") + "detect_leaks=0"})
    process = subprocess.Popen(args, env=env, cwd=cwd, stdin=subprocess.PIPE if input is not None else subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, **identity(uid))
    try:
        out, err = process.communicate(input.encode() if isinstance(input, str) else input, timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        raise AssertionError("hung after %d s\n%s" % (timeout, Result(args, "killed", out, err)))
    return Result(args, process.returncode, out, err)


def identity(uid):
    if uid is None or uid == os.getuid():
        return {}
    return {"user": uid, "group": uid, "extra_groups": []}


def run_on_terminal(args, env=None, input=b"", cwd=None, columns=80, rows=24, only=("stdin", "stdout", "stderr"), timeout=DEADLINE):
    """Runs a program with the named streams on a pseudo-terminal of that width. .out is what came on the terminal (with carriage
    returns as sent, line ends made plain); streams not named are pipes: stdout then in .out as well, stderr in .err."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.ONLCR  # output as the program wrote it
    attributes[3] &= ~termios.ECHO
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    streams.update({name: slave for name in only})

    def take_terminal():
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(args, env=env, cwd=cwd, start_new_session=True, preexec_fn=take_terminal, **streams)
    os.close(slave)
    if input:
        os.write(master, input.encode() if isinstance(input, str) else input)
    texts = {master: b""}
    pipes = {stream.fileno(): name for name, stream in (("out", process.stdout), ("err", process.stderr)) if stream}
    texts.update({fd: b"" for fd in pipes})
    waiting, end = set(texts), time.monotonic() + timeout
    while waiting:
        ready, _, _ = select.select(list(waiting), [], [], 0.2)
        for fd in ready:
            try:
                block = os.read(fd, 65536)
            except OSError as error:  # Linux: EIO when the last holder of the slave side is gone
                if error.errno != errno.EIO:
                    raise
                block = b""
            texts[fd] += block
            if not block:
                waiting.discard(fd)
        if not ready and process.poll() is not None and master in waiting and len(waiting) == 1:
            waiting.discard(master)
        if time.monotonic() > end:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise AssertionError("hung on a terminal: %s\n%r" % (args, texts))
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()
    os.close(master)
    named = {name: texts[fd] for fd, name in pipes.items()}
    return Result(args, process.returncode, texts[master] + named.get("out", b""), named.get("err", b""))


def wait_until(condition, what, seconds=60):
    """Waits until condition() is true and returns its value; fails naming `what` when it never becomes so."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited %d s in vain for: %s" % (seconds, what))
        time.sleep(0.01)


def listening(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def need(*programs):
    """Skips the test where a program it drives is not installed; in CI that is a failure, so that no test goes missing unseen."""
    missing = [name for name in programs if shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is None]
    if missing and os.environ.get("CI"):
        raise AssertionError("not installed: %s (tools/install-deps test)" % ", ".join(missing))
    if missing:
        raise unittest.SkipTest("needs " + ", ".join(missing))


def rfc3339(when=None, days=0):
    """A time for --now: now, or a datetime, plus that many days."""
    when = (when or datetime.datetime.now(datetime.timezone.utc)) + datetime.timedelta(days=days)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


# ------------------------------------------------------------------------------------------------ the test case

class LakeTest(unittest.TestCase):
    make_lake = True  # False: the test makes its lake itself
    maxDiff = None

    def setUp(self):
        self.assertTrue(os.access(BINARY, os.X_OK), "no neurolake binary at %s: build it, or set NEUROLAKE" % BINARY)
        self.tmp = os.path.realpath(tempfile.mkdtemp(prefix="neurolake-"))
        self.addCleanup(remove_tree, self.tmp)
        os.chmod(self.tmp, 0o755)
        self.home = os.path.join(self.tmp, "home")
        os.mkdir(self.home)
        self.lake = os.path.join(self.tmp, "lake")
        self.binary = BINARY
        self.started = []
        self.addCleanup(self.stop_all)
        if self.make_lake:
            self.nl("init", self.lake)

    # -- running the binary

    def environment(self, env=None, lake=None):
        """The clean environment with NEUROLAKE_HOME naming the lake; env={"NEUROLAKE_HOME": None} leaves that out."""
        return merged(clean_environment(self.home, NEUROLAKE_HOME=lake or self.lake), env)

    def nl(self, *args, env=None, input=None, check=0, cwd=None, lake=None, uid=None, only_env=None, timeout=DEADLINE):
        """Runs neurolake. only_env: that environment instead of the clean one (cron_environment()). uid: as that user."""
        whole = dict(only_env) if only_env is not None else self.environment(env, lake)
        result = run([self.binary_for(uid), *map(self.argument, args)], env=whole, input=input, cwd=cwd or self.tmp, uid=uid,
                     timeout=timeout)
        self.check(result, check)
        return result

    def terminal(self, *args, env=None, check=0, cwd=None, lake=None, columns=80, input=b"", only=("stdin", "stdout", "stderr")):
        """Runs neurolake on a pseudo-terminal of that width."""
        whole = merged(self.environment(env, lake), {"TERM": (env or {}).get("TERM", "xterm-256color")})
        result = run_on_terminal([self.binary, *map(self.argument, args)], env=whole, input=input, cwd=cwd or self.tmp,
                                 columns=columns, only=only)
        self.check(result, check)
        return result

    def start(self, *args, env=None, lake=None, cwd=None, program=None, stdin=subprocess.DEVNULL, **more):
        """Starts neurolake (or `program`) and returns the Popen; ended at the test's end if it still runs."""
        more.setdefault("stdout", subprocess.PIPE)
        more.setdefault("stderr", subprocess.PIPE)
        process = subprocess.Popen([program or self.binary, *map(self.argument, args)], env=self.environment(env, lake),
                                   cwd=cwd or self.tmp, stdin=stdin, start_new_session=True, **more)
        self.started.append(process)
        return process

    def stop_all(self):
        for process in self.started:
            if process.poll() is None:
                try:
                    os.killpg(process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream:
                    stream.close()
        self.started = []

    def check(self, result, expected):
        if expected is None:
            return
        expected = (expected,) if isinstance(expected, int) else tuple(expected)
        if result.rc not in expected:
            self.fail("rc %s, not %s\n%s" % (result.rc, " or ".join(map(str, expected)), result))

    @staticmethod
    def argument(value):
        return value if isinstance(value, (str, bytes)) else str(value)

    def binary_for(self, uid):
        """Another user may not be able to reach the build folder: gives them a copy."""
        if uid is None or uid == os.getuid():
            return self.binary
        copy = os.path.join(self.tmp, "neurolake")
        if not os.path.exists(copy):
            shutil.copy(self.binary, copy)
            os.chmod(copy, 0o755)
        return copy

    def as_nobody(self):
        """The uid to pass as nl(uid=...) for a test about permissions; the lake then belongs to that user. As an ordinary user:
        that user."""
        if os.getuid() != 0:
            return os.getuid()
        for top in (self.home, self.lake):
            for folder, folders, files in os.walk(top):
                for name in [folder] + [os.path.join(folder, each) for each in folders + files]:
                    os.chown(name, NOBODY, NOBODY, follow_symlinks=False)
        return NOBODY

    # -- the lake

    def path(self, *parts):
        """A path inside the lake."""
        return os.path.join(self.lake, *parts)

    def bucket(self, name="raw-data", *parts):
        return self.path("buckets", name, *parts)

    def put(self, name, data, age_days=1, mode=None):
        """Writes buckets/<name> as a user would with cp; a day old by default, so that it counts as settled."""
        return write(self.path("buckets", name), data, age_days=age_days, mode=mode)

    def set(self, key, value, **more):
        return self.nl("config", "set", key, value, **more)

    def log(self, name):
        """The entries of logs/<name>.log."""
        path = self.path("logs", name + ".log")
        return [json.loads(line) for line in read(path).splitlines()] if os.path.exists(path) else []

    def assert_same_tree(self, before, path, ignore=()):
        """tree(path) equals `before`, an earlier tree(); ignore: relative paths (bytes) that may differ."""
        after = tree(path)
        names = sorted(set(before) | set(after))
        differences = ["%s: %s -> %s" % (printable(name), before.get(name), after.get(name)) for name in names
                       if name not in ignore and before.get(name) != after.get(name)]
        self.assertEqual([], differences)

    def assert_writes_nothing(self, *args, path=None, check=0, **more):
        """Runs neurolake and proves that the lake (or `path`) is what it was, to the mode and time of every file."""
        top = path or self.lake
        before = tree(top)
        result = self.nl(*args, check=check, **more)
        self.assert_same_tree(before, top)
        return result


class SayingWhy(unittest.TextTestRunner):
    """Ends with one line for each skipped test, which tools/test adds up."""

    def run(self, test):
        result = super().run(test)
        for each, why in result.skipped:
            self.stream.writeln("skipped: %s: %s" % (each.id().replace("__main__.", ""), why))
        return result


def main():
    # A shell starts what runs in its background deaf to an interrupt, and whatever that starts: the program under test must hear it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    unittest.main(module="__main__", verbosity=2 if os.environ.get("VERBOSE") else 1, testRunner=SayingWhy)
