"""What is measured of one gateway, and the backend without any gateway to compare with."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import attrs

from bench import load
from bench.gateways import ROOT, Commands, Running, listed, started
from bench.processes import Memory, cpu_s, descendants, memory

ECHO = (sys.executable, str(ROOT / "tests" / "servers" / "echo.py"))
OWN_TOOLS = 13
"""How many tools echo.py has by itself."""
MANY_TOOLS = 500
BACKENDS = 20
CONCURRENCY = 16
KILOBYTE = "x" * 1024
LISTS = 100
WARM_UP = 100


@attrs.frozen(kw_only=True)
class Load:
    """One load on one gateway: milliseconds of CPU per request, in the gateway and below it, and latencies."""

    gateway_cpu_ms: float
    children_cpu_ms: float
    p50_ms: float
    p99_ms: float
    per_second: float


@attrs.frozen(kw_only=True)
class Report:
    """Everything measured of one gateway."""

    name: str
    one: Load
    many: Load
    lists: Load
    memory: Memory
    listening_s: float
    ready_s: float
    ready_with_many_s: float


def loaded(running: Running, method: str, params: dict[str, object], calls: int, concurrency: int) -> Load:
    """Put a load on a gateway from another process, and take the CPU that it cost."""
    below = descendants(running.pid)
    before, before_below = cpu_s(running.pid), sum(map(cpu_s, below))
    arguments = [running.urls[0], method, json.dumps(params), str(calls), str(concurrency)]
    command = [sys.executable, "-m", "bench.load", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    told = json.loads(done.stdout)
    spent = cpu_s(running.pid) - before
    spent_below = sum(cpu_s(pid) for pid in set(below) & set(descendants(running.pid))) - before_below
    return Load(
        gateway_cpu_ms=spent * 1000 / told["calls"],
        children_cpu_ms=spent_below * 1000 / told["calls"],
        p50_ms=told["p50_ms"],
        p99_ms=told["p99_ms"],
        per_second=told["per_second"],
    )


def measured(name: str, python: str, calls: int) -> Report:
    one: Commands = {"echo": ECHO}
    with started(name, python, one, tools=OWN_TOOLS) as running:
        tool = next(each for each in listed(running.urls[0]) if each.endswith("echo"))
        params: dict[str, object] = {"name": tool, "arguments": {"text": KILOBYTE}}
        loaded(running, "tools/call", params, WARM_UP, 1)
        resident = memory(running.pid)
        at_one = loaded(running, "tools/call", params, calls, 1)
        at_many = loaded(running, "tools/call", params, calls, CONCURRENCY)
        alone = running
    with started(name, python, {"echo": (*ECHO, "--tools", str(MANY_TOOLS - OWN_TOOLS))}, tools=MANY_TOOLS) as running:
        lists = loaded(running, "tools/list", {}, LISTS, 1)
    with started(name, python, {f"echo{n}": ECHO for n in range(BACKENDS)}, tools=BACKENDS * OWN_TOOLS) as running:
        ready_with_many = running.ready_s
    return Report(
        name=name,
        one=at_one,
        many=at_many,
        lists=lists,
        memory=resident,
        listening_s=alone.listening_s,
        ready_s=alone.ready_s,
        ready_with_many_s=ready_with_many,
    )


def directly(calls: int) -> dict[str, float]:
    """The same call to the backend itself over its pipes: what a gateway's latency comes on top of."""
    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    line = json.dumps({**request, "params": {"name": "echo", "arguments": {"text": KILOBYTE}}}).encode() + b"\n"
    took: list[float] = []
    with subprocess.Popen(ECHO, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(calls):
            before = time.perf_counter()
            process.stdin.write(line)
            process.stdin.flush()
            process.stdout.readline()
            took.append(time.perf_counter() - before)
        process.stdin.close()
    return load.percentiles(took)
