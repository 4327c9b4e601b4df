"""Calls by backend and tool as one event, computed once a second for all who listen, and only then."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from math import floor
from typing import Final

import attrs
import trio

from argus_trio.contract.events import FigureEntry, FiguresEntry
from argus_trio.core.figures import OTHER, Series
from argus_trio.core.health.health import Calls
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.manage.moments import rfc3339
from argus_trio.wire.envelope import encode
from argus_trio.wire.event_stream import encode_event
from argus_trio.wire.members import string_member

SHOWN_SECONDS: Final = 60.0
"""How long a tool is in the figures after its last call."""
TOOLS_SHOWN: Final = 200
"""How many tools are in the figures at most, those that were called last; `/metrics` has all of them."""


@attrs.define(eq=False, repr=False)
class EncodedFigures:
    """The figures of one gateway, encoded."""

    gateway: Gateway
    _second: int = attrs.field(default=-1, init=False)
    _event: bytes = attrs.field(default=b"", init=False)

    def event(self) -> bytes:
        """The figures of this second, as an event of a stream: without an id, for they are never sent again."""
        now = trio.current_time()
        if floor(now) != self._second:
            self._second = floor(now)
            self._event = encode_event(encode(figures_entry(self.gateway)), event="figures")
        return self._event


def figures_entry(gateway: Gateway) -> FiguresEntry:
    """The figures of this moment."""
    now = gateway.management.figures.now()
    return FiguresEntry(
        timestamp=rfc3339(time.time()),
        in_flight=len(gateway.management.exchanges),
        figures=(*_of_backends(gateway, now), *_of_tools(gateway, now)),
    )


def _of_backends(gateway: Gateway, now: float) -> Iterator[FigureEntry]:
    known = {backend.name: backend.calls for backend in gateway.overview().backends}
    counted = gateway.management.figures.backends
    for name in (*known, *(each for each in counted if each not in known)):
        calls = known.get(name, Calls())
        series = counted.get(name) or Series()
        yield _entry(name, "", series, now, in_flight=calls.under_way, waiting=calls.waiting)


def _of_tools(gateway: Gateway, now: float) -> Iterator[FigureEntry]:
    in_flight, waiting = _under_way(gateway)
    latest = [
        (backend, tool, series)
        for backend, tool, series in gateway.management.figures
        if tool and (now - series.latest <= SHOWN_SECONDS or in_flight[backend, tool])
    ]
    if len(latest) > TOOLS_SHOWN:
        latest = sorted(latest, key=lambda each: each[2].latest, reverse=True)[:TOOLS_SHOWN]
    for backend, tool, series in latest:
        yield _entry(backend, tool, series, now, in_flight=in_flight[backend, tool], waiting=waiting[backend, tool])


def _under_way(gateway: Gateway) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
    """How many calls of each tool are in flight, and how many of them wait for a place; a tool that was never called
    before is among the others."""
    in_flight: Counter[tuple[str, str]] = Counter()
    waiting: Counter[tuple[str, str]] = Counter()
    known = {(backend, tool) for backend, tool, _ in gateway.management.figures}
    for exchange in gateway.management.exchanges:
        if exchange.call.method == "tools/call":
            key = exchange.record.backend, string_member(exchange.call.params, "name") or ""
            key = key if key in known else (key[0], OTHER)
            in_flight[key] += 1
            waiting[key] += exchange.record.waits_for == "place"
    return in_flight, waiting


def _entry(backend: str, tool: str, series: Series, now: float, *, in_flight: int, waiting: int) -> FigureEntry:
    latest = series.last_minute(now)
    return FigureEntry(
        backend=backend,
        tool=tool,
        calls=series.calls,
        errors=series.errors,
        in_flight=in_flight,
        waiting=waiting,
        per_second=round(latest.per_second, 3),
        p50_ms=_milliseconds(latest.p50),
        p99_ms=_milliseconds(latest.p99),
    )


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 2)
