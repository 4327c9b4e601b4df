"""The outermost link: up goes the count when a call comes in, down it goes however it ends; and what is kept of it."""

from __future__ import annotations

import attrs
import pytest
import trio
import trio.testing
from msgspec.structs import replace
from trio.testing import MockClock

from argus_trio.backends.scope.lease import Lease, Leases
from argus_trio.core.access.principal import Principal
from argus_trio.core.call.exchange import Call, Exchange, Handler
from argus_trio.core.call.record import Cut
from argus_trio.core.figures import Figures
from argus_trio.core.open_exchanges import DONE_KEPT, CancelledByOperator, CutByStop, DoneExchange, OpenExchanges
from argus_trio.errors import BackendUnavailable, InvalidParams
from argus_trio.pipeline.chain import chain
from argus_trio.pipeline.under_way import Entered, UnderWay
from argus_trio.wire.envelope import Raw
from argus_trio.wire.revisions import Era
from tests.pipeline.support.exchanges import NamedExchange, PlainExchange

CALL = Call(
    method="tools/call",
    params={"name": Raw(b'"docs__read"'), "arguments": Raw(b'{"secret":"s3cret"}')},
    era=Era.MODERN,
    revision="2026-07-28",
    principal=Principal(name="ann"),
    client_info=b'{"name":"inspector"}',
)


@attrs.define
class NotedFigures(Figures):
    """Figures that say what was recorded."""

    noted: list[tuple[str, str, str]] = attrs.field(factory=list)

    def record(self, backend: str, tool: str, outcome: str, seconds: float) -> None:
        self.noted.append((backend, tool, outcome))


@attrs.define(eq=False)
class Counts:
    """Counts what holds leases."""

    routed: int = 0


@attrs.define(eq=False)
class Rig:
    """The link alone, and what it keeps."""

    under_way: UnderWay = attrs.field(factory=UnderWay)
    exchanges: OpenExchanges = attrs.field(factory=lambda: OpenExchanges(instance="cafe"))
    figures: NotedFigures = attrs.field(factory=NotedFigures)

    def around(self, handler: Handler) -> Handler:
        link = Entered(under_way=self.under_way, exchanges=self.exchanges, figures=self.figures)
        return chain((link,), handler)

    @property
    def last(self) -> DoneExchange:
        return self.exchanges.done[-1]


async def found(exchange: Exchange) -> bytes:
    """A handler whose call goes to a backend."""
    record = exchange.record
    assert record is not None
    record.backend, record.name = "docs", "docs__read"
    return b'{"content":[]}'


async def hang(exchange: Exchange) -> bytes:
    await found(exchange)
    await trio.sleep_forever()
    raise AssertionError


async def test_a_call_counts_while_it_is_served() -> None:
    rig, seen = Rig(), list[int]()

    async def handler(_: Exchange) -> bytes:
        seen.append(rig.under_way.count)
        return b"{}"

    assert await rig.around(handler)(PlainExchange()) == b"{}"
    assert seen == [1]
    assert rig.under_way.count == 0


async def test_a_call_that_fails_or_is_cancelled_counts_no_more() -> None:
    rig = Rig()

    async def refuse(_: Exchange) -> bytes:
        raise InvalidParams("no")

    with pytest.raises(InvalidParams):
        await rig.around(refuse)(PlainExchange())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(rig.around(hang), PlainExchange())
        await trio.testing.wait_all_tasks_blocked()
        assert rig.under_way.count == 1
        nursery.cancel_scope.cancel()
    assert rig.under_way.count == 0


async def test_whoever_retires_it_waits_for_the_last_call() -> None:
    rig = Rig()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(rig.around(hang), PlainExchange())
        await trio.testing.wait_all_tasks_blocked()
        rig.under_way.close()
        with trio.move_on_after(0) as waiting:
            await rig.under_way.wait_over()
        assert waiting.cancelled_caught
        nursery.cancel_scope.cancel()
    with trio.fail_after(5):
        await rig.under_way.wait_over()


async def test_an_exchange_knows_its_id_before_anything_else_runs() -> None:
    rig, ids = Rig(), list[str]()

    async def look(exchange: Exchange) -> bytes:
        assert exchange.record is not None
        entry = rig.exchanges.under_way[exchange.record.id]
        assert (entry.call, entry.record) == (exchange.call, exchange.record)
        ids.append(exchange.record.id)
        return b"{}"

    for _ in range(2):
        await rig.around(look)(NamedExchange(CALL))
    assert ids == ["cafe-1", "cafe-2"]
    assert rig.exchanges.under_way == {}


async def test_what_is_over_is_kept_without_what_it_said() -> None:
    rig = Rig()
    await rig.around(found)(NamedExchange(CALL))
    last = rig.last
    assert (last.id, last.method, last.target, last.backend) == ("cafe-1", "tools/call", "docs__read", "docs")
    assert (last.principal, last.client_info, last.transport) == ("ann", CALL.client_info, "streamable-http")
    assert (last.outcome, last.error_code, last.session, last.asks) == ("ok", None, None, 0)
    assert "s3cret" not in repr(last)


async def test_only_the_latest_are_kept_and_no_long_name() -> None:
    rig = Rig()
    long = replace(CALL, params={"name": Raw(b'"' + b"n" * 5000 + b'"')}, client_info=b" " * 5000, method="m" * 500)

    async def nothing(_: Exchange) -> bytes:
        return b"{}"

    for _ in range(DONE_KEPT + 5):
        await rig.around(nothing)(NamedExchange(long))
    assert (len(rig.exchanges.done), rig.exchanges.done[0].number, rig.exchanges.ended) == (DONE_KEPT, 6, DONE_KEPT + 5)
    assert (len(rig.last.target), len(rig.last.method), rig.last.client_info) == (200, 100, b"")


async def test_a_call_that_an_operator_cancels_is_kept_as_such() -> None:
    rig, exchange = Rig(), NamedExchange(CALL)

    async def serve() -> None:
        with exchange.scope:
            await rig.around(hang)(exchange)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve)
        await trio.testing.wait_all_tasks_blocked()
        rig.exchanges.under_way["cafe-1"].cancel()
    assert (rig.last.outcome, rig.last.error_code) == ("operator", CancelledByOperator.code)
    assert rig.figures.noted == [("docs", "docs__read", "cancelled")]


async def test_a_call_that_a_stop_cuts_is_kept_as_such(autojump_clock: MockClock) -> None:
    rig, exchange = Rig(), NamedExchange(CALL)

    async def stop() -> None:
        rig.exchanges.end_by(trio.current_time() + 5)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(stop)
        with exchange.scope:
            await rig.around(hang)(exchange)
    assert trio.current_time() == 5
    assert (rig.last.outcome, rig.last.error_code) == ("stopped", CutByStop.code)
    assert rig.figures.noted == [("docs", "docs__read", "cancelled")]


async def test_a_call_whose_backend_is_replaced_under_it_is_kept_as_such() -> None:
    rig, exchange = Rig(), NamedExchange(CALL)

    async def be_cut(exchange: Exchange) -> bytes:
        assert exchange.record is not None
        leases = Leases("docs", lambda: None)
        with Lease(leases, Counts(), exchange.record):
            leases.cut()
            return await hang(exchange)

    with exchange.scope:
        await rig.around(be_cut)(exchange)
    assert (rig.last.outcome, rig.last.error_code, rig.last.backend) == ("replaced", -31013, "docs")
    assert rig.figures.noted == [("docs", "docs__read", "error")]


async def test_one_that_a_stop_cuts_in_a_nursery_of_its_own_is_kept_as_such(autojump_clock: MockClock) -> None:
    rig, exchange = Rig(), NamedExchange(CALL)
    rig.exchanges.end_by(trio.current_time() + 5)

    async def hang_twice(exchange: Exchange) -> bytes:
        async with trio.open_nursery() as nursery:
            for _ in range(2):
                nursery.start_soon(hang, exchange)
        raise AssertionError

    with exchange.scope:
        await rig.around(hang_twice)(exchange)
    assert (rig.last.outcome, rig.last.error_code) == ("stopped", CutByStop.code)


async def test_a_call_that_begins_while_the_gateway_stops_is_cut_with_the_others(autojump_clock: MockClock) -> None:
    rig, exchange = Rig(), NamedExchange(CALL)
    rig.exchanges.end_by(trio.current_time() + 5)
    await trio.sleep(2)
    with exchange.scope:
        await rig.around(hang)(exchange)
    assert exchange.scope.cancelled_caught
    assert trio.current_time() == 5


async def test_one_that_has_its_result_keeps_it_though_it_is_cancelled_now() -> None:
    rig = Rig()

    async def cancelled_late(exchange: Exchange) -> bytes:
        rig.exchanges.under_way["cafe-1"].cancel()
        return await found(exchange)

    assert await rig.around(cancelled_late)(NamedExchange(CALL)) == b'{"content":[]}'
    assert rig.last.outcome == "ok"


@pytest.mark.parametrize(
    ("cut", "outcome"), [(None, "stopped"), ("client_gone", "client_gone"), ("session_ended", "session_ended")]
)
async def test_what_is_cut_says_why(cut: Cut | None, outcome: str) -> None:
    rig = Rig()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(rig.around(hang), NamedExchange(CALL))
        await trio.testing.wait_all_tasks_blocked()
        rig.exchanges.under_way["cafe-1"].record.cut = cut
        nursery.cancel_scope.cancel()
    assert (rig.last.outcome, rig.last.error_code) == (outcome, None)
    assert rig.figures.noted == [("docs", "docs__read", "cancelled")]


async def test_figures_name_a_tool_only_where_its_name_led_somewhere() -> None:
    rig = Rig()

    async def lost(exchange: Exchange) -> bytes:
        await found(exchange)
        raise BackendUnavailable("docs", "gone")

    async def unknown(_: Exchange) -> bytes:
        raise InvalidParams("unknown tool")

    async def failed(exchange: Exchange) -> bytes:
        await found(exchange)
        return b'{"content":[],"isError":true}'

    async def listed(_: Exchange) -> bytes:
        return b'{"tools":[{"isError":true}]}'

    for handler in (lost, unknown):
        with pytest.raises((BackendUnavailable, InvalidParams)):
            await rig.around(handler)(NamedExchange(CALL))
    await rig.around(failed)(NamedExchange(CALL))
    await rig.around(listed)(NamedExchange(replace(CALL, method="tools/list", params={})))
    assert rig.figures.noted == [
        ("docs", "docs__read", "error"),
        ("", "_other", "error"),
        ("docs", "docs__read", "tool_error"),
        ("", "", "ok"),
    ]


async def test_a_reload_goes_on_with_the_ids_and_what_is_kept() -> None:
    before = Rig()
    after = Rig(exchanges=before.exchanges)
    for rig in (before, after):
        await rig.around(found)(NamedExchange(CALL))
    assert [each.id for each in before.exchanges.done] == ["cafe-1", "cafe-2"]
