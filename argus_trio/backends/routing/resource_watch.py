"""Resource updates for a modern client, which names the resources when it opens a listen stream
(`subscriptions/listen`).

Legacy clients subscribe by a request each: see `resources.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import attrs
import structlog
import trio

from argus_trio.backends.routing.directory import Directory
from argus_trio.backends.routing.resources import ResourceOwner, is_shown, is_there, owners_of
from argus_trio.backends.supervisor import Supervisor
from argus_trio.core.call.exchange import Call, Deliver
from argus_trio.errors import BackendError, RpcError
from argus_trio.net.ending.last_moment import farewell
from argus_trio.wire.envelope import Params, encode_raw

log = structlog.get_logger()

UNWATCH_SECONDS: Final = 5.0
"""How long unsubscribing may take at the end of a stream: one that has ended must not stay for slow backends."""

MOST_AT_ONCE: Final = 64
"""How many resources of one stream are asked for at once: what a backend takes long to agree to holds up few others."""


@attrs.define(eq=False, repr=False)
class ResourceWatch:
    """Subscribes to resources at their backends, for the length of a block."""

    supervisor: Supervisor

    @asynccontextmanager
    async def __call__(self, call: Call, uris: Sequence[str], deliver: Deliver) -> AsyncIterator[tuple[str, ...]]:
        """Deliver the updates of these resources, within the block; gives the URIs that a backend agreed to.

        Both in the client's own spelling. Refusals are logged. On leaving, the backends are asked to stop, within
        `UNWATCH_SECONDS`.
        """
        watching = _Watching(self.supervisor, call, deliver)
        try:
            async with trio.open_nursery() as nursery:
                for uri in dict.fromkeys(uris):
                    nursery.start_soon(watching.begin, uri)
            yield tuple(uri for uri in dict.fromkeys(uris) if uri in watching.honoured)
        finally:
            with farewell(UNWATCH_SECONDS):
                await watching.end()


@attrs.define(eq=False, repr=False)
class _Watching:
    """The resources that one stream is told of."""

    supervisor: Supervisor
    call: Call
    deliver: Deliver
    honoured: dict[str, ResourceOwner] = attrs.field(factory=dict, init=False)
    """Who has agreed to report each URI."""
    _at_once: trio.CapacityLimiter = attrs.field(factory=lambda: trio.CapacityLimiter(MOST_AT_ONCE), init=False)

    async def begin(self, uri: str) -> None:
        """Watch a resource at the first of its owners that agrees to it, if one does."""
        async with self._at_once:
            owners = await owners_of(Directory(self.supervisor.current), self.call, uri)
            for owner in owners:
                if await self._is_watched(owner, uri, is_one_of_many=len(owners) > 1):
                    self.honoured[uri] = owner
                    if owner.is_guess:
                        owner.scope.shared.given.note(owner.key)
                    return

    async def end(self) -> None:
        """Ask the backends to stop."""
        for owner in self.honoured.values():
            name = owner.scope.spec.name
            if name in self.supervisor.scopes:  # a reload may have replaced or removed it
                await self.supervisor.scopes[name].subscriptions.unwatch(owner.key, self)

    async def _is_watched(self, owner: ResourceOwner, uri: str, *, is_one_of_many: bool) -> bool:
        def tell(method: str, params: Params) -> None:
            if not is_shown(self.supervisor.current, self.call, owner.scope, owner.key):
                return  # a reload has changed what is there for this client
            self.deliver(method, {**params, "uri": spelled})

        spelled = encode_raw(uri)
        try:
            if owner.is_guess and is_one_of_many and not await is_there(owner):
                return False
            await owner.scope.subscriptions.watch(self.call, owner.key, self, tell)
        except RpcError as refused:
            reason = (
                refused.encoded[:300].decode(errors="replace") if isinstance(refused, BackendError) else str(refused)
            )
            log.info("resource_not_watched", backend=owner.scope.spec.name, reason=reason)
            return False
        return True
