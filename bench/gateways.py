"""How each gateway is started in front of stdio backends: argus-trio itself, PyPI's mcp-proxy and fastmcp."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs

from bench.client import Client

Commands = Mapping[str, Sequence[str]]
"""The backends' command lines, by name."""

ROOT = Path(__file__).parents[1]
START_S = 60.0
STOP_S = 20.0

FASTMCP = """
import json, sys
from fastmcp.server import create_proxy
backends = {name: {"command": command[0], "args": command[1:]} for name, command in json.loads(sys.argv[2]).items()}
create_proxy({"mcpServers": backends}).run(
    transport="http", host="127.0.0.1", port=int(sys.argv[1]), show_banner=False, log_level="ERROR"
)
"""


def argus(python: str, port: int, backends: Commands, folder: Path) -> list[str]:
    specs = {name: {"type": "stdio", "command": line[0], "args": list(line[1:])} for name, line in backends.items()}
    path = folder / "config.yaml"
    path.write_text(json.dumps({"version": "1", "backends": specs}))
    return [python, "-m", "argus_trio", "serve", "-c", str(path), "--port", str(port), "--log-level", "warning"]


def mcp_proxy(python: str, port: int, backends: Commands, _: Path) -> list[str]:
    named = [["--named-server", name, shlex.join(line)] for name, line in backends.items()]
    flags = [flag for each in named for flag in each]
    return [python, "-m", "mcp_proxy", "--port", str(port), "--log-level", "ERROR", *flags]


def fastmcp(python: str, port: int, backends: Commands, _: Path) -> list[str]:
    return [python, "-c", FASTMCP, str(port), json.dumps({name: list(line) for name, line in backends.items()})]


def one_endpoint(_: Commands) -> list[str]:
    return ["/mcp"]


def one_each(backends: Commands) -> list[str]:
    return [f"/servers/{name}/mcp" for name in backends]


@attrs.frozen(kw_only=True)
class Kind:
    """A gateway that can be measured: the module that tells whether it is there, how to start it, where it serves."""

    module: str
    command: Callable[[str, int, Commands, Path], list[str]]
    paths: Callable[[Commands], list[str]] = one_endpoint


KINDS = {
    "argus-trio": Kind(module="argus_trio", command=argus),
    "mcp-proxy": Kind(module="mcp_proxy", command=mcp_proxy, paths=one_each),
    "fastmcp": Kind(module="fastmcp", command=fastmcp),
}


@attrs.frozen(kw_only=True)
class Running:
    """A started gateway: where it serves, its process, and how long it took to get there, in seconds."""

    urls: tuple[str, ...]
    pid: int
    listening_s: float
    ready_s: float
    """From the start until every tool of every backend was listed."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_there(name: str, python: str) -> bool:
    """Whether this Python has this gateway."""
    probe = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({KINDS[name].module!r}) is None)"
    return subprocess.run([python, "-c", probe], cwd=ROOT, capture_output=True, check=False).returncode == 0


def until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.005)
    raise RuntimeError("it does not listen")


def until_listed(urls: Sequence[str], tools: int) -> None:
    """Return when so many tools are listed, over all endpoints."""
    until_listed_by(lambda: [name for url in urls for name in listed(url)], tools)


def until_listed_by(names: Callable[[], Sequence[str]], tools: int, within: float = START_S) -> None:
    """Return when so many are listed. Raises: RuntimeError after so many seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            if len(names()) >= tools:
                return
        except (OSError, RuntimeError):
            pass  # it refuses until its backends are there
        time.sleep(0.005)
    raise RuntimeError(f"{tools} tools were not listed within {within:g} s")


def listed(url: str) -> list[str]:
    client = Client(url)
    try:
        return client.tools()
    finally:
        client.close()


@contextmanager
def started(name: str, python: str, backends: Commands, *, tools: int) -> Iterator[Running]:
    """A gateway in front of these backends, which show so many tools in all; ended on leaving."""
    kind, port = KINDS[name], free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = kind.command(python, port, backends, Path(folder))
        before = time.monotonic()
        environment = {**os.environ, "PYTHONPATH": str(ROOT) if python == sys.executable else ""}
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            until_listening(port, process)
            listening = time.monotonic()
            urls = tuple(f"http://127.0.0.1:{port}{path}" for path in kind.paths(backends))
            until_listed(urls, tools)
            ready = time.monotonic()
            yield Running(urls=urls, pid=process.pid, listening_s=listening - before, ready_s=ready - before)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
