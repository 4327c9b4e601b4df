"""What event streams and pollers cost the calls of others: CPU of the gateway for each call, and latency.

    python -m bench.management [--rounds N] [--calls N] [--streams N]

One gateway is called without anybody who looks, with 1000 open event streams, with figures for ten of them besides, and
with a poller of 20 requests a second, in turn, round after round: what else the machine does is spread over all. Who
looks is a process of its own.

The calls of a round come evenly, over as long as the gateway was watched without any just before. That is as long as
streams take to be written to once, so that both times hold as much of what the lookers cost by themselves: the last
column, which is taken off the calls. A situation is compared with the first one of its round; the median round counts.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from bench.client import Client, encoded
from bench.gateways import ROOT, STOP_S, free_port, until_listed_by, until_listening
from bench.measure import ECHO, OWN_TOOLS
from bench.processes import exact_cpu_s

STREAMS = 1000
FIGURES = 10
POLLS_PER_SECOND = 20
SETTLE_S = 2.0
"""How long the gateway has to open what looks, and to close what looked before."""
WINDOW_S = 5.0
"""How long the gateway is watched without a call, to know what it does by itself, and over how long calls are spread:
one pace of a thousand streams."""
PATHS = ("/manage/v1/events?limit=100", "/manage/v1/backends", "/manage/v1/metrics", "/manage/v1/health")
CALL = encoded("tools/call", {"name": "b__echo", "arguments": {"text": "x" * 1024}})


@attrs.define(eq=False, kw_only=True)
class Situation:
    """Who looks while calls are made, and what a call cost in each round."""

    label: str
    streams: int = 0
    figures: int = 0
    polls: bool = False
    events: bool = False
    """Whether a client opens a session each second, and ends it: two events for every stream."""
    cpu: list[float] = attrs.field(factory=list)
    """Milliseconds of a call, without what the gateway does by itself."""
    alone: list[float] = attrs.field(factory=list)
    """Milliseconds of a second without any call."""
    latencies: list[float] = attrs.field(factory=list)


@contextmanager
def looking(situation: Situation, port: int) -> Iterator[None]:
    """Somebody looks, in a process of its own."""
    if not situation.streams and not situation.polls and not situation.events:
        yield
        return
    options = [str(port), str(situation.streams), str(situation.figures), str(int(situation.polls))]
    options.append(str(int(situation.events)))
    command = [sys.executable, "-m", "bench.management", "--look", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=_environment()) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"looking\n"
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_S)


def look(port: int, streams: int, figures: int, *, polls: bool, events: bool) -> None:
    """Hold streams open and read what they bring, poll, and bring events about."""
    selector = selectors.DefaultSelector()
    for number in range(streams):
        query = b"?figures=true" if number < figures else b""
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(b"GET /manage/v1/events/stream%b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % (query, port))
        while b"heartbeat" not in connection.recv(65536):
            pass
        connection.setblocking(False)
        selector.register(connection, selectors.EVENT_READ, connection)
    poller = socket.create_connection(("127.0.0.1", port)) if polls else None
    print("looking", flush=True)
    turn = 0
    due = time.monotonic()
    while True:
        for key, _ in selector.select(max(0.0, due - time.monotonic())) if streams else ():
            if not key.fileobj.recv(65536):  # type: ignore[union-attr]
                selector.unregister(key.fileobj)
        if time.monotonic() < due:
            if not streams:
                time.sleep(max(0.0, due - time.monotonic()))
            continue
        due += 1 / POLLS_PER_SECOND
        if poller is not None:
            _ask(poller, port, PATHS[turn % len(PATHS)])
        if events and turn % POLLS_PER_SECOND == 0:
            _come_and_go(port)
        turn += 1


def _ask(poller: socket.socket, port: int, path: str) -> None:
    poller.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    head, _, body = poller.recv(65536).partition(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    left = int(length.split(b":")[1]) - len(body)
    while left > 0:
        left -= len(poller.recv(65536))


def _come_and_go(port: int) -> None:
    client = Client(f"http://127.0.0.1:{port}/mcp")
    client.socket.sendall(f"{client.head.replace('POST', 'DELETE', 1)}\r\n".encode())
    client.socket.recv(65536)
    client.close()


@contextmanager
def gateway() -> Iterator[tuple[int, int]]:
    """A gateway before one backend: its process and its port."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        backend = {"type": "stdio", "command": sys.executable, "args": [*ECHO[1:]]}
        path.write_text(json.dumps({"version": "1", "backends": {"b": backend}}))
        command = [sys.executable, "-m", "argus_trio", "serve", "-c", str(path), "--port", str(port)]
        process = subprocess.Popen(
            [*command, "--log-level", "error"],
            cwd=ROOT,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            until_listening(port, process)
            yield process.pid, port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_S)


def round_of(situation: Situation, client: Client, pid: int, calls: int) -> None:
    """So many calls, and a rest before them. What the rest costs in that time is taken off the calls."""
    time.sleep(SETTLE_S)
    began, before = time.monotonic(), exact_cpu_s(pid)
    time.sleep(WINDOW_S)
    alone = (exact_cpu_s(pid) - before) / (time.monotonic() - began)
    began, before = time.monotonic(), exact_cpu_s(pid)
    for number in range(calls):
        time.sleep(max(0.0, began + number * WINDOW_S / calls - time.monotonic()))
        asked = time.perf_counter()
        _, answer = client.exchange(CALL)
        situation.latencies.append((time.perf_counter() - asked) * 1e3)
        assert b'"result"' in answer, answer[:500]
    spent = exact_cpu_s(pid) - before - alone * (time.monotonic() - began)
    situation.cpu.append(spent / calls * 1e3)
    situation.alone.append(alone * 1e3)


def main(options: argparse.Namespace) -> None:
    """Measure all situations in turn, and print a row for each."""
    streams = options.streams
    situations = [
        Situation(label="nobody looks"),
        Situation(label=f"{streams} event streams", streams=streams),
        Situation(label=f"the same, figures for {FIGURES}", streams=streams, figures=FIGURES),
        Situation(label=f"{POLLS_PER_SECOND} polls a second", polls=True),
        Situation(label="all of these", streams=streams, figures=FIGURES, polls=True),
        Situation(label="a session a second", events=True),
        Situation(label=f"the same, told to {streams} streams", streams=streams, events=True),
    ]
    with gateway() as (pid, port):
        client = Client(f"http://127.0.0.1:{port}/mcp")
        until_listed_by(client.tools, OWN_TOOLS)
        round_of(Situation(label="to warm up"), client, pid, options.calls)
        for _ in range(options.rounds):
            for situation in situations:
                with looking(situation, port):
                    round_of(situation, client, pid, options.calls)
        client.close()
    print(f"{'':36}{'CPU/call ms':>12}{'':>9}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}{'alone ms/s':>12}")
    base = situations[0].cpu
    for each in situations:
        cpu, ordered = statistics.median(each.cpu), sorted(each.latencies)
        more = statistics.median(ours / theirs - 1 for ours, theirs in zip(each.cpu, base, strict=True))
        p50, p99 = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
        alone = statistics.median(each.alone)
        told = f"{cpu:12.3f}{more * 100:+8.1f}%{p50:9.2f}{p99:9.2f}{ordered[-1]:9.2f}{alone:12.2f}"
        print(f"{each.label:36}{told}")


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.management", description="Measure who looks.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=600, help="calls of a round")
    parser.add_argument("--streams", type=int, default=STREAMS)
    parser.add_argument("--look", nargs=5, type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.look:
        port, streams, figures, polls, events = given.look
        look(port, streams, figures, polls=bool(polls), events=bool(events))
    else:
        main(given)
