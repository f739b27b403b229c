# Are the rows that DuckDB returns of a view the rows of the table? Compared with what `catalog head` reads, value by value, as the types say.
# SPDX-License-Identifier: Apache-2.0
import collections
import datetime
import decimal
import gzip
import json
import re
from decimal import Decimal

from lossless import NULL_WORDS, plain

decimal.getcontext().prec = 60
NESTED = ("list<", "struct<", "map<", "json")
CLOCK = re.compile(r"^ *(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d+))?)? ?([AaPp]\.?[Mm]\.?)?$")


def local_moment(text, why):
    """What "dates are written ..." says, as an ISO text."""
    parts = re.match(r" *(\d+)[./-](\d+)[./-](\d+)(?:[ T]+(.*))?$", text.strip())
    a, b, c = (int(parts.group(i)) for i in (1, 2, 3))
    year, month, day = {"year": (a, b, c), "month": (c, a, b), "day": (c, b, a)}[
        "year" if "written year" in why else "month" if "written month" in why else "day"]
    clock = CLOCK.match(parts.group(4) or "00:00")
    hour = int(clock.group(1)) % (12 if clock.group(5) else 24) + (12 if (clock.group(5) or "").lower().startswith("p") else 0)
    return datetime.datetime(year, month, day, hour, int(clock.group(2)), int(clock.group(3) or 0)), (clock.group(4) or "").rstrip("0")


def moment(text):
    """(seconds, fraction digits) of an ISO date, time or instant."""
    text = text.strip().replace(",", ".")
    found = re.match(r"^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d)?(?:\.(\d+))?)? ?(Z|z|UTC|[+-]\d\d:?\d*)?$", text)
    if not found:
        return text
    day, clock, seconds, fraction, zone = found.groups()
    whole = datetime.datetime.fromisoformat("%sT%s%s" % (day, clock or "00:00", seconds or ":00"))
    if zone and zone[0] in "+-":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        offset = datetime.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        whole -= offset if zone[0] == "+" else -offset
    return whole, (fraction or "").rstrip("0")


class Number(str):
    """A number of a JSON file, with all its digits."""


def rows_of(value):
    """The objects of a list, of the one list in an object, or of GeoJSON; else nothing."""
    if isinstance(value, dict):
        lists = [member for member in value.values() if isinstance(member, list) and member and isinstance(member[0], dict)]
        if value.get("type") == "FeatureCollection":
            return [{**(f.get("properties") or {}), **{key: f[key] for key in ("id", "geometry") if key in f}} for f in value["features"]]
        return lists[0] if len(lists) == 1 and 2 * len(json.dumps(lists[0])) > len(json.dumps(value)) else []
    return value if isinstance(value, list) and all(isinstance(row, dict) for row in value) else []


def json_rows(path, columns):
    """The objects of a file, as Python's own reader has them: of each column its text."""
    with open(path, "rb") as file:
        data = file.read()
    text = (gzip.decompress(data) if path.endswith(".gz") else data).decode("utf-8-sig")
    decoder, at, found = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=Number), 0, []
    while at < len(text.rstrip()):
        at = re.compile(r"\s*").match(text, at).end()
        value, at = decoder.raw_decode(text, at)
        found += value if isinstance(value, list) and (at >= len(text.rstrip()) and not found or rows_of(value)) else rows_of(value) or [value]

    def cell(value, type_name):
        plain_text = isinstance(value, str) and (type_name != "json" or isinstance(value, Number))
        return value if value is None or plain_text else json.dumps(value)
    if found and not any(isinstance(row, dict) for row in found):
        return [[cell(row, columns[0]["type"])] for row in found]
    return [[cell(row.get(column["name"]), column["type"]) for column in columns] for row in found]


def plain_json(value):
    """Numbers by their value, also where they are kept as text; without the members that are null."""
    if isinstance(value, dict):
        return {key: plain_json(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [plain_json(element) for element in value]
    try:
        return repr(float(value)) if isinstance(value, str) else value
    except ValueError:
        found = moment(value)
        return found if isinstance(found, str) else list(map(str, found))


def nested(text):
    if text.strip('"') in ("null", "true", "false"):
        return text.strip('"')
    try:
        return json.dumps(plain_json(json.loads(text, parse_int=Number, parse_float=Number, parse_constant=Number)), sort_keys=True)
    except ValueError:
        return json.dumps(plain_json(text))  # a string of a column of any JSON


def comparable(text, type_name, why):
    """A value that is equal to another if and only if both mean the same in this type."""
    if text is None:
        return None
    if type_name in ("text", "binary"):
        return text
    if type_name.startswith(NESTED):
        return nested(text)
    if text.strip() in NULL_WORDS:
        return None
    if type_name == "unknown":
        return text
    if type_name in ("boolean", "uuid"):
        return text.strip().lower()
    if type_name in ("date", "timestamp", "timestamp_tz"):
        return local_moment(text, why) if "dates are written" in why or "day and month" in why else moment(text)
    number = plain(text, why)
    if type_name == "double" or type_name == "float":
        return repr(float(number))
    return Decimal(number).normalize() + 0


def read(text, type_name, why):
    try:
        return comparable(text, type_name, why)
    except (ValueError, ArithmeticError, AttributeError):
        return "?" + text


def rows_of_view(duckdb, table, columns):
    """Every value as text, nested ones as JSON; by position, as names may differ in case."""
    view = '"%s"."%s"' % tuple(part.replace('"', '""') for part in table.split(".", 1))
    names = [row[0] for row in duckdb.query("DESCRIBE " + view)[1]]
    if len(names) != len(columns):
        raise AssertionError("%s has the columns %s" % (view, names))
    quoted = ['"%s"' % name.replace('"', '""') for name in names]
    cells = ["to_json(%s)" % q if c["type"].startswith(NESTED) else "CAST(%s AS VARCHAR)" % q for q, c in zip(quoted, columns)]
    return duckdb.query("SELECT %s FROM %s" % (", ".join(cells), view))[1]


def differences(head, view, columns, whys):
    """[] or the first rows that only one side has. Rows have no order: files of a table are read side by side."""
    wanted = [tuple(read(cell, c["type"], whys.get(c["name"], "")) for cell, c in zip(row, columns)) for row in head]
    got = [tuple(read(cell, c["type"], "") for cell, c in zip(row, columns)) for row in view]
    only = collections.Counter(map(repr, wanted))
    only.subtract(collections.Counter(map(repr, got)))
    more = len(wanted) > len(got)  # it also shows the lines behind a table and the blanks before it
    return [("head" if n > 0 else "view", row) for row, n in only.items() if n < 0 or (n and not more)][:4]
