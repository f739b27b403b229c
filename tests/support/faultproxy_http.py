# faultproxy_http.py: HTTP/1.1 messages as faultproxy.py passes them on: heads, bodies in blocks, connections cut short.
# SPDX-License-Identifier: Apache-2.0
import socket
import struct

HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "expect"}
BLOCK = 65536


class Abort(Exception):
    """A peer went away in the middle of a message."""


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
