"""The plans of the backends of one gateway, as they are known: that of each one's latest start, or made to be shown."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import attrs

from argus_trio.config.model.backend import StdioBackend
from argus_trio.sandbox.plan.engine_facts import NoEngine
from argus_trio.sandbox.plan.outcome import Bare
from argus_trio.sandbox.rooms import BackendPlan, EngineRuntime

OFF: Final = NoEngine(why="isolation: off")
"""What is known of the engine where none is wanted."""


@attrs.define(eq=False, repr=False)
class BackendPlans:
    """The plans, by backend."""

    being_made: set[str] = attrs.field(factory=set, init=False)
    """The backends whose plan is made only because it was asked for."""
    _planned: dict[str, BackendPlan] = attrs.field(factory=dict, init=False)

    def latest(self, name: str) -> BackendPlan | None:
        """The plan of a backend, whatever it was made of."""
        return self._planned.get(name)

    def of(self, spec: StdioBackend) -> BackendPlan | None:
        """The plan of a backend as it is configured now."""
        planned = self._planned.get(spec.name)
        return planned if planned is not None and (planned.spec is spec or planned.spec == spec) else None

    def starts(self, planned: BackendPlan) -> None:
        """Take the plan that a backend starts with."""
        self._planned[planned.spec.name] = planned

    def is_shown(self, planned: BackendPlan) -> None:
        """Take a plan, if there is none of such a backend: what it has started with is not changed by a look at it."""
        if self.of(planned.spec) is None:
            self._planned[planned.spec.name] = planned

    def keep(self, names: Collection[str]) -> None:
        """Forget those of all other backends."""
        self._planned = {name: planned for name, planned in self._planned.items() if name in names}

    def bare_without(self, runtime: EngineRuntime, names: Collection[str]) -> list[str]:
        """Which of these backends run bare because there was no such engine."""
        return [
            name
            for name, each in self._planned.items()
            if name in names and each.spec.enabled and each.spec.container.runtime == runtime
            if isinstance(each.found, NoEngine) and each.found is not OFF and isinstance(each.plan, Bare)
        ]
