"""The gateway's identity as of now: what the backends that are ready say of themselves."""

from __future__ import annotations

import attrs

from argus_trio.backends.connection.handshake import Greeting
from argus_trio.backends.scope.scope import Scope
from argus_trio.backends.supervisor import Supervisor
from argus_trio.core.catalog.identity import Identity, Introduction, identity_of
from argus_trio.core.catalog.names import in_order


@attrs.define(eq=False)
class Introductions:
    """Called for every client, and often for every call: merged anew only when another set of greetings is there."""

    supervisor: Supervisor
    version: str
    _heard: tuple[tuple[str, Greeting], ...] | None = None
    _identity: Identity = attrs.field(init=False)

    def __call__(self) -> Identity:
        """The identity with the backends that are ready at this moment."""
        heard = tuple(
            (name, scope.greeting)
            for name, scope in self.supervisor.scopes.items()
            if scope.greeting is not None and scope.state.is_up
        )
        if heard != self._heard:
            self._identity = self._merged(dict(heard))
            self._heard = heard
        return self._identity

    def _merged(self, greetings: dict[str, Greeting]) -> Identity:
        scopes = self.supervisor.scopes
        order = in_order(greetings, self.supervisor.config.conflict_resolution.order)
        return identity_of(
            self.version,
            [
                Introduction(
                    backend=name,
                    prefix=self._prefix(scopes[name]),
                    capabilities=greetings[name].capabilities,
                    instructions=greetings[name].instructions,
                )
                for name in order
            ],
        )

    def _prefix(self, scope: Scope) -> str:
        naming = self.supervisor.config.conflict_resolution
        prefix = scope.spec.name if scope.spec.prefix is None else scope.spec.prefix
        return prefix + naming.separator if prefix and naming.strategy == "prefix" else ""
