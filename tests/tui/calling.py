"""Calls for the tests of the dashboard: a world in which one is under way, and what comes of it."""

from __future__ import annotations

import attrs
import msgspec

from argus_trio.contract.calls import CALL_TOOL, GET_PROMPT
from argus_trio.tui.calls.book import CallBook, heard, noted
from argus_trio.tui.effect import Effect, StartCall
from argus_trio.tui.message import CallCame
from argus_trio.tui.state.world import GatewayLink, World
from argus_trio.wire.event_stream import Event

START = StartCall(id=1, operation=CALL_TOOL, body={"tool": "probe", "arguments": {"n": 1}})
PROMPT = StartCall(id=1, operation=GET_PROMPT, body={"name": "greet", "arguments": {}})
NOW = 1000.0


def happening(name: str, data: object) -> Event:
    return Event(event=name, data=msgspec.json.encode(data), id="", retry=None)


EXCHANGE = happening("exchange", {"id": "x-1"})


def ask_event(ask: str, method: str = "elicitation/create", **params: object) -> Event:
    return happening("ask", {"id": ask, "method": method, "params": params})


def came(*events: Event, start: StartCall = START, took: float = 0.5) -> CallCame:
    return CallCame(call=start, events=events, took=took)


def book_after(*events: Event, start: StartCall = START) -> CallBook:
    """The book of one call after these events."""
    begun = noted(CallBook(), start, NOW)
    return heard(begun, came(EXCHANGE, *events, start=start), NOW + 1).value


def effects_after(book: CallBook, *events: Event) -> tuple[Effect, ...]:
    return heard(book, came(*events), NOW + 1).effects


def world_after(*events: Event, start: StartCall = START, columns: int = 80, rows: int = 24) -> World:
    """A world in which one call has brought these events."""
    link = GatewayLink(state="connected", since=NOW)
    world = World(shown="http://one", link=link, now=NOW + 3, columns=columns, rows=rows)
    return attrs.evolve(world, calls=book_after(*events, start=start))


def result_of(**members: object) -> Event:
    return happening("result", {"tool": "probe", "backend": "b", **members})


def text_block(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}
