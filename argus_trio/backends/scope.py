"""One backend's life: connect, greet, list, publish, keep listed, and begin again when the connection is lost.

`Scope.run` is the one task that every connection of the backend belongs to; nothing that goes wrong in it reaches
another backend.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, Literal

import attrs
import structlog
import trio

from argus_trio.backends.connection import Connection
from argus_trio.backends.greeting import DiedAtProbe, Greeting, greet
from argus_trio.backends.link import Headers, Inbox, Link
from argus_trio.backends.listing import CAPABILITIES, Listing, publish
from argus_trio.backends.stderr import LAST_LINES, StderrRing
from argus_trio.config.model import BackendSpec, HttpBackend, SseBackend
from argus_trio.core.backoff import Backoff
from argus_trio.core.catalog import KINDS, Published
from argus_trio.core.exchange import Exchange
from argus_trio.core.lifecycle import Happened, State, after
from argus_trio.core.redaction import Redactor
from argus_trio.errors import BackendUnavailable, LinkFailed, leaves
from argus_trio.wire.envelope import Notification, Params, Request
from argus_trio.wire.revisions import Era

log = structlog.get_logger()

OpenLink = Callable[[BackendSpec, Inbox, StderrRing], AbstractAsyncContextManager[Link]]
"""Opens a link for a spec: how a scope reaches the world."""

STABLE_AFTER: Final = 30.0
"""Seconds a connection must have lasted for the backoff to begin anew."""

RELIST_QUIET: Final = 0.05
"""Seconds in which further `list_changed` of a backend count as the same one."""

EARLY_MESSAGES: Final = 64
"""Messages kept that a backend sends before it is greeted; more are dropped."""


@attrs.define(eq=False)
class _Mailbox:
    """Holds what arrives before there is a connection, then hands everything to it."""

    connection: Connection | None = None
    _early: list[tuple[Request | Notification, int | None]] = attrs.field(factory=list)

    async def receive(self, message: Request | Notification, within: int | None) -> None:
        if self.connection is not None:
            await self.connection.receive(message, within)
        elif len(self._early) < EARLY_MESSAGES:
            self._early.append((message, within))

    async def attach(self, connection: Connection) -> None:
        self.connection = connection
        for message, within in self._early:
            await connection.receive(message, within)
        self._early.clear()


@attrs.define(eq=False)
class Scope:
    """One backend under supervision. `on_published` is called whenever what it shows may have changed."""

    spec: BackendSpec
    open_link: OpenLink
    on_published: Callable[[Published], None]
    redact: Redactor
    backoff: Backoff = attrs.field(factory=Backoff)
    state: State = State.STARTING
    reason: str = "it is still starting"
    """Why it is not ready, in one line for people."""
    details: tuple[str, ...] = ()
    greeting: Greeting | None = None
    stderr: StderrRing = attrs.field(init=False)
    """What its processes wrote to stderr, over all its connections."""
    settled: trio.Event = attrs.field(factory=trio.Event)
    """Set once the first attempt to connect has succeeded or failed."""
    _connection: Connection | None = None
    _legacy_assumed: bool = False

    def __attrs_post_init__(self) -> None:
        self.stderr = StderrRing(self.spec.name)

    async def call(self, exchange: Exchange, params: Params, headers: Headers = ()) -> bytes:
        """Perform the exchange with `params`, once the first attempt to connect has had its outcome; `headers` go with
        it on modern HTTP.

        Raises:
            BackendUnavailable: not connected, with the reason.
            RpcError: as `Connection.call`.
        """
        await self.wait_settled()
        if self._connection is None:
            raise BackendUnavailable(self.spec.name, self.reason, details=self.details)
        return await self._connection.call(exchange, params, self.spec.timeouts, headers)

    async def wait_settled(self) -> None:
        """Wait for the outcome of the first attempt to connect, at most as long as a call may take."""
        if not self.settled.is_set():
            with trio.move_on_after(self.spec.timeouts.call):
                await self.settled.wait()

    @property
    def has_listed(self) -> bool:
        """Whether it has been ready at least once, so that the catalog knows its names."""
        return self.greeting is not None

    async def run(self) -> None:
        """Live until cancelled. Whatever fails is logged here and ends at this boundary."""
        failures = 0
        try:
            while True:
                started = trio.current_time()
                self.stderr.is_probed = True
                failure = await self._attempt()
                if isinstance(failure, DiedAtProbe) and not self._legacy_assumed:
                    self._legacy_assumed = True
                    continue
                failures = 1 if trio.current_time() - started > STABLE_AFTER else failures + 1
                delay = self.backoff.delay(failures, random.random())  # noqa: S311 - jitter, no secret
                self._fail(failure, delay)
                await trio.sleep(delay)
        finally:
            self.state = after(self.state, Happened.STOPPED)

    async def _attempt(self) -> LinkFailed:
        """Connect once and stay connected; how it ended."""
        failed: list[LinkFailed] = []
        try:
            failed.append(await self._live())
        except* LinkFailed as group:
            failed.extend(leaves(group))
        except* Exception as group:
            log.exception("backend_fault", backend=self.spec.name, exc_info=group)
            failed.append(LinkFailed(f"the gateway failed at it: {type(group.exceptions[0]).__name__}"))
        finally:
            self._connection = None
        return failed[0]

    async def _live(self) -> LinkFailed:
        mailbox = _Mailbox()
        started = trio.current_time()
        limit = trio.CancelScope(deadline=started + self.spec.timeouts.connect)
        with limit:
            async with trio.open_nursery() as nursery, self.open_link(self.spec, mailbox.receive, self.stderr) as link:
                greeting = await greet(link, self._protocol())
                changes = _Changes()
                connection = Connection(
                    backend=self.spec.name,
                    link=link,
                    greeting=greeting,
                    nursery=nursery,
                    on_list_changed=changes.add,
                    cancels_by_notice=greeting.era is Era.LEGACY or not isinstance(self.spec, HttpBackend),
                )
                await mailbox.attach(connection)
                if greeting.era is Era.LEGACY:
                    await link.listen((("mcp-protocol-version", greeting.revision),))
                listing = await self._listing(connection, KINDS)
                limit.deadline = float("inf")
                self._begin(connection, listing, trio.current_time() - started)
                nursery.start_soon(self._keep_listed, connection, dict(listing), changes)
                failure = await link.wait_failed()
                nursery.cancel_scope.cancel()
                return failure
        seconds = self.spec.timeouts.connect
        raise LinkFailed(
            f"it was not ready within {seconds:g} s (timeouts.connect)", details=self.stderr.lines()[-LAST_LINES:]
        )

    def _protocol(self) -> Literal["auto", "legacy", "modern"]:
        if isinstance(self.spec, SseBackend):
            return "legacy"  # HTTP+SSE ended with 2024-11-05: no modern server speaks it
        return "legacy" if self.spec.protocol == "auto" and self._legacy_assumed else self.spec.protocol

    def _begin(self, connection: Connection, listing: Listing, seconds: float) -> None:
        self._connection, self.greeting = connection, connection.greeting
        self._publish(connection, listing)
        self.state, self.reason, self.details = after(self.state, Happened.CONNECTED), "", ()
        self.settled.set()
        self.stderr.is_probed = False
        log.info(
            "backend_ready",
            backend=self.spec.name,
            revision=connection.greeting.revision,
            seconds=round(seconds, 3),
            **{kind: len(listing.get(kind, ())) for kind in KINDS},
        )

    def _fail(self, failure: LinkFailed, delay: float) -> None:
        self.state = after(self.state, Happened.FAILED)
        self.reason = self.redact(failure.reason)
        self.details = tuple(map(self.redact, failure.details))
        self.settled.set()
        log.warning(
            "backend_down",
            backend=self.spec.name,
            reason=self.reason,
            details=list(self.details),
            retry_in=round(delay, 1),
        )

    def _publish(self, connection: Connection, listing: Listing) -> None:
        serves_resources = "resources" in connection.greeting.capabilities
        self.on_published(publish(self.spec, listing, serves_resources=serves_resources))

    async def _listing(self, connection: Connection, kinds: tuple[str, ...]) -> Listing:
        """What the backend lists of the kinds it declares; a list that it refuses is reported and empty."""
        declared = connection.greeting.capabilities
        listed: dict[str, list[tuple[str, Params]]] = {}

        async def fetch(kind: str) -> None:
            try:
                listed[kind] = await connection.list_all(kind)
            except LinkFailed as failure:
                log.warning(
                    "backend_list_failed", backend=self.spec.name, kind=kind, reason=self.redact(failure.reason)
                )

        async with trio.open_nursery() as nursery:
            for kind in kinds:
                if CAPABILITIES[kind] in declared:
                    nursery.start_soon(fetch, kind)
        return listed

    async def _keep_listed(
        self, connection: Connection, listing: dict[str, Sequence[tuple[str, Params]]], changes: _Changes
    ) -> None:
        """List again what the backend says has changed, one round at a time, however often it says so."""
        while True:
            await changes.wait()
            await trio.sleep(RELIST_QUIET)
            kinds = changes.take()
            with trio.move_on_after(self.spec.timeouts.connect):
                listing.update(await self._listing(connection, kinds))
                self._publish(connection, listing)


@attrs.define(eq=False)
class _Changes:
    """The kinds that a backend said have changed since the last look."""

    _kinds: set[str] = attrs.field(factory=set)
    _woken: trio.Event = attrs.field(factory=trio.Event)

    def add(self, kinds: tuple[str, ...]) -> None:
        self._kinds.update(kinds)
        self._woken.set()

    async def wait(self) -> None:
        await self._woken.wait()

    def take(self) -> tuple[str, ...]:
        kinds = tuple(kind for kind in KINDS if kind in self._kinds)
        self._kinds.clear()
        self._woken = trio.Event()
        return kinds
