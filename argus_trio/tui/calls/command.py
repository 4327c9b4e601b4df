"""A call as the command line that makes it again: `argus-trio call NAME key=value …`. Pure.

Whoever pastes it makes exactly this call: a text stands as `key=text` only where the schema of the tool lets it be
nothing but a text, all else as `key:=JSON`; all of it is one JSON object where a key cannot be written by itself.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from argus_trio.contract.address import DEFAULT_BASE
from argus_trio.manage_client.clean import clean, json_escaped
from argus_trio.tui.calls.call import CallUnderWay

_VERBS: Final = {"tool": "call", "resource": "read", "prompt": "prompt"}
_COMBINED: Final = ("$ref", "anyOf", "oneOf", "allOf")
"""What may give a value other types than `type` says."""
_PLAIN: Final = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false")
_TYPES: Final = {"integer": rb"-?(?:0|[1-9][0-9]*)", "number": rb"-?[0-9].*", "boolean": rb"true|false"}


def command_line(call: CallUnderWay, server: str = "", schema: object = None) -> str | None:
    """The words of the call, quoted for a shell; None where its name cannot be said there:
    it acts on a terminal, or looks like an option.

    `server` is the address of its gateway; `schema` is that of the tool's arguments, None where it is not known.
    """
    view = call.start.body.get("endpoint")
    view = view if isinstance(view, str) else ""
    if call.target.startswith("-"):  # the verb takes it for an option, wherever it stands
        return None
    if any(clean(each) != each or "\n" in each or "\t" in each for each in (call.target, server, view)):
        return None
    where = ["--server", server] if server and server != DEFAULT_BASE else []
    by = ["--view", view] if view else []
    arguments = _words(call, schema)
    verb = ["argus-trio", _VERBS[call.kind]]
    words = [*verb, *where, *by, call.target, *arguments]
    return shlex.join(words)


def arguments_of(call: CallUnderWay) -> Mapping[str, bytes]:
    """Its arguments, each as JSON."""
    if call.kind == "resource":
        return {}
    return {name: _json(value) for name, value in call.arguments.items()}


def _json(value: object) -> bytes:
    return bytes(value) if isinstance(value, msgspec.Raw) else msgspec.json.encode(value)


def _words(call: CallUnderWay, schema: object) -> list[str]:
    arguments = arguments_of(call)
    if not arguments:
        return []
    if call.kind == "prompt":
        schema = {"properties": {name: {"type": "string"} for name in arguments}}
    if isinstance(schema, Mapping) and _can_be_keyed(arguments, schema):
        return list(_keyed(arguments, schema))
    return [json_escaped(msgspec.json.encode({name: msgspec.Raw(each) for name, each in arguments.items()}).decode())]


def _can_be_keyed(arguments: Mapping[str, bytes], schema: Mapping[str, object]) -> bool:
    properties, required = schema.get("properties"), schema.get("required")
    known = properties if isinstance(properties, Mapping) else {}
    wanted = required if isinstance(required, list) else []
    return (
        all(name and not set(name) & {"=", ":", "{"} and name[0] != "-" and clean(name) == name for name in arguments)
        and not any("=" in str(name) or ":" in str(name) for name in known)
        and all(name in arguments for name in wanted)  # the verb itself says no to what is incomplete
    )


def _keyed(arguments: Mapping[str, bytes], schema: Mapping[str, object]) -> Iterator[str]:
    properties = schema.get("properties")
    known = properties if isinstance(properties, Mapping) else {}
    for name, raw in arguments.items():
        part = known.get(name)
        kind = _only_type(part) if isinstance(part, Mapping) else ""
        if kind == "string" and (text := _text(raw)) is not None:
            yield f"{name}={text}"
        elif kind in _TYPES and _PLAIN.fullmatch(raw) and re.fullmatch(_TYPES[kind], raw):
            yield f"{name}={raw.decode()}"
        else:
            yield f"{name}:={json_escaped(raw.decode('utf-8', 'replace'))}"


def _only_type(schema: Mapping[str, object]) -> str:
    """The one type that a value can have; empty where it can have several."""
    kind = schema.get("type")
    return kind if isinstance(kind, str) and not any(word in schema for word in _COMBINED) else ""


def _text(raw: bytes) -> str | None:
    """A text that a shell and a terminal take as it is; None for one that is better written as JSON."""
    try:
        text = msgspec.json.decode(raw, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return text if clean(text) == text and "\n" not in text and "\t" not in text else None
