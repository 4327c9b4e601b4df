"""A parked call on virtual time: how long it waits, what it keeps, who may end it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import trio
import trio.testing
from msgspec.structs import replace
from structlog.testing import capture_logs

from argus_trio.core.access.principal import Principal
from argus_trio.core.call.abilities import Abilities
from argus_trio.core.call.exchange import Call, Exchange, Handler
from argus_trio.core.call.record import CallRecord
from argus_trio.core.memory import Memory
from argus_trio.errors import ClientCannotAnswer, InvalidParams, Overloaded, RpcError
from argus_trio.frontend.http.receive_queue import DISCONNECT, ReceiveQueue
from argus_trio.frontend.input_required.exchange import AskingRequest
from argus_trio.frontend.input_required.notification_buffer import MAX_BUFFERED
from argus_trio.frontend.input_required.open_calls import MAX_PARKED_EACH, RETRY_AFTER_SECONDS
from argus_trio.frontend.input_required.parked_call import ParkedCall
from argus_trio.frontend.input_required.parking import Parking
from argus_trio.frontend.input_required.request_state import STATE_LIFE_SECONDS, RequestStates
from argus_trio.frontend.input_required.seal import AesGcmSeal
from argus_trio.frontend.notifications.outbox import Outbox
from argus_trio.frontend.outcome import Outcome
from argus_trio.wire.envelope import Raw, decode_object, encode_raw
from argus_trio.wire.revisions import Era

CALL = Call(
    method="tools/call",
    params={"name": encode_raw("t")},
    era=Era.MODERN,
    revision="2026-07-28",
    abilities=Abilities(roots=True),
)


async def ask(exchange: Exchange) -> bytes:
    """Ask once."""
    return await exchange.ask("roots/list", {})


def attending(heard: list[bytes] | None = None) -> AskingRequest:
    """A request that is sent everything."""
    told: list[bytes] = [] if heard is None else heard

    async def send(message: bytes) -> None:
        told.append(message)

    return AskingRequest(send, encode_raw("t"), "debug")


@asynccontextmanager
async def parking(handler: Handler, memory: Memory | None = None) -> AsyncIterator[Parking]:
    """A parking that runs within the block."""
    async with trio.open_nursery() as nursery:
        parked = Parking(handler, RequestStates(AesGcmSeal), memory or Memory())
        await nursery.start(parked.run)
        yield parked
        nursery.cancel_scope.cancel()


async def attended(parked: ParkedCall, heard: list[bytes] | None = None) -> Outcome | None:
    """Attend a call with a request whose client stays."""
    return await parked.attend(attending(heard), ReceiveQueue())


def retry(park: Parking, parked: ParkedCall, call: Call = CALL, **params: object) -> Call:
    """The retry that goes with a parked call."""
    state = decode_object(park.input_required(parked))["requestState"]
    return replace(call, params={**call.params, "requestState": state, **{k: encode_raw(v) for k, v in params.items()}})


async def test_a_call_whose_client_stays_away_is_cancelled(autojump_clock: trio.testing.MockClock) -> None:
    ended: list[float] = []

    async def handler(exchange: Exchange) -> bytes:
        try:
            return await ask(exchange)
        finally:
            ended.append(trio.current_time())

    async with parking(handler) as park:
        call = park.begin(CALL)
        assert await attended(call) is None
        assert call.is_away
        late = retry(park, call)
        began = trio.current_time()
        with capture_logs() as logs:
            await trio.sleep(STATE_LIFE_SECONDS - 1)
            assert ended == []
            await trio.sleep(2)
        assert ended == [pytest.approx(began + STATE_LIFE_SECONDS)]
        assert [entry["event"] for entry in logs] == ["parked_call_expired"]
        with pytest.raises(InvalidParams, match="expired"):
            park.reopened(late)
        assert len(park._open_calls) == 0


async def test_its_time_is_counted_from_the_last_question(autojump_clock: trio.testing.MockClock) -> None:
    async with parking(ask) as park:
        call = park.begin(CALL)
        for _ in range(3):
            assert await attended(call) is None
            again = retry(park, call)
            await trio.sleep(STATE_LIFE_SECONDS - 1)
            assert park.reopened(again) is call
            assert not call.is_away


async def test_while_its_client_waits_there_is_no_limit(autojump_clock: trio.testing.MockClock) -> None:
    async def handler(exchange: Exchange) -> bytes:
        answer = await ask(exchange)
        await trio.sleep(STATE_LIFE_SECONDS * 3)
        return answer

    async with parking(handler) as park:
        call = park.begin(CALL)
        assert await attended(call) is None
        assert park.reopened(retry(park, call, inputResponses={"ask-1": {"roots": []}})) is call
        outcome = await attended(call)
        assert outcome is not None
        assert outcome.result == b'{"roots":[]}'


async def test_an_outcome_waits_for_the_client_to_come_for_it(autojump_clock: trio.testing.MockClock) -> None:
    async def handler(exchange: Exchange) -> bytes:
        with trio.move_on_after(5):
            await ask(exchange)
        return b'{"late":1}'

    async with parking(handler) as park:
        call = park.begin(CALL)
        assert await attended(call) is None
        again = retry(park, call, inputResponses={"ask-1": {"roots": []}})
        await trio.sleep(60)
        assert park.reopened(again) is call
        outcome = await attended(call)
        assert outcome is not None
        assert outcome.result == b'{"late":1}'


async def test_too_many_calls_of_one_client_cannot_ask(autojump_clock: trio.testing.MockClock) -> None:
    refused: list[RpcError] = []

    async def handler(exchange: Exchange) -> bytes:
        try:
            return await ask(exchange)
        except Overloaded as error:
            refused.append(error)
            return b"{}"

    async with parking(handler) as park:
        calls = [park.begin(CALL) for _ in range(MAX_PARKED_EACH)]
        assert [await attended(call) for call in calls] == [None] * MAX_PARKED_EACH
        more = await attended(park.begin(CALL))
        assert more is not None
        assert more.result == b"{}"
        assert len(refused) == 1
        assert refused[0].data == {"retryAfter": RETRY_AFTER_SECONDS}
        other = park.begin(replace(CALL, principal=Principal(name="other")))
        assert await attended(other) is None
        elsewhere = park.begin(replace(CALL, address="192.0.2.2"))
        assert await attended(elsewhere) is None
        park.reopened(retry(park, calls[0], inputResponses={"ask-1": {"roots": []}}))
        await attended(calls[0])
        assert await attended(park.begin(CALL)) is None


async def test_clients_of_other_addresses_can_ask_however_many_calls_one_address_has_parked(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def handler(exchange: Exchange) -> bytes:
        with suppress(Overloaded):
            await ask(exchange)
        return b"{}"

    here, there = (replace(CALL, address=f"192.0.2.{number}") for number in (1, 2))
    async with parking(handler) as park:
        with capture_logs() as logs:
            outcomes = [await attended(park.begin(here)) for _ in range(MAX_PARKED_EACH + 3)]
        assert outcomes.count(None) == MAX_PARKED_EACH
        told = [entry for entry in logs if entry["event"] == "parked_calls_full"]
        assert [entry["log_level"] for entry in told] == ["warning"]
        assert "32 calls of this client" in told[0]["reason"]
        assert await attended(park.begin(there)) is None


async def test_another_client_cannot_go_on_with_it(autojump_clock: trio.testing.MockClock) -> None:
    async with parking(ask) as park:
        call = park.begin(CALL)
        await attended(call)
        foreign = retry(park, call, replace(CALL, principal=Principal(name="other")))
        with pytest.raises(InvalidParams, match="another client's, or has been changed"):
            park.reopened(foreign)
        assert park.reopened(retry(park, call)) is call


async def test_the_oldest_of_too_many_notifications_are_dropped_and_counted(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def handler(exchange: Exchange) -> bytes:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask, exchange)
            await trio.sleep(10)
            for number in range(MAX_BUFFERED + 5):
                await exchange.notify("n", {"number": encode_raw(number)})
            nursery.cancel_scope.cancel()
        return b"{}"

    async with parking(handler) as park:
        call = park.begin(CALL)
        await attended(call)
        again = retry(park, call)
        await trio.sleep(20)
        park.reopened(again)
        heard: list[bytes] = []
        with capture_logs() as logs:
            await attended(call, heard)
        assert len(heard) == MAX_BUFFERED
        assert b'"number":5}' in heard[0]
        assert logs == [
            {"event": "parked_notifications_dropped", "log_level": "warning", "method": "tools/call", "dropped": 5}
        ]


async def test_the_end_of_the_task_that_waits_cancels_the_call(autojump_clock: trio.testing.MockClock) -> None:
    cancelled = trio.Event()

    async def handler(exchange: Exchange) -> bytes:
        try:
            await trio.sleep_forever()
        finally:
            cancelled.set()

    async with parking(handler) as park:
        with trio.move_on_after(1):
            await attended(park.begin(CALL))
        await cancelled.wait()


async def test_a_client_that_goes_gets_no_outcome(autojump_clock: trio.testing.MockClock) -> None:
    async def handler(_: Exchange) -> bytes:
        return await trio.sleep_forever()

    async with parking(handler) as park, trio.open_nursery() as nursery:
        queue = ReceiveQueue()
        call = park.begin(CALL)

        async def go() -> None:
            await trio.sleep(1)
            await queue.put(DISCONNECT)

        nursery.start_soon(go)
        assert await call.attend(attending(), queue) is None
        assert not call.is_away


async def test_a_stop_refuses_what_is_about_to_be_asked(autojump_clock: trio.testing.MockClock) -> None:
    async def handler(exchange: Exchange) -> bytes:
        try:
            return await ask(exchange)
        except ClientCannotAnswer as error:
            return b'"%b"' % str(error).encode()

    async with parking(handler) as park, trio.open_nursery() as nursery:

        async def stop() -> None:
            await trio.testing.wait_all_tasks_blocked()
            park.stop(15.0)

        nursery.start_soon(stop)
        for _ in range(2):
            outcome = await attended(park.begin(CALL))
            assert outcome is not None
            assert outcome.result is not None
            assert b"stopping" in outcome.result


async def test_an_ask_that_is_taken_back_is_not_asked(autojump_clock: trio.testing.MockClock) -> None:
    async def handler(exchange: Exchange) -> bytes:
        with trio.move_on_after(0.001):
            await ask(exchange)
        await trio.sleep(1)
        return b"{}"

    async with parking(handler) as park:
        call = park.begin(CALL)
        outcome = await attended(call)
        assert outcome is not None
        assert outcome.result == b"{}"
        assert call.ticket == ""


async def test_an_answer_is_told_as_it_was_written(autojump_clock: trio.testing.MockClock) -> None:
    written = b'{ "roots" : [],\n"x":1.50, "y":12345678901234567890123}'
    async with parking(ask) as park:
        call = park.begin(CALL)
        await attended(call)
        again = retry(park, call)
        again.params["inputResponses"] = Raw(b'{"ask-1":%b}' % written)
        park.reopened(again)
        outcome = await attended(call)
        assert outcome is not None
        assert outcome.result == written


async def test_each_state_is_good_once_even_if_nothing_was_answered(autojump_clock: trio.testing.MockClock) -> None:
    async with parking(ask) as park:
        call = park.begin(CALL)
        await attended(call)
        first = retry(park, call)
        assert park.reopened(first) is call
        with pytest.raises(InvalidParams, match="used already"):
            park.reopened(first)
        await attended(call)
        answered = retry(park, call, inputResponses={"ask-1": {"roots": []}})
        assert park.reopened(answered) is call
        with pytest.raises(InvalidParams, match="used already"):
            park.reopened(answered)


async def test_nothing_is_left_of_a_call_that_has_ended(autojump_clock: trio.testing.MockClock) -> None:
    async with parking(ask) as park:
        for _ in range(3 * MAX_PARKED_EACH):
            call = park.begin(CALL)
            await attended(call)
            park.reopened(retry(park, call, inputResponses={"ask-1": {"roots": []}}))
            await attended(call)
        await trio.testing.wait_all_tasks_blocked()
        assert not park._calls
        assert len(park._open_calls) == 0


async def test_what_was_kept_is_told_before_what_comes_while_it_is_told(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def handler(exchange: Exchange) -> bytes:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask, exchange)
            for number in range(6):
                await trio.sleep(1)
                await exchange.notify("n", {"number": encode_raw(number)})
            nursery.cancel_scope.cancel()
        return b"{}"

    heard: list[int] = []

    async def send_slowly(message: bytes) -> None:
        await trio.sleep(1.5)
        heard.append(json.loads(message)["params"]["number"])

    async with parking(handler) as park:
        call = park.begin(CALL)
        await attended(call)
        again = retry(park, call)
        await trio.sleep(3.5)
        park.reopened(replace(again, params={**again.params, "inputResponses": Raw(b'{"ask-1":{"roots":[]}}')}))
        await call.attend(AskingRequest(send_slowly, None, None), ReceiveQueue())
    assert heard == [0, 1, 2, 3, 4, 5]


async def test_what_a_parked_call_holds_is_accounted_until_it_ends_and_beyond_the_bound_none_begins(
    autojump_clock: trio.testing.MockClock,
) -> None:
    memory = Memory(lambda: 100_000)
    go_on = trio.Event()

    async def handler(exchange: Exchange) -> bytes:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(exchange.ask, "roots/list", {"x": encode_raw("y" * 100)})
            await go_on.wait()
            for _ in range(200):
                await exchange.notify("notifications/message", {"data": encode_raw("x" * 1000)})
        return b"{}"

    big = replace(CALL, params={**CALL.params, "arguments": encode_raw("z" * 50_000)})
    async with parking(handler, memory) as park:
        parked = park.begin(big)
        assert await attended(parked) is None
        assert 50_000 < memory.size < 51_000
        go_on.set()
        await trio.testing.wait_all_tasks_blocked()
        assert 80_000 < memory.size <= 100_000 * 7 // 8
        filler = Outbox(memory=memory)
        filler.keep(100_000)
        with pytest.raises(Overloaded, match="holds"):
            park.begin(CALL)
        filler.discard()
        await trio.sleep(STATE_LIFE_SECONDS + 1)
        assert memory.size == 0


async def test_its_record_says_why_it_ended_before_its_time(autojump_clock: trio.testing.MockClock) -> None:
    cuts: list[str | None] = []

    async def handler(exchange: Exchange) -> bytes:
        try:
            return await ask(exchange)
        finally:
            cuts.append(None if exchange.record is None else exchange.record.cut)

    async with parking(handler) as park:
        left, stayed_away, back, stopped = [park.begin(CALL) for _ in range(4)]
        for call in (left, stayed_away, back, stopped):
            call.record = CallRecord()
        gone = ReceiveQueue()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(left.attend, attending(), gone)
            await trio.testing.wait_all_tasks_blocked()
            await gone.put(DISCONNECT)
        assert await attended(back) is None
        park.reopened(retry(park, back, inputResponses={each: {"roots": []} for each in names_of(park, back)}))
        assert await attended(back) is not None
        assert await attended(stayed_away) is None
        await trio.sleep(STATE_LIFE_SECONDS + 1)
        assert await attended(stopped) is None
        park.stop(1)
        await trio.testing.wait_all_tasks_blocked()
    assert cuts == ["client_gone", None, "expired", "stopped"]


def names_of(park: Parking, call: ParkedCall) -> list[str]:
    """What a call asks, by the names of its requests for input."""
    return list(decode_object(decode_object(park.input_required(call))["inputRequests"]))
