"""`completion/complete`: sent to the backend that owns the prompt or the resource template that is referred to.

The gateway declares completions for all of its backends, so a client cannot know that the one behind a prompt has none:
it gets an empty result, where a backend that it is connected to directly, and that declares none, would refuse.
"""

from __future__ import annotations

from typing import Final

from argus_trio.backends.routing.directory import Directory
from argus_trio.backends.routing.params import object_param
from argus_trio.backends.routing.resources import ResourceOwner, ask_in_order, owners_of
from argus_trio.backends.scope.lease import Lease
from argus_trio.backends.scope.scope import Scope
from argus_trio.core.call.exchange import Exchange
from argus_trio.core.call.unknown_targets import unknown_reference
from argus_trio.errors import BackendError, InvalidParams, MethodUnknown
from argus_trio.wire.envelope import Params, encode_raw
from argus_trio.wire.error_objects import METHOD_UNKNOWN, code_of
from argus_trio.wire.members import string_member

NOTHING: Final = b'{"completion":{"values":[],"total":0,"hasMore":false}}'
"""The result that proposes nothing."""

_UNDECLARABLE_AT: Final = "2024-11-05"
"""The revision that has the method, but not yet the capability that declares it."""


async def complete(directory: Directory, exchange: Exchange) -> bytes:
    """Serve `completion/complete`; the raw JSON of the result.

    Raises:
        InvalidParams: the reference is malformed, or leads to nothing.
        RpcError: as `BackendCalls.call`.
    """
    ref = object_param(exchange.call, "ref")
    if "argument" not in exchange.call.params:
        raise InvalidParams(f'{exchange.call.method} needs "argument"')
    match _member(ref, "type"):
        case "ref/prompt":
            return await _of_prompt(directory, exchange, ref)
        case "ref/resource":
            return await _of_resource(directory, exchange, ref)
        case other:
            raise InvalidParams(f"unknown kind of reference: {other[:100]}")


async def _of_prompt(directory: Directory, exchange: Exchange, ref: Params) -> bytes:
    name = _member(ref, "name")
    scope, route = await directory.named(exchange.call, "prompts", name)
    with Lease(scope.leases, directory.generation, exchange.record):
        return await _completed(scope, exchange, _referring(exchange, ref, "name", route.key))


async def _of_resource(directory: Directory, exchange: Exchange, ref: Params) -> bytes:
    uri = _member(ref, "uri")
    unknown = unknown_reference(uri)

    async def complete_at(owner: ResourceOwner) -> bytes:
        if owner.is_guess and not _proposes(owner.scope):
            raise MethodUnknown("it has no completions")  # so that the next one is asked
        return await _completed(owner.scope, exchange, _referring(exchange, ref, "uri", owner.key))

    owners = await owners_of(directory, exchange.call, uri, by_reference=True)
    return await ask_in_order(directory, owners, complete_at, unknown)


def _proposes(scope: Scope) -> bool:
    handshake = scope.shared.handshake
    return handshake is not None and ("completions" in handshake.capabilities or handshake.revision == _UNDECLARABLE_AT)


def _referring(exchange: Exchange, ref: Params, member: str, key: str) -> Params:
    """The params of the call, with the backend's own name or URI in its reference."""
    if _member(ref, member) == key:
        return exchange.call.params
    return {**exchange.call.params, "ref": encode_raw({**ref, member: encode_raw(key)})}


async def _completed(scope: Scope, exchange: Exchange, params: Params) -> bytes:
    await scope.shared.wait_settled()
    handshake = scope.shared.handshake
    if handshake is None or "completions" in handshake.capabilities:
        return await scope.calls.call(exchange, params)
    if handshake.revision != _UNDECLARABLE_AT:
        return NOTHING
    try:
        return await scope.calls.call(exchange, params)
    except BackendError as error:
        if code_of(error.encoded) != METHOD_UNKNOWN:
            raise
        return NOTHING


def _member(ref: Params, key: str) -> str:
    value = string_member(ref, key)
    if value is None:
        raise InvalidParams(f'a reference needs a string "{key}"')
    return value
