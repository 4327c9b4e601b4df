"""Resource updates for a client that names its resources when it opens a stream (`subscriptions/listen`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import attrs
import structlog
import trio

from argus_trio.backends.directory import Directory
from argus_trio.backends.scope import Scope
from argus_trio.backends.subscriptions import Deliver
from argus_trio.core.exchange import Call
from argus_trio.errors import RpcError
from argus_trio.wire.revisions import LATEST_MODERN, Era

log = structlog.get_logger()

UNWATCH_LIMIT: Final = 5.0
"""Seconds that telling the backends of the end of a stream may take."""

_CALL: Final = Call(method="subscriptions/listen", params={}, era=Era.MODERN, revision=LATEST_MODERN)


@attrs.define(eq=False)
class Watch:
    """Subscribes upstream, over the shared connections, for the length of a block."""

    directory: Directory

    @asynccontextmanager
    async def __call__(self, uris: Sequence[str], deliver: Deliver) -> AsyncIterator[tuple[str, ...]]:
        """The URIs that are honoured: those that a backend serves and lets itself be subscribed to."""
        key = object()
        honoured: dict[str, Scope] = {}
        try:
            for uri in dict.fromkeys(uris):
                scope = await self.directory.serving(_CALL, uri)
                if scope is not None and await _is_watched(scope, uri, key, deliver):
                    honoured[uri] = scope
            yield tuple(honoured)
        finally:
            with trio.move_on_after(UNWATCH_LIMIT, shield=True):
                for uri, scope in honoured.items():
                    await scope.unwatch(uri, key)


async def _is_watched(scope: Scope, uri: str, key: object, deliver: Deliver) -> bool:
    try:
        await scope.watch(uri, key, deliver)
    except RpcError as refused:
        log.info("resource_not_watched", backend=scope.spec.name, reason=refused.message)
        return False
    return True
