"""What is measured, and how each is started: the gateway of this tree or of a commit, mcp-hub, and plain reverse proxies.

A reverse proxy has no stdio: it stands before the HTTP backend that answers the same bytes.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import attrs

from bench.client import Client
from bench.gateways import ROOT, STOP_S, free_port, until_listed_by, until_listening

BACKEND = (sys.executable, "-S", "-E", str(Path(__file__).with_name("backend.py")))


@attrs.frozen(kw_only=True)
class Behind:
    """The backends of a gateway: command lines and URLs, by name, and how many tools they show in all."""

    stdio: Mapping[str, Sequence[str]] = attrs.field(factory=dict)
    http: Mapping[str, str] = attrs.field(factory=dict)
    tools: int = 3


@attrs.frozen(kw_only=True)
class Started:
    """A subject that runs: where it serves, and what it took to get there, in seconds."""

    url: str
    pid: int
    listening_s: float
    cpu_s: float


@attrs.frozen(kw_only=True)
class Subject:
    """Something that can be measured. `command` gets the port, the backends and a folder for its files."""

    name: str
    command: Callable[[int, Behind, Path], list[str]]
    tree: Path = ROOT
    is_argus: bool = False
    is_proxy: bool = False
    eras: frozenset[str] = frozenset({"legacy"})


def argus(_: int, behind: Behind, folder: Path) -> list[str]:
    stdio = {name: {"type": "stdio", "command": line[0], "args": list(line[1:])} for name, line in behind.stdio.items()}
    http = {name: {"type": "streamable-http", "url": url} for name, url in behind.http.items()}
    path = folder / "config.yaml"
    path.write_text(
        json.dumps({"version": "1", "isolation": "off", "server": {"port": _}, "backends": {**stdio, **http}})
    )
    return [sys.executable, "-m", "argus_trio", "serve", "-c", str(path), "--log-level", "error"]


def ours(name: str = "argus-trio", tree: Path = ROOT) -> Subject:
    return Subject(name=name, command=argus, tree=tree, is_argus=True, eras=frozenset({"legacy", "modern"}))


@contextmanager
def at_commit(commit: str) -> Iterator[Subject]:
    """The gateway as it was at a commit, in a folder that is gone afterwards. Raises: RuntimeError for none such."""
    with tempfile.TemporaryDirectory(prefix="argus-before-") as folder:
        command = ["git", "-C", str(ROOT), "archive", "--format=tar", commit, "argus_trio"]
        packed = subprocess.run(command, capture_output=True, check=False)
        if packed.returncode:
            raise RuntimeError(packed.stderr.decode(errors="replace"))
        subprocess.run(["tar", "-x", "-C", folder], input=packed.stdout, check=True)
        yield ours("before", Path(folder))


@contextmanager
def started(subject: Subject, behind: Behind) -> Iterator[Started]:
    """The subject before these backends; ended on leaving."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        command = subject.command(port, behind, Path(folder))
        log = stack.enter_context(Path(folder, "log").open("wb"))
        environment = {**os.environ, "PYTHONPATH": str(subject.tree), "HOME": folder}
        began = time.monotonic()
        process = subprocess.Popen(
            command, cwd=subject.tree, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        stack.callback(ended, process)
        until_listening(port, process)
        listening, cpu = time.monotonic() - began, spent_s(process.pid)
        url = f"http://127.0.0.1:{port}/mcp"
        if subject.is_argus:
            until_listed_by(lambda: names_of(url), behind.tools)
        yield Started(url=url, pid=process.pid, listening_s=listening, cpu_s=cpu)


def ended(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def names_of(url: str) -> list[str]:
    client = Client(url)
    try:
        return client.tools()
    finally:
        client.close()


def spent_s(pid: int) -> float:
    """User and system time of a process so far, all its threads, to the nanosecond: the clock of the process."""
    return time.clock_gettime((~pid << 3) | 2)


@contextmanager
def http_backend(*options: str) -> Iterator[str]:
    """The backend over HTTP; its URL."""
    port = free_port()
    process = subprocess.Popen([*BACKEND, "--http", str(port), *options], stdin=subprocess.DEVNULL)
    try:
        until_listening(port, process)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        ended(process)


def found(program: str) -> str | None:
    """Where a program is, if it is there."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin")
