"""What all connections of the server share, in the terms of Hypercorn."""

from __future__ import annotations

from typing import Protocol, cast

import attrs
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.trio.worker_context import EventWrapper, WorkerContext
from hypercorn.typing import AppWrapper, ASGIFramework

from argus_trio.core.memory import Bodies
from argus_trio.frontend.http.request import AsgiApplication
from argus_trio.frontend.http.served_settings import CurrentSettings


class FurtherRequest(Exception):
    """Something came behind a request that is not answered yet."""


class _NeverCleared(EventWrapper):
    """Stands where Hypercorn would wait for the answer before: that hides that the client goes."""

    async def clear(self) -> None:
        """Begin no wait."""
        raise FurtherRequest


class _Context(WorkerContext):
    """Hypercorn's state of a server."""

    event_class = _NeverCleared


class Idling(Protocol):
    """A connection, as far as it can be ended for others."""

    @property
    def idle_since(self) -> float | None:
        """Since when it has had no request; None while it has one."""

    def end_if_idle(self) -> None:
        """End it unless a request is in flight."""


@attrs.define(eq=False)
class Site:
    """The application, its settings, and the connections that are open."""

    _application: AsgiApplication
    settings: CurrentSettings
    config: Config
    bodies: Bodies = attrs.field(kw_only=True)
    app: AppWrapper = attrs.field(init=False)
    context: WorkerContext = attrs.field(factory=lambda: _Context(None), init=False)
    connections: set[Idling] = attrs.field(factory=set, init=False)

    def __attrs_post_init__(self) -> None:
        self.app = ASGIWrapper(cast("ASGIFramework", self._application))
