"""`/manage/v1/sessions` over a real socket: who is connected, and the end of a session at an operator's wish."""

from __future__ import annotations

import pytest
import trio

from tests.frontend.support.entered import Rig, listed, managed
from tests.frontend.support.http_sse import conversing, say
from tests.frontend.support.serving import Answer, Backstage, call, initialized, post, rpc, serving

HELLO = {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "old", "version": "1"}}


async def test_a_session_says_how_its_client_stands_and_never_its_own_id() -> None:
    async with serving(counts=lambda _: {"tools": 3, "prompts": 1}) as served:
        headers = await initialized(served)
        answer = await managed(served, "/sessions")
        (entry,) = listed(answer, "sessions")
        assert headers["mcp-session-id"] not in answer.body.decode()
        assert isinstance(entry["ttl"], float)
        assert isinstance(entry["idle_seconds"], float)
        assert 0 <= entry["idle_seconds"] < 10
        assert entry["ttl"] > 60
        for varying in ("id", "ttl", "idle_seconds", "age_seconds", "opened_at", "address"):
            del entry[varying]
        assert entry == {
            "transport_type": "streamable-http",
            "client": "t",
            "revision": "2025-11-25",
            "principal": "anonymous",
            "endpoint": "",
            "expired": False,
            "calls": 0,
            "tool_count": 3,
            "capability_snapshot": {"tools": 3, "resources": 0, "prompts": 1},
        }
        assert (answer.json["active_sessions"], answer.json["next"]) == (1, None)


async def test_a_conversation_of_http_sse_is_a_session_that_lasts_while_its_client_is_there() -> None:
    async with serving() as served, conversing(served) as (client, path):
        await say(served, path, rpc("initialize", HELLO))
        await client.part()
        (entry,) = listed(await managed(served, "/sessions"), "sessions")
        assert (entry["transport_type"], entry["client"], entry["ttl"]) == ("sse", "old", None)


async def test_one_whose_call_is_under_way_has_no_end_in_sight() -> None:
    backstage = Backstage()
    async with serving(backstage=backstage) as served, trio.open_nursery() as nursery:
        headers = await initialized(served)
        nursery.start_soon(post, served, call("wait"), headers)
        await backstage.waiting.wait()
        (entry,) = listed(await managed(served, "/sessions"), "sessions")
        assert (entry["calls"], entry["ttl"]) == (1, None)
        backstage.go_on.set()


async def test_closing_a_session_ends_its_calls_and_its_client_has_to_begin_anew() -> None:
    backstage, answers = Backstage(), list[Answer]()
    rig = Rig(backstage.handle)
    async with serving(backstage=backstage, handler=rig.handler, management=rig.management) as served:
        headers = await initialized(served)

        async def wait() -> None:
            answers.append(await post(served, call("wait"), headers))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            await backstage.waiting.wait()
            (entry,) = listed(await managed(served, "/sessions"), "sessions")
            answer = await managed(served, f"/sessions/{entry['id']}/close", "POST")
            assert (answer.status, answer.json) == (200, {"id": entry["id"], "closed": True})
            await backstage.cancelled.wait()
        assert (await post(served, call("echo"), headers)).status == 404
        assert listed(await managed(served, "/sessions"), "sessions") == []
        again = await managed(served, f"/sessions/{entry['id']}/close", "POST")
        assert (again.status, again.json["error"]) == (404, "unknown_session")
        (done,) = listed(await managed(served, "/exchanges?state=done"), "exchanges")
        assert done["outcome"] == "session_ended"
    (event,) = [each for each in rig.management.journal.since(1)[0] if each.stage == "session_closed"]
    assert (event.details["by"], event.details["calls"]) == ("anonymous", 1)


async def test_closing_a_conversation_ends_its_stream_and_its_calls() -> None:
    backstage = Backstage()
    async with serving(backstage=backstage) as served, conversing(served) as (client, path):
        await say(served, path, call("wait"))
        await backstage.waiting.wait()
        (entry,) = listed(await managed(served, "/sessions"), "sessions")
        await managed(served, f"/sessions/{entry['id']}/close", "POST")
        await backstage.cancelled.wait()
        assert (await say(served, path, call("echo"))).status == 404
        while await client.part():
            pass


async def test_many_sessions_come_in_pages_oldest_first() -> None:
    async with serving() as served:
        for _ in range(3):
            await initialized(served)
        whole = [entry["id"] for entry in listed(await managed(served, "/sessions"), "sessions")]
        first = await managed(served, "/sessions?limit=2")
        second = await managed(served, f"/sessions?limit=2&after={first.json['next']}")
        pages = [entry["id"] for answer in (first, second) for entry in listed(answer, "sessions")]
        assert pages == whole
        assert (first.json["active_sessions"], second.json["next"]) == (3, None)
        assert len(set(whole)) == 3


@pytest.mark.parametrize("after", ["x", "YSBi", "YWI", "MS4wIGEgYg"])
async def test_a_page_that_there_is_not_is_a_problem(after: str) -> None:
    async with serving() as served:
        answer = await managed(served, f"/sessions?after={after}")
        assert (answer.status, answer.json["error"]) == (404, "unknown_page")
