"""The body that says how each backend stands."""

from __future__ import annotations

from math import inf
from typing import cast

import attrs
import msgspec
import pytest

from argus_trio.core.control import Hold
from argus_trio.core.health.health import (
    BackendStatus,
    Calls,
    ContainerLimits,
    Draining,
    FailedList,
    ListsStatus,
    NotedEntries,
    Overview,
    RunningProgram,
    StateChange,
    TreeUsage,
)
from argus_trio.core.health.lifecycle import BackendStanding, BackendState
from argus_trio.frontend.gateway import Control
from argus_trio.frontend.manage.backends import NOTED_SHOWN, backend_entry, backends_answer
from argus_trio.frontend.manage.moments import Clocks
from argus_trio.wire.envelope import encode
from tests.frontend.support.managing import Managed, access_of, inventory_of, published

CLOCKS = Clocks(now=1000.0, unix=1_750_000_000.0)
WELL = BackendStatus(
    name="files", type="stdio", standing=BackendStanding(state=BackendState.READY, since=990.0), counts={"tools": 1}
)
HIDDEN = attrs.evolve(WELL, name="hidden")


def body_of(overview: Overview) -> dict[str, object]:
    body = msgspec.json.decode(encode(backends_answer(overview, CLOCKS)))
    assert isinstance(body, dict)
    return body


def entry_of(status: BackendStatus) -> dict[str, object]:
    entry = msgspec.json.decode(encode(backend_entry(status, CLOCKS)))
    assert isinstance(entry, dict)
    return entry


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
        dropped=7,
        is_shared=True,
        shared_because="its processes end each other",
        counts={"tools": 2, "resources": 0, "prompts": 1},
    )
    assert body_of(Overview(backends=(checkup,))) == {
        "backends": [
            {
                "name": "files",
                "type": "stdio",
                "group": None,
                "labels": {},
                "state": "down",
                "phase": "failed",
                "what": None,
                "reason": "exited with code 3",
                "details": ["boo"],
                "since": "2025-06-15T15:06:30.500Z",
                "connected_at": None,
                "next_attempt": "2025-06-15T15:06:42.250Z",
                "error": "exited with code 3",
                "revision": None,
                "failed_attempts": 9,
                "restarts": 0,
                "breaker": "open",
                "health": {"status": "unhealthy", "last_check": None, "latency_ms": None, "failures": 0},
                "calls": {"under_way": 0, "waiting": 0, "refused": 0},
                "notifications": {"dropped": 7},
                "session": {"setting": "auto", "shared": True, "reason": "its processes end each other"},
                "capabilities": {"tools": 2, "resources": 0, "prompts": 1},
                "conditions": [],
                "hold": None,
                "isolation": None,
                "process": None,
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
    body = body_of(told)
    assert (body["draining"], body["calls_cut"]) == ([{"name": "a", "calls": 2}], 4)
    assert entry_of(busy)["calls"] == {"under_way": 3, "waiting": 2, "refused": 1}


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
    shown = entry_of(checkup)
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
    shown = entry_of(status)
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


@pytest.mark.parametrize(
    ("state", "is_open", "phase"),
    [
        (BackendState.STARTING, False, "initializing"),
        (BackendState.PREPARING, False, "initializing"),
        (BackendState.READY, False, "ready"),
        (BackendState.DEGRADED, False, "degraded"),
        (BackendState.DOWN, False, "retrying"),
        (BackendState.DOWN, True, "failed"),
        (BackendState.STOPPED, False, "shutting_down"),
    ],
)
def test_each_state_has_its_word_of_the_original(state: BackendState, is_open: bool, phase: str) -> None:
    status = attrs.evolve(WELL, standing=BackendStanding(state=state, since=990.0), is_breaker_open=is_open)
    entry = entry_of(status)
    assert (entry["state"], entry["phase"]) == (state.value, phase)


@pytest.mark.parametrize(
    ("status", "state", "phase"),
    [
        (attrs.evolve(WELL, is_enabled=False), "disabled", "pending"),
        (attrs.evolve(WELL, hold=Hold(kind="disable", by="kim", at=1_750_000_000.0)), "disabled", "pending"),
        (attrs.evolve(WELL, hold=Hold(kind="drain", by="kim", at=1_750_000_000.0)), "draining", "shutting_down"),
    ],
)
def test_what_was_decided_about_it_counts_before_how_it_stands(status: BackendStatus, state: str, phase: str) -> None:
    entry = entry_of(status)
    assert (entry["state"], entry["phase"]) == (state, phase)
    kind = None if status.hold is None else status.hold.kind
    told = {"kind": kind, "by": "kim", "at": "2025-06-15T15:06:40.000Z"}
    assert entry["hold"] == (None if kind is None else told)


def test_of_its_latest_states_the_last_one_holds() -> None:
    changes = (
        StateChange(at=980.0, state=BackendState.STARTING, reason="it is still starting"),
        StateChange(at=990.0, state=BackendState.READY, reason="it answers"),
    )
    entry = entry_of(attrs.evolve(WELL, conditions=changes, connected_at=990.0))
    assert entry["connected_at"] == "2025-06-15T15:06:30.000Z"
    assert entry["conditions"] == [
        {
            "timestamp": "2025-06-15T15:06:20.000Z",
            "type": "starting",
            "status": "False",
            "message": "it is still starting",
        },
        {"timestamp": "2025-06-15T15:06:30.000Z", "type": "ready", "status": "True", "message": "it answers"},
    ]


async def test_the_etag_of_a_backend_differs_once_somebody_has_decided_about_it() -> None:
    free = await Managed(overview=Overview(backends=(WELL,))).get("/backends/files")
    again = await Managed(overview=Overview(backends=(attrs.evolve(WELL, failures=3),))).get("/backends/files")
    held = attrs.evolve(WELL, hold=Hold(kind="drain", by="kim", at=1.0))
    drained = await Managed(overview=Overview(backends=(held,))).get("/backends/files")
    assert free.headers[b"etag"] == again.headers[b"etag"] != drained.headers[b"etag"]
    assert free.headers[b"etag"].startswith(b'"')


async def test_the_etag_of_a_backend_is_its_version_where_changes_are_counted() -> None:
    class Counting:
        """Counts the changes of backends, and does nothing else."""

        def version(self, name: str) -> str | None:
            return {"files": "i.7"}.get(name)

    managed = Managed(overview=Overview(backends=(WELL,)), control=cast("Control", Counting()))
    assert (await managed.get("/backends/files")).headers[b"etag"] == b'"i.7"'


async def test_who_may_not_look_at_everything_sees_what_is_theirs_and_none_of_its_insides() -> None:
    failed = ListsStatus(failed=(FailedList(kind="tools", reason="HTTP 503", next_attempt=1002.0),))
    held = attrs.evolve(WELL, lists=failed, hold=Hold(kind="drain", by="kim", at=1.0))
    managed = Managed(
        overview=Overview(backends=(held, HIDDEN), draining=(Draining(name="old", calls=1),), calls_cut=2),
        inventory=inventory_of(published("files", "read"), published("hidden", "spy"), allow=("tool:files__*",)),
        access=access_of(),
    )
    answer = await managed.get("/backends")
    (entry,) = answer.json["backends"]
    assert (entry["name"], entry["details"], entry["error"], entry["hold"]["by"]) == ("files", [], None, "")
    assert entry["lists"]["failed"] == []
    assert entry["capabilities"] == {"tools": 1, "resources": 0, "prompts": 0}
    assert (answer.json["draining"], answer.json["calls_cut"]) == ([], 0)


async def test_a_backend_that_one_is_not_shown_is_as_unknown_as_one_that_there_is_not() -> None:
    managed = Managed(
        overview=Overview(backends=(WELL, HIDDEN)),
        inventory=inventory_of(published("files", "read"), published("hidden", "spy"), allow=("tool:files__*",)),
        access=access_of(),
    )
    assert (await managed.get("/backends/files")).status == 200
    hidden, none = await managed.get("/backends/hidden"), await managed.get("/backends/nobody")
    assert (hidden.status, hidden.json) == (none.status, none.json) == (404, none.json)
    assert none.json["error"] == "unknown_backend"


RUNNING = RunningProgram(name="node", since=995.0, pid=7, root=6)
LIMITED = RunningProgram(
    name="npx", since=995.0, container="0123456789ab", limits=ContainerLimits(memory=1024, cpus=0.5, pids=64)
)


def test_a_program_is_told_with_what_all_below_its_keeper_use() -> None:
    status, used = attrs.evolve(WELL, program=RUNNING, programs=2), {6: TreeUsage(processor_seconds=1.234, memory=99)}
    assert msgspec.json.decode(encode(backend_entry(status, CLOCKS, used)))["process"] == {
        "name": "node",
        "pid": 7,
        "container": None,
        "since": "2025-06-15T15:06:35.000Z",
        "processor_seconds": 1.23,
        "memory": 99,
        "limits": None,
        "others": 2,
    }


def test_a_container_is_told_with_its_limits_and_nothing_that_nobody_measured() -> None:
    process = cast("dict[str, object]", entry_of(attrs.evolve(WELL, program=LIMITED))["process"])
    assert (process["pid"], process["memory"], process["processor_seconds"]) == (None, None, None)
    assert (process["container"], process["limits"]) == ("0123456789ab", {"memory": 1024, "cpus": 0.5, "pids": 64})


async def test_who_may_not_look_behind_a_backend_is_told_of_no_process() -> None:
    managed = Managed(
        overview=Overview(backends=(attrs.evolve(WELL, program=RUNNING),)),
        access=access_of(),
        inventory=inventory_of(published("files", "read"), allow=["*"]),
    )
    answer = await managed.get("/backends/files")
    assert (answer.status, answer.json["process"]) == (200, None)
