"""Resource updates for a client that names its resources when it opens a stream (`subscriptions/listen`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import attrs
import structlog
import trio

from argus_trio.backends.routing.directory import Directory
from argus_trio.backends.scope.scope import Scope
from argus_trio.backends.supervisor import Supervisor
from argus_trio.core.call.exchange import Call, Deliver
from argus_trio.errors import RpcError

log = structlog.get_logger()

UNWATCH_LIMIT: Final = 5.0
"""Seconds that telling the backends of the end of a stream may take."""


@attrs.define(eq=False)
class ResourceWatch:
    """Subscribes upstream, for the length of a block."""

    supervisor: Supervisor

    @asynccontextmanager
    async def __call__(self, call: Call, uris: Sequence[str], deliver: Deliver) -> AsyncIterator[tuple[str, ...]]:
        """The URIs that are honoured: those that a backend serves and lets itself be subscribed to."""
        key = object()
        honoured: dict[str, str] = {}
        try:
            for uri in dict.fromkeys(uris):
                scope = await Directory(self.supervisor.current).serving(call, uri)
                if scope is not None and await _is_watched(scope, call, uri, key, deliver):
                    honoured[uri] = scope.spec.name
            yield tuple(honoured)
        finally:
            with trio.move_on_after(UNWATCH_LIMIT, shield=True):
                for uri, backend in honoured.items():
                    if backend in self.supervisor.scopes:  # whoever has that place by now
                        await self.supervisor.scopes[backend].subscriptions.unwatch(uri, key)


async def _is_watched(scope: Scope, call: Call, uri: str, key: object, deliver: Deliver) -> bool:
    try:
        await scope.subscriptions.watch(call, uri, key, deliver)
    except RpcError as refused:
        log.info("resource_not_watched", backend=scope.spec.name, reason=refused.message)
        return False
    return True
