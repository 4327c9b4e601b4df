"""The modern edge through real sockets."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import msgspec
import pytest

from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.call.exchange import Call
from argus_trio.core.catalog.identity import GatewayIdentity
from argus_trio.wire.param_headers import ParamHeaders
from tests.frontend.support.serving import (
    IDENTITY,
    META,
    MODERN,
    ask,
    connected,
    events_in,
    modern,
    modern_headers,
    post,
    rpc,
    serving,
)

STAMP = {"io.modelcontextprotocol/serverInfo": {"name": "argus-trio", "title": "Argus", "version": "1.2.3"}}


async def test_discover_tells_who_answers() -> None:
    async with serving() as served:
        answer = await post(served, modern("server/discover"), modern_headers("server/discover"))
        assert answer.status == 200
        assert answer.json["result"] == {
            "resultType": "complete",
            "supportedVersions": [MODERN],
            "capabilities": {
                "tools": {"listChanged": True},
                "prompts": {"listChanged": True},
                "resources": {"subscribe": True, "listChanged": True},
                "logging": {},
                "completions": {},
            },
            "instructions": "be kind",
            "ttlMs": 0,
            "cacheScope": "private",
            "_meta": STAMP,
        }


async def test_a_call_needs_no_session_and_its_result_is_in_modern_words() -> None:
    async with serving() as served:
        params = {"name": "echo", "arguments": {"a": 1}}
        answer = await post(served, modern("tools/call", params, "x"), modern_headers("tools/call", "echo"))
        assert answer.status == 200
        assert "mcp-session-id" not in answer.headers
        assert answer.json == {
            "jsonrpc": "2.0",
            "id": "x",
            "result": {"resultType": "complete", "_meta": STAMP, "content": [{"type": "text", "text": '{"a":1}'}]},
        }
        listed = await post(served, modern("tools/list"), modern_headers("tools/list"))
        result = listed.json["result"]
        assert isinstance(result, dict)
        assert (result["ttlMs"], result["cacheScope"]) == (0, "private")


async def test_what_backends_say_of_themselves_is_gathered_for_discovery_alone() -> None:
    asked: list[GatewayIdentity] = []

    def identity() -> GatewayIdentity:
        asked.append(attrs.evolve(IDENTITY, instructions=f"asked {len(asked)} times before"))
        return asked[-1]

    async with serving(identity=identity) as served:
        before = len(asked)
        for number in range(3):
            await post(served, modern("tools/call", {"name": "echo"}, number), modern_headers("tools/call", "echo"))
        assert len(asked) == before
        answer = await post(served, modern("server/discover"), modern_headers("server/discover"))
        result = answer.json["result"]
        assert isinstance(result, dict)
        assert result["instructions"] == f"asked {before} times before"


async def test_what_belongs_to_the_hop_does_not_reach_the_handler() -> None:
    async with serving() as served:
        meta = {**META, "progressToken": "p", "traceparent": "00-1"}
        body = rpc("tools/call", {"name": "echo", "_meta": meta})
        await post(served, body, modern_headers("tools/call", "echo"))
        await post(served, modern("tools/call", {"name": "echo"}), modern_headers("tools/call", "echo"))
        first, second = (exchange.call for exchange in served.backstage.calls)
        assert msgspec.json.decode(first.params["_meta"]) == {"progressToken": "p", "traceparent": "00-1"}
        assert "_meta" not in second.params
        assert first.revision == MODERN


@pytest.mark.parametrize(
    ("meta", "code"),
    [
        (None, -32602),
        ({}, -32602),
        ({"io.modelcontextprotocol/protocolVersion": MODERN}, -32602),
        ({**META, "io.modelcontextprotocol/protocolVersion": 7}, -32602),
        ({**META, "io.modelcontextprotocol/clientCapabilities": []}, -32602),
        ({**META, "io.modelcontextprotocol/protocolVersion": "2025-11-25"}, -32020),
    ],
)
async def test_a_request_that_does_not_introduce_its_client_is_refused(
    meta: Mapping[str, object] | None, code: int
) -> None:
    async with serving() as served:
        params = {} if meta is None else {"_meta": meta}
        answer = await post(served, rpc("tools/list", params), modern_headers("tools/list"))
        assert (answer.status, answer.json["id"], answer.error[0]) == (400, 1, code)


@pytest.mark.parametrize(
    "change",
    [
        {"mcp-method": "tools/list"},
        {"mcp-name": "other"},
        {"mcp-name": "=?base64?!?="},
        {"Mcp-Name": "echo"},
        {"Mcp-Method": "tools/call"},
        {"mcp-protocol-version": "2025-11-25"},
        {"mcp-method": None},
        {"mcp-name": None},
        {"mcp-protocol-version": None},
    ],
)
async def test_headers_that_disagree_with_the_body_are_refused(change: Mapping[str, str | None]) -> None:
    async with serving() as served:
        headers = {**modern_headers("tools/call", "echo"), **change}
        sent = {name: value for name, value in headers.items() if value is not None}
        answer = await post(served, modern("tools/call", {"name": "echo"}), sent)
        assert (answer.status, answer.error[0]) == (400, -32020)
        assert not served.backstage.calls


@pytest.mark.parametrize("body", [modern("tools/list"), b'{"jsonrpc":"2.0","method":"x"}'])
async def test_a_revision_that_is_not_spoken_is_answered_with_those_that_are(body: bytes) -> None:
    async with serving() as served:
        headers = {**modern_headers("tools/list"), "mcp-protocol-version": "2031-01-01"}
        answer = await post(served, body, headers)
        assert answer.status == 400
        assert answer.error[0] == -32022
        error = answer.json["error"]
        assert isinstance(error, dict)
        assert error["data"] == {"requested": "2031-01-01", "supported": [MODERN]}


async def test_errors_carry_their_http_status() -> None:
    async with serving() as served:
        unknown = await post(served, modern("no/such"), modern_headers("no/such"))
        assert (unknown.status, unknown.error[0]) == (404, -32601)
        wrong = await post(served, modern("tools/call", {"name": "none"}), modern_headers("tools/call", "none"))
        assert (wrong.status, wrong.error[0]) == (400, -32602)
        fault = await post(served, modern("tools/call", {"name": "broken"}), modern_headers("tools/call", "broken"))
        assert (fault.status, fault.error[0]) == (200, -32603)


async def test_a_resource_that_is_gone_has_its_modern_code() -> None:
    async with serving() as served:
        body = modern("tools/call", {"name": "refused"})
        answer = await post(served, body, modern_headers("tools/call", "refused"))
        assert answer.status == 400
        assert answer.json["error"] == {"code": -32602, "message": "gone", "data": {"x": 1}}


async def test_what_comes_before_the_answer_makes_it_a_stream() -> None:
    async with serving() as served:
        body = rpc("tools/call", {"name": "progress", "_meta": {**META, "progressToken": 3}})
        answer = await post(served, body, modern_headers("tools/call", "progress"))
        progress, result = events_in(answer.body)
        assert progress["method"] == "notifications/progress"
        assert result["result"] == {"resultType": "complete", "_meta": STAMP, "content": []}


async def test_a_client_that_goes_cancels_its_call() -> None:
    async with serving() as served:
        async with connected(served) as client:
            body = modern("tools/call", {"name": "wait"})
            await client.send("POST", "/mcp", modern_headers("tools/call", "wait"), body)
            await served.backstage.waiting.wait()
        await served.backstage.cancelled.wait()


async def test_notifications_are_taken_and_responses_are_refused() -> None:
    async with serving() as served:
        note = await post(served, rpc("notifications/x", message_id=None), {"mcp-protocol-version": MODERN})
        assert note.status == 202
        answer = await post(served, b'{"jsonrpc":"2.0","id":1,"result":{}}', {"mcp-protocol-version": MODERN})
        assert (answer.status, answer.error[0]) == (400, -32600)


async def test_there_is_nothing_but_post() -> None:
    async with serving() as served:
        for method in ("GET", "DELETE"):
            answer = await ask(served, method, "/mcp", {"mcp-protocol-version": MODERN, "mcp-session-id": "x"})
            assert (answer.status, answer.headers["allow"]) == (405, "POST")


async def test_there_are_no_batches() -> None:
    async with serving() as served:
        answer = await post(served, b"[" + modern("tools/list") + b"]", modern_headers("tools/list"))
        assert (answer.status, answer.error[0]) == (400, -32600)


async def test_a_session_id_is_ignored() -> None:
    async with serving() as served:
        headers = {**modern_headers("tools/list"), "mcp-session-id": "nope"}
        assert (await post(served, modern("tools/list"), headers)).status == 200


async def test_a_modern_header_does_not_keep_initialize_from_the_legacy_edge() -> None:
    async with serving() as served:
        hello = rpc("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}})
        answer = await post(served, hello, {"mcp-protocol-version": MODERN})
        assert answer.status == 200
        assert answer.headers["mcp-session-id"]


async def test_initialize_in_modern_words_is_an_unknown_method() -> None:
    async with serving() as served:
        answer = await post(served, modern("initialize"), modern_headers("initialize"))
        assert (answer.status, answer.error[0]) == (404, -32601)


async def test_a_call_tells_what_its_client_can_be_asked_and_the_level_of_its_log() -> None:
    async with serving() as served:
        meta = {
            **META,
            "io.modelcontextprotocol/clientCapabilities": {"sampling": {"tools": {}}},
            "io.modelcontextprotocol/logLevel": "notice",
        }
        body = rpc("tools/call", {"name": "echo", "_meta": meta})
        await post(served, body, modern_headers("tools/call", "echo"))
        await post(served, modern("tools/call", {"name": "echo"}), modern_headers("tools/call", "echo"))
        first, second = (exchange.call for exchange in served.backstage.calls)
        assert (first.abilities, first.log_level) == (Abilities(sampling=True, sampling_tools=True), "notice")
        assert (second.abilities, second.log_level) == (NONE, None)


@pytest.mark.parametrize("level", ["loud", "DEBUG", 7, None])
async def test_a_log_level_that_is_none_is_refused(level: object) -> None:
    async with serving() as served:
        body = rpc("tools/list", {"_meta": {**META, "io.modelcontextprotocol/logLevel": level}})
        answer = await post(served, body, modern_headers("tools/list"))
        assert (answer.status, answer.error[0]) == (400, -32602)


async def wanted_headers(call: Call, tool: str) -> ParamHeaders | None:
    if call.abilities.has_any:
        return ((("region",), "Area"),)
    return ((("region",), "Region"), (("deep", "size"), "Size")) if tool == "echo" else None


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"mcp-param-region": "eu", "mcp-param-size": "42"}, 200),
        ({"mcp-param-region": "=?base64?ZXU=?=", "Mcp-Param-Size": "42.0"}, 200),
        ({"mcp-param-region": "eu"}, 400),
        ({"mcp-param-region": "us", "mcp-param-size": "42"}, 400),
        ({"mcp-param-region": "eu", "mcp-param-size": "43"}, 400),
    ],
)
async def test_arguments_that_a_tool_wants_in_headers_must_be_there_and_equal(
    sent: Mapping[str, str], status: int
) -> None:
    async with serving(param_headers=wanted_headers) as served:
        body = modern("tools/call", {"name": "echo", "arguments": {"region": "eu", "deep": {"size": 42}}})
        answer = await post(served, body, {**modern_headers("tools/call", "echo"), **sent})
        assert answer.status == status
        if status == 400:
            assert answer.error[0] == -32020
            assert not served.backstage.calls


@pytest.mark.parametrize(("header", "status"), [("mcp-param-area", 200), ("mcp-param-region", 400)])
async def test_what_a_tool_wants_in_headers_may_depend_on_what_its_client_can_be_asked(
    header: str, status: int
) -> None:
    meta = {**META, "io.modelcontextprotocol/clientCapabilities": {"sampling": {}}}
    async with serving(param_headers=wanted_headers) as served:
        body = rpc("tools/call", {"name": "echo", "arguments": {"region": "eu"}, "_meta": meta})
        answer = await post(served, body, {**modern_headers("tools/call", "echo"), header: "eu"})
        assert answer.status == status


async def test_other_tools_and_methods_want_no_headers() -> None:
    async with serving(param_headers=wanted_headers) as served:
        body = modern("tools/call", {"name": "big"})
        answer = await post(served, body, {**modern_headers("tools/call", "big"), "mcp-param-region": "x"})
        assert answer.status == 200
        assert (await post(served, modern("tools/list"), modern_headers("tools/list"))).status == 200
