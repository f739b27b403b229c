# postgres_node.py: a PostgreSQL server for tests: a fresh cluster in a folder of its own, on a free port of 127.0.0.1.
# SPDX-License-Identifier: Apache-2.0
"""
Prints one line of JSON when it answers ({"port", "user", "password", "socket", "data", "pid"}) and ends when its stdin closes
(--end-with-stdin is what servers.py passes to all). As root it runs as the user postgres, since PostgreSQL refuses root. Reads
lines on stdin meanwhile: "stop" ends the server at once, "start" starts it again, "freeze" and "thaw" stop and continue all of
its processes; each is answered by one line {"done": ...}.
"""
import argparse
import glob
import json
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from ports import free_ports

USER = "lake"


def programs():
    """The folder of the newest initdb and postgres."""
    def version(folder):
        name = os.path.basename(os.path.dirname(folder))
        return [int(part) if part.isdigit() else 0 for part in name.split(".")]
    folders = [f for f in glob.glob("/usr/lib/postgresql/*/bin") if os.path.exists(f + "/initdb") and os.path.exists(f + "/postgres")]
    if folders:
        return max(folders, key=version)
    found = shutil.which("initdb")
    return os.path.dirname(os.path.realpath(found)) if found and shutil.which("postgres") else None


class Node:
    def __init__(self, bin_folder):
        self.bin, self.port, self.process = bin_folder, free_ports(1)[0], None
        self.password = "pw-" + secrets.token_hex(12)
        self.work = tempfile.mkdtemp(prefix="nl-pg-", dir="/tmp")  # short: a socket's path has 107 bytes
        self.data = os.path.join(self.work, "data")
        self.as_user = {}
        if os.getuid() == 0:
            who = pwd.getpwnam("postgres")
            os.chown(self.work, who.pw_uid, who.pw_gid)
            self.as_user = {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}
        self.environment = {"PATH": bin_folder + ":/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": self.work, "TZ": "UTC"}

    def make(self):
        secret = os.path.join(self.work, "secret")
        with open(secret, "w") as file:
            file.write(self.password + "\n")
        os.chmod(secret, 0o644)
        subprocess.run([self.bin + "/initdb", "-D", self.data, "-U", USER, "-E", "UTF8", "--no-locale", "-A", "scram-sha-256",
                        "--pwfile", secret], env=self.environment, cwd=self.work, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, check=True, **self.as_user)
        os.unlink(secret)

    def start(self):
        with open(os.path.join(self.work, "log"), "ab") as log:
            self.process = subprocess.Popen(
                [self.bin + "/postgres", "-D", self.data, "-p", str(self.port), "-k", self.work, "-c", "listen_addresses=127.0.0.1",
                 "-c", "fsync=on", "-c", "max_connections=60", "-c", "autovacuum=off"],
                env=self.environment, cwd=self.work, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **self.as_user)
        for _ in range(600):
            if self.process.poll() is not None:
                return False
            if self.ready():
                return True
            time.sleep(0.05)
        return False

    def ready(self):
        """Whether the server says so itself: the last line of postmaster.pid."""
        try:
            with open(os.path.join(self.data, "postmaster.pid")) as file:
                lines = file.read().splitlines()
            return len(lines) >= 8 and lines[0] == str(self.process.pid) and lines[7].strip() == "ready"
        except OSError:
            return False

    def stop(self):
        if self.process is None:
            return
        self.signal_all(signal.SIGCONT)
        self.process.send_signal(signal.SIGQUIT)  # immediate: as a crash
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.signal_all(signal.SIGKILL)
            self.process.wait()
        self.process = None

    def signal_all(self, number):
        """The server and its children: those whose parent it is."""
        pids = [self.process.pid]
        for entry in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(entry) as file:
                    fields = file.read().rsplit(")", 1)[1].split()
                if int(fields[1]) == self.process.pid:
                    pids.append(int(entry.split("/")[2]))
            except (OSError, IndexError, ValueError):
                continue
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def obey(self, word):
        if word == "stop":
            self.stop()
        elif word == "start":
            return self.start()
        elif word == "freeze":
            self.signal_all(signal.SIGSTOP)
        elif word == "thaw":
            self.signal_all(signal.SIGCONT)
        else:
            return False
        return True

    def log(self):
        try:
            with open(os.path.join(self.work, "log"), errors="replace") as file:
                return file.read()[-3000:]
        except OSError:
            return ""

    def clear(self):
        self.stop()
        shutil.rmtree(self.work, ignore_errors=True)


def main():
    words = argparse.ArgumentParser()
    words.add_argument("--end-with-stdin", action="store_true")
    words.parse_args()
    bin_folder = programs()
    if not bin_folder:
        print(json.dumps({"missing": ["postgresql"]}), flush=True)
        return 3
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    node = Node(bin_folder)
    try:
        node.make()
        if not node.start():
            print(node.log(), file=sys.stderr)
            return 1
        print(json.dumps({"port": node.port, "user": USER, "password": node.password, "socket": node.work, "data": node.data,
                          "pid": node.process.pid}), flush=True)
        while line := sys.stdin.readline():
            print(json.dumps({"done": node.obey(line.strip())}), flush=True)
    finally:
        node.clear()
    return 0


if __name__ == "__main__":
    sys.exit(main())
