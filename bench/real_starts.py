"""How starts go: `python -m bench.real_starts [cold] [listed] [lists] [reload]`, all four without arguments.

- `cold`: the published servers of `published.py`, `npx -y` and `uvx`, from empty caches: one after the other by
  themselves, then all behind the gateway with its defaults. It downloads hundreds of megabytes, to temporary folders.
  Needs `npx`, and `uvx` on PATH (`pip install uv`). A program that ended before it had started what it installed was
  ended in mid-install.
- `listed`: the first list of three kinds of client, with 12, 40 and 80 warm backends (`first_list.py`).
- `lists`: what is in a list that is asked for 1 s after the gateway listens, with 12 backends that start then.
- `reload`: how long a reload takes to show the first of 4 new backends, one of which never answers.

No timing is asserted; on a busy machine only the ratios say something.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import attrs

from bench import first_list
from bench.client import Client, Json, encoded
from bench.gateways import ROOT, STOP_S, free_port, until_listening
from bench.measure import ECHO, OWN_TOOLS
from bench.processes import parents_by_pid
from bench.published import PUBLISHED, Published

READY_S = 900.0
"""How long all installs may take."""
PAUSE_S = 0.2
SOON_S = 1.0
WARM = 12
RUNNERS = ("npx", "uvx")
SILENT = (sys.executable, "-c", "import time; time.sleep(600)")
INITIALIZE: Json = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "bench", "version": "1"},
}


@attrs.define(eq=False)
class Gateway:
    """A gateway that serves."""

    process: subprocess.Popen[bytes]
    port: int
    config: Path

    def states(self) -> dict[str, str]:
        """The state of each backend, by name."""
        with urlopen(f"http://127.0.0.1:{self.port}/manage/v1/backends") as answer:
            return {backend["name"]: backend["state"] for backend in json.load(answer)["backends"]}

    def client(self) -> Client:
        return Client(f"http://127.0.0.1:{self.port}/mcp")


def backends_of(lines: Mapping[str, Sequence[str]], **fields: object) -> Json:
    return {
        name: {"type": "stdio", "command": line[0], "args": list(line[1:]), **fields} for name, line in lines.items()
    }


@contextmanager
def gateway(folder: Path, backends: Json, log: Path | None = None) -> Iterator[Gateway]:
    """A gateway in front of these backends, with its defaults; ended on leaving."""
    port, config = free_port(), folder / "config.yaml"
    config.write_text(json.dumps({"version": "1", "backends": backends}))
    command = [sys.executable, "-m", "argus_trio", "serve", "-c", str(config), "--port", str(port)]
    with (log or Path(os.devnull)).open("wb") as output:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=output
        )
        try:
            until_listening(port, process)
            yield Gateway(process, port, config)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def caches(folder: Path) -> dict[str, str]:
    """Where npm and uv keep what they install: nothing yet."""
    return {
        "npm_config_cache": str(folder / "npm"),
        "UV_CACHE_DIR": str(folder / "uv"),
        "UV_TOOL_DIR": str(folder / "uv-tools"),
    }


def alone(server: Published, folder: Path) -> bool:
    """Start one server by itself and end it once it has answered `initialize`; whether it has."""
    process = subprocess.Popen(
        server.line(str(folder)),
        cwd=folder,
        env={**os.environ, **caches(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        bufsize=0,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(encoded("initialize", INITIALIZE) + b"\n")
        deadline, seen = time.monotonic() + READY_S, b""
        while b'"serverInfo"' not in seen and time.monotonic() < deadline:
            if select.select([process.stdout], [], [], 1.0)[0]:
                piece = os.read(process.stdout.fileno(), 65536)
                if not piece:
                    break
                seen += piece
    except BrokenPipeError:
        return False
    else:
        return b'"serverInfo"' in seen
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@attrs.define(eq=False)
class Starts:
    """What is seen of the programs that are started below a gateway: those that a shim noted, and their children."""

    notes: Path
    installed: set[int] = attrs.field(factory=set)
    """Those that have started something themselves: what they installed, or had in the cache."""

    def begun(self) -> dict[int, str]:
        """Every start so far: its process id, and its command line."""
        lines = self.notes.read_text().splitlines() if self.notes.exists() else []
        return {int(pid): command for pid, _, command in (line.partition(" ") for line in lines)}

    def look(self) -> None:
        parents = set(parents_by_pid().values())
        self.installed |= self.begun().keys() & parents

    def cut_off(self) -> list[str]:
        """Those that ended before they had started anything."""
        gone = {pid: line for pid, line in self.begun().items() if not Path(f"/proc/{pid}").exists()}
        return [line for pid, line in gone.items() if pid not in self.installed]


def shims(folder: Path) -> tuple[Path, Starts]:
    """A folder with an `npx` and a `uvx` that note their process id and become the real ones."""
    shim_folder, notes = folder / "bin", folder / "starts"
    shim_folder.mkdir()
    for name in RUNNERS:
        shim = shim_folder / name
        shim.write_text(f'#!/bin/sh\necho "$$ {name} $*" >> {notes}\nexec {shutil.which(name)} "$@"\n')
        shim.chmod(0o755)
    return shim_folder, Starts(notes)


@attrs.frozen(kw_only=True)
class Behind:
    """What came of all servers behind one gateway."""

    seconds: float
    """Until the last was ready."""
    ready: dict[str, float]
    """When each was ready, in seconds."""
    not_ready: dict[str, str]
    begun: int
    """How many programs were started in all."""
    cut_off: list[str]
    """Those that ended in mid-install."""
    log: list[str]
    """What the gateway wrote of attempts that failed."""


def behind_gateway(folder: Path) -> Behind:
    """Start all servers behind one gateway."""
    shim_folder, starts = shims(folder)
    env = {**caches(folder), "PATH": f"{shim_folder}{os.pathsep}{os.environ['PATH']}"}
    lines = {server.name: server.line(str(folder)) for server in PUBLISHED}
    log, began, ready = folder / "log", time.monotonic(), dict[str, float]()
    with gateway(folder, backends_of(lines, env=env, cwd=str(folder)), log) as running:
        while len(ready) < len(lines) and time.monotonic() < began + READY_S:
            states = running.states()
            starts.look()
            for name, state in states.items():
                if state == "ready":
                    ready.setdefault(name, time.monotonic() - began)
            time.sleep(PAUSE_S)
        return Behind(
            seconds=time.monotonic() - began,
            ready=ready,
            not_ready={name: state for name, state in running.states().items() if name not in ready},
            begun=len(starts.begun()),
            cut_off=starts.cut_off(),
            log=[line for line in log.read_text(errors="replace").splitlines() if "_down" in line],
        )


def cold() -> None:
    """Published servers from empty caches."""
    if missing := [name for name in RUNNERS if shutil.which(name) is None]:
        raise SystemExit(f"{' and '.join(missing)} must be on PATH")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        began = time.monotonic()
        failed = [server.name for server in PUBLISHED if not alone(server, Path(name))]
        by_themselves = time.monotonic() - began
    print(
        f"{len(PUBLISHED)} one after the other, without a gateway: {by_themselves:.0f} s; failed: {failed or 'none'}",
        flush=True,
    )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        behind = behind_gateway(Path(name))
    counts = ", ".join(
        f"{sum(at <= mark for at in behind.ready.values())} after {mark} s" for mark in (15, 30, 60, 120)
    )
    print(f"behind the gateway: {behind.seconds:.0f} s until all are ready ({counts})")
    print(f"ratio: {behind.seconds / by_themselves:.2f}; not ready: {behind.not_ready or 'none'}")
    print(f"programs started: {behind.begun}; ended in mid-install: {behind.cut_off or 'none'}")
    print(*behind.log, sep="\n", flush=True)


def warm(count: int) -> dict[str, Sequence[str]]:
    return {f"echo{number}": ECHO for number in range(count)}


def lists() -> None:
    """A list that is asked for soon after the start."""
    with tempfile.TemporaryDirectory() as name, gateway(Path(name), backends_of(warm(WARM))) as running:
        time.sleep(SOON_S)
        client = running.client()
        asked = time.monotonic()
        tools = len(client.tools())
        seconds = time.monotonic() - asked
        client.close()
    print(
        f"list asked {SOON_S:g} s after the start: {tools} of {WARM * OWN_TOOLS} tools, after {seconds:.2f} s",
        flush=True,
    )


def reload() -> None:
    """A reload that adds backends, one of which never answers."""
    with tempfile.TemporaryDirectory() as name, gateway(Path(name), backends_of({"old": ECHO})) as running:
        client = running.client()
        while len(client.tools()) < OWN_TOOLS:
            time.sleep(PAUSE_S)
        new = {"old": ECHO, "silent": SILENT, **warm(3)}
        running.config.write_text(json.dumps({"version": "1", "backends": backends_of(new)}))
        running.process.send_signal(signal.SIGHUP)
        began = time.monotonic()
        while (tools := len(client.tools())) <= OWN_TOOLS and time.monotonic() < began + READY_S:
            time.sleep(PAUSE_S)
        first = time.monotonic() - began
        while (tools := len(client.tools())) < 4 * OWN_TOOLS and time.monotonic() < began + READY_S:
            time.sleep(PAUSE_S)
        client.close()
    print(f"reload: the first new backend after {first:.2f} s, all that answer after {time.monotonic() - began:.2f} s")
    print(f"        ({tools} of {4 * OWN_TOOLS} tools, one backend of the four never answers)", flush=True)


def listed() -> None:
    """The first lists of three kinds of client."""
    first_list.table([12, 40, 80])


FIGURES: dict[str, Callable[[], None]] = {"cold": cold, "listed": listed, "lists": lists, "reload": reload}


def main() -> None:
    names = sys.argv[1:] or list(FIGURES)
    if unknown := set(names) - FIGURES.keys():
        raise SystemExit(f"no such figure: {', '.join(sorted(unknown))}; there are {', '.join(FIGURES)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that nothing outlives it
    for name in names:
        FIGURES[name]()


if __name__ == "__main__":
    main()
