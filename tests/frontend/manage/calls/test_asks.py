"""What a call by the management API asks, and who may answer it."""

from __future__ import annotations

from typing import cast

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.core.call.exchange import Exchange
from argus_trio.core.call.record import CallRecord
from argus_trio.errors import ClientCannotAnswer, ClientRefused
from argus_trio.frontend.http.reply import KEEP_ALIVE_SECONDS
from argus_trio.frontend.manage.calls.exchange import ASK_SECONDS, MAX_ASKS, ManagedExchange
from argus_trio.wire.envelope import Params, Raw, encode_raw
from tests.frontend.manage.calls.desk import Backstage, Posted, desk

FORM: Params = {"message": encode_raw("who?"), "requestedSchema": Raw(b'{"max":1e400}')}
ABLE: dict[str, object] = {"elicitation": {}}
ACCEPT = {"result": {"action": "accept", "content": {"name": "Ada"}}}


async def form(exchange: Exchange) -> bytes:
    return b'{"answer":%b}' % await exchange.ask("elicitation/create", FORM)


async def refused(exchange: Exchange) -> bytes:
    try:
        await exchange.ask("elicitation/create", FORM)
    except ClientRefused as error:
        return b'{"refused":%b}' % error.encoded
    raise AssertionError


async def unable(exchange: Exchange) -> bytes:
    try:
        await exchange.ask("elicitation/create", FORM)
    except ClientCannotAnswer as error:
        return b'{"unable":%b}' % bytes(encode_raw(str(error)))
    raise AssertionError


async def path_of(stream: Posted, asks: int = 1) -> str:
    """Where the latest question is answered, once there are so many."""
    exchange = (await stream.until("exchange"))["id"]
    return f"/exchanges/{exchange}/asks/{(await stream.until('ask', asks))['id']}"


async def test_a_question_is_answered_once_by_the_same_principal() -> None:
    async with desk(Backstage(tools={"t": form})) as front:
        stream = front.calling(capabilities=ABLE)
        path = await path_of(stream)
        assert b'"params":{"message":"who?","requestedSchema":{"max":1e400}}' in stream.body
        assert (await front.post(path, ACCEPT, who="bob")).problem == (404, "unknown_exchange")
        assert (await front.post(path, ACCEPT, who="operator")).problem == (404, "unknown_exchange")
        assert (await front.post(path + "0", ACCEPT)).problem == (404, "unknown_ask")
        assert (await front.post("/exchanges/none/asks/ask-1", ACCEPT)).problem == (404, "unknown_exchange")
        wrong = await front.post(path, {"result": {"action": "perhaps"}})
        assert wrong.problem == (400, "bad_request")
        assert (await front.post(path, ACCEPT)).answer == {"answered": True}
        assert (await front.post(path, ACCEPT)).status == 404
        await stream.ended.wait()
        assert stream.events[-1][1]["answer"] == ACCEPT["result"]
        assert stream.names == ["exchange", "ask", "result"]
        assert (await front.post(path, ACCEPT)).problem == (404, "unknown_exchange")


async def test_the_second_answer_to_a_question_is_refused_while_the_call_goes_on() -> None:
    async def tool(exchange: Exchange) -> bytes:
        await form(exchange)
        return await form(exchange)

    async with desk(Backstage(tools={"t": tool})) as front:
        stream = front.calling(capabilities=ABLE)
        path = await path_of(stream)
        assert (await front.post(path, ACCEPT)).status == 200
        assert (await front.post(path, ACCEPT)).problem == (404, "unknown_ask")
        assert (await front.post(await path_of(stream, 2), ACCEPT)).status == 200
        await stream.ended.wait()


async def test_an_error_as_an_answer_is_what_the_backend_is_told() -> None:
    async with desk(Backstage(tools={"t": refused})) as front:
        stream = front.calling(capabilities=ABLE)
        await front.post(await path_of(stream), {"error": {"code": -1, "message": "not now"}})
        assert (await stream.until("result"))["refused"] == {"code": -1, "message": "not now"}


async def test_nothing_is_asked_that_was_not_declared() -> None:
    async with desk(Backstage(tools={"t": unable, "f": form})) as front:
        stream = front.calling(capabilities={"sampling": {}, "experimental": {"x": 1}})
        assert "did not declare" in str((await stream.until("result"))["unable"])
        assert "ask" not in stream.names
        plain = await front.post("/tools/call", {"tool": "f"})
        assert plain.problem == (400, "call_failed")


async def test_no_more_questions_are_open_than_a_session_may_have() -> None:
    said: list[str] = []

    async def one(exchange: Exchange) -> None:
        try:
            await exchange.ask("elicitation/create", FORM)
        except ClientCannotAnswer as error:
            said.append(str(error))

    async def tool(exchange: Exchange) -> bytes:
        async with trio.open_nursery() as nursery:
            for _ in range(MAX_ASKS + 1):
                nursery.start_soon(one, exchange)
            await wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
        return b"{}"

    async with desk(Backstage(tools={"t": tool})) as front:
        stream = front.calling(capabilities=ABLE)
        await stream.ended.wait()
    assert said == [f"the client cannot be asked elicitation/create: {MAX_ASKS} questions to it are open"]
    assert stream.names.count("ask") == stream.names.count("ask_cancelled") == MAX_ASKS
    assert stream.names[-1] == "result"


async def test_a_question_that_is_taken_back_is_told_and_cannot_be_answered() -> None:
    go_on = trio.Event()

    async def tool(exchange: Exchange) -> bytes:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(form, exchange)
            await go_on.wait()
            nursery.cancel_scope.cancel()
        await trio.sleep_forever()
        raise AssertionError

    async with desk(Backstage(tools={"t": tool})) as front:
        stream = front.calling(capabilities=ABLE)
        path = await path_of(stream)
        go_on.set()
        assert path.endswith(str((await stream.until("ask_cancelled"))["id"]))
        assert (await front.post(path, ACCEPT)).problem == (404, "unknown_ask")


async def test_a_question_that_nobody_answers_has_an_end(autojump_clock: MockClock) -> None:
    async with desk(Backstage(tools={"t": unable})) as front:
        began = trio.current_time()
        stream = front.calling(capabilities=ABLE)
        assert "within 600 s" in str((await stream.until("result"))["unable"])
        assert trio.current_time() - began == ASK_SECONDS
        assert stream.names == ["exchange", "ask", "ask_cancelled", "result"]
        assert stream.body.count(b": keep-alive\n") >= ASK_SECONDS // KEEP_ALIVE_SECONDS - 1


async def test_the_id_is_that_of_the_record_where_it_has_one() -> None:
    async def handler(exchange: Exchange) -> bytes:
        cast("ManagedExchange", exchange).record = CallRecord(id="a-17", backend="files")
        return b'{"answer":%b}' % await exchange.ask("elicitation/create", FORM)

    async with desk(handler) as front:
        stream = front.calling(capabilities=ABLE)
        assert await stream.until("exchange") == {"id": "a-17"}
        path = await path_of(stream)
        assert path.startswith("/exchanges/a-17/asks/ask-1-")
        assert (await front.post(path, ACCEPT)).status == 200
        await stream.ended.wait()
