"""How messages change what is known of the gateway, and what has to be fetched then."""

from __future__ import annotations

from typing import Final

import attrs
import msgspec

from argus_trio.contract.backends import BACKEND, BACKENDS, BackendEntry, BackendsAnswer
from argus_trio.contract.calls import ANSWER_ASK
from argus_trio.contract.capabilities import CAPABILITIES, CapabilitiesAnswer
from argus_trio.contract.events import EVENT_STREAM, EventEntry, FiguresEntry
from argus_trio.contract.health import STATUS, StatusAnswer
from argus_trio.tui.calls.book import heard
from argus_trio.tui.effect import Effect, Fetch, FollowStream
from argus_trio.tui.message import (
    CallBroke,
    CallCame,
    DashboardMessage,
    Fetched,
    FetchFailed,
    Resized,
    StreamCame,
    StreamLost,
    StreamOpened,
    Ticked,
)
from argus_trio.tui.state.history import with_latest
from argus_trio.tui.state.world import GatewayLink, World
from argus_trio.tui.step import Step
from argus_trio.wire.event_stream import Event

EVENTS_KEPT: Final = 1000
"""How many events are kept, as the gateway itself keeps a bounded ring."""
EVENTS_KEY: Final = "events"
STREAM: Final = FollowStream(operation=EVENT_STREAM, query={"figures": "true"}, key=EVENTS_KEY)
"""What the dashboard lives on."""
ALL: Final[tuple[Effect, ...]] = (
    Fetch(operation=STATUS),
    Fetch(operation=BACKENDS),
    Fetch(operation=CAPABILITIES, has_pages=True),
)
"""What is fetched whenever the stream stands."""


def begin() -> tuple[Effect, ...]:
    """What is to be done first."""
    return (STREAM,)


def hear(world: World, message: DashboardMessage) -> Step[World]:
    """The world after a message."""
    if isinstance(message, Ticked):
        return Step(attrs.evolve(world, now=message.now))
    if isinstance(message, Resized):
        return Step(attrs.evolve(world, columns=message.columns, rows=message.rows))
    if isinstance(message, CallCame | CallBroke) or (
        isinstance(message, Fetched | FetchFailed) and message.request.operation is ANSWER_ASK
    ):
        book = heard(world.calls, message, world.now)
        return Step(attrs.evolve(world, calls=book.value), book.effects)
    if isinstance(message, Fetched):
        return Step(_answered(world, message))
    if isinstance(message, StreamOpened) and message.stream.key == EVENTS_KEY:
        return Step(attrs.evolve(world, link=GatewayLink(state="connected", since=world.now)), ALL)
    if isinstance(message, StreamLost) and message.stream.key == EVENTS_KEY:
        since = world.link.since if world.link.state == "lost" else world.now
        return Step(attrs.evolve(world, link=GatewayLink(state="lost", why=message.why, since=since)))
    if isinstance(message, StreamCame) and message.stream.key == EVENTS_KEY:
        return _came(world, message.events)
    return Step(world)


def _answered(world: World, message: Fetched) -> World:
    answer = message.answer
    if isinstance(answer, StatusAnswer):
        return attrs.evolve(world, status=answer)
    if isinstance(answer, BackendsAnswer):
        return attrs.evolve(world, backends={each.name: each for each in answer.backends})
    if isinstance(answer, BackendEntry):
        return attrs.evolve(world, backends={**world.backends, answer.name: answer})
    if isinstance(answer, CapabilitiesAnswer) and not message.request.key:
        return attrs.evolve(world, capabilities=answer)
    return world


def _came(world: World, events: tuple[Event, ...]) -> Step[World]:
    new: list[EventEntry] = []
    for event in events:
        if event.event == "figures":
            figures = msgspec.json.decode(event.data, type=FiguresEntry)
            world = attrs.evolve(world, figures=figures, latencies=with_latest(world.latencies, figures))
        elif event.event not in ("heartbeat", "gap"):
            new.append(msgspec.json.decode(event.data, type=EventEntry))
    if not new:
        return Step(world)
    world = attrs.evolve(world, events=(*world.events, *new)[-EVENTS_KEPT:])
    changed = {each.backend for each in new if each.backend and each.backend in world.backends}
    effects: list[Effect] = [Fetch(operation=BACKEND, path={"name": name}) for name in sorted(changed)]
    if any(each.stage in ("reloaded", "backend_retired", "gateway_started") for each in new):
        effects += ALL
    elif any(each.stage == "catalog_changed" for each in new):
        effects.append(ALL[-1])
    return Step(world, tuple(effects))
