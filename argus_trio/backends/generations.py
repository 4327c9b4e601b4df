"""Which generation serves an exchange: the one that was in effect when it came, to its end."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from argus_trio.backends.generation import Generation
from argus_trio.backends.scope.scope import Scope
from argus_trio.core.call.exchange import ClientSession, Exchange


@attrs.define(eq=False)
class Generations:
    """The generation in effect, and those before it that still have exchanges.

    `on_exchange_ended` is called whenever one of those before it has an exchange less.
    """

    current: Generation
    on_exchange_ended: Callable[[], None]
    past: list[Generation] = attrs.field(factory=list, init=False)

    async def serve(self, exchange: Exchange) -> bytes:
        """Serve an exchange by the generation in effect, which stays its own; a `Handler`.

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
        """Put a generation in effect. One assignment: nobody sees half of it."""
        if self.current.exchanges:
            self.past.append(self.current)
        self.current = generation

    def may_need(self, scope: Scope) -> bool:
        """Whether an exchange of an earlier generation, whose backend is not known yet, may need this scope."""
        return any(
            generation.exchanges > generation.routed and scope in generation.scopes.values() for generation in self.past
        )

    def release(self, client: ClientSession) -> None:
        """Forget what is shown to a session that has ended."""
        for generation in (self.current, *self.past):
            generation.forget(client)
