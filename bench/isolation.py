"""What a container costs: `ARGUS_TEST_ENGINE=unix://… python -m bench.isolation [--calls N] [--starts N]`.

The same server behind the same gateway, as a process and in a container, with the same interpreter (an image of one
package on the base of tests/containers, which is made of this one). Calls alternate in blocks, starts one by one, so
that what else the machine does is spread over both. CPU is that of the gateway and that of the server, as the kernel
counts it. A start is that of the gateway, which loads then what speaks to an engine.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from bench.client import Client
from bench.gateways import ROOT, free_port, until_listening
from bench.processes import exact_cpu_s
from tests.containers.engine import Engine

SCRIPT = str(ROOT / "tests" / "servers" / "mortal.py")
KINDS = ("bare", "contained")
PACKAGE = "six"
"""What the image is made with: any package will do, and a small one is made soon. Its interpreter is compiled ahead, as
those of the images of packages are."""
BLOCK = 200
"""Calls in a row of one kind."""
TEXT = "x" * 1024
STOP_SECONDS = 20.0
READY_SECONDS = 60.0
LIMIT = 1.1
"""What a call in a container may cost, as a share of what it costs without."""
START_LIMIT_SECONDS = 0.5


def interpreter() -> str:
    """What the base image was made of, outside of any environment."""
    return os.path.realpath(sys.executable)


def backend(kind: str) -> dict[str, object]:
    command = interpreter() if kind == "bare" else "python3"
    container = {"isolation": "off"} if kind == "bare" else {"packages": [PACKAGE], "isolation": "required"}
    return {"type": "stdio", "command": command, "args": ["-I", "-S", SCRIPT], "container": container}


@contextmanager
def gateway(kinds: tuple[str, ...], environment: dict[str, str]) -> Iterator[tuple[int, str]]:
    """A gateway with these backends: its pid and its endpoint, as soon as it listens."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_text(json.dumps({"version": "1", "backends": {kind: backend(kind) for kind in kinds}}))
        command = [sys.executable, "-m", "argus_trio", "serve", "-c", str(path), "--port", str(port)]
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen([*command, "--log-level", "error"], cwd=ROOT, env=environment, stdout=log)
            try:
                until_listening(port, process)
                yield process.pid, f"http://127.0.0.1:{port}/mcp"
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(STOP_SECONDS)


def until_answered(client: Client, kind: str) -> None:
    """Return when a call of that backend has been answered. Raises: RuntimeError: none was."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            if not call(client, kind).get("isError"):
                return
        except RuntimeError:
            pass  # it is not there yet
        time.sleep(0.005)
    raise RuntimeError(f"{kind} does not answer")


def call(client: Client, kind: str) -> dict[str, object]:
    return client.result("tools/call", {"name": f"{kind}__echo", "arguments": {"text": TEXT}})


def server_of(kind: str) -> int:
    """The process that runs the script for this kind of backend, as this machine sees it."""
    outside = interpreter().encode()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if SCRIPT.encode() in words and (words[0] == outside) == (kind == "bare"):
            return int(entry.name)
    raise RuntimeError(f"no process of {kind}")


@attrs.frozen(kw_only=True)
class Block:
    """What the calls of one block cost, in microseconds: the median and the slowest hundredth of their latencies, the
    CPU of the gateway and that of the server."""

    median: float
    slow: float
    gateway: float
    server: float


def measured(client: Client, kind: str, gateway_pid: int, server_pid: int) -> Block:
    before = exact_cpu_s(gateway_pid), exact_cpu_s(server_pid)
    latencies = []
    for _ in range(BLOCK):
        began = time.perf_counter()
        call(client, kind)
        latencies.append((time.perf_counter() - began) * 1e6)
    latencies.sort()
    return Block(
        median=statistics.median(latencies),
        slow=latencies[BLOCK * 99 // 100],
        gateway=(exact_cpu_s(gateway_pid) - before[0]) / BLOCK * 1e6,
        server=(exact_cpu_s(server_pid) - before[1]) / BLOCK * 1e6,
    )


def quiet(blocks: list[Block]) -> tuple[float, ...]:
    """The lower quartile of each figure: what else the machine does only adds."""
    fields = zip(*(attrs.astuple(block) for block in blocks), strict=True)
    return tuple(statistics.quantiles(field, n=4)[0] for field in fields)


def calls(count: int, environment: dict[str, str]) -> dict[str, tuple[float, ...]]:
    blocks: dict[str, list[Block]] = {kind: [] for kind in KINDS}
    with gateway(KINDS, environment) as (pid, url):
        client = Client(url)
        for kind in KINDS:
            until_answered(client, kind)
        servers = {kind: server_of(kind) for kind in KINDS}
        for number in range(-(-count // BLOCK) + 1):
            for kind in KINDS if number % 2 else reversed(KINDS):
                block = measured(client, kind, pid, servers[kind])
                if number:  # the first one warms up
                    blocks[kind].append(block)
        client.close()
    return {kind: quiet(found) for kind, found in blocks.items()}


def starts(count: int, environment: dict[str, str]) -> dict[str, list[float]]:
    """Seconds from the start of a gateway to the first answer of its backend."""
    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for _ in range(count):
        for kind in KINDS:
            began = time.monotonic()
            with gateway((kind,), environment) as (_, url):
                client = Client(url)
                until_answered(client, kind)
                found[kind].append(time.monotonic() - began)
                client.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=4000, help="calls of each kind")
    parser.add_argument("--starts", type=int, default=7, help="starts of each kind")
    options = parser.parse_args()
    engine = Engine(os.environ["ARGUS_TEST_ENGINE"])
    with tempfile.TemporaryDirectory(prefix="at") as folder:
        places = {"XDG_RUNTIME_DIR": folder, "XDG_STATE_HOME": folder, "PYTHONPATH": str(ROOT)}
        environment = {**os.environ, **places, "DOCKER_HOST": engine.url}
        started = starts(options.starts, environment)
        costs = calls(options.calls, environment)
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}\n")
    print("Lower quartile of blocks; starts: median.\n")
    print("| | median, µs | 99 %, µs | CPU gateway, µs | CPU server, µs | start to first answer, s |")
    print("|---|---:|---:|---:|---:|---:|")
    for kind in KINDS:
        row = " | ".join(f"{figure:.0f}" for figure in costs[kind])
        print(f"| {kind} | {row} | {statistics.median(started[kind]):.2f} |")
    shares = [inside / outside for outside, inside in zip(*(costs[kind] for kind in KINDS), strict=True)]
    longer = statistics.median(started["contained"]) - statistics.median(started["bare"])
    print(f"| contained / bare | {' | '.join(f'{share:.2f}' for share in shares)} | +{longer:.2f} s |")
    kept = shares[0] <= LIMIT and shares[2] <= LIMIT and longer <= START_LIMIT_SECONDS
    wanted = f"median and CPU at most {LIMIT:.2f}, start at most +{START_LIMIT_SECONDS} s"
    print(f"\nwanted: {wanted}: {'so it is' if kept else 'so it is NOT'}")


if __name__ == "__main__":
    main()
