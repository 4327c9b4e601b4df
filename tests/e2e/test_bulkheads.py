"""A backend that hangs or floods costs the calls of another one nothing: latencies with and without, in one run."""

from __future__ import annotations

import json
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest

from bench.client import Client, encoded
from tests.e2e import gateway
from tests.e2e.gateway import Gateway
from tests.e2e.raw import META, MODERN, Json, Raw

UNAVAILABLE, TOO_LATE = -31013, -31015
CONCURRENCY, QUEUE = 40, 20
ROUNDS = 8
CALLS = 120
"""Of each round, without the trouble and then with it."""
SETTLING = 40
SLACK_MS = 3.0
"""What a busy machine may add to either figure by itself."""
MEDIAN, LATEST = 2.0, 4.0
"""How many times as long the calls may take beside the trouble: the median, and the 99th percentile.

A call that waits for the other backend would take `TIMEOUTS["call"]`, which is ten thousand times as long.
"""
TIMEOUTS = {"connect": 30, "call": 30}
FLOOD_SECONDS = 0.6
PROMPTLY_SECONDS = 15.0
ATTEMPTS = 20
"""Of a call to wait for its whole deadline: that of the call before it in the queue ends at nearly the same time."""


@pytest.fixture(scope="module")
def argus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    limits = {"concurrency": CONCURRENCY, "queue": QUEUE}
    backends = {
        "good": gateway.stdio("echo.py"),
        "hangs": gateway.stdio("moody.py", "hangs", limits=limits, timeouts=TIMEOUTS),
        "floods": gateway.stdio("moody.py", "floods"),
        "narrow": gateway.stdio("echo.py", limits={"concurrency": 1, "queue": 1}, timeouts={"call": 2}),
    }
    with gateway.running({"backends": backends}, tmp_path_factory.mktemp("bulkheads")) as running:
        yield running


@contextmanager
def calls_that_hang(argus: Gateway, backend: str, tool: str, count: int) -> Iterator[None]:
    """So many calls of modern clients, under way or waiting for the length of the block."""
    meta = {f"{META}protocolVersion": MODERN, f"{META}clientCapabilities": {}}
    params = {"name": f"{backend}__{tool}", "arguments": {}, "_meta": meta}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
    place = urlsplit(argus.url)
    head = (
        f"POST /mcp HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: {MODERN}\r\n"
        f"Mcp-Method: tools/call\r\nMcp-Name: {params['name']}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    with ExitStack() as sockets:
        for _ in range(count):
            one = sockets.enter_context(socket.create_connection((place.hostname or "", place.port or 0), timeout=30))
            one.sendall(head + body)
        yield


def timed(client: Client, calls: int) -> list[float]:
    """Milliseconds of each of so many calls of the good backend."""
    took: list[float] = []
    body = encoded("tools/call", {"name": "good__echo", "arguments": {"text": "x" * 100}})
    for _ in range(calls):
        started = time.perf_counter()
        _, answer = client.exchange(body)
        took.append((time.perf_counter() - started) * 1000)
        assert b'"result"' in answer
    return took


def compared(argus: Gateway, what: str, trouble: Callable[[], Iterator[None]]) -> None:
    """Call the good backend in turns, without the trouble and with it; print both, and compare."""
    client = Client(f"{argus.url}/mcp")
    rounds: list[tuple[list[float], list[float]]] = []
    for _ in range(ROUNDS):
        timed(client, SETTLING)  # what the last round left behind is over then
        without = timed(client, CALLS)
        with contextmanager(trouble)():
            timed(client, SETTLING)  # and here what brought the trouble about
            rounds.append((without, timed(client, CALLS)))
    client.close()
    for name, limit, place in (("p50", MEDIAN, 49), ("p99", LATEST, 98)):
        pairs = [[statistics.quantiles(took, n=100)[place] for took in both] for both in rounds]
        before, after = (statistics.median(side) for side in zip(*pairs, strict=True))
        ratio = statistics.median(beside / without for without, beside in pairs)
        print(f"{what}: {name} {before:.2f} ms without, {after:.2f} ms beside it, ratio {ratio:.2f}")
        # Round by round: what else the machine does comes and goes, and is not the trouble's doing.
        assert statistics.median(beside - without * limit for without, beside in pairs) < SLACK_MS


def test_a_backend_that_hangs_costs_the_others_nothing(argus: Gateway) -> None:
    raw = Raw(argus.url, MODERN)

    def hanging() -> Iterator[None]:
        with calls_that_hang(argus, "hangs", "go", CONCURRENCY + QUEUE):
            yield
            assert raw.error("tools/call", name="hangs__go", arguments={})["code"] == UNAVAILABLE  # it was full

    compared(argus, "a backend that hangs", hanging)


def test_a_backend_that_floods_costs_the_others_little(argus: Gateway) -> None:
    raw = Raw(argus.url, MODERN)

    def flooding() -> Iterator[None]:
        raw.call("floods__go", seconds=FLOOD_SECONDS, pause=0.01)
        yield
        time.sleep(FLOOD_SECONDS)  # so that nothing of it is left in the next round without

    compared(argus, "a backend that floods", flooding)


def test_a_full_queue_is_refused_at_once_and_waiting_has_the_calls_own_deadline(argus: Gateway) -> None:
    raw = Raw(argus.url, MODERN)
    late: Json = {"result": "the call that hangs was not there yet, or over in time for this one"}
    for _ in range(ATTEMPTS):
        if "result" not in late:
            break
        with calls_that_hang(argus, "narrow", "hang", 1):
            started = time.monotonic()
            late = raw.request("tools/call", name="narrow__echo", arguments={})
            assert time.monotonic() - started < PROMPTLY_SECONDS
    assert late["error"]["code"] == TOO_LATE
    with calls_that_hang(argus, "narrow", "hang", 3):
        argus.event("backend_queue_full", backend="narrow")  # by the third of them
        refused = raw.error("tools/call", name="narrow__echo", arguments={})
    assert refused["code"] == UNAVAILABLE
    assert refused["data"]["retryAfter"] >= 1
    full = [event["backend"] for event in argus.events("backend_queue_full")]
    assert full.count("narrow") == 1
