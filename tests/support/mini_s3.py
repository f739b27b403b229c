#!/usr/bin/env python3
# mini_s3.py: a small, strict S3 server on loopback for tests; state in memory, standard library only.
# SPDX-License-Identifier: Apache-2.0
"""Refuses what a strict S3 refuses: a wrong or missing signature (SigV4), a skewed clock, unsigned x-amz- headers, a body
that is not what x-amz-content-sha256, Content-MD5 or x-amz-checksum-sha256 say, a failed condition, a bad part list.

    mini_s3.py [--port 0] [--bucket lake]...      prints {"port": N} when it listens

Options may also be changed while it runs: POST /_config {"checksums": false, ...}; see Options.
Control (unsigned, never part of a bucket): GET /_dump  POST /_reset  POST /_tamper  GET /_history  POST /_at  POST /_config
POST /_recount (forgets requests and counts, keeps objects)  GET /_counts
"""
import argparse
import base64
import dataclasses
import json
import os
import re
import socket
import ssl
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

from mini_s3_checks import Checks
from mini_s3_multipart import Multipart
from mini_s3_store import XMLNS, Refusal, Store, Stored, http_date, iso_date, quote


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


class Handler(Checks, Multipart, BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "mini_s3"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    timeout = 120

    def log_message(self, *_):
        pass

    def handle_expect_100(self):
        """The interim answer must not wait in our buffer: the client sends no body before it."""
        super().handle_expect_100()
        self.wfile.flush()
        return True

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
            if self.command == "GET" and (self.query.get("list-type") == "2" or
                                          self.query.keys() <= {"prefix", "marker", "max-keys", "encoding-type"}):
                return self.list_objects(bucket)
        raise Refusal(501, "NotImplemented", "mini_s3 does not know this request")

    def name_in_list(self, key):
        return quote(key.encode("utf-8", "surrogateescape")).replace("%2F", "/") \
            if self.query.get("encoding-type") == "url" else escape(key)

    def page_size(self, name):
        return max(1, min(int(self.query.get(name, "1000")), self.options.page))

    def list_objects(self, bucket):
        """Version 2, and version 1 for clients that know no other; neither with a delimiter."""
        prefix, after = self.query.get("prefix", ""), self.query.get("start-after", self.query.get("marker", ""))
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
            parts.append(f"<NextContinuationToken>{next_token}</NextContinuationToken>"
                         f"<NextMarker>{self.name_in_list(page[-1])}</NextMarker>")
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

    # ---- control

    def control(self):
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        words = json.loads(self.body) if self.body else dict(self.query)
        answers = {"/_dump": self.store.dump, "/_reset": self.control_reset,
                   "/_recount": self.store.recount, "/_counts": self.store.counts,
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
