# A validator for the part of JSON Schema (draft 2020-12) that docs/schemas uses; a keyword it does not know is an error.
# SPDX-License-Identifier: Apache-2.0
"""
    from jsonschema_lite import check
    check(value)                 # by value["schema"]: "neurolake.bucket.list/1" -> docs/schemas/bucket.list.json
    check(value, "error.json")   # by file name

Raises AssertionError with the path of the first place that does not fit. `$ref` names "#/$defs/x", "file.json" or both.
"""
import json
import os
import re

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "schemas")
TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
}
SILENT = {"$schema", "$id", "$defs", "title", "description", "examples", "$comment"}
_files = {}


def load(name):
    if name not in _files:
        with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
            _files[name] = json.load(file)
    return _files[name]


def file_of(value):
    """The schema file that a value's own "schema" member names."""
    match = re.fullmatch(r"neurolake\.([a-z0-9._-]+)/1", value.get("schema", ""))
    assert match, "no schema named in %s" % json.dumps(value)[:200]
    return match.group(1) + ".json"


def check(value, name=None):
    name = name or file_of(value)
    errors = list(walk(value, load(name), name, "$"))
    assert not errors, "%s: %s" % (name, "; ".join(errors[:5]))


def resolve(reference, here):
    name, _, pointer = reference.partition("#")
    name = name or here
    target = load(name)
    for key in filter(None, pointer.split("/")):
        target = target[key]
    return target, name


def walk(value, schema, here, at):
    if schema is True:
        return
    if schema is False:
        yield "%s must not be there" % at
        return
    for keyword, wanted in schema.items():
        if keyword in SILENT:
            continue
        rule = RULES.get(keyword)
        if rule is None:
            raise AssertionError("%s: keyword %r is not supported" % (here, keyword))
        yield from rule(value, wanted, schema, here, at)


def rule_ref(value, wanted, schema, here, at):
    target, name = resolve(wanted, here)
    yield from walk(value, target, name, at)


def rule_type(value, wanted, schema, here, at):
    kinds = wanted if isinstance(wanted, list) else [wanted]
    if not any(TYPES[kind](value) for kind in kinds):
        yield "%s is %s, not %s" % (at, json.dumps(value)[:80], "/".join(kinds))


def rule_properties(value, wanted, schema, here, at):
    if isinstance(value, dict):
        for key, below in wanted.items():
            if key in value:
                yield from walk(value[key], below, here, "%s.%s" % (at, key))


def rule_required(value, wanted, schema, here, at):
    if isinstance(value, dict):
        for key in wanted:
            if key not in value:
                yield "%s lacks %s" % (at, key)


def rule_additional(value, wanted, schema, here, at):
    if isinstance(value, dict):
        for key, below in value.items():
            if key not in schema.get("properties", {}):
                yield from walk(below, wanted, here, "%s.%s" % (at, key))


def rule_items(value, wanted, schema, here, at):
    if isinstance(value, list):
        for i, below in enumerate(value):
            yield from walk(below, wanted, here, "%s[%d]" % (at, i))


def rule_enum(value, wanted, schema, here, at):
    if value not in wanted:
        yield "%s is %s, not one of %s" % (at, json.dumps(value)[:80], wanted)


def rule_const(value, wanted, schema, here, at):
    if value != wanted:
        yield "%s is %s, not %s" % (at, json.dumps(value)[:80], json.dumps(wanted))


def rule_pattern(value, wanted, schema, here, at):
    if isinstance(value, str) and not re.search(wanted, value):
        yield "%s %r does not match %s" % (at, value[:80], wanted)


def rule_minimum(value, wanted, schema, here, at):
    if TYPES["number"](value) and value < wanted:
        yield "%s is %s, less than %s" % (at, value, wanted)


def rule_all(value, wanted, schema, here, at):
    for below in wanted:
        yield from walk(value, below, here, at)


def rule_any(value, wanted, schema, here, at):
    tries = [list(walk(value, below, here, at)) for below in wanted]
    if all(tries):
        yield from min(tries, key=len)


RULES = {
    "$ref": rule_ref, "type": rule_type, "properties": rule_properties, "required": rule_required,
    "additionalProperties": rule_additional, "items": rule_items, "enum": rule_enum, "const": rule_const,
    "pattern": rule_pattern, "minimum": rule_minimum, "allOf": rule_all, "anyOf": rule_any,
}
