"""The connection to one backend that clients share: connect, handshake, list, stay connected; begin again when lost.

`SharedConnection.run` is the one task that all attempts belong to; nothing that goes wrong there reaches another
backend. When the next attempt is due is decided in `recovery.py`, who may use the connection in
`core/call/session_policy.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from math import inf

import attrs
import structlog
import trio

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.connection.handshake import EraGuess, Handshake, HandshakeOrder
from argus_trio.backends.connection.open import BackendAddress, open_connection
from argus_trio.backends.connectivity.health_monitor import HealthMonitor
from argus_trio.backends.connectivity.known_eras import KnownEras
from argus_trio.backends.connectivity.recovery import Recovery
from argus_trio.backends.connectivity.rivals import Rivals
from argus_trio.backends.connectivity.start_turns import StartClock, StartTurns, Turn
from argus_trio.backends.connectivity.watched_lists import hears_changes, watched_lists
from argus_trio.backends.links.life import LoopFound
from argus_trio.backends.listings.pending import PendingChanges
from argus_trio.backends.listings.refresh import keep_listed, list_first
from argus_trio.backends.listings.rounds import ListOutcome
from argus_trio.backends.subscriptions.hub import SubscriptionHub
from argus_trio.config.model.backend import HttpBackend
from argus_trio.core.call.session_policy import Sharing
from argus_trio.core.catalog.catalog import KINDS
from argus_trio.core.catalog.given_uris import GivenUris
from argus_trio.core.groups import leaves
from argus_trio.core.health.health import PreparingWord
from argus_trio.core.health.lifecycle import BackendState
from argus_trio.errors import LinkFailed, SessionLost
from argus_trio.wire.envelope import Params
from argus_trio.wire.revisions import Era

log = structlog.get_logger()


def _expect(_: str) -> bool:
    """Take whatever the backend asks for no surprise."""
    return False


def _go_on() -> None:
    """Do nothing about a loop."""


@attrs.define(eq=False, repr=False, kw_only=True)
class SharedConnection:
    """The shared connection to one backend, and the task that keeps it up; the `BackendListener` of what it opens.

    `on_open` is called with the first listing of each connection, `on_relisted` with what is listed anew, `on_asked`
    with the method of each request of the backend, `on_loop` when it has turned out to lead back to the gateway.
    """

    address: BackendAddress
    turns: StartTurns
    eras: KnownEras = attrs.field(factory=KnownEras)
    recovery: Recovery
    subscriptions: SubscriptionHub
    on_open: Callable[[ListOutcome], None]
    on_relisted: Callable[[ListOutcome], None]
    on_asked: Callable[[str], bool] = _expect
    on_loop: Callable[[], None] = _go_on
    rivals: Rivals = attrs.field()
    """The processes of the backend, this one and those of single clients."""
    connection: Connection | None = attrs.field(default=None, init=False)
    """The connection itself, while there is one."""
    handshake: Handshake | None = attrs.field(default=None, init=False)
    """What the backend said of itself at the latest handshake; of a predecessor as long as there was none."""
    settled: trio.Event = attrs.field(factory=trio.Event, init=False)
    """Set once the attempt that calls wait for has succeeded or failed: the first, or one that renews a session."""
    tried: trio.Event = attrs.field(factory=trio.Event, init=False)
    """Set once an attempt has succeeded or failed; what prepares for long is settled before it is tried."""
    awaited: trio.Event = attrs.field(factory=trio.Event, init=False)
    """Set once it is tried, or turns out to wait for an image, its own or one before it: no change waits for more."""
    given: GivenUris = attrs.field(factory=GivenUris, init=False)
    """The URIs that the backend gave out beside its lists, over any connection."""
    sharing: Sharing = attrs.field(init=False)
    """Which calls may use the shared connection."""
    _ticket: int | None = attrs.field(init=False)
    """The place of its start among those of all: that of its creation, and of one that is asked otherwise at once."""
    _guess: EraGuess = attrs.field(factory=EraGuess, init=False)
    """How the backend was asked at the present attempt, and what was learned from that."""
    _first_reason: str = attrs.field(default="", init=False)
    """Why the backend is asked otherwise than at first, as long as that has had no outcome."""
    _is_modern_alone: bool = attrs.field(default=False, init=False)
    """Whether the backend has refused to be greeted as legacy."""
    _lacks_way_back: bool = attrs.field(default=False, init=False)
    """Whether the backend has failed to ask in the modern era."""
    _has_failed: bool = attrs.field(default=False, init=False)
    """Whether the failure of the present attempt has been reported to `recovery`."""
    lists: PendingChanges = attrs.field(init=False)
    """What is to be listed again, and what did not come."""

    @rivals.default
    def _rivals_of_its_own(self) -> Rivals:
        return Rivals(self.address)

    @lists.default
    def _watched(self) -> PendingChanges:
        return watched_lists(self.address, self._hears)

    def __attrs_post_init__(self) -> None:
        self.sharing = self._sharing()
        self._ticket = self.turns.ticket()

    @property
    def client(self) -> None:
        """None: the connection belongs to no single client; see `BackendListener`."""

    def reconsider(self) -> None:
        """Decide anew which calls may use the connection."""
        self.sharing = self._sharing()

    def is_modern_alone(self) -> None:
        """Take note that the backend does not converse in the legacy era, whoever opens."""
        self._is_modern_alone = True
        self.reconsider()
        log.info("backend_refused_legacy", backend=self.address.spec.name)

    def lacks_way_back(self, reason: str) -> None:
        """Take note that in the modern era the backend fails to ask, with this reason; logged once.

        Whoever can be asked has a legacy connection from then on, if the backend can have one.
        """
        if self._lacks_way_back or not self.sharing.may_be_legacy or self.sharing.setting == "shared":
            return
        self._lacks_way_back = True
        self.reconsider()
        log.info("backend_asked_as_legacy", backend=self.address.spec.name, reason=self.address.redact(reason))

    def adopt(self, handshake: Handshake | None) -> None:
        """Take the handshake of a predecessor for that of the backend, until there has been one."""
        if self.handshake is None and handshake is not None:
            self.handshake = handshake
            self.reconsider()

    async def run(self) -> None:
        """Connect and stay connected, attempt after attempt, until cancelled."""
        while True:
            self.address.stderr.is_probed = True
            await self._attempt()
            await trio.sleep_until(self.recovery.next_at)

    async def connected(self) -> Connection:
        """The connection, once the attempt that calls wait for has had its outcome, at the latest after
        `timeouts.call`.

        Raises:
            BackendUnavailable: there is none; says why.
        """
        if not self.settled.is_set():
            await self.wait_settled()
        connection = self.connection
        if connection is not None and connection.lost is not None:  # and `run` is about to know it
            await connection.gone.wait()
            await self.wait_settled()
            connection = self.connection
        if connection is None:
            raise self.recovery.unavailable()
        return connection

    async def wait_settled(self) -> None:
        """Wait for the outcome of the attempt to connect that calls wait for, at most for `timeouts.call`."""
        if not self.settled.is_set():
            with trio.move_on_after(self.address.spec.timeouts.call):
                await self.settled.wait()

    @property
    def runs_tasks(self) -> bool:
        """Whether calls of the backend may be answered with a task, as far as is known."""
        return self.handshake is not None and self.handshake.runs_tasks

    def order(self) -> HandshakeOrder:
        """The era of the handshake on a connection that is opened now, or auto: it is to be found out."""
        spec = self.address.spec
        if spec.protocol != "auto":
            return spec.protocol
        if self.connection is not None and self.handshake is not None:
            return "legacy" if self.handshake.era is Era.LEGACY else "modern"
        return self._guess.order

    def tell_client(self, method: str, params: Params) -> None:
        """Do nothing: there is no such client; see `BackendListener`."""

    def lists_changed(self, kinds: tuple[str, ...]) -> None:
        """List these kinds again; see `BackendListener`."""
        self.lists.add(kinds)

    def resource_updated(self, params: Params) -> None:
        """Deliver the update to its subscribers; see `BackendListener`."""
        self.given.note_member(params)
        self.subscriptions.table.updated(params)

    def listen_acknowledged(self, params: Params) -> None:
        """Take note of the acknowledgment of a listen stream; see `BackendListener`."""
        self.subscriptions.acknowledged(params)

    def was_asked(self, method: str) -> bool:
        """Take note of a request of the backend; see `BackendListener`."""
        return self.on_asked(method)

    def task_ended(self) -> None:
        """Do nothing: the shared connection stays open anyway; see `BackendListener`."""

    async def _attempt(self) -> None:
        """Connect once and stay connected, until that has failed. Whatever fails ends at this boundary."""
        failed: list[LinkFailed] = []
        self._has_failed = False
        try:
            await self._live()
        except* LinkFailed as group:
            failed.extend(leaves(group))
        except* Exception as group:
            log.exception("backend_fault", backend=self.address.spec.name, exc_info=group)
            failed.append(LinkFailed(f"the gateway failed at it: {type(group.exceptions[0]).__name__}"))
        finally:
            self._let_go(LinkFailed("it was stopped"))
        if failed and not self._has_failed:
            self._fail(next((failure for failure in failed if isinstance(failure, LoopFound)), failed[0]))

    async def _live(self) -> None:
        address = self.address
        async with self._turn() as turn:
            if self._guess.order == "auto":
                self._guess.order = self.eras.order(address.spec)
            if await address.prepare(partial(self._prepares_image, turn)):
                turn.share_nothing()
            start = StartClock(address, turn, self.prepares)
            with self.rivals.one_more() as arrival, start.limit:
                async with open_connection(address, self.order(), self, on_sample=start.sampled) as connection:
                    left, start.limit.deadline = start.limit.deadline - trio.current_time(), inf
                    listed = await list_first(connection, self.lists, left)
                    if listed.is_silence:
                        raise start.failure()
                    turn.end()
                    self.rivals.opened(arrival)
                    self._begin(connection, listed, trio.current_time() - start.began)
                    timeouts = address.spec.timeouts
                    connection.start_soon(keep_listed, connection, self.lists, timeouts.connect, self.on_relisted)
                    monitor = HealthMonitor(
                        connection=connection,
                        probing=lambda: address.spec.health,
                        redact=address.redact,
                        on_verdict=self.recovery.judged,
                    )
                    # Closing the link takes its time: what failed is known from here on.
                    lost = await monitor.watch()
                    self.rivals.lost(arrival)
                    self._fail(lost)
        if start.limit.cancelled_caught:
            raise start.failure()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[Turn]:
        self.recovery.waits_for_its_turn(is_waiting=True)
        ticket = self._ticket = self.turns.ticket() if self._ticket is None else self._ticket
        async with self.turns.turn(self.address.spec, ticket, self.awaited.set) as turn:
            self.recovery.waits_for_its_turn(is_waiting=False)
            yield turn

    def prepares(self, what: PreparingWord = "installing", line: str | None = None) -> None:
        """Say what is done before the program's first message, and the last line of it: calls need not wait for it."""
        said = next(reversed(self.address.stderr.lines()), "") if line is None else line
        self.recovery.prepares(said, what)
        self.settled.set()

    def _prepares_image(self, turn: Turn, what: PreparingWord, line: str) -> None:
        """Say so, and let others start beside what only waits for the network; no change waits for it."""
        turn.prepares_image(only_waits=what == "pulling")
        self.prepares(what, line)
        self.awaited.set()

    def _begin(self, connection: Connection, listed: ListOutcome, seconds: float) -> None:
        self.connection = connection
        self._learn(connection.handshake)
        self.subscriptions.begin(connection)
        self.lists.begin(listed, self.address.spec.name)
        self.on_open(listed)
        counts = {kind: len(listed.over(None).get(kind, ())) for kind in KINDS}
        self.recovery.connected(connection.handshake.revision, counts, seconds)
        self.recovery.listed(self.lists.fault)
        self.settled.set()
        self.tried.set()
        self.awaited.set()
        self._first_reason = ""
        self.address.stderr.is_probed = False

    def _hears(self, kind: str) -> bool:
        connection = self.connection
        return connection is not None and hears_changes(connection, self.subscriptions, kind)

    def _learn(self, handshake: Handshake) -> None:
        self.handshake = handshake
        self._guess.learn(handshake.era)
        self.eras.keep(self.address.spec, self._guess.order)
        self.reconsider()

    def _fail(self, failure: LinkFailed) -> None:
        self._has_failed = True
        if isinstance(failure, LoopFound):
            self.on_loop()
        asked = self._guess.order
        is_better = self._guess.is_better_after(failure)
        if self._guess.order != asked and self._guess.order == "auto":
            self.eras.keep(self.address.spec, "auto")  # but not that it died: what was wrong may be mended
        if is_better and failure.retry_after is None:
            self._first_reason = failure.reason
            self.recovery.try_again_at_once()
            return
        if self._first_reason not in ("", failure.reason) and not isinstance(failure, SessionLost):
            reason = f"{failure.reason}; before that: {self._first_reason}"
            failure = LinkFailed(reason, details=failure.details, retry_after=failure.retry_after)
        self._first_reason, self._ticket = "", None
        self.recovery.adopt(self.address.spec)
        self.recovery.failed(failure)
        if self.recovery.standing.state is BackendState.STARTING:
            self.settled = trio.Event()
        else:
            self.settled.set()
            self.tried.set()
            self.awaited.set()
        self._let_go(failure)

    def _let_go(self, failure: LinkFailed) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.end(failure)

    def _sharing(self) -> Sharing:
        spec = self.address.spec
        is_modern = self.handshake is not None and self.handshake.era is Era.MODERN
        must_share = spec.session == "auto" and self.rivals.shares_because is not None
        return Sharing(
            setting="shared" if must_share else spec.session,
            is_legacy=self.handshake is not None and self.handshake.era is Era.LEGACY,
            assigns_logs=isinstance(spec, HttpBackend),
            may_be_legacy=is_modern and spec.protocol == "auto" and not self._is_modern_alone,
            lacks_way_back=self._lacks_way_back,
        )
