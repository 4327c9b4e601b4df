"""What the backends of one gateway turned out to be, kept with the command or the URL for as long as the gateway runs.

A backend that a reload changed otherwise, or that was removed and comes back, is not found out a second time: a legacy
server that dies of `server/discover`, or never answers it, costs a start and seconds of silence.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import attrs

from argus_trio.backends.connection.handshake import HandshakeOrder
from argus_trio.config.model.backend import BackendSpec, StdioBackend

MOST_KNOWN: Final = 1000
"""Commands and URLs that are remembered, the latest ones: more than a configuration has, in some kilobytes."""


@attrs.define(eq=False, repr=False)
class KnownEras:
    """How backends are asked first at their next start. A wrong guess corrects itself at that start."""

    _orders: OrderedDict[tuple[str, ...], HandshakeOrder] = attrs.field(factory=OrderedDict, init=False, repr=False)

    def order(self, spec: BackendSpec) -> HandshakeOrder:
        """How to begin; auto where nothing is known."""
        return self._orders.get(_key(spec), "auto")

    def keep(self, spec: BackendSpec, order: HandshakeOrder) -> None:
        """Begin in this way from now on."""
        key = _key(spec)
        self._orders[key] = order
        self._orders.move_to_end(key)
        if len(self._orders) > MOST_KNOWN:
            self._orders.popitem(last=False)


def _key(spec: BackendSpec) -> tuple[str, ...]:
    return (spec.command, *spec.args) if isinstance(spec, StdioBackend) else (spec.url,)
