"""Published servers, fetched by `npx -y` and `uvx` into empty caches behind one gateway, for three kinds of client.

Each is listed and answers as it does to the same client connected to it directly. Three servers always; with
ARGUS_PUBLISHED_SERVERS=1 all twenty-four of bench/published.py, which takes some minutes.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests.e2e import gateway
from tests.e2e.asking import Respondent
from tests.e2e.clients import CALL_SECONDS, connected
from tests.e2e.gateway import Gateway, Json
from tests.e2e.published import SERVERS, answer, backend, environment, shown
from tests.e2e.tools import Npm, Uv

KINDS = {
    "plain": (),
    "roots": ("list_roots_callback",),
    "everything": ("elicitation_callback", "sampling_callback", "list_roots_callback"),
}
"""What the client of each kind can be asked."""
INSTALL_SECONDS = 900.0
"""For all of them together, on a machine that is busy."""
LIST_SECONDS = 60.0
"""Until what a backend shows such clients has replaced what it shows to others."""
NOT_SERVED = re.compile(
    "E404|ETARGET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|No solution found|Failed to fetch"
)
"""What npx and uvx say when their registry is not there, or does not have what is asked for."""


@attrs.frozen(kw_only=True)
class Fetched:
    """The gateway in front of them; how each is started; and which could not be fetched, and why."""

    gateway: Gateway
    backends: dict[str, Json]
    missing: dict[str, str]
    seconds: float
    """From the start of the gateway until the last one was ready."""


def not_served(argus: Gateway, name: str) -> str | None:
    """Why a backend that is not ready could not be fetched; None if that is not what it failed of."""
    for event in [*argus.events("backend_down"), *argus.events("backend_still_down")]:
        if event["backend"] == name and (found := NOT_SERVED.search(str(event))):
            return f"{name} is not served: {found[0]}: {event['reason']}"
    return None


@pytest.fixture(scope="module")
def scene(npm: Npm, uv: Uv, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fetched]:
    base = Path(os.path.realpath(tmp_path_factory.mktemp("published")))
    folder = base / "folder"
    folder.mkdir()
    env = environment(npm, uv, base)
    backends = {name: backend(server, folder, env) for name, server in SERVERS.items()}
    began = time.monotonic()
    with gateway.running({"backends": backends}, base, ready=False) as running:
        missing: dict[str, str] = {}
        for name in backends:
            try:
                running.event("backend_ready", backend=name, within=began + INSTALL_SECONDS - time.monotonic())
            except AssertionError:
                if (reason := not_served(running, name)) is None:
                    raise
                missing[name] = reason
        yield Fetched(gateway=running, backends=backends, missing=missing, seconds=time.monotonic() - began)


def served(scene: Fetched, name: str) -> Json:
    """How this server is started. Skips the test if its registry does not have it."""
    if name in scene.missing:
        pytest.skip(scene.missing[name])
    return scene.backends[name]


def options(kind: str) -> dict[str, Any]:
    callbacks = Respondent().callbacks
    return {name: callbacks[name] for name in KINDS[kind]}


async def until_shown(client: Client, prefix: str, expected: dict[str, Json]) -> None:
    """Return when the client is shown these. The first list is answered from what is known; corrections follow."""
    found: dict[str, Json] = {}
    with trio.move_on_after(LIST_SECONDS):
        while (found := await shown(client, prefix)) != expected:  # noqa: ASYNC110
            await trio.sleep(0.2)  # what is told of a change is tested elsewhere
    assert found == expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SERVERS)
async def test_a_published_server_shows_and_says_what_it_does_directly(scene: Fetched, name: str, kind: str) -> None:
    spec, server = served(scene, name), SERVERS[name]
    direct = StdioServerParameters(command=spec["command"], args=spec["args"], env=spec["env"])
    with trio.fail_after(CALL_SECONDS):
        async with Client(stdio_client(direct), mode="legacy", **options(kind)) as client:
            tools = await shown(client)
            said = await answer(client, server.tool, server.arguments)
    async with connected("legacy", scene.gateway.url, **options(kind)) as client:
        await until_shown(client, f"{name}__", tools)
        assert await answer(client, f"{name}__{server.tool}", server.arguments) == said


def test_each_of_them_is_installed_by_its_first_start(scene: Fetched) -> None:
    """None is killed in mid-install and begun again."""
    print(f"{len(scene.backends) - len(scene.missing)} servers ready after {scene.seconds:.0f} s")
    assert [each for each in scene.gateway.events("backend_down") if each["backend"] not in scene.missing] == []
