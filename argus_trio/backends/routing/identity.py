"""The gateway's identity as of now: what the backends that are ready say of themselves."""

from __future__ import annotations

import attrs

from argus_trio.backends.connection.handshake import Handshake
from argus_trio.backends.scope.scope import Scope
from argus_trio.backends.supervisor import Supervisor
from argus_trio.core.catalog.identity import BackendIdentity, GatewayIdentity, identity_of
from argus_trio.core.catalog.names import in_order


@attrs.define(eq=False)
class CurrentIdentity:
    """Called for every client, and often for every call: merged anew only when another set of greetings is there."""

    supervisor: Supervisor
    version: str
    _heard: tuple[tuple[str, Handshake], ...] | None = None
    _identity: GatewayIdentity = attrs.field(init=False)

    def __call__(self) -> GatewayIdentity:
        """The identity with the backends that are ready at this moment."""
        heard = tuple(
            (name, scope.shared.handshake)
            for name, scope in self.supervisor.scopes.items()
            if scope.shared.handshake is not None and scope.state.is_up
        )
        if heard != self._heard:
            self._identity = self._merged(dict(heard))
            self._heard = heard
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
