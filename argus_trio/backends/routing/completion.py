"""`completion/complete`: to the backend that owns the prompt or the resource template that is referred to.

The gateway declares completions for all of its backends, so a client cannot know that the one behind a prompt has none:
it is told that there is nothing to propose, where a direct connection, which does not declare them, would refuse.
"""

from __future__ import annotations

from typing import Final

from argus_trio.backends.routing.directory import Directory
from argus_trio.backends.routing.params import object_param
from argus_trio.backends.scope.lease import Lease
from argus_trio.backends.scope.scope import Scope
from argus_trio.core.call.exchange import Exchange
from argus_trio.errors import BackendError, InvalidParams
from argus_trio.wire.envelope import Params, encode_raw
from argus_trio.wire.error_objects import METHOD_UNKNOWN, code_of
from argus_trio.wire.members import string_member

NOTHING: Final = b'{"completion":{"values":[],"total":0,"hasMore":false}}'

_UNDECLARABLE_AT: Final = "2024-11-05"
"""The revision that has the method, but not yet the capability that declares it."""


async def complete(directory: Directory, exchange: Exchange) -> bytes:
    """The raw result of `completion/complete`.

    Raises:
        InvalidParams: the reference is malformed, or leads to nothing.
        RpcError: as `BackendCalls.call`.
    """
    scope, params = await _referred(directory, exchange)
    with Lease(scope.leases, directory.generation):
        return await _completed(scope, exchange, params)


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


async def _referred(directory: Directory, exchange: Exchange) -> tuple[Scope, Params]:
    """Whose reference it is, and the params in that backend's words."""
    call = exchange.call
    ref = object_param(call, "ref")
    if "argument" not in call.params:
        raise InvalidParams(f'{call.method} needs "argument"')
    match _member(ref, "type"):
        case "ref/prompt":
            name = _member(ref, "name")
            scope, route = await directory.named(call, "prompts", name)
            if route.key == name:
                return scope, call.params
            return scope, {**call.params, "ref": encode_raw({**ref, "name": encode_raw(route.key)})}
        case "ref/resource":
            uri = _member(ref, "uri")
            owner = await directory.referred(call, uri)
            if owner is None:
                raise InvalidParams(f"unknown resource or template: {uri[:200]}")
            return owner, call.params
        case other:
            raise InvalidParams(f"unknown kind of reference: {other[:100]}")


def _member(ref: Params, key: str) -> str:
    value = string_member(ref, key)
    if value is None:
        raise InvalidParams(f'a reference needs a string "{key}"')
    return value
