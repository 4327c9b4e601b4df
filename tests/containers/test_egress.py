"""Programs that know nothing of proxies, in containers: what they reach, how they are refused, and what is shown of it.

Everything that is reached is on this machine's loopback, and everything else is refused before a name is looked up.
"""

from __future__ import annotations

import http.server
import json
import socketserver
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import attrs
import pytest
import trio
import yaml

from tests.containers.engine import Engine
from tests.e2e import gateway
from tests.e2e.child import ROOT
from tests.e2e.clients import connected, words
from tests.e2e.gateway import SERVERS, Gateway, Json

PAGE = b"a page of the test"
SOON_SECONDS = 3.0
"""A refusal is no time-out: the shortest one that programs have is longer, on a busy machine too."""


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        pass


class Mirror(socketserver.BaseRequestHandler):
    """Gives back what comes once it has all come."""

    def handle(self) -> None:
        data = b""
        while chunk := self.request.recv(65536):
            data += chunk
        self.request.sendall(data)


@attrs.frozen(kw_only=True)
class Scene:
    gateway: Gateway
    page: int
    mirror: int

    async def reach(self, backend: str, way: str, host: str, port: int) -> Json:
        async with connected("legacy", self.gateway.url) as client:
            told = await client.call_tool(f"{backend}__reach", {"way": way, "host": host, "port": port})
        found = json.loads(words(told))
        assert isinstance(found, dict)
        return found


def serving(stack: ExitStack, server: socketserver.BaseServer) -> int:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
    address: Any = server.server_address
    return int(address[1])


@pytest.fixture(scope="module")
def scene(
    engine: Engine, engine_environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    """A gateway with a backend in Python and one in Node, and two services of this machine that both may reach."""
    with ExitStack() as stack:
        page = serving(stack, http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page))
        mirror = serving(stack, socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mirror))
        services = [f"localhost:{page}", f"host.docker.internal:{mirror}"]
        network = {"allow": ["api.example.org:443"]}
        container: Json = {"network": network, "host_services": services}
        backends = {
            "python": {"command": "python3", "args": [str(SERVERS / "reaching.py")], "type": "stdio"},
            "node": {"command": "node", "args": [str(SERVERS / "reaching.mjs")], "type": "stdio"},
        }
        images = {"python": "python:3.13-slim", "node": "node:22-slim"}
        config = {
            "backends": {
                name: {**each, "container": {**container, "image": images[name]}} for name, each in backends.items()
            }
        }
        folder = tmp_path_factory.mktemp("egress")
        running = stack.enter_context(gateway.running(config, folder, env=engine_environment))
        yield Scene(gateway=running, page=page, mirror=mirror)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "host.docker.internal", "host.containers.internal"])
async def test_a_service_of_this_machine_is_reached_by_each_of_its_names(scene: Scene, host: str) -> None:
    assert (await scene.reach("python", "urllib", host, scene.page))["told"] == PAGE.decode()
    assert (await scene.reach("python", "socket", host, scene.mirror))["told"] == "350000 bytes"
    assert (await scene.reach("node", "fetch", host, scene.page))["told"] == PAGE.decode()


@pytest.mark.parametrize(("backend", "way"), [("python", "socket"), ("python", "urllib"), ("node", "fetch")])
async def test_a_host_that_is_not_allowed_is_a_reset_at_once(scene: Scene, backend: str, way: str) -> None:
    for host in ("other.example.org", "api.example.org.evil.example", "169.254.169.254.example.org"):
        found = await scene.reach(backend, way, host, 443)
        assert "reset" in found["failed"].lower(), found
        assert found["seconds"] < SOON_SECONDS


@pytest.mark.parametrize(("backend", "way"), [("python", "socket"), ("python", "urllib"), ("node", "fetch")])
@pytest.mark.parametrize("address", ["1.1.1.1", "10.0.0.1", "169.254.169.254"])
async def test_a_bare_address_is_unreachable_at_once(scene: Scene, backend: str, way: str, address: str) -> None:
    found = await scene.reach(backend, way, address, 443)
    assert "unreach" in found["failed"].lower(), found
    assert found["seconds"] < SOON_SECONDS


async def test_every_name_has_an_address_inside_and_nobody_outside_is_asked(scene: Scene) -> None:
    found = await scene.reach("python", "name", "secret-data.evil.example", 443)
    assert found["told"].startswith("127.")
    assert found["seconds"] < SOON_SECONDS


async def commanded(scene: Scene, *words: str) -> str:
    """What a verb prints."""
    command = [sys.executable, "-m", "argus_trio", *words, "--server", scene.gateway.url]
    done = await trio.run_process(command, capture_stdout=True, cwd=ROOT)
    return done.stdout.decode()


def told_by(scene: Scene, backend: str) -> Json:
    status, answer = scene.gateway.get(f"/manage/v1/backends/{backend}/egress")
    assert status == 200
    return answer


async def test_every_attempt_is_counted_and_told_with_what_to_write(scene: Scene) -> None:
    await scene.reach("python", "socket", "localhost", scene.mirror)
    for _ in range(3):
        await scene.reach("python", "socket", "counted.example.org", 443)
    answer = told_by(scene, "python")
    rows = {(each["host"], each["port"]): each for each in answer["hosts"]}
    mirrored, counted = rows["localhost", scene.mirror], rows["counted.example.org", 443]
    assert mirrored["by"] == "service"
    assert mirrored["sent"] == mirrored["received"] == mirrored["passed"] * 350_000
    assert (counted["passed"], counted["refused"], counted["reason"]) == (0, 3, "not_allowed")
    assert f"localhost:{scene.mirror}" in answer["let_through"]["host_services"]
    assert "counted.example.org:443" in answer["not_let_through"]["allow"]
    said = [each for each in scene.gateway.events("egress_refused") if each["host"] == "counted.example.org"]
    assert [each["to_allow"] for each in said] == [
        'container: {network: {allow: ["api.example.org:443", "counted.example.org:443"]}}'
    ]
    _, events = scene.gateway.get("/manage/v1/events?backend=python")
    assert any("counted.example.org:443" in each["message"] for each in events["events"])


async def test_the_command_prints_lists_to_paste(scene: Scene) -> None:
    await scene.reach("python", "urllib", "localhost", scene.page)
    table, *lists = (await commanded(scene, "egress", "python")).split("\n\n")
    assert f"localhost:{scene.page}" in table
    pasted = yaml.safe_load(lists[0])["container"]
    assert pasted["network"] == {"allow": []}
    assert f"localhost:{scene.page}" in pasted["host_services"]


async def test_what_was_tried_is_kept_over_a_restart_of_the_container(scene: Scene) -> None:
    await scene.reach("node", "fetch", "kept.example.org", 443)
    await commanded(scene, "restart", "node")
    await scene.reach("node", "fetch", "kept.example.org", 443)
    (row,) = [each for each in told_by(scene, "node")["hosts"] if each["host"] == "kept.example.org"]
    assert row["refused"] >= 2


async def test_connections_without_end_are_bounded_and_told_and_take_nothing_from_others(scene: Scene) -> None:
    counts = json.loads((await scene.reach("python", "many", "localhost", scene.mirror))["told"])
    assert counts["answered"] <= 256
    assert counts["answered"] + counts["refused"] == 300
    scene.gateway.event("egress_full", backend="python")
    with trio.fail_after(20):
        while True:
            if "told" in await scene.reach("python", "urllib", "localhost", scene.page):
                return
            await trio.sleep(0.1)
