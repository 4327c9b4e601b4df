"""Figures as an event: computed once a second, for those who listen."""

from __future__ import annotations

from math import floor

import attrs
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.contract.events import FigureEntry
from argus_trio.core.call.exchange import Call
from argus_trio.core.call.record import CallRecord, Wait
from argus_trio.core.catalog.identity import GatewayIdentity
from argus_trio.core.figures import OTHER, Figures
from argus_trio.core.health.health import BackendStatus, Calls, Health, Overview
from argus_trio.core.health.lifecycle import BackendStanding
from argus_trio.core.open_exchanges import OpenExchange
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.manage.watch.encoded import EncodedEvents, WantedEvents
from argus_trio.frontend.manage.watch.feed import EventFeed
from argus_trio.frontend.manage.watch.figures import SHOWN_SECONDS, TOOLS_SHOWN, EncodedFigures, figures_entry
from argus_trio.wire.envelope import Raw
from argus_trio.wire.revisions import Era
from tests.frontend.manage.watch.support import management_of
from tests.frontend.support.serving import Backstage


@attrs.define
class House:
    """A gateway whose overview is counted."""

    looks: int = 0
    figures: Figures = attrs.field(factory=lambda: Figures(now=trio.current_time))

    @property
    def gateway(self) -> Gateway:
        return Gateway(
            handler=Backstage().handle,
            identity=lambda _: GatewayIdentity(version="1"),
            health=lambda: Health(total=0, connected=0, healthy=0, starting=0),
            overview=self.overview,
            management=management_of(figures=self.figures),
        )

    def overview(self) -> Overview:
        self.looks += 1
        calls = Calls(under_way=3, waiting=2)
        return Overview(
            backends=(BackendStatus(name="a", type="sse", standing=BackendStanding(since=0.0), calls=calls, counts={}),)
        )


async def test_figures_are_of_every_backend_and_of_tools_called_of_late(autojump_clock: MockClock) -> None:
    house = House()
    house.figures.record("a", "old", "ok", 0.1)
    await trio.sleep(SHOWN_SECONDS + 1)
    for _ in range(20):
        house.figures.record("a", "new", "tool_error", 0.1)
    house.figures.record("", OTHER, "error", 0.0)
    house.figures.record("a", "", "ok", 0.1)
    found = figures_entry(house.gateway)
    by_name = {(each.backend, each.tool): each for each in found.figures}
    assert list(by_name) == [("a", ""), ("", ""), ("", OTHER), ("a", "new")]
    whole, new = by_name["a", ""], by_name["a", "new"]
    assert (whole.calls, whole.errors, whole.in_flight, whole.waiting) == (22, 20, 3, 2)
    assert new == FigureEntry(
        backend="a",
        tool="new",
        calls=20,
        errors=20,
        in_flight=0,
        waiting=0,
        per_second=new.per_second,
        p50_ms=new.p50_ms,
        p99_ms=new.p99_ms,
    )
    assert 80 < (new.p50_ms or 0) <= (new.p99_ms or 0) < 130
    assert 1 < new.per_second <= 2


async def test_the_tools_that_were_called_last_are_shown_where_there_are_many(autojump_clock: MockClock) -> None:
    house = House()
    for number in range(TOOLS_SHOWN + 5):
        house.figures.record("a", f"t{number}", "ok", 0.1)
        await trio.sleep(0.01)
    shown = {each.tool for each in figures_entry(house.gateway).figures if each.tool}
    assert len(shown) == TOOLS_SHOWN
    assert "t0" not in shown
    assert f"t{TOOLS_SHOWN + 4}" in shown


async def test_calls_under_way_and_those_that_wait_for_a_place_are_told_by_tool(autojump_clock: MockClock) -> None:
    house = House()
    house.figures.record("a", "t", "ok", 0.1)
    gateway = house.gateway
    waits: tuple[Wait, ...] = ("backend", "place", "place")
    for number, wait in enumerate(waits):
        call = Call(method="tools/call", params={"name": Raw(b'"t"')}, era=Era.LEGACY, revision="2025-11-25")
        record = CallRecord(backend="a", waits_for=wait)
        entry = OpenExchange(number=number, since=0.0, call=call, record=record, scope=trio.CancelScope())
        gateway.management.exchanges.under_way[str(number)] = entry
    (tool,) = [each for each in figures_entry(gateway).figures if each.tool]
    assert (tool.tool, tool.in_flight, tool.waiting) == ("t", 3, 2)


async def test_they_are_computed_once_a_second_for_all_and_never_while_nobody_listens(
    autojump_clock: MockClock,
) -> None:
    house = House()
    gateway = house.gateway
    shared = EncodedFigures(gateway)
    management = gateway.management
    chunks: list[bytes] = []

    async def listen() -> None:
        feed = EventFeed(
            events=EncodedEvents(management.journal),
            news=management.events,
            wanted=WantedEvents(),
            position=1,
            figures=shared.event,
        )
        while True:
            chunks.append(await feed.take())

    async with trio.open_nursery() as nursery:
        await trio.sleep(10)
        assert house.looks == 0
        for _ in range(100):
            nursery.start_soon(listen)
        began = trio.current_time()
        await trio.sleep(5.5)
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    seconds = floor(trio.current_time()) - floor(began) + 1
    assert house.looks == seconds
    assert len(chunks) == 100 * seconds
    assert len({chunk.rpartition(b"event: figures")[2] for chunk in chunks}) == seconds
    looks = house.looks
    await trio.sleep(10)
    assert house.looks == looks
