"""A call to a backend that may be of another era than its client: params and errors that only one of them understands.

What a backend asks of the client meanwhile is translated in `connection`.
"""

from __future__ import annotations

from typing import Final

from argus_trio.backends.scope.scope import Scope
from argus_trio.core.call.exchange import Exchange
from argus_trio.core.call.url_elicitation import is_declined, required_input
from argus_trio.core.call.way_back import has_no_way_back
from argus_trio.errors import BackendError
from argus_trio.wire.envelope import Params
from argus_trio.wire.headers import Headers
from argus_trio.wire.revisions import Era

REASON_BYTES: Final = 300
"""How much of an answer is logged as a reason: the words that count stand at its beginning."""

_NOT_FOR_LEGACY: Final = ("inputResponses", "requestState", "task")
"""The params that a legacy backend does not know (a retry's, 2026-07-28), or that mean nothing from a modern client."""


async def call_in_backend_era(scope: Scope, exchange: Exchange, params: Params, headers: Headers = ()) -> bytes:
    """Perform the exchange at the backend of `scope`; the raw JSON of the result.

    A legacy backend's demand that the client visit a URL is given to a modern client as `input_required`.

    Raises:
        RpcError: as `BackendCalls.call`.
    """
    if exchange.call.era is Era.LEGACY:
        return await scope.calls.call(exchange, params, headers)
    shared = scope.shared
    if not shared.settled.is_set():
        await shared.wait_settled()
    sharing, abilities = shared.sharing, exchange.call.abilities
    if not sharing.is_legacy:
        if not abilities.has_any:
            return await scope.calls.call(exchange, params, headers)
        if not sharing.opens_as_legacy(abilities, is_asked_live=False):
            return await _call_noting_no_way_back(scope, exchange, params, headers)
    known = params if params.keys().isdisjoint(_NOT_FOR_LEGACY) else _without(params, _NOT_FOR_LEGACY)
    try:
        return await scope.calls.call(exchange, known, headers)
    except BackendError as error:
        asked = required_input(error.encoded) if exchange.call.abilities.url else None
        if asked is None or is_declined(params):
            raise
        return asked


async def _call_noting_no_way_back(scope: Scope, exchange: Exchange, params: Params, headers: Headers) -> bytes:
    """Perform the exchange at a modern backend; take note if that fails because it cannot ask its client so."""
    try:
        result = await scope.calls.call(exchange, params, headers)
    except BackendError as error:
        if has_no_way_back(error.encoded, is_error=True):
            scope.shared.lacks_way_back(_told(error.encoded))
        raise
    if has_no_way_back(result, is_error=False):
        scope.shared.lacks_way_back(_told(result))
    return result


def _told(encoded: bytes) -> str:
    return encoded[:REASON_BYTES].decode("utf-8", "replace")


def _without(params: Params, names: tuple[str, ...]) -> Params:
    return {key: value for key, value in params.items() if key not in names}
