"""Puts the front end together: the edges, their shared tables, the ticker, and the server around them."""

from __future__ import annotations

from collections.abc import Callable

import trio

from argus_trio.config.model import Server
from argus_trio.core.exchange import Handler
from argus_trio.core.health import Health
from argus_trio.core.identity import Identity
from argus_trio.frontend.announcer import Announcer
from argus_trio.frontend.asgi import Application
from argus_trio.frontend.endpoint import Endpoint
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.guard import Guard
from argus_trio.frontend.legacy import LegacyEdge
from argus_trio.frontend.limits import Limits
from argus_trio.frontend.listening import open_listeners
from argus_trio.frontend.modern import ModernEdge
from argus_trio.frontend.server import serve
from argus_trio.frontend.sessions import Sessions
from argus_trio.frontend.sse import SseEdge
from argus_trio.frontend.ticker import Ticker


async def run_frontend(
    *,
    handler: Handler,
    identity: Callable[[], Identity],
    announcer: Announcer,
    health: Callable[[], Health],
    settings: Server,
    stop: trio.Event,
    limits: Limits | None = None,
    task_status: trio.TaskStatus[tuple[str, ...]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until `stop` is set, and then for as long as calls in flight take, at most `settings.drain_timeout`.

    Reports the base URLs, such as `http://127.0.0.1:9000`, once it listens. Cancelling it cuts everything at once.
    `limits` are the usual ones where none are given.

    Raises:
        ListenFailed: the address cannot be listened on, or the certificate cannot be used.
    """
    listening = await open_listeners(settings)
    limits = limits or Limits(body_bytes=settings.max_body_bytes)
    sessions, ticker = Sessions(), Ticker()
    gateway = Gateway(handler=handler, identity=identity, health=health)
    endpoint = Endpoint(
        LegacyEdge(gateway, sessions, announcer, ticker), ModernEdge(gateway, announcer, ticker), limits
    )
    guard = Guard(allowed_hosts=settings.allowed_hosts, allowed_origins=settings.allowed_origins)
    application = Application(gateway, guard, endpoint, SseEdge(gateway, announcer, limits))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ticker.run, sessions.expire)
        task_status.started(listening.urls)
        await serve(
            application,
            listening.listeners,
            stop=stop,
            on_stop=announcer.close,
            limits=limits,
            drain_timeout=settings.drain_timeout,
        )
        nursery.cancel_scope.cancel()
