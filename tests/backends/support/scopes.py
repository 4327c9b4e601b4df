"""Scopes and supervisors over fake backends, and the sessions of their clients: what tests of both share."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

import attrs
import trio

from argus_trio.backends.connection.open import BackendAddress, OpenLink
from argus_trio.backends.connectivity.start_turns import StartTurns
from argus_trio.backends.generation import Generation
from argus_trio.backends.routing.router import RouterFactory
from argus_trio.backends.scope.scope import Scope
from argus_trio.backends.supervisor import Announce, Supervisor
from argus_trio.config.model.backend import BackendSpec, HttpBackend, StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.model.operation import Timeouts
from argus_trio.core.call.abilities import ANYBODY, Audience
from argus_trio.core.call.exchange import Handler
from argus_trio.core.redaction import Redactor
from argus_trio.pipeline.pipeline import Pipeline
from argus_trio.sandbox.sandbox import Sandbox
from argus_trio.wire.envelope import Params
from tests.backends.support.fakes import FakeBackend, Json

TIMEOUTS = Timeouts(connect=20, call=100, idle=60)


@attrs.define(eq=False)
class Session:
    """A legacy session, and what it was told on its own stream."""

    told: list[tuple[str, Json]] = attrs.field(factory=list)
    log_level: str | None = None
    handle: str = ""
    audience: Audience = ANYBODY

    async def notify(self, method: str, params: Params) -> None:
        await trio.lowlevel.checkpoint()
        self.told.append((method, {key: json.loads(bytes(value)) for key, value in params.items()}))

    async def ask(self, method: str, params: Params) -> bytes:
        raise AssertionError("nobody asks")


def spec(**fields: object) -> StdioBackend:
    return StdioBackend(name="files", command="unused", timeouts=TIMEOUTS, **fields)  # type: ignore[arg-type]


def scope_of(
    declared: BackendSpec,
    open_link: OpenLink,
    *,
    on_published: Callable[[], None] = lambda: None,
    secrets: Iterable[str] = (),
) -> Scope:
    address = BackendAddress(spec=declared, open_link=open_link, redact=Redactor(secrets))
    return Scope(address=address, turns=StartTurns(lambda: 4), on_published=on_published)


@asynccontextmanager
async def living(backend: FakeBackend, declared: StdioBackend | HttpBackend | None = None) -> AsyncIterator[Scope]:
    """A scope that runs, its backend ready or down."""
    scope = scope_of(declared or spec(), backend.open)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(scope.run)
        await scope.shared.settled.wait()
        yield scope
        nursery.cancel_scope.cancel()


def supervisor_of(
    config: Config,
    open_link: OpenLink,
    announce: Announce = lambda *_: None,
    pipeline: Pipeline | None = None,
    sandbox: Sandbox | None = None,
) -> tuple[Supervisor, RouterFactory]:
    """A supervisor, not yet running, whose generations have a router each, and no middleware but this."""
    routers = RouterFactory()

    def behind_middleware(generation: Generation) -> Handler:
        router = routers(generation)
        return router if pipeline is None else pipeline.handler(router, router.directory.target)

    supervisor = Supervisor(
        initial=config,
        open_link=open_link,
        announce=announce,
        make_handler=behind_middleware,
        on_task=routers.tasks.deliver,
        on_release=routers.tasks.forget,
        sandbox=sandbox,
    )
    return supervisor, routers
