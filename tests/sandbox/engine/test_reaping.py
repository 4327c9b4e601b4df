"""What a killed gateway leaves: its reaper against a fake engine, and the leftovers that the next start finds."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import attrs
import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.sandbox.engine.client import EngineDeadlines
from argus_trio.sandbox.engine.control import open_control
from argus_trio.sandbox.engine.failure import EngineFailed
from argus_trio.sandbox.engine.reaping.leftovers import reap_leftovers, this_gateway
from argus_trio.sandbox.engine.reaping.reaper_process import REAPER, reaping
from tests.sandbox.engine.fake_engine import FakeEngine, Request, Said, fake_engine, refused

SHORT = EngineDeadlines(look=2, remove=2, remove_again=0.01)


@attrs.define(eq=False)
class Held:
    """Containers that an engine holds, removed as they are asked to be."""

    engine: FakeEngine
    containers: dict[str, dict[str, str]]

    def __attrs_post_init__(self) -> None:
        self.engine.says["GET /containers/json"] = self._list
        for name in self.containers:
            self.engine.says[f"DELETE /containers/{name}"] = self._remove

    def _list(self, request: Request) -> Said:
        [wanted] = json.loads(request.query["filters"])["label"]
        name, _, value = wanted.partition("=")
        return Said(
            body=[
                {"Id": each, "Names": [f"/{each}"], "Labels": labels, "State": "running"}
                for each, labels in self.containers.items()
                if name in labels and value in ("", labels[name])
            ]
        )

    def _remove(self, request: Request) -> Said:
        return Said(status=204 if self.containers.pop(request.path.split("/")[-1], None) else 404)


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[FakeEngine]:
    async with fake_engine(tmp_path / "s") as engine:
        yield engine


@contextmanager
def reaper(engine: FakeEngine, instance: str) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(REAPER), str(theirs.fileno()), str(engine.socket), instance],
            env={},
            pass_fds=(theirs.fileno(),),
        )
    with ours:
        try:
            yield process, ours
        finally:
            process.kill()
            process.wait()


async def ended(process: subprocess.Popen[bytes]) -> int:
    with trio.fail_after(10):
        return await trio.to_thread.run_sync(process.wait)


async def gone(held: Held, *names: str) -> None:
    with trio.fail_after(10):
        while set(names) & set(held.containers):
            await held.engine.came.wait()


async def test_what_a_gateway_had_is_removed_when_it_has_ended_and_nothing_else(engine: FakeEngine) -> None:
    own = {"argus-trio.instance": "me"}
    held = Held(engine, {"a": own, "b": own, "other": {"argus-trio.instance": "you"}, "foreign": {}})
    with reaper(engine, "me") as (_, ours):
        ours.close()
        await gone(held, "a", "b")
    assert set(held.containers) == {"other", "foreign"}
    assert {name for name in engine.asked() if name.startswith("DELETE")} == {
        "DELETE /containers/a",
        "DELETE /containers/b",
    }


async def test_what_an_engine_was_still_creating_is_removed_too(engine: FakeEngine) -> None:
    held = Held(engine, {"late": {}})
    with reaper(engine, "me") as (_, ours):
        ours.close()
        with trio.fail_after(10):
            await engine.came.wait()
        held.containers["late"] = {"argus-trio.instance": "me"}
        await gone(held, "late")


async def test_an_engine_that_refuses_or_talks_nonsense_is_asked_again(engine: FakeEngine) -> None:
    held = Held(engine, {"a": {"argus-trio.instance": "me"}})
    answers = iter([Said(body="nonsense"), refused(500, "no"), Said(raw=b""), Said(body=[{"x": 1}]), Said(body=7)])
    real = held._list

    def listed(request: Request) -> Said:
        return next(answers, None) or real(request)

    engine.says["GET /containers/json"] = listed
    engine.says["DELETE /containers/a"] = lambda request: (
        refused(500, "container state improper") if len(engine.requests) < 10 else held._remove(request)
    )
    with reaper(engine, "me") as (_, ours):
        ours.close()
        await gone(held, "a")


async def test_a_reaper_that_is_told_that_nothing_is_left_asks_nobody(engine: FakeEngine) -> None:
    with reaper(engine, "me") as (process, ours):
        ours.send(b"done")
        assert await ended(process) == 0
    assert engine.asked() == []


async def test_a_reaper_that_is_told_that_the_gateway_stops_leaves_when_nothing_is_left(engine: FakeEngine) -> None:
    held = Held(engine, {"a": {"argus-trio.instance": "me"}})
    with reaper(engine, "me") as (process, ours):
        ours.send(b"last")
        assert await ended(process) == 0
    assert not held.containers


async def test_a_reaper_outlives_the_signals_that_end_a_gateway(engine: FakeEngine) -> None:
    held = Held(engine, {"a": {"argus-trio.instance": "me"}})
    with reaper(engine, "me") as (process, ours):
        ours.close()
        await gone(held, "a")  # it has begun, so it listens to no signal any more
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            process.send_signal(number)
        held.containers["b"] = {"argus-trio.instance": "me"}
        engine.says["DELETE /containers/b"] = held._remove
        await gone(held, "b")
        assert process.poll() is None


async def test_a_block_that_leaves_nothing_ends_its_reaper(engine: FakeEngine) -> None:
    Held(engine, {})
    async with open_control(engine.facts, redact=str, deadlines=SHORT) as control:
        with trio.fail_after(5):
            async with reaping(control, "me"):
                pass
    assert engine.asked() == ["GET /containers/json"]


async def test_what_a_block_leaves_is_removed_by_its_reaper(engine: FakeEngine) -> None:
    held = Held(engine, {"a": {"argus-trio.instance": "me"}})
    with capture_logs() as logs:
        async with open_control(engine.facts, redact=str, deadlines=SHORT) as control:
            with trio.move_on_after(0.2):
                async with reaping(control, "me"):
                    await trio.sleep_forever()
    assert not held.containers
    assert [entry["event"] for entry in logs] == ["containers_left_to_reaper"]


async def test_a_reaper_that_is_killed_is_replaced(engine: FakeEngine) -> None:
    Held(engine, {})
    with capture_logs() as logs:
        async with open_control(engine.facts, redact=str, deadlines=SHORT) as control, reaping(control, "me"):
            [first] = await _reapers()
            os.kill(first, signal.SIGKILL)
            [second] = await _reapers(but=first)
            assert second != first
    assert [(entry["event"], entry["exit_code"]) for entry in logs] == [("container_reaper_lost", -signal.SIGKILL)]
    assert not _children("me")


async def _reapers(but: int = 0) -> list[int]:
    """Those that run but for this one, once there are any: a child is moved from a thread that ends to another."""
    with trio.fail_after(10):
        while not (found := [pid for pid in _children("me") if pid != but]):  # noqa: ASYNC110
            await trio.sleep(0.01)  # the table of processes has no event
    return found


def _children(instance: str) -> list[int]:
    """The reapers that this process has and that run. Threads and children may end while they are looked at."""
    found = []
    for thread in Path("/proc/self/task").iterdir():
        children = ""
        with suppress(FileNotFoundError, ProcessLookupError):
            children = (thread / "children").read_text()
        for child in children.split():
            with suppress(FileNotFoundError, ProcessLookupError):
                argv = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
                if str(REAPER).encode() in argv and instance.encode() in argv:
                    found.append(int(child))
    return found


async def test_the_next_start_removes_what_is_of_gateways_that_are_gone_and_tells_of_the_rest(
    engine: FakeEngine,
) -> None:
    me = this_gateway()
    dead = attrs.evolve(me, instance="dead", started=me.started - 1)
    other = attrs.evolve(me, instance="elsewhere", namespace=1)
    held = Held(
        engine,
        {
            "mine": dict(me.labels),
            "sibling": dict(attrs.evolve(me, instance="sibling").labels),
            "dead": dict(dead.labels),
            "stuck": dict(dead.labels),
            "other": dict(other.labels),
            "odd": {"argus-trio.instance": "x"},
            "foreign": {},
        },
    )
    engine.says["DELETE /containers/stuck"] = refused(500, "device or resource busy")
    with capture_logs() as logs:
        async with open_control(engine.facts, redact=str, deadlines=SHORT) as control:
            assert await reap_leftovers(control, me.instance) == 1
    assert set(held.containers) == {"mine", "sibling", "stuck", "other", "odd", "foreign"}
    told = {entry["event"]: entry for entry in logs}
    assert told["leftover_containers_removed"]["containers"] == 1
    assert told["container_left"]["container"] == "stuck"
    assert told["containers_of_others"]["containers"] == ["other", "odd"]


async def test_leftovers_of_an_engine_that_hangs_are_given_up_at_the_first(engine: FakeEngine) -> None:
    me = this_gateway()
    dead = attrs.evolve(me, instance="dead", started=me.started - 1)
    Held(engine, {name: dict(dead.labels) for name in "abc"})
    for name in "abc":
        engine.says[f"DELETE /containers/{name}"] = Said(hangs=True)
    async with open_control(engine.facts, redact=str, deadlines=SHORT) as control:
        with trio.fail_after(5), pytest.raises(EngineFailed) as caught:
            await reap_leftovers(control, me.instance)
    assert caught.value.kind == "hung"
    assert len(engine.requests) == 2
