"""Asks of legacy clients on `/mcp`, through real sockets."""

from __future__ import annotations

import msgspec
import pytest
import trio

from argus_trio.config.model.server import Server
from argus_trio.frontend.sessions import streams
from argus_trio.wire.envelope import encode
from tests.frontend.support.asking import ASKS, Asker, answer, asking, first_messages, greeted, messages, own_stream
from tests.frontend.support.serving import JSON, ask, connected, post, rpc, serving


@pytest.mark.parametrize("method", ASKS)
async def test_an_ask_goes_out_on_the_stream_of_its_call_and_its_answer_comes_back(method: str) -> None:
    asker = Asker()
    async with serving(backstage=asker) as served, connected(served) as client:
        session = await greeted(served)
        await client.send("POST", "/mcp", session, asking(method, message_id="c"))
        (asked,) = await first_messages(client)
        assert (asked["method"], asked.get("params", {})) == (method, ASKS[method])
        await answer(served, session, asked["id"], {"any": [1.0, {"thing": None}]})
        (result,) = await messages(client, 1)
        assert result["id"] == "c"
        assert asker.outcomes == [b'{"any":[1.0,{"thing":null}]}']
        assert await client.part() == b""
        await asker.settled()


async def test_a_clients_error_is_handed_on_as_it_came() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served, connected(served) as client:
        session = await greeted(served)
        await client.send("POST", "/mcp", session, asking("roots/list"))
        (asked,) = await first_messages(client)
        error = b'{"code":-1,"message":"no","data":12345678901234567890123}'
        body = b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (encode(asked["id"]), error)
        assert (await post(served, body, session)).status == 202
        await messages(client, 1)
        assert asker.outcomes == [error]


async def test_answers_that_nobody_waits_for_are_dropped() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served, connected(served) as client:
        session, other = await greeted(served), await greeted(served)
        await client.send("POST", "/mcp", session, asking("roots/list"))
        (asked,) = await first_messages(client)
        await answer(served, session, "unknown", {})
        await answer(served, session, f"{asked['id']}.5", {})
        await answer(served, other, asked["id"], {"roots": "of another session"})
        await answer(served, session, asked["id"], {"roots": 1})
        await answer(served, session, asked["id"], {"roots": 2})
        await messages(client, 1)
        assert asker.outcomes == [b'{"roots":1}']


async def test_what_was_not_declared_is_not_asked() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served:
        session = await greeted(served, capabilities={"elicitation": {}})
        for body in (asking("roots/list"), asking("elicitation/create", {"mode": "url", "url": "x"})):
            assert (await post(served, body, session)).headers["content-type"] == JSON
        assert all("did not declare" in str(outcome) for outcome in asker.outcomes)
        assert len(asker.outcomes) == 2


async def test_what_an_ask_says_in_its_meta_passes() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served, connected(served) as client:
        session = await greeted(served)
        await client.send("POST", "/mcp", session, asking("roots/list", {"_meta": {"progressToken": 1, "a": 1e2}}))
        (asked,) = await first_messages(client)
        assert asked["params"] == {"_meta": {"progressToken": 1, "a": 1e2}}


async def test_a_client_that_takes_only_json_is_asked_on_its_own_stream() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served, connected(served) as own, connected(served) as client:
        session = await greeted(served)
        await own_stream(served, own, session)
        await client.send("POST", "/mcp", {**session, "accept": JSON}, asking("roots/list"))
        (asked,) = await messages(own, 1)
        await answer(served, session, asked["id"], {})
        status, headers = await client.head()
        assert (status, headers["content-type"]) == (200, JSON)


async def test_a_client_that_lost_its_post_is_asked_on_its_own_stream_once_that_opens() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served, connected(served) as own:
        session = await greeted(served)
        async with connected(served) as client:
            await client.send("POST", "/mcp", {**session, "accept": JSON}, asking("roots/list"))
            while not asker.calls:
                await trio.lowlevel.checkpoint()
        await own_stream(served, own, session)
        (asked,) = await messages(own, 1)
        await answer(served, session, asked["id"], {})
        await asker.settled()
        assert asker.outcomes == [b"{}"]


async def test_without_a_stream_a_client_cannot_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "STREAM_SECONDS", 0.01)
    asker = Asker()
    async with serving(backstage=asker) as served:
        session = {**await greeted(served), "accept": JSON}
        assert b"no stream" in (await post(served, asking("roots/list"), session)).body
        await asker.settled()


async def test_an_ask_that_is_withdrawn_is_cancelled_on_the_same_stream() -> None:
    asker = Asker(limit=0.05)
    async with serving(backstage=asker) as served, connected(served) as client:
        session = await greeted(served)
        await client.send("POST", "/mcp", session, asking("roots/list"))
        asked, cancelled, result = await first_messages(client, 3)
        assert cancelled["method"] == "notifications/cancelled"
        assert isinstance(cancelled["params"], dict)
        assert cancelled["params"]["requestId"] == asked["id"]
        assert "result" in result
        await asker.settled()


async def test_a_call_that_its_client_cancels_takes_its_ask_along_and_says_nothing_more() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served, connected(served) as client, connected(served) as other:
        session = await greeted(served)
        await client.send("POST", "/mcp", session, asking("roots/list", message_id="c"))
        (asked,) = await first_messages(client)
        await other.send("POST", "/mcp", session, asking("roots/list", message_id="d"))
        (other_asked,) = await first_messages(other)
        assert other_asked["id"] != asked["id"]
        await post(served, rpc("notifications/cancelled", {"requestId": "c"}, None), session)
        assert await client.part() == b""
        await answer(served, session, other_asked["id"], {})
        assert (await messages(other, 1))[0]["id"] == "d"
        assert asker.outcomes == [b"{}"]
        await asker.settled()


@pytest.mark.parametrize("end", ["DELETE", "stop"])
async def test_the_end_of_a_session_ends_its_asks(end: str) -> None:
    asker = Asker()
    settings = Server(port=0, drain_timeout=0.1)
    async with serving(backstage=asker, settings=settings) as served, connected(served) as client:
        session = await greeted(served)
        await client.send("POST", "/mcp", session, asking("roots/list"))
        await first_messages(client)
        if end == "DELETE":
            assert (await ask(served, "DELETE", "/mcp", session)).status == 204
            assert asker.released == [asker.session()]
            assert await client.part() == b""
        else:
            served.stop.set()
            await served.stopped.wait()
        await asker.settled()
    assert asker.released == [asker.session()]


async def test_the_session_itself_is_asked_and_told_on_its_own_stream() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served, connected(served) as own:
        session = await greeted(served)
        await post(served, rpc("tools/list"), session)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(asker.ask, asker.session(), "roots/list", msgspec.Raw(b"{}"))
            await asker.session().notify("notifications/message", {"data": msgspec.Raw(b"1")})
            await own_stream(served, own, session)
            stream = b""
            while b"roots/list" not in stream or b"notifications/message" not in stream:
                stream += await own.part()
            await answer(served, session, 1, {"roots": []})
        assert asker.outcomes == [b'{"roots":[]}']


async def test_the_call_tells_who_asks_and_what_it_can_be_asked() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served:
        session = await greeted(served, capabilities={"sampling": {}, "x": 1})
        for _ in range(2):
            await post(served, rpc("tools/list"), session)
        await post(served, rpc("tools/list"), await greeted(served))
        first, second, other = (exchange.call for exchange in asker.calls)
        assert first.client is second.client
        assert first.client is not other.client
        assert first.abilities.declared() == {"sampling": {}}
        assert first.log_level is None


async def test_the_level_of_a_session_goes_with_its_calls() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served:
        session = await greeted(served)
        level = await post(served, rpc("logging/setLevel", {"level": "warning"}), session)
        assert level.json["result"] == {}
        for wrong in ({"level": "loud"}, {"level": 3}, {}):
            assert (await post(served, rpc("logging/setLevel", wrong), session)).error[0] == -32602
        await post(served, rpc("tools/list"), session)
        await post(served, rpc("tools/list"), await greeted(served))
        assert [exchange.call.log_level for exchange in asker.calls] == ["warning", None]


async def test_what_a_client_tells_is_handed_on_unless_it_is_the_edges_own() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served:
        session = await greeted(served)
        await post(served, rpc("tools/list"), session)
        for method in ("initialized", "cancelled", "roots/list_changed", "progress"):
            assert (await post(served, rpc(f"notifications/{method}", {"a": 1}, None), session)).status == 202
        assert [(client, method) for client, method, _ in asker.told] == [
            (asker.session(), "notifications/roots/list_changed"),
            (asker.session(), "notifications/progress"),
        ]


async def test_a_batch_may_hold_answers_and_its_calls_may_ask() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served, connected(served) as client:
        session = await greeted(served, "2025-03-26")
        body = b"[" + asking("roots/list", message_id=1) + b"," + asking("roots/list", message_id=2) + b"]"
        await client.send("POST", "/mcp", session, body)
        asked = await first_messages(client, 2)
        answers = [encode({"jsonrpc": "2.0", "id": one["id"], "result": {"roots": []}}) for one in asked]
        answered = await post(served, b"[" + b",".join(answers) + b"]", session)
        assert (answered.status, answered.body) == (202, b"")
        stream = b""
        while part := await client.part():
            stream += part
        assert stream.count(b'"result"') == 2
        assert asker.outcomes == [b'{"roots":[]}'] * 2
        await asker.settled()
