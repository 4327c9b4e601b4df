"""Resources behind two backends, read by clients whose libraries spell URIs otherwise than the backends do."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import mcp_types as types
import pytest
import trio
from pydantic import AnyUrl

from tests.e2e import gateway
from tests.e2e.clients import connected
from tests.e2e.gateway import Gateway

LISTED = ("note://shelf/a b.txt", "note://shelf/dös/日.md", "https://Docs.example.org")
HIDDEN = ("thing://shelf/not listed", "thing://shelf/ünlisted")
ERAS = ("legacy", "modern")
CLIENT_SECONDS = 60


def spelled(uri: str) -> str:
    """The URI as pydantic spells it."""
    return str(AnyUrl(uri))


def shelf(era: str, listed: tuple[str, ...], hidden: tuple[str, ...]) -> gateway.Json:
    return gateway.stdio("shelf.py", "--era", era, "--listed", *listed, "--hidden", *hidden)


@pytest.fixture(scope="module", params=ERAS)
def argus(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    backends = {
        "first": shelf(request.param, ("first://x",), ("first://shelf/hidden x",)),
        "second": shelf(request.param, LISTED, HIDDEN),
    }
    with gateway.running({"backends": backends}, tmp_path_factory.mktemp("spelled")) as running:
        yield running


@pytest.mark.parametrize("edge", ["legacy", "sse"])
def test_the_python_sdk_1_reads_and_hears_of_all_that_is_listed_and_linked(
    argus: Gateway, sdk1: str, edge: str
) -> None:
    command = [sdk1, str(Path(__file__).with_name("sdk1_client.py")), edge, argus.url, "first", "second"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=CLIENT_SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    own = ("first://x", "first://shelf/hidden x", *LISTED, *HIDDEN)
    assert told["read"] == {spelled(uri): f"text of {uri}" for uri in own}
    assert told["heard"] == sorted(map(spelled, own))


@pytest.mark.parametrize("edge", ["legacy", "modern"])
def test_the_python_sdk_2_does_so_in_the_spelling_of_pydantic(argus: Gateway, edge: str) -> None:
    async def converse() -> None:
        async with connected("modern" if edge == "modern" else "legacy", argus.url) as client:
            for uri in LISTED:
                (content,) = (await client.read_resource(spelled(uri))).contents
                assert isinstance(content, types.TextResourceContents)
                assert content.text == f"text of {uri}"
            result = await client.call_tool("second__link", {})
            links = [item.uri for item in result.content if isinstance(item, types.ResourceLink)]
            assert links == list(HIDDEN)
            for uri in links:
                (content,) = (await client.read_resource(spelled(uri))).contents
                assert isinstance(content, types.TextResourceContents)
                assert content.text == f"text of {uri}"

    trio.run(converse)


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("sse", ["sse"]),
        ("streamable-http", ["streamable-http", "--era", "legacy"]),
        ("streamable-http", ["streamable-http", "--era", "modern"]),
    ],
)
def test_a_scheme_in_capitals_is_found_over_every_transport(
    kind: str, arguments: list[str], served: Callable[..., int], tmp_path: Path
) -> None:
    port = served(*arguments, "--name", "SDK")
    url = f"http://127.0.0.1:{port}/{'sse' if kind == 'sse' else 'mcp'}"
    backends = {"first": shelf("legacy", ("first://x",), ()), "second": {"type": kind, "url": url}}

    async def converse(at: str) -> None:
        async with connected("legacy", at) as client:
            for uri, text in (("sdk://motto", "the motto of SDK"), ("sdk://double/4", "8")):
                (content,) = (await client.read_resource(uri)).contents
                assert isinstance(content, types.TextResourceContents)
                assert content.text == text

    with gateway.running({"backends": backends}, tmp_path) as running:
        trio.run(converse, running.url)


def test_what_is_nowhere_is_refused(argus: Gateway) -> None:
    async def converse() -> None:
        async with connected("legacy", argus.url) as client:
            with pytest.raises(Exception, match="unknown resource"):
                await client.read_resource("nowhere://x")

    trio.run(converse)
