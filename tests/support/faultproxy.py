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
"""
import argparse
import asyncio
import collections
import hashlib
import json
import os
import random
import re
import socket
import struct
import sys
import threading
import time

HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "expect"}
NAMED_STATUS = {
    "expired": {"code": 403, "s3code": "ExpiredToken", "message": "The provided token has expired."},
    "access_denied": {"code": 403, "s3code": "AccessDenied", "message": "Access Denied"},
    "clock_skew": {"code": 403, "s3code": "RequestTimeTooSkewed",
                   "message": "The difference between the request time and the current time is too large."},
    "no_such_upload": {"code": 404, "s3code": "NoSuchUpload", "message": "The specified upload does not exist."},
}
BLOCK = 65536


class Abort(Exception):
    """A peer went away in the middle of a message."""


def loopback(address):
    host, _, port = address.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if not (host.startswith("127.") or host in ("::1", "localhost")):
        sys.exit(f"faultproxy: {address} is not a loopback address")
    return host, int(port)


def error_document(code, message=""):
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message or code}</Message>'
            f"<RequestId>FAULTPROXY</RequestId></Error>").encode()


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


class Request:
    def __init__(self, line, headers):
        self.method, self.target, _ = line.split(" ", 2)
        self.path, _, self.query = self.target.partition("?")
        self.header_list = headers
        self.headers = {k.lower(): v for k, v in headers}
        self.length = int(self.headers.get("content-length", 0) or 0)
        self.expects = "100-continue" in self.headers.get("expect", "").lower()
        self.closes = self.headers.get("connection", "").lower() == "close"
        self.is_head = self.method == "HEAD"


class Answer:
    """What the server said: status line, headers, and how to get at the body."""

    def __init__(self, line, headers, reader, request):
        self.line, self.header_list, self.reader = line, headers, reader
        self.code = int(line.split(" ")[1])
        self.headers = {k.lower(): v for k, v in headers}
        self.bodyless = request.is_head or self.code in (204, 304)
        self.whole = None       # the body, when it had to be read at once

    async def blocks(self):
        if self.bodyless:
            return
        async for block in read_body(self.reader, self.headers, True):
            yield block

    async def read_all(self):
        self.whole = b"".join([block async for block in self.blocks()])
        return self.whole


async def read_head(reader):
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin1").split("\r\n")
    pairs = [line.split(":", 1) for line in lines[1:] if ":" in line]
    return lines[0], [(name.strip(), value.strip()) for name, value in pairs]


async def read_exactly(reader, length):
    while length:
        block = await reader.read(min(BLOCK, length))
        if not block:
            raise Abort("the peer ended inside a body")
        length -= len(block)
        yield block


async def read_chunks(reader):
    while True:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        if size == 0:
            while await reader.readuntil(b"\r\n") != b"\r\n":
                pass
            return
        async for block in read_exactly(reader, size):
            yield block
        await reader.readexactly(2)


async def read_body(reader, headers, until_end):
    if "chunked" in headers.get("transfer-encoding", "").lower():
        async for block in read_chunks(reader):
            yield block
    elif "content-length" in headers:
        async for block in read_exactly(reader, int(headers["content-length"])):
            yield block
    elif until_end:
        while block := await reader.read(BLOCK):
            yield block


def reset_connection(writer):
    sock = writer.get_extra_info("socket")
    if sock:
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
    writer.transport.abort()


def head_bytes(line, headers):
    return (line + "\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers) + "\r\n").encode("latin1")


def flipped(data, places):
    damaged = bytearray(data)
    for place in places:
        damaged[place % len(damaged)] ^= 0x41
    return bytes(damaged)


class Exchange:
    """One request of one client, with the fault chosen for it. run() tells whether the connection goes on."""

    def __init__(self, proxy, reader, writer, request, rule):
        self.proxy, self.reader, self.writer, self.request, self.rule = proxy, reader, writer, request, rule
        self.fault = rule.fault if rule else {"type": "pass"}
        self.type = self.fault["type"]
        self.after = int(self.fault.get("after", 0))
        self.forwards = bool(self.fault.get("forward"))

    async def run(self):
        if self.type == "stall" and self.fault.get("where") == "before_request":
            await self.stall()
        early = {"garbage": self.garbage, "reset_request": self.reset_request, "swallow": self.swallow,
                 "stale": self.stale}
        if self.type in early:
            return await early[self.type]()
        if self.type in ("status", "redirect", "ok_error") and not self.forwards:
            await self.drain()
            await self.refuse()
            return not self.request.closes
        return await self.forward()

    async def stall(self):
        await asyncio.sleep(float(self.fault.get("seconds", 30)))

    async def say_continue(self):
        if self.request.expects:
            self.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await self.writer.drain()

    def body(self):
        return read_body(self.reader, self.request.headers, False)

    async def drain(self):
        await self.say_continue()
        async for _ in self.body():
            pass

    async def answer(self, code, body=b"", headers=(), reason="Injected"):
        lines = [("Content-Length", str(len(body))), ("Server", "faultproxy"), *headers]
        self.writer.write(head_bytes(f"HTTP/1.1 {code} {reason}", lines))
        if not self.request.is_head:
            self.writer.write(body)
        await self.writer.drain()
        self.proxy.statuses[code] += 1

    # ---- faults that never reach the server

    async def garbage(self):
        self.writer.write(self.fault.get("text", "\x16\x03\x01 not http at all\r\n\r\n").encode("latin1"))
        await self.writer.drain()
        return False

    async def reset_request(self):
        got = 0
        if self.after:
            await self.say_continue()
            async for block in self.body():
                got += len(block)
                if got >= self.after:
                    break
        reset_connection(self.writer)
        return False

    async def swallow(self):
        digest = hashlib.md5()
        await self.say_continue()
        async for block in self.body():
            digest.update(block)
        etag = self.fault.get("etag", f'"{digest.hexdigest()}"')
        await self.answer(int(self.fault.get("code", 200)), b"", [("ETag", etag)], "OK")
        return not self.request.closes

    async def stale(self):
        await self.drain()
        known = self.proxy.answers.get(self.request.target)
        if self.fault.get("what", "404") == "404" or known is None:
            await self.answer(404, error_document("NoSuchKey", "The specified key does not exist."))
        else:
            code, headers, body = known
            kept = [h for h in headers if h[0].lower() not in ("content-length", "transfer-encoding")]
            await self.answer(code, body, kept, "OK")
        return not self.request.closes

    async def refuse(self):
        fault = self.fault
        if self.type == "ok_error":
            message = "We encountered an internal error. Please try again."
            body = b" \n" * int(fault.get("pad", 3)) + error_document(fault.get("s3code", "InternalError"), message)
            return await self.answer(200, body, reason="OK")
        if self.type == "redirect":
            headers = [("x-amz-bucket-region", fault.get("region", "eu-west-1"))]
            if "location" in fault:
                headers.append(("Location", fault["location"]))
            return await self.answer(int(fault.get("code", 301)), error_document("PermanentRedirect"), headers)
        headers = list(fault.get("headers", {}).items())
        if "retry_after" in fault:
            headers.append(("Retry-After", str(fault["retry_after"])))
        words = error_document(fault.get("s3code", "SlowDown"), fault.get("message", "Please reduce your request rate."))
        return await self.answer(int(fault.get("code", 503)), fault["body"].encode() if "body" in fault else words, headers)

    # ---- forwarding

    async def forward(self):
        await self.say_continue()
        repeated = None
        if self.type == "duplicate_request":
            repeated = b"".join([block async for block in self.body()])
            await self.ask_server(repeated, throw_away=True)
        server = await self.ask_server(repeated)
        if server is None:
            return False
        reader, writer = server
        try:
            answer = await self.read_answer(reader)
            if answer is None:
                await self.answer(502, b"upstream closed")
                return False
            return await self.pass_on(answer)
        finally:
            writer.close()

    async def ask_server(self, body, throw_away=False):
        """Sends the request on; None when the fault cut it. `body` replaces the client's when it is to be sent twice."""
        reader, writer = await asyncio.open_connection(*self.proxy.upstream, limit=1 << 20)
        request = self.request
        headers = [(k, v) for k, v in request.header_list if k.lower() not in HOP_BY_HOP]
        if body is not None:
            headers = [h for h in headers if h[0].lower() not in ("transfer-encoding", "content-length")]
            headers.append(("Content-Length", str(len(body))))
        writer.write(head_bytes(f"{request.method} {request.target} HTTP/1.1", headers + [("Connection", "close")]))
        chunked = body is None and "chunked" in request.headers.get("transfer-encoding", "").lower()
        if not await self.send_body(writer, body, chunked):
            return None
        if throw_away:
            answer = await self.read_answer(reader)
            async for _ in answer.blocks() if answer else self.nothing():
                pass
            writer.close()
        return reader, writer

    @staticmethod
    async def nothing():
        return
        yield

    async def send_body(self, writer, body, chunked):
        places = set()
        if self.type == "corrupt" and self.fault.get("where") == "request":
            places = self.rule.places(self.request.length)
        limit = self.after if self.type == "reset_upstream" else None
        sent = 0
        async for block in self.blocks_of(body):
            here = {p - sent for p in places if sent <= p < sent + len(block)}
            block = flipped(block, here) if here else block
            if limit is not None and sent + len(block) >= limit:
                writer.write(block[:max(0, limit - sent)])
                await writer.drain()
                break
            writer.write(b"%x\r\n%s\r\n" % (len(block), block) if chunked else block)
            await writer.drain()
            sent += len(block)
            self.proxy.counters["bytes_up"] += len(block)
        if limit is not None:
            reset_connection(writer)
            reset_connection(self.writer)
            return False
        if chunked:
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    async def blocks_of(self, body):
        if body is not None:
            yield body
            return
        async for block in self.body():
            yield block

    async def read_answer(self, reader):
        try:
            while True:
                line, headers = await read_head(reader)
                if not line.split(" ")[1].startswith("1"):
                    return Answer(line, headers, reader, self.request)
        except asyncio.IncompleteReadError:
            return None

    # ---- what the client gets of the answer

    async def pass_on(self, answer):
        self.proxy.statuses[answer.code] += 1
        if self.forwards:
            await answer.read_all()
            await self.refuse()
            return not self.request.closes
        if self.type == "reset_response" and self.after == 0:
            await answer.read_all()
            reset_connection(self.writer)
            return False
        if self.type == "stall" and self.fault.get("where", "before_response") == "before_response":
            await self.stall()
        await self.read_what_is_needed_whole(answer)
        head = head_bytes(answer.line, self.edited_headers(answer))
        if self.type == "duplicate_response":
            self.writer.write((head + (b"" if answer.bodyless else answer.whole)) * 2)
            await self.writer.drain()
            return not self.request.closes
        if self.type == "chunked_cut":
            body = answer.whole[:self.after]
            self.writer.write(head + (b"%x\r\n%s\r\n" % (len(body), body) if body else b""))
            await self.writer.drain()
            return False
        return await self.send_answer(answer, head)

    async def read_what_is_needed_whole(self, answer):
        unsized = not answer.bodyless and "content-length" not in answer.headers
        remembered = self.request.method in ("GET", "HEAD") and self.proxy.remembers \
            and int(answer.headers.get("content-length", 1 << 40)) <= 1 << 20
        if not (unsized or remembered or self.type in ("short", "corrupt", "duplicate_response", "chunked_cut")):
            return
        body = await answer.read_all()
        if self.request.method in ("GET", "HEAD"):
            self.proxy.answers[self.request.target] = (answer.code, answer.header_list, body)
        if self.type == "corrupt" and self.fault.get("where", "response") == "response" and body:
            answer.whole = flipped(body, self.rule.places(len(body)))
        if self.type == "short":
            answer.whole = body[:self.after]

    def edited_headers(self, answer):
        headers = [h for h in answer.header_list if h[0].lower() not in HOP_BY_HOP and h[0].lower() != "transfer-encoding"]
        if answer.whole is not None and not answer.bodyless:
            headers = [h for h in headers if h[0].lower() != "content-length"]
            headers.append(("Content-Length", str(len(answer.whole))))
        if self.type == "headers":
            put = self.fault.get("set", {})
            gone = {x.lower() for x in (*self.fault.get("drop", []), *put)}
            headers = [h for h in headers if h[0].lower() not in gone] + list(put.items())
        if self.type == "chunked_cut":
            headers = [h for h in headers if h[0].lower() != "content-length"] + [("Transfer-Encoding", "chunked")]
        return headers

    async def send_answer(self, answer, head):
        limit = None
        if self.type == "truncate":
            limit = self.after
        elif self.type == "reset_response":
            limit = self.after - len(head)
            if limit <= 0:
                return await self.cut(head[:self.after])
        self.writer.write(head)
        sent = 0
        async for block in self.answer_blocks(answer):
            if self.type == "throttle":
                await asyncio.sleep(len(block) / float(self.fault.get("bps", 65536)))
            if self.type == "stall" and self.fault.get("where") == "mid_response" and sent <= self.after < sent + len(block):
                self.writer.write(block[:self.after - sent])
                await self.writer.drain()
                await self.stall()
                block = block[self.after - sent:]
                sent = self.after
            if limit is not None and sent + len(block) > limit:
                return await self.cut(block[:limit - sent])
            self.writer.write(block)
            await self.writer.drain()
            sent += len(block)
            self.proxy.counters["bytes_down"] += len(block)
        await self.writer.drain()
        sized = answer.bodyless or answer.whole is not None or "content-length" in answer.headers
        dropped = "content-length" in [x.lower() for x in self.fault.get("drop", [])]
        return not self.request.closes and sized and not dropped

    async def cut(self, last_bytes):
        self.writer.write(last_bytes)
        await self.writer.drain()
        if self.type == "reset_response":
            await asyncio.sleep(0.02)   # let the bytes arrive before the reset discards them
            reset_connection(self.writer)
        return False

    async def answer_blocks(self, answer):
        if answer.whole is None:
            async for block in answer.blocks():
                yield block
        elif not answer.bodyless:
            for start in range(0, len(answer.whole), BLOCK):
                yield answer.whole[start:start + BLOCK]


class Proxy:
    def __init__(self, arguments):
        self.arguments, self.seed, self.rules = arguments, arguments.seed, []
        self.upstream = loopback(arguments.upstream)
        self.started = time.time()
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

    def command(self, method, path, body):
        words = json.loads(body or b"{}")
        commands = {("GET", "/stats"): self.stats, ("GET", "/rules"): lambda: [r.raw for r in self.rules],
                    ("GET", "/log"): lambda: list(self.events), ("PUT", "/rules"): lambda: self.set_rules(words),
                    ("POST", "/rules"): lambda: self.set_rules(words, True), ("POST", "/reset"): lambda: self.reset(words)}
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
