"""What header fields mean to the MCP endpoints: which media types a client accepts, and what it sends; sans I/O."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import attrs

from argus_trio.frontend.http.errors import NotAcceptable, WrongMediaType

_REMEMBERED: Final = 256
"""Pairs of headers that are remembered: clients send few different ones, but the same ones at each call."""
_JSON: Final = frozenset({"application/json", "application/*", "*/*"})
_EVENTS: Final = frozenset({"text/event-stream", "text/*", "*/*"})


@attrs.frozen
class Accepts:
    """What a client can take as an answer."""

    json: bool
    events: bool


@lru_cache(maxsize=_REMEMBERED)
def negotiate_post(content_type: bytes | None, accept: bytes | None) -> Accepts:
    """How a POST of JSON may be answered.

    Raises:
        WrongMediaType: its body is not declared as JSON.
        NotAcceptable: JSON is not among what the client takes.
    """
    require_json_sent(content_type)
    found = accepts(accept)
    if not found.json:
        raise NotAcceptable("the Accept header must list application/json and text/event-stream")
    return found


def accepts(accept: bytes | None) -> Accepts:
    """The meaning of an Accept header. A missing one accepts nothing: clients must send it (2025-11-25, Transports)."""
    if accept is None:
        return Accepts(json=False, events=False)
    ranges = {part for part in map(_media_type, accept.decode("latin-1").split(",")) if part}
    return Accepts(json=not ranges.isdisjoint(_JSON), events=not ranges.isdisjoint(_EVENTS))


def require_events_accepted(accept: bytes | None) -> None:
    """Check the Accept header of a request whose answer can only be an event stream.

    Raises:
        NotAcceptable: the client does not take one.
    """
    if not accepts(accept).events:
        raise NotAcceptable("the Accept header must list text/event-stream")


def require_json_sent(content_type: bytes | None) -> None:
    """Check the Content-Type header of a POST.

    Raises:
        WrongMediaType: it is not application/json.
    """
    if content_type is None or _media_type(content_type.decode("latin-1")) != "application/json":
        raise WrongMediaType("the Content-Type header must be application/json")


def _media_type(text: str) -> str:
    """The media type of one element, empty where its weight is zero."""
    media_type, *parameters = (part.strip().lower() for part in text.split(";"))
    refused = any(parameter.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000") for parameter in parameters)
    return "" if refused else media_type
