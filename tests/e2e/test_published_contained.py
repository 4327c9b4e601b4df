"""The published servers in containers, with ARGUS_PUBLISHED_SERVERS=1 and an engine (ARGUS_TEST_ENGINE): each shows and
says what it does as a process, with no word of containers in the configuration.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests.e2e import gateway
from tests.e2e.clients import CALL_SECONDS, connected
from tests.e2e.gateway import Gateway, Json
from tests.e2e.test_published_servers import ALL, SERVERS, answer, backend, environment, shown
from tests.e2e.tools import Npm, Uv

ENGINE = os.environ.get("ARGUS_TEST_ENGINE", "")
LEFT_OUT = {"playwright", "git"}
"""One drives a browser of this machine, and the bases of the tests' own engine have no git."""
ANSWERED_OTHERWISE = {"chart", "netlist"}
"""One tells how the connection to its service failed, the other in which folder it runs."""
NAMES = [name for name in SERVERS if name not in LEFT_OUT]
INSTALL_SECONDS = 1800.0
"""For all of them together, on a machine that is busy."""

pytestmark = pytest.mark.skipif(not (ALL and ENGINE), reason="with ARGUS_PUBLISHED_SERVERS=1 and ARGUS_TEST_ENGINE")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = Path(os.path.realpath(tmp_path_factory.mktemp("contained")))
    found.chmod(0o755)
    (found / "folder").mkdir()
    return found


@pytest.fixture(scope="module")
def direct(npm: Npm, uv: Uv, base: Path) -> dict[str, Json]:
    env = environment(npm, uv, base)
    return {name: backend(SERVERS[name], base / "folder", env) for name in NAMES}


@pytest.fixture(scope="module")
def running(base: Path) -> Iterator[Gateway]:
    backends = {name: backend(SERVERS[name], base / "folder", {}) for name in NAMES}
    with tempfile.TemporaryDirectory(prefix="at", ignore_cleanup_errors=True) as runtime:
        env = {"DOCKER_HOST": ENGINE, "XDG_RUNTIME_DIR": runtime, "XDG_STATE_HOME": str(base / "state")}
        config = {"isolation": "required", "backends": backends}
        with gateway.running(config, base, env=env, ready=False) as found:
            for name in NAMES:
                found.event("backend_ready", backend=name, within=INSTALL_SECONDS)
            yield found


@pytest.mark.parametrize("name", NAMES)
async def test_one_in_a_container_shows_and_says_what_it_does_as_a_process(
    running: Gateway, direct: dict[str, Json], name: str
) -> None:
    spec, server = direct[name], SERVERS[name]
    process = StdioServerParameters(command=spec["command"], args=spec["args"], env=spec["env"])
    with trio.fail_after(CALL_SECONDS):
        async with Client(stdio_client(process), mode="legacy") as client:
            tools = await shown(client)
            said = await answer(client, server.tool, server.arguments)
    async with connected("legacy", running.url) as client:
        assert await shown(client, f"{name}__") == tools
        found = await answer(client, f"{name}__{server.tool}", server.arguments)
        assert found == said or name in ANSWERED_OTHERWISE
