"""The composition root: the nursery tree of a running gateway, and the only module that knows everyone.

root                    signals: the first TERM or INT stops, a second one stops without waiting; signs of life
└─ backends nursery     entered first, dies last: one scope per backend
   └─ frontend nursery  dies first: the HTTP server, its sessions and streams
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import structlog
import trio

from argus_trio import __version__
from argus_trio.backends.introductions import Introductions
from argus_trio.backends.opening import open_link
from argus_trio.backends.router import Router
from argus_trio.backends.supervisor import Supervisor
from argus_trio.backends.watch import Watch
from argus_trio.config.model import Config
from argus_trio.errors import ListenFailed, leaves
from argus_trio.frontend.announcer import Announcer
from argus_trio.frontend.app import run_frontend
from argus_trio.frontend.inherited import Inherited, inherited_sockets
from argus_trio.frontend.states import Seal
from argus_trio.pipeline.chain import chain
from argus_trio.pipeline.under_way import UnderWay
from argus_trio.runtime.notify import Notifier
from argus_trio.runtime.status import keep_status, status_line

log = structlog.get_logger()

PATHS = {"streamable_http": "/mcp", "sse": "/sse", "health": "/manage/v1/health"}
"""What is served where, for the log."""
LAST_WORDS_S: Final = 0.25
"""How long the front end may take after the drain to say what was cut, before backends are closed under it."""


async def run_gateway(config: Config, *, on_listening: Callable[[Sequence[str]], None]) -> None:
    """Serve `config` until a signal says stop; `on_listening` gets the base URLs once clients can connect.

    A service manager that started the gateway is told how it stands, and its sockets are served on.

    Raises:
        ListenFailed: the address cannot be listened on, or an inherited socket cannot.
    """
    notifier = Notifier.of(os.environ)
    inherited = inherited_sockets(os.environ)
    stop = trio.Event()
    refused: list[ListenFailed] = []
    try:
        async with trio.open_nursery() as root:
            await root.start(_stop_on_signals, stop, root.cancel_scope, notifier)
            root.start_soon(notifier.run_watchdog)
            await _serve(config, stop, on_listening, notifier, inherited)
            log.info("stopped")
            root.cancel_scope.cancel()
    except* ListenFailed as group:
        refused.extend(leaves(group))
    finally:
        for each in inherited:
            each.socket.close()
    if refused:
        raise refused[0]


async def _serve(
    config: Config,
    stop: trio.Event,
    on_listening: Callable[[Sequence[str]], None],
    notifier: Notifier,
    inherited: Sequence[Inherited],
) -> None:
    announcer = Announcer()
    supervisor = Supervisor(config, open_link, announcer.announce)
    router = Router(supervisor)
    under_way = UnderWay()
    frontend = partial(
        run_frontend,
        handler=chain((under_way,), router),
        identity=Introductions(supervisor, __version__),
        announcer=announcer,
        health=supervisor.health,
        settings=config.server,
        stop=stop,
        make_seal=_make_seal,
        watch=Watch(router.directory),
        param_headers=router.param_headers,
        tell=supervisor.tell,
        release=supervisor.release,
        inherited=inherited,
    )

    def line() -> str:
        return status_line(supervisor.health(), under_way.count)

    async with trio.open_nursery() as backends:
        backends.start_soon(_cut_after_drain, stop, supervisor, backends.cancel_scope)
        await backends.start(supervisor.run)
        async with trio.open_nursery() as front:
            urls = await front.start(frontend)
            for url in urls:
                log.info("listening", url=url, **{name: url + path for name, path in PATHS.items()})
            on_listening(urls)
            backends.start_soon(_tell_how_it_stands, notifier, supervisor, line)
        backends.cancel_scope.cancel()


async def _cut_after_drain(stop: trio.Event, supervisor: Supervisor, everything: trio.CancelScope) -> None:
    # What the front end still owes to a backend that does not answer is bounded, but must not come before the time that
    # backends need to end: both at once is what keeps a stop within `drain_timeout` and 5 s.
    await stop.wait()
    everything.deadline = trio.current_time() + supervisor.config.server.drain_timeout + LAST_WORDS_S


async def _tell_how_it_stands(notifier: Notifier, supervisor: Supervisor, line: Callable[[], str]) -> None:
    await supervisor.settle()
    notifier.ready(line())
    await keep_status(notifier, line)


def _make_seal() -> Seal:
    """The seal of what clients carry between the rounds of a call; loaded when a call asks its client."""
    from argus_trio.frontend.seal import AesGcmSeal

    return AesGcmSeal()


async def _stop_on_signals(
    stop: trio.Event, everything: trio.CancelScope, notifier: Notifier, *, task_status: trio.TaskStatus[None]
) -> None:
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        task_status.started()
        async for number in signals:
            if stop.is_set():
                log.warning("stopping_at_once", signal=signal.Signals(number).name)
                everything.cancel()
            else:
                log.info("stopping", signal=signal.Signals(number).name)
                notifier.stopping()
                stop.set()
