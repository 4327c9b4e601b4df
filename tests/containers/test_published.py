"""Published servers, with no word of containers in the configuration: each runs in one, and works as it would without.

One of each registry always; with ARGUS_PUBLISHED_SERVERS=1 five. Neither `uvx` nor `npx` has to be on the machine.
"""

from __future__ import annotations

import http.server
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs
import pytest
from mcp.client import Client

from tests.containers.engine import Engine
from tests.e2e import gateway
from tests.e2e.clients import Edge, connected, words
from tests.e2e.gateway import Gateway, Json

ALL = bool(os.environ.get("ARGUS_PUBLISHED_SERVERS"))
NAMES = ("time", "everything", *(("fetch", "filesystem", "memory") if ALL else ()))
ERAS: tuple[Edge, ...] = ("legacy", "modern")
INSTALL_SECONDS = 300.0
"""For all of them together, on a machine that is busy."""
READY_SECONDS = 60.0
PAGE = b"<html><body><p>a page of the test</p></body></html>"


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        pass


@attrs.frozen(kw_only=True)
class Scene:
    gateway: Gateway
    folder: Path
    page: int
    """The port of a web server on this machine."""
    config: Json
    environment: Mapping[str, str]


def backends(folder: Path, page: int) -> Json:
    everything: Json = {
        "time": {"command": "uvx", "args": ["mcp-server-time==2026.10.19", "--local-timezone", "UTC"]},
        "everything": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-everything@2026.8.31"]},
        "fetch": {
            "command": "uvx",
            "args": ["mcp-server-fetch", "--ignore-robots-txt"],
            "container": {"host_services": [f"localhost:{page}"]},
        },
        "filesystem": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", str(folder)]},
        "memory": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-memory"]},
    }
    return {name: {"type": "stdio", **everything[name]} for name in NAMES}


@pytest.fixture(scope="module")
def page() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture(scope="module")
def scene(
    page: int, engine: Engine, engine_environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    base = Path(os.path.realpath(tmp_path_factory.mktemp("published")))
    folder = base / "documents"
    folder.mkdir()
    (folder / "letter.txt").write_text("dear reader")
    config: Json = {"backends": backends(folder, page)}
    with gateway.running(config, base, env=engine_environment, ready=False) as running:
        for name in NAMES:
            running.event("backend_ready", backend=name, within=INSTALL_SECONDS)
        yield Scene(gateway=running, folder=folder, page=page, config=config, environment=engine_environment)


async def said(client: Client, tool: str, **arguments: object) -> str:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result
    return " ".join(item.text for item in result.content if item.type == "text")


def of(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(name not in NAMES, reason="with ARGUS_PUBLISHED_SERVERS=1")


def test_each_of_them_runs_in_a_container(scene: Scene, engine: Engine) -> None:
    running = {each["Labels"]["argus-trio.backend"] for each in engine.containers("argus-trio.backend")}
    assert set(NAMES) <= running


def test_whoever_asks_inside_who_it_is_finds_a_name(scene: Scene, engine: Engine) -> None:
    asking = {
        "time": ("python3", "-c", "import os, pwd; assert pwd.getpwuid(os.getuid()).pw_name == 'argus'"),
        "everything": ("node", "-e", "if (os.userInfo().username !== 'argus') process.exit(1)"),
    }
    for name, command in asking.items():
        found, *_ = engine.containers(f"argus-trio.backend={name}")
        assert engine.exit_code(found["Id"], *command) == 0


@pytest.mark.parametrize("edge", ERAS)
async def test_a_server_of_pypi_answers(scene: Scene, edge: Edge) -> None:
    async with connected(edge, scene.gateway.url) as client:
        assert "UTC" in await said(client, "time__get_current_time", timezone="UTC")


@pytest.mark.parametrize("edge", ERAS)
async def test_a_server_of_npm_answers(scene: Scene, edge: Edge) -> None:
    async with connected(edge, scene.gateway.url) as client:
        assert "hello" in await said(client, "everything__echo", message="hello")


@of("fetch")
@pytest.mark.parametrize("edge", ERAS)
async def test_a_local_service_that_is_named_is_fetched_from_and_no_other(scene: Scene, edge: Edge) -> None:
    async with connected(edge, scene.gateway.url) as client:
        url = f"http://localhost:{scene.page}/"
        assert "a page of the test" in await said(client, "fetch__fetch", url=url, raw=True)
        refused = await client.call_tool("fetch__fetch", {"url": scene.gateway.url, "raw": True})
        assert refused.is_error


@of("filesystem")
@pytest.mark.parametrize("edge", ERAS)
async def test_a_folder_that_an_argument_names_is_read_and_not_written(scene: Scene, edge: Edge) -> None:
    async with connected(edge, scene.gateway.url) as client:
        assert "dear reader" in await said(client, "filesystem__read_text_file", path=str(scene.folder / "letter.txt"))
        target = scene.folder / "answer.txt"
        written = await client.call_tool("filesystem__write_file", {"path": str(target), "content": "x"})
        assert written.is_error
        assert "read-only" in words(written)
        assert not target.exists()


@of("memory")
async def test_a_memory_is_kept_over_a_restart_of_the_gateway(scene: Scene, tmp_path: Path) -> None:
    entity = {"name": "reader", "entityType": "person", "observations": ["likes letters"]}
    async with connected("modern", scene.gateway.url) as client:
        await said(client, "memory__create_entities", entities=[entity])
    scene.gateway.stop()
    only = {"backends": {"memory": scene.config["backends"]["memory"]}}
    with gateway.running(only, tmp_path, env=scene.environment, ready=False) as again:
        again.event("backend_ready", backend="memory", within=READY_SECONDS)
        async with connected("legacy", again.url) as client:
            assert "likes letters" in await said(client, "memory__read_graph")
