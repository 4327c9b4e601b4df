"""Reads what a client sends behind a request that takes long, so that its going is noticed, and keeps it."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import trio

from argus_trio.core.memory import Bodies
from argus_trio.frontend.server.ahead import Ahead
from argus_trio.frontend.server.transport import Transport


@attrs.define(eq=False, repr=False)
class Behind:
    """One such reading: `run` is a task of its own, `end` takes what it has read."""

    _transport: Transport
    _ahead: Ahead
    _on_gone: Callable[[], object]
    _scope: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False)
    _over: trio.Event = attrs.field(factory=trio.Event, init=False)
    _has_ended: bool = attrs.field(default=False, init=False)

    @classmethod
    def of(cls, transport: Transport, bodies: Bodies, limit: int, *, on_gone: Callable[[], object]) -> Behind:
        """One that keeps `limit` bytes at most, and calls `on_gone` when the client goes."""
        return cls(transport, Ahead(bodies, limit), on_gone)

    async def run(self) -> None:
        """Read until the client goes, or it is ended. What is too much is read on all the same, to see the end."""
        try:
            with self._scope:
                while data := await self._transport.receive():
                    self._ahead.add(data)
                self._has_ended = True
                self._on_gone()
        finally:
            self._over.set()

    async def end(self) -> bytes | None:
        """Read no more; what was read, or None if the client has gone, or has sent too much. Idempotent."""
        self._scope.cancel()
        await self._over.wait()
        further = None if self._has_ended or self._ahead.is_too_much else self._ahead.take()
        self._ahead.close()
        return further
