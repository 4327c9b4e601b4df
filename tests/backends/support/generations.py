"""Generations over scopes that do not run: what a scope has listed, and that it has, is said by hand."""

from __future__ import annotations

import trio

from argus_trio.backends.connection.handshake import Handshake
from argus_trio.backends.connectivity.client_connection import ClientConnection
from argus_trio.backends.generation import Generation
from argus_trio.backends.scope.scope import Scope
from argus_trio.config.model.config import Config
from argus_trio.config.model.naming import ConflictResolution
from argus_trio.config.model.server import Server
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.call.exchange import ClientSession, Exchange, Handler
from argus_trio.core.call.session_policy import ConnectionOwner
from argus_trio.wire.revisions import LATEST_LEGACY, LATEST_MODERN, Era
from tests.backends.support.fakes import FakeBackend, raw
from tests.backends.support.scopes import scope_of
from tests.backends.support.supervised import spec

GRACE_SECONDS = 5.0


async def refuse(_exchange: Exchange) -> bytes:
    """The handler of generations that are asked nothing."""
    raise AssertionError("nobody asks")


def idle_scope(name: str, **fields: object) -> Scope:
    """The scope of a backend that has not been reached yet."""
    return scope_of(spec(name, **fields), FakeBackend().open)


def generation_of(
    *scopes: Scope, number: int = 1, grace: float = GRACE_SECONDS, handler: Handler = refuse, **naming: object
) -> Generation:
    """A generation of these scopes that begins now."""
    config = Config(
        backends={scope.spec.name: scope.spec for scope in scopes},
        server=Server(startup_grace=grace),
        conflict_resolution=ConflictResolution(**naming),  # type: ignore[arg-type]  # fields by name
    )
    return Generation(
        number=number,
        config=config,
        scopes={scope.spec.name: scope for scope in scopes},
        awaited_until={scope.spec.name: trio.current_time() + grace for scope in scopes},
        make_handler=lambda _: handler,
    )


def lists(scope: Scope, *names: str, to: Abilities = NONE) -> None:
    """The backend has listed these tools, for everybody or for clients with these abilities."""
    scope.listings.keep(
        to, {"tools": [(name, raw({"name": name, "inputSchema": {"type": "object"}})) for name in names]}
    )


def connects(scope: Scope, *names: str, era: Era = Era.LEGACY) -> None:
    """The backend has connected, and listed these tools."""
    revision = LATEST_LEGACY if era is Era.LEGACY else LATEST_MODERN
    scope.shared.adopt(Handshake(era=era, revision=revision, capabilities={}, server_info={}, instructions=None))
    lists(scope, *names)
    scope.recovery.connected(revision, {}, 0.0)
    scope.shared.settled.set()


def has_own_connection(scope: Scope, client: ClientSession, abilities: Abilities, *names: str) -> ClientConnection:
    """The session has a connection of its own there, which has listed these tools anew."""
    own = ClientConnection(
        owner=ConnectionOwner(key=client, abilities=abilities, client=client),
        shared=scope.shared,
        listings=scope.listings,
        on_idle=lambda _: None,
    )
    own.listing = {"tools": [(name, raw({"name": name})) for name in names]}
    scope.client_connections.table.add(own)
    return own
