# bench_tier.py: burst and recall against rclone, aws, s3cmd and curl, on one strict S3 server on loopback that counts.
# SPDX-License-Identifier: Apache-2.0
"""The server is a process of Python: wall times hold its work too (its CPU seconds are in each row), so that our own CPU
seconds, the requests and the bytes say more. Each run begins with fresh files, written back to disk, and an empty server.
Peers get as many transfers at once as we do, parts of the same size, and none of the checks they can leave out."""
import os
import random
import resource
import shutil
import subprocess
import sys
import time

from measure import Command, Row, peer

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from servers import MiniS3  # noqa: E402

AT_ONCE = 16
PART = 16 << 20
MB = 1e6
LARGE = 512 << 20
SETTLED = 2.1  # seconds after which a burst takes a file without waiting
TICKS = os.sysconf("SC_CLK_TCK")


class Load:
    """Files to move, as a folder that is copied for each run."""

    def __init__(self, context, files, size):
        self.files, self.size, self.bytes = files, size, files * size
        self.source = context.path(f"tier-{files}-{size}")
        if not os.path.exists(self.source + ".ready"):
            shutil.rmtree(self.source, ignore_errors=True)
            self.make()
            with open(self.source + ".ready", "w", encoding="ascii"):
                pass

    def make(self):
        noise = random.Random(1)
        for i in range(self.files):
            folder = os.path.join(self.source, f"d{i // 100:03}")
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, f"f{i:05}.bin"), "wb") as out:
                for done in range(0, self.size, 1 << 24):
                    out.write(noise.randbytes(min(1 << 24, self.size - done)))
            os.utime(out.name, (1_700_000_000, 1_700_000_000))

    def one(self):
        return os.path.join(self.source, "d000", "f00000.bin")

    def copy_to(self, folder):
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        subprocess.run(["cp", "-a", self.source, folder], check=True)
        os.sync()


def here(folder):
    """Number and bytes of the load's files below a folder; the stubs among them have no permissions and do not count."""
    found = [os.stat(os.path.join(at, name)) for at, _, names in os.walk(folder) for name in names if name.endswith(".bin")]
    sizes = [one.st_size for one in found if one.st_mode & 0o777]
    return len(sizes), sum(sizes)


class Bench:
    """The server, the lake, and a folder where the peers' files are."""

    def __init__(self, context, load):
        self.context, self.load = context, load
        self.server = MiniS3().start()
        self.number = 0
        self.folder = context.path("tier-run")
        shutil.rmtree(self.folder, ignore_errors=True)
        os.mkdir(self.folder)
        # Where ext4 knows of it, what lies directly below is spread over the disk, away from what earlier runs deleted.
        subprocess.run(["chattr", "+T", self.folder], stderr=subprocess.DEVNULL, check=False)
        self.lake, self.moved = os.path.join(self.folder, "lake"), os.path.join(self.folder, "moved")
        self.env = {"PATH": os.environ.get("PATH", ""), "HOME": context.path("tier-home"), "LC_ALL": "C", **self.server.env}
        os.makedirs(self.env["HOME"], exist_ok=True)

    def stop(self):
        self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def forget(self, folder):
        """Makes the name free. Many files are only moved aside: ext4 makes new ones slowly where many were just deleted."""
        if self.load.files == 1:
            shutil.rmtree(folder, ignore_errors=True)
        elif os.path.exists(folder):
            self.number += 1
            os.rename(folder, f"{folder}-{self.number}")

    # ---- what the server saw

    def server_cpu(self):
        with open(f"/proc/{self.server.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def begin(self):
        self.server.recount()
        self.cpu_before = self.server_cpu()

    def counts(self):
        """Of one run, for the table; bytes sent twice are those beyond what is kept."""
        seen = self.server.counts()
        requests = seen["requests"]
        return seen, {"requests/file": sum(requests.values()) / self.load.files, "at once": seen["most_running"],
                      "server CPU s": self.server_cpu() - self.cpu_before}

    def uploaded(self, folder=None):
        """Of an upload: everything must be there, and of a move nothing but stubs or nothing here."""
        seen, numbers = self.counts()
        if (seen["objects"], seen["bytes_kept"]) != (self.load.files, self.load.bytes) or (folder and here(folder)[0]):
            raise RuntimeError(f"not everything was moved: {seen}")
        twice = seen["bytes_in"] - self.load.bytes
        if twice < 16 << 10:
            twice = 0  # the list of parts is a body too
        return {**numbers, "PUT/file": seen["requests"].get("PUT", 0) / self.load.files,
                "HEAD/file": seen["requests"].get("HEAD", 0) / self.load.files, "MB sent twice": twice / MB}

    def downloaded(self, folder):
        if here(folder) != (self.load.files, self.load.bytes):
            raise RuntimeError(f"not everything was fetched: {here(folder)}")
        return self.counts()[1]

    # ---- ours

    def neurolake(self, *words):
        settings = {"hybrid_storage.cloud_provider": "s3", "hybrid_storage.endpoint": self.server.endpoint,
                    "hybrid_storage.cloud_bucket": self.server.bucket, "hybrid_storage.concurrency": AT_ONCE,
                    "hybrid_storage.part_size": PART, "burst.min_size": 0, "catalog.settle_seconds": 0}
        flags = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
        return [self.context.program("neurolake"), "--home", self.lake, *words, *flags]

    def bucket(self):
        return os.path.join(self.lake, "buckets", "raw-data", "load")

    def quietly(self, *words, **more):
        subprocess.run(self.neurolake(*words), env=self.env, stdout=subprocess.DEVNULL, check=True, **more)

    def new_lake(self):
        self.forget(self.lake)
        subprocess.run([self.context.program("neurolake"), "init", "--quiet", self.lake], env=self.env, check=True)
        self.load.copy_to(self.bucket())
        time.sleep(SETTLED)
        self.server.reset()
        self.begin()

    def burst(self):
        return Command("neurolake burst", self.neurolake("burst", "--quiet", "raw-data"), self.new_lake, self.env,
                       after=lambda _: self.uploaded(self.bucket()))

    def recall(self):
        def before():
            self.new_lake()
            self.quietly("burst", "--quiet", "raw-data")
            os.sync()
            self.begin()
        return Command("neurolake recall", self.neurolake("recall", "--quiet", "--all"), before, self.env,
                       after=lambda _: self.downloaded(self.bucket()))

    def killed_burst(self):
        """A burst is killed when the server has half; what is measured is the next run."""
        def before():
            self.new_lake()
            running = subprocess.Popen(self.neurolake("burst", "raw-data"), env=self.env, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            while self.server.counts()["bytes_in"] < self.load.bytes // 2 and running.poll() is None:
                time.sleep(0.002)
            running.kill()
            running.wait()

        def after(_):
            numbers = self.uploaded(self.bucket())
            numbers["parts again/connection"] = numbers["MB sent twice"] * MB / PART / AT_ONCE
            return numbers
        return Command("neurolake burst", self.neurolake("burst", "--quiet", "raw-data"), before, self.env, after=after)

    # ---- peers: each with its own folder of the same files

    def moving(self, command):
        def before():
            self.forget(self.moved)
            self.load.copy_to(self.moved)
            self.server.reset()
            self.begin()
        command.before, command.after = before, lambda _: self.uploaded(self.moved)
        command.env = {**self.env, **(command.env or {})}
        return command

    def fetching(self, command):
        """Of what our burst before it left on the server."""
        def before():
            self.forget(self.moved)
            os.mkdir(self.moved)
            os.sync()
            self.begin()
        command.before, command.after = before, lambda _: self.downloaded(self.moved)
        command.env = {**self.env, **(command.env or {})}
        return command

    def rclone(self, task, *paths):
        env = {"RCLONE_CONFIG": "", "RCLONE_CONFIG_NL_TYPE": "s3", "RCLONE_CONFIG_NL_PROVIDER": "Other",
               "RCLONE_CONFIG_NL_ENDPOINT": self.server.endpoint, "RCLONE_CONFIG_NL_REGION": self.server.region,
               "RCLONE_CONFIG_NL_ACCESS_KEY_ID": self.server.access_key,
               "RCLONE_CONFIG_NL_SECRET_ACCESS_KEY": self.server.secret_key}
        return peer(f"rclone {task}", "rclone", task, *paths, "--transfers", str(AT_ONCE), "--checkers", str(AT_ONCE),
                    "--no-traverse", "--s3-no-check-bucket", "--s3-no-head", "--s3-upload-concurrency", str(AT_ONCE),
                    "--s3-chunk-size", "16Mi", "--s3-list-version", "2", "--fast-list", "--multi-thread-streams",
                    str(AT_ONCE), "--quiet", env=env)

    def aws(self, task, *paths):
        config = self.context.path("tier-aws-config")
        with open(config, "w", encoding="ascii") as out:
            out.write("[default]\nrequest_checksum_calculation = when_required\n"
                      "response_checksum_validation = when_required\n"
                      f"s3 =\n  max_concurrent_requests = {AT_ONCE}\n  multipart_threshold = 16MB\n"
                      "  multipart_chunksize = 16MB\n  addressing_style = path\n")
        return peer(f"aws s3 {task}", "aws", "s3", task, "--recursive", "--only-show-errors", "--endpoint-url",
                    self.server.endpoint, *paths, env={"AWS_CONFIG_FILE": config})

    def s3cmd(self, task, *words):
        """One shell, as there is no `s3cmd mv` from here to there."""
        config = self.context.path("tier-s3cfg")
        with open(config, "w", encoding="ascii") as out:
            out.write(f"[default]\naccess_key = {self.server.access_key}\nsecret_key = {self.server.secret_key}\n"
                      f"host_base = 127.0.0.1:{self.server.port}\nhost_bucket = 127.0.0.1:{self.server.port}\n"
                      "use_https = False\n"
                      f"bucket_location = {self.server.region}\nmultipart_chunk_size_mb = 16\n")
        program = peer("", "s3cmd").argv[0]
        after = ' && rm -r "$1"' if task == "put" else ""
        line = f'"$0" --config {config} --quiet --no-progress --recursive {task} "$@"{after}'
        return peer(f"s3cmd {task}" + (" + rm" if after else ""), "sh", "-c", line, program, *words)


def rows(context):
    benches = {}

    def bench(files, size):
        if (files, size) not in benches:
            for other in benches.values():
                other.stop()
            benches.clear()
            benches[files, size] = Bench(context, Load(context, files, size))
        return benches[files, size]

    cloud = "s3://lake/there/"
    limit = AT_ONCE * PART / (1 << 20) + 32

    def movers(b):
        return {"rclone move": lambda: b.rclone("move", b.moved, "nl:lake/there"),
                "aws s3 mv": lambda: b.aws("mv", b.moved, cloud),
                "s3cmd put": lambda: b.s3cmd("put", b.moved, cloud)}

    def fetchers(b):
        return {"rclone copy": lambda: b.rclone("copy", "nl:lake/neurolake", b.moved),
                "aws s3 cp": lambda: b.aws("cp", "s3://lake/neurolake/", b.moved),
                "s3cmd get": lambda: b.s3cmd("get", "s3://lake/neurolake/", b.moved + "/")}

    def upload_row(group, b, name, per_file):
        rclone = {"cpu_share_at_most": 1 / 3, "peak_at_most": limit} if name.startswith("rclone") else {}
        return Row(group, "burst", b.burst(), b.moving(movers(b)[name]()), at_most=1.0, rounds=1 if "s3cmd" in name else 2,
                   numbers_at_most=per_file if rclone else {}, **rclone)

    def download_row(group, b, name):
        rclone = {"cpu_share_at_most": 1 / 3, "peak_at_most": limit} if name.startswith("rclone") else {}
        return Row(group, "recall", b.recall(), b.fetching(fetchers(b)[name]()), at_most=1.0,
                   rounds=1 if "s3cmd" in name else 2, **rclone)

    try:
        for files, size, group, per_file in (
                (2000, 4096, "burst and recall, 2,000 files of 4 KiB", {"PUT/file": 1, "HEAD/file": 1, "MB sent twice": 0}),
                (1, LARGE, "burst and recall, one file of 512 MiB", {"MB sent twice": 0})):
            for name in ("rclone move", "aws s3 mv", "s3cmd put"):
                yield lambda n=name, f=files, s=size, g=group, p=per_file: upload_row(g, bench(f, s), n, p)
            for name in ("rclone copy", "aws s3 cp", "s3cmd get"):
                yield lambda n=name, f=files, s=size, g=group: download_row(g, bench(f, s), n)
        group = "the bytes of one file of 512 MiB, without the lake around it"
        yield lambda: Row(group, "burst, the run after a kill", bench(1, LARGE).killed_burst(), rounds=3,
                          numbers_at_most={"parts again/connection": 1})
        yield lambda: curl_row(group, bench(1, LARGE))
        yield lambda: Row(group, "hash whole and parts", uploader(context, "sum", bench(1, LARGE)),
                          uploader(context, "sha256", bench(1, LARGE)))
        yield lambda: Row(group, "SHA-256", hashing(context, bench(1, LARGE)), openssl(), at_most=1.1, by="user s/GB")
    finally:
        for one in benches.values():
            one.stop()


def uploader(context, task, b):
    return Command(f"bench_upload {task}", [context.program("bench_upload"), task, b.load.one()])


def hashing(context, b):
    """Seconds of user time a GB, as `openssl speed` counts, which reads no file."""
    command = uploader(context, "sha256", b)
    argv = command.argv

    def after(_):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
        return {"user s/GB": (resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before) / (LARGE / 1e9)}
    command.after = after
    return command


def openssl():
    """`openssl speed` for a second, in blocks as large as ours."""
    def after(printed):
        return {"user s/GB": 1e9 / (float(printed.split()[-1].rstrip("k")) * 1000)}
    return peer("openssl speed", "openssl", "speed", "-seconds", "1", "-bytes", "262144", "sha256", after=after)


def curl_row(group, b):
    """Proven upload against bare sending; the peer's server asks for no signature, since this is about bytes."""
    def put_before(auth):
        b.server.reset()
        b.server.config(auth=auth)
        b.begin()
    ours = Command("bench_upload put", [b.context.program("bench_upload"), "put", b.load.one(), b.server.endpoint,
                                        b.server.bucket, "k", str(AT_ONCE)],
                   before=lambda: put_before(True), env=b.env, after=lambda _: b.uploaded())
    bare = peer("curl -T", "curl", "-sSf", "-T", b.load.one(), b.server.endpoint + "/lake/k",
                before=lambda: put_before(False), after=lambda _: b.uploaded())
    return Row(group, "hash, put, prove", ours, bare, at_most=1.15)
