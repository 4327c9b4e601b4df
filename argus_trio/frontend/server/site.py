"""What all connections of the server share, in the terms of Hypercorn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, cast

import attrs
import structlog
import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.trio.worker_context import EventWrapper, WorkerContext
from hypercorn.typing import (
    AppWrapper,
    ASGIFramework,
    ASGIReceiveCallable,
    ASGIReceiveEvent,
    ASGISendEvent,
    HTTPScope,
)

from argus_trio.core.memory import Bodies
from argus_trio.frontend.http.receive_queue import ReceiveQueue
from argus_trio.frontend.http.request import DISCONNECT_EXTENSION, AsgiApplication, Door
from argus_trio.frontend.http.served_settings import CurrentSettings

log = structlog.get_logger()

AppSend = Callable[[ASGISendEvent | None], Awaitable[None]]


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


@attrs.define(eq=False)
class Requests:
    """Starts the application for each request of one connection, in the connection's nursery."""

    _nursery: trio.Nursery
    _door: Door

    async def spawn_app(
        self, app: AppWrapper, _: Config, scope: HTTPScope, send: AppSend
    ) -> Callable[[ASGIReceiveEvent], Awaitable[None]]:
        """Start it; what it is to be told of the rest of its request."""
        queue = ReceiveQueue()
        cast("dict[str, object]", scope["extensions"])[DISCONNECT_EXTENSION] = queue
        cast("dict[str, object]", scope)["door"] = self._door
        self._nursery.start_soon(self._serve, app, scope, queue, send)
        return cast("Callable[[ASGIReceiveEvent], Awaitable[None]]", queue.put)

    async def _serve(self, app: AppWrapper, scope: HTTPScope, queue: ReceiveQueue, send: AppSend) -> None:
        try:
            receive = cast("ASGIReceiveCallable", queue.receive)
            await app(scope, receive, send, trio.to_thread.run_sync, trio.from_thread.run)
        except Exception:  # the guard of one request: the connection answers 500
            log.exception("request_failed_unexpectedly", path=scope["path"])
        finally:
            queue.close()
        await send(None)
