"""Passing what a client says on its own, outside any request, on to one backend: to those connections it concerns."""

from __future__ import annotations

import structlog

from argus_trio.backends.connection.ask_progress import PROGRESS
from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.scope.scope import Scope
from argus_trio.core.call.exchange import ClientSession
from argus_trio.errors import LinkFailed
from argus_trio.wire.envelope import Params

log = structlog.get_logger()


def forward_notification(scope: Scope, client: ClientSession, method: str, params: Params) -> None:
    """Pass a client's own notification on to its connection, if it has one; a report of progress to where it was asked
    for. Waits for nobody."""
    own = None if scope.client_connections is None else scope.client_connections.of(client)
    if method == PROGRESS:
        for connection in (scope.connection, None if own is None else own.connection):
            if connection is not None:
                connection.inbound.reported(client, params)
    elif own is not None and own.connection is not None:
        own.connection.nursery.start_soon(_pass_on, scope, own.connection, method, params)


async def _pass_on(scope: Scope, connection: Connection, method: str, params: Params) -> None:
    try:
        await connection.tell(method, params)
    except LinkFailed as failure:
        log.debug("client_notification_untold", backend=scope.spec.name, reason=scope.redact(failure.reason))
