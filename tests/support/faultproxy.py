#!/usr/bin/env python3
# faultproxy.py: an HTTP proxy before an object store that lies, stalls, cuts, corrupts or loses, by rule.
# SPDX-License-Identifier: Apache-2.0
"""Loopback only, plain HTTP/1.1, standard library only. Deterministic: each rule draws from its own generator.

    faultproxy.py --upstream 127.0.0.1:9000 [--listen 127.0.0.1:0] [--control 127.0.0.1:0] [--seed 1]
    prints {"port": N, "control": M} when it listens

A rule:  {"id": "slow", "match": {"method": "PUT|POST", "path": "^/lake/", "query": "partNumber=2",
                                  "header": {"range": "bytes=.*"}, "min_body": 1},
          "rate": 0.3, "skip": 0, "times": 2, "every": 1, "fault": {"type": "status", "code": 503}}
 Match fields are regular expressions (search); all must hold. skip = let the first N matches pass, every = only each
 k-th, times = fire at most N times, rate = probability. The first rule that fires wins.

 Faults (fields; [defaults])
  status            code[503] s3code[SlowDown] message retry_after headers body forward[false]
                    forward: the server does the work, the client is told it failed
  expired, access_denied, clock_skew (403), no_such_upload (404): status with the S3 code
  redirect          code[301] location region: PermanentRedirect with x-amz-bucket-region
  ok_error          200 with an <Error> body; s3code[InternalError] pad[3] forward[false]
  reset_request     after[0]  RST after reading N bytes of the request's body; nothing reaches the server
  unheard           code[503] s3code[SlowDown]  refuses before the body and closes: only who asks first (Expect) hears it
  reset_upstream    after[0]  forward N bytes of the body, then RST on both sides
  reset_response    after[0]  the server does the work; RST after N bytes of the answer, 0 = answer lost
  truncate          after[0]  FIN after N bytes of body, Content-Length still announces all
  short             after[0]  N bytes of body and a Content-Length of N: a consistent lie
  stall             seconds[30] where[before_request|before_response|mid_response] after[0]
  throttle          bps[65536]  the body of the answer at this speed
  corrupt           where[response|request] offset[-1 = random] count[1]: flipped bytes, same length
  duplicate_response  the whole answer twice        duplicate_request  the server gets the request twice
  swallow           code[200] etag: success, forwarded nowhere
  stale             what[404|previous]: an old answer to GET and HEAD
  headers           set{} drop[]: edits the headers of the answer
  chunked_cut       after[0]  chunked, without the last chunk
  garbage           text: bytes that are not HTTP

Control (JSON): GET /stats /rules /log   PUT /rules (replace)  POST /rules (append)   POST /reset {"seed": n}
                POST /release: whoever stalls goes on
"""
import argparse
import asyncio
import collections
import contextlib
import hashlib
import json
import os
import random
import re
import sys
import threading
import time

from faultproxy_exchange import Exchange
from faultproxy_http import Abort, Request, head_bytes, read_head

NAMED_STATUS = {
    "expired": {"code": 403, "s3code": "ExpiredToken", "message": "The provided token has expired."},
    "access_denied": {"code": 403, "s3code": "AccessDenied", "message": "Access Denied"},
    "clock_skew": {"code": 403, "s3code": "RequestTimeTooSkewed",
                   "message": "The difference between the request time and the current time is too large."},
    "no_such_upload": {"code": 404, "s3code": "NoSuchUpload", "message": "The specified upload does not exist."},
}


def loopback(address):
    host, _, port = address.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if not (host.startswith("127.") or host in ("::1", "localhost")):
        sys.exit(f"faultproxy: {address} is not a loopback address")
    return host, int(port)


class Rule:
    def __init__(self, raw, seed, number):
        self.raw, self.id = raw, str(raw.get("id", f"rule{number}"))
        match, fault = raw.get("match", {}), dict(raw["fault"])
        self.patterns = {k: re.compile(match[k]) for k in ("method", "path", "query") if k in match}
        self.headers = {k.lower(): re.compile(v) for k, v in match.get("header", {}).items()}
        self.min_body = int(match.get("min_body", 0))
        if fault["type"] in NAMED_STATUS:
            fault = {**NAMED_STATUS[fault["type"]], **fault, "type": "status"}
        self.fault = fault
        self.rate, self.skip = float(raw.get("rate", 1)), int(raw.get("skip", 0))
        self.times, self.every = int(raw.get("times", 1 << 60)), int(raw.get("every", 1))
        self.reset(seed)

    def reset(self, seed):
        self.random = random.Random(hashlib.sha256(f"{seed}/{self.id}".encode()).digest())
        self.matched = self.fired = 0

    def fires(self, request):
        if not all(p.search(getattr(request, k)) for k, p in self.patterns.items()):
            return False
        if not all(p.search(request.headers.get(k, "")) for k, p in self.headers.items()):
            return False
        if request.length < self.min_body:
            return False
        self.matched += 1
        roll = self.random.random()     # one number for each match, so that decisions stay aligned
        late = self.matched <= self.skip or (self.matched - self.skip) % self.every
        if late or self.fired >= self.times or roll >= self.rate:
            return False
        self.fired += 1
        return True

    def places(self, length):
        """Where corrupt flips bytes of a body of this length."""
        wanted, count = int(self.fault.get("offset", -1)), int(self.fault.get("count", 1))
        return {wanted if wanted >= 0 else self.random.randrange(max(1, length)) for _ in range(count)}


class Proxy:
    def __init__(self, arguments):
        self.arguments, self.seed, self.rules = arguments, arguments.seed, []
        self.upstream = loopback(arguments.upstream)
        self.started = time.time()
        self.released = asyncio.Event()
        self.forget()

    def forget(self):
        self.counters, self.statuses = collections.Counter(), collections.Counter()
        self.events = collections.deque(maxlen=5000)
        self.answers = {}       # target -> last answer, for stale ones

    @property
    def remembers(self):
        return any(rule.fault["type"] == "stale" for rule in self.rules)

    def set_rules(self, raw, append=False):
        raw = raw if isinstance(raw, list) else [raw]
        new = [Rule(r, self.seed, i + len(self.rules)) for i, r in enumerate(raw)]
        self.rules = self.rules + new if append else new

    async def client(self, reader, writer):
        self.counters["connections"] += 1
        try:
            while await self.exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError, Abort, OSError):
            pass    # the client or the server is gone; so is this exchange
        finally:
            writer.close()

    async def exchange(self, reader, writer):
        request = Request(*await read_head(reader))
        rule = next((r for r in self.rules if r.fires(request)), None)
        fault = rule.fault["type"] if rule else "pass"
        self.counters["requests"] += 1
        self.counters["fault:" + fault] += 1
        self.events.append({"t": round(time.time() - self.started, 4), "method": request.method, "target": request.target,
                            "fault": fault, "rule": rule.id if rule else None, "length": request.length})
        return await Exchange(self, reader, writer, request, rule).run()

    async def stall(self, seconds):
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.released.wait(), seconds)

    # ---- control

    def stats(self):
        rules = [{"id": r.id, "matched": r.matched, "fired": r.fired, "type": r.fault["type"]} for r in self.rules]
        return {"counters": dict(self.counters), "status": {str(k): v for k, v in self.statuses.items()},
                "seed": self.seed, "rules": rules}

    def reset(self, words):
        self.seed = words.get("seed", self.seed)
        self.forget()
        for rule in self.rules:
            rule.reset(self.seed)

    def release(self):
        self.released.set()
        self.released = asyncio.Event()

    def command(self, method, path, body):
        words = json.loads(body or b"{}")
        commands = {("GET", "/stats"): self.stats, ("GET", "/rules"): lambda: [r.raw for r in self.rules],
                    ("GET", "/log"): lambda: list(self.events), ("PUT", "/rules"): lambda: self.set_rules(words),
                    ("POST", "/rules"): lambda: self.set_rules(words, True), ("POST", "/reset"): lambda: self.reset(words),
                    ("POST", "/release"): self.release}
        if (method, path) not in commands:
            return 404, {"error": "no such control path"}
        try:
            result = commands[(method, path)]()
            return 200, {"ok": True} if result is None else result
        except (KeyError, ValueError, TypeError, re.error) as error:
            return 400, {"error": f"{type(error).__name__}: {error}"}

    async def control(self, reader, writer):
        try:
            line, headers = await read_head(reader)
            method, path, _ = line.split(" ", 2)
            length = {k.lower(): v for k, v in headers}.get("content-length", 0)
            code, result = self.command(method, path, await reader.readexactly(int(length or 0)))
            body = json.dumps(result).encode()
            writer.write(head_bytes(f"HTTP/1.1 {code} -", [("Content-Type", "application/json"),
                                                          ("Content-Length", str(len(body))), ("Connection", "close")]))
            writer.write(body)
            await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    async def serve(self):
        listener = await asyncio.start_server(self.client, *loopback(self.arguments.listen), limit=1 << 20)
        control = await asyncio.start_server(self.control, *loopback(self.arguments.control))
        ports = {"port": listener.sockets[0].getsockname()[1], "control": control.sockets[0].getsockname()[1]}
        print(json.dumps(ports), flush=True)
        await asyncio.Event().wait()


def end_with_stdin():
    """Whoever started us holds our stdin: when it closes, they are gone, and so are we."""
    def wait():
        while os.read(0, 4096):
            pass
        os._exit(0)
    threading.Thread(target=wait, daemon=True).start()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--listen", default="127.0.0.1:0")
    parser.add_argument("--control", default="127.0.0.1:0")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--end-with-stdin", action="store_true")
    arguments = parser.parse_args()
    if arguments.end_with_stdin:
        end_with_stdin()
    try:
        asyncio.run(Proxy(arguments).serve())
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
