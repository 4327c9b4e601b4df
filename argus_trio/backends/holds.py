"""What operators decided about backends while the gateway runs, and which state of each backend they saw.

How a decision comes about, and how long it lasts, is up to the reload supervisor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs
import trio

from argus_trio.backends.generation import Generation
from argus_trio.backends.scope.scope import Scope
from argus_trio.core.control import Hold
from argus_trio.core.health.health import StateChange
from argus_trio.core.health.lifecycle import BackendState

NOT_TO_RUN: Final = "it was disabled"
"""Why a backend that runs again did not run before."""


@attrs.define(eq=False, repr=False)
class Holds:
    """The holds in effect, and the version of each backend: another one at each change of it."""

    by_name: Mapping[str, Hold] = attrs.field(factory=dict, init=False)
    off_since: dict[str, float] = attrs.field(factory=dict, init=False)
    """Since when each backend of the file is not to run, on trio's clock."""
    went_through: dict[str, tuple[StateChange, ...]] = attrs.field(factory=dict, init=False)
    """The latest states of each of these, up to then: those that it goes on with once it runs again."""
    starts: dict[str, int] = attrs.field(factory=dict, init=False)
    """How often each of these had been connected up to then."""
    _versions: dict[str, int] = attrs.field(factory=dict, init=False)
    _count: int = attrs.field(default=0, init=False)
    """How many changes there have been."""

    def version(self, name: str) -> int:
        """Differs whenever the hold, the entry in effect or the scope of a backend has been changed."""
        return self._versions.get(name, 0)

    def replace(self, holds: Mapping[str, Hold], scopes: Mapping[str, Scope]) -> None:
        """Let these be in effect, instead of those before. No checkpoint."""
        last, self.by_name = self.by_name, dict(holds)
        for name in {*last, *holds}:
            if last.get(name) != holds.get(name):
                self._changed(name)
        self.hold(scopes)

    def hold(self, scopes: Mapping[str, Scope]) -> None:
        """Let new calls in at these scopes, but not where a backend is drained."""
        for name, scope in scopes.items():
            scope.take_calls(self.by_name.get(name))

    def swapped(self, last: Generation, now: Generation) -> None:
        """Note what another generation changes, and hold its scopes."""
        before, after = last.config.backends, now.config.backends
        for name in {*before, *after}:
            if before.get(name) != after.get(name) or last.scopes.get(name) is not now.scopes.get(name):
                self._changed(name)
        self.hold(now.scopes)
        self._hand_on(last, now)
        self.note_off(now)

    def _hand_on(self, last: Generation, now: Generation) -> None:
        """Keep what a backend went through that is to run no more, until it runs again, or the file has it no more."""
        for name in self.went_through.keys() & now.scopes.keys():
            off = StateChange(at=self.off_since[name], state=BackendState.STOPPED, reason=NOT_TO_RUN)
            now.scopes[name].recovery.inherit((*self.went_through[name], off), self.starts[name])
        off_now = now.config.backends.keys() - now.scopes.keys()
        kept = {name: states for name, states in self.went_through.items() if name in off_now}
        gone = {name: last.scopes[name].recovery.changes for name in off_now & last.scopes.keys()}
        self.went_through = {**kept, **gone}
        starts = {name: last.scopes[name].recovery.starts for name in gone}
        self.starts = {name: starts.get(name, self.starts.get(name, 0)) for name in self.went_through}

    def note_off(self, now: Generation) -> None:
        """Note which backends do not run in a generation that takes effect."""
        began = trio.current_time()
        off = (name for name in now.config.backends if name not in now.scopes)
        self.off_since = {name: self.off_since.get(name, began) for name in off}

    def _changed(self, name: str) -> None:
        self._count += 1
        self._versions[name] = self._count
