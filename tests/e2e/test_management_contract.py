"""Every operation of the management API is asked of a real gateway, and its answer is what the contract says."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2
import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from argus_trio.contract.calls import ANSWER_ASK, CALL_EVENTS, CALL_TOOL, GET_PROMPT, READ_RESOURCE
from argus_trio.contract.clients import CANCEL_EXCHANGE, CLOSE_SESSION
from argus_trio.contract.control import SHUTDOWN
from argus_trio.contract.events import EVENT_STREAM, METRICS, EventEntry, FiguresEntry, HeartbeatEntry
from argus_trio.contract.openapi import openapi_document, operations
from argus_trio.contract.operation import Operation
from argus_trio.contract.problem import PROBLEMS
from argus_trio.contract.settings import EXPLAIN, OPENAPI, PROBLEM_PAGE, SET_LOG_LEVEL, LogLineEntry
from tests.e2e.child import ROOT
from tests.e2e.gateway import STOP_SECONDS, Gateway, running
from tests.e2e.raw import LEGACY, Raw

Json = dict[str, Any]

SECONDS = 30.0
NAMES = {"name": "b", "backend": "b", "word": "bad-request"}
QUERIES: Mapping[Operation, Json] = {EXPLAIN: {"principal": "anonymous", "name": "b__add"}}
BODIES: Mapping[Operation, Json] = {
    CALL_TOOL: {"tool": "b__add", "arguments": {"a": 1, "b": 2}},
    READ_RESOURCE: {"uri": "b://motto"},
    GET_PROMPT: {"name": "b__greet", "arguments": {"who": "Ada"}},
    ANSWER_ASK: {"result": {"action": "accept", "content": {"name": "Ada"}}},
    SET_LOG_LEVEL: {"level": "info"},
}
MEMBERS = {
    CALL_TOOL: {"tool", "backend", "content", "structuredContent", "isError"},
    READ_RESOURCE: {"uri", "backend", "contents"},
    GET_PROMPT: {"prompt", "backend", "messages"},
}
ASKED = sorted(operations(), key=lambda each: each is SHUTDOWN)
"""The one that ends it comes last."""


@pytest.fixture(scope="module")
def argus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("contract")
    server = ["-m", "tests.servers.featured", "stdio", "--name", "b", "--era", "legacy", "--journal", str(folder)]
    backend = {"type": "stdio", "command": sys.executable, "args": server, "env": {"PYTHONPATH": str(ROOT)}}
    with running({"server": {"watch": False}, "backends": {"b": backend}}, folder) as gateway:
        yield gateway


@contextmanager
def enabled(argus: Gateway) -> Iterator[httpx2.Client]:
    """What asks a gateway whose backend is there, whatever the test before did to it."""
    with httpx2.Client(base_url=f"{argus.url}/manage/v1", timeout=SECONDS) as http:
        assert http.post("/backends/b/enable").status_code == 200
        yield http


@contextmanager
def following(http: httpx2.Client, method: str, path: str, **more: Any) -> Iterator[Iterator[tuple[str, str]]]:
    """The events of a stream, each its name and its data."""
    with http.stream(method, path, headers={"accept": "text/event-stream"}, **more) as stream:
        assert (stream.status_code, stream.headers["content-type"]) == (200, "text/event-stream")
        yield events_of(stream.iter_lines())


def events_of(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, line.removeprefix("data: ")


@contextmanager
def ids_of(operation: Operation, argus: Gateway, http: httpx2.Client) -> Iterator[Json]:
    """The segments of an operation's path, of what is there as long as the block lasts."""
    if operation is CLOSE_SESSION:
        Raw(argus.url, LEGACY)
        yield {"id": http.get("/sessions").json()["sessions"][0]["id"]}
    elif operation in (CANCEL_EXCHANGE, ANSWER_ASK):
        body = {"tool": "b__ask_form", "capabilities": {"elicitation": {}}}
        with following(http, "POST", "/tools/call", json=body) as events:
            (_, exchange), (_, ask) = next(events), next(events)
            yield {"id": json.loads(exchange)["id"], "ask": json.loads(ask)["id"]}
    else:
        yield NAMES


def is_whole(text: str | bytes, kind: type) -> bool:
    """Whether a text is a value of this type, none of its members too many or left out."""
    return bool(json.loads(msgspec.json.encode(msgspec.json.decode(text, type=kind))) == json.loads(text))


def test_the_events_of_the_journal_are_what_the_contract_says(argus: Gateway) -> None:
    kinds = {"heartbeat": HeartbeatEntry, "figures": FiguresEntry}
    with enabled(argus) as http:
        query = {"since": "2026-01-31T12:00:00Z", "figures": "true"}
        with following(http, "GET", EVENT_STREAM.path, params=query) as events:
            missing = {"heartbeat", "figures", "backend_ready"}
            while missing:
                name, data = next(events)
                assert is_whole(data, kinds.get(name, EventEntry)), (name, data)
                missing.discard(name)


def test_the_lines_of_a_followed_log_are_what_the_contract_says(argus: Gateway) -> None:
    with enabled(argus) as http, following(http, "GET", "/logs/b", params={"follow": "true"}) as events:
        name, data = next(events)
        assert (name, is_whole(data, LogLineEntry)) == ("line", True)


@pytest.mark.parametrize(
    ("tool", "told"), [("count", {"exchange", "progress"}), ("log_all", {"exchange", "log"}), ("ask_form", {"ask"})]
)
def test_the_events_of_a_call_are_what_the_contract_says(argus: Gateway, tool: str, told: set[str]) -> None:
    body = {"tool": f"b__{tool}", "arguments": {"upto": 1, "mark": "m"}, "capabilities": {"elicitation": {}}}
    asked = {**body, "log_level": "debug"}
    with enabled(argus) as http, following(http, "POST", "/tools/call", json=asked) as events:
        while told:
            name, data = next(events)
            assert is_whole(data, CALL_EVENTS[name]), (name, data)
            told = told - {name}


@pytest.mark.parametrize("operation", [each for each in ASKED if each is not EVENT_STREAM], ids=lambda each: each.path)
def test_an_operation_answers_as_the_contract_says(argus: Gateway, operation: Operation) -> None:
    with enabled(argus) as http, ids_of(operation, argus, http) as ids:
        path = operation.path.format(**ids)
        query, body = QUERIES.get(operation, {}), BODIES.get(operation)
        answer = http.request(operation.method, path, params=query, json=body)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].split(";")[0] == operation.media[0]
        assert ("etag" in answer.headers) == operation.has_etag
        assert answer.headers["cache-control"] == "no-store"
        if operation.answer is not None:
            assert is_whole(answer.content, operation.answer)
        else:
            assert TEXTS[operation](answer.text)
    if operation is SHUTDOWN:
        assert argus.child.wait(STOP_SECONDS) == 0


TEXTS: Mapping[Operation, Callable[[str], bool]] = {
    **{each: lambda text, each=each: json.loads(text).keys() == MEMBERS[each] for each in MEMBERS},  # type: ignore[misc]
    METRICS: lambda text: "argus_ready" in {family.name for family in text_string_to_metric_families(text)},
    OPENAPI: lambda text: bool(json.loads(text) == json.loads(json.dumps(openapi_document()))),
    PROBLEM_PAGE: lambda text: PROBLEMS["bad-request"].page in text,
}
"""What the answers that are of no type hold."""
