"""Routers, one for each generation, and what of them outlives a generation: tasks and cursors."""

from __future__ import annotations

import secrets

import attrs

from argus_trio.backends.generation import Generation
from argus_trio.backends.routing.router import Router
from argus_trio.backends.routing.tasks import Tasks
from argus_trio.backends.supervisor import Supervisor
from argus_trio.core.catalog.paging import Cursors


@attrs.define(eq=False)
class RouterFactory:
    """Makes the router of a generation."""

    supervisor: Supervisor
    tasks: Tasks = attrs.field(init=False)
    _cursors: Cursors = attrs.field(factory=lambda: Cursors(key=secrets.token_bytes()))

    def __attrs_post_init__(self) -> None:
        self.tasks = Tasks(self.supervisor, self._cursors)

    def __call__(self, generation: Generation) -> Router:
        """Its router."""
        return Router(generation, self.tasks, self._cursors)
