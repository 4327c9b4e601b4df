"""A gateway that is its own backend, directly or in a ring, by HTTP or by a bridge: it is told, and no list grows."""

from __future__ import annotations

import json
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e import gateway
from tests.e2e.gateway import Gateway, Json
from tests.e2e.ports import free_port
from tests.e2e.raw import LEGACY, MODERN, Raw

ECHO = gateway.stdio("echo.py")
SETTLE_SECONDS = 20.0
STABLE_SECONDS = 2.0


def leading_to(port: int, by: str) -> Json:
    """The configuration of a backend that is the gateway at this port."""
    url = f"http://127.0.0.1:{port}"
    if by == "bridge":
        return {
            "type": "stdio",
            "command": sys.executable,
            "args": ["-m", "argus_trio", "stdio", "--url", url + "/mcp"],
        }
    return gateway.sse(url + "/sse") if by == "sse" else gateway.http(url + "/mcp")


def tools(argus: Gateway, revision: str = MODERN) -> set[str]:
    listed = Raw(argus.url, revision).result("tools/list")["tools"]
    return {tool["name"] for tool in listed}


def why_down(argus: Gateway, backend: str) -> str:
    """Why a backend is not up, once /manage/v1/backends says so."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        _, body = argus.get("/manage/v1/backends")
        shown = json.dumps(next(each for each in body["backends"] if each["name"] == backend))
        if "its own backend" in shown:
            return shown
        time.sleep(0.1)
    raise AssertionError("\n".join(argus.child.lines()))


@pytest.mark.parametrize("by", ["http", "sse", "bridge"])
def test_a_gateway_that_is_its_own_backend_says_so_and_lists_nothing_twice(tmp_path: Path, by: str) -> None:
    port = free_port()
    backends = {"echo": ECHO, "itself": leading_to(port, by)}
    with gateway.running({"backends": backends}, tmp_path, ready=["echo"], arguments=("--port", str(port))) as argus:
        assert "take the backend that leads back here out" in why_down(argus, "itself")
        argus.event("gateway_is_its_own_backend")
        assert len(argus.events("gateway_is_its_own_backend")) == 1
        for revision in (LEGACY, MODERN):
            assert not any(name.startswith("itself") for name in tools(argus, revision))


def shape(argus: Gateway) -> tuple[int, str]:
    """How many gateways on from this one its tools come from at most, and how its backend `next` stands: its state, or
    that it is cut."""
    _, body = argus.get("/manage/v1/backends")
    shown = next((each for each in body["backends"] if each["name"] == "next"), {"state": ""})
    state = "cut" if "its own backend" in json.dumps(shown) else str(shown["state"])
    return max(name.count("next__") for name in tools(argus)), state


def settled(ring: list[Gateway], expected: list[tuple[int, str]]) -> None:
    """Wait until the gateways of the ring are as expected, whichever is the first, and then stay so."""
    turned = [expected[number:] + expected[:number] for number in range(len(expected))]
    since, deadline = time.monotonic(), time.monotonic() + SETTLE_SECONDS
    while time.monotonic() - since < STABLE_SECONDS:
        if (now := [shape(each) for each in ring]) not in turned:
            since = time.monotonic()
            assert since < deadline, now
        time.sleep(0.2)  # another process' progress has no event to wait for


@pytest.mark.parametrize(("length", "by"), [(2, "http"), (2, "sse"), (3, "http"), (3, "sse")])
def test_a_ring_that_closes_while_all_start_is_cut_once_and_lists_nothing_twice(
    tmp_path: Path, length: int, by: str
) -> None:
    ports = [free_port() for _ in range(length)]
    with ExitStack() as owned:
        ring: list[Gateway] = []
        for number, port in enumerate(ports):
            folder = tmp_path / str(number)
            folder.mkdir()
            backends = {"echo": ECHO, "next": leading_to(ports[(number + 1) % length], by)}
            running = gateway.running({"backends": backends}, folder, ready=False, arguments=("--port", str(port)))
            ring.append(owned.enter_context(running))
        settled(ring, [(length - 1 - number, "ready") for number in range(length - 1)] + [(0, "cut")])
        cut = next(each for each in ring if shape(each)[1] == "cut")
        assert "take the backend that leads back here out" in why_down(cut, "next")
        cut.event("backend_down", backend="next")
        assert len([event for event in cut.events("backend_lists_withdrawn") if event["backend"] == "next"]) <= 2
        assert sum(len(each.events("gateway_is_its_own_backend")) for each in ring) == 1


def test_a_reload_closes_a_ring_and_another_opens_it(tmp_path: Path) -> None:
    ports = [free_port() for _ in range(2)]
    with ExitStack() as owned:
        ring: list[Gateway] = []
        for number, port in enumerate(ports):
            folder = tmp_path / str(number)
            folder.mkdir()
            backends = {"echo": ECHO, **({"next": leading_to(ports[1], "http")} if number == 0 else {})}
            running = gateway.running({"backends": backends}, folder, ready=["echo"], arguments=("--port", str(port)))
            ring.append(owned.enter_context(running))
        ring[0].event("backend_ready", backend="next")
        for backends in ({"echo": ECHO, "next": leading_to(ports[0], "http")}, {"echo": ECHO}):
            gateway.written({"backends": backends}, tmp_path / "1", ring[1].mark)
            ring[1].child.signal(signal.SIGHUP)
            if "next" in backends:
                settled(ring, [(1, "ready"), (0, "cut")])
        deadline = time.monotonic() + SETTLE_SECONDS
        while any(name.startswith("next") for name in tools(ring[1])):
            assert time.monotonic() < deadline
            time.sleep(0.1)
