"""The composition root: the nursery tree of a running gateway, and the only module that knows everyone.

root                    signals: the first TERM or INT stops, a second one at once; signs of life
├─ sandbox              ended after every backend: the container engine, which ends what runs in containers
└─ backends nursery     entered first, dies last: one scope per backend; and what gives memory back after floods
   ├─ pipelines         what the middleware holds, until the last call that passes it has ended
   ├─ reload supervisor ends at the stop: HUP, one reload at a time, and what follows the configuration file
   └─ frontend nursery  dies first: the HTTP server, its sessions and streams
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

import attrs
import structlog
import trio

from argus_trio import __version__
from argus_trio.backends.generation import Generation
from argus_trio.backends.links.intake import Intake
from argus_trio.backends.links.open import open_link
from argus_trio.backends.process.usage import TreesUsed
from argus_trio.backends.routing.directory import ShownCounts, ToolHeaders
from argus_trio.backends.routing.identity import CurrentIdentity
from argus_trio.backends.routing.resource_watch import ResourceWatch
from argus_trio.backends.routing.router import RouterFactory
from argus_trio.backends.routing.task_watch import TaskWatch
from argus_trio.backends.supervisor import Supervisor
from argus_trio.config.file import ConfigFile
from argus_trio.config.model.config import Config
from argus_trio.config.read.sources import Stamps
from argus_trio.core.backend_log import BackendLogs
from argus_trio.core.call.exchange import EndedSession, Handler
from argus_trio.core.call.via import Via
from argus_trio.core.groups import leaves
from argus_trio.core.journal import Journal, JournalEvent
from argus_trio.core.log_level import CurrentLevel
from argus_trio.core.memory import Memory
from argus_trio.core.open_exchanges import OpenExchanges
from argus_trio.core.redaction import Redactor
from argus_trio.errors import ConfigInvalid, ListenFailed
from argus_trio.frontend.app import run_frontend, tell_full
from argus_trio.frontend.gateway import Gateway, Management, News
from argus_trio.frontend.http.served_settings import CurrentSettings, ServedSettings
from argus_trio.frontend.input_required.request_state import Seal
from argus_trio.frontend.notifications.announcer import Announcer
from argus_trio.frontend.server.socket_activation import Inherited, inherited_sockets
from argus_trio.pipeline.build import build_pipeline
from argus_trio.pipeline.pipeline import Pipeline
from argus_trio.runtime.allocator import give_back_after_floods
from argus_trio.runtime.changes.gateway_control import GatewayControl
from argus_trio.runtime.follow import follow
from argus_trio.runtime.garbage import look_seldom
from argus_trio.runtime.notify import Notifier
from argus_trio.runtime.pipelines import Pipelines
from argus_trio.runtime.signals import reload_on_signals, stop_on_signals
from argus_trio.runtime.status import keep_status, status_line
from argus_trio.runtime.stopping import Stopping
from argus_trio.sandbox.sandbox import RealRooms, Sandbox

log = structlog.get_logger()

PATHS = {"streamable_http": "/mcp", "sse": "/sse", "health": "/manage/v1/health"}
"""What is served where, for the log."""


async def run_gateway(
    config: Config,
    *,
    on_listening: Callable[[Sequence[str]], None],
    file: ConfigFile | None = None,
    redact: Redactor | None = None,
    log_level: CurrentLevel | None = None,
) -> None:
    """Serve `config` until a signal says stop; `on_listening` gets the base URLs once clients can connect.

    `file` is where the configuration came from and is read again by a reload; without it there is no reload, and SIGHUP
    ends the process as ever. `redact` is what the logs hide, and learns what a reload brings in. `log_level` is that of
    the log, for who may change it.

    A service manager that started the gateway is told how it stands, and its sockets are served on.

    Raises:
        ListenFailed: the address or an inherited socket cannot be listened on, or the certificate cannot be used.
        ConfigInvalid: a middleware cannot be made, or entered.
    """
    notifier = Notifier.of(os.environ)
    inherited = inherited_sockets(os.environ)
    stopping = Stopping(notifier)
    refused: list[ListenFailed | ConfigInvalid] = []
    try:
        async with trio.open_nursery() as root:
            await root.start(stop_on_signals, stopping, root.cancel_scope)
            root.start_soon(notifier.run_watchdog)
            hide = redact or Redactor(config.secrets)
            parts = _GatewayParts(
                config=config,
                file=file,
                redact=hide,
                notifier=notifier,
                stopping=stopping,
                inherited=inherited,
                log_level=log_level or CurrentLevel(),
            )
            try:
                await root.start(parts.sandbox.run)
                await _serve(parts, on_listening)
            finally:
                parts.sandbox.end()
            log.info("stopped")
            root.cancel_scope.cancel()
    except* (ListenFailed, ConfigInvalid) as group:
        refused.extend(leaves(group))
    finally:
        for each in inherited:
            each.socket.close()
    if refused:
        raise refused[0]


@attrs.define(eq=False, repr=False, kw_only=True)
class _GatewayParts:
    """The parts of one gateway, joined; nothing runs yet.

    Raises:
        ListenFailed: the certificate cannot be used.
    """

    config: Config
    file: ConfigFile | None
    redact: Redactor
    notifier: Notifier
    stopping: Stopping
    inherited: Sequence[Inherited]
    log_level: CurrentLevel
    via: Via = attrs.field(factory=lambda: Via(secrets.token_hex(8)), init=False)
    management: Management = attrs.field(init=False)
    pipelines: Pipelines = attrs.field(init=False)
    announcer: Announcer = attrs.field(factory=Announcer, init=False)
    routers: RouterFactory = attrs.field(factory=RouterFactory, init=False)
    memory: Memory = attrs.field(init=False)
    sandbox: Sandbox = attrs.field(init=False)
    supervisor: Supervisor = attrs.field(init=False)
    settings: CurrentSettings = attrs.field(init=False)
    control: GatewayControl = attrs.field(init=False)
    """What changes the running gateway, one change at a time."""

    def __attrs_post_init__(self) -> None:
        path = None if self.file is None else self.file.path
        source, folder = ("the configuration", Path()) if path is None else (str(path), path.parent)
        self.management = self._management(path)
        journal = self.management.journal
        self.pipelines = Pipelines(build_pipeline(self.config, source=source, folder=folder, journal=journal))
        self.sandbox = Sandbox(
            rooms=RealRooms(environ=os.environ, redact=self.redact, attempts=self.management.egress, journal=journal),
            backends=lambda: self.supervisor.config.backends,
            journal=journal,
        )
        self.memory = Memory(lambda: self.settings.now.server.limits.memory, on_full=partial(tell_full, journal))
        self.supervisor = Supervisor(
            initial=self.config,
            open_link=partial(open_link, via=self.via, intake=Intake(self.memory), sandbox=self.sandbox),
            announce=self.announcer.announce,
            make_handler=partial(self._handler, self.pipelines.current),
            redact=self.redact,
            on_task=self.routers.tasks.deliver,
            on_release=self.routers.tasks.forget,
            memory=self.memory,
            journal=self.management.journal,
            logs=self.management.logs,
            sandbox=self.sandbox,
        )
        self.settings = CurrentSettings(ServedSettings.of(self.config.server, access=self.pipelines.current.access))
        self.control = GatewayControl(
            config=self.config,
            file=self.file,
            is_exposed=any(each.is_exposed and not each.is_for_management for each in self.inherited),
            supervisor=self.supervisor,
            pipelines=self.pipelines,
            make_handler=self._handler,
            settings=self.settings,
            redact=self.redact,
            journal=self.management.journal,
            figures=self.management.figures,
            logs=self.management.logs,
            stopping=self.stopping,
            on_reload=self.notifier.reloading,
            on_reloaded=self._reloaded,
        )

    def _management(self, path: Path | None) -> Management:
        instance, events, lines = secrets.token_hex(4), News(), News()
        logs = BackendLogs(now=time.time, redact=self.redact, on_added=lines.wake)

        def noted(event: JournalEvent) -> None:
            if event.backend is not None:
                logs.of(event.backend).add("gateway", event.message)
            events.wake()

        return Management(
            config=lambda: self.control.reloads.config,
            file=path,
            loaded_at=lambda: self.control.loaded_at,
            instance=instance,
            engine=lambda: self.sandbox.engine(),
            inventory=lambda: self.supervisor.current.inventory,
            journal=Journal(now=time.time, instance=instance, redact=self.redact, on_noted=noted),
            exchanges=OpenExchanges(instance=instance),
            logs=logs,
            log_level=self.log_level,
            events=events,
            lines=lines,
        )

    def _handler(self, pipeline: Pipeline, generation: Generation) -> Handler:
        router = self.routers(generation)
        return pipeline.handler(
            router, router.directory.target, exchanges=self.management.exchanges, figures=self.management.figures
        )

    def _release(self, session: EndedSession) -> None:
        self.supervisor.release(session)
        self.pipelines.current.session_ended(session)

    def _reloaded(self) -> None:
        self.notifier.ready(self.status())
        self.sandbox.reconfigured()

    def status(self) -> str:
        """How it stands, in one line for people."""
        return status_line(self.supervisor.health(), self.pipelines.under_way)

    async def cut_after_drain(self, everything: trio.CancelScope) -> None:
        """Once the stop has begun, note it, and cut `everything` after the drain."""
        await self.stopping.event.wait()
        self.stopping.note(self.management.journal, self.settings.drain_timeout)
        self.stopping.cut(everything, drain_seconds=self.settings.drain_timeout)

    def frontend(self) -> Callable[..., Awaitable[None]]:
        """What serves clients, to be started."""
        supervisor = self.supervisor
        gateway = Gateway(
            handler=supervisor.generations.serve,
            identity=CurrentIdentity(supervisor, __version__),
            health=supervisor.health,
            overview=supervisor.overview,
            usage=TreesUsed(),
            counts=ShownCounts(supervisor.generations),
            watch=ResourceWatch(supervisor),
            watch_tasks=TaskWatch(supervisor, self.routers.tasks),
            param_headers=ToolHeaders(supervisor.generations),
            comes_round=lambda via: self.via.comes_round(via, trio.current_time()),
            control=self.control,
            management=self.management,
            tell=supervisor.forward_notification,
            release=self._release,
        )
        return partial(
            run_frontend,
            gateway,
            announcer=self.announcer,
            settings=self.settings,
            stop=self.stopping.event,
            make_seal=_make_seal,
            inherited=self.inherited,
            memory=self.memory,
            environ=os.environ,
        )


async def _serve(parts: _GatewayParts, on_listening: Callable[[Sequence[str]], None]) -> None:
    async with trio.open_nursery() as backends:
        backends.start_soon(parts.cut_after_drain, backends.cancel_scope)
        await backends.start(parts.pipelines.run)
        backends.start_soon(give_back_after_floods, parts.memory)
        await backends.start(parts.supervisor.run)
        if parts.file is not None:
            await backends.start(reload_on_signals, parts.control.reloads)
        await backends.start(_reload, parts)
        async with trio.open_nursery() as front:
            urls = await front.start(parts.frontend())
            for url in urls:
                log.info("listening", url=url, **{name: url + path for name, path in PATHS.items()})
            details = {"version": __version__, "urls": urls}
            parts.management.journal.note("gateway_started", "the gateway serves", details=details)
            on_listening(urls)
            backends.start_soon(_tell_how_it_stands, parts)
        backends.cancel_scope.cancel()


async def _reload(parts: _GatewayParts, *, task_status: trio.TaskStatus[None]) -> None:
    """Make the changes that are asked for, and reload what changes in the file, until the stop."""
    reloads = parts.control.reloads
    async with trio.open_nursery() as nursery:
        if parts.file is not None:
            nursery.start_soon(follow, parts.file, reloads, _wait_for_change)
        task_status.started()
        await reloads.run(parts.stopping.event)
        nursery.cancel_scope.cancel()


async def _wait_for_change(stamps: Stamps) -> None:
    """Wait until a file of the configuration changes; what does so is loaded when files are watched."""
    from argus_trio.runtime.watch import wait_for_change

    await wait_for_change(stamps)


async def _tell_how_it_stands(parts: _GatewayParts) -> None:
    await parts.supervisor.current.settle()
    look_seldom()
    parts.notifier.ready(parts.status())
    await keep_status(parts.notifier, parts.status)


def _make_seal() -> Seal:
    """The seal of what clients carry between the rounds of a call; loaded when a call asks its client."""
    from argus_trio.frontend.input_required.seal import AesGcmSeal

    return AesGcmSeal()
