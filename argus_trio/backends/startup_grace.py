"""Until when lists wait for a backend that is starting: for long at the gateway's start, hardly after a reload."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from typing import Final
from weakref import WeakKeyDictionary

import attrs
import trio

from argus_trio.backends.scope.scope import Scope

ADDED_SECONDS: Final = 1.0
"""How long lists wait, at most, for backends that a reload has just added: long enough for a remote server or a program
that starts quickly. Clients that know the lists are not to wait for more: they are told what comes in."""


@attrs.define(eq=False, repr=False)
class StartupGrace:
    """Since when each scope is in effect, on trio's clock."""

    first: frozenset[Scope] = attrs.field(default=frozenset(), init=False)
    """The scopes of the gateway's start that are still in effect."""
    _began: float = attrs.field(default=-inf, init=False)
    _added: WeakKeyDictionary[Scope, float] = attrs.field(factory=WeakKeyDictionary, init=False)
    """When each other scope came into effect."""

    def begin(self, scopes: Iterable[Scope]) -> None:
        """Take these for the scopes of the gateway's start, which is now."""
        self.first, self._began = frozenset(scopes), trio.current_time()

    def keep(self, scopes: Iterable[Scope]) -> None:
        """Forget the scopes of the start that are not among these: those that are in effect."""
        self.first &= frozenset(scopes)

    def ends(self, scopes: Mapping[str, Scope], grace: float) -> dict[str, float]:
        """When lists stop waiting for each of these, where `server.startup_grace` is `grace` seconds."""
        return {name: self._end(scope, grace) for name, scope in scopes.items()}

    def _end(self, scope: Scope, grace: float) -> float:
        if scope in self.first:
            return self._began + grace
        return self._added.setdefault(scope, trio.current_time()) + min(grace, ADDED_SECONDS)
