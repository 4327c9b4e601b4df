"""Calls by the management API through a real gateway, with httpx2 and with curl alone, at a backend of each kind."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import ExitStack, aclosing, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trio

from tests.e2e import gateway
from tests.e2e.cells import KINDS, Kind
from tests.e2e.child import ROOT, Child, serving
from tests.e2e.gateway import Gateway

Json = dict[str, Any]

SECONDS = 30.0
ABLE: Json = {"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {}}
ANSWERS: Json = {
    "elicitation/create": {"result": {"action": "accept", "content": {"name": "Ada"}}},
    "sampling/createMessage": {
        "result": {"role": "assistant", "content": {"type": "text", "text": "Paris"}, "model": "m"}
    },
    "roots/list": {"result": {"roots": [{"uri": "file:///work", "name": "work"}]}},
}
EVENTS = {"accept": "text/event-stream"}
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("journal")


@pytest.fixture(scope="module")
def argus(tmp_path_factory: pytest.TempPathFactory, journal: Path) -> Iterator[Gateway]:
    with ExitStack() as stack:
        backends: Json = {"both": gateway.stdio("both.py", "stdio", env={"PYTHONPATH": str(ROOT)})}
        for kind in KINDS:
            server = ("tests.servers.featured", kind.transport, "--name", kind.name, "--era", kind.era)
            arguments = [*server, "--journal", str(journal)]
            if kind.transport == "stdio":
                spec: Json = {"type": "stdio", "command": sys.executable, "args": ["-m", *arguments]}
                backends[kind.name] = {**spec, "env": {"PYTHONPATH": str(ROOT)}}
                continue
            server_process = stack.enter_context(Child([sys.executable, "-m", *arguments]))
            origin = f"http://127.0.0.1:{server_process.wait_for(serving)}"
            is_sse = kind.transport == "sse"
            backends[kind.name] = gateway.sse(f"{origin}/sse") if is_sse else gateway.http(f"{origin}/mcp")
        yield stack.enter_context(gateway.running({"backends": backends}, tmp_path_factory.mktemp("argus")))


@asynccontextmanager
async def asking(argus: Gateway) -> AsyncIterator[httpx2.AsyncClient]:
    with trio.fail_after(SECONDS):
        async with httpx2.AsyncClient(base_url=f"{argus.url}/manage/v1", timeout=SECONDS) as http:
            yield http


async def interactive(http: httpx2.AsyncClient, tool: str, arguments: Json | None = None, **more: object) -> list[Any]:
    """The events of a call, each a pair of name and data; its questions are answered."""
    events: list[Any] = []
    body = {"tool": tool, "arguments": arguments or {}, "capabilities": ABLE, **more}
    async with http.stream("POST", "/tools/call", json=body, headers=EVENTS) as stream:
        assert (stream.status_code, stream.headers["content-type"]) == (200, "text/event-stream")
        name = ""
        async for line in stream.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                events.append((name, json.loads(line.removeprefix("data: "))))
                if name == "ask":
                    asked = events[-1][1]
                    path = f"/exchanges/{events[0][1]['id']}/asks/{asked['id']}"
                    answered = await http.post(path, json=ANSWERS[asked["method"]])
                    assert answered.json() == {"answered": True}
    return events


@kinds
async def test_a_call_is_answered_with_the_result_beside_tool_and_backend(argus: Gateway, kind: Kind) -> None:
    async with asking(argus) as http:
        name = f"{kind.name}__add"
        answer = await http.post("/tools/call", json={"tool": name, "arguments": {"a": 10**30, "b": 1}})
        assert answer.status_code == 200
        body = answer.json()
        assert (body["tool"], body["backend"], body["isError"]) == (name, kind.name, False)
        assert body["structuredContent"] == {"total": 10**30 + 1, "server": kind.name}
        assert body.keys() == {"tool", "backend", "content", "structuredContent", "isError"}
        failed = await http.post("/tools/call", json={"tool": f"{kind.name}__fail"})
        assert (failed.status_code, failed.json()["isError"]) == (200, True)
        refused = await http.post("/tools/call", json={"tool": f"{kind.name}__refuse", "arguments": {"x": 1}})
        assert (refused.status_code, refused.json()["code"]) == (502, -32050)
        assert refused.json()["data"] == {"given": {"x": 1}}


@kinds
async def test_progress_and_log_messages_come_before_the_result(argus: Gateway, kind: Kind) -> None:
    async with asking(argus) as http:
        counted = await interactive(http, f"{kind.name}__count", {"upto": 2})
        logged = await interactive(http, f"{kind.name}__log_all", {"mark": "m"}, log_level="warning")
        unheard = await interactive(http, f"{kind.name}__log_all", {"mark": "m"})
    assert [name for name, _ in counted] == ["exchange", "progress", "progress", "result"]
    assert counted[1][1] == {"progress": 1, "total": 2, "message": "step 1"}
    levels = [event["level"] for name, event in logged if name == "log"]
    assert levels == ["warning", "error"]
    assert [name for name, _ in unheard] == ["exchange", "result"]


@kinds
async def test_whatever_a_tool_can_ask_is_asked_and_answered(argus: Gateway, kind: Kind) -> None:
    async with asking(argus) as http:
        for tool in ("ask_form", "ask_url", "ask_sample", "ask_roots", "ask_two", "ask_rounds"):
            events = await interactive(http, f"{kind.name}__{tool}")
            last, body = events[-1]
            assert (last, body["isError"]) == ("result", False), body
            assert [name for name, _ in events].count("ask") == (2 if tool in ("ask_two", "ask_rounds") else 1)
            if tool == "ask_form":
                assert body["structuredContent"]["user"]["content"] == {"name": "Ada"}


async def test_a_server_of_both_eras_whose_tools_ask_as_legacy_ones_do_can_ask_at_once(argus: Gateway) -> None:
    async with asking(argus) as http:
        events = await interactive(http, "both__who")
    assert events[-1][0] == "result"
    assert events[-1][1]["content"] == [{"type": "text", "text": "Ada"}]


async def test_resources_and_prompts_are_had_as_well(argus: Gateway) -> None:
    async with asking(argus) as http:
        shown = (await http.get("/backends")).json()["backends"]
        assert {backend["state"] for backend in shown} == {"ready"}
        uri = "stdio-modern://t1/x"
        read = await http.post("/resources/read", json={"uri": uri})
        assert (read.json()["uri"], read.json()["contents"][0]["text"]) == (uri, f"this is {uri}")
        nowhere = await http.post("/resources/read", json={"uri": "nothing://at/all"})
        assert (nowhere.status_code, nowhere.json()["error"]) == (404, "unknown_target")
        unknown = await http.post("/prompts/get", json={"name": "none"})
        assert (unknown.status_code, unknown.json()["error"]) == (404, "unknown_target")


def curled(argus: Gateway, *arguments: str, seconds: float = SECONDS) -> str:
    """What curl prints."""
    path, *rest = arguments
    command = ["curl", "-sS", "-N", "--max-time", f"{seconds:g}", f"{argus.url}/manage/v1{path}", *rest]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 5).stdout


def test_curl_alone_calls_a_tool_and_hears_how_it_goes(argus: Gateway) -> None:
    assert json.loads(
        curled(argus, "/tools/call", "--json", '{"tool":"stdio-legacy__echo","arguments":{"text":"hi"}}')
    ) == {
        "tool": "stdio-legacy__echo",
        "backend": "stdio-legacy",
        "content": [{"type": "text", "text": "hi"}],
        "isError": False,
    }
    body = '{"tool":"http-modern__count","arguments":{"upto":1}}'
    told = curled(
        argus, "/tools/call", "-H", "Content-Type: application/json", "-H", "Accept: text/event-stream", "-d", body
    )
    assert [line for line in told.splitlines() if line.startswith("event:")] == [
        "event: exchange",
        "event: progress",
        "event: result",
    ]


@kinds
async def test_curl_alone_answers_what_a_tool_asks(argus: Gateway, kind: Kind) -> None:
    body = json.dumps({"tool": f"{kind.name}__ask_form", "capabilities": {"elicitation": {}}})
    with trio.fail_after(SECONDS):
        async with curling(argus, body) as lines:
            exchange = json.loads(await anext(lines))["id"]
            ask = json.loads(await anext(lines))
            assert ask["method"] == "elicitation/create"
            path = f"/exchanges/{exchange}/asks/{ask['id']}"
            post = partial(curled, argus, path, "--json")
            wrong = json.loads(await trio.to_thread.run_sync(post, '{"result":{"action":"perhaps"}}'))
            assert wrong["error"] == "bad_request"
            answer = '{"result":{"action":"accept","content":{"name":"Bob"}}}'
            assert json.loads(await trio.to_thread.run_sync(post, answer)) == {"answered": True}
            result = json.loads(await anext(lines))
            assert result["structuredContent"]["user"]["content"] == {"name": "Bob"}
            again = json.loads(await trio.to_thread.run_sync(post, answer))
            assert again["error"] in ("unknown_ask", "unknown_exchange")


def test_the_script_of_the_page_answers_what_a_tool_asks(argus: Gateway) -> None:
    page = (ROOT / "docs" / "management.md").read_text()
    (script,) = re.findall(r"^```bash\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    if shutil.which("jq") is None:
        pytest.skip("jq is not there")
    command = ["bash", "-euc", script.replace("files__rename", "stdio-legacy__ask_form")]
    environ = {**os.environ, "ARGUS_URL": argus.url}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=SECONDS, check=True)
    assert json.loads(done.stdout)["structuredContent"]["user"]["content"] == {"name": "a"}


@kinds
async def test_curl_that_goes_cancels_its_call_at_the_backend(argus: Gateway, kind: Kind, journal: Path) -> None:
    token = uuid.uuid4().hex
    body = json.dumps({"tool": f"{kind.name}__wait", "arguments": {"token": token}})
    with trio.fail_after(SECONDS):
        async with curling(argus, body) as lines:
            assert "id" in json.loads(await anext(lines))
            await marked(journal, token, "waiting")
        await marked(journal, token, "cancelled")


async def test_who_manages_sees_a_call_and_cancels_it(argus: Gateway, journal: Path) -> None:
    token = uuid.uuid4().hex
    body = json.dumps({"tool": "stdio-modern__wait", "arguments": {"token": token}})
    async with asking(argus) as http, curling(argus, body) as lines:
        exchange = json.loads(await anext(lines))["id"]
        await marked(journal, token, "waiting")
        (shown,) = [each for each in (await http.get("/exchanges")).json()["exchanges"] if each["id"] == exchange]
        assert (shown["target"], shown["transport"], shown["client"]) == ("stdio-modern__wait", "management", "curl")
        assert (await http.post(f"/exchanges/{exchange}/cancel")).json() == {"id": exchange, "cancelled": True}
        error = json.loads(await anext(lines))
        assert (error["error"], error["status"], error["code"]) == ("call_cancelled", 409, -31017)
        await marked(journal, token, "cancelled")


@asynccontextmanager
async def curling(argus: Gateway, body: str) -> AsyncIterator[AsyncIterator[str]]:
    """A call by curl on an event stream, for the length of the block: the data of its events as they come."""
    command = ["curl", "-sS", "-N", f"{argus.url}/manage/v1/tools/call", "-H", "Accept: text/event-stream"]
    command += ["-H", "Content-Type: application/json", "-d", body]

    async with trio.open_nursery() as nursery:
        run = partial(trio.run_process, command, stdout=subprocess.PIPE, check=False)
        process: trio.Process = await nursery.start(run)
        async with aclosing(data_of(process)) as lines:
            yield lines
        process.terminate()


async def data_of(process: trio.Process) -> AsyncGenerator[str]:
    assert process.stdout is not None
    rest = b""
    async for chunk in process.stdout:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.startswith(b"data: "):
                yield line.removeprefix(b"data: ").decode()


async def marked(journal: Path, token: str, what: str) -> None:
    """Until a backend has marked that this happened to a call."""
    while not (journal / f"{token}.{what}").exists():  # noqa: ASYNC110
        await trio.sleep(0.02)  # another process has no event to wait for
