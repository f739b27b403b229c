# servers.py: object-store servers for tests as context managers: started on free ports, stopped by their process id.
# SPDX-License-Identifier: Apache-2.0
"""
    with MiniS3() as s3:                              # strict S3, state in memory
        with FaultProxy(s3.endpoint) as proxy:        # lies and cuts by rule
            env = {**os.environ, **s3.env}            # credentials and region
            ... hybrid_storage.endpoint = proxy.endpoint, cloud_bucket = s3.bucket ...
            proxy.rules([{"match": {"method": "PUT"}, "times": 1, "fault": {"type": "status", "code": 503}}])
            assert s3.objects() == {"neurolake/...": {...}}
"""
import hashlib
import hmac
import json
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent


class ServerUnavailable(Exception):
    """The server's programs are not installed; tests skip with this text."""


class Server:
    """A child process that prints one line of JSON when it listens and ends when its stdin closes."""

    def __init__(self, script, *arguments):
        self.command = [sys.executable, "-B", str(HERE / script), *arguments]
        self.process, self.said = None, {}

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        self.said = json.loads(line) if line else {}
        if "port" not in self.said:
            self.stop()
            if "missing" in self.said:
                raise ServerUnavailable("not installed: " + ", ".join(self.said["missing"]))
            raise RuntimeError(f"{self.command[2]} did not start")
        return self

    def stop(self):
        if self.process is None:
            return
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    @property
    def port(self):
        return self.said["port"]

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"


def ask(url, method="GET", body=None):
    """One JSON request to a control port."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=60) as answer:
        return json.loads(answer.read() or b"null")


def environment(access_key, secret_key, region):
    """What a client needs to sign, and nothing of the machine's own AWS settings."""
    return {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret_key, "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region, "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_CONFIG_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true"}


class S3Server(Server):
    """What a test does with any S3 server beside the program under test, signed with the server's own keys."""

    @property
    def env(self):
        return environment(self.access_key, self.secret_key, self.region)

    def call(self, method, path="", body=b"", query=""):
        """One signed request; path is the key below the bucket, or "/name" for another bucket. Returns the body."""
        path = path if path.startswith("/") else f"/{self.bucket}/{path}".rstrip("/")
        url = self.endpoint + urllib.parse.quote(path, safe="/-._~") + (f"?{query}" if query else "")
        headers = sign(method, url, self.access_key, self.secret_key, self.region, body)
        with urllib.request.urlopen(urllib.request.Request(url, body or None, headers, method=method), timeout=60) as answer:
            return answer.read()

    def create_bucket(self, name):
        self.call("PUT", "/" + name)

    def keys(self, prefix=""):
        """Of the bucket's objects, decoded; few enough for one page."""
        found = self.call("GET", query=f"encoding-type=url&list-type=2&prefix={urllib.parse.quote(prefix, safe='')}")
        return sorted(urllib.parse.unquote_plus(node.text) for node in ElementTree.fromstring(found).iter() if node.tag.endswith("}Key"))

    def unfinished(self, prefix=""):
        """Keys of the multipart uploads that nobody completed."""
        found = self.call("GET", query=f"prefix={urllib.parse.quote(prefix, safe='')}&uploads=")
        return sorted(node.text for node in ElementTree.fromstring(found).iter() if node.tag.endswith("}Key"))


class MiniS3(S3Server):
    """mini_s3.py; keyword arguments are its options: MiniS3(checksums=False, versioning=True)."""

    def __init__(self, bucket="lake", access_key="TESTKEY0000000000001",
                 secret_key="testSecret/with+odd=chars00000000000001", region="us-east-1", **options):
        words = {"bucket": bucket, "access_key": access_key, "secret_key": secret_key, "region": region, **options}
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in words.items()]
        super().__init__("mini_s3.py", "--end-with-stdin", *(a.replace("=False", "=false") for a in arguments))
        self.bucket, self.access_key, self.secret_key, self.region = bucket, access_key, secret_key, region

    def dump(self):
        return ask(self.endpoint + "/_dump")

    def objects(self):
        """key -> {size, etag, sha256, version, headers} of the bucket."""
        start = self.bucket + "/"
        return {k[len(start):]: v for k, v in self.dump()["objects"].items() if k.startswith(start)}

    def uploads(self):
        return self.dump()["uploads"]

    def requests(self):
        """[method, path, body length, status] of all requests since the last reset."""
        return self.dump()["requests"]

    def tamper(self, key, operation):
        """flip, truncate, delete or replace an object behind everyone's back."""
        return ask(self.endpoint + "/_tamper", "POST", {"key": f"{self.bucket}/{key}", "op": operation})["done"]

    def config(self, **options):
        return ask(self.endpoint + "/_config", "POST", options)

    def history(self):
        return ask(self.endpoint + "/_history")

    def at(self, moment_ns):
        ask(self.endpoint + "/_at", "POST", {"t": moment_ns})

    def reset(self):
        ask(self.endpoint + "/_reset", "POST", {})

    def recount(self):
        """Requests and bytes are counted anew; the objects stay."""
        ask(self.endpoint + "/_recount", "POST", {})

    def counts(self):
        """requests by method, most_running, bytes_in, objects, bytes_kept since the last recount or reset."""
        return ask(self.endpoint + "/_counts")


class FaultProxy(Server):
    """faultproxy.py before `upstream` (an endpoint URL)."""

    def __init__(self, upstream, seed=1):
        super().__init__("faultproxy.py", "--end-with-stdin", "--seed", str(seed), "--upstream",
                         urllib.parse.urlsplit(upstream).netloc)

    @property
    def control(self):
        return f"http://127.0.0.1:{self.said['control']}"

    def rules(self, rules):
        ask(self.control + "/rules", "PUT", rules)

    def clear(self):
        ask(self.control + "/rules", "PUT", [])
        ask(self.control + "/reset", "POST", {})

    def release(self):
        """Whatever stalls goes on."""
        ask(self.control + "/release", "POST", {})

    def stats(self):
        return ask(self.control + "/stats")

    def log(self):
        return ask(self.control + "/log")


class Swift(S3Server):
    """OpenStack Swift's S3 API with one bucket; start() raises ServerUnavailable where Swift is not installed."""

    def __init__(self, bucket="lake"):
        super().__init__("swift_node.py")
        self.bucket = bucket

    def start(self):
        super().start()
        self.create_bucket(self.bucket)
        return self

    access_key = property(lambda self: self.said["access_key"])
    secret_key = property(lambda self: self.said["secret_key"])
    region = property(lambda self: self.said["region"])


class Postgres(Server):
    """A PostgreSQL server with a cluster of its own; start() raises ServerUnavailable where it is not installed."""

    def __init__(self):
        super().__init__("postgres_node.py", "--end-with-stdin")

    def dsn(self, database="postgres", password=True):
        words = f"host=127.0.0.1 port={self.port} user={self.said['user']} dbname={database}"
        return words + (f" password={self.password}" if password else "")

    @property
    def password(self):
        return self.said["password"]

    def tell(self, order):
        """"stop" (as a crash), "start", "freeze", "thaw"."""
        self.process.stdin.write(order.encode() + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())["done"]


def sign(method, url, access_key, secret_key, region, body=b""):
    """SigV4 headers, for what a test does beside the program under test; the query, if any, is sorted and escaped."""
    parts = urllib.parse.urlsplit(url)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    payload = hashlib.sha256(body).hexdigest()
    headers = {"host": parts.netloc, "x-amz-content-sha256": payload, "x-amz-date": stamp}
    names = ";".join(sorted(headers))
    canonical = "\n".join([method, parts.path, parts.query, *(f"{n}:{headers[n]}" for n in sorted(headers)), "", names, payload])
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret_key).encode()
    for word in (stamp[:8], region, "s3", "aws4_request"):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return {**headers, "Authorization": f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, "
                                        f"Signature={signature}"}
