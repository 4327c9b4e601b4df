"""One backend is offered forty times what it carries: new clients of another one are served, then all is as before."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import attrs

from tests.e2e import gateway
from tests.e2e.child import Child
from tests.e2e.gateway import Gateway
from tests.e2e.raw import MODERN, Raw

CARRIED = 100
"""Calls a second that the loaded backend carries: so many under way, and each takes one second."""
CONNECTIONS = 700
FLOOD_SECONDS = 10.0
SETTLE_SECONDS = 1.0
CALL_LIMIT = 1.5
"""The longest that a call of a new client to the other backend may take, and the median of refusals."""
CALM_SECONDS = 3.0
NORMAL = 0.5
"""A call of a gateway that has nothing else to do takes milliseconds; a busy machine has its slack."""


@attrs.frozen
class Visit:
    """A call of a client that came for it alone."""

    seconds: float
    is_served: bool


def visit(argus: Gateway) -> Visit:
    began = time.monotonic()
    try:
        answer = Raw(argus.url, MODERN).request("tools/call", name="free__echo", arguments={"text": "here"})
    except (OSError, AssertionError):
        return Visit(time.monotonic() - began, is_served=False)
    return Visit(time.monotonic() - began, is_served="result" in answer)


def outcome(line: str) -> dict[str, float] | None:
    return json.loads(line) if line.startswith("{") else None


def test_new_clients_of_another_backend_are_served_while_one_is_overloaded(tmp_path: Path) -> None:
    backends = {
        "loaded": gateway.stdio("echo.py", "--delay", "1", limits={"concurrency": CARRIED}),
        "free": gateway.stdio("echo.py"),
    }
    load = [sys.executable, "-m", "tests.e2e.flood"]
    with gateway.running({"backends": backends}, tmp_path) as argus:
        flood = [argus.url, "loaded__echo", str(CONNECTIONS), str(40 * CARRIED), str(FLOOD_SECONDS)]
        with Child([*load, *flood]) as flooding:
            flooding.wait_for(lambda line: True if line == "flooding" else None)
            ends = time.monotonic() + FLOOD_SECONDS - SETTLE_SECONDS
            time.sleep(SETTLE_SECONDS)
            visits: list[Visit] = []
            while time.monotonic() < ends:
                visits.append(visit(argus))
            came = flooding.wait_for(outcome)
        time.sleep(CALM_SECONDS)
        after = [visit(argus) for _ in range(20)]
    longest = max(each.seconds for each in visits)
    turned_away = sum(not each.is_served for each in visits)
    print(f"flood: {came}; {len(visits)} visits, the longest {longest:.2f} s, {turned_away} turned away")
    assert longest < CALL_LIMIT
    assert turned_away <= len(visits) / 5
    assert came["refused"]
    assert came["median_of_refusals"] < CALL_LIMIT
    assert all(each.is_served and each.seconds < NORMAL for each in after)
