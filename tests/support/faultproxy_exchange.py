# faultproxy_exchange.py: one request through faultproxy.py, with the fault that a rule chose for it.
# SPDX-License-Identifier: Apache-2.0
import asyncio
import hashlib

from faultproxy_http import BLOCK, HOP_BY_HOP, Answer, flipped, head_bytes, read_body, read_head, reset_connection


def error_document(code, message=""):
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message or code}</Message>'
            f"<RequestId>FAULTPROXY</RequestId></Error>").encode()


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
        early = {"garbage": self.garbage, "reset_request": self.reset_request, "unheard": self.unheard,
                 "swallow": self.swallow, "stale": self.stale}
        if self.type in early:
            return await early[self.type]()
        if self.type in ("status", "redirect", "ok_error") and not self.forwards:
            await self.drain()
            await self.refuse()
            return not self.request.closes
        return await self.forward()

    async def stall(self):
        await self.proxy.stall(float(self.fault.get("seconds", 30)))

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

    async def unheard(self):
        if self.request.expects:
            await self.refuse()
        else:
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
        # Not "Connection: close": some servers then refuse without reading the body, and their answer dies with the connection.
        writer.write(head_bytes(f"{request.method} {request.target} HTTP/1.1", headers))
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
