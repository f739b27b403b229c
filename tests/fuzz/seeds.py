# seeds.py: small texts that a reader of text begins with: every turn of the formats once.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: seeds.py READER FOLDER      writes one file a seed
import gzip
import os
import sys

CSV = [
    "id,name,amount\n1,Ann,1.5\n2,Bob,22.25\n",
    "id;name;amount\r\n1;\"a;b\";1,5\r\n2;\"say \"\"so\"\"\";2,25\r\n",
    "a\tb\tc\n1\t\\N\t2024-02-29\n2\tx\t2024-02-29T12:00:00Z\n",
    "\ufeffzip|when|id\n01234|2024-01-01 10:00:00|123e4567-e89b-12d3-a456-426614174000\n",
    "report of May\n\nname,qty\na,1\nb,2\ntotal,3\n",
    "1,2,3\n4,5\n6,7,8,9\n\n\"open,1\n",
    "x\rtrue\rfalse\r", "a,a,,a\n1e300,NaN,-0,9223372036854775808\n99999999999999999999999999999999999999,.5,1.,+1\n",
    "# comment\na,b\n'x','y'\n", "a,b\n\xe9,\xfc\n", "a\n" + "1\n" * 300 + "01\n", "v\n" + "x" * 3000 + "\n",
]
JSON = [
    '[{"id":1,"name":"Ann","amount":1.5},{"id":2,"name":null,"tags":["a","b"],"at":{"x":1}}]',
    '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"a":1}}]}',
    '{"a":1,"b":[1,2.5,"x",null,true,{"c":[]}]}', '{"data":[{"a":1},{"a":2}],"next":null}', "[]", "[[1,2],[3,4]]", "[1,2,3]",
    '{"\\u0061\\ud83d\\ude00":"\\n\\u0000","n":-1.5e-300,"big":18446744073709551616}', "[" * 60 + "]" * 60, ' \ufeff{"x":1}',
]
LINES = [
    '{"id":1,"a":"x"}\n{"id":2,"b":{"c":[1,2]}}\n{"id":"3"}\n', '{"a":1}\r\n\r\n{"a":1.5}', '{"a":1}\n{"a":\n{"a":3}\n', "[1,2]\n[3,4]\n",
    '{"t":"2024-02-29T12:00:00Z","u":"123e4567-e89b-12d3-a456-426614174000","d":"2024-02-29"}\n', '1\n"x"\nnull\n', '{"a":{"b":{"c":{"d":1}}}}\n',
]


def main(reader, folder):
    texts = {"csv": CSV, "gzip": CSV, "json": JSON, "json_lines": LINES, "zstd": LINES}[reader]
    for number, text in enumerate(texts):
        data = text.encode("latin-1") if "\xe9" in text else text.encode()
        if reader == "gzip":
            data = gzip.compress(data, mtime=0)
        elif reader == "zstd":
            # One raw block in one frame: magic, descriptor (single segment, one byte of size), block header, bytes.
            data = data[:255]
            data = b"\x28\xb5\x2f\xfd\x20" + bytes([len(data)]) + (len(data) << 3 | 1).to_bytes(3, "little") + data
        with open(os.path.join(folder, "seed-%02d" % number), "wb") as file:
            file.write(data)


main(*sys.argv[1:])
