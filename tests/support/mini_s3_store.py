# mini_s3_store.py: what mini_s3.py keeps: objects and their versions, uploads in progress, the log of requests, tampering.
# SPDX-License-Identifier: Apache-2.0
import collections
import dataclasses
import datetime
import hashlib
import threading
import time
import urllib.parse
from xml.sax.saxutils import escape

XMLNS = "http://s3.amazonaws.com/doc/2006-03-01/"


class Refusal(Exception):
    """An S3 error answer."""

    def __init__(self, status, code, message="", headers=None, extra=""):
        super().__init__(code)
        self.status, self.code, self.message, self.headers, self.extra = status, code, message, headers or {}, extra

    def body(self):
        return (f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{self.code}</Code><Message>{escape(self.message)}'
                f"</Message>{self.extra}<RequestId>MINI</RequestId></Error>").encode()

@dataclasses.dataclass
class Stored:
    """One version of one object."""
    data: bytes
    etag: str
    headers: dict               # x-amz-meta-*, x-amz-storage-class ... given back as they came
    checksum: str = ""          # base64 SHA-256, or composite "-N"
    version: str = ""
    modified: float = 0.0
    summed: tuple = (None, "")  # bytes, and their SHA-256: dumps of many large objects are asked for again and again

    @property
    def sha256(self):
        if self.summed[0] is not self.data:
            self.summed = (self.data, hashlib.sha256(self.data).hexdigest())
        return self.summed[1]


@dataclasses.dataclass
class Pending:
    """A multipart upload in progress."""
    bucket: str
    key: str
    headers: dict
    algorithm: str
    started: float
    parts: dict = dataclasses.field(default_factory=dict)  # number -> Stored


class Store:
    """The objects, their history, and the log of requests. One lock; bodies are hashed outside it."""

    def __init__(self, buckets):
        self.lock = threading.RLock()
        self.first_buckets = list(buckets)
        self.reset()

    def reset(self):
        with self.lock:
            self.buckets = {name: {} for name in self.first_buckets}    # bucket -> key -> [Stored or None, ...]
            self.uploads = {}
            self.history = []
            self.frozen = False
            self.running = 0
            self.recount()

    def recount(self):
        with self.lock:
            self.requests = []
            self.most_running = self.running
            self.bytes_in = 0

    def counts(self):
        """What came since the last recount, without the objects."""
        with self.lock:
            methods = collections.Counter(method for method, *_ in self.requests)
            return {"requests": dict(methods), "most_running": self.most_running, "bytes_in": self.bytes_in,
                    "objects": sum(bool(v and v[-1]) for keys in self.buckets.values() for v in keys.values()),
                    "bytes_kept": self.used()}

    def note(self, bucket, key):
        if not self.frozen:
            self.history.append((time.time_ns(), bucket, key, list(self.buckets.get(bucket, {}).get(key, []))))

    def current(self, bucket, key):
        versions = self.buckets[bucket].get(key)
        return versions[-1] if versions else None

    def find(self, bucket, key, version):
        if not version:
            found = self.current(bucket, key)
        else:
            found = next((v for v in self.buckets[bucket].get(key, []) if v and v.version == version), None)
            if found is None:
                raise Refusal(404, "NoSuchVersion", "The specified version does not exist.")
        if found is None:
            raise Refusal(404, "NoSuchKey", "The specified key does not exist.")
        return found

    def add(self, bucket, key, stored, versioning):
        stored.modified = time.time()
        stored.version = f"{time.time_ns():x}" if versioning else ""
        versions = self.buckets[bucket].setdefault(key, [])
        if not versioning:
            versions.clear()
        versions.append(stored)
        self.note(bucket, key)

    def drop(self, bucket, key, version, versioning):
        versions = self.buckets[bucket].get(key)
        if not versions:
            return
        if version:
            versions[:] = [v for v in versions if v is None or v.version != version]
        elif versioning:
            versions.append(None)
        else:
            versions.clear()
        if not versions:
            del self.buckets[bucket][key]
        self.note(bucket, key)

    def used(self):
        return sum(len(v.data) for keys in self.buckets.values() for versions in keys.values() for v in versions if v)

    def dump(self):
        with self.lock:
            objects = {}
            for bucket, keys in self.buckets.items():
                for key, versions in keys.items():
                    if versions and versions[-1]:
                        v = versions[-1]
                        objects[f"{bucket}/{key}"] = {
                            "size": len(v.data), "etag": v.etag, "sha256": v.sha256,
                            "version": v.version, "checksum": v.checksum, "headers": v.headers}
            uploads = {i: {"key": f"{u.bucket}/{u.key}", "parts": {n: len(p.data) for n, p in u.parts.items()}}
                       for i, u in self.uploads.items()}
            return {"objects": objects, "uploads": uploads, "requests": self.requests[-5000:],
                    "most_running": self.most_running, "bytes_in": self.bytes_in}

    def tamper(self, name, operation):
        bucket, _, key = name.partition("/")
        with self.lock:
            stored = self.current(bucket, key)
            if stored is None:
                return False
            if operation == "delete":
                del self.buckets[bucket][key]
            elif operation == "truncate":
                stored.data = stored.data[:len(stored.data) // 2]
            elif operation == "flip":
                stored.data = bytes([stored.data[0] ^ 1]) + stored.data[1:]
            elif operation == "replace":        # someone else put another object under the name
                data = b"replaced: " + stored.data
                stored = Stored(data, f'"{hashlib.md5(data).hexdigest()}"', {})
                self.add(bucket, key, stored, bool(self.current(bucket, key).version))
            else:
                return False
            return True

    def go_back(self, moment):
        """Shows the cloud as it was at `moment` (ns) and records no more."""
        with self.lock:
            self.frozen = True
            for keys in self.buckets.values():
                keys.clear()
            self.uploads.clear()
            for at, bucket, key, versions in self.history:
                if at <= moment:
                    self.buckets.setdefault(bucket, {})[key] = list(versions)
            for keys in self.buckets.values():
                for key in [k for k, v in keys.items() if not v]:
                    del keys[key]


def quote(text):
    return urllib.parse.quote(text, safe="-._~")


def http_date(moment):
    return datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")


def iso_date(moment):
    return datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
