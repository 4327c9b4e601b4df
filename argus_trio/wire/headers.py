"""The HTTP headers of MCP: their names, the encoding of their values, and the routing headers of revision 2026-07-28.

(2026-07-28, Streamable HTTP, sections Request Metadata, Value Encoding and Server Validation.) The headers that a
tool's schema asks for are in `param_headers`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from argus_trio.errors import HeaderMismatch
from argus_trio.wire.envelope import Params
from argus_trio.wire.members import string_member

ACCEPT: Final = "accept"
CONTENT_TYPE: Final = "content-type"
PROTOCOL_VERSION: Final = "mcp-protocol-version"
METHOD: Final = "mcp-method"
NAME: Final = "mcp-name"
PARAM_PREFIX: Final = "mcp-param-"
SESSION_ID: Final = "mcp-session-id"
LAST_EVENT_ID: Final = "last-event-id"
VIA: Final = "argus-via"
"""Which gateways a request has come by: of this project, not of MCP."""
HOST: Final = "host"
USER_AGENT: Final = "user-agent"
LOCATION: Final = "location"
RETRY_AFTER: Final = "retry-after"
DATE: Final = "date"
KEEP_ALIVE: Final = "keep-alive"
CONTENT_LENGTH: Final = "content-length"
CONTENT_ENCODING: Final = "content-encoding"
ACCEPT_ENCODING: Final = "accept-encoding"
PROXY_AUTHORIZATION: Final = "proxy-authorization"
COOKIE: Final = "cookie"
SET_COOKIE: Final = "set-cookie"
TRACE_HEADERS: Final = ("traceparent", "tracestate")
"""What a trace goes on by (W3C Trace Context); in `_meta` they have the same names. Not baggage: that may
hold anything."""

TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
"""What a header's name consists of (RFC 9110, section 5.6.2)."""

Headers = tuple[tuple[str, str], ...]
"""The HTTP headers of one message, in order; links that are not HTTP ignore them."""

JSON: Final = "application/json"
EVENT_STREAM: Final = "text/event-stream"

NAME_PARAM: Final[Mapping[str, str]] = MappingProxyType(
    {
        "tools/call": "name",
        "prompts/get": "name",
        "resources/read": "uri",
        # The extension io.modelcontextprotocol/tasks (SEP-2663, Routing Headers)
        "tasks/get": "taskId",
        "tasks/update": "taskId",
        "tasks/cancel": "taskId",
    }
)
"""The params key that `Mcp-Name` repeats, by method; other methods have no such header."""

_PROTOCOL_VERSION: Final = PROTOCOL_VERSION.encode()
_METHOD: Final = METHOD.encode()
_NAME: Final = NAME.encode()
_PLAIN: Final = re.compile(r"[\x20-\x7e]*")
_ENCODED_BEGINS: Final = "=?base64?"
_ENCODED: Final = re.compile(r"=\?base64\?(.*)\?=", re.DOTALL)


def encode_value(value: str) -> str:
    """The header value that carries `value`: the same where that is safe, else its Base64 form, `=?base64?…?=`."""
    if _PLAIN.fullmatch(value) and value == value.strip(" ") and not _ENCODED.fullmatch(value):
        return value
    return f"=?base64?{base64.b64encode(value.encode()).decode('ascii')}?="


def decode_value(value: str) -> str | None:
    """The value that `encode_value` was given; None for a Base64 form that it would never have written."""
    found = _ENCODED.fullmatch(value)
    if found is None:
        return value
    try:
        decoded = base64.b64decode(found[1], validate=True)
        text = decoded.decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    # Several spellings decode to the same bytes; only one of them is canonical.
    return text if base64.b64encode(decoded).decode("ascii") == found[1] else None


def routing_headers(revision: str, method: str, params: Params) -> tuple[tuple[str, str], ...]:
    """The routing headers of a modern request to a backend. A name that is absent or no string gets no header."""
    headers = [(PROTOCOL_VERSION, revision), (METHOD, encode_value(method))]
    key = NAME_PARAM.get(method)
    name = None if key is None else string_member(params, key)
    if name is not None:
        headers.append((NAME, encode_value(name)))
    return tuple(headers)


def check_routing_headers(
    fields: Mapping[bytes, bytes], *, method: str, params: Params, revision: str, repeated: Collection[bytes] = ()
) -> None:
    """Compare the routing headers of a modern request with its body; `revision` is the one in its `_meta`.

    `fields` has them by their lower-case names; `repeated` are those that came more than once.

    Raises:
        HeaderMismatch: a header is missing, given twice, or says something else than the body.
    """
    if repeated:
        for each in (_PROTOCOL_VERSION, _METHOD, _NAME):
            if each in repeated:
                raise HeaderMismatch(f"{each.decode().title()} is given more than once")
    if _text(fields, _PROTOCOL_VERSION) != revision:
        raise HeaderMismatch("Mcp-Protocol-Version does not match the protocol version in _meta")
    if _text(fields, _METHOD) != method:
        raise HeaderMismatch("Mcp-Method does not match the method of the body")
    key = NAME_PARAM.get(method)
    name = _text(fields, _NAME)
    if key is None or bytes(params.get(key, b"null")) == b"null":
        return
    if name is None:
        raise HeaderMismatch("Mcp-Name is missing")
    expected = string_member(params, key)
    if expected is None:
        raise HeaderMismatch(f"Mcp-Name cannot match: params.{key} is no string")
    given = decode_value(name) if name.startswith(_ENCODED_BEGINS) else name
    if given != expected:
        raise HeaderMismatch(f"Mcp-Name does not match params.{key}")


def _text(fields: Mapping[bytes, bytes], name: bytes) -> str | None:
    value = fields.get(name)
    if value is None:
        return None
    if not value.isascii():
        raise HeaderMismatch(f"{name.decode().title()} holds characters that a header must not hold")
    return value.decode("ascii")
