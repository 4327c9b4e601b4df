"""A gateway that is its own backend, directly or in a ring, by HTTP or by a bridge: it is told, and no list grows."""

from __future__ import annotations

import json
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
STABLE_SECONDS = 5.0
TWICE_ROUND = 6
"""What was listed before the ring was noticed may stay, as of any backend that is down."""


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


def test_a_ring_of_three_is_cut_where_it_closes_and_no_list_grows(tmp_path: Path) -> None:
    ports = [free_port() for _ in range(3)]
    with ExitStack() as owned:
        ring: list[Gateway] = []
        for number, port in enumerate(ports):
            folder = tmp_path / str(number)
            folder.mkdir()
            backends = {"echo": ECHO, "next": leading_to(ports[(number + 1) % 3], "http")}
            running = gateway.running({"backends": backends}, folder, ready=["echo"], arguments=("--port", str(port)))
            ring.append(owned.enter_context(running))
        deadline = time.monotonic() + SETTLE_SECONDS
        while not any(each.events("gateway_is_its_own_backend") for each in ring):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        shown, since = [tools(each) for each in ring], time.monotonic()
        while time.monotonic() - since < STABLE_SECONDS:
            assert time.monotonic() < deadline + SETTLE_SECONDS
            time.sleep(0.5)
            if (now := [tools(each) for each in ring]) != shown:
                shown, since = now, time.monotonic()
        assert all(name.count("next__") <= TWICE_ROUND for names in shown for name in names)
