"""The server alone, in front of an application of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import trio

from argus_trio.config.model.server import Server
from argus_trio.frontend.http.limits import Limits
from argus_trio.frontend.http.request import AsgiApplication
from argus_trio.frontend.http.served_settings import CurrentSettings, ServedSettings
from argus_trio.frontend.server.listeners import open_listeners
from argus_trio.frontend.server.serving import serve
from tests.frontend.support.serving import DEADLINE_SECONDS, speaking_http


@asynccontextmanager
async def answering(application: AsgiApplication, *, limits: Limits | None = None) -> AsyncIterator[trio.SocketStream]:
    """A client's connection to a server whose every request `application` answers. All within `DEADLINE_SECONDS`."""
    settings = CurrentSettings(ServedSettings.of(Server(port=0, drain_timeout=1, http=speaking_http()), limits))
    (listener,) = (await open_listeners(settings)).listeners
    stop, port = trio.Event(), listener.listening.getsockname()[1]
    with trio.fail_after(DEADLINE_SECONDS):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(
                partial(serve, application, [listener], stop=stop, on_stop=lambda: None, settings=settings)
            )
            async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                yield stream
            stop.set()
