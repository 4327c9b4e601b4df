"""A call to a backend that may be of the other era than its client: what only one of the two understands.

Asks are the connection's business; here is what concerns params and errors.
"""

from __future__ import annotations

from typing import Final

from argus_trio.backends.scope.scope import Scope
from argus_trio.core.call.exchange import Exchange
from argus_trio.core.call.url_elicitation import is_declined, required_input
from argus_trio.errors import BackendError
from argus_trio.wire.envelope import Params
from argus_trio.wire.headers import Headers
from argus_trio.wire.revisions import Era

_NOT_FOR_LEGACY: Final = ("inputResponses", "requestState", "task")
"""What a retry of 2026-07-28 carries and no legacy backend knows, and what means nothing from such a client."""


async def call_in_backend_era(scope: Scope, exchange: Exchange, params: Params, headers: Headers = ()) -> bytes:
    """Perform the exchange at the backend of `scope`; the raw result, in that backend's or the client's words.

    Raises:
        RpcError: as `BackendCalls.call`.
    """
    if exchange.call.era is Era.LEGACY:
        return await scope.calls.call(exchange, params, headers)
    shared = scope.shared
    if not shared.settled.is_set():
        await shared.wait_settled()
    if not shared.sharing.is_legacy:
        return await scope.calls.call(exchange, params, headers)
    told = params if params.keys().isdisjoint(_NOT_FOR_LEGACY) else _without(params, _NOT_FOR_LEGACY)
    try:
        return await scope.calls.call(exchange, told, headers)
    except BackendError as error:
        asked = required_input(error.encoded) if exchange.call.abilities.url else None
        if asked is None or is_declined(params):
            raise
        return asked


def _without(params: Params, names: tuple[str, ...]) -> Params:
    return {key: value for key, value in params.items() if key not in names}
