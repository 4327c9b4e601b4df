"""Which generation serves an exchange: the one that was in effect when it came, to its end.

When a generation takes effect is decided in `supervisor.py`.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from argus_trio.backends.generation import Generation
from argus_trio.backends.scope.scope import Scope
from argus_trio.core.call.exchange import ClientSession, Exchange


@attrs.define(eq=False, repr=False)
class Generations:
    """The generation in effect, and those before it that still have exchanges.

    `on_exchange_ended` is called whenever an exchange of an earlier generation has ended.
    """

    current: Generation
    """The generation in effect."""
    on_exchange_ended: Callable[[], None]
    past: list[Generation] = attrs.field(factory=list, init=False)
    """The earlier generations that still have exchanges."""

    async def serve(self, exchange: Exchange) -> bytes:
        """Serve an exchange by the generation in effect, and by that one to its end; a `Handler`.

        Raises:
            RpcError: as the generation's handler.
        """
        generation = self.current
        generation.exchanges += 1
        try:
            return await generation.handler(exchange)
        finally:
            generation.exchanges -= 1
            if generation is not self.current:
                if not generation.exchanges:
                    self.past.remove(generation)
                self.on_exchange_ended()

    def install(self, generation: Generation) -> None:
        """Put a generation in effect, by one assignment: no exchange sees half of it."""
        if self.current.exchanges:
            self.past.append(self.current)
        self.current = generation

    def may_need(self, scope: Scope) -> bool:
        """Whether an exchange of an earlier generation may need this scope, because its backend is not known yet."""
        return any(
            generation.exchanges > generation.routed and scope in generation.scopes.values() for generation in self.past
        )

    def release(self, client: ClientSession) -> None:
        """Forget the catalogs for a session that has ended."""
        for generation in (self.current, *self.past):
            generation.forget(client)
