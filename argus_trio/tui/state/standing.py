"""How backends stand, in the order and the selection that is wanted; and what keeps one from being ready. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal

from argus_trio.contract.backends import BackendEntry
from argus_trio.core.health.health import ShownState
from argus_trio.manage_client.moments import duration, seconds_of
from argus_trio.tui.parts.filter import WordFilter
from argus_trio.tui.state.world import World

BackendOrder = Literal["file", "state", "calls", "errors", "p99"]
ORDERS: Final[tuple[BackendOrder, ...]] = ("file", "state", "calls", "errors", "p99")
"""In which order backends can stand; all but the file's have the worst, or the most, first."""
_WORST_FIRST: Final[tuple[ShownState, ...]] = (
    "down",
    "degraded",
    "preparing",
    "starting",
    "draining",
    "stopped",
    "ready",
    "disabled",
)


def standing(world: World, order: BackendOrder, wanted: WordFilter) -> tuple[BackendEntry, ...]:
    """Those that are wanted, in that order; those of the same rank as in the file."""
    found = [each for each in world.backends.values() if wanted.has(each.name, each.state, each.type, each.reason)]
    rank = _RANKS.get(order)
    return tuple(found if rank is None else sorted(found, key=rank(world)))


def is_serving(entry: BackendEntry) -> bool:
    """Whether it takes calls, so that figures say more about it than a reason does."""
    return entry.state in ("ready", "degraded")


def cause(entry: BackendEntry, world: World) -> str:
    """Why it is in its state, and when it is tried again; empty where there is nothing to say."""
    parts = [] if entry.state == "ready" and entry.reason == "it answers" else [entry.reason]
    if entry.hold is not None:
        parts = [f"{_HELD[entry.hold.kind]} by {entry.hold.by}, until it is enabled"]
    if (again := attempt(entry, world)) and not is_serving(entry):
        parts.insert(0, again)
    return ": ".join(part for part in parts if part)


def attempt(entry: BackendEntry, world: World) -> str:
    """When it is tried again, counted down; empty where it is not."""
    at = seconds_of(entry.next_attempt)
    if at is None:
        return ""
    left = round(at - world.gateway_now)
    return f"again in {duration(left) if left >= 60 else f'{left} s'}" if left > 0 else "again now"


def _by_state(_: World) -> Callable[[BackendEntry], float]:
    return lambda entry: _WORST_FIRST.index(entry.state)


def _by_calls(world: World) -> Callable[[BackendEntry], float]:
    figures = {each.backend: each.per_second for each in world.totals}
    return lambda entry: -figures.get(entry.name, 0.0)


def _by_errors(world: World) -> Callable[[BackendEntry], float]:
    figures = {each.backend: each.errors for each in world.totals}
    return lambda entry: -figures.get(entry.name, 0)


def _by_p99(world: World) -> Callable[[BackendEntry], float]:
    figures = {each.backend: each.p99_ms or 0.0 for each in world.totals}
    return lambda entry: -figures.get(entry.name, 0.0)


_HELD: Final = {"drain": "drained", "disable": "disabled"}
_RANKS: Final[Mapping[BackendOrder, Callable[[World], Callable[[BackendEntry], float]]]] = {
    "state": _by_state,
    "calls": _by_calls,
    "errors": _by_errors,
    "p99": _by_p99,
}
