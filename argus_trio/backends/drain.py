"""The end of a scope that a reload removed or replaced: it drains, what is left is cut, and it ends.

While it drains, what is under way may finish and nothing new begins, as in Envoy. What a reload removes or replaces is
decided in `supervisor.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs
import structlog
import trio

from argus_trio.backends.scope.scope import Scope

log = structlog.get_logger()

CUT_SECONDS: Final = 3.0
"""How long calls that were cut have to tell their backend and to be answered, before its connections close: each of
the two is bounded by less."""


@attrs.define(eq=False, repr=False, kw_only=True)
class Drain:
    """The scopes that are draining or ending."""

    may_need: Callable[[Scope], bool]
    """Whether an exchange may need the scope whose backend is not known yet, and which thus holds no lease."""
    calls_cut: int = attrs.field(default=0, init=False)
    """How many calls have been cut so far."""
    retiring: set[Scope] = attrs.field(factory=set, init=False)
    """The scopes that the generation in effect does not have, until they have ended."""
    _changed: trio.Event = attrs.field(factory=trio.Event, init=False)

    def wake(self) -> None:
        """Look again at what may end, because an exchange or a lease has ended. Returns at once."""
        self._changed.set()
        self._changed = trio.Event()

    async def wait_gone(self, name: str) -> None:
        """Wait until no scope of a backend of this name is draining or ending. Has no deadline of its own."""
        while any(scope.spec.name == name for scope in self.retiring):
            await self._changed.wait()

    def begin(self, scope: Scope) -> None:
        """Add a scope to `retiring`; `run` is to follow."""
        self.retiring.add(scope)
        scope.leases.drain()

    async def run(self, scope: Scope, timeout_seconds: float) -> None:
        """End the scope when nothing needs it any more; calls that take longer than `timeout_seconds` are cut.

        Returns once nothing of it is left.
        """
        began = trio.current_time()
        with trio.move_on_after(timeout_seconds):
            while scope.leases or self.may_need(scope):
                await self._changed.wait()
        cut = scope.leases.cut()
        self.calls_cut += cut
        if cut:
            said = f"{scope.spec.name}: {cut} calls took longer than the drain waits (server.drain_timeout)"
            details = {"calls": cut, "seconds": timeout_seconds}
            journal = scope.address.journal
            journal.note("backend_calls_cut", said, severity="warning", backend=scope.spec.name, details=details)
        with trio.move_on_after(CUT_SECONDS):
            while scope.leases:
                await self._changed.wait()
        scope.subscriptions.hand_over_rest()
        scope.cancel_scope.cancel()
        await scope.ended.wait()
        self.retiring.discard(scope)
        self.wake()
        seconds = round(trio.current_time() - began, 3)
        name, journal, facts = scope.spec.name, scope.address.journal, {"seconds": seconds, "calls_cut": cut}
        log.log(30 if cut else 20, "backend_retired", backend=name, **facts)
        said = f"what ran of {name} until it was removed, replaced or restarted has ended"
        journal.note("backend_retired", said, backend=name, details=facts)
