"""Figures of calls, by backend and tool; sans I/O. Recorded once, at the end of a call.

Durations are counted in buckets whose bounds grow by the square root of two, so that a quantile is right within a
fifth of itself, whatever its size. The latest minute is a ring of slots of five seconds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from heapq import nsmallest
from typing import Final, Literal

import attrs

from argus_trio import Value

CallOutcome = Literal["ok", "tool_error", "error", "cancelled"]
"""How a call ended: with a result, with one that says `isError`, with an error, or before its time."""
OUTCOMES: Final[tuple[CallOutcome, ...]] = ("ok", "tool_error", "error", "cancelled")
FAILED: Final[tuple[CallOutcome, ...]] = ("tool_error", "error")
"""What counts as an error."""
OTHER: Final = "_other"
"""What stands for names that the catalog does not have, a client may make up any number of them, and for those beyond
`MOST_SERIES`."""
MOST_SERIES: Final = 1000
"""How many pairs of a backend and a tool are counted by name. Beyond it an eighth of them, which were called longest
ago, is added to `_other` of their backends; where that
gives no room, new ones are `_other` of backend `_other`."""
BOUNDS: Final[tuple[float, ...]] = tuple(0.001 * 2 ** (step / 2) for step in range(40))
"""The upper bounds of the buckets, in seconds: from a millisecond to 12 minutes. One more is for what takes longer."""
SLOT_SECONDS: Final = 5.0
SLOTS: Final = 12
"""As many slots as make the latest minute; what is looked at is the last one that is whole, and those before it."""


@attrs.define(eq=False, repr=False)
class _Slot:
    """What ended within five seconds."""

    number: int
    errors: int = 0
    durations: dict[int, int] = attrs.field(factory=dict)
    """How many calls by bucket."""
    ends: float = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.ends = (self.number + 1) * SLOT_SECONDS

    def add(self, durations: Mapping[int, int]) -> None:
        """Count these as well."""
        for bucket, count in durations.items():
            self.durations[bucket] = self.durations.get(bucket, 0) + count


@attrs.frozen(kw_only=True)
class LatestCalls(Value):
    """The calls of the latest minute."""

    calls: int
    errors: int
    per_second: float
    p50: float | None
    """In seconds, as is `p99`; None without any call."""
    p99: float | None


@attrs.define(eq=False, repr=False)
class Series:
    """The calls of one tool of one backend, or several of both."""

    outcomes: dict[CallOutcome, int] = attrs.field(factory=lambda: dict.fromkeys(OUTCOMES, 0), init=False)
    durations: list[int] = attrs.field(factory=lambda: [0] * (len(BOUNDS) + 1), init=False)
    """How many calls by bucket."""
    seconds: float = attrs.field(default=0.0, init=False)
    """All of them together."""
    latest: float = attrs.field(default=0.0, init=False)
    """When the last one ended."""
    _slot: _Slot = attrs.field(factory=lambda: _Slot(-1), init=False)
    """The one that was counted in last."""
    _slots: list[_Slot | None] = attrs.field(factory=lambda: [None] * SLOTS, init=False)

    @property
    def calls(self) -> int:
        """How many have ended."""
        return sum(self.outcomes.values())

    @property
    def errors(self) -> int:
        """How many of them failed."""
        return sum(self.outcomes[each] for each in FAILED)

    def record(self, now: float, outcome: CallOutcome, seconds: float) -> None:
        """Count a call that has ended."""
        self.count(now, outcome, seconds, bisect_left(BOUNDS, seconds))

    def count(self, now: float, outcome: CallOutcome, seconds: float, bucket: int) -> None:
        """Count a call that has ended, whose bucket is known."""
        self.outcomes[outcome] += 1
        self.durations[bucket] += 1
        self.seconds += seconds
        self.latest = now
        slot = self._slot
        if now >= slot.ends:
            slot = self._next_slot(now)
        durations = slot.durations
        durations[bucket] = durations.get(bucket, 0) + 1
        if outcome in FAILED:
            slot.errors += 1

    def _next_slot(self, now: float) -> _Slot:
        number = int(now // SLOT_SECONDS)
        self._slot = self._slots[number % SLOTS] = _Slot(number)
        return self._slot

    def add(self, other: Series) -> None:
        """Count the calls of another one as well."""
        for outcome, count in other.outcomes.items():
            self.outcomes[outcome] += count
        self.durations = [own + more for own, more in zip(self.durations, other.durations, strict=True)]
        self.seconds += other.seconds
        self.latest = max(self.latest, other.latest)
        for index, theirs in enumerate(other._slots):
            own = self._slots[index]
            if theirs is None or (own is not None and own.number > theirs.number):
                continue
            if own is None or own.number < theirs.number:
                own = self._slots[index] = _Slot(theirs.number)
            own.errors += theirs.errors
            own.add(theirs.durations)
            if own.number > self._slot.number:
                self._slot = own

    def last_minute(self, now: float) -> LatestCalls:
        """The calls of the latest minute. The rate is that of the last ten seconds, or so."""
        number = int(now // SLOT_SECONDS)
        durations: Counter[int] = Counter()
        errors = recent = 0
        for slot in self._slots:
            if slot is None or not number - SLOTS < slot.number <= number:
                continue
            durations.update(slot.durations)
            errors += slot.errors
            if slot.number >= number - 2:
                recent += sum(slot.durations.values())
        watched = 2 * SLOT_SECONDS + now % SLOT_SECONDS
        return LatestCalls(
            calls=durations.total(),
            errors=errors,
            per_second=recent / watched,
            p50=quantile(durations, 0.5),
            p99=quantile(durations, 0.99),
        )


def quantile(durations: Mapping[int, int], share: float) -> float | None:
    """The duration, in seconds, that this share of the calls does not exceed; None without any call.

    Within its bucket a call may have taken any time: as many as there are lie there at equal distances.
    """
    rank = sum(durations.values()) * share
    for bucket in sorted(durations):
        count = durations[bucket]
        if rank <= count:
            low = BOUNDS[bucket - 1] if bucket else 0.0
            high = BOUNDS[min(bucket, len(BOUNDS) - 1)]
            return low + (high - low) * rank / count
        rank -= count
    return None


def _stands_still() -> float:
    """The time where nobody wants to know what happened when."""
    return 0.0


@attrs.define(eq=False, repr=False, kw_only=True)
class Figures:
    """How often, how long and how well, by backend and tool."""

    now: Callable[[], float] = _stands_still
    """Tells the time, in seconds; on which clock does not matter."""
    backends: dict[str, Series] = attrs.field(factory=dict, init=False)
    """The calls of each backend, whatever their tool; "" for those that went to none."""
    _series: dict[tuple[str, str], Series] = attrs.field(factory=dict, init=False)

    def record(self, backend: str, tool: str, outcome: CallOutcome, seconds: float) -> None:
        """Count a call that has ended; `backend` is empty where it went to none, `tool` where it is no tool call."""
        now, bucket = self.now(), bisect_left(BOUNDS, seconds)
        series = self._series.get((backend, tool)) or self._new(backend, tool)
        series.count(now, outcome, seconds, bucket)
        whole = self.backends.get(backend) or self.backends.setdefault(backend, Series())
        whole.count(now, outcome, seconds, bucket)

    def __len__(self) -> int:
        return len(self._series)

    def __iter__(self) -> Iterator[tuple[str, str, Series]]:
        """Every backend and tool with its calls, sorted by their names."""
        for (backend, tool), series in sorted(self._series.items(), key=lambda each: each[0]):
            yield backend, tool, series

    def keep_backends(self, names: Collection[str]) -> None:
        """Forget the calls of all other backends: a reload has removed them."""
        known = {*names, "", OTHER}
        self.backends = {backend: series for backend, series in self.backends.items() if backend in known}
        self._series = {key: series for key, series in self._series.items() if key[0] in known}

    def _new(self, backend: str, tool: str) -> Series:
        if len(self._series) >= MOST_SERIES:
            self._gather()
        has_room = len(self._series) < MOST_SERIES
        return self._series.setdefault((backend, tool) if has_room else (OTHER, OTHER), Series())

    def _gather(self) -> None:
        """Count some tools among the others of their backends: to look for them costs as much as many calls."""
        named = (key for key in self._series if key[1] != OTHER)
        for key in nsmallest(MOST_SERIES // 8, named, key=lambda each: self._series[each].latest):
            self._series.setdefault((key[0], OTHER), Series()).add(self._series.pop(key))
