"""How messages change what is known of the gateway, and what has to be fetched then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import attrs
import msgspec

from argus_trio.contract.backends import BackendEntry, BackendsAnswer
from argus_trio.contract.calls import ANSWER_ASK
from argus_trio.contract.capabilities import CapabilitiesAnswer
from argus_trio.contract.clients import MeAnswer
from argus_trio.contract.events import EVENT_STREAM, EVENTS, EventEntry, EventsAnswer, FiguresEntry
from argus_trio.contract.health import StatusAnswer
from argus_trio.core.access.access import ManageRight
from argus_trio.manage_client.failure import NOT_ALLOWED, NOT_REACHED
from argus_trio.tui.calls.book import heard
from argus_trio.tui.effect import Effect, Fetch, FollowStream, Tell
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
from argus_trio.tui.state.asking import BACKENDS_NAME, CAPABILITIES_NAME, LISTS, ME_NAME, STATUS_NAME, Asking
from argus_trio.tui.state.history import with_latest
from argus_trio.tui.state.world import GatewayLink, World
from argus_trio.tui.step import Step
from argus_trio.wire.event_stream import Event

EVENTS_KEPT: Final = 1000
"""How many events are kept, as the gateway itself keeps a bounded ring."""
EVENT_BYTES: Final = 64 * 1024
"""The largest event that is kept whole: of a larger one the details are left out, and it says so."""
EVENTS_KEY: Final = "events"
STREAM: Final = FollowStream(operation=EVENT_STREAM, query={"figures": "true"}, key=EVENTS_KEY)
"""What the dashboard lives on."""
_OF_ALL: Final = frozenset({"reloaded", "backend_retired", "gateway_started"})
"""Stages after which nothing is as it was."""
_OF_STATUS: Final = frozenset(
    {
        "stopping",
        "restart_needed",
        "session_opened",
        "session_closed",
        "session_ended",
        "log_level_changed",
        "isolation",
    }
)
"""Stages that the status of the gateway tells of."""
_NO_NEWS: Final = frozenset({"heartbeat", "gap", "figures"})
"""Events of the stream that are no entries of the journal."""
_NOT_TOLD: Final[frozenset[ManageRight]] = frozenset({"read", "operate", "admin"})
"""The rights of who is not told them, until something is refused."""
Entry = TypeVar("Entry")


def begin() -> tuple[Effect, ...]:
    """What is to be done first, and whenever the user wants to see all of it anew."""
    return (STREAM,)


def hear(world: World, message: DashboardMessage) -> Step[World]:
    """The world after a message."""
    taken = _HEARD.get(type(message))
    if taken is None or (isinstance(message, _OF_STREAMS) and message.stream.key != EVENTS_KEY):
        return Step(world)
    step = taken(world, message)
    asking, fetches = step.value.asking.sent()
    after = step.value if asking == step.value.asking else attrs.evolve(step.value, asking=asking)
    return Step(after, (*step.effects, *fetches))


def _called(world: World, message: DashboardMessage) -> Step[World]:
    """What comes of calls, and of answers to what they ask."""
    book = heard(world.calls, message, world.now)
    return Step(attrs.evolve(world, calls=book.value), book.effects)


def _ticked(world: World, message: Ticked) -> Step[World]:
    link = world.link if world.link.since else attrs.evolve(world.link, since=message.now)
    return Step(attrs.evolve(world, now=message.now, link=link, asking=world.asking.later()))


def _resized(world: World, message: Resized) -> Step[World]:
    return Step(attrs.evolve(world, columns=message.columns, rows=message.rows))


def _opened(world: World, _: StreamOpened) -> Step[World]:
    link = GatewayLink(state="connected", since=world.now)
    before = Fetch(operation=EVENTS, query={"limit": EVENTS_KEPT})
    return Step(attrs.evolve(world, link=link, asking=Asking(lists=frozenset(LISTS))), (before,))


def _lost(world: World, message: StreamLost) -> Step[World]:
    state: Any = "refused" if message.is_over else "lost"
    since = world.link.since if world.link.state == state else world.now
    told = attrs.evolve(world, link=GatewayLink(state=state, why=message.why, since=since))
    if not message.is_over:
        return Step(told)
    # Who may not look on is shown what is theirs all the same: the gateway answers each of these by itself.
    return Step(attrs.evolve(told, asking=Asking(lists=frozenset({ME_NAME, BACKENDS_NAME, CAPABILITIES_NAME}))))


def _failed(world: World, message: FetchFailed) -> Step[World]:
    request = message.request
    if request.operation is ANSWER_ASK:
        return _called(world, message)
    if request.name == ME_NAME:  # an older gateway has no such page: rights are taken to be there until one is refused
        return Step(attrs.evolve(world, asking=world.asking.answered(request)))
    is_ours = request.name in world.asking.under_way
    world = attrs.evolve(world, asking=world.asking.answered(request))
    if is_ours and message.code == NOT_REACHED and world.is_live:  # it is asked again
        name = request.path.get("name")
        asking = world.asking.wanting(() if name else (request.name,), (name,) if name else ())
        world = attrs.evolve(world, asking=asking)
    right = request.operation.right
    if message.code == NOT_ALLOWED and request.is_change and right in world.rights:
        why = f"{message.why}; nothing that needs manage:{right} is offered any more"
        return Step(attrs.evolve(world, rights=world.rights - {right}), (Tell(text=why, kind="error"),))
    if request.name in LISTS and world.is_live:
        return Step(world, (Tell(text=f"what is shown may be old: {message.why}", kind="error"),))
    return Step(world)


def _answered(world: World, message: Fetched) -> Step[World]:
    if message.request.operation is ANSWER_ASK:
        return _called(world, message)
    world, answer = attrs.evolve(world, asking=world.asking.answered(message.request)), message.answer
    if isinstance(answer, MeAnswer):
        rights = frozenset(answer.rights)
        return Step(attrs.evolve(world, principal=answer.principal, rights=rights, rights_told=True))
    if isinstance(answer, StatusAnswer):
        return _status(world, answer)
    if isinstance(answer, BackendsAnswer):
        return Step(
            attrs.evolve(world, backends={each.name: each for each in answer.backends}, draining=answer.draining)
        )
    if isinstance(answer, BackendEntry):
        return Step(attrs.evolve(world, backends={**world.backends, answer.name: answer}))
    if isinstance(answer, EventsAnswer):
        return Step(attrs.evolve(world, events=_with_older(answer.events, world.events)))
    if isinstance(answer, CapabilitiesAnswer) and message.request.name == CAPABILITIES_NAME:
        return Step(attrs.evolve(world, capabilities=answer))
    return Step(world)


def _with_older(older: tuple[EventEntry, ...], held: tuple[EventEntry, ...]) -> tuple[EventEntry, ...]:
    """What the gateway kept from before the stream stood, and what has come since."""
    told = {each.id for each in older}
    return (*older, *(each for each in held if each.id not in told))[-EVENTS_KEPT:]


def _status(world: World, answer: StatusAnswer) -> Step[World]:
    before = world.status.service.instance if world.status else answer.service.instance
    rights = world.rights if world.rights_told or world.rights else _NOT_TOLD
    world = attrs.evolve(world, status=answer, rights=rights)
    if before == answer.service.instance:
        return Step(world)
    own = tuple(each for each in world.events if each.id.startswith(f"{answer.service.instance}-"))
    told = Tell(text="the gateway was started again; what the one before told is gone", kind="warning")
    return Step(attrs.evolve(world, events=own), (told,))


def _came(world: World, message: StreamCame) -> Step[World]:
    effects: list[Effect] = []
    new: list[EventEntry] = []
    for event in message.events:
        if event.event == "figures":
            figures = _decoded(event, FiguresEntry)
            if figures is not None:
                world = attrs.evolve(world, figures=figures, latencies=with_latest(world.latencies, figures))
        elif event.event == "gap":
            effects = [Tell(text="some events are missing: they went by too fast, or with the connection")]
            world = attrs.evolve(world, asking=world.asking.wanting(LISTS))
        elif event.event not in _NO_NEWS and (entry := _decoded(event, EventEntry)) is not None:
            new.append(entry if len(event.data) <= EVENT_BYTES else _without_details(entry, len(event.data)))
    if new:
        world = attrs.evolve(world, events=(*world.events, *new)[-EVENTS_KEPT:], asking=_changed(world, new))
    return Step(world, tuple(effects))


def _changed(world: World, new: list[EventEntry]) -> Asking:
    stages = {each.stage for each in new}
    if stages & _OF_ALL:
        return world.asking.wanting(LISTS)
    named = {each.backend for each in new if each.backend}
    lists = {CAPABILITIES_NAME} if "catalog_changed" in stages else set[str]()
    lists |= {STATUS_NAME} if stages & _OF_STATUS else set()
    lists |= {BACKENDS_NAME} if not named <= world.backends.keys() else set()  # there is a new one
    return world.asking.wanting(lists, named & world.backends.keys())


def _decoded(event: Event, kind: type[Entry]) -> Entry | None:
    """None for one that is not as the contract has it: a gateway of another version may tell more than is known."""
    try:
        return msgspec.json.decode(event.data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _without_details(entry: EventEntry, size: int) -> EventEntry:
    message = f"{entry.message[:1000]} (an event of {size} bytes; its details are left out)"
    return attrs.evolve(entry, message=message, details={})


_OF_STREAMS: Final = (StreamOpened, StreamCame, StreamLost)
_HEARD: Final[Mapping[type, Callable[[World, Any], Step[World]]]] = {
    Ticked: _ticked,
    Resized: _resized,
    Fetched: _answered,
    FetchFailed: _failed,
    StreamOpened: _opened,
    StreamCame: _came,
    StreamLost: _lost,
    CallCame: _called,
    CallBroke: _called,
}
"""Which message is heard how. Each takes its own kind, so the second argument is of any type."""
