"""Clients that stray from the specification where only one thing can be meant: on every edge, in both eras."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from urllib.parse import urljoin

import pytest

from argus_trio.config.model.server import Server
from argus_trio.core.call.abilities import Abilities
from tests.frontend.support.asking import Asker, asking, first_messages, greeted, messages
from tests.frontend.support.http_sse import conversing, say
from tests.frontend.support.serving import (
    JSON,
    META,
    Answer,
    Served,
    ask,
    call,
    connected,
    events_in,
    ids_in,
    initialized,
    modern,
    modern_headers,
    post,
    rpc,
    serving,
)

EVENTS = "text/event-stream"
EDGES = ["legacy", "modern", "sse"]
BOM = b"\xef\xbb\xbf"


async def result_on(edge: str, served: Served, method: str, params: Mapping[str, object], raw: bytes = b"") -> object:
    """The result of a request on one edge; its body is `raw`, if that is given, with META in place of `"META"`."""
    meta = params.get("_meta") or {}
    assert isinstance(meta, dict)
    sent = {**params, "_meta": {**meta, **META}} if edge == "modern" else dict(params)
    body = raw.replace(b'"META"', json.dumps(META if edge == "modern" else {}).encode()) or rpc(method, sent, 7)
    if edge == "sse":
        async with conversing(served) as (client, path):
            assert (await say(served, path, body)).status == 202
            (answered,) = events_in(await client.part())
    elif edge == "modern":
        name = params.get("name")
        answered = (await post(served, body, modern_headers(method, None if name is None else str(name)))).json
    else:
        answered = (await post(served, body, await initialized(served))).json
    assert "result" in answered, answered
    return answered["result"]


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize(
    ("method", "params", "dropped"),
    [
        ("tools/list", {"cursor": None}, "cursor"),
        ("tools/list", {"cursor": ""}, "cursor"),
        ("tools/call", {"name": "echo", "arguments": None}, "arguments"),
        ("tools/call", {"name": "echo", "task": None}, "task"),
    ],
)
async def test_null_counts_as_absent(edge: str, method: str, params: Mapping[str, object], dropped: str) -> None:
    async with serving() as served:
        await result_on(edge, served, method, params)
        assert dropped not in served.backstage.calls[0].call.params


@pytest.mark.parametrize("edge", EDGES)
async def test_a_progress_token_that_is_null_is_none(edge: str) -> None:
    async with serving() as served:
        await result_on(edge, served, "tools/call", {"name": "echo", "_meta": {"progressToken": None, "x": None}})
        assert json.loads(bytes(served.backstage.calls[0].call.params["_meta"])) == {"x": None}


@pytest.mark.parametrize("edge", ["legacy", "sse"])
@pytest.mark.parametrize("params", [b"null", b'{"_meta":null}'])
async def test_params_and_meta_that_are_null_are_none(edge: str, params: bytes) -> None:
    async with serving() as served:
        raw = b'{"jsonrpc":"2.0","id":7,"method":"tools/list","params":%b}' % params
        await result_on(edge, served, "tools/list", {}, raw)
        assert served.backstage.calls[0].call.params == {}


@pytest.mark.parametrize("declared", [None, {"sampling": None, "experimental": None, "roots": None}])
async def test_a_client_whose_capabilities_are_null_can_be_asked_nothing(declared: object) -> None:
    async with serving() as served:
        hello = {"protocolVersion": "2025-11-25", "capabilities": declared, "clientInfo": None}
        greeted = await post(served, rpc("initialize", hello))
        session = {"mcp-session-id": greeted.headers["mcp-session-id"]}
        await post(served, call("echo"), session)
        meta = {**META, "io.modelcontextprotocol/clientCapabilities": declared}
        body = rpc("tools/call", {"name": "echo", "_meta": meta})
        assert (await post(served, body, modern_headers("tools/call", "echo"))).status == 200
        calls = [exchange.call for exchange in served.backstage.calls]
        assert [(each.abilities, dict(each.capabilities)) for each in calls] == [(Abilities(), {})] * 2


async def test_a_part_of_a_capability_that_is_null_is_not_declared() -> None:
    async with serving() as served:
        declared = {"elicitation": {"form": {}, "url": None}, "sampling": {"tools": None, "context": None}}
        greeted = await post(served, rpc("initialize", {"protocolVersion": "2025-11-25", "capabilities": declared}))
        await post(served, call("echo"), {"mcp-session-id": greeted.headers["mcp-session-id"]})
        assert served.backstage.calls[0].call.abilities == Abilities(form=True, sampling=True)


async def test_of_a_method_that_no_specification_knows_null_means_null() -> None:
    async with serving() as served:
        await post(served, rpc("made/up", {"cursor": None, "task": None}), await initialized(served))
        assert json.loads(bytes(served.backstage.calls[0].call.params["task"])) is None
        assert "cursor" in served.backstage.calls[0].call.params


async def test_a_notification_with_an_id_of_null_is_one_and_a_request_is_refused() -> None:
    async with serving() as served:
        session = await initialized(served)
        told = b'{"jsonrpc":"2.0","id":null,"method":"notifications/initialized","params":null}'
        assert (await post(served, told, session)).status == 202
        assert (await post(served, told.replace(b"notifications/initialized", b"ping"), session)).status == 400


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize(
    ("half", "mended"), [(rb"a\ud83d", "a\ufffd"), (rb"\udc00b", "\ufffdb"), (rb"\uD83Dx", "\ufffdx")]
)
async def test_half_an_emoji_in_an_argument_arrives_as_a_replacement(edge: str, half: bytes, mended: str) -> None:
    async with serving() as served:
        raw = (
            b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","_meta":"META",'
            b'"arguments":{"half":"%b","whole":"\\ud83d\\ude00"}}}'
        ) % half
        await result_on(edge, served, "tools/call", {"name": "echo"}, raw)
        arguments = json.loads(bytes(served.backstage.calls[0].call.params["arguments"]))
        assert arguments == {"half": mended, "whole": "\U0001f600"}


@pytest.mark.parametrize("edge", EDGES)
async def test_a_byte_order_mark_before_a_message_does_no_harm(edge: str) -> None:
    async with serving() as served:
        raw = b'%b{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"_meta":"META"}}' % BOM
        assert await result_on(edge, served, "tools/list", {}, raw)


async def test_a_byte_order_mark_before_a_batch_does_no_harm_and_its_members_are_read_alike() -> None:
    async with serving() as served:
        session = await initialized(served, "2025-03-26")
        body = BOM + b"[" + rpc("tools/list", {"cursor": None}) + b"," + rpc("notifications/x", message_id=None) + b"]"
        (answered,) = json.loads((await post(served, body, session)).body)
        assert "result" in answered
        assert served.backstage.calls[0].call.params == {}


async def test_an_ask_is_answered_with_an_error_of_null_beside_the_result() -> None:
    asker = Asker()
    async with serving(backstage=asker) as served, connected(served) as client:
        session = await greeted(served)
        await client.send("POST", "/mcp", session, asking("roots/list"))
        (asked,) = await first_messages(client)
        body = json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": {"roots": 1}, "error": None}).encode()
        assert (await post(served, body, session)).status == 202
        await messages(client, 1)
        assert [json.loads(outcome) for outcome in asker.outcomes] == [{"roots": 1}]


@pytest.mark.parametrize("members", [{}, {"result": None, "error": None}, {"result": {}, "error": {"code": 1}}])
@pytest.mark.parametrize("revision", ["2025-03-26", "2025-11-25", "sse"])
async def test_an_answer_that_cannot_be_read_ends_what_was_asked_at_once(
    revision: str, members: Mapping[str, object]
) -> None:
    asker = Asker()
    async with serving(backstage=asker) as served, conversing(served) as (stream, path), connected(served) as client:
        if revision == "sse":
            hello = {"protocolVersion": "2024-11-05", "capabilities": {"roots": {}}}
            await say(served, path, rpc("initialize", hello))
            await messages(stream, 1)
            await say(served, path, asking("roots/list"))
            (asked,) = await messages(stream, 1)
            refused = await say(served, path, json.dumps({"jsonrpc": "2.0", "id": asked["id"], **members}).encode())
            await messages(stream, 1)
        else:
            session = await greeted(served, revision)
            await client.send("POST", "/mcp", session, asking("roots/list"))
            (asked,) = await first_messages(client)
            body = json.dumps({"jsonrpc": "2.0", "id": asked["id"], **members}).encode()
            is_batch = revision == "2025-03-26"
            refused = await post(served, b"[%b]" % body if is_batch else body, session)
            await messages(client, 1)
        assert b"a message needs" in refused.body
        (outcome,) = asker.outcomes
        assert "cannot be read" in json.loads(outcome)["message"]


@pytest.mark.parametrize("name", ["resourceSubscriptions", "taskIds"])
async def test_a_client_that_listens_to_null_listens_to_none_of_these(name: str) -> None:
    async with serving() as served, connected(served) as client:
        body = modern("subscriptions/listen", {"notifications": {name: None, "toolsListChanged": True}})
        await client.send("POST", "/mcp", modern_headers("subscriptions/listen"), body)
        (acknowledged,) = await first_messages(client)
        params = acknowledged["params"]
        assert isinstance(params, dict)
        assert params["notifications"] == {"toolsListChanged": True}


def the_event(answer: Answer) -> dict[str, object]:
    assert (answer.status, answer.headers["content-type"]) == (200, EVENTS)
    (message,) = events_in(answer.body)
    return message


@pytest.mark.parametrize("revision", ["2025-03-26", "2025-06-18", "2025-11-25"])
async def test_a_legacy_client_that_takes_event_streams_alone_is_answered_with_one(revision: str) -> None:
    async with serving() as served:
        hello = {"protocolVersion": revision, "capabilities": {}}
        greeted = await post(served, rpc("initialize", hello), {"accept": EVENTS})
        assert "protocolVersion" in str(the_event(greeted)["result"])
        session = {"mcp-session-id": greeted.headers["mcp-session-id"], "accept": EVENTS}
        answer = await post(served, call("echo"), session)
        assert "result" in the_event(answer)
        assert ids_in(answer.body)
        assert "error" in the_event(await post(served, call("none"), session))
        told = rpc("notifications/initialized", message_id=None)
        assert (await post(served, told, session)).status == 202


async def test_a_batch_of_a_client_that_takes_event_streams_alone_is_answered_with_one() -> None:
    async with serving() as served:
        session = {**await initialized(served, "2025-03-26"), "accept": EVENTS}
        answer = await post(served, b"[" + call("echo", 1) + b"," + call("echo", 2) + b"]", session)
        assert (answer.status, answer.headers["content-type"]) == (200, EVENTS)
        assert answer.body.count(b'"result"') == 2


async def test_a_modern_client_that_takes_event_streams_alone_is_answered_with_one() -> None:
    async with serving() as served:
        for method, name in (("server/discover", None), ("tools/list", None), ("tools/call", "echo")):
            body = modern(method, {} if name is None else {"name": name})
            answer = await post(served, body, {**modern_headers(method, name), "accept": EVENTS})
            assert "result" in the_event(answer)
        refused = await post(served, modern("made/up"), {**modern_headers("made/up"), "accept": EVENTS})
        assert (refused.status, refused.headers["content-type"]) == (404, JSON)


async def test_clients_that_do_not_say_what_they_take_get_json_and_the_stream_that_they_ask_for() -> None:
    async with serving() as served, connected(served) as client:
        session = await initialized(served)
        del session["accept"]
        for headers, body in ((session, call("echo")), (modern_headers("tools/list"), modern("tools/list"))):
            sent = {name: value for name, value in headers.items() if name != "accept"}
            answer = await ask(served, "POST", "/mcp", sent, body)
            assert (answer.status, answer.headers["content-type"]) == (200, JSON)
        await client.send("GET", "/mcp", session)
        status, found = await client.head()
        assert (status, found["content-type"]) == (200, EVENTS)


@pytest.mark.parametrize("edge", EDGES)
async def test_a_compressed_request_is_refused_with_what_would_be_taken(edge: str) -> None:
    async with serving() as served, conversing(served) as (_, path):
        body, extra = gzip.compress(call("echo")), {"content-encoding": "gzip"}
        if edge == "sse":
            answer = await ask(served, "POST", path, {"content-type": JSON, **extra}, body)
        elif edge == "legacy":
            answer = await post(served, body, {**await initialized(served), **extra})
        else:
            answer = await post(served, body, {**modern_headers("tools/call", "echo"), **extra})
        assert (answer.status, answer.headers["accept-encoding"]) == (415, "identity")
        assert "compressed" in answer.error[1]
        assert not served.backstage.calls


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        ("http://127.0.0.1:9000/mcp", "evil.example", 200),
        ("HTTPS://LocalHost/mcp", "evil.example", 200),
        ("http://evil.example/mcp", "127.0.0.1", 421),
        ("http://evil.example@127.0.0.1/mcp", "127.0.0.1", 421),
        ("http://127.0.0.1", "127.0.0.1", 404),
        ("ftp://127.0.0.1/mcp", "127.0.0.1", 404),
    ],
)
async def test_a_target_in_absolute_form_says_which_host_is_meant(target: str, host: str, status: int) -> None:
    async with serving(settings=Server(port=0)) as served:
        headers = {**modern_headers("server/discover"), "host": host}
        assert (await ask(served, "POST", target, headers, modern("server/discover"))).status == status


@pytest.mark.parametrize("path", ["/sse", "/sse/"])
async def test_a_relative_endpoint_leads_to_the_session_from_both_spellings_of_the_streams_path(path: str) -> None:
    async with serving() as served, connected(served) as client:
        await client.send("GET", path, {"accept": EVENTS})
        await client.head()
        told = (await client.part()).decode().splitlines()[1].removeprefix("data: ")
        assert (await say(served, urljoin(path, told), call("echo"))).status == 202
        assert "result" in events_in(await client.part())[0]


@pytest.mark.parametrize(
    ("path", "agent", "told"),
    [
        ("/sse", "python-httpx/0.28", "messages/?session_id="),
        ("/sse/", "node", "messages/?session_id="),
        ("/sse", "Java-http-client/21.0.2", "/messages/?session_id="),
        ("/sse", "ReactorNetty/1.2.0", "/messages/?session_id="),
    ],
)
async def test_the_endpoint_is_told_relative_to_the_stream_unless_the_client_appends_it_to_its_host(
    path: str, agent: str, told: str
) -> None:
    async with serving() as served, connected(served) as client:
        await client.send("GET", path, {"accept": EVENTS, "user-agent": agent})
        await client.head()
        assert (await client.part()).decode().splitlines()[1].startswith(f"data: {told}")


@pytest.mark.parametrize("edge", ["legacy", "sse"])  # a modern request's params are never empty
async def test_params_that_are_an_empty_array_are_none(edge: str) -> None:
    body = b'{"jsonrpc":"2.0","id":7,"method":"tools/list","params":[]}'
    async with serving() as served:
        assert await result_on(edge, served, "tools/list", {}, body)
        assert served.backstage.calls[0].call.params == {}
