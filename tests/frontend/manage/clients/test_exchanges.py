"""`/manage/v1/exchanges` over a real socket: what is under way, what was, and its end at an operator's wish."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from argus_trio.core.call.exchange import Exchange
from tests.frontend.support.entered import Rig, listed, managed
from tests.frontend.support.http_sse import conversing, say
from tests.frontend.support.rounds import ACCEPTED, Asker, asked_in, call_tool
from tests.frontend.support.serving import (
    Answer,
    Backstage,
    Served,
    call,
    events_in,
    initialized,
    modern,
    modern_headers,
    post,
    serving,
)


@asynccontextmanager
async def waiting_call(backstage: Backstage) -> AsyncIterator[tuple[Served, Rig, list[Answer]]]:
    """A front end with one modern call that waits, and what it is answered."""
    rig, answers = Rig(backstage.handle), list[Answer]()
    async with (
        serving(backstage=backstage, handler=rig.handler, management=rig.management) as served,
        trio.open_nursery() as nursery,
    ):

        async def wait() -> None:
            message = modern("tools/call", {"name": "wait", "arguments": {"password": "s3cret"}})
            answers.append(await post(served, message, modern_headers("tools/call", "wait")))

        nursery.start_soon(wait)
        await backstage.waiting.wait()
        yield served, rig, answers
        backstage.go_on.set()


async def test_what_is_under_way_says_what_it_waits_for_and_nothing_of_what_it_says() -> None:
    async with waiting_call(Backstage()) as (served, _, _):
        answer = await managed(served, "/exchanges")
        (entry,) = listed(answer, "exchanges")
        assert answer.json["total"] == 1
        assert answer.json["next"] is None
        assert str(entry.pop("since")).endswith("Z")
        age = entry.pop("age_seconds")
        assert isinstance(age, float)
        assert 0 <= age < 10
        assert entry == {
            "id": "cafe-1",
            "state": "in_flight",
            "method": "tools/call",
            "target": "wait",
            "backend": None,
            "principal": "anonymous",
            "client": "test",
            "transport": "streamable-http",
            "session": None,
            "waits_for": "pipeline",
            "asks": 0,
            "outcome": None,
            "error_code": None,
        }
        assert b"s3cret" not in answer.body


async def test_a_modern_call_that_is_cancelled_gets_an_error_and_is_noted_with_by_whom() -> None:
    backstage = Backstage()
    async with waiting_call(backstage) as (served, rig, answers):
        answer = await managed(served, "/exchanges/cafe-1/cancel", "POST")
        assert (answer.status, answer.json) == (200, {"id": "cafe-1", "cancelled": True})
        await backstage.cancelled.wait()
        again = await managed(served, "/exchanges/cafe-1/cancel", "POST")
        assert again.status in (200, 404)
    assert (answers[0].status, answers[0].error[0]) == (200, -31017)
    assert "operator" in answers[0].error[1]
    assert rig.stages().count("exchange_cancelled") == 1
    (event,) = [each for each in rig.management.journal.since(1)[0] if each.stage == "exchange_cancelled"]
    assert (event.details["by"], event.details["id"], event.details["target"]) == ("anonymous", "cafe-1", "wait")


async def test_a_legacy_call_that_is_cancelled_gets_an_error_and_its_session_goes_on() -> None:
    backstage, answers = Backstage(), list[Answer]()
    rig = Rig(backstage.handle)
    async with serving(backstage=backstage, handler=rig.handler, management=rig.management) as served:
        headers = await initialized(served)

        async def wait() -> None:
            answers.append(await post(served, call("wait", 7), headers))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            await backstage.waiting.wait()
            (entry,) = listed(await managed(served, "/exchanges"), "exchanges")
            (session,) = listed(await managed(served, "/sessions"), "sessions")
            assert entry["session"] == session["id"] != headers["mcp-session-id"]
            await managed(served, f"/exchanges/{entry['id']}/cancel", "POST")
        assert (answers[0].error[0], answers[0].json["id"]) == (-31017, 7)
        assert (await post(served, call("echo"), headers)).status == 200
        first, second = listed(await managed(served, "/exchanges?state=done"), "exchanges")
        assert (first["target"], first["outcome"], first["session"]) == ("echo", "ok", session["id"])
        assert (second["outcome"], second["error_code"], second["waits_for"]) == ("operator", -31017, None)


async def test_a_call_of_http_sse_that_is_cancelled_gets_an_error_on_its_stream() -> None:
    backstage = Backstage()
    rig = Rig(backstage.handle)
    async with (
        serving(backstage=backstage, handler=rig.handler, management=rig.management) as served,
        conversing(served) as (client, path),
    ):
        await say(served, path, call("wait", 3))
        await backstage.waiting.wait()
        (entry,) = listed(await managed(served, "/exchanges"), "exchanges")
        assert entry["transport"] == "sse"
        await managed(served, f"/exchanges/{entry['id']}/cancel", "POST")
        (answer,) = events_in(await client.part())
        error = answer["error"]
        assert isinstance(error, dict)
        assert (answer["id"], error["code"]) == (3, -31017)


async def test_a_parked_call_whose_client_is_away_is_cancelled_and_its_retry_is_told() -> None:
    asker = Asker()
    rig = Rig(asker.handle)
    async with serving(handler=rig.handler, management=rig.management) as served:
        _, state = asked_in(await call_tool(served, "once"))
        (entry,) = listed(await managed(served, "/exchanges"), "exchanges")
        await managed(served, f"/exchanges/{entry['id']}/cancel", "POST")
        await asker.cancelled.wait()
        answer = await call_tool(served, "once", 2, inputResponses={"ask-1": ACCEPTED}, requestState=state)
        assert answer.error[0] == -31017
        (done,) = listed(await managed(served, "/exchanges?state=done"), "exchanges")
        assert done["outcome"] == "operator"


async def test_an_unknown_id_is_a_problem() -> None:
    rig = Rig(Backstage().handle)
    async with serving(handler=rig.handler, management=rig.management) as served:
        answer = await managed(served, "/exchanges/cafe-9/cancel", "POST")
        assert (answer.status, answer.json["error"]) == (404, "unknown_exchange")


async def test_long_lists_come_in_pages() -> None:
    rig = Rig(Backstage().handle)
    async with serving(handler=rig.handler, management=rig.management) as served:
        for number in range(5):
            await post(served, modern("tools/call", {"name": "echo"}, number), modern_headers("tools/call", "echo"))
        seen, after = list[object](), ""
        for _ in range(3):
            answer = await managed(served, f"/exchanges?state=done&limit=2{after}")
            assert answer.json["total"] == 5
            seen += [entry["id"] for entry in listed(answer, "exchanges")]
            after = f"&after={answer.json['next']}"
        assert answer.json["next"] is None
        assert seen == [f"cafe-{number}" for number in (5, 4, 3, 2, 1)]


async def test_those_under_way_come_in_pages_too() -> None:
    async def hang(_: Exchange) -> bytes:
        await trio.sleep_forever()
        raise AssertionError

    rig = Rig(hang)
    async with (
        serving(handler=rig.handler, management=rig.management) as served,
        trio.open_nursery() as nursery,
    ):
        for _ in range(3):
            message = modern("tools/call", {"name": "x"})
            nursery.start_soon(post, served, message, modern_headers("tools/call", "x"))
        while len(rig.management.exchanges.under_way) < 3:
            await trio.lowlevel.checkpoint()
        first = await managed(served, "/exchanges?limit=2")
        second = await managed(served, f"/exchanges?limit=2&after={first.json['next']}")
        assert [entry["id"] for entry in listed(first, "exchanges")] == ["cafe-1", "cafe-2"]
        assert [entry["id"] for entry in listed(second, "exchanges")] == ["cafe-3"]
        assert second.json["next"] is None
        assert listed(await managed(served, "/exchanges?backend=docs"), "exchanges") == []
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    "query", ["after=x", "after=%F0%9F", "after=YWI", "limit=0", "limit=9999", "state=gone", "x=1"]
)
async def test_a_query_that_means_nothing_is_a_problem(query: str) -> None:
    async with serving() as served:
        answer = await managed(served, f"/exchanges?{query}")
        is_page = query in ("after=x", "after=YWI")
        assert (answer.status, answer.json["error"]) == ((404, "unknown_page") if is_page else (400, "bad_request"))
