"""The body that says how each backend stands."""

from __future__ import annotations

from math import inf

import msgspec

from argus_trio.core.health.health import (
    BackendStatus,
    Calls,
    Draining,
    FailedList,
    ListsStatus,
    NotedEntries,
    Overview,
)
from argus_trio.core.health.lifecycle import BackendStanding, BackendState
from argus_trio.frontend.manage.backends import NOTED_SHOWN, Clocks, backends_body

CLOCKS = Clocks(now=1000.0, unix=1_750_000_000.0)


def test_a_backend_that_is_down_says_why_and_when_it_is_tried_again() -> None:
    standing = BackendStanding(
        state=BackendState.DOWN, since=990.5, reason="exited with code 3", details=("boo",), next_attempt=1002.25
    )
    checkup = BackendStatus(
        name="files",
        type="stdio",
        standing=standing,
        failures=9,
        is_breaker_open=True,
        is_shared=True,
        shared_because="its processes end each other",
        counts={"tools": 2, "resources": 0, "prompts": 1},
    )
    assert msgspec.json.decode(backends_body(Overview(backends=(checkup,)), CLOCKS)) == {
        "backends": [
            {
                "name": "files",
                "type": "stdio",
                "state": "down",
                "what": None,
                "reason": "exited with code 3",
                "details": ["boo"],
                "since": "2025-06-15T15:06:30.500Z",
                "next_attempt": "2025-06-15T15:06:42.250Z",
                "error": "exited with code 3",
                "revision": None,
                "failed_attempts": 9,
                "breaker": "open",
                "health": {"status": "unhealthy", "last_check": None, "latency_ms": None, "failures": 0},
                "calls": {"under_way": 0, "waiting": 0, "refused": 0},
                "session": {"setting": "auto", "shared": True, "reason": "its processes end each other"},
                "capabilities": {"tools": 2, "resources": 0, "prompts": 1},
                "lists": {
                    "failed": [],
                    "left_out": [],
                    "mended": [],
                    "names_too_long": [],
                    "names_not_portable": [],
                },
            }
        ],
        "draining": [],
        "calls_cut": 0,
    }


def test_what_a_reload_left_behind_is_shown_until_its_calls_have_ended() -> None:
    busy = BackendStatus(
        name="b",
        type="sse",
        standing=BackendStanding(since=990.0),
        calls=Calls(under_way=3, waiting=2, refused=1),
        counts={},
    )
    told = Overview(backends=(busy,), draining=(Draining(name="a", calls=2),), calls_cut=4)
    body = msgspec.json.decode(backends_body(told, CLOCKS))
    assert (body["draining"], body["calls_cut"]) == ([{"name": "a", "calls": 2}], 4)
    assert body["backends"][0]["calls"] == {"under_way": 3, "waiting": 2, "refused": 1}


def test_a_degraded_backend_gives_its_figures() -> None:
    standing = BackendStanding(state=BackendState.DEGRADED, since=990.0, reason="it took 3.0 s to answer a probe")
    checkup = BackendStatus(
        name="far",
        type="sse",
        standing=standing,
        revision="2024-11-05",
        heard_at=1000.0,
        latency=3.00049,
        unanswered=1,
        counts={},
    )
    (shown,) = msgspec.json.decode(backends_body(Overview(backends=(checkup,)), CLOCKS))["backends"]
    assert shown["error"] is None
    assert shown["next_attempt"] is None
    assert shown["health"] == {
        "status": "degraded",
        "last_check": "2025-06-15T15:06:40.000Z",
        "latency_ms": 3000.5,
        "failures": 1,
    }


def test_what_is_wrong_with_its_lists_is_told_with_the_entries() -> None:
    noted = NotedEntries(kind="tools", what="inputSchema: null", count=7, names=("a", "b"))
    lists = ListsStatus(
        failed=(
            FailedList(kind="tools", reason="HTTP 503", next_attempt=1002.0),
            FailedList(kind="prompts", reason="HTTP 503", next_attempt=inf),
        ),
        left_out=(noted,) * (NOTED_SHOWN + 1),
        mended=(noted,),
        too_long=("l" * 65,),
        not_portable=("a.b",),
    )
    status = BackendStatus(name="b", type="http", standing=BackendStanding(since=990.0), counts={}, lists=lists)
    (shown,) = msgspec.json.decode(backends_body(Overview(backends=(status,)), CLOCKS))["backends"]
    told = {"kind": "tools", "what": "inputSchema: null", "count": 7, "names": ["a", "b"]}
    assert shown["lists"] == {
        "failed": [
            {"kind": "tools", "reason": "HTTP 503", "next_attempt": "2025-06-15T15:06:42.000Z"},
            {"kind": "prompts", "reason": "HTTP 503", "next_attempt": None},
        ],
        "left_out": [told] * NOTED_SHOWN,
        "mended": [told],
        "names_too_long": ["l" * 65],
        "names_not_portable": ["a.b"],
    }
