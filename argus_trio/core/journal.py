"""The journal: what has happened, the latest in a bounded ring; sans I/O. Never on the path of a call.

A reader holds a position, the number of the event that it wants next, and asks from there. What was let go of since is
told as a gap. Whoever waits for news is woken by `on_noted`, one call for all readers.

What happens again and again pushes nothing else out: of one kind, which is a stage of a backend, so many events are
kept, and a burst of them is counted where it is not told.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Final, Literal

import attrs

from argus_trio import Value
from argus_trio.core.stages import STAGES, JournalStage

EVENTS_KEPT: Final = 5000
"""How many events are kept: what an operator looks back at after a night."""
RING_BYTES: Final = 4 * 1024 * 1024
"""What they may hold together, about."""
KEPT_OF_A_KIND: Final = 250
"""How many events are kept of one stage of one backend: beyond it the oldest of these goes, and no other."""
BURST: Final = 30
"""How many events of one kind are told one after the other, however fast they come."""
REFILL_SECONDS: Final = 2.0
"""After how long one more is told; what is not told in between is counted in the next one, as `untold`."""
MOST_DETAIL: Final = 2000
"""The longest text of one event, in characters."""
DETAILS_CHARACTERS: Final = 8000
"""The longest that all texts and keys of one event's details are together; what comes after is cut."""
DETAILS_DEPTH: Final = 4
DETAILS_MEMBERS: Final = 50
"""How many members one list or mapping of the details has at most; and how deep they are nested."""
MOST_COUNTED: Final = 10_000
"""How many stages of backends are counted each for itself: years of reloads bring no more names than that."""
MOST_DIGITS: Final = 18
"""As many as a number in an id has at most."""
_EVENT_BYTES: Final = 400
"""What an event holds besides its texts, about."""

Severity = Literal["debug", "info", "warning", "error"]
SEVERITIES: Final[tuple[Severity, ...]] = ("debug", "info", "warning", "error")
"""From the least grave one."""

EventKind = tuple[JournalStage, str | None]
"""What repetitions have in common: the stage, and the backend."""


@attrs.frozen(kw_only=True)
class JournalEvent(Value):
    """Something that has happened. It holds no secret."""

    number: int
    """Counts all events from 1."""
    at: float
    """When, in seconds of Unix time."""
    stage: JournalStage
    """What, in one word of the documented ones."""
    message: str
    severity: Severity
    backend: str | None
    details: Mapping[str, object]

    @property
    def kind(self) -> EventKind:
        """What it has in common with others that only repeat it."""
        return self.stage, self.backend


@attrs.define(eq=False, repr=False)
class _KeptEvents:
    """The events of one kind that are kept, and how many more of them may be told now."""

    allowance: float
    at: float
    numbers: deque[int] = attrs.field(factory=deque, init=False)
    untold: int = attrs.field(default=0, init=False)

    def may_tell(self, now: float) -> bool:
        """Whether another one is told, which is taken note of."""
        self.allowance = min(BURST, self.allowance + max(0.0, now - self.at) / REFILL_SECONDS)
        self.at = now
        if self.allowance < 1:
            self.untold += 1
            return False
        self.allowance -= 1
        return True


def _nobody(_: JournalEvent) -> None:
    """Tell nobody."""


def _stands_still() -> float:
    """The time where nobody wants to know what happened when."""
    return 0.0


@attrs.define(eq=False, repr=False, kw_only=True)
class Journal:
    """The events of one gateway."""

    now: Callable[[], float] = _stands_still
    """Tells the time: Unix, in seconds."""
    instance: str = ""
    """Differs from one start of the gateway to the next, so that an id of the one before is not taken for one here."""
    redact: Callable[[str], str] = str
    on_noted: Callable[[JournalEvent], None] = _nobody
    """Is told of each event, and wakes who waits for news; must not block."""
    happened: Counter[tuple[JournalStage, Severity]] = attrs.field(factory=Counter, init=False)
    """How often what has happened, those included that were not told."""
    size: int = attrs.field(default=0, init=False)
    """What is kept, in bytes, about."""
    lost_at: float | None = attrs.field(default=None, init=False)
    """When the latest event happened that is gone."""
    _of_backends: Counter[tuple[JournalStage, str]] = attrs.field(factory=Counter, init=False)
    _events: OrderedDict[int, tuple[JournalEvent, int]] = attrs.field(factory=OrderedDict, init=False)
    _kinds: dict[EventKind, _KeptEvents] = attrs.field(factory=dict, init=False)
    _count: int = attrs.field(default=0, init=False)
    _lost: int = attrs.field(default=0, init=False)
    """The highest number of those that are gone."""

    @property
    def position(self) -> int:
        """The number that the next event will have."""
        return self._count + 1

    def note(
        self,
        stage: JournalStage,
        message: str,
        *,
        severity: Severity = "info",
        backend: str | None = None,
        details: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        """Note that something has happened. Does not block.

        Raises:
            ValueError: the stage is none of `STAGES`.
        """
        if stage not in STAGES:
            raise ValueError(f"{stage!r} is no stage: add it to core/stages.py and to docs/management-events.md")
        self.happened[stage, severity] += 1
        self._count_of(stage, backend)
        now = self.now()
        kind = self._kinds.get((stage, backend))
        if kind is None:
            kind = self._kinds[stage, backend] = _KeptEvents(allowance=BURST, at=now)
        if not kind.may_tell(now):
            return
        given = {**details, "untold": kind.untold} if kind.untold else details
        kind.untold = 0
        cleaned = _Cleaned(self.redact)
        self._count += 1
        event = JournalEvent(
            number=self._count,
            at=now,
            stage=stage,
            message=_readable(self.redact(message))[:MOST_DETAIL],
            severity=severity,
            backend=backend,
            details=cleaned.mapping(given, DETAILS_DEPTH),
        )
        size = _EVENT_BYTES + len(event.message) + DETAILS_CHARACTERS - cleaned.left
        self._keep(event, kind, size)
        self.on_noted(event)

    def since(self, position: int, *, most: int | None = None) -> tuple[tuple[JournalEvent, ...], bool]:
        """The events from this number on, the first `most` of them, and whether some from there on are gone."""
        found: list[JournalEvent] = []
        for number in reversed(self._events):
            if number < position:
                break
            found.append(self._events[number][0])
        return tuple(islice(reversed(found), most)), position <= self._lost

    def times(self, stage: JournalStage, backend: str | None = None) -> int:
        """How often something has happened, in all or to one backend."""
        if backend is not None:
            return self._of_backends[stage, backend]
        return sum(count for (each, _), count in self.happened.items() if each == stage)

    def id_of(self, number: int) -> str:
        """The id of the event of this number, `<instance>-<n>`; 0 stands before the first one."""
        return numbered_id(self.instance, number)

    def position_after(self, event_id: str) -> int | None:
        """The position behind an event by its id; None for an id of another start of the gateway, or none at all."""
        number = number_in(event_id, self.instance)
        return None if number is None else min(number + 1, self.position)

    def _count_of(self, stage: JournalStage, backend: str | None) -> None:
        if backend is not None and (len(self._of_backends) < MOST_COUNTED or (stage, backend) in self._of_backends):
            self._of_backends[stage, backend] += 1

    def _keep(self, event: JournalEvent, kind: _KeptEvents, size: int) -> None:
        self._events[event.number] = event, size
        self.size += size
        kind.numbers.append(event.number)
        if len(kind.numbers) > KEPT_OF_A_KIND:
            self._forget(kind.numbers[0])
        while len(self._events) > EVENTS_KEPT or self.size > RING_BYTES:
            self._forget(next(iter(self._events)))

    def _forget(self, number: int) -> None:
        event, size = self._events.pop(number)
        self.size -= size
        self._lost = max(self._lost, number)
        self.lost_at = event.at if self.lost_at is None else max(self.lost_at, event.at)
        kind = self._kinds[event.kind]
        kind.numbers.popleft()  # what goes is the oldest of its kind, and mostly of all
        if not kind.numbers:
            del self._kinds[event.kind]


@attrs.define(eq=False, repr=False)
class _Cleaned:
    """Details without secrets, as large as they may be, of what JSON can say."""

    redact: Callable[[str], str]
    left: int = attrs.field(default=DETAILS_CHARACTERS, init=False)
    """How many characters more there may be."""

    def mapping(self, given: Mapping[str, object], depth: int) -> dict[str, object]:
        """The members, as many as may be."""
        return {self._text(str(key)): self._value(each, depth - 1) for key, each in self._some(given.items())}

    def _some(self, members: Iterable[tuple[str, object]]) -> Iterable[tuple[str, object]]:
        for key, value in islice(members, DETAILS_MEMBERS):
            if self.left <= 0:
                return
            yield key, value

    def _value(self, value: object, depth: int) -> object:
        match value:
            case str():
                return self._text(value)
            case None | bool() | float():
                self.left -= 8
                return value
            case int() if value.bit_length() < 64:
                self.left -= 8
                return value
            case Mapping() if depth > 0:
                return self.mapping(value, depth)
            case list() | tuple() | set() | frozenset() if depth > 0:
                return [self._value(each, depth - 1) for _, each in self._some(("", each) for each in value)]
            case _:
                return self._text(str(value))

    def _text(self, text: str) -> str:
        cleaned = _readable(self.redact(text))[: max(0, min(MOST_DETAIL, self.left))]
        self.left -= len(cleaned) + 8
        return cleaned


def numbered_id(instance: str, number: int) -> str:
    """The id of what has this number, `<instance>-<n>`: each start of the gateway is an instance, and counts anew."""
    return f"{instance}-{number}"


def number_in(given: str, instance: str) -> int | None:
    """The number in such an id; None in one of another start of the gateway, or none at all."""
    before, dash, number = given.rpartition("-")
    is_ours = dash and before == instance and number.isascii() and number.isdecimal() and len(number) <= MOST_DIGITS
    return int(number) if is_ours else None


def _readable(text: str) -> str:
    """A text that can be sent: what is half of a character becomes a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
