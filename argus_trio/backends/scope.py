"""One backend's life: connect, greet, list, publish, keep listed, and begin again when the connection is lost.

`Scope.run` is the one task that every connection of the backend belongs to; nothing that goes wrong in it reaches
another backend.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from math import inf
from typing import Final, Literal

import attrs
import structlog
import trio

from argus_trio.backends.attempt import OpenLink, Way, converse
from argus_trio.backends.bulkhead import Bulkhead, Place
from argus_trio.backends.connection import Connection
from argus_trio.backends.dedicated import Dedicated
from argus_trio.backends.greeting import DiedAtProbe, Greeting, Refused
from argus_trio.backends.link import Headers
from argus_trio.backends.lister import Changes, Kept, keep_listed, list_kinds
from argus_trio.backends.listing import publish
from argus_trio.backends.shown import Shown
from argus_trio.backends.stderr import LAST_LINES, StderrRing
from argus_trio.backends.subscriptions import Deliver
from argus_trio.backends.task_news import OnTask, nobody_cares
from argus_trio.backends.watching import Watching
from argus_trio.config.model import BackendSpec, HttpBackend, StdioBackend
from argus_trio.core.abilities import NONE, Abilities
from argus_trio.core.backoff import Backoff
from argus_trio.core.catalog import KINDS, Published
from argus_trio.core.exchange import Call, Client, Exchange
from argus_trio.core.lifecycle import Happened, State, after
from argus_trio.core.redaction import Redactor
from argus_trio.errors import BackendUnavailable, LinkFailed, leaves
from argus_trio.wire.envelope import Params
from argus_trio.wire.revisions import Era

log = structlog.get_logger()

STABLE_AFTER: Final = 30.0
"""Seconds a connection must have lasted for the backoff to begin anew."""


@attrs.define(eq=False)
class Scope:
    """One backend under supervision. `on_published` is called whenever what it shows may have changed."""

    spec: BackendSpec
    open_link: OpenLink
    on_published: Callable[[], None]
    redact: Redactor
    backoff: Backoff = attrs.field(factory=Backoff)
    on_task: OnTask = nobody_cares
    state: State = State.STARTING
    reason: str = "it is still starting"
    """Why it is not ready, in one line for people."""
    details: tuple[str, ...] = ()
    greeting: Greeting | None = None
    stderr: StderrRing = attrs.field(init=False)
    """What its processes wrote to stderr, over all its connections."""
    settled: trio.Event = attrs.field(factory=trio.Event)
    """Set once the first attempt to connect has succeeded or failed."""
    shown: Shown = attrs.field(init=False)
    watching: Watching = attrs.field(init=False)
    bulkhead: Bulkhead = attrs.field(init=False)
    """What every call of a client passes."""
    dedicated: Dedicated | None = None
    """The connections of single clients, while `run` runs."""
    _connection: Connection | None = None
    _legacy_assumed: bool = False
    _changes: Changes = attrs.field(factory=Changes)

    def __attrs_post_init__(self) -> None:
        name, timeouts = self.spec.name, self.spec.timeouts
        self.stderr = StderrRing(name)
        self.bulkhead = Bulkhead(name, self.spec.limits)
        self.shown = Shown(name, self.redact, timeouts.connect, self.on_published)
        self.watching = Watching(name, self.redact, timeouts.call)

    async def call(self, exchange: Exchange, params: Params, headers: Headers = ()) -> bytes:
        """Perform the exchange with `params`, once there is room and the first attempt to connect has had its outcome.

        Raises:
            BackendUnavailable: not connected, or too many calls wait, with the reason.
            DeadlineExceeded: there was no room in time.
            RpcError: as `Connection.call`.
        """
        timeouts = self.spec.timeouts
        async with self.bulkhead.place(exchange, timeouts.call) as place:
            connection = await self.connected()
            if self.dedicated is None or not self.needs_own(exchange.call):
                return await connection.call(place.exchange, params, timeouts, headers, waited=place.waited)
            async with self.dedicated.lease(exchange.call) as (connection, _):
                return await connection.call(place.exchange, params, timeouts, headers, waited=place.waited)

    async def connected(self) -> Connection:
        """The shared connection, once the first attempt to connect has had its outcome.

        Raises:
            BackendUnavailable: there is none, with the reason.
        """
        await self.wait_settled()
        if self._connection is None:
            raise BackendUnavailable(self.spec.name, self.reason, details=self.details)
        return self._connection

    async def wait_settled(self) -> None:
        """Wait for the outcome of the first attempt to connect, at most as long as a call may take."""
        if not self.settled.is_set():
            with trio.move_on_after(self.spec.timeouts.call):
                await self.settled.wait()

    @property
    def has_listed(self) -> bool:
        """Whether it has been ready at least once, so that the catalog knows its names."""
        return self.shown.of(NONE) is not None

    @property
    def is_legacy(self) -> bool:
        """Whether it converses in the legacy era, as far as is known."""
        return self.greeting is not None and self.greeting.era is Era.LEGACY

    def needs_own(self, call: Call) -> bool:
        """Whether the call has to go over its client's own connection; see `session` in the configuration.

        A legacy backend asks, and logs, on its connection, not within a call. On stdio and HTTP+SSE no log message says
        whose call it belongs to, in either era.
        """
        if self.spec.session != "auto":
            return self.spec.session == "per-client"
        if self.is_legacy and call.abilities.any:
            return True
        return call.log_level is not None and not isinstance(self.spec, HttpBackend)

    def depends_on(self, abilities: Abilities) -> bool:
        """Whether what it shows may depend on what a client can be asked."""
        return self.is_legacy and self.spec.session != "shared" and abilities.any

    def own_listing(self, client: Client) -> Kept | None:
        """What the session's own connection has listed that others do not, if anything."""
        own = None if self.dedicated is None else self.dedicated.of(client)
        return None if own is None else own.kept

    def published(self, abilities: Abilities, own: Kept | None = None) -> Published | None:
        """What it shows to clients with `abilities`, as far as it has been listed; what is in `own` instead."""
        abilities = abilities if self.depends_on(abilities) else NONE
        serves_resources = self.greeting is not None and "resources" in self.greeting.capabilities
        kept = self.shown.of(abilities)
        if kept is None or own is None:
            return self.shown.published(self.spec, abilities, serves_resources=serves_resources)
        return publish(self.spec, {**kept, **own}, serves_resources=serves_resources)

    async def list_for(self, abilities: Abilities) -> None:
        """See to it that what clients with `abilities` are shown has been listed, or has failed to be."""
        if self._connection is not None and self.dedicated is not None and self.depends_on(abilities):
            await self.shown.make(self.dedicated, abilities)

    def list_soon(self, abilities: Abilities) -> None:
        """As `list_for`, without waiting for it."""
        if self._connection is not None and self.dedicated is not None and self.depends_on(abilities):
            self.shown.make_soon(self.dedicated, abilities)

    async def subscribe(self, exchange: Exchange, uri: str) -> bytes:
        """Subscribe the exchange's client to a resource, or with `resources/unsubscribe` end that; the raw result.

        Raises: as `call`.
        """
        async with self.bulkhead.place(exchange, self.spec.timeouts.call) as place:
            return await self._subscribe(place, uri)

    async def _subscribe(self, place: Place, uri: str) -> bytes:
        call = place.exchange.call
        is_wanted = call.method == "resources/subscribe"
        connection = await self.connected()
        if self.dedicated is not None and self.is_legacy and self.needs_own(call):  # modern ones know no such request
            async with self.dedicated.lease(call) as (connection, own):
                result = await connection.call(place.exchange, call.params, self.spec.timeouts, waited=place.waited)
                (own.subscribed.add if is_wanted else own.subscribed.discard)(uri)
                return result
        client, dedicated = call.client, self.dedicated
        if client is not None and dedicated is not None and is_wanted:

            def deliver(method: str, params: Params) -> None:
                dedicated.nursery.start_soon(client.notify, method, params)

            await self.watching.watch(connection, uri, client, deliver)
        elif client is not None:
            await self.watching.unwatch(connection, uri, client)
        return b"{}"

    async def watch(self, call: Call, uri: str, key: object, deliver: Deliver) -> None:
        """Deliver what is said of a resource, until `unwatch`: over the shared connection, and by the processes
        that the calls of clients like this one run in.

        Raises:
            BackendUnavailable: the backend cannot be told, or refuses.
        """
        await self.watching.watch(await self.connected(), uri, key, deliver)
        if isinstance(self.spec, StdioBackend) and self.needs_own(call):
            self.watching.watch_owned((call.principal, call.abilities), uri, key, deliver)

    async def unwatch(self, uri: str, key: object) -> None:
        """Deliver no more of it."""
        await self.watching.unwatch(self._connection, uri, key)

    def release(self, client: Client) -> None:
        """A legacy session has ended: its connection closes, its subscriptions end."""
        if self.dedicated is not None:
            self.dedicated.release(client)
        self.watching.forget(self._connection, client)

    def tell(self, client: Client, method: str, params: Params) -> None:
        """Pass a client's own notification on to its connection, if it has one."""
        own = None if self.dedicated is None else self.dedicated.of(client)
        if own is not None and own.connection is not None:
            own.connection.nursery.start_soon(self._pass_on, own.connection, method, params)

    async def run(self) -> None:
        """Live until cancelled. Whatever fails is logged here and ends at this boundary."""
        way = Way(spec=self.spec, open_link=self.open_link, stderr=self.stderr, on_task=self.on_task)
        failures = 0
        try:
            async with trio.open_nursery() as nursery:
                self.dedicated = Dedicated(
                    way, nursery, self.redact, self.shown.keep, self.shown.of, self._protocol, self.watching
                )
                while True:
                    started = trio.current_time()
                    self.stderr.is_probed = True
                    failure = await self._attempt(way)
                    if isinstance(failure, DiedAtProbe) and not self._legacy_assumed:
                        self._legacy_assumed = True
                        continue
                    if isinstance(failure, Refused):
                        self._legacy_assumed = False  # it lives, and is not what it was taken for: ask it again
                    failures = 1 if trio.current_time() - started > STABLE_AFTER else failures + 1
                    delay = self.backoff.delay(failures, random.random())  # noqa: S311 - jitter, no secret
                    self._fail(failure, delay)
                    await trio.sleep(delay)
        finally:
            self.state = after(self.state, Happened.STOPPED)

    async def _attempt(self, way: Way) -> LinkFailed:
        """Connect once and stay connected; how it ended."""
        failed: list[LinkFailed] = []
        try:
            failed.append(await self._live(way))
        except* LinkFailed as group:
            failed.extend(leaves(group))
        except* Exception as group:
            log.exception("backend_fault", backend=self.spec.name, exc_info=group)
            failed.append(LinkFailed(f"the gateway failed at it: {type(group.exceptions[0]).__name__}"))
        finally:
            self._connection = None
        return failed[0]

    async def _live(self, way: Way) -> LinkFailed:
        started = trio.current_time()
        seconds = self.spec.timeouts.connect
        limit = trio.CancelScope(deadline=started + seconds)
        with limit:
            async with converse(way, self._protocol(), self) as connection:
                kept = await list_kinds(connection, KINDS, self.redact)
                limit.deadline = inf
                self._begin(connection, kept, trio.current_time() - started)
                connection.nursery.start_soon(
                    keep_listed, connection, self._changes, self.redact, seconds, self._relisted
                )
                return await connection.link.wait_failed()
        raise LinkFailed(
            f"it was not ready within {seconds:g} s (timeouts.connect)", details=self.stderr.lines()[-LAST_LINES:]
        )

    def _protocol(self) -> Literal["auto", "legacy", "modern"]:
        if self.spec.protocol != "auto":
            return self.spec.protocol
        if self._connection is not None and self.greeting is not None:
            return "legacy" if self.is_legacy else "modern"
        return "legacy" if self._legacy_assumed else "auto"

    def _begin(self, connection: Connection, kept: Kept, seconds: float) -> None:
        self._connection, self.greeting = connection, connection.greeting
        self.watching.begin(connection)
        self.shown.begin(kept)
        self.state, self.reason, self.details = after(self.state, Happened.CONNECTED), "", ()
        self.settled.set()
        self.stderr.is_probed = False
        log.info(
            "backend_ready",
            backend=self.spec.name,
            revision=connection.greeting.revision,
            seconds=round(seconds, 3),
            **{kind: len(kept.get(kind, ())) for kind in KINDS},
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

    def lists_changed(self, kinds: tuple[str, ...]) -> None:
        """See `Listener`."""
        self._changes.add(kinds)

    def resource_updated(self, params: Params) -> None:
        """See `Listener`."""
        self.watching.subscriptions.updated(params)

    def _relisted(self, kept: Kept) -> None:
        if self.dedicated is not None:
            self.shown.relisted(self.dedicated, kept)

    async def _pass_on(self, connection: Connection, method: str, params: Params) -> None:
        try:
            await connection.tell(method, params)
        except LinkFailed as failure:
            log.debug("client_notification_untold", backend=self.spec.name, reason=self.redact(failure.reason))
