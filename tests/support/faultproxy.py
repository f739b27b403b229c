#!/usr/bin/env python3
# faultproxy.py: a proxy before an object store that lies, stalls, cuts, corrupts or loses, by rule.
# SPDX-License-Identifier: Apache-2.0
"""faultproxy - a deterministic fault-injecting HTTP/1.1 reverse proxy for object-store clients.

Sits on loopback in front of any plain-HTTP server (S3, Azure Blob, GCS emulators) and, by rule,
lies, stalls, cuts, corrupts or loses.  Python 3.8+ standard library only.

  faultproxy.py --listen 127.0.0.1:9100 --upstream 127.0.0.1:9000 --control 127.0.0.1:9101 \
                --seed 42 --rules rules.json --log events.jsonl

A rule:  {"id": "slow", "match": {"method": "PUT|POST", "path": "^/bkt/", "query": "partNumber=2",
                                  "header": {"range": "bytes=.*"}, "min_body": 1},
          "rate": 0.3, "skip": 0, "times": 2, "every": 1, "fault": {"type": "status", "code": 503}}
 match fields are regexes (search); all must hold.  skip = let the first N matches pass, every = only
 each k-th, times = fire at most N times, rate = probability (own RNG per rule: seed + rule id, so a
 rule's decisions do not depend on other rules or on thread timing).  First rule that fires wins.

 fault types (fields; defaults in brackets)
  status            code[503] s3code[SlowDown] message retry_after headers forward[false] body
                    forward=true: upstream DOES the work, the client is told it failed (ambiguous write)
  expired           403 ExpiredToken          access_denied   403 AccessDenied
  clock_skew        403 RequestTimeTooSkewed  no_such_upload  404 NoSuchUpload
  redirect          code[301] location region  (S3 PermanentRedirect with x-amz-bucket-region)
  ok_error          200 with an <Error> XML body; s3code[InternalError] pad[3] forward[false]
  reset_request     after[0]      RST after reading N request-body bytes; nothing reaches upstream
  reset_upstream    after[0]      forward N request-body bytes, then RST both sides (partial upload)
  reset_response    after[0]      upstream does the work; RST after N response bytes (head+body); after=0: answer lost
  truncate          after[0]      FIN after N body bytes, Content-Length still announces all
  short             after[0]      N body bytes AND a Content-Length of N (a consistent lie)
  stall             seconds[30] where[before_request|before_response|mid_response] after[0]
  throttle          bps[65536]    response body at this speed
  corrupt           where[response|request] offset[-1=random] count[1]   flip bits, length unchanged
  duplicate_response              the whole response twice (keep-alive desync)
  duplicate_request               upstream gets the request twice
  swallow           code[200] etag  answer success, forward nothing (the lying cloud)
  stale             what[404|previous]  read-after-write inconsistency on GET/HEAD/list
  headers           set{} drop[]  edit response headers (ETag lies, Content-Encoding, no Content-Length)
  chunked_cut       after[0]      re-frame as chunked, no final chunk
  garbage           text          bytes that are not HTTP

 control (JSON): GET /stats /rules /log   PUT /rules (replace)  POST /rules (append)  DELETE /rules
                 POST /reset {"seed":n} (counters, RNG)   POST /quit
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

HOP = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "expect"}
PRESET = {
    "expired": dict(type="status", code=403, s3code="ExpiredToken", message="The provided token has expired."),
    "access_denied": dict(type="status", code=403, s3code="AccessDenied", message="Access Denied"),
    "clock_skew": dict(type="status", code=403, s3code="RequestTimeTooSkewed",
                       message="The difference between the request time and the current time is too large."),
    "no_such_upload": dict(type="status", code=404, s3code="NoSuchUpload", message="The specified upload does not exist."),
}


def loopback(hp):
    host, _, port = hp.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if not (host.startswith("127.") or host in ("::1", "localhost")):
        sys.exit(f"faultproxy: refusing non-loopback address {hp}")
    return host, int(port)


def xml_error(code, msg=""):
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{msg or code}</Message>'
            f"<RequestId>FAULTPROXY</RequestId></Error>").encode()


class Rule:
    def __init__(self, d, seed, n):
        self.id = str(d.get("id", f"rule{n}"))
        self.raw = d
        m = d.get("match", {})
        self.rx = {k: re.compile(m[k]) for k in ("method", "path", "query") if k in m}
        self.hdr = {k.lower(): re.compile(v) for k, v in m.get("header", {}).items()}
        self.min_body = int(m.get("min_body", 0))
        f = dict(d["fault"])
        if f.get("type") in PRESET:
            f = {**PRESET[f["type"]], **{k: v for k, v in f.items() if k != "type"}}
        self.fault = f
        self.rate, self.skip = float(d.get("rate", 1)), int(d.get("skip", 0))
        self.times, self.every = int(d.get("times", 1 << 60)), int(d.get("every", 1))
        self.reset(seed)

    def reset(self, seed):
        self.rng = random.Random(hashlib.sha256(f"{seed}/{self.id}".encode()).digest())
        self.matched = self.fired = 0

    def decide(self, rq):
        for k, rx in self.rx.items():
            if not rx.search(rq[k]):
                return False
        for k, rx in self.hdr.items():
            if not rx.search(rq["headers"].get(k, "")):
                return False
        if rq["length"] < self.min_body:
            return False
        self.matched += 1
        roll = self.rng.random()          # always consume one number: decisions stay aligned
        if self.matched <= self.skip or self.fired >= self.times or (self.matched - self.skip) % self.every or roll >= self.rate:
            return False
        self.fired += 1
        return True


class Abort(Exception):
    pass


class Proxy:
    def __init__(self, a):
        self.a, self.seed, self.rules = a, a.seed, []
        self.up = loopback(a.upstream)
        self.c = collections.Counter()
        self.status = collections.Counter()
        self.events = collections.deque(maxlen=5000)
        self.cache, self.n, self.t0 = {}, 0, time.time()
        self.logf = open(a.log, "a", buffering=1) if a.log else None
        if a.rules:
            self.set_rules(json.load(open(a.rules)))

    def set_rules(self, rs, append=False):
        rs = rs["rules"] if isinstance(rs, dict) and "rules" in rs else rs
        rs = rs if isinstance(rs, list) else [rs]
        new = [Rule(r, self.seed, i + len(self.rules)) for i, r in enumerate(rs)]
        self.rules = self.rules + new if append else new

    def log(self, **e):
        e = {"t": round(time.time() - self.t0, 4), **e}
        self.events.append(e)
        if self.logf:
            self.logf.write(json.dumps(e) + "\n")

    # ---- http plumbing
    @staticmethod
    async def head(r):
        raw = await r.readuntil(b"\r\n\r\n")
        lines = raw.decode("latin1").split("\r\n")
        hs = [tuple(x.split(":", 1)) for x in lines[1:] if ":" in x]
        return lines[0], [(k.strip(), v.strip()) for k, v in hs]

    @staticmethod
    async def body(r, hdr, until_eof):
        if "chunked" in hdr.get("transfer-encoding", "").lower():
            while True:
                ln = await r.readuntil(b"\r\n")
                n = int(ln.split(b";")[0], 16)
                if n == 0:
                    while (await r.readuntil(b"\r\n")) != b"\r\n":
                        pass
                    return
                while n:
                    b = await r.read(min(65536, n))
                    if not b:
                        raise Abort("eof in chunk")
                    n -= len(b)
                    yield b
                await r.readexactly(2)
        elif "content-length" in hdr:
            n = int(hdr["content-length"])
            while n:
                b = await r.read(min(65536, n))
                if not b:
                    raise Abort("eof in body")
                n -= len(b)
                yield b
        elif until_eof:
            while True:
                b = await r.read(65536)
                if not b:
                    return
                yield b

    @staticmethod
    def rst(w):
        s = w.get_extra_info("socket")
        if s:
            try:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError:
                pass
        w.transport.abort()

    async def answer(self, w, code, body=b"", headers=(), head_only=False, reason="Injected"):
        hs = [("Content-Length", str(len(body))), ("x-amz-request-id", "FAULTPROXY"), ("Server", "faultproxy")] + list(headers)
        if body and not any(k.lower() == "content-type" for k, _ in hs):
            hs.append(("Content-Type", "application/xml"))
        w.write((f"HTTP/1.1 {code} {reason}\r\n" + "".join(f"{k}: {v}\r\n" for k, v in hs) + "\r\n").encode("latin1"))
        if not head_only:
            w.write(body)
        await w.drain()
        self.status[code] += 1

    async def drain_request(self, r, rq, w):
        if rq["expect"]:
            w.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        n = 0
        async for b in self.body(r, rq["headers"], False):
            n += len(b)
        return n

    async def client(self, r, w):
        self.c["connections"] += 1
        try:
            while await self.one(r, w):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, Abort, asyncio.LimitOverrunError, OSError):
            pass
        except asyncio.CancelledError:
            pass
        finally:
            try:
                w.close()
            except Exception:
                pass

    async def one(self, r, w):
        line, hl = await self.head(r)
        method, target, _ = line.split(" ", 2)
        hd = {k.lower(): v for k, v in hl}
        path, _, query = target.partition("?")
        self.n += 1
        rq = dict(n=self.n, method=method, target=target, path=path, query=query, headers=hd,
                  length=int(hd.get("content-length", 0) or 0), expect="100-continue" in hd.get("expect", "").lower())
        self.c["requests"] += 1
        self.c["m:" + method] += 1
        f, rule = {"type": "pass"}, None
        for ru in self.rules:
            if ru.decide(rq):
                f, rule = ru.fault, ru
                break
        t = f["type"]
        self.log(n=self.n, method=method, target=target, fault=t, rule=rule.id if rule else None, length=rq["length"])
        self.c["fault:" + t] += 1
        head_only = method == "HEAD"
        close = hd.get("connection", "").lower() == "close"

        if t == "stall" and f.get("where", "before_response") == "before_request":
            await asyncio.sleep(float(f.get("seconds", 30)))
        if t == "garbage":
            w.write(f.get("text", "\x16\x03\x01 not http at all\r\n\r\n").encode("latin1")); await w.drain(); return False
        if t == "reset_request":
            want = int(f.get("after", 0)); got = 0
            if want and rq["expect"]:
                w.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            if want:
                async for b in self.body(r, hd, False):
                    got += len(b)
                    if got >= want:
                        break
            self.rst(w); return False
        if t == "swallow":
            h = hashlib.md5()
            if rq["expect"]:
                w.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            async for b in self.body(r, hd, False):
                h.update(b)
            await self.answer(w, int(f.get("code", 200)), b"", [("ETag", f.get("etag", f'"{h.hexdigest()}"'))], head_only, "OK")
            return not close
        if t in ("status", "redirect", "ok_error", "stale") and not f.get("forward"):
            if t != "stale" or f.get("what", "404") == "404" or target not in self.cache:
                await self.drain_request(r, rq, w)
            if t == "status":
                hs = list(f.get("headers", {}).items())
                if "retry_after" in f:
                    hs.append(("Retry-After", str(f["retry_after"])))
                await self.answer(w, int(f.get("code", 503)), f["body"].encode() if "body" in f else
                                  xml_error(f.get("s3code", "SlowDown"), f.get("message", "Please reduce your request rate.")), hs, head_only)
            elif t == "redirect":
                hs = [("x-amz-bucket-region", f.get("region", "eu-west-1"))]
                if "location" in f:
                    hs.append(("Location", f["location"]))
                await self.answer(w, int(f.get("code", 301)), xml_error("PermanentRedirect"), hs, head_only)
            elif t == "ok_error":
                await self.answer(w, 200, b" \n" * int(f.get("pad", 3)) + xml_error(f.get("s3code", "InternalError"),
                                  "We encountered an internal error. Please try again."), [], head_only, "OK")
            elif f.get("what", "404") == "404" or target not in self.cache:
                await self.answer(w, 404, xml_error("NoSuchKey", "The specified key does not exist."), [], head_only)
            else:
                await self.drain_request(r, rq, w)
                st, hs, b = self.cache[target]
                await self.answer(w, st, b, [x for x in hs if x[0].lower() not in ("content-length", "transfer-encoding")], head_only, "OK")
            return not close

        # ---- forward
        if rq["expect"]:
            w.write(b"HTTP/1.1 100 Continue\r\n\r\n"); await w.drain()
        copies = 2 if t == "duplicate_request" else 1
        data = None
        if copies == 2:
            data = b"".join([b async for b in self.body(r, hd, False)])
        ur = uw = None
        for i in range(copies):
            if uw:
                uw.close()
            ur, uw = await asyncio.open_connection(*self.up, limit=1 << 20)
            out = [(k, v) for k, v in hl if k.lower() not in HOP]
            if data is not None:
                out = [(k, v) for k, v in out if k.lower() not in ("transfer-encoding", "content-length")] + [("Content-Length", str(len(data)))]
            uw.write((f"{method} {target} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in out) + "Connection: close\r\n\r\n").encode("latin1"))
            chunked = data is None and "chunked" in hd.get("transfer-encoding", "").lower()
            flip = sorted({(int(f["offset"]) if int(f.get("offset", -1)) >= 0 else rule.rng.randrange(max(1, rq["length"]))) for _ in range(int(f.get("count", 1)))}) \
                if t == "corrupt" and f.get("where", "response") == "request" else []
            pos, lim = 0, int(f.get("after", 0)) if t == "reset_upstream" else None

            async def src():
                if data is not None:
                    yield data
                else:
                    async for b in self.body(r, hd, False):
                        yield b
            async for b in src():
                if flip:
                    ba = bytearray(b)
                    for o in flip:
                        if pos <= o < pos + len(ba):
                            ba[o - pos] ^= 0x41
                    b = bytes(ba)
                if lim is not None and pos + len(b) >= lim:
                    uw.write(b[:max(0, lim - pos)]); await uw.drain()
                    self.rst(uw); self.rst(w); return False
                uw.write((b"%x\r\n%s\r\n" % (len(b), b)) if chunked else b)
                await uw.drain(); pos += len(b); self.c["bytes_up"] += len(b)
            if chunked:
                uw.write(b"0\r\n\r\n")
            await uw.drain()
            if lim is not None:
                self.rst(uw); self.rst(w); return False
            if i + 1 < copies:                     # swallow the first answer
                _, h1 = await self.head(ur)
                async for _ in self.body(ur, {k.lower(): v for k, v in h1}, method != "HEAD") if method != "HEAD" else _none():
                    pass
        try:
            while True:
                sl, rh = await self.head(ur)
                if not sl.split(" ")[1].startswith("1"):
                    break
        except asyncio.IncompleteReadError:
            await self.answer(w, 502, b"upstream closed"); uw.close(); return False
        code = int(sl.split(" ")[1])
        rhd = {k.lower(): v for k, v in rh}
        nobody = head_only or code in (204, 304)
        self.status[code] += 1

        async def rbody():
            if nobody:
                return
            async for b in self.body(ur, rhd, True):
                yield b
        if f.get("forward") and t in ("status", "ok_error", "redirect"):
            async for _ in rbody():
                pass
            uw.close()
            if t == "ok_error":
                await self.answer(w, 200, xml_error(f.get("s3code", "InternalError")), [], head_only, "OK")
            else:
                hs = [("Retry-After", str(f["retry_after"]))] if "retry_after" in f else []
                await self.answer(w, int(f.get("code", 503)), xml_error(f.get("s3code", "SlowDown")), hs, head_only)
            return not close
        if t == "reset_response" and int(f.get("after", 0)) == 0:
            async for _ in rbody():
                pass
            uw.close(); self.rst(w); return False
        if t == "stall" and f.get("where", "before_response") == "before_response":
            await asyncio.sleep(float(f.get("seconds", 30)))

        hs = [(k, v) for k, v in rh if k.lower() not in HOP and k.lower() != "transfer-encoding"]
        need_all = t in ("short", "corrupt", "duplicate_response", "chunked_cut") or (not nobody and "content-length" not in rhd)
        small = int(rhd.get("content-length", 1 << 40)) <= 1 << 20
        whole = None
        if need_all or (method in ("GET", "HEAD") and small and any(x.fault["type"] == "stale" for x in self.rules)):
            whole = b"".join([b async for b in rbody()])
            if method in ("GET", "HEAD"):
                self.cache[target] = (code, rh, whole)
        if t == "corrupt" and f.get("where", "response") == "response" and whole:
            ba = bytearray(whole)
            for _ in range(int(f.get("count", 1))):
                o = int(f.get("offset", -1))
                ba[(o if o >= 0 else rule.rng.randrange(len(ba))) % len(ba)] ^= 0x41
            whole = bytes(ba)
        if t == "short" and whole is not None:
            whole = whole[:int(f.get("after", 0))]
        if whole is not None and not nobody:
            hs = [(k, v) for k, v in hs if k.lower() != "content-length"] + [("Content-Length", str(len(whole)))]
        if t == "headers":
            drop = {x.lower() for x in f.get("drop", [])} | {x.lower() for x in f.get("set", {})}
            hs = [(k, v) for k, v in hs if k.lower() not in drop] + list(f.get("set", {}).items())
        if t == "chunked_cut":
            hs = [(k, v) for k, v in hs if k.lower() != "content-length"] + [("Transfer-Encoding", "chunked")]
        head = (sl + "\r\n" + "".join(f"{k}: {v}\r\n" for k, v in hs) + "\r\n").encode("latin1")
        if t == "duplicate_response":
            w.write((head + (b"" if nobody else whole)) * 2); await w.drain(); uw.close(); return not close
        if t == "chunked_cut":
            b = (whole or b"")[:int(f.get("after", 0))]
            w.write(head + (b"%x\r\n%s\r\n" % (len(b), b) if b else b"")); await w.drain(); uw.close(); return False
        sent = 0
        lim = int(f.get("after", 0)) if t in ("reset_response", "truncate") else None
        w.write(head if t != "reset_response" else head[:lim])
        if t == "reset_response" and lim <= len(head):
            await w.drain(); uw.close(); await asyncio.sleep(0.02); self.rst(w); return False

        async def out():
            if whole is not None:
                if not nobody:
                    for i in range(0, len(whole), 65536):
                        yield whole[i:i + 65536]
            else:
                async for b in rbody():
                    yield b
        lim = lim - len(head) if t == "reset_response" else lim
        async for b in out():
            if t == "throttle":
                await asyncio.sleep(len(b) / float(f.get("bps", 65536)))
            if t == "stall" and f.get("where") == "mid_response" and sent <= int(f.get("after", 0)) < sent + len(b):
                k = int(f.get("after", 0)) - sent
                w.write(b[:k]); await w.drain(); await asyncio.sleep(float(f.get("seconds", 30))); w.write(b[k:]); sent += len(b); continue
            if lim is not None and sent + len(b) > lim:
                w.write(b[:lim - sent]); await w.drain(); uw.close()
                if t == "reset_response":
                    await asyncio.sleep(0.02); self.rst(w)
                return False
            w.write(b); await w.drain(); sent += len(b); self.c["bytes_down"] += len(b)
        await w.drain(); uw.close()
        return not close and (nobody or whole is not None or "content-length" in rhd) and "content-length" not in [x.lower() for x in f.get("drop", [])]

    # ---- control
    async def control(self, r, w):
        try:
            line, hl = await self.head(r)
            hd = {k.lower(): v for k, v in hl}
            method, path, _ = line.split(" ", 2)
            raw = await r.readexactly(int(hd.get("content-length", 0) or 0))
            out, code = {"ok": True}, 200
            try:
                if path == "/stats":
                    out = {"counters": dict(self.c), "status": {str(k): v for k, v in self.status.items()}, "seed": self.seed,
                           "rules": [{"id": x.id, "matched": x.matched, "fired": x.fired, "type": x.fault["type"]} for x in self.rules]}
                elif path == "/rules" and method == "GET":
                    out = [x.raw for x in self.rules]
                elif path == "/rules" and method in ("PUT", "POST"):
                    self.set_rules(json.loads(raw), method == "POST")
                elif path == "/rules" and method == "DELETE":
                    self.rules = []
                elif path == "/log":
                    out = list(self.events)
                elif path == "/reset":
                    d = json.loads(raw or b"{}"); self.seed = d.get("seed", self.seed)
                    self.c.clear(); self.status.clear(); self.events.clear(); self.cache.clear(); self.n = 0
                    for x in self.rules:
                        x.reset(self.seed)
                elif path == "/quit":
                    asyncio.get_running_loop().call_later(0.05, self.stop.set)
                else:
                    out, code = {"error": "no such control path"}, 404
            except Exception as e:
                out, code = {"error": f"{type(e).__name__}: {e}"}, 400
            b = json.dumps(out).encode()
            w.write(b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (code, len(b)) + b)
            await w.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            w.close()

    async def main(self):
        self.stop = asyncio.Event()
        s1 = await asyncio.start_server(self.client, *loopback(self.a.listen), limit=1 << 20)
        s2 = await asyncio.start_server(self.control, *loopback(self.a.control))
        print(json.dumps({"port": s1.sockets[0].getsockname()[1], "control": s2.sockets[0].getsockname()[1]}), flush=True)
        await self.stop.wait()
        s1.close(); s2.close()


async def _none():
    return
    yield


def end_with_stdin():
    """Whoever started us holds our stdin: when it closes, they are gone, and so are we."""
    def wait():
        while os.read(0, 4096):
            pass
        os._exit(0)
    threading.Thread(target=wait, daemon=True).start()


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listen", default="127.0.0.1:0")
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--control", default="127.0.0.1:0")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rules")
    parser.add_argument("--log")
    parser.add_argument("--end-with-stdin", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    arguments = parse_arguments()
    if arguments.end_with_stdin:
        end_with_stdin()
    try:
        asyncio.run(Proxy(arguments).main())
    except KeyboardInterrupt:
        pass
