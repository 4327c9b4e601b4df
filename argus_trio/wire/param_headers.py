"""The `Mcp-Param-*` headers that a tool's input schema asks for with `x-mcp-header` (revision 2026-07-28).

(Streamable HTTP, section Custom Headers from Tool Parameters.) Schemas and arguments are raw JSON; of a schema nothing
else is understood here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from argus_trio.errors import HeaderMismatch
from argus_trio.wire.envelope import decode_string
from argus_trio.wire.headers import PARAM_PREFIX, TOKEN, decode_value, encode_value
from argus_trio.wire.members import object_or_none

ParamHeaders = tuple[tuple[tuple[str, ...], str], ...]
"""The annotated parameters of a tool: for each its property path in the arguments, and the token of its header."""

_KEY: Final = "x-mcp-header"
_TYPES: Final = ("string", "integer", "boolean")

# Which keywords of JSON Schema 2020-12 hold schemas, by the shape of their value. `properties` alone keeps the path;
# keywords that hold data (`default`, `enum`, …) are left out, and references are not followed.
_ONE: Final = frozenset({
    "items", "contains", "unevaluatedItems", "additionalProperties", "propertyNames", "unevaluatedProperties",
    "not", "if", "then", "else", "contentSchema",
})  # fmt: skip
_LIST: Final = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
_MAP: Final = frozenset(("patternProperties", "dependentSchemas", "$defs", "definitions"))

_decode_schema: Final = msgspec.json.Decoder().decode
_INTEGER: Final = re.compile(rb"-?[0-9]+")
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
_NUMERIC: Final = b"-0123456789"
_MAX_DIGITS: Final = 40
"""More digits than any integer has that may stand in a header (up to 2⁵³ - 1)."""
_LITERALS: Final = {b"true": "true", b"false": "false", b"null": None}


def param_headers(schema: bytes | msgspec.Raw) -> ParamHeaders:
    """The annotated parameters of an input schema for which `invalid_param_header` returns None."""
    if not _may_annotate(schema):
        return ()
    return tuple(
        (path, token)
        for path, node in _schemas(_decode_schema(schema))
        if path and isinstance(token := node.get(_KEY), str)
    )


def invalid_param_header(schema: bytes | msgspec.Raw) -> str | None:
    """Why a tool with this input schema must not be shown to clients; None if it may, as with one that is no object."""
    if not _may_annotate(schema):
        return None
    try:
        decoded = _decode_schema(schema)
    except (msgspec.DecodeError, RecursionError):
        return "the input schema cannot be read"
    seen: dict[str, str] = {}
    for path, node in _schemas(decoded):
        if _KEY not in node:
            continue
        if not path:
            return f"{_KEY} stands where a chain of properties does not lead"
        where, token, kind = ".".join(path), node[_KEY], node.get("type")
        if not isinstance(token, str) or not TOKEN.fullmatch(token):
            return f"{where}: {_KEY} is not a header token"
        if not isinstance(kind, str) or kind not in _TYPES:
            return f"{where}: {_KEY} is allowed on strings, integers and booleans only"
        other = seen.setdefault(token.lower(), where)
        if other != where:
            return f"{where}: {_KEY} {token!r} is that of {other} too"
    return None


def render_param_headers(wanted: ParamHeaders, arguments: bytes | msgspec.Raw) -> tuple[tuple[str, str], ...]:
    """The headers of a call with these raw arguments; a parameter that is absent, null or no scalar gets no header."""
    headers = []
    for path, token in wanted:
        value = _value_at(arguments, path)
        text = None if value is None else _render(value)
        if text is not None:
            headers.append((PARAM_PREFIX + token.lower(), encode_value(text)))
    return tuple(headers)


def check_param_headers(
    headers: Sequence[tuple[bytes, bytes]], wanted: ParamHeaders, arguments: bytes | msgspec.Raw
) -> None:
    """Compare the headers of a call with its raw arguments: integers by value, everything else by text.

    Raises:
        HeaderMismatch: a header is missing, given twice, stands for nothing, or says something else than the body.
    """
    given: dict[str, list[bytes]] = {}
    for name, value in headers:
        given.setdefault(name.decode("latin-1").lower(), []).append(value)
    for path, token in wanted:
        values = given.get(PARAM_PREFIX + token.lower(), [])
        argument = _value_at(arguments, path)
        text = None if argument is None else _render(argument)
        header = f"Mcp-Param-{token}"
        if len(values) > 1:
            raise HeaderMismatch(f"{header} is given more than once")
        if not values and text is not None:
            raise HeaderMismatch(f"{header} is missing, but arguments.{'.'.join(path)} is given")
        is_number = argument is not None and argument[:1] in _NUMERIC
        if values and (text is None or not _says(values[0], text, is_number=is_number)):
            raise HeaderMismatch(f"{header} does not match arguments.{'.'.join(path)}")


def _says(header: bytes, text: str, *, is_number: bool) -> bool:
    decoded = decode_value(header.decode("ascii")) if header.isascii() else None
    if decoded is None or decoded == text:
        return decoded is not None
    return is_number and _is_short_number(decoded) and _is_short_number(text) and Decimal(decoded) == Decimal(text)


def _is_short_number(text: str) -> bool:
    return len(text) <= _MAX_DIGITS and _NUMBER.fullmatch(text) is not None


def _may_annotate(schema: bytes | msgspec.Raw) -> bool:
    """Whether the schema may hold an annotation; False is certain, for it has neither the key nor an escape for it."""
    raw = bytes(schema)
    return _KEY.encode() in raw or b"\\u" in raw


def _schemas(root: object) -> Iterator[tuple[tuple[str, ...] | None, dict[str, object]]]:
    """Every schema within `root`, with its chain of `properties` keys, or None where another keyword was crossed."""
    todo: list[tuple[tuple[str, ...] | None, object]] = [((), root)]
    while todo:
        path, node = todo.pop()
        if not isinstance(node, dict):
            continue
        yield path, node
        for keyword, value in node.items():
            if keyword in _ONE:
                todo.append((None, value))
            elif keyword in _LIST and isinstance(value, list):
                todo.extend((None, member) for member in value)
            elif isinstance(value, dict) and keyword in _MAP:
                todo.extend((None, member) for member in value.values())
            elif isinstance(value, dict) and keyword == "properties":
                todo.extend((None if path is None else (*path, name), member) for name, member in value.items())


def _value_at(arguments: bytes | msgspec.Raw, path: tuple[str, ...]) -> bytes | None:
    node: bytes | msgspec.Raw = arguments
    for key in path:
        fields = object_or_none(node)
        if fields is None or key not in fields:
            return None
        node = fields[key]
    return bytes(node)


def _render(value: bytes) -> str | None:
    if value in _LITERALS:
        return _LITERALS[value]
    try:
        if value[:1] == b'"':
            return decode_string(value)
        if _INTEGER.fullmatch(value):
            return str(int(value))
        return str(float(value))
    except (msgspec.DecodeError, ValueError):  # an object, an array, or more digits than an integer may have
        return None
