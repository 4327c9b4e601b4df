"""Resuming the streams of legacy sessions, through real sockets."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from trio.testing import wait_all_tasks_blocked

from tests.frontend.support.asking import Asker, answer, asking, first_messages, greeted, messages, own_stream, resumed
from tests.frontend.support.serving import Served, ask, call, connected, events_in, ids_in, post, rpc, serving

REVISIONS = ["2025-03-26", "2025-06-18", "2025-11-25"]


async def lose_after(served: Served, session: Mapping[str, str], body: bytes, count: int) -> list[str]:
    """POST `body`, read so many messages of its stream, and go; the ids of the events that came."""
    stream = b""
    async with connected(served) as client:
        await client.send("POST", "/mcp", session, body)
        await client.head()
        while len(events_in(stream)) < count:
            stream += await client.part()
    return list(ids_in(stream))


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_client_that_lost_its_post_gets_the_rest_and_the_result(revision: str) -> None:
    asker = Asker()
    async with serving(backstage=asker) as served, connected(served) as client:
        session = await greeted(served, revision)
        ids = await lose_after(served, session, call("count", "c"), 3)
        assert len(set(ids)) == len(ids)
        asker.go_on.set()
        await asker.settled()
        await resumed(served, client, session, ids[-2])
        rest = b"".join([part async for part in client.parts()])
        last, result = events_in(rest)
        assert last["params"] == {"level": "info", "data": 2}
        assert (result["id"], result["result"]) == ("c", {"content": []})
        assert ids_in(rest)[0] == ids[-1]


async def test_a_resumed_stream_goes_on_live_and_ends_with_the_result() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served, connected(served) as client:
        session = await greeted(served)
        ids = await lose_after(served, session, call("count"), 3)
        await resumed(served, client, session, ids[0])
        assert [message["params"] for message in await messages(client, 3)] == [
            {"level": "info", "data": n} for n in range(3)
        ]
        asker.go_on.set()
        assert [message["id"] for message in await messages(client, 1)] == [1]
        assert await client.part() == b""
        await asker.settled()


async def test_an_ask_that_was_lost_is_asked_again_where_its_stream_is_resumed() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served, connected(served) as client:
        session = await greeted(served)
        (prime, _) = await lose_after(served, session, asking("roots/list"), 1)
        await resumed(served, client, session, prime)
        (asked,) = await messages(client, 1)
        await answer(served, session, asked["id"], {"roots": []})
        assert "result" in (await messages(client, 1))[0]
        assert asker.outcomes == [b'{"roots":[]}']


async def test_one_stream_brings_nothing_of_another() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served:
        session = await greeted(served)
        first = await lose_after(served, session, call("count", 1), 3)
        second = await lose_after(served, session, call("count", 2), 3)
        assert not set(first) & set(second)
        asker.go_on.set()
        await asker.settled()
        for ids, message_id in ((first, 1), (second, 2)):
            resume = {**session, "last-event-id": ids[-1]}
            rest = await ask(served, "GET", "/mcp", resume)
            assert [message["id"] for message in events_in(rest.body)] == [message_id]
        other = await greeted(served)
        strange = await ask(served, "GET", "/mcp", {**other, "last-event-id": first[-1]})
        assert (strange.status, strange.error[0]) == (400, -32602)


@pytest.mark.parametrize("event_id", ["nonsense", "0-7", "9-0", "-1", "0-0-0"])
async def test_an_event_that_never_was_cannot_be_gone_on_from(event_id: str) -> None:
    async with serving() as served:
        session = await greeted(served)
        answered = await ask(served, "GET", "/mcp", {**session, "last-event-id": event_id})
        assert (answered.status, answered.error[0]) == (400, -32602)


@pytest.mark.parametrize("revision", REVISIONS)
async def test_only_clients_of_the_last_legacy_revision_get_an_event_without_data(revision: str) -> None:
    asker = Asker()
    asker.go_on.set()
    async with serving(backstage=asker) as served:
        session = await greeted(served, revision)
        stream = (await post(served, call("count"), session)).body
        assert (b"data: \n\n" in stream) == (revision == "2025-11-25")
        assert stream.startswith(b"id: 1-0\nretry: ") == (revision == "2025-11-25")
        assert [event_id for event_id in ids_in(stream) if event_id != "1-0"] == ["1-1", "1-2", "1-3", "1-4"]


async def test_a_cancelled_call_leaves_nothing_to_resume() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served:
        session = await greeted(served)
        ids = await lose_after(served, session, call("count", "c"), 3)
        await post(served, rpc("notifications/cancelled", {"requestId": "c"}, None), session)
        await asker.cancelled.wait()
        await asker.settled()
        assert (await ask(served, "GET", "/mcp", {**session, "last-event-id": ids[0]})).status == 400


async def test_nothing_is_sent_for_a_cancelled_call_whatever_its_handler_still_says() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served, connected(served) as client, connected(served) as own:
        session = await greeted(served)
        await own_stream(served, own, session)
        await client.send("POST", "/mcp", session, call("late", "c"))
        await asker.waiting.wait()
        await post(served, rpc("notifications/cancelled", {"requestId": "c"}, None), session)
        assert (await client.head())[0] == 202
        assert await client.part() == b""
        served.announcer.announce(["notifications/tools/list_changed"])
        (told,) = await messages(own, 1)
        assert told["method"] == "notifications/tools/list_changed"


async def test_what_comes_while_no_stream_is_open_is_kept_for_it() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served:
        session = await greeted(served)
        await post(served, rpc("tools/list"), session)
        for _ in range(2):
            await asker.session().notify("notifications/resources/updated", {})
            served.announcer.announce(["notifications/tools/list_changed"])
        async with connected(served) as own:
            await own.send("GET", "/mcp", session)
            kept = [message["method"] for message in await first_messages(own, 3)]
        assert kept == [
            "notifications/resources/updated",
            "notifications/tools/list_changed",
            "notifications/resources/updated",
        ]
        await asker.uncarried()
        served.announcer.announce(["notifications/tools/list_changed"])
        async with connected(served) as own:
            await own.send("GET", "/mcp", session)
            assert len(await first_messages(own)) == 1


async def test_the_sessions_own_stream_can_be_resumed_too() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served, connected(served) as again:
        session = await greeted(served)
        await post(served, rpc("tools/list"), session)
        async with connected(served) as own:
            await own_stream(served, own, session)
            await asker.session().notify("notifications/message", {})
            assert ids_in(await own.part()) == ["0-1"]
            await asker.session().notify("notifications/resources/updated", {})
            assert ids_in(await own.part()) == ["0-2"]
        await resumed(served, again, session, "0-1")
        assert [message["method"] for message in await messages(again, 1)] == ["notifications/resources/updated"]
        await asker.session().notify("notifications/message", {})
        assert len(await messages(again, 1)) == 1


async def test_a_stop_ends_the_own_stream_only_when_nothing_may_have_to_be_asked_on_it() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served, connected(served) as own, connected(served) as client:
        session = await greeted(served)
        await own_stream(served, own, session)
        await client.send("POST", "/mcp", session, call("wait"))
        await asker.waiting.wait()
        served.stop.set()
        await wait_all_tasks_blocked(0.01)
        await asker.session().notify("notifications/message", {})
        assert len(await messages(own, 1)) == 1
        asker.go_on.set()
        assert await own.part() == b""
        await served.stopped.wait()
        assert asker.released == [asker.session()]
