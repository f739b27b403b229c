# Files as people and programs leave them: by hand for what went wrong once, and at random from a seed, so that a failure can be had again.
# SPDX-License-Identifier: Apache-2.0
import gzip
import json
import random

CSV = {
    "unclosed": 'id,t\n1,"he said ""hi"""\n2,unclose"d\n3,"never ends\n4,x\n5,y\n',
    "inches": 'a,b\n5" pipe,1\n6" pipe,2\nz,3\n',
    "half_quoted": 'a,b\n"p"q,1\n"r ""s""",2\nz,"3"\n',
    "blank_then_quote": 'a,b\n1, "x, y"\n2, z\n',
    "one_with_commas": 'word\nx,y\n"p,q"\nz, and more\n',
    "one_with_blanks": "word\nx\n\ny\n",
    "blank_first": "\nword\nx\ny\n",
    "quoted_lines": 'a,b\n"l1\nl2",1\nx,2\n',
    "quoted_lines_and_short": 'a,b,c\n"l1\nl2",1,2\nx,2\ny,3,4\nz,5,6\n',
    "quoted_empties": 'a,b,c\n"",1,"x"\n,2,\nx,"",y\n',
    "long_row": "a,b\n1,2\n3,4,5\n6,7\n",
    "comment_inside": "# made by hand\nid,t\n1,a # b\n# between\n2,c\n3,d\n",
    "comment_like": '# made by hand\nid,t\n"#1",a\n# between\n2,c\n3,d\n',
    "short_header": "a,b\n1,2,x\n3,4,y\n5,6,z\n",
    "nanoseconds": "t,z\n2024-01-02 03:04:05.123456789,2024-01-02T03:04:05.123456789Z\n2024-01-02 03:04:05.1,2024-01-02T03:04:05Z\n",
    "times": "t,z\n2024-01-02t03:04,2024-01-02T03:04Z\n\"2024-01-02 03:04:05,5\",2024-01-02 03:04:05 UTC\n",
    "wide_cell": "id,t\n1,%s\n2,y\n" % ("z" * 500000),
    "zero": b"id,t\n1,x\0y\n2,z\n",
    "words": b"id,t\n1,caf\xe9 \x80\n2,th\xe9\n3,na\xefve\n",
    "utf16": "\nid,t\n1,a\n2,b\n".encode("utf-16"),
    "utf16_wide": "id,t\n1,\U0001f600\n2,b\n".encode("utf-16"),
    "two_line_ends": 'a,b\n1,x\r\n"2","y\nz"\r\n,3\n4,"w\r\nv"\n5,u\r\n',
    "last_line_end": "a,b\n1,x\n2,y\r",
    "padded_notes": 'id,city,n\n1,a,5\n2,,6\n3,"c\nd",7\n"Source: x, y",,\nAs of,,',
    "padded_row": "id,city,n\n1,a,5\n2,,6\n3,c,7\nNew York,,\n4,d,8\n",
    "names": 'a,A,"",a b,"say ""hi"""\n1,2,3,4,5\n6,7,8,9,0\n',
}
JSON = {
    "empty_key.jsonl": '{"":1,"a":2}\n{"":3,"a":4}\n',
    "same_key.jsonl": '{"a":1,"a":2}\n{"a":3}\n',
    "cases.jsonl": '{"a":1,"A":2}\n{"a":3}\n',
    "nested_cases.jsonl": '{"s":{"a":1,"A":2,"":3}}\n{"s":{"a":4}}\n',
    "not_all_objects.jsonl": '{"a":1}\n7\n{"a":2}\n',
    "damaged.jsonl": '{"a":1}\n{"a":\n{"a":2}\n',
    "two_a_line.json": '{"a":1}{"a":2}\n{"a":3}\n',
    "many_digits.jsonl": '{"a":0.1234567890123456789}\n{"a":1.5}\n',
    "long_numbers.jsonl": '{"a":123456789012345678901234567890}\n{"a":1}\n',
    "times.jsonl": '{"t":"2024-01-02T03:04Z","n":"2024-01-02T03:04:05.123456789","l":["2024-01-02T03:04:05.123456789"]}\n{"t":"2024-01-02T03:04:05+01:00"}\n',
    "values.json": "[1,2,3]",
    "lists.json": "[[1.5,2],[3]]\n[[4]]\n",
    "words.jsonl": '"a"\nnull\n"2"\n',
    "key_value.jsonl": '{"value":1}\n{"value":2}\n',
    "texts_and_numbers.jsonl": '{"a":1,"b":[1,"x"]}\n{"a":1.0}\n{"a":"x"}\n{"a":-2.25,"b":[1e2,1.5]}\n{"a":true}\n{"a":"1.50"}\n',
    "texts_and_spellings.jsonl": '{"a":1.50}\n{"a":"x"}\n{"a":1e3}\n',
    "texts_and_digits.jsonl": '{"a":0.1234567890123456789}\n{"a":"x"}\n',
    "any_and_digits.jsonl": '{"a":{"b":0.1234567890123456789}}\n{"a":"x"}\n',
    "odd_numbers_elsewhere.jsonl": '{"a":1e3,"b":"x","c":{"k":[1.5]}}\n{"a":2.5,"b":"-","c":{"k":[2e1]}}\n',
    "in_object.json": '{"n":{"count":2.50},"rows":[{"a":1,"b":"x","t":"2024-01-02T03:04Z"},{"a":2,"c":{"d":[1.5]}},{}],"z":1e9}',
    "in_object_numbers.json": '{"n":[{"b":2.50}],"m":1,"rows":[{"b":1.50},{"b":"x"},{"b":"y"},{"b":"z"}]}',
    "features.geojson": '{"type":"FeatureCollection","features":[{"type":"Feature","id":1,"properties":{"name":"x","m":1.5,"geo":"1"},'
                        '"geometry":{"type":"Point","coordinates":[1,2.5]}},{"type":"Feature","id":2,"properties":null,"geometry":null}]}',
    "features_ids.geojson": '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"a1","n":[]},"geometry":null}]}',
    "words.json": '["a",null,"2",1.5]',
    "more_lists.json": "[[1.5,2],[3],null]",
    "list.json": '[{"a":1,"b":"x"},\n{"b":""}]',
}

WORDS = ["x", "a b", "Zoë", "", "", "it's", 'say "hi"', "a,b", "l1\nl2", "#h", '5" pipe', '"', '""', " lead", "trail ", "NA", "-", "null",
         "01234", "+5", "1e5", "0x1F", "1_000", "TRUE", "3.14", "-0", "1.50", "12345678901234567890", "2024-01-02", "2024-01-02 03:04",
         "31/12/2023", "1.234,56", "1,234", "a;b", "a\tb", "a|b", "\\", 'a\\"b', "日本", "😀"]
CELLS = {
    "int": ["0", "1", "-5", "1000000000000000", str(2**62)], "double": ["1.5", "2", "-0.0", "1e5", "nan", "inf", ".5", "5."],
    "date": ["2024-01-02", "1999-12-31", "0001-01-01"], "zip": ["01234", "10115", "80331"], "bool": ["true", "False", "TRUE"],
    "time": ["2024-01-02 03:04", "2024-01-02T03:04:05", "2024-01-02 03:04:05.25", "2024-01-02t03:04:05,5"],
    "fine": ["2024-01-02 03:04:05.123456789", "2024-01-02T03:04:05.1234567"],
    "zone": ["2024-01-02 03:04Z", "2024-01-02T03:04:05Z", "2024-01-02 03:04:05.25+05:30", "2024-01-02 03:04:05+0530", "2024-01-02 03:04:05 UTC",
             "2024-01-02T03:04:05z", "2024-01-02 03:04:05-08"],
    "uuid": ["550e8400-e29b-41d4-a716-446655440000"], "text": WORDS, "comma": ["1.234,56", "7,5", "12,25"], "groups": ["1,234.56", "12,000", "7.5"],
    "day": ["31/12/2023", "01/02/2024", "5/6/2021"], "clock": ["31/12/2023 10:11", "01/02/2024 23:59:59"],
    "month": ["12/31/2023", "06/15/2020 1:05 PM", "06/15/2020 11:05 AM"], "nothing": ["1", "2", "NA", "-"], "big": ["12345678901234567890", "1"],
    "exact": ["0.1234567890123456789", "1.5", "12345678901234567.891"],
}


def delimited(rnd):
    """A file of delimited text, in the words of somebody."""
    mark, end = rnd.choice(",,,;\t|"), rnd.choice(["\n", "\n", "\n", "\r\n", "\r"])
    kinds = [rnd.choice(sorted(CELLS)) for _ in range(rnd.choice([1, 1, 2, 3, 4, 6]))]
    rough = rnd.random()

    def written(cell, always=0.05):
        needed = any(c in cell for c in (mark, '"', "\n", "\r"))
        return '"%s"' % cell.replace('"', '""') if needed or rnd.random() < always else cell
    lines = [mark.join(written("c%d" % i) for i in range(len(kinds)))] if rnd.random() < 0.85 else []
    if rnd.random() < 0.15:
        lines.insert(0, rnd.choice(["# made by hand", "Report of, the year", '"Title" of it', "", "#x"]))
    for _ in range(rnd.choice([1, 3, 10, 40])):
        cells = [rnd.choice(CELLS[kind]) if rnd.random() > 0.05 else "" for kind in kinds]
        line = mark.join(cells if rough < 0.2 and rnd.random() < 0.1 else map(written, cells))
        if rough > 0.8 and rnd.random() < 0.1:
            line = rnd.choice([line + mark + "extra", mark.join(cells[:-1]), "", " ", '# remark, "x', ' "' + line, line + " ", '"' + line])
        lines.append(line)
    if rnd.random() < 0.08:
        lines.append(rnd.choice(["Total" + mark + "11", "Source: x", "", "-- end"]))
    # Blank lines before a table of one column: `catalog head` takes them for rows, which the scan does not.
    while len(kinds) == 1 and lines and not lines[0].strip():
        lines.pop(0)
    text = end.join(lines) + (end if rnd.random() < 0.8 else "")
    try:
        return text.encode(rnd.choice(["utf-8"] * 8 + ["utf-8-sig", "utf-16", "latin-1", "cp1252"]))
    except UnicodeError:
        return text.encode()


KEYS = ["a", "b", "c", "A", "n m", "", "é", '"q"', "a.b", "x"]


def value(rnd, kind, depth=0):
    if kind < 8:
        return rnd.choice([["0", "-5", str(2**53 + 1), str(2**63 - 1)], ["1.5", "-0.0", "1e5", "3.25"], list(map(json.dumps, WORDS)), ["true", "false"],
                           ['"2024-01-02"', '"2024-01-08"'], list(map(json.dumps, CELLS["zone"])), ["18446744073709551615", "1"],
                           list(map(json.dumps, CELLS["fine"]))][kind])
    if depth > 2:
        return "null"
    if kind == 8:
        return "[%s]" % ",".join(value(rnd, 2, depth + 1) for _ in range(rnd.randrange(3)))
    if kind == 9:
        return "{%s}" % ",".join("%s:%s" % (json.dumps(key), value(rnd, 0 if key < "b" else 2, depth + 1)) for key in rnd.sample(KEYS, rnd.randrange(3)))
    return value(rnd, rnd.randrange(10), depth + 1) if kind == 10 else json.dumps("x%d" % rnd.randrange(9))


def objects(rnd):
    """(ending, file) of JSON objects in one of the ways they are written."""
    keys = rnd.sample(KEYS, rnd.choice([1, 2, 3])) if rnd.random() < 0.3 else ["a", "b", "c", "d"][:rnd.choice([1, 2, 4])]
    kinds = {key: rnd.randrange(12) for key in keys}
    rows = ["{%s}" % ",".join("%s:%s" % (json.dumps(key), "null" if rnd.random() < 0.08 else value(rnd, kinds[key]))
                              for key in keys if rnd.random() > 0.1) for _ in range(rnd.choice([1, 2, 10, 30]))]
    if rnd.random() < 0.05:
        rows.insert(rnd.randrange(len(rows) + 1), rnd.choice(["1", "[1]", "null", '"x"', '{"a":1,"a":2}']))
    style = rnd.randrange(5)
    if style < 3:
        return ".jsonl", "\n".join(rows) + rnd.choice(["", "\n", "\n\n"])
    return ".json", "[%s]" % ",\n".join(rows) if style == 3 else rnd.choice(["\n", " ", "", "\r\n"]).join(rows)


def all_files(seed, count):
    """Name -> bytes."""
    rnd, files = random.Random(seed), {}
    for name, text in CSV.items():
        files[name + ".csv"] = text
    files.update({"j_" + name: text for name, text in JSON.items()})
    for number in range(count):
        files["r%04d.csv" % number] = delimited(rnd)
        ending, text = objects(rnd)
        files["r%04dj%s" % (number, ending)] = text
    for name in sorted(files)[::25]:
        text = files.pop(name)
        files[name + ".gz"] = gzip.compress(text if isinstance(text, bytes) else text.encode())
    return files
