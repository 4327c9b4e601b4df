"""The lists of one connection: which are to be listed when, which did not come and why, and what was listed last.

Whoever lists is told by `wait` and tells by `note`. When is decided in `core/catalog/storm.py` for what the backend
says has changed, and in `core/catalog/looks.py` for the rest.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from hashlib import blake2b
from math import inf

import attrs
import structlog
import trio

from argus_trio import Value
from argus_trio.backends.listings.listing import METHODS
from argus_trio.backends.listings.pages import ListPages
from argus_trio.backends.listings.rounds import ListLate, ListOutcome
from argus_trio.core.catalog.catalog import KINDS
from argus_trio.core.catalog.looks import Looks, Why
from argus_trio.core.catalog.storm import Storm
from argus_trio.core.health.backoff import Backoff
from argus_trio.core.redaction import Redactor
from argus_trio.wire.envelope import Params

log = structlog.get_logger()


@attrs.frozen(kw_only=True)
class Due(Value):
    """The kinds that are to be listed now; none if a storm has ended."""

    kinds: tuple[str, ...] = ()
    heard: frozenset[str] = frozenset()
    """Those of them that the backend said have changed, or that did not come in time before."""
    is_routine: bool = False
    """Whether nothing but the time that has passed gave rise to it."""


@attrs.frozen(kw_only=True)
class ListFault(Value):
    """Why a list did not come, and when it is asked for again, on trio's clock."""

    kind: str
    reason: str
    next_at: float
    is_told: bool
    """Whether it has been logged under this name."""


def _never(_: str) -> float:
    """Take every list to be true until something else is said."""
    return inf


def _is_heard(_: str) -> bool:
    """Take the changes of every list to be heard of."""
    return True


@attrs.define(eq=False, repr=False, kw_only=True)
class PendingChanges:
    """What is to be listed again over one connection at a time, and the pace of that.

    `interval` says how long a list of a kind counts as true, unless changes of that kind are heard of: `hears`.
    """

    redact: Redactor = attrs.field(factory=Redactor)
    backoff: Callable[[], Backoff] = Backoff
    """How long to wait for a list that did not come."""
    interval: Callable[[str], float] = _never
    hears: Callable[[str], bool] = _is_heard
    storm: Storm = attrs.field(factory=Storm, init=False)
    """How often the backend says so, and when the next round is due."""
    begun: dict[str, ListPages] = attrs.field(factory=dict, init=False)
    """The pages of lists that failed."""
    faults: dict[str, ListFault] = attrs.field(factory=dict, init=False)
    """The lists that did not come the last time."""
    known: set[str] = attrs.field(factory=set, init=False)
    """The kinds that the backend has listed, whatever it declares."""
    _looks: Looks = attrs.field(factory=Looks, init=False)
    _kinds: set[str] = attrs.field(factory=set, init=False)
    _listed: dict[str, bytes] = attrs.field(factory=dict, init=False)
    """A digest of what was listed last, by kind."""
    _woken: trio.Event = attrs.field(factory=trio.Event, init=False)

    def add(self, kinds: tuple[str, ...]) -> None:
        """Note that the backend said these kinds have changed."""
        self.storm.heard += 1
        for kind in kinds:
            self.begun.pop(kind, None)
        self.again(kinds)

    def again(self, kinds: tuple[str, ...]) -> None:
        """Have these kinds listed again, without the backend saying anything."""
        self._kinds.update(kinds)
        self._woken.set()

    def doubt(self, kind: str) -> None:
        """Have a kind listed again soon: a call was answered as if what was listed were not true."""
        self._looks.doubted(kind, trio.current_time())
        self._woken.set()

    def look_again(self) -> None:
        """Have everything listed again, because somebody asked for it."""
        for kind in KINDS:
            self._looks.asked(kind, trio.current_time())
        self._woken.set()

    def fresh(self) -> dict[str, ListPages]:
        """Where to keep the pages of lists that fail over a new connection: the cursors of the last one are void."""
        self.begun = {}
        return self.begun

    def begin(self, listed: ListOutcome, backend: str) -> None:
        """Take what a new connection listed first. What was heard of meanwhile is listed again all the same."""
        self._looks = Looks()
        self.note(listed, backend, tells_late=True)

    def note(self, listed: ListOutcome, backend: str, *, tells_late: bool = False) -> set[str]:
        """Take a round of lists; the kinds that came and are not what they were when they came before.

        What failed, or healed, is logged: also what did not come in time, if this `tells_late`.
        """
        now = trio.current_time()
        came_before = set(self._listed)
        changed = {kind for kind, entries in listed.lists.items() if self._is_news(kind, entries)}
        for kind, entries in listed.lists.items():
            interval = inf if kind in listed.absent else self.interval(kind)
            (self.known.discard if kind in listed.absent else self.known.add)(kind)
            is_empty = not entries and kind not in listed.absent
            self._looks.came(kind, now, interval, is_empty=is_empty, has_changed=kind in changed)
            if (healed := self.faults.pop(kind, None)) is not None and healed.is_told:
                log.info("backend_list_came", backend=backend, kind=kind, count=len(entries))
        for kind, failure in listed.failures.items():
            delay = self.backoff().delay(self._looks.failures_of(kind) + 1, random.random())  # noqa: S311 - jitter
            self._looks.failed(kind, now, delay, failure.retry_after)
            fault = ListFault(
                kind=kind,
                reason=self.redact(failure.reason),
                next_at=self._looks.next_of(kind),
                is_told=tells_late or not isinstance(failure, ListLate),
            )
            known, self.faults[kind] = self.faults.get(kind), fault
            if fault.is_told:
                _tell_failure(fault, backend, now, is_news=known is None or known.reason != fault.reason)
        return changed & came_before

    @property
    def fault(self) -> str:
        """Why what is shown may not be what the backend has, in one line for people; empty if every list came."""
        return "; ".join(f"{METHODS[kind]} failed: {fault.reason}" for kind, fault in self.faults.items())

    async def wait(self) -> Due:
        """Wait until something is to be listed, or a storm has ended."""
        while True:
            now = trio.current_time()
            if self._kinds:
                await trio.sleep_until(self.storm.next_look(now))
                heard, self._kinds = self._kinds, set()
                due = self._due(trio.current_time())
                return Due(kinds=self._taken({*heard, *due}), heard=frozenset(heard))
            if self.storm.is_storm and self.storm.calm_at <= now:
                return Due()
            if due := self._due(now):
                is_routine = all(why in (Why.INTERVAL, Why.EMPTY) for why in due.values())
                return Due(kinds=self._taken(due), is_routine=is_routine)
            self._woken = trio.Event()
            with trio.move_on_at(min(self._looks.due_at, self.storm.calm_at if self.storm.is_storm else inf)):
                await self._woken.wait()

    def _due(self, now: float) -> Mapping[str, Why]:
        """What is due by now, without what is heard of anyway."""
        due = dict(self._looks.due(now))
        for kind, why in list(due.items()):
            if why is Why.INTERVAL and self.hears(kind):
                self._looks.put_off(kind, now + self.interval(kind))
                del due[kind]
        return due

    def _taken(self, kinds: Collection[str]) -> tuple[str, ...]:
        for kind in kinds:
            self._looks.put_off(kind, inf)
        return tuple(kind for kind in KINDS if kind in kinds)

    def _is_news(self, kind: str, entries: Sequence[tuple[str, Params]]) -> bool:
        digest = _digest(entries)
        is_news = self._listed.get(kind) != digest
        self._listed[kind] = digest
        return is_news


def _tell_failure(fault: ListFault, backend: str, now: float, *, is_news: bool) -> None:
    level = logging.WARNING if is_news else logging.DEBUG
    facts = {"kind": fault.kind, "reason": fault.reason, "retry_in": round(fault.next_at - now, 1)}
    log.log(level, "backend_list_failed", backend=backend, **facts)


def _digest(entries: Sequence[tuple[str, Params]]) -> bytes:
    """A digest of what was listed, so that it need not be held twice."""
    digest = blake2b(digest_size=16)
    for _, fields in entries:
        for name, value in fields.items():
            digest.update(b"%d,%d:" % (len(name), len(bytes(value))) + name.encode("utf-8", "surrogatepass"))
            digest.update(bytes(value))
        digest.update(b";")
    return digest.digest()
