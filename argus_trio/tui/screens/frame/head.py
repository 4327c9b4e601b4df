"""The first line: which gateway, how the connection stands, what may be done, how much is under way."""

from __future__ import annotations

import time
from typing import Final

from argus_trio.manage_client.clean import cut, one_line, padded, width
from argus_trio.tui.kit.cells import Markup
from argus_trio.tui.state.world import World

_WORDS: Final = {
    "none": ("-", "-", "no gateway chosen"),
    "connecting": ("◌", "~", "connecting"),
    "connected": ("●", "*", "live"),
    "lost": ("✗", "x", "LOST"),
    "refused": ("✗", "x", "NOT LIVE"),
}
"""The state of the connection: a sign, the same in ASCII, and a word."""


def head(world: World) -> Markup:
    """The line, as wide as the terminal."""
    right = f"  {'  '.join(_facts(world))} "
    unicode, ascii_, word = _WORDS[world.link.state]
    link = f"{world.look.sign(unicode, ascii_)} {word}"
    if world.link.state in ("lost", "refused") and world.link.since:
        link += f" since {clock(world.link.since)}"
    room = world.columns - width(right) - width(link) - 3
    left = f" {_where(world, max(room, 12))}  {link}"
    return padded(left, world.columns - width(right)) + right


def _where(world: World, room: int) -> str:
    """The gateway in so many columns: what tells it from others is kept the longest."""
    name = one_line(world.gateway) if world.gateway != world.shown else ""
    address = one_line(world.shown)
    whole = f"{name} {address}" if name else address
    least = name or address.partition("://")[2] or address
    for each in (f"argus-trio  {whole}", whole, least):
        if width(each) <= room:
            return each
    return cut(least, room)


def stale(world: World) -> str:
    """What is wrong with the connection, and what is shown meanwhile."""
    link = world.link
    if link.state == "none":
        return "choose a gateway"
    if link.state == "connecting":
        return f"connecting to {one_line(world.shown)}"
    if link.state == "refused":
        return f"Ctrl-R tries again: {one_line(link.why)}"
    old = f"what is shown is of {clock(link.since)}" if world.status is not None else "nothing is known of it yet"
    return f"{old}, and it is tried again: {one_line(link.why)}"


def clock(moment: float) -> str:
    """The time of day."""
    return time.strftime("%H:%M:%S", time.localtime(moment))


def _facts(world: World) -> list[str]:
    facts: list[str] = []
    if asks := len(world.calls.asks):
        facts.append(f"{asks} ask{'' if asks == 1 else 's'}: a")
    if calls := len(world.calls.under_way):
        facts.append(f"{calls} call{'' if calls == 1 else 's'} of yours: C")
    if world.figures is not None and world.is_live:
        facts.append(f"{world.figures.in_flight} in flight")
    if world.is_read_only or ((world.rights_told or world.rights) and not world.may_operate):
        facts.append("READ-ONLY")
    facts.append(time.strftime("%H:%M", time.localtime(world.now)))
    return facts
