"""What a backend says arrives as it was said, unknown parts included: read from the wire, without the SDK's types."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.e2e import gateway
from tests.e2e.gateway import Gateway, Json
from tests.e2e.raw import LEGACY, MODERN, Raw
from tests.servers import echo

OURS = {"io.modelcontextprotocol/serverInfo"}
"""`_meta` that belongs to the hop and is stamped anew on each."""
MANY = 500


@pytest.fixture(scope="module")
def argus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    backends = {
        "old": gateway.stdio("echo.py", "--name", "old"),
        "new": gateway.stdio("echo.py", "--name", "new", "--era", "modern"),
        "many": gateway.stdio(
            "echo.py", "--tools", str(MANY), "--page-size", "7", filters={"resources": {"deny": ["*"]}}
        ),
    }
    with gateway.running({"backends": backends}, tmp_path_factory.mktemp("fidelity")) as running:
        yield running


@pytest.fixture(params=[LEGACY, "2025-03-26", MODERN])
def client(request: pytest.FixtureRequest, argus: Gateway) -> Raw:
    return Raw(argus.url, request.param)


def as_said(result: Json) -> Json:
    """A result without what this hop may add."""
    meta = {key: value for key, value in result.get("_meta", {}).items() if key not in OURS}
    rest = {key: value for key, value in result.items() if key not in {"_meta", "resultType", "ttlMs", "cacheScope"}}
    return {**rest, "_meta": meta} if meta else rest


@pytest.mark.parametrize("backend", ["old", "new"])
def test_a_strange_result_arrives_as_it_was_sent(client: Raw, backend: str) -> None:
    assert as_said(client.call(f"{backend}__strange")) == echo.tool_strange({})


@pytest.mark.parametrize("backend", ["old", "new"])
def test_a_failed_call_arrives_as_a_result(client: Raw, backend: str) -> None:
    assert as_said(client.call(f"{backend}__fail", text="no")) == echo.tool_fail({"text": "no"})


@pytest.mark.parametrize("backend", ["old", "new"])
def test_an_error_of_a_backend_arrives_unchanged(client: Raw, backend: str) -> None:
    error = client.error("tools/call", name=f"{backend}__refuse", arguments={"a": [1]})
    assert error == {"code": -32050, "message": "refused on purpose", "data": {"given": {"a": [1]}, "x": [1]}}


def test_a_tool_is_listed_with_all_that_was_said_of_it(client: Raw) -> None:
    listed = {tool["name"]: tool for tool in all_of(client, "tools/list", "tools")}
    assert listed["old__strange"] == {**echo.described("strange"), "name": "old__strange"}


def test_arguments_arrive_as_they_were_sent(client: Raw) -> None:
    arguments = {"text": "a\nb\u2028c\\", "float": 1.50, "deep": {"a": [[[]]]}, "null": None, "big": 2**63}
    assert json.loads(client.call("old__structured", **arguments)["content"][0]["text"]) == arguments


def test_every_page_of_a_long_list_is_followed(client: Raw) -> None:
    names = {tool["name"] for tool in all_of(client, "tools/list", "tools")}
    assert {f"many__tool_{number:04}" for number in range(MANY)} <= names


def test_a_result_of_three_megabytes_arrives_whole(client: Raw) -> None:
    assert len(client.call("old__big", bytes=3_000_000)["content"][0]["text"]) == 3_000_000


def test_resources_and_prompts_keep_what_nobody_knows(client: Raw) -> None:
    resources = {resource["uri"]: resource for resource in all_of(client, "resources/list", "resources")}
    assert resources["echo://plain"] == echo.RESOURCES[0]
    assert client.result("resources/read", uri="echo://plain")["contents"] == [echo.contents_of("echo://plain")]
    prompts = {prompt["name"]: prompt for prompt in all_of(client, "prompts/list", "prompts")}
    assert prompts["new__greet"] == {**echo.PROMPTS[0], "name": "new__greet"}
    assert client.result("prompts/get", name="new__greet", arguments={"who": "Ada"})["x-unknown"] == 5


def test_the_environment_of_a_backend_is_an_allow_list(argus: Gateway, client: Raw) -> None:
    environment = json.loads(client.call("old__environment")["content"][0]["text"])
    assert "PATH" in environment
    assert "PYTHONPATH" not in environment
    assert "PYTEST_CURRENT_TEST" not in environment


def all_of(client: Raw, method: str, key: str) -> list[Json]:
    """Every entry of a list, all pages of it."""
    page = client.result(method)
    entries: list[Json] = page[key]
    while cursor := page.get("nextCursor"):
        page = client.result(method, cursor=cursor)
        entries += page[key]
    return entries
