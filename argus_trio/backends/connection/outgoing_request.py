"""A request as it leaves for a backend, in the words of the backend's era; sans I/O.

Its params are the client's, with a progress token of ours. To a modern backend each request says who asks and what that
client can do; the headers repeat what the transport wants to read without a look into the body.
"""

from __future__ import annotations

from typing import Final

import msgspec

from argus_trio.backends.connection.handshake import Handshake, modern_meta
from argus_trio.backends.links.link import Outgoing
from argus_trio.core.call.exchange import Call
from argus_trio.wire import request_meta
from argus_trio.wire.envelope import Params, Raw, decode_object, encode_raw, encode_request
from argus_trio.wire.headers import PROTOCOL_VERSION, TRACE_HEADERS, Headers, routing_headers
from argus_trio.wire.results import RESERVED
from argus_trio.wire.revisions import Era

_PASSED_ON: Final = ("extensions", "experimental")
"""Client capabilities that are not about what a client can be asked: passed on to a modern backend unchanged."""

_LOOKING: Final = frozenset((
    "ping", "server/discover", "tools/list", "prompts/list", "prompts/get", "completion/complete", "resources/list",
    "resources/templates/list", "resources/read", "tasks/get", "tasks/list",
))  # fmt: skip
"""Methods that change nothing, whatever the server is."""
_LISTS: Final = {"tools": "tools/list", "prompts": "prompts/list", "resources": "resources/list"}


def with_our_token(params: Params, message_id: int) -> tuple[Raw | None, Params]:
    """The client's progress token if there is one, and the params with ours, which is `message_id`, in its place: two
    clients may have chosen the same.

    The `_meta` keys that the protocol reserves are left out: they hold for one hop. Malformed `_meta` counts as empty.
    """
    raw_meta = params.get("_meta")
    if raw_meta is None:
        return None, params
    try:
        meta = decode_object(raw_meta)
    except msgspec.DecodeError:
        meta = {}
    token = meta.get("progressToken")
    passed = {key: value for key, value in meta.items() if not key.startswith(RESERVED)}
    if token is not None:
        passed["progressToken"] = encode_raw(message_id)
    return token, {**params, "_meta": encode_raw(passed)}


def call_request(handshake: Handshake, message_id: int, call: Call, params: Params, headers: Headers = ()) -> Outgoing:
    """The request that performs a client's `call` with `params`; `headers` go with it to a modern backend,
    those of a trace to any.

    `params` come from `with_our_token`.
    """
    if handshake.era is Era.LEGACY:
        outgoing = _legacy(handshake, message_id, call.method, params)
        tracing = tuple(each for each in headers if each[0] in TRACE_HEADERS) if headers else ()
        return msgspec.structs.replace(outgoing, headers=(*outgoing.headers, *tracing)) if tracing else outgoing
    declared = call.abilities.declared()
    declared.update({name: call.capabilities[name] for name in _PASSED_ON if name in call.capabilities})
    stamps = modern_meta(handshake.revision, encode_raw(declared))
    if call.log_level is not None:
        stamps[request_meta.LOG_LEVEL] = encode_raw(call.log_level)
    return _modern(
        handshake, message_id, call.method, {**params, "_meta": encode_raw({**_meta_of(params), **stamps})}, headers
    )


def own_request(handshake: Handshake, message_id: int, method: str, params: Params) -> Outgoing:
    """A request of the gateway's own. For a modern backend `_meta` in `params` may override members that each has."""
    if handshake.era is Era.LEGACY:
        return _legacy(handshake, message_id, method, params)
    meta = {**modern_meta(handshake.revision), **_meta_of(params)}
    return _modern(handshake, message_id, method, {**params, "_meta": encode_raw(meta)})


def plain_question(handshake: Handshake) -> str:
    """The method of a request that a backend which knows us answers with a result, and no tool has a part in."""
    if handshake.era is Era.MODERN:
        return "server/discover"
    return next((method for capability, method in _LISTS.items() if capability in handshake.capabilities), "tools/list")


def _legacy(handshake: Handshake, message_id: int, method: str, params: Params) -> Outgoing:
    body = encode_request(b"%d" % message_id, method, params)
    headers = ((PROTOCOL_VERSION, handshake.revision),)
    return Outgoing(id=message_id, body=body, headers=headers, is_idempotent=method in _LOOKING)


def _modern(handshake: Handshake, message_id: int, method: str, params: Params, headers: Headers = ()) -> Outgoing:
    body = encode_request(b"%d" % message_id, method, params)
    routing = routing_headers(handshake.revision, method, params)
    return Outgoing(id=message_id, body=body, headers=(*routing, *headers), is_idempotent=method in _LOOKING)


def _meta_of(params: Params) -> Params:
    raw_meta = params.get("_meta")
    return {} if raw_meta is None else decode_object(raw_meta)
