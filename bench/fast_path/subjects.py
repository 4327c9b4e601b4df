"""What is measured, and how each is started: this tree's gateway, a commit's, mcp-hub, reverse proxies.

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
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import attrs

from bench.client import Client
from bench.gateways import ROOT, STOP_S, free_port, until_listed_by, until_listening

OURS = "argus-trio"
BYTECODE = str(Path(tempfile.gettempdir(), "argus-bench-bytecode"))
"""Where Python keeps what it compiled, of all trees alike."""
BEFORE = "before"
READY_S = 240.0
"""How long a hundred backends may take to start on a busy machine."""
BACKEND = (sys.executable, "-S", "-E", str(Path(__file__).with_name("backend.py")))


@attrs.frozen(kw_only=True)
class Behind:
    """The backends of a gateway: command lines and URLs, by name, and how many tools they show in all."""

    stdio: Mapping[str, Sequence[str]] = attrs.field(factory=dict)
    http: Mapping[str, str] = attrs.field(factory=dict)
    tools: int = 3

    def upstream(self) -> str:
        """Host and port of the HTTP backend, for who passes on."""
        return urlsplit(next(iter(self.http.values()))).netloc


@attrs.frozen(kw_only=True)
class Started:
    """A subject that runs: where it serves, and what it took to get there, in seconds."""

    url: str
    pid: int
    listening_s: float
    cpu_s: float
    ready_s: float
    """From the start until all tools of all backends were listed."""
    folder: Path
    """Where its files are."""


@attrs.frozen(kw_only=True)
class Subject:
    """Something that can be measured. `command` gets the port, the backends and a folder for its files."""

    name: str
    command: Callable[[int, Behind, Path], list[str]]
    tree: Path = ROOT
    kind: str = "gateway"
    """`gateway` is ours; `hub` speaks HTTP+SSE and no other; `proxy` passes bytes on to the HTTP backend."""


def argus(port: int, behind: Behind, folder: Path, *, program: Sequence[str] = ("-m", "argus_trio")) -> list[str]:
    stdio = {name: {"type": "stdio", "command": line[0], "args": list(line[1:])} for name, line in behind.stdio.items()}
    http = {name: {"type": "streamable-http", "url": url} for name, url in behind.http.items()}
    whole = {"version": "1", "isolation": "off", "server": {"port": port}, "backends": {**stdio, **http}}
    path = folder / "config.yaml"
    path.write_text(json.dumps(whole))
    return [sys.executable, *program, "serve", "-c", str(path), "--log-level", "error"]


def ours(name: str = OURS, tree: Path = ROOT) -> Subject:
    return Subject(name=name, command=argus, tree=tree)


def mcp_hub(program: str) -> Subject:
    def command(port: int, behind: Behind, folder: Path) -> list[str]:
        stdio = {name: {"command": line[0], "args": list(line[1:])} for name, line in behind.stdio.items()}
        path = folder / "hub.json"
        path.write_text(
            json.dumps({"mcpServers": {**stdio, **{name: {"url": url} for name, url in behind.http.items()}}})
        )
        return [program, "--port", str(port), "--config", str(path)]

    return Subject(name="mcp-hub", command=command, kind="hub")


def caddy(program: str) -> Subject:
    def command(port: int, behind: Behind, folder: Path) -> list[str]:
        path = folder / "Caddyfile"
        path.write_text(
            "{\n admin off\n auto_https off\n}\n"
            f"http://127.0.0.1:{port} {{\n bind 127.0.0.1\n reverse_proxy {behind.upstream()} {{\n"
            "  transport http {\n   keepalive_idle_conns_per_host 256\n  }\n }\n}\n"
        )
        return [program, "run", "--config", str(path), "--adapter", "caddyfile"]

    return Subject(name="Caddy", command=command, kind="proxy")


def nginx(program: str) -> Subject:
    def command(port: int, behind: Behind, folder: Path) -> list[str]:
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
        path = folder / "nginx.conf"
        path.write_text(
            f"daemon off; master_process off; pid {folder}/pid; error_log stderr crit;"
            "worker_rlimit_nofile 8192; events { worker_connections 4096; }"
            f"http {{ access_log off; keepalive_requests 100000000; {temporary}"
            f"upstream behind {{ server {behind.upstream()}; keepalive 256; keepalive_requests 100000000; }}"
            f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://behind; proxy_http_version 1.1;"
            'proxy_set_header Connection ""; } } }'
        )
        return [program, "-c", str(path), "-p", str(folder)]

    return Subject(name="nginx", command=command, kind="proxy")


@contextmanager
def at_commit(commit: str) -> Iterator[Subject]:
    """The gateway as it was at a commit, in a folder that is gone afterwards. Raises: RuntimeError for none such."""
    with tempfile.TemporaryDirectory(prefix="argus-before-") as folder:
        command = ["git", "-C", str(ROOT), "archive", "--format=tar", commit, "argus_trio"]
        packed = subprocess.run(command, capture_output=True, check=False)
        if packed.returncode:
            raise RuntimeError(packed.stderr.decode(errors="replace"))
        subprocess.run(["tar", "-x", "-C", folder], input=packed.stdout, check=True)
        yield ours(BEFORE, Path(folder))


@contextmanager
def started(subject: Subject, behind: Behind) -> Iterator[Started]:
    """The subject before these backends; ended on leaving."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        command = subject.command(port, behind, Path(folder))
        log = stack.enter_context(Path(folder, "log").open("wb"))
        environment = {**os.environ, "PYTHONPATH": str(subject.tree), "PYTHONPYCACHEPREFIX": BYTECODE, "HOME": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a start is measured as it is for users: compiled before
        began = time.monotonic()
        process = subprocess.Popen(
            command, cwd=subject.tree, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        stack.callback(ended, process)
        until_listening(port, process)
        listening, cpu = time.monotonic() - began, spent_s(process.pid)
        url = f"http://127.0.0.1:{port}/mcp"
        if subject.kind == "gateway":
            until_listed_by(lambda: names_of(url), behind.tools, within=READY_S)
        elif subject.kind == "hub":
            until_listed_by(lambda: connected(port), len(behind.stdio) + len(behind.http))
        yield Started(
            url=url,
            pid=process.pid,
            listening_s=listening,
            cpu_s=cpu,
            ready_s=time.monotonic() - began,
            folder=Path(folder),
        )


def exchanged(subject: Subject, one: Started, other: Started, behind: tuple[Behind, Behind]) -> None:
    """Give two gateways of ours that run these backends, which they take up without a restart."""
    pairs = list(zip((one, other), behind, strict=True))
    for running, each in pairs:
        subject.command(urlsplit(running.url).port or 0, each, running.folder)
    for running, each in pairs:
        until_listed_by(partial(_if_so_many, running.url, each.tools), each.tools, within=READY_S)


def _if_so_many(url: str, tools: int) -> list[str]:
    """The tools that are listed, unless there still are those of before as well."""
    names = names_of(url)
    return names if len(names) == tools else []


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


def connected(port: int) -> list[str]:
    """The servers that mcp-hub has connected."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=5) as answer:
        servers = json.load(answer).get("servers", [])
    return [server["name"] for server in servers if server.get("status") == "connected"]


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
