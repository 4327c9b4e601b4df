"""The legacy edge through real sockets."""

from __future__ import annotations

import pytest
import trio
from structlog.testing import capture_logs

from tests.frontend.support.serving import BOTH, JSON, ask, call, connected, events_in, initialized, post, rpc, serving


@pytest.mark.parametrize(
    ("asked", "agreed"),
    [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        ("1999-01-01", "2025-11-25"),
    ],
)
async def test_initialize_settles_on_a_legacy_revision(asked: str, agreed: str) -> None:
    async with serving() as served:
        answer = await post(served, rpc("initialize", {"protocolVersion": asked, "capabilities": {}}))
        result = answer.json["result"]
        assert result == {
            "protocolVersion": agreed,
            "capabilities": {
                "tools": {"listChanged": True},
                "prompts": {"listChanged": True},
                "resources": {"subscribe": True, "listChanged": True},
                "logging": {},
                "completions": {},
            },
            "serverInfo": {"name": "argus-trio", "title": "Argus", "version": "1.2.3"},
            "instructions": "be kind",
        }
        assert answer.headers["content-type"] == JSON
        assert answer.headers["mcp-session-id"]


@pytest.mark.parametrize("params", [{}, {"protocolVersion": 1}, {"protocolVersion": "2025-06-18", "capabilities": 3}])
async def test_initialize_with_wrong_params_is_refused(params: dict[str, object]) -> None:
    async with serving() as served:
        answer = await post(served, rpc("initialize", params))
        assert answer.status == 400
        assert answer.error[0] == -32602


async def test_calls_are_answered_in_plain_json_on_one_connection() -> None:
    async with serving() as served:
        session = await initialized(served)
        async with connected(served) as client:
            for number in range(3):
                body = call("echo", f"id-{number}", arguments={"n": number})
                answer = await client.ask("POST", "/mcp", session, body)
                assert (answer.status, answer.headers["content-type"]) == (200, JSON)
                assert answer.json["id"] == f"id-{number}"
        seen = served.backstage.calls[0].call
        assert (seen.revision, bytes(seen.capabilities["roots"])) == ("2025-11-25", b"{}")


async def test_ping_is_answered_by_the_edge() -> None:
    async with serving() as served:
        answer = await post(served, rpc("ping"), await initialized(served))
        assert answer.body == b'{"jsonrpc":"2.0","id":1,"result":{}}'
        assert not served.backstage.calls


async def test_errors_of_a_valid_call_have_status_200() -> None:
    async with serving() as served:
        session = await initialized(served)
        unknown = await post(served, rpc("no/such"), session)
        assert (unknown.status, unknown.error[0]) == (200, -32601)
        refused = await post(served, call("refused"), session)
        assert b'"error":{"code":-32002,"message":"gone","data":{"x":1}}' in refused.body


async def test_a_fault_of_ours_shows_an_id_and_nothing_else() -> None:
    async with serving() as served:
        answer = await post(served, call("broken"), await initialized(served))
        assert answer.error[0] == -32603
        assert b"secret" not in answer.body


async def test_without_a_session_id_there_is_no_call() -> None:
    async with serving() as served:
        answer = await post(served, call("echo"))
        assert (answer.status, answer.json["id"], answer.error[0]) == (400, 1, -32600)
        assert "Mcp-Session-Id" in answer.error[1]


async def test_an_unknown_session_is_404() -> None:
    async with serving() as served:
        for method in ("POST", "GET", "DELETE"):
            headers = {"mcp-session-id": "nope", "accept": BOTH, "content-type": JSON}
            answer = await ask(served, method, "/mcp", headers, call("echo") if method == "POST" else b"")
            assert (answer.status, answer.error[0]) == (404, -32600)


@pytest.mark.parametrize("revision", ["2025-06-18", "2024-11-05", "2026-07-28"])
async def test_another_revision_than_agreed_is_taken_as_long_as_it_is_spoken_here(revision: str) -> None:
    async with serving() as served, connected(served) as client:
        session = {**await initialized(served), "mcp-protocol-version": revision}
        assert (await post(served, call("echo"), session)).status == 200
        assert (await post(served, rpc("notifications/initialized", message_id=None), session)).status == 202
        assert served.backstage.calls[0].call.revision == "2025-11-25"
        await client.send("GET", "/mcp", {**session, "accept": "text/event-stream"})
        assert (await client.head())[0] == 200
        assert (await ask(served, "DELETE", "/mcp", session)).status == 204


async def test_a_revision_that_is_not_spoken_is_refused_within_a_session_too() -> None:
    async with serving() as served:
        session = {**await initialized(served), "mcp-protocol-version": "1999-01-01"}
        assert (await post(served, call("echo"), session)).status == 400


async def test_a_missing_revision_header_is_fine_within_a_session() -> None:
    async with serving() as served:
        session = await initialized(served)
        del session["mcp-protocol-version"]
        assert (await post(served, call("echo"), session)).status == 200


async def test_delete_ends_the_session_and_its_calls() -> None:
    async with serving() as served:
        session = await initialized(served)
        async with connected(served) as client:
            await client.send("POST", "/mcp", session, call("wait"))
            await served.backstage.waiting.wait()
            assert (await ask(served, "DELETE", "/mcp", session)).status == 204
            await served.backstage.cancelled.wait()
            assert (await client.head())[0] == 202
        assert (await post(served, call("echo"), session)).status == 404


async def test_notifications_and_responses_are_taken_without_an_answer() -> None:
    async with serving() as served:
        session = await initialized(served)
        for body in (
            rpc("notifications/initialized", message_id=None),
            b'{"jsonrpc":"2.0","id":7,"result":{}}',
            b'{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"x"}}',
        ):
            answer = await post(served, body, session)
            assert (answer.status, answer.body) == (202, b"")


async def test_what_comes_before_the_answer_makes_it_a_stream() -> None:
    async with serving() as served:
        session = await initialized(served)
        answer = await post(served, call("progress", 5, _meta={"progressToken": "t"}), session)
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["x-accel-buffering"] == "no"
        progress, result = events_in(answer.body)
        assert progress["params"] == {"progressToken": "t", "progress": 1}
        assert result == {"jsonrpc": "2.0", "id": 5, "result": {"content": []}}


async def test_a_client_that_takes_only_json_gets_only_json() -> None:
    async with serving() as served:
        session = {**await initialized(served), "accept": JSON}
        answer = await post(served, call("progress", 5, _meta={"progressToken": "t"}), session)
        assert answer.headers["content-type"] == JSON
        assert answer.json["id"] == 5


async def test_cancelled_ends_the_call_without_an_answer() -> None:
    async with serving() as served:
        session = await initialized(served)
        async with connected(served) as client:
            await client.send("POST", "/mcp", session, call("wait", "x"))
            await served.backstage.waiting.wait()
            cancelled = rpc("notifications/cancelled", {"requestId": "x"}, None)
            assert (await post(served, cancelled, session)).status == 202
            await served.backstage.cancelled.wait()
            assert (await client.head())[0] == 202
            assert await client.part() == b""


async def test_another_session_cannot_cancel_a_call() -> None:
    async with serving() as served:
        session, other = await initialized(served), await initialized(served)
        async with connected(served) as client:
            await client.send("POST", "/mcp", session, call("wait", "x"))
            await served.backstage.waiting.wait()
            await post(served, rpc("notifications/cancelled", {"requestId": "x"}, None), other)
            served.backstage.go_on.set()
            assert (await client.head())[0] == 200


async def test_a_lost_post_does_not_cancel_its_call() -> None:
    with capture_logs() as logs:
        await lose_a_post()
    assert not [entry for entry in logs if entry["log_level"] in ("warning", "error")]


async def lose_a_post() -> None:
    """Call, go away, and see that the call goes on to its end."""
    async with serving() as served:
        session = await initialized(served)
        async with connected(served) as client:
            await client.send("POST", "/mcp", session, call("wait", "x"))
            await served.backstage.waiting.wait()
        again = await post(served, call("echo", "x"), session)
        assert (again.status, again.error[0]) == (200, -32600)
        assert not served.backstage.cancelled.is_set()
        served.backstage.go_on.set()
        while b"error" in (await post(served, call("echo", "x"), session)).body:
            await trio.lowlevel.checkpoint()


async def test_a_batch_is_answered_at_its_one_revision() -> None:
    async with serving() as served:
        session = await initialized(served, "2025-03-26")
        members = [
            call("echo", 1),
            b"7",
            rpc("no/such", message_id=2),
            rpc("notifications/initialized", message_id=None),
        ]
        answer = await post(served, b" [" + b",".join(members) + b"]", session)
        assert answer.status == 200
        assert answer.body.startswith(b'[{"jsonrpc":"2.0","id":1,"result"')
        assert answer.body.count(b'"error"') == 2
        quiet = await post(served, b"[" + rpc("notifications/initialized", message_id=None) + b"]", session)
        assert (quiet.status, quiet.body) == (202, b"")


@pytest.mark.parametrize("revision", ["2024-11-05", "2025-06-18", "2025-11-25"])
async def test_a_batch_is_refused_at_every_other_revision(revision: str) -> None:
    async with serving() as served:
        answer = await post(served, b"[" + call("echo") + b"]", await initialized(served, revision))
        assert (answer.status, answer.error[0]) == (400, -32600)


@pytest.mark.parametrize("body", [b"[]", b"[" + b",".join([b"1"] * 129) + b"]", b"[1", b"[" * 100_000])
async def test_a_batch_that_is_none_is_refused(body: bytes) -> None:
    async with serving() as served:
        assert (await post(served, body, await initialized(served, "2025-03-26"))).status == 400


async def test_the_session_stream_tells_of_changes_once_each() -> None:
    async with serving() as served:
        session = await initialized(served)
        async with connected(served) as client:
            await client.send("GET", "/mcp", session)
            status, headers = await client.head()
            assert (status, headers["content-type"]) == (200, "text/event-stream")
            assert await client.part() == b"id: 0-0\nretry: 1000\ndata: \n\n"
            for _ in range(3):
                served.announcer.announce(["notifications/tools/list_changed", "notifications/unheard/of"])
            assert events_in(await client.part()) == [{"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}]


async def test_a_new_session_stream_takes_the_place_of_the_old() -> None:
    async with serving() as served:
        session = await initialized(served)
        async with connected(served) as old, connected(served) as new:
            await old.send("GET", "/mcp", session)
            await old.head()
            await new.send("GET", "/mcp", session)
            await new.head()
            assert events_in(b"".join([part async for part in old.parts()])) == []
            await new.part()
            served.announcer.announce(["notifications/prompts/list_changed"])
            assert b"prompts" in await new.part()


async def test_the_session_stream_needs_a_client_that_takes_one() -> None:
    async with serving() as served:
        session = {**await initialized(served), "accept": JSON}
        assert (await ask(served, "GET", "/mcp", session)).status == 406


async def test_a_session_is_known_as_long_as_its_stream_is_open() -> None:
    async with serving() as served:
        session = await initialized(served)
        async with connected(served) as client:
            await client.send("GET", "/mcp", session)
            await client.head()
        with trio.fail_after(5):
            assert (await post(served, call("echo"), session)).status == 200
