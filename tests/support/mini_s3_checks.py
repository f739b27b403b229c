# mini_s3_checks.py: what mini_s3.py insists on: whole bodies, signatures, clocks, checksums, conditions, the quota.
# SPDX-License-Identifier: Apache-2.0
import base64
import datetime
import hashlib
import hmac
import re
import time
import urllib.parse

from mini_s3_store import Refusal, quote


class Checks:
    """A part of the request handler; raises the Refusal that a strict server would answer with."""

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
        try:
            while got < len(body):
                count = self.rfile.readinto(view[got:])
                if not count:
                    self.close_connection = True
                    raise Refusal(400, "IncompleteBody", "The request body terminated unexpectedly")
                got += count
        finally:
            view.release()
            with self.store.lock:
                self.store.bytes_in += got
        self.body, self.digests = bytes(body), {}

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
