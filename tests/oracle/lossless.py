# Is every value of a delimited file a value of the type its column got? Checked by Python's own reader, which knows nothing of ours.
# SPDX-License-Identifier: Apache-2.0
import csv
import datetime
import io
import re
import sys
import uuid
from decimal import Decimal

csv.field_size_limit(sys.maxsize)
NULL_WORDS = {"", "NULL", "null", "Null", "\\N", "NA", "N/A", "n/a", "#N/A", "<NA>", "-", "--", "None", "none", "NONE", "n.a.", "."}
DELIMITER = re.compile(r"delimiter (tab|.),")


def rows_of(path, profile):
    """Header and rows by Python's csv, with the dialect that was found."""
    said = profile["dialect"]
    encoding = next(name for name in ("utf-16le", "utf-16be", "windows-1252", "utf-8") if name in said)
    with open(path, "rb") as file:
        text = file.read().decode({"windows-1252": "cp1252"}.get(encoding, encoding), "replace").lstrip("\ufeff")
    found = DELIMITER.search(said)
    delimiter = "\x1f" if found is None else {"tab": "\t"}.get(found.group(1), found.group(1))
    lines = text.splitlines(keepends=True) if "CR line ends" in said else text.split("\n")
    begin = next((int(re.search(r"line (\d+)", f["message"]).group(1)) - 1 for f in profile["findings"] if f["code"] == "preamble"), 0)
    reader = csv.reader(io.StringIO("\n".join(lines[begin:]) if "CR line ends" not in said else "".join(lines[begin:])), delimiter=delimiter,
                        escapechar="\\" if "escape \\" in said else None)
    one_column = len(profile["columns"]) == 1
    rows = [row for row in reader if row or one_column]
    if one_column and rows and not rows[-1]:
        rows.pop()
    header = rows.pop(0) if ", header" in said and rows else None
    return header, rows


def plain(value, why):
    value = value.strip(" ")
    if "decimal comma" in why:
        return value.replace(".", "").replace(",", ".")
    return value.replace(",", "") if "commas between" in why else value


def is_lossless(value, type_name, why):
    """Does the type hold this value, digit for digit?"""
    if type_name in ("text", "json"):
        return True
    text = plain(value, why)
    if text in NULL_WORDS or type_name == "unknown" and not text:
        return True
    if type_name == "int64":
        return re.fullmatch(r"-?(0|[1-9]\d*)", text) is not None and -2**63 <= int(text) < 2**63
    if type_name == "double":
        if text.lower().lstrip("-") in ("nan", "inf", "infinity"):
            return True
        return re.fullmatch(r"-?(0|[1-9]\d*)?\.?\d*([eE][+-]?\d+)?", text) is not None and Decimal(text) == Decimal(repr(float(text)))
    if type_name.startswith("decimal("):
        precision, scale = map(int, type_name[8:-1].split(","))
        number = Decimal(text)
        return number == round(number, scale) and len(number.as_tuple().digits) <= precision + 1
    if type_name == "boolean":
        return text.lower() in ("true", "false")
    if type_name == "uuid":
        return str(uuid.UUID(text)) == text.lower()
    if type_name in ("date", "timestamp", "timestamp_tz"):
        if why.startswith("dates are written"):
            return re.match(r"\d{1,4}([/.-])\d{1,2}\1\d{1,4}", text) is not None
        moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        return (moment.tzinfo is not None) == (type_name == "timestamp_tz")
    return False


def lost_values(path, profile):
    """[(column, type, value)], the first of each column."""
    _, rows = rows_of(path, profile)
    lost = []
    for i, column in enumerate(profile["columns"]):
        for row in rows:
            if i >= len(row):
                continue
            try:
                good = is_lossless(row[i], column["type"], column["evidence"].get("reason", ""))
            except (ValueError, ArithmeticError):
                good = False
            if not good:
                lost.append((column["name"], column["type"], row[i]))
                break
    return lost
