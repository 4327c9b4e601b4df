"""How messages change what is known of the gateway, and what is fetched then."""

from __future__ import annotations

import attrs
import msgspec
import pytest

from argus_trio.contract.backends import BACKEND, BACKENDS
from argus_trio.contract.capabilities import CAPABILITIES
from argus_trio.contract.clients import ME, MeAnswer
from argus_trio.contract.control import RELOAD
from argus_trio.contract.events import EVENTS, EventEntry, EventsAnswer, FigureEntry, FiguresEntry
from argus_trio.contract.health import STATUS as STATUS_OPERATION
from argus_trio.core.access.access import ManageRight
from argus_trio.tui.effect import Effect, Fetch, FollowStream, Tell
from argus_trio.tui.message import (
    DashboardMessage,
    Fetched,
    FetchFailed,
    Key,
    Resized,
    StreamCame,
    StreamLost,
    StreamOpened,
    Ticked,
)
from argus_trio.tui.state.asking import LISTS, MOST_BACKENDS_ALONE
from argus_trio.tui.state.hearing import EVENT_BYTES, EVENTS_KEPT, STREAM, begin, hear
from argus_trio.tui.state.world import GatewayLink, World
from argus_trio.tui.step import Step
from argus_trio.wire.event_stream import Event
from tests.cli.values import STATUS, backend, backends, event, tool, tools

ALL = ["/me", "/status", "/backends", "/capabilities"]


def sent(entry: EventEntry) -> Event:
    """An event as it comes on the stream."""
    return Event(event=entry.stage, data=msgspec.json.encode(entry), id=entry.id, retry=None)


def came(*events: EventEntry | Event) -> StreamCame:
    return StreamCame(
        stream=STREAM, events=tuple(sent(each) if isinstance(each, EventEntry) else each for each in events)
    )


def asked(effects: tuple[Effect, ...]) -> list[str]:
    """What is fetched: paths, those of one backend with its name."""
    fetches = [effect for effect in effects if isinstance(effect, Fetch)]
    return [each.operation.path.replace("{name}", each.path.get("name", "")) for each in fetches]


def after(world: World, *messages: DashboardMessage) -> Step[World]:
    """The world after messages, and all that was fetched on the way."""
    effects: tuple[Effect, ...] = ()
    for message in messages:
        step = hear(world, message)
        world, effects = step.value, (*effects, *step.effects)
    return Step(world, effects)


def known(*names: str, **more: object) -> World:
    entries = {name: backend(name) for name in names or ("files",)}
    return World(shown="http://h", now=50.0, backends=entries, link=GatewayLink(state="connected", since=1.0), **more)  # type: ignore[arg-type]


def answer(fetch: Fetch, value: object) -> Fetched:
    return Fetched(request=fetch, answer=value, raw=b"")


def backend_fetch(name: str) -> Fetch:
    return Fetch(operation=BACKEND, path={"name": name})


def test_it_begins_with_the_stream() -> None:
    assert begin() == (STREAM,)


def test_all_of_it_is_asked_when_the_stream_stands() -> None:
    step = after(World(shown="h", now=7.0), StreamOpened(stream=STREAM))
    assert step.value.link == GatewayLink(state="connected", since=7.0)
    assert asked(step.effects) == ["/events", *ALL]


def test_since_when_the_gateway_is_lost_stays_while_it_is_tried_again() -> None:
    lost = StreamLost(stream=STREAM, why="gone", code=3, pause=1.0)
    step = after(known(), lost, Ticked(60.0), lost)
    assert (step.value.link, step.effects) == (GatewayLink(state="lost", why="gone", since=50.0), ())
    back = after(step.value, StreamOpened(stream=STREAM))
    assert (back.value.link.state, asked(back.effects)) == ("connected", ["/events", *ALL])


def test_what_comes_of_other_streams_is_not_of_the_gateway() -> None:
    other = FollowStream(operation=STREAM.operation, key="log")
    lost = StreamLost(stream=other, why="", code=3, pause=0.0)
    world = known()
    for message in (StreamOpened(stream=other), StreamCame(stream=other, events=(sent(event(1)),)), lost, Key("x")):
        assert hear(world, message) == Step(world)


def test_what_the_gateway_kept_from_before_stands_before_what_has_come_since() -> None:
    world = after(known(), came(event(3))).value
    asked_for = Fetch(operation=EVENTS, query={"limit": 1000})
    kept = EventsAnswer(events=(event(1), event(2), event(3)), gap=False)
    step = after(world, Fetched(request=asked_for, answer=kept, raw=b""))
    assert [each.id for each in step.value.events] == ["a1-1", "a1-2", "a1-3"]


def test_an_event_of_a_backend_asks_for_that_backend() -> None:
    step = after(known(), came(event(1)))
    assert [each.id for each in step.value.events] == ["a1-1"]
    assert asked(step.effects) == ["/backends/files"]


@pytest.mark.parametrize(
    ("stage", "paths"),
    [
        ("reloaded", ALL),
        ("gateway_started", ALL),
        ("backend_retired", ALL),
        ("catalog_changed", ["/capabilities", "/backends/files"]),
        ("session_opened", ["/status", "/backends/files"]),
        ("egress_refused", ["/backends/files"]),
    ],
)
def test_what_is_asked_is_what_an_event_has_changed(stage: str, paths: list[str]) -> None:
    assert asked(after(known(), came(event(1, stage))).effects) == paths


def test_a_backend_that_nobody_knows_is_in_the_list_of_all() -> None:
    assert asked(after(known("other"), came(event(1))).effects) == ["/backends"]


def test_what_is_under_way_is_asked_again_after_its_answer_and_never_given_up_for_it() -> None:
    step = after(known(), came(event(1)), came(event(2)), came(event(3)))
    assert asked(step.effects) == ["/backends/files"]
    step = after(step.value, answer(backend_fetch("files"), backend("files", "degraded")))
    assert step.value.backends["files"].state == "degraded"
    assert asked(step.effects) == ["/backends/files"]
    step = after(step.value, answer(backend_fetch("files"), backend("files")))
    assert asked(step.effects) == []


def test_one_backend_is_asked_for_a_few_times_in_a_second() -> None:
    world, paths = known(), list[str]()
    for number in range(20):
        step = after(world, came(event(number)), answer(backend_fetch("files"), backend("files")))
        world, paths = step.value, [*paths, *asked(step.effects)]
    assert paths == ["/backends/files"] * 3
    assert asked(after(world, Ticked(51.0)).effects) == ["/backends/files"]


def test_where_many_backends_change_all_are_asked_for_at_once() -> None:
    names = [f"b{number}" for number in range(100)]
    world, effects = known(*names), list[Effect]()
    for number in range(1000):
        step = after(world, came(attrs.evolve(event(number), backend=names[number % 100])))
        world, effects = step.value, [*effects, *step.effects]
    paths = asked(tuple(effects))
    assert paths == [*(f"/backends/b{number}" for number in range(MOST_BACKENDS_ALONE)), "/backends"]
    step = after(world, Ticked(51.0), answer(LISTS[Fetch(operation=BACKENDS).name], backends(backend("b0"))))
    assert asked(step.effects) == ["/backends"]


def test_a_whole_list_is_asked_for_once_a_second() -> None:
    world, effects = known(), list[Effect]()
    for number in range(50):
        step = after(
            world, came(event(number, "catalog_changed")), answer(LISTS[Fetch(operation=CAPABILITIES).name], tools())
        )
        world, effects = step.value, [*effects, *step.effects]
    assert asked(tuple(effects)).count("/capabilities") == 1
    assert "/capabilities" in asked(after(world, Ticked(51.0)).effects)


def test_answers_are_what_is_known() -> None:
    world = after(known(), answer(Fetch(operation=STATUS_OPERATION), STATUS)).value
    assert (world.status, world.rights, world.may_operate) == (STATUS, frozenset({"read", "operate", "admin"}), True)
    world = after(world, answer(Fetch(operation=BACKENDS), backends(backend("b"), backend("a")))).value
    assert list(world.backends) == ["b", "a"]
    found = tools(tool("t"))
    assert after(world, answer(Fetch(operation=CAPABILITIES), found)).value.capabilities == found
    of_page = Fetch(operation=CAPABILITIES, key="search of a page")
    assert after(world, answer(of_page, found)).value.capabilities is None


def me(*rights: ManageRight) -> MeAnswer:
    return MeAnswer(principal="alice", roles=(), came_by="client", rights=rights, endpoint="", endpoints=())


@pytest.mark.parametrize(
    ("rights", "may_operate"),
    [((), False), (("read",), False), (("read", "operate"), True), (("read", "admin"), False)],
)
def test_the_gateway_says_what_may_be_done(rights: tuple[ManageRight, ...], may_operate: bool) -> None:
    world = after(known(), answer(Fetch(operation=ME), me(*rights))).value
    assert (world.principal, world.rights_told, world.may_operate) == ("alice", True, may_operate)
    world = after(world, answer(Fetch(operation=STATUS_OPERATION), STATUS)).value
    assert world.may_operate is may_operate


def test_an_older_gateway_says_nothing_of_rights_and_nobody_is_troubled() -> None:
    step = after(known(), FetchFailed(request=Fetch(operation=ME), why="not found", code=3))
    assert (step.value.rights_told, step.effects) == (False, ())


def test_a_change_that_is_refused_takes_the_right_away_and_says_so_once() -> None:
    world = after(known(), answer(Fetch(operation=STATUS_OPERATION), STATUS)).value
    refused = FetchFailed(request=Fetch(operation=RELOAD, is_change=True), why="no", code=4)
    step = after(world, refused)
    assert (step.value.may_operate, step.effects) == (
        False,
        (Tell(text="no; nothing that needs manage:operate is offered any more", kind="error"),),
    )
    assert after(step.value, refused).effects == ()
    assert after(step.value, answer(Fetch(operation=STATUS_OPERATION), STATUS)).value.may_operate is False


@pytest.mark.parametrize(("code", "is_change"), [(1, True), (4, False), (3, True)])
def test_other_failures_take_no_right_away(code: int, is_change: bool) -> None:
    world = after(known(), answer(Fetch(operation=STATUS_OPERATION), STATUS)).value
    failed = FetchFailed(request=Fetch(operation=RELOAD, is_change=is_change), why="no", code=code)
    assert after(world, failed).value.may_operate is True


def test_a_list_that_does_not_come_is_told() -> None:
    step = after(known(), FetchFailed(request=Fetch(operation=BACKENDS), why="too slow", code=3))
    assert step.effects == (Tell(text="what is shown may be old: too slow", kind="error"),)


def test_another_start_of_the_gateway_is_told_and_its_events_alone_are_kept() -> None:
    world = known(status=STATUS, events=(event(1, start="a1"), event(1, start="b2")))
    service = attrs.evolve(STATUS.service, instance="b2")
    step = after(world, answer(Fetch(operation=STATUS_OPERATION), attrs.evolve(STATUS, service=service)))
    assert [each.id for each in step.value.events] == ["b2-1"]
    assert [effect.kind for effect in step.effects if isinstance(effect, Tell)] == ["warning"]


def test_a_gap_is_told_and_all_of_it_asked_again() -> None:
    step = after(known(), came(Event(event="gap", data=b"{}", id="", retry=None)))
    assert [effect.text for effect in step.effects if isinstance(effect, Tell)] == [
        "some events are missing: they went by too fast, or with the connection"
    ]
    assert asked(step.effects) == ALL


def test_figures_are_the_latest_and_their_past() -> None:
    figure = FigureEntry(
        backend="files", tool="", calls=3, errors=0, in_flight=1, waiting=0, per_second=1.0, p50_ms=2.5, p99_ms=9.0
    )
    figures = FiguresEntry(timestamp="2026-11-26T12:00:00.000Z", in_flight=1, figures=(figure,))
    step = after(known(), came(Event(event="figures", data=msgspec.json.encode(figures), id="", retry=None)))
    assert (step.value.figures, step.value.latencies, step.effects) == (figures, {"files": (2.5,)}, ())
    assert step.value.figure("files") == figure


@pytest.mark.parametrize("name", ["backend_ready", "figures", "a_stage_of_tomorrow"])
@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b"[" * 100_000, b'{"id":7}'])
def test_what_is_not_as_the_contract_has_it_is_passed_over(name: str, data: bytes) -> None:
    world = known()
    step = after(world, came(Event(event=name, data=data, id="", retry=None)))
    assert (step.value.events, step.value.figures) == ((), None)


def test_events_are_bounded_in_number_and_size() -> None:
    world = after(known(), came(*(event(number) for number in range(EVENTS_KEPT + 5)))).value
    assert (len(world.events), world.events[-1].id) == (EVENTS_KEPT, f"a1-{EVENTS_KEPT + 4}")
    large = attrs.evolve(event(9), details={"text": "x" * EVENT_BYTES})
    kept = after(known(), came(large)).value.events[0]
    assert (kept.details, "its details are left out" in kept.message) == ({}, True)


def test_the_terminal_is_part_of_what_is_known() -> None:
    assert after(known(), Resized(columns=120, rows=40)).value.columns == 120


def test_what_was_not_reached_is_asked_again_while_the_gateway_is_live() -> None:
    step = after(known(), StreamOpened(stream=STREAM))
    lists = [effect for effect in step.effects if isinstance(effect, Fetch)]
    step = after(step.value, *(FetchFailed(request=each, why="slow", code=3) for each in lists))
    assert asked(step.effects) == []
    assert asked(after(step.value, Ticked(60.0)).effects) == ALL[1:]
    step = after(known(), came(event(1)), FetchFailed(request=backend_fetch("files"), why="slow", code=3))
    assert asked(step.effects) == ["/backends/files"] * 2


@pytest.mark.parametrize("code", [1, 4])
def test_what_was_refused_is_not_asked_again(code: int) -> None:
    step = after(known(), came(event(1)), FetchFailed(request=backend_fetch("files"), why="no", code=code))
    assert asked((*step.effects, *after(step.value, Ticked(60.0)).effects)) == ["/backends/files"]
