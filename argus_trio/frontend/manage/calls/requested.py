"""From the body of a request to what is called, and to the call of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import attrs
import msgspec

from argus_trio import Value
from argus_trio.contract.calls import MessageLevel, PromptGetRequest, ResourceReadRequest, ToolCallRequest
from argus_trio.core.call.abilities import NONE, abilities_of
from argus_trio.core.call.exchange import Call
from argus_trio.frontend.http.header_names import ACCEPT
from argus_trio.frontend.http.negotiation import accepts
from argus_trio.frontend.http.request import IncomingRequest
from argus_trio.frontend.manage.answer import ManageProblem, unknown_view
from argus_trio.frontend.manage.request import ManageRequest
from argus_trio.wire.envelope import Params, Raw, decode_object, encode, encode_raw
from argus_trio.wire.members import MAX_NAME_BYTES
from argus_trio.wire.revisions import LATEST_LEGACY, Era

_ASKABLE: Final = ("elicitation", "sampling", "roots")
"""The capabilities that say what can be asked."""
_OF_OTHERS: Final = frozenset({"experimental", "extensions", "tasks"})
"""Capabilities of MCP that mean nothing here."""
_NULL: Final = Raw(b"null")
_WANTS_PROGRESS: Final = Raw(b'{"progressToken":"management"}')
_CLIENT_BYTES: Final = 200
"""As much of a User-Agent as is kept with a call."""

CallMethod = Literal["tools/call", "resources/read", "prompts/get"]
CallWord = Literal["tool", "uri", "prompt"]
CallBody = ToolCallRequest | ResourceReadRequest | PromptGetRequest


@attrs.frozen(kw_only=True)
class Requested(Value):
    """What is called."""

    method: CallMethod
    word: CallWord
    """The member of the answer that repeats its name."""
    name: str
    params: Params
    abilities: Mapping[str, Raw]
    """The capabilities of who asks, as they declared them."""
    log_level: MessageLevel | None
    endpoint: str
    streams: bool
    """Whether it is answered on an event stream."""


def requested(request: ManageRequest, body: CallBody) -> Requested:
    """What a request asks for.

    Raises:
        ManageProblem: it cannot be asked so.
    """
    method, word, params = _aimed(body)
    name = str(params.get("uri", params.get("name")))
    size = len(name.encode())
    if size > MAX_NAME_BYTES:
        raise ManageProblem("bad-request", f"in the body: the name is {size} bytes long; {MAX_NAME_BYTES} are the most")
    if body.endpoint and body.endpoint not in request.access.views:
        raise unknown_view()
    streams = _streams(request.http)
    if not streams and (body.capabilities or body.log_level is not None):
        detail = "capabilities and log_level are for an event stream alone: send Accept: text/event-stream"
        raise ManageProblem("bad-request", detail)
    return Requested(
        method=method,
        word=word,
        name=name,
        params={key: encode_raw(value) for key, value in params.items()},
        abilities=_declared(body.capabilities),
        log_level=body.log_level,
        endpoint=body.endpoint,
        streams=streams,
    )


def call_of(asked: Requested, http: IncomingRequest) -> Call:
    """The call that passes the middleware."""
    params = {**asked.params, "_meta": _WANTS_PROGRESS} if asked.streams else asked.params
    return Call(
        method=asked.method,
        params=params,
        era=Era.LEGACY,
        revision=LATEST_LEGACY,
        principal=http.principal,
        endpoint=asked.endpoint,
        capabilities=dict(asked.abilities),
        abilities=abilities_of(dict(asked.abilities)) if asked.abilities else NONE,
        log_level=asked.log_level,
        transport="management",
        client_info=_client_info(http.fields.get(b"user-agent", b"")),
        address=http.address,
    )


def _aimed(body: CallBody) -> tuple[CallMethod, CallWord, Mapping[str, object]]:
    """The method, the member of the answer that repeats what is called, and the params."""
    match body:
        case ToolCallRequest():
            return "tools/call", "tool", {"name": body.tool, "arguments": body.arguments}
        case ResourceReadRequest():
            return "resources/read", "uri", {"uri": body.uri}
        case PromptGetRequest():
            return "prompts/get", "prompt", {"name": body.name, "arguments": body.arguments}


def _streams(http: IncomingRequest) -> bool:
    """Whether an event stream is wanted: that is taken, and JSON is not."""
    found = accepts(http.fields.get(ACCEPT))
    if not found.json and not found.events:
        raise ManageProblem("not-acceptable", "Accept must list application/json or text/event-stream")
    return not found.json


def _declared(capabilities: Mapping[str, msgspec.Raw]) -> Mapping[str, Raw]:
    unknown = [name for name in capabilities if name not in _ASKABLE and name not in _OF_OTHERS]
    if unknown:
        detail = f"in the body: no capability is called {unknown[0][:80]!r} here; there are: {', '.join(_ASKABLE)}"
        raise ManageProblem("bad-request", detail)
    declared = {name: value for name, value in capabilities.items() if name in _ASKABLE and value != _NULL}
    for name, value in declared.items():
        try:
            decode_object(value)
        except msgspec.DecodeError:
            detail = f"in the body: capabilities.{name} must be an object, such as {{}}"
            raise ManageProblem("bad-request", detail) from None
    return declared


def _client_info(user_agent: bytes) -> bytes:
    """Who asks, as an `Implementation`: the first product of a User-Agent."""
    product = user_agent.decode("latin-1")[:_CLIENT_BYTES].split(" ", 1)[0]
    name, _, version = product.partition("/")
    return encode({"name": name, "version": version}) if name else b""
