"""What header fields mean to the MCP endpoints: which media types a client accepts, and what it sends; sans I/O."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.errors import RpcError
from argus_trio.frontend.http.errors import CodingRefused, NotAcceptable, WrongMediaType
from argus_trio.frontend.http.request import JSON, Header, retry_after

_REMEMBERED: Final = 256
"""Pairs of headers that are remembered: clients send few different ones, but the same ones at each call."""
_JSON: Final = frozenset({"application/json", "application/*", "*/*"})
_EVENTS: Final = frozenset({"text/event-stream", "text/*", "*/*"})
_PLAIN_ALONE: Final = (b"accept-encoding", b"identity")


@attrs.frozen
class Accepts(Value):
    """What a client can take as an answer."""

    json: bool
    events: bool


@lru_cache(maxsize=_REMEMBERED)
def negotiate_post(content_type: bytes | None, accept: bytes | None) -> Accepts:
    """How a POST of JSON may be answered.

    Raises:
        WrongMediaType: its body is not declared as JSON.
        NotAcceptable: neither JSON nor an event stream is among what the client takes.
    """
    require_json_sent(content_type)
    found = accepts(accept)
    if not found.json and not found.events:
        raise NotAcceptable("the Accept header must list application/json and text/event-stream")
    return found


def accepts(accept: bytes | None) -> Accepts:
    """The meaning of an Accept header.

    Without one anything may come (RFC 9110, 12.5.1); but who forgot it expects JSON, which needs no parser of streams.
    """
    if not accept:
        return Accepts(json=True, events=False)
    ranges = {part for part in map(_media_type, accept.decode("latin-1").split(",")) if part}
    return Accepts(json=not ranges.isdisjoint(_JSON), events=not ranges.isdisjoint(_EVENTS))


def require_events_accepted(accept: bytes | None) -> None:
    """Check the Accept header of a request whose answer can only be an event stream.

    Raises:
        NotAcceptable: the client says that it does not take one.
    """
    if accept and not accepts(accept).events:
        raise NotAcceptable("the Accept header must list text/event-stream")


def require_json_sent(content_type: bytes | None) -> None:
    """Check the Content-Type header of a POST.

    Raises:
        WrongMediaType: it is not application/json.
    """
    if content_type is None or _media_type(content_type.decode("latin-1")) != "application/json":
        raise WrongMediaType("the Content-Type header must be application/json")


def require_plain(content_encoding: bytes | None) -> None:
    """Check the Content-Encoding header of a POST.

    Raises:
        CodingRefused: the body is compressed.
    """
    if content_encoding is not None and content_encoding.strip().lower() not in (b"", b"identity"):
        raise CodingRefused("the body must not be compressed: send it without a Content-Encoding header")


def refusal_headers(error: RpcError) -> Sequence[Header]:
    """The headers of the answer that turns a request away with this error."""
    if isinstance(error, CodingRefused):
        return JSON, _PLAIN_ALONE
    match error.data:
        case {"retryAfter": float(seconds)}:
            return JSON, retry_after(seconds)
        case _:
            return (JSON, *error.http_headers)


def _media_type(text: str) -> str:
    """The media type of one element, empty where its weight is zero."""
    media_type, *parameters = (part.strip().lower() for part in text.split(";"))
    refused = any(parameter.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000") for parameter in parameters)
    return "" if refused else media_type
