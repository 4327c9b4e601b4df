"""What happens when a backend is removed or replaced: its scope drains, what is left is cut, and it ends.

(Envoy calls it draining too: what is under way may finish, nothing new begins.)
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


@attrs.define(eq=False, kw_only=True)
class Drain:
    """The scopes on their way out. `may_need` says whether an exchange that no backend is known of yet may need one."""

    may_need: Callable[[Scope], bool]
    calls_cut: int = attrs.field(default=0, init=False)
    """How many calls have been cut so far."""
    retiring: set[Scope] = attrs.field(factory=set, init=False)
    """Scopes that no generation to come has, until they have ended."""
    _changed: trio.Event = attrs.field(factory=trio.Event, init=False)

    def wake(self) -> None:
        """Look again at what may end: an exchange has, or a lease."""
        self._changed.set()
        self._changed = trio.Event()

    async def wait_gone(self, name: str) -> None:
        """Wait until no scope of a backend of this name is on its way out."""
        while any(scope.spec.name == name for scope in self.retiring):
            await self._changed.wait()

    def begin(self, scope: Scope) -> None:
        """Count the scope among those on their way out; `run` is to follow."""
        self.retiring.add(scope)
        scope.leases.drain()

    async def run(self, scope: Scope, timeout_seconds: float) -> None:
        """Let the scope end when nobody needs it any more, at the latest after the drain."""
        began = trio.current_time()
        with trio.move_on_after(timeout_seconds):
            while scope.leases or self.may_need(scope):
                await self._changed.wait()
        cut = scope.leases.cut()
        self.calls_cut += cut
        with trio.move_on_after(CUT_SECONDS):
            while scope.leases:
                await self._changed.wait()
        scope.subscriptions.hand_over_rest()
        scope.cancel_scope.cancel()
        await scope.ended.wait()
        self.retiring.discard(scope)
        self.wake()
        seconds = round(trio.current_time() - began, 3)
        log.log(30 if cut else 20, "backend_retired", backend=scope.spec.name, seconds=seconds, calls_cut=cut)
