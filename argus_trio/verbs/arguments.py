"""The arguments of a call as they are written on the command line: JSON, or `key=value` by the tool's schema. Sans I/O.

Numbers and JSON pass as they were written, so that what no machine number holds is not changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from argus_trio.manage_client.clean import one_line
from argus_trio.manage_client.failure import USAGE, CommandFailed

Arguments = dict[str, msgspec.Raw]

MOST_STEPS: Final = 20
"""How many references are followed from one schema to the next: more go round in a circle."""
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_BOOLEANS: Final = {"true": b"true", "yes": b"true", "1": b"true", "false": b"false", "no": b"false", "0": b"false"}
_ORDER: Final = ("boolean", "integer", "number", "null", "array", "object", "string")
"""In which order the types of a value are tried that may have several."""
_WANTED: Final = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "null": "null",
    "array": "a JSON array, or the key once for each item",
    "object": 'a JSON object such as {"a": 1}',
}


def json_arguments(text: str) -> Arguments:
    """Arguments written as one JSON object. Raises CommandFailed."""
    if not text.strip():
        raise CommandFailed("nothing stands where the arguments should: write a JSON object, {} for none", USAGE)
    try:
        return msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise CommandFailed(f'the arguments are no JSON object such as {{"path": "/srv"}}: {error}', USAGE) from None


def keyed_arguments(words: Sequence[str], schema: Mapping[str, object]) -> Arguments:
    """Arguments written as `key=value`, typed by a schema, and `key:=JSON`. Raises CommandFailed."""
    properties = schema.get("properties")
    known: Mapping[str, object] = properties if isinstance(properties, dict) else {}
    texts: dict[str, list[str]] = {}
    found: Arguments = {}
    for word in words:
        key, equals, value = _parted(word, known)
        if not equals or not key.rstrip(":"):
            raise CommandFailed(f"{word!r} is no argument: write key=value, key:=JSON, or one JSON object alone", USAGE)
        if key.endswith(":") and key not in known:
            _require_new(key[:-1], found, texts)
            found[key[:-1]] = _json(key[:-1], value)
        else:
            _require_new(key, found, {})
            texts.setdefault(key, []).append(value)
    for key, values in texts.items():
        if key not in known and schema.get("additionalProperties") is False:
            there_are = ", ".join(known) or "none"
            raise CommandFailed(f"the tool has no argument {one_line(key)!r}; it has: {one_line(there_are)}", USAGE)
        found[key] = _value(key, values, known.get(key), schema)
    _require_all(found, schema)
    return found


def _parted(word: str, known: Mapping[str, object]) -> tuple[str, str, str]:
    """The key and the value of an argument; an equals sign may belong to a key that the schema has."""
    for key in sorted((key for key in known if "=" in key), key=len, reverse=True):
        for sign in (":=", "="):
            if word.startswith(key + sign):
                return key + sign[:-1], "=", word.removeprefix(key + sign)
    return word.partition("=")


def _require_new(key: str, found: Mapping[str, object], texts: Mapping[str, object]) -> None:
    if key in found or key in texts:
        raise CommandFailed(f"the argument {key!r} stands there twice", USAGE)


def _require_all(found: Arguments, schema: Mapping[str, object]) -> None:
    required = schema.get("required")
    missing = [str(name) for name in (required if isinstance(required, list) else ()) if name not in found]
    if missing:
        raise CommandFailed(f"missing: {one_line(', '.join(missing))}; write {one_line(missing[0])}=VALUE", USAGE)


def _json(key: str, text: str) -> msgspec.Raw:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
        json.loads(text)  # the former takes a value apart as late as its members are read
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise CommandFailed(
            f"what stands behind {key}:= is no JSON; a text needs quotes: {key}:='\"text\"'", USAGE
        ) from None
    return msgspec.Raw(text.encode())


def _value(key: str, values: Sequence[str], schema: object, root: Mapping[str, object]) -> msgspec.Raw:
    types = types_of(schema, root)
    if len(values) > 1 and "array" not in types:
        raise CommandFailed(f"the argument {key!r} stands there {len(values)} times, and is no array", USAGE)
    if len(values) > 1 or (types == ("array",) and not values[0].lstrip().startswith("[")):
        items = [_value(key, [value], items_of(schema, root), root) for value in values]
        return msgspec.Raw(msgspec.json.encode(items))
    for kind in types:
        encoded = _encoded(values[0], kind)
        if encoded is not None:
            return msgspec.Raw(encoded)
    wanted = " or ".join(_WANTED[kind] for kind in types)
    raise CommandFailed(f"{key}={values[0]}: {wanted} is wanted", USAGE)


def _encoded(text: str, kind: str) -> bytes | None:
    """A text as a value of a type; None where it is none."""
    match kind:
        case "boolean":
            return _BOOLEANS.get(text.lower())
        case "integer":
            return text.encode() if _INTEGER.fullmatch(text) else None
        case "number":
            return text.encode() if _NUMBER.fullmatch(text) else None
        case "null":
            return b"null" if text == "null" else None
        case "array" | "object":
            try:
                value = json.loads(text)
            except (ValueError, RecursionError):
                return None
            return text.encode() if isinstance(value, list if kind == "array" else dict) else None
        case _:
            return msgspec.json.encode(text.encode("utf-8", "replace").decode())


def types_of(schema: object, root: Mapping[str, object]) -> tuple[str, ...]:
    """The types that a schema lets a value have, in the order in which they are tried; a text where it does not say."""
    found: set[str] = set()
    _gather(schema, root, found, MOST_STEPS)
    return tuple(kind for kind in _ORDER if kind in found) or ("string",)


def _gather(schema: object, root: Mapping[str, object], found: set[str], steps: int) -> None:
    own = resolved(schema, root)
    kind = own.get("type")
    found.update(each for each in (kind if isinstance(kind, list) else [kind]) if each in _ORDER)
    if kind is None and isinstance(values := own.get("enum"), list):
        found.update(_type_of(value) for value in values)
    for key in ("anyOf", "oneOf", "allOf"):
        several = own.get(key)
        for each in several if isinstance(several, list) and steps > 0 else ():
            _gather(each, root, found, steps - 1)


def _type_of(value: object) -> str:
    names = {bool: "boolean", int: "integer", float: "number", list: "array", dict: "object", type(None): "null"}
    return names.get(type(value), "string")


def items_of(schema: object, root: Mapping[str, object]) -> object:
    """The schema of an array's items, be it one of several forms of a value."""
    own = resolved(schema, root)
    forms = [own]
    for key in ("anyOf", "oneOf"):
        several = own.get(key)
        forms += [resolved(each, root) for each in (several if isinstance(several, list) else ())]
    return next((form["items"] for form in forms if "items" in form), None)


def resolved(schema: object, root: Mapping[str, object]) -> Mapping[str, object]:
    """A schema, or what it refers to within the whole."""
    for _ in range(MOST_STEPS):
        if not isinstance(schema, dict):
            return {}
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return schema
        schema = root
        for part in reference[2:].split("/"):
            schema = schema.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(schema, dict) else None
    return {}
