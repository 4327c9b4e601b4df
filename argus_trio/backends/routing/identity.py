"""The gateway's identity as of now, merged from what the backends that are ready say of themselves.

How it is merged is decided in `core/catalog/identity.py`.
"""

from __future__ import annotations

from collections import OrderedDict

import attrs

from argus_trio.backends.connection.handshake import Handshake
from argus_trio.backends.scope.scope import Scope
from argus_trio.backends.supervisor import Supervisor
from argus_trio.core.access.target import Target
from argus_trio.core.call.abilities import ANYBODY, Audience
from argus_trio.core.catalog.identity import BackendIdentity, GatewayIdentity, identity_of
from argus_trio.core.catalog.names import in_order
from argus_trio.core.catalog.restricted import MOST_KEPT, backends_in

_Handshakes = tuple[tuple[str, Handshake], ...]
"""What the backends said of themselves, by their names."""


@attrs.define(eq=False, repr=False)
class CurrentIdentity:
    """The identity of the gateway; merged anew only when the handshakes are others, for it is asked for often."""

    supervisor: Supervisor
    version: str
    """The version of the gateway."""
    _of_shown: OrderedDict[frozenset[str], tuple[int, _Handshakes, GatewayIdentity]] = attrs.field(
        factory=OrderedDict, init=False
    )
    """By the backends that are shown: the identity, with the number of the configuration and the handshakes that it was
    merged from: prefixes and their order are in it too."""

    def __call__(self, audience: Audience = ANYBODY) -> GatewayIdentity:
        """The identity with the backends that are ready at this moment, and of which this client is shown anything."""
        shown = self._shown(audience)
        handshakes = tuple(
            (name, scope.shared.handshake)
            for name, scope in self.supervisor.scopes.items()
            if scope.shared.handshake is not None and scope.state.is_up and name in shown
        )
        generation = self.supervisor.current.number
        known = self._of_shown.get(shown)
        if known is None or known[:2] != (generation, handshakes):
            known = generation, handshakes, self._merged(dict(handshakes))
            self._of_shown[shown] = known
            if len(self._of_shown) > MOST_KEPT:
                self._of_shown.popitem(last=False)
        return known[2]

    def _shown(self, audience: Audience) -> frozenset[str]:
        """The backends that are there for the client: it is shown an entry, or they list none and it may ask them."""
        generation = self.supervisor.current
        if generation.is_open and not audience.endpoint:
            return frozenset(generation.scopes)
        catalog = generation.catalog_for(audience.abilities)
        listing = backends_in(catalog)
        seen = backends_in(generation.shown(catalog, audience))
        mute = {
            name
            for name in generation.scopes
            if name not in listing and generation.shows(Target(kind="method", shown="", backend=name), audience)
        }
        return seen | mute

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
