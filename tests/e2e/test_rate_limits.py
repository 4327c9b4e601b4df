"""Limits in the running gateway: who is refused keeps its session, and a reload keeps the count."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
from mcp import MCPError
from mcp.client import Client

from tests.e2e.clients import EDGES, Edge, connected, words
from tests.e2e.gateway import Gateway, Json, running, stdio, written
from tests.e2e.raw import LEGACY, MODERN, Raw

HOUR = {"scope": "principal", "per": 3600}
SOON = {"scope": "global", "calls": 1, "per": 1, "tools": ["echo__fail"]}


def config(*limits: Json, **more: object) -> Json:
    return {"backends": {"echo": stdio("echo.py")}, "middleware": [{"type": "rate_limit", "limits": limits}], **more}


@pytest.fixture(scope="module")
def argus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    limits = ({**HOUR, "calls": 2, "methods": ["prompts/list"]}, SOON)
    with running(config(*limits), tmp_path_factory.mktemp("limits")) as gateway:
        yield gateway


async def called_without_end(client: Client) -> None:
    while True:
        await client.call_tool("echo__fail", {})


@pytest.mark.parametrize("edge", EDGES)
async def test_a_client_of_an_sdk_is_refused_and_its_session_lives_on(argus: Gateway, edge: Edge) -> None:
    async with connected(edge, argus.url) as client:
        with pytest.raises(MCPError) as caught:
            await called_without_end(client)
        assert caught.value.error.code == -31012
        assert isinstance(caught.value.error.data, dict)
        assert caught.value.error.data["limit"] == {"scope": "global", "calls": 1, "per": 1, "tool": "echo__fail"}
        assert words(await client.call_tool("echo__echo", {"text": "here"})) == "here"
        await trio.sleep(caught.value.error.data["retryAfter"])
        await client.call_tool("echo__fail", {})
    argus.event("calls_limited", limit=SOON, latest="127.0.0.1")


def test_addresses_have_buckets_of_their_own_in_both_eras_together(argus: Gateway) -> None:
    clients = [Raw(argus.url, revision, source="127.0.0.2") for revision in (MODERN, LEGACY)]
    for client in clients:
        client.result("prompts/list")
    for client in clients:
        message, headers = client.message("prompts/list", {})
        status, _, body = client.post(message, **headers)
        assert status == 200
        assert b'"code":-31012' in body
    Raw(argus.url, MODERN, source="127.0.0.3").result("prompts/list")


def reloaded(argus: Gateway, limits: list[Json], folder: Path) -> None:
    """The gateway with other limits, which the next call meets."""
    written(config(*limits), folder, argus.mark)
    with urllib.request.urlopen(f"{argus.url}/manage/v1/reload", b"", timeout=20) as answer:
        assert answer.status == 200


def test_a_reload_keeps_the_count_of_a_limit_that_stays_and_begins_a_changed_one_anew(tmp_path: Path) -> None:
    limit = {**HOUR, "calls": 2}
    with running(config(limit), tmp_path) as argus:
        client = Raw(argus.url, MODERN)
        for _ in range(2):
            client.call("echo__echo", text="here")
        reloaded(argus, [limit, {"scope": "global", "calls": 1000, "per": 60}], tmp_path)
        error = client.error("tools/call", name="echo__echo", arguments={"text": "here"})
        assert 1700 < error["data"]["retryAfter"] <= 1800
        reloaded(argus, [{**limit, "calls": 3}], tmp_path)
        client.call("echo__echo", text="here")
