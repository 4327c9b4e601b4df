"""Servers that people have, behind the gateway: PyPI's time and git; npm's everything, filesystem and memory."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import attrs
import pytest

from tests.e2e import gateway
from tests.e2e.child import Child
from tests.e2e.clients import EDGES, Edge, connected, words
from tests.e2e.gateway import Gateway, Json
from tests.e2e.ports import free_port
from tests.e2e.tools import Npm, Python

every_edge = pytest.mark.parametrize("edge", EDGES)
EVERYTHING = ("everything", "everything-sse", "everything-http")


@attrs.frozen(kw_only=True)
class Scene:
    """The gateway in front of all of them, and what two of them work on."""

    gateway: Gateway
    repository: Path
    folder: Path


def everything_over(npm: Npm, mode: str, children: ExitStack) -> int:
    """Start server-everything's own HTTP mode; its port."""
    port = free_port()
    child = children.enter_context(
        Child([npm.node, npm.script("mcp-server-everything"), mode], env={"PORT": str(port), "PATH": npm.path})
    )
    child.wait_for(lambda line: line if f"port {port}" in line else None)
    return port


def repository_in(folder: Path) -> Path:
    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True)

    folder.mkdir()
    git("init", "--quiet")
    git("config", "user.email", "ada@example.org")
    git("config", "user.name", "Ada")
    (folder / "poem").write_text("a line\n")
    git("add", "poem")
    git("commit", "--quiet", "--message", "The first line")
    return folder


def backends(npm: Npm, python: Python, base: Path, children: ExitStack) -> dict[str, Json]:
    def node(command: str, *args: str, **env: str) -> Json:
        return {
            "type": "stdio",
            "command": npm.node,
            "args": [npm.script(command), *args],
            "env": {"PATH": npm.path, **env},
        }

    return {
        "time": {"type": "stdio", "command": python.command("mcp-server-time"), "args": ["--local-timezone", "UTC"]},
        "git": {
            "type": "stdio",
            "command": python.command("mcp-server-git"),
            "args": ["--repository", str(base / "repository")],
        },
        "everything": node("mcp-server-everything"),
        "everything-sse": gateway.sse(f"http://127.0.0.1:{everything_over(npm, 'sse', children)}/sse"),
        "everything-http": gateway.http(f"http://127.0.0.1:{everything_over(npm, 'streamableHttp', children)}/mcp"),
        "files": node("mcp-server-filesystem", str(base / "folder")),
        "memory": node("mcp-server-memory", MEMORY_FILE_PATH=str(base / "memory.jsonl")),
    }


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, npm: Npm, python: Python) -> Iterator[Scene]:
    base = Path(os.path.realpath(tmp_path_factory.mktemp("real")))
    repository, folder = repository_in(base / "repository"), base / "folder"
    folder.mkdir()
    (folder / "letter.txt").write_text("Dear Argus")
    with ExitStack() as children:
        config: Json = {"backends": backends(npm, python, base, children)}
        running = children.enter_context(gateway.running(config, base))
        yield Scene(gateway=running, repository=repository, folder=folder)


@every_edge
async def test_mcp_server_time_tells_the_time(scene: Scene, edge: Edge) -> None:
    async with connected(edge, scene.gateway.url) as client:
        arguments = {"time": "12:00", "source_timezone": "UTC", "target_timezone": "Asia/Tokyo"}
        told = json.loads(words(await client.call_tool("time__convert_time", arguments)))
        assert told["target"]["datetime"].endswith("T21:00:00+09:00")


@every_edge
async def test_mcp_server_git_reads_a_repository(scene: Scene, edge: Edge) -> None:
    async with connected(edge, scene.gateway.url) as client:
        log = await client.call_tool("git__git_log", {"repo_path": str(scene.repository)})
        assert "The first line" in str(log.content)


@every_edge
async def test_server_filesystem_reads_and_writes(scene: Scene, edge: Edge) -> None:
    async with connected(edge, scene.gateway.url) as client:
        read = await client.call_tool("files__read_text_file", {"path": str(scene.folder / "letter.txt")})
        assert words(read) == "Dear Argus"
        target = scene.folder / f"{edge}.txt"
        await client.call_tool("files__write_file", {"path": str(target), "content": "Yours"})
        assert target.read_text() == "Yours"
        outside = await client.call_tool("files__read_text_file", {"path": "/etc/hostname"})
        assert outside.is_error


@every_edge
async def test_server_memory_remembers_what_another_client_said(scene: Scene, edge: Edge) -> None:
    entity = {"name": f"argus-{edge}", "entityType": "gateway", "observations": ["has a hundred eyes"]}
    async with connected(edge, scene.gateway.url) as client:
        await client.call_tool("memory__create_entities", {"entities": [entity]})
    async with connected(edge, scene.gateway.url) as client:
        assert f"argus-{edge}" in str((await client.call_tool("memory__read_graph", {})).content)


@every_edge
@pytest.mark.parametrize("name", EVERYTHING)
async def test_server_everything_shows_everything_it_has(scene: Scene, edge: Edge, name: str) -> None:
    async with connected(edge, scene.gateway.url) as client:
        assert words(await client.call_tool(f"{name}__echo", {"message": "hello"})) == "Echo: hello"
        summed = await client.call_tool(f"{name}__get-sum", {"a": 2, "b": 3})
        assert "5" in words(summed)
        image = await client.call_tool(f"{name}__get-tiny-image")
        assert "image" in {item.type for item in image.content}
        structured = await client.call_tool(f"{name}__get-structured-content", {"location": "Chicago"})
        assert structured.structured_content is not None
        prompt = await client.get_prompt(f"{name}__args-prompt", {"city": "Lima"})
        assert "Lima" in str(prompt.messages)


@every_edge
async def test_resources_of_servers_that_use_the_same_uris_can_be_read(scene: Scene, edge: Edge) -> None:
    async with connected(edge, scene.gateway.url) as client:
        listed = (await client.list_resources()).resources
        templates = (await client.list_resource_templates()).resource_templates
        assert len({str(resource.uri) for resource in listed}) == len(listed)
        assert "demo://resource/dynamic/text/{resourceId}" in {t.uri_template for t in templates}
        read = await client.read_resource("demo://resource/dynamic/text/7")
        assert "7" in str(read.contents)
