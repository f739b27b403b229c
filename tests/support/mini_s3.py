#!/usr/bin/env python3
# mini_s3.py: a small, strict S3 server on loopback for tests; state in memory, standard library only.
# SPDX-License-Identifier: Apache-2.0
"""Refuses what a strict S3 refuses: a wrong or missing signature (SigV4), a skewed clock, unsigned x-amz- headers, a body
that is not what x-amz-content-sha256, Content-MD5 or x-amz-checksum-sha256 say, a failed condition, a bad part list.

    mini_s3.py [--port 0] [--bucket lake]...      prints {"port": N} when it listens

Options may also be changed while it runs: POST /_config {"checksums": false, ...}; see Options.
Control (unsigned, never part of a bucket): GET /_dump  POST /_reset  POST /_tamper  GET /_history  POST /_at  POST /_config
"""
import argparse
import base64
import dataclasses
import datetime
import hashlib
import hmac
import json
import os
import re
import socket
import ssl
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.etree import ElementTree
from xml.sax.saxutils import escape

XMLNS = "http://s3.amazonaws.com/doc/2006-03-01/"


@dataclasses.dataclass
class Options:
    """What the server does and insists on; every field is also a command line option and a /_config key."""
    access_key: str = "TESTKEY0000000000001"
    secret_key: str = "testSecret/with+odd=chars00000000000001"
    session_token: str = ""     # when set, x-amz-security-token must be this
    region: str = "us-east-1"
    host_suffix: str = "localhost"  # bucket.<suffix>:port is host style
    checksums: bool = True      # knows x-amz-checksum-sha256
    conditions: bool = True     # knows If-None-Match on writes; else 501
    versioning: bool = False
    auth: bool = True
    elsewhere: str = ""         # buckets live in this region: 301 with x-amz-bucket-region
    min_part: int = 5 << 20
    page: int = 1000            # most entries of one listing page
    clock_offset: int = 0       # seconds this server's clock is ahead
    quota: int = 0              # bytes; 0 = none


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
            self.requests = []
            self.history = []
            self.frozen = False
            self.running = self.most_running = 0
            self.bytes_in = 0

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
                            "size": len(v.data), "etag": v.etag, "sha256": hashlib.sha256(v.data).hexdigest(),
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


def sha256_base64(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def http_date(moment):
    return datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")


def iso_date(moment):
    return datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "mini_s3"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    timeout = 120

    def log_message(self, *_):
        pass

    # ---- one request

    def serve(self):
        self.options, self.store = self.server.options, self.server.store
        self.path_text, _, self.query_text = self.path.partition("?")
        self.query = dict(urllib.parse.parse_qsl(self.query_text, keep_blank_values=True))
        if self.path_text.startswith("/_"):
            return self.control()
        with self.store.lock:
            self.store.running += 1
            self.store.most_running = max(self.store.most_running, self.store.running)
        status = 0
        try:
            status = self.serve_signed()
        except Refusal as refusal:
            status = refusal.status
            self.answer(refusal.status, refusal.body(), {"Content-Type": "application/xml", **refusal.headers})
        finally:
            with self.store.lock:
                self.store.running -= 1
                self.store.requests.append([self.command, self.path, int(self.headers.get("Content-Length") or 0), status])

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = serve

    def serve_signed(self):
        self.read_body()
        if self.options.auth:
            self.check_signature()
        self.check_body()
        if self.command == "PUT":
            self.digest("md5")      # here, outside the store's lock
        bucket, key = self.split_path()
        if self.options.elsewhere:
            raise Refusal(301, "PermanentRedirect", "The bucket you are attempting to access must be addressed using the "
                          "specified endpoint.", {"x-amz-bucket-region": self.options.elsewhere})
        self.status = 0
        if not key:
            self.serve_bucket(bucket)
        else:
            with self.store.lock:
                if bucket not in self.store.buckets:
                    raise Refusal(404, "NoSuchBucket", "The specified bucket does not exist")
                self.serve_object(bucket, key)
        return self.status

    def split_path(self):
        host = (self.headers.get("Host") or "").rsplit(":", 1)[0]
        path = urllib.parse.unquote(self.path_text, errors="surrogateescape")[1:]
        suffix = "." + self.options.host_suffix
        if host.endswith(suffix):
            return host[:-len(suffix)], path
        bucket, _, key = path.partition("/")
        return bucket, key

    def answer(self, status, body=b"", headers=None, length=None):
        self.status = status
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and body:
            self.wfile.write(body)
        self.wfile.flush()

    def date_time_string(self, timestamp=None):
        return http_date((timestamp or time.time()) + self.server.options.clock_offset)

    def answer_xml(self, text, headers=None):
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode("utf-8", "surrogateescape")
        self.answer(200, body, {"Content-Type": "application/xml", **(headers or {})})

    # ---- what a strict server checks

    def read_body(self):
        if self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            raise Refusal(501, "NotImplemented", "Transfer-Encoding is not supported")
        length = self.headers.get("Content-Length")
        if length is None and self.command in ("PUT", "POST"):
            self.close_connection = True
            raise Refusal(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
        body = bytearray(int(length or 0))
        view, got = memoryview(body), 0
        while got < len(body):
            count = self.rfile.readinto(view[got:])
            if not count:
                self.close_connection = True
                raise Refusal(400, "IncompleteBody", "The request body terminated unexpectedly")
            got += count
        view.release()
        self.body, self.digests = bytes(body), {}
        with self.store.lock:
            self.store.bytes_in += got

    def check_signature(self):
        header = self.headers.get("Authorization")
        if not header:
            raise Refusal(403, "AccessDenied", "Access Denied")
        match = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?SignedHeaders=([^,]+), ?"
                             r"Signature=([0-9a-f]{64})", header)
        if not match:
            raise Refusal(400, "AuthorizationHeaderMalformed", "The authorization header is malformed")
        access_key, day, region, signed, signature = match.groups()
        stamp, payload = self.headers.get("x-amz-date", ""), self.headers.get("x-amz-content-sha256")
        if region != self.options.region:
            raise Refusal(400, "AuthorizationHeaderMalformed", f"the region '{region}' is wrong; expecting "
                          f"'{self.options.region}'", extra=f"<Region>{self.options.region}</Region>")
        if access_key != self.options.access_key:
            raise Refusal(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
        if self.headers.get("x-amz-security-token", "") != self.options.session_token:
            raise Refusal(400, "ExpiredToken", "The provided token has expired.")
        self.check_clock(stamp, day)
        if payload is None:
            raise Refusal(400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
        names = signed.split(";")
        unsigned = [n.lower() for n in self.headers if n.lower().startswith("x-amz-") and n.lower() not in names]
        if unsigned or "host" not in names or names != sorted(names):
            raise Refusal(403, "AccessDenied", "There were headers present in the request which were not signed")
        if not hmac.compare_digest(self.signature(stamp, day, region, names, payload), signature):
            raise Refusal(403, "SignatureDoesNotMatch", "The request signature we calculated does not match")

    def check_clock(self, stamp, day):
        if not re.fullmatch(r"\d{8}T\d{6}Z", stamp) or not stamp.startswith(day):
            raise Refusal(403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header")
        then = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()
        if abs(time.time() + self.options.clock_offset - then) > 900:
            raise Refusal(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is "
                          "too large.")

    def signature(self, stamp, day, region, names, payload):
        pairs = [part.partition("=") for part in self.query_text.split("&") if part]
        query = "&".join(sorted(f"{quote(urllib.parse.unquote_to_bytes(k))}={quote(urllib.parse.unquote_to_bytes(v))}"
                                for k, _, v in pairs))
        headers = "".join(f"{n}:{','.join(' '.join(v.split()) for v in self.headers.get_all(n) or [''])}\n" for n in names)
        canonical = "\n".join([self.command, self.path_text, query, headers, ";".join(names), payload])
        scope = f"{day}/{region}/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode("latin1")).hexdigest()])
        key = ("AWS4" + self.options.secret_key).encode()
        for word in (day, region, "s3", "aws4_request"):
            key = hmac.new(key, word.encode(), hashlib.sha256).digest()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    def digest(self, kind):
        """Of the body; each kind is computed once, whoever asks."""
        if kind not in self.digests:
            self.digests[kind] = hashlib.new(kind, self.body).digest()
        return self.digests[kind]

    def etag_of_body(self):
        return f'"{self.digest("md5").hex()}"'

    def check_body(self):
        payload = self.headers.get("x-amz-content-sha256", "")
        if payload.startswith("STREAMING-"):
            raise Refusal(501, "NotImplemented", "aws-chunked is not supported")
        if re.fullmatch("[0-9a-f]{64}", payload) and self.digest("sha256").hex() != payload:
            raise Refusal(400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match")
        md5 = self.headers.get("Content-MD5")
        if md5 is not None and md5 != base64.b64encode(self.digest("md5")).decode():
            raise Refusal(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")
        checksum = self.headers.get("x-amz-checksum-sha256")
        ours = base64.b64encode(self.digest("sha256")).decode() if checksum else ""
        if self.options.checksums and self.command == "PUT" and checksum and checksum != ours:
            raise Refusal(400, "BadDigest", "The SHA256 you specified did not match the calculated checksum.")

    def check_condition(self, bucket, key):
        condition = self.headers.get("If-None-Match")
        if condition is None:
            return
        if not self.options.conditions or condition != "*":
            raise Refusal(501, "NotImplemented", "A header you provided implies functionality that is not implemented")
        if self.store.current(bucket, key) is not None:
            raise Refusal(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")

    def check_quota(self, more):
        if self.options.quota and self.store.used() + more > self.options.quota:
            raise Refusal(507, "QuotaExceeded", "The quota of the bucket is used up")

    # ---- buckets

    def serve_bucket(self, bucket):
        with self.store.lock:
            known = bucket in self.store.buckets
            if self.command == "PUT":
                self.store.buckets.setdefault(bucket, {})
                return self.answer(200)
            if not known:
                raise Refusal(404, "NoSuchBucket", "The specified bucket does not exist")
            if self.command == "HEAD":
                return self.answer(200, headers={"x-amz-bucket-region": self.options.region})
            if self.command == "DELETE":
                if self.store.buckets[bucket]:
                    raise Refusal(409, "BucketNotEmpty", "The bucket you tried to delete is not empty")
                del self.store.buckets[bucket]
                return self.answer(204)
            if self.command == "GET" and "uploads" in self.query:
                return self.list_uploads(bucket)
            if self.command == "GET" and "location" in self.query:
                return self.answer_xml(f'<LocationConstraint xmlns="{XMLNS}">{self.options.region}</LocationConstraint>')
            if self.command == "GET" and self.query.get("list-type") == "2":
                return self.list_objects(bucket)
        raise Refusal(501, "NotImplemented", "mini_s3 does not know this request")

    def name_in_list(self, key):
        return quote(key.encode("utf-8", "surrogateescape")).replace("%2F", "/") \
            if self.query.get("encoding-type") == "url" else escape(key)

    def page_size(self, name):
        return max(1, min(int(self.query.get(name, "1000")), self.options.page))

    def list_objects(self, bucket):
        prefix, after = self.query.get("prefix", ""), self.query.get("start-after", "")
        token = self.query.get("continuation-token")
        if token is not None:
            after = base64.urlsafe_b64decode(token).decode("utf-8", "surrogateescape")
        keys = [k for k, v in sorted(self.store.buckets[bucket].items()) if v[-1] and k.startswith(prefix) and k > after]
        page = keys[:self.page_size("max-keys")]
        parts = [f'<ListBucketResult xmlns="{XMLNS}"><Name>{bucket}</Name><Prefix>{self.name_in_list(prefix)}</Prefix>',
                 f"<KeyCount>{len(page)}</KeyCount><MaxKeys>{self.page_size('max-keys')}</MaxKeys>",
                 f"<IsTruncated>{'true' if len(page) < len(keys) else 'false'}</IsTruncated>"]
        if self.query.get("encoding-type") == "url":
            parts.append("<EncodingType>url</EncodingType>")
        if len(page) < len(keys):
            next_token = base64.urlsafe_b64encode(page[-1].encode("utf-8", "surrogateescape")).decode()
            parts.append(f"<NextContinuationToken>{next_token}</NextContinuationToken>")
        for key in page:
            v = self.store.current(bucket, key)
            parts.append(f"<Contents><Key>{self.name_in_list(key)}</Key><LastModified>{iso_date(v.modified)}</LastModified>"
                         f"<ETag>{escape(v.etag, {chr(34): '&quot;'})}</ETag><Size>{len(v.data)}</Size>"
                         "<StorageClass>STANDARD</StorageClass></Contents>")
        self.answer_xml("".join(parts) + "</ListBucketResult>")

    def list_uploads(self, bucket):
        prefix = self.query.get("prefix", "")
        after = (self.query.get("key-marker", ""), self.query.get("upload-id-marker", ""))
        found = sorted((u.key, i) for i, u in self.store.uploads.items() if u.bucket == bucket and u.key.startswith(prefix))
        found = [x for x in found if x > after or (not after[1] and x[0] > after[0])]
        page = found[:self.page_size("max-uploads")]
        more = len(page) < len(found)
        parts = [f'<ListMultipartUploadsResult xmlns="{XMLNS}"><Bucket>{bucket}</Bucket>'
                 f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>"]
        if self.query.get("encoding-type") == "url":
            parts.append("<EncodingType>url</EncodingType>")
        if more:
            parts.append(f"<NextKeyMarker>{self.name_in_list(page[-1][0])}</NextKeyMarker>"
                         f"<NextUploadIdMarker>{page[-1][1]}</NextUploadIdMarker>")
        for key, upload in page:
            parts.append(f"<Upload><Key>{self.name_in_list(key)}</Key><UploadId>{upload}</UploadId>"
                         f"<Initiated>{iso_date(self.store.uploads[upload].started)}</Initiated></Upload>")
        self.answer_xml("".join(parts) + "</ListMultipartUploadsResult>")

    # ---- objects

    def serve_object(self, bucket, key):
        if self.command == "POST" and "uploads" in self.query:
            return self.create_upload(bucket, key)
        if "uploadId" in self.query:
            return self.serve_upload(bucket, key)
        version = self.query.get("versionId", "")
        if self.command == "PUT":
            return self.put_object(bucket, key)
        if self.command in ("GET", "HEAD"):
            return self.get_object(self.store.find(bucket, key, version))
        if self.command == "DELETE":
            self.store.drop(bucket, key, version, self.options.versioning)
            return self.answer(204)
        raise Refusal(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")

    def kept_headers(self):
        kept = {n.lower(): v for n, v in self.headers.items() if n.lower().startswith("x-amz-meta-")}
        if sum(len(n) + len(v) for n, v in kept.items()) > 2048 + 11 * len(kept):
            raise Refusal(400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size.")
        if self.headers.get("x-amz-storage-class"):
            kept["x-amz-storage-class"] = self.headers["x-amz-storage-class"]
        return kept

    def version_header(self, stored):
        return {"x-amz-version-id": stored.version} if stored.version else {}

    def checksum_header(self, stored):
        return {"x-amz-checksum-sha256": stored.checksum} if stored.checksum and self.options.checksums else {}

    def put_object(self, bucket, key):
        if len(key.encode("utf-8", "surrogateescape")) > 1024:
            raise Refusal(400, "KeyTooLongError", "Your key is too long")
        self.check_condition(bucket, key)
        self.check_quota(len(self.body))
        checksum = self.headers.get("x-amz-checksum-sha256", "") if self.options.checksums else ""
        stored = Stored(self.body, self.etag_of_body(), self.kept_headers(), checksum)
        self.store.add(bucket, key, stored, self.options.versioning)
        self.answer(200, headers={"ETag": stored.etag, **self.version_header(stored), **self.checksum_header(stored)})

    def get_object(self, stored):
        if "If-Match" in self.headers and self.headers["If-Match"].strip('"') != stored.etag.strip('"'):
            raise Refusal(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
        headers = {"ETag": stored.etag, "Last-Modified": http_date(stored.modified), "Accept-Ranges": "bytes",
                   "Content-Type": "application/octet-stream", **stored.headers, **self.version_header(stored)}
        size = len(stored.data)
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if match and self.command == "GET":
            first, last = int(match[1]), min(int(match[2] or size), size - 1)
            if first >= size or first > last:
                raise Refusal(416, "InvalidRange", "The requested range is not satisfiable",
                              {"Content-Range": f"bytes */{size}"})
            headers["Content-Range"] = f"bytes {first}-{last}/{size}"
            return self.answer(206, stored.data[first:last + 1], headers)
        if self.headers.get("x-amz-checksum-mode") == "ENABLED":
            headers.update(self.checksum_header(stored))
        self.answer(200, stored.data, headers, length=size)

    # ---- multipart

    def create_upload(self, bucket, key):
        upload = hashlib.sha256(os.urandom(16)).hexdigest()[:32]
        algorithm = self.headers.get("x-amz-checksum-algorithm", "") if self.options.checksums else ""
        if algorithm not in ("", "SHA256"):
            raise Refusal(501, "NotImplemented", "mini_s3 knows only SHA256 checksums")
        self.store.uploads[upload] = Pending(bucket, key, self.kept_headers(), algorithm, time.time())
        self.answer_xml(f'<InitiateMultipartUploadResult xmlns="{XMLNS}"><Bucket>{bucket}</Bucket><Key>{escape(key)}</Key>'
                        f"<UploadId>{upload}</UploadId></InitiateMultipartUploadResult>")

    def serve_upload(self, bucket, key):
        upload = self.query["uploadId"]
        pending = self.store.uploads.get(upload)
        if pending is None or (pending.bucket, pending.key) != (bucket, key):
            raise Refusal(404, "NoSuchUpload", "The specified upload does not exist.")
        if self.command == "PUT":
            return self.put_part(pending)
        if self.command == "GET":
            return self.list_parts(pending)
        if self.command == "DELETE":
            del self.store.uploads[upload]
            return self.answer(204)
        return self.complete_upload(upload, pending)

    def put_part(self, pending):
        number = int(self.query.get("partNumber", "0"))
        if not 1 <= number <= 10000:
            raise Refusal(400, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
        checksum = self.headers.get("x-amz-checksum-sha256", "") if self.options.checksums else ""
        if pending.algorithm and not checksum:
            raise Refusal(400, "InvalidRequest", "The upload was created using a sha256 checksum; the part must carry one")
        self.check_quota(len(self.body))
        part = Stored(self.body, self.etag_of_body(), {}, checksum, modified=time.time())
        pending.parts[number] = part
        self.answer(200, headers={"ETag": part.etag, **self.checksum_header(part)})

    def list_parts(self, pending):
        after = int(self.query.get("part-number-marker", "0"))
        numbers = sorted(n for n in pending.parts if n > after)
        page = numbers[:self.page_size("max-parts")]
        more = len(page) < len(numbers)
        parts = [f'<ListPartsResult xmlns="{XMLNS}"><Bucket>{pending.bucket}</Bucket><Key>{escape(pending.key)}</Key>'
                 f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>"]
        if more:
            parts.append(f"<NextPartNumberMarker>{page[-1]}</NextPartNumberMarker>")
        for number in page:
            part = pending.parts[number]
            checksum = f"<ChecksumSHA256>{part.checksum}</ChecksumSHA256>" if self.checksum_header(part) else ""
            parts.append(f"<Part><PartNumber>{number}</PartNumber><LastModified>{iso_date(part.modified)}</LastModified>"
                         f"<ETag>{escape(part.etag, {chr(34): '&quot;'})}</ETag>{checksum}<Size>{len(part.data)}</Size></Part>")
        self.answer_xml("".join(parts) + "</ListPartsResult>")

    def wanted_parts(self):
        try:
            root = ElementTree.fromstring(self.body)
        except ElementTree.ParseError:
            raise Refusal(400, "MalformedXML", "The XML you provided was not well-formed") from None
        space = f"{{{XMLNS}}}" if root.tag.startswith("{") else ""
        return [(int(p.findtext(f"{space}PartNumber", "0")), p.findtext(f"{space}ETag", "").strip('"'),
                 p.findtext(f"{space}ChecksumSHA256", "")) for p in root.iter(f"{space}Part")]

    def complete_upload(self, upload, pending):
        wanted = self.wanted_parts()
        numbers = [n for n, _, _ in wanted]
        if not numbers:
            raise Refusal(400, "MalformedXML", "The list of parts is empty")
        if numbers != sorted(set(numbers)):
            raise Refusal(400, "InvalidPartOrder", "The list of parts was not in ascending order.")
        for number, etag, checksum in wanted:
            part = pending.parts.get(number)
            if part is None or part.etag.strip('"') != etag or (pending.algorithm and checksum != part.checksum):
                raise Refusal(400, "InvalidPart", "One or more of the specified parts could not be found.")
            if number != numbers[-1] and len(part.data) < self.options.min_part:
                raise Refusal(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
        self.check_condition(pending.bucket, pending.key)
        self.finish_upload(upload, pending, [pending.parts[n] for n in numbers])

    def finish_upload(self, upload, pending, parts):
        etag = hashlib.md5(b"".join(bytes.fromhex(p.etag.strip('"')) for p in parts)).hexdigest()
        checksum = ""
        if pending.algorithm:
            checksum = f'{sha256_base64(b"".join(base64.b64decode(p.checksum) for p in parts))}-{len(parts)}'
        stored = Stored(b"".join(p.data for p in parts), f'"{etag}-{len(parts)}"', pending.headers, checksum)
        self.store.add(pending.bucket, pending.key, stored, self.options.versioning)
        del self.store.uploads[upload]
        self.answer_xml(f'<CompleteMultipartUploadResult xmlns="{XMLNS}"><Bucket>{pending.bucket}</Bucket>'
                        f"<Key>{escape(pending.key)}</Key><ETag>&quot;{etag}-{len(parts)}&quot;</ETag>"
                        + (f"<ChecksumSHA256>{checksum}</ChecksumSHA256>" if checksum else "")
                        + "</CompleteMultipartUploadResult>", self.version_header(stored))

    # ---- control

    def control(self):
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        words = json.loads(self.body) if self.body else dict(self.query)
        answers = {"/_dump": self.store.dump, "/_reset": self.control_reset,
                   "/_history": lambda: [h[0] for h in self.store.history],
                   "/_at": lambda: self.store.go_back(int(words["t"])),
                   "/_tamper": lambda: {"done": self.store.tamper(words["key"], words["op"])},
                   "/_config": lambda: self.control_config(words)}
        if self.path_text not in answers:
            return self.answer(404)
        result = answers[self.path_text]()
        return self.answer(200, json.dumps(result).encode(), {"Content-Type": "application/json"})

    def control_reset(self):
        self.store.reset()
        self.server.options = dataclasses.replace(self.server.first_options)

    def control_config(self, words):
        for name in words:
            if name not in Options.__dataclass_fields__:
                return {"error": f"no option {name}"}
        self.server.options = dataclasses.replace(self.server.options, **words)
        return dataclasses.asdict(self.server.options)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def finish_request(self, request, client_address):
        if isinstance(request, ssl.SSLSocket):
            request.do_handshake()      # in the connection's own thread
        super().finish_request(request, client_address)

    def handle_error(self, *_):     # a client that went away is the client's business
        pass

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().server_bind()


def end_with_stdin():
    """Whoever started us holds our stdin: when it closes, they are gone, and so are we."""
    def wait():
        while os.read(0, 4096):
            pass
        os._exit(0)
    threading.Thread(target=wait, daemon=True).start()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--bucket", action="append", default=[])
    parser.add_argument("--end-with-stdin", action="store_true")
    parser.add_argument("--certificate", help="serve https with this PEM file of certificate and key")
    for field in dataclasses.fields(Options):
        convert = (lambda text: text not in ("0", "false", "no")) if field.type is bool else field.type
        parser.add_argument("--" + field.name.replace("_", "-"), type=convert, default=field.default)
    args = parser.parse_args()
    server = Server(("127.0.0.1", args.port), Handler)
    server.options = Options(**{f.name: getattr(args, f.name) for f in dataclasses.fields(Options)})
    server.first_options = dataclasses.replace(server.options)
    server.store = Store(args.bucket or ["lake"])
    if args.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    if args.end_with_stdin:
        end_with_stdin()
    print(json.dumps({"port": server.server_port}), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
