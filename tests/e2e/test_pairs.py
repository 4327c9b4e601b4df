"""Every edge to every kind of backend: lists, calls, reads and gets, with the SDK on both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import get_args

import pytest
import trio
from mcp.shared.exceptions import MCPError

from tests.e2e import gateway
from tests.e2e.clients import EDGES, Edge, connected, words
from tests.e2e.gateway import Gateway, Json

HTTP_BACKENDS: dict[str, tuple[str, ...]] = {
    "sse": ("sse",),
    "http": ("streamable-http",),
    "http-json": ("streamable-http", "--json"),
    "http-legacy": ("streamable-http", "--era", "legacy"),
    "http-modern": ("streamable-http", "--era", "modern"),
}
STDIO_BACKENDS: dict[str, Json] = {
    "stdio": {},
    "stdio-legacy": {"protocol": "legacy"},
    "stdio-modern": {"protocol": "modern"},
}
BACKENDS = (*STDIO_BACKENDS, *HTTP_BACKENDS)
SILENT = frozenset({"http-json"})
"""A server that answers with plain JSON has no way to report progress."""


def pairs(backends: Iterable[str]) -> pytest.MarkDecorator:
    cells = [pytest.param(edge, backend, id=f"{edge}-to-{backend}") for edge in EDGES for backend in backends]
    return pytest.mark.parametrize(("edge", "backend"), cells)


every_pair = pairs(BACKENDS)


@pytest.fixture(scope="module")
def argus(tmp_path_factory: pytest.TempPathFactory, served: Callable[..., int]) -> Iterator[Gateway]:
    """One gateway in front of one server of each kind; each server is named after its kind."""
    backends = {name: gateway.stdio("sdk.py", "stdio", "--name", name, **more) for name, more in STDIO_BACKENDS.items()}
    for name, arguments in HTTP_BACKENDS.items():
        origin = f"http://127.0.0.1:{served(*arguments, '--name', name)}"
        backends[name] = gateway.sse(f"{origin}/sse") if name == "sse" else gateway.http(f"{origin}/mcp")
    with gateway.running({"backends": backends}, tmp_path_factory.mktemp("pairs")) as running:
        yield running


def test_no_pair_is_missing() -> None:
    assert set(get_args(Edge)) == {"legacy", "modern", "sse"} == set(EDGES)
    assert {"stdio", "sse", "http", "http-modern"} <= set(BACKENDS)


@every_pair
async def test_tools_are_listed_and_called(argus: Gateway, edge: Edge, backend: str) -> None:
    async with connected(edge, argus.url) as client:
        listed = {tool.name for tool in (await client.list_tools()).tools}
        assert {f"{name}__{tool}" for name in BACKENDS for tool in ("add", "fail", "count")} == listed
        added = await client.call_tool(f"{backend}__add", {"a": 2, "b": 3})
        assert added.structured_content == {"total": 5, "server": backend}
        failed = await client.call_tool(f"{backend}__fail")
        assert failed.is_error
        assert "on purpose" in words(failed)


@every_pair
async def test_resources_are_listed_and_read_by_uri_and_by_template(argus: Gateway, edge: Edge, backend: str) -> None:
    async with connected(edge, argus.url) as client:
        resources = {str(resource.uri) for resource in (await client.list_resources()).resources}
        templates = {t.uri_template for t in (await client.list_resource_templates()).resource_templates}
        assert resources == {f"{name}://motto" for name in BACKENDS}
        assert templates == {f"{name}://double/{{number}}" for name in BACKENDS}
        assert f"the motto of {backend}" in str((await client.read_resource(f"{backend}://motto")).contents)
        assert "'42'" in str((await client.read_resource(f"{backend}://double/21")).contents)
        with pytest.raises(MCPError):
            await client.read_resource(f"{backend}://nothing")


@every_pair
async def test_prompts_are_listed_and_got(argus: Gateway, edge: Edge, backend: str) -> None:
    async with connected(edge, argus.url) as client:
        assert {prompt.name for prompt in (await client.list_prompts()).prompts} == {f"{b}__greet" for b in BACKENDS}
        got = await client.get_prompt(f"{backend}__greet", {"who": "Ada"})
        assert f"{backend} greets Ada" in str(got.messages)


@pairs(backend for backend in BACKENDS if backend not in SILENT)
async def test_progress_comes_back_to_who_asked_for_it(argus: Gateway, edge: Edge, backend: str) -> None:
    reported: list[tuple[float, float | None]] = []
    complete = trio.Event()

    async def report(progress: float, total: float | None, message: str | None) -> None:
        reported.append((progress, total))
        if len(reported) == 3:
            complete.set()

    async with connected(edge, argus.url) as client:
        counted = await client.call_tool(f"{backend}__count", {"upto": 3}, progress_callback=report)
        assert words(counted) == "counted to 3"
        await complete.wait()
    assert reported == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("edge", EDGES)
async def test_what_nobody_offers_is_an_error(argus: Gateway, edge: Edge) -> None:
    async with connected(edge, argus.url) as client:
        for attempt in (
            client.call_tool("nobody__add", {"a": 1, "b": 2}),
            client.get_prompt("nobody__greet", {"who": "Ada"}),
            client.read_resource("nobody://motto"),
        ):
            with pytest.raises(MCPError):
                await attempt
