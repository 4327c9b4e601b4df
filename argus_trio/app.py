"""The composition root: the nursery tree of a running gateway, and the only module that knows everyone.

root                    signals: the first TERM or INT stops, a second one stops without waiting
└─ backends nursery     entered first, dies last: one scope per backend
   └─ frontend nursery  dies first: the HTTP server, its sessions and streams
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from functools import partial

import structlog
import trio

from argus_trio import __version__
from argus_trio.backends.introductions import Introductions
from argus_trio.backends.opening import open_link
from argus_trio.backends.routes import Routes
from argus_trio.backends.supervisor import Supervisor
from argus_trio.backends.watch import Watch
from argus_trio.config.model import Config
from argus_trio.errors import ListenFailed, leaves
from argus_trio.frontend.announcer import Announcer
from argus_trio.frontend.app import run_frontend
from argus_trio.frontend.states import Seal
from argus_trio.pipeline.chain import chain

log = structlog.get_logger()

PATHS = {"streamable_http": "/mcp", "sse": "/sse", "health": "/manage/v1/health"}
"""What is served where, for the log."""


async def run_gateway(config: Config, *, on_listening: Callable[[Sequence[str]], None]) -> None:
    """Serve `config` until a signal says stop; `on_listening` gets the base URLs once clients can connect.

    Raises:
        ListenFailed: the address cannot be listened on.
    """
    stop = trio.Event()
    refused: list[ListenFailed] = []
    try:
        async with trio.open_nursery() as root:
            await root.start(_stop_on_signals, stop, root.cancel_scope)
            await _serve(config, stop, on_listening)
            log.info("stopped")
            root.cancel_scope.cancel()
    except* ListenFailed as group:
        refused.extend(leaves(group))
    if refused:
        raise refused[0]


async def _serve(config: Config, stop: trio.Event, on_listening: Callable[[Sequence[str]], None]) -> None:
    announcer = Announcer()
    supervisor = Supervisor(config, open_link, announcer.announce, lambda generation: chain((), route(generation)))
    route = Routes(supervisor)
    frontend = partial(
        run_frontend,
        handler=supervisor.serve,
        identity=Introductions(supervisor, __version__),
        announcer=announcer,
        health=supervisor.health,
        checkups=supervisor.checkups,
        settings=config.server,
        stop=stop,
        make_seal=_make_seal,
        watch=Watch(supervisor),
        watch_tasks=route.tasks.watch,
        param_headers=supervisor.param_headers,
        tell=supervisor.tell,
        release=supervisor.release,
    )
    async with trio.open_nursery() as backends:
        await backends.start(supervisor.run)
        async with trio.open_nursery() as front:
            urls = await front.start(frontend)
            for url in urls:
                log.info("listening", url=url, **{name: url + path for name, path in PATHS.items()})
            on_listening(urls)
        backends.cancel_scope.cancel()


def _make_seal() -> Seal:
    """The seal of what clients carry between the rounds of a call; loaded when a call asks its client."""
    from argus_trio.frontend.seal import AesGcmSeal

    return AesGcmSeal()


async def _stop_on_signals(
    stop: trio.Event, everything: trio.CancelScope, *, task_status: trio.TaskStatus[None]
) -> None:
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        task_status.started()
        async for number in signals:
            if stop.is_set():
                log.warning("stopping_at_once", signal=signal.Signals(number).name)
                everything.cancel()
            else:
                log.info("stopping", signal=signal.Signals(number).name)
                stop.set()
