"""A connection: ids and tokens per hop, deadlines, cancellation, lists, what the backend says on its own."""

from __future__ import annotations

import json

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.connection.connection import LOG_LEVEL_SECONDS
from argus_trio.backends.connection.notification_queue import CANCEL_NOTICE_SECONDS
from argus_trio.backends.listings.fetch import list_all
from argus_trio.backends.listings.pages import MAX_PAGES
from argus_trio.errors import (
    AnswerInvalid,
    BackendError,
    BackendMisbehaved,
    BackendUnavailable,
    DeadlineExceeded,
    LinkFailed,
)
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange, Json, Refusal
from tests.backends.support.talk import perform, talk


def call(name: str = "read", **meta: object) -> FakeExchange:
    return FakeExchange("tools/call", {"name": name, **({"_meta": meta} if meta else {})})


async def test_a_result_passes_as_the_bytes_it_came_in(autojump_clock: MockClock) -> None:
    async with talk(FakeBackend()) as t:
        assert json.loads(await perform(t, call())) == {"asked": "tools/call", "params": {"name": "read"}}
        assert len(t.connection.in_flight) == 0


async def test_a_backends_own_error_passes_unchanged(autojump_clock: MockClock) -> None:
    async def refuse(_params: Json) -> Json:
        raise Refusal(-32099, "mine")

    async with talk(FakeBackend(answers={"tools/call": refuse})) as t:
        with pytest.raises(BackendError) as caught:
            await perform(t, call())
    assert json.loads(caught.value.encoded) == {"code": -32099, "message": "mine"}


async def test_a_result_that_is_no_object_is_misbehaviour(autojump_clock: MockClock) -> None:
    async def garbage(_params: Json) -> Json:
        return [1]  # type: ignore[return-value]  # the garbage

    async with talk(FakeBackend(answers={"tools/call": garbage})) as t:
        with pytest.raises(BackendMisbehaved, match="files"):
            await perform(t, call())


async def test_an_answer_that_is_none_is_misbehaviour_and_nothing_is_cancelled(autojump_clock: MockClock) -> None:
    async def nothing(_params: Json) -> Json:
        raise AnswerInvalid("it has neither")

    backend = FakeBackend(answers={"tools/call": nothing})
    async with talk(backend) as t:
        with pytest.raises(BackendMisbehaved, match="'files' misbehaved: it has neither"):
            await perform(t, call())
    assert "notifications/cancelled" not in [method for method, _ in backend.seen]


async def test_a_silent_backend_meets_the_deadline_and_is_told(autojump_clock: MockClock) -> None:
    async def never(_params: Json) -> Json:
        await trio.sleep_forever()
        raise AssertionError

    backend = FakeBackend(answers={"tools/call": never})
    async with talk(backend) as t:
        began = trio.current_time()
        with pytest.raises(DeadlineExceeded) as caught:
            await perform(t, call())
        assert trio.current_time() - began == pytest.approx(10)
        assert caught.value.data == {"backend": "files", "seconds": pytest.approx(10)}
        assert backend.seen[-1] == ("notifications/cancelled", {"requestId": 4})
        assert len(t.connection.in_flight) == t.link.waiting == 0


async def test_a_backend_that_does_not_answer_about_the_log_level_costs_no_call(autojump_clock: MockClock) -> None:
    async def never(_params: Json) -> Json:
        await trio.sleep_forever()
        raise AssertionError

    backend = FakeBackend(declares={"logging": {}}, answers={"logging/setLevel": never})
    async with talk(backend) as t:
        exchange = FakeExchange("tools/call", {"name": "read"}, log_level="debug")
        assert json.loads(await perform(t, exchange))["asked"] == "tools/call"
        assert trio.current_time() <= LOG_LEVEL_SECONDS
        assert t.link.waiting == 0


async def test_a_backend_that_is_slow_to_set_its_log_level_is_not_told_to_give_that_up(
    autojump_clock: MockClock,
) -> None:
    async def late(_params: Json) -> Json:
        await trio.sleep(LOG_LEVEL_SECONDS + 1)
        return {}

    backend = FakeBackend(declares={"logging": {}}, answers={"logging/setLevel": late})
    with capture_logs() as logs:
        async with talk(backend) as t:
            for _ in range(2):
                await perform(t, FakeExchange("tools/call", {"name": "read"}, log_level="debug"))
            methods = [method for method, _ in backend.seen]
    assert methods.count("logging/setLevel") == 1
    assert "notifications/cancelled" not in methods
    (entry,) = [entry for entry in logs if entry["event"] == "log_level_unanswered"]
    assert (entry["backend"], entry["wanted"], entry["seconds"]) == ("files", "debug", LOG_LEVEL_SECONDS)


async def test_progress_extends_the_deadline_up_to_the_maximum(autojump_clock: MockClock) -> None:
    async def slow(params: Json) -> Json:
        token = params["_meta"]["progressToken"]  # type: ignore[index]  # as sent
        while True:
            await trio.sleep(8)
            await backend.links[0].says("notifications/progress", {"progressToken": token, "progress": 1})

    backend = FakeBackend(answers={"tools/call": slow})
    async with talk(backend) as t:
        began = trio.current_time()
        with pytest.raises(DeadlineExceeded):
            await perform(t, call(progressToken="mine"))
        assert trio.current_time() - began == pytest.approx(25)


async def test_progress_reaches_its_own_client_with_its_own_token_before_the_result(autojump_clock: MockClock) -> None:
    async def slow(params: Json) -> Json:
        token = params["_meta"]["progressToken"]  # type: ignore[index]  # as sent
        for done in range(3):
            await backend.links[0].says("notifications/progress", {"progressToken": token, "progress": done, "x": 1})
        return {}

    backend = FakeBackend(answers={"tools/call": slow})
    async with talk(backend) as t:
        one, other = call(progressToken="same"), call(progressToken="same")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(perform, t, one)
            nursery.start_soon(perform, t, other)
    sent = [params["_meta"]["progressToken"] for method, params in backend.seen if method == "tools/call"]  # type: ignore[index]
    assert len(set(sent)) == 2
    for exchange in (one, other):
        told = [("notifications/progress", {"progressToken": "same", "progress": n, "x": 1}) for n in range(3)]
        assert exchange.told == told


async def test_progress_for_a_call_that_is_over_is_dropped(autojump_clock: MockClock) -> None:
    async with talk(FakeBackend()) as t:
        exchange = call(progressToken=7)
        await perform(t, exchange)
        await t.link.says("notifications/progress", {"progressToken": 3, "progress": 1})
        await t.link.says("notifications/progress", {"progressToken": "odd"})
        await t.link.says("notifications/progress", {})
        await wait_all_tasks_blocked()
        assert exchange.told == []


async def test_a_cancelled_call_is_told_and_no_other_is(autojump_clock: MockClock) -> None:
    async def wait(params: Json) -> Json:
        await trio.sleep(5)
        return {}

    backend = FakeBackend(answers={"tools/call": wait})
    async with talk(backend) as t:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(perform, t, call())
            await wait_all_tasks_blocked()
            with trio.move_on_after(1):
                await perform(t, call())
        assert [m for m in backend.seen if m[0] == "notifications/cancelled"] == [
            ("notifications/cancelled", {"requestId": 5})
        ]


@pytest.mark.parametrize("is_slow", [True, False])
async def test_a_backend_that_does_not_take_a_cancellation_at_once_is_told_once_more(
    is_slow: bool, autojump_clock: MockClock
) -> None:
    async def never(_params: Json) -> Json:
        await trio.sleep_forever()
        raise AssertionError

    backend = FakeBackend(answers={"tools/call": never})
    async with talk(backend) as t:
        t.link.takes_seconds, t.link.refusals = (3.0, []) if is_slow else (0.0, [LinkFailed("it was busy")])
        began = trio.current_time()
        for _ in range(2):
            with trio.move_on_after(1):
                await perform(t, call())
        assert trio.current_time() - began <= 2 + 2 * CANCEL_NOTICE_SECONDS
        await trio.sleep(20)
        told = [params["requestId"] for method, params in backend.seen if method == "notifications/cancelled"]
        assert sorted(map(str, told)) == ["4", "5"]


async def test_a_cancellation_that_never_arrives_is_logged(autojump_clock: MockClock) -> None:
    async def never(_params: Json) -> Json:
        await trio.sleep_forever()
        raise AssertionError

    with capture_logs() as logs:
        async with talk(FakeBackend(answers={"tools/call": never})) as t:
            t.link.refusals = [LinkFailed("it was busy"), LinkFailed("it is gone")]
            with trio.move_on_after(1):
                await perform(t, call())
            await wait_all_tasks_blocked()
    (entry,) = [entry for entry in logs if entry["event"] == "backend_notification_untold"]
    assert (entry["backend"], entry["method"], entry["reason"]) == ("files", "notifications/cancelled", "it was busy")


async def test_where_the_closed_stream_says_it_no_notice_is_sent(autojump_clock: MockClock) -> None:
    async def never(_params: Json) -> Json:
        await trio.sleep_forever()
        raise AssertionError

    backend = FakeBackend(era=Era.MODERN, answers={"tools/call": never})
    async with talk(backend, cancels_by_notice=False) as t:
        with trio.move_on_after(1):
            await perform(t, call())
        assert t.link.sent == []


async def test_a_link_that_dies_answers_every_call_with_the_reason(autojump_clock: MockClock) -> None:
    async def die(_params: Json) -> Json:
        backend.links[0].die("exited with code 3", "Traceback", "boom")
        await trio.sleep_forever()
        raise AssertionError

    backend = FakeBackend(answers={"tools/call": die})
    async with talk(backend) as t:
        with pytest.raises(BackendUnavailable) as caught:
            await perform(t, call())
    assert "exited with code 3" in caught.value.message
    assert caught.value.data == {
        "backend": "files",
        "reason": "exited with code 3",
        "details": ["Traceback", "boom"],
    }


async def test_a_modern_backend_gets_the_reserved_meta_and_the_routing_headers(autojump_clock: MockClock) -> None:
    backend = FakeBackend(era=Era.MODERN)
    async with talk(backend) as t:
        await perform(t, call(trace="kept"))
    meta = backend.seen[-1][1]["_meta"]
    assert isinstance(meta, dict)
    assert meta["trace"] == "kept"
    assert meta["io.modelcontextprotocol/protocolVersion"] == "2026-07-28"
    assert meta["io.modelcontextprotocol/clientCapabilities"] == {}
    headers = dict(backend.headers[-1])
    assert headers["mcp-method"] == "tools/call"
    assert headers["mcp-name"] == "read"


async def test_what_a_client_says_of_itself_to_the_gateway_does_not_reach_the_backend(
    autojump_clock: MockClock,
) -> None:
    said = {"io.modelcontextprotocol/logLevel": "debug", "io.modelcontextprotocol/protocolVersion": "1999"}
    for era in Era:
        backend = FakeBackend(era=era)
        async with talk(backend) as t:
            await perform(t, call(trace="kept", **said))
        meta = backend.seen[-1][1]["_meta"]
        assert isinstance(meta, dict)
        assert meta["trace"] == "kept"
        assert "io.modelcontextprotocol/logLevel" not in meta
        assert meta.get("io.modelcontextprotocol/protocolVersion") != "1999"


@pytest.mark.parametrize("meta", [None, 7, "text", []])
async def test_a_meta_that_is_no_object_is_emptied(meta: object, autojump_clock: MockClock) -> None:
    backend = FakeBackend()
    async with talk(backend) as t:
        await perform(t, FakeExchange("tools/call", {"name": "read", "_meta": meta}))
    assert backend.seen[-1][1] == {"name": "read", "_meta": {}}


async def test_a_legacy_backend_gets_the_negotiated_version_as_header(autojump_clock: MockClock) -> None:
    backend = FakeBackend()
    async with talk(backend) as t:
        await perform(t, call())
    assert backend.headers[-1] == (("mcp-protocol-version", "2025-11-25"),)


async def test_every_page_of_a_list_is_followed(autojump_clock: MockClock) -> None:
    backend = FakeBackend(tools=[{"name": f"t{n}"} for n in range(25)], page_size=10)
    async with talk(backend) as t:
        assert [name for name, _ in await list_all(t.connection, "tools")] == [f"t{n}" for n in range(25)]


async def test_a_list_without_end_is_cut_and_one_that_turns_in_circles_too(autojump_clock: MockClock) -> None:
    async def endless(params: Json) -> Json:
        return {"tools": [{"name": "x"}], "nextCursor": str(int(str(params.get("cursor", 0))) + 1)}

    async def circle(_params: Json) -> Json:
        return {"tools": [{"name": "x"}], "nextCursor": "same"}

    async with talk(FakeBackend(answers={"tools/list": endless})) as t:
        assert len(await list_all(t.connection, "tools")) == MAX_PAGES
    async with talk(FakeBackend(answers={"tools/list": circle})) as t:
        assert len(await list_all(t.connection, "tools")) == 2


async def test_entries_that_are_none_are_left_out_and_the_rest_stays(autojump_clock: MockClock) -> None:
    async def mixed(_params: Json) -> Json:
        return {"tools": [{"name": "good"}, {"name": 7}, "text", {}, None]}

    async with talk(FakeBackend(answers={"tools/list": mixed})) as t:
        assert [name for name, _ in await list_all(t.connection, "tools")] == ["good"]


@pytest.mark.parametrize("result", [{}, {"tools": {}}, {"tools": None}])
async def test_a_list_result_without_a_list_is_refused(result: Json, autojump_clock: MockClock) -> None:
    async def odd(_params: Json) -> Json:
        return result

    async with talk(FakeBackend(answers={"tools/list": odd})) as t:
        with pytest.raises(LinkFailed, match="tools/list"):
            await list_all(t.connection, "tools")


async def test_a_ping_is_answered_and_what_was_not_declared_is_refused(autojump_clock: MockClock) -> None:
    async with talk(FakeBackend()) as t:
        t.link.sent.clear()
        await t.link.asks("ping")
        await t.link.asks("roots/list")
        await wait_all_tasks_blocked()
        answers = [json.loads(body) for body in t.link.sent]
    assert {"jsonrpc": "2.0", "id": "q1", "result": {}} in answers
    assert [a["error"]["code"] for a in answers if "error" in a] == [-32601]


async def test_a_changed_list_is_reported_by_kind(autojump_clock: MockClock) -> None:
    async with talk(FakeBackend()) as t:
        await t.link.says("notifications/resources/list_changed", {})
        await t.link.says("notifications/tools/list_changed", {})
        assert t.changed == ["resources", "templates", "tools"]


@pytest.mark.parametrize(
    "error",
    [
        {"code": -32000, "message": None, "data": "the disk is full, s3cret"},
        {"code": "E_DISK", "message": "the disk is full, s3cret"},
        "the disk is full, s3cret",
        {"error": ["the disk is full, s3cret"]},
        [1, "the disk is full, s3cret"],
    ],
)
@pytest.mark.parametrize("era", list(Era))
async def test_an_error_that_is_no_error_object_is_quoted_without_secrets(
    error: object, era: Era, autojump_clock: MockClock
) -> None:
    async def refuse(_params: Json) -> Json:
        refusal = Refusal(1, "")
        refusal.error = error  # type: ignore[assignment]  # what it is for
        raise refusal

    async with talk(FakeBackend(era=era, answers={"tools/call": refuse})) as t:
        t.connection.redact.learn(["s3cret"])
        with pytest.raises(BackendMisbehaved) as caught:
            await perform(t, call())
    assert "the disk is full, [redacted]" in json.dumps(caught.value.data)
    assert "s3cret" not in json.dumps(caught.value.data) + str(caught.value)


async def test_why_an_answer_is_none_is_told_without_secrets(autojump_clock: MockClock) -> None:
    async def nothing(_params: Json) -> Json:
        raise AnswerInvalid("it answered 99 for 4, and said s3cret")

    async with talk(FakeBackend(answers={"tools/call": nothing})) as t:
        t.connection.redact.learn(["s3cret"])
        with pytest.raises(BackendMisbehaved, match="answered 99 for 4") as caught:
            await perform(t, call())
    assert "s3cret" not in str(caught.value)
