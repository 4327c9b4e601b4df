"""The gateway's identity as of now, merged from what the backends that are ready say of themselves.

How it is merged is decided in `core/catalog/identity.py`.
"""

from __future__ import annotations

import attrs

from argus_trio.backends.connection.handshake import Handshake
from argus_trio.backends.scope.scope import Scope
from argus_trio.backends.supervisor import Supervisor
from argus_trio.core.catalog.identity import BackendIdentity, GatewayIdentity, identity_of
from argus_trio.core.catalog.names import in_order


@attrs.define(eq=False)
class CurrentIdentity:
    """The identity of the gateway; merged anew only when the handshakes are others, for it is asked for often."""

    supervisor: Supervisor
    version: str
    """The version of the gateway."""
    _handshakes: tuple[tuple[str, Handshake], ...] | None = attrs.field(default=None, init=False)
    """The handshakes that the identity was merged from, by the names of the backends."""
    _generation: int = attrs.field(default=0, init=False)
    """The number of the configuration that it was merged under: prefixes and their order are in it too."""
    _identity: GatewayIdentity = attrs.field(init=False)

    def __call__(self) -> GatewayIdentity:
        """The identity with the backends that are ready at this moment."""
        handshakes = tuple(
            (name, scope.shared.handshake)
            for name, scope in self.supervisor.scopes.items()
            if scope.shared.handshake is not None and scope.state.is_up
        )
        generation = self.supervisor.current.number
        if generation != self._generation or handshakes != self._handshakes:
            self._identity = self._merged(dict(handshakes))
            self._handshakes, self._generation = handshakes, generation
        return self._identity

    def _merged(self, handshakes: dict[str, Handshake]) -> GatewayIdentity:
        scopes = self.supervisor.scopes
        order = in_order(handshakes, self.supervisor.config.conflict_resolution.order)
        return identity_of(
            self.version,
            [
                BackendIdentity(
                    backend=name,
                    prefix=self._prefix(scopes[name]),
                    capabilities=handshakes[name].capabilities,
                    instructions=handshakes[name].instructions,
                )
                for name in order
            ],
        )

    def _prefix(self, scope: Scope) -> str:
        naming = self.supervisor.config.conflict_resolution
        prefix = scope.spec.name if scope.spec.prefix is None else scope.spec.prefix
        return prefix + naming.separator if prefix and naming.strategy == "prefix" else ""
