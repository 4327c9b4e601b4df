"""What is left of a tree whose keeper was killed is found by variable, session or parent, and nothing else is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import uuid

import attrs
import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.backends.process import orphans
from argus_trio.backends.process.keeper import KILL_LIMIT_SECONDS
from argus_trio.backends.process.orphans import EMPTY_LOOKS, TREE, end_orphans, kill_orphans
from tests.backends.support.children import (
    MARKER,
    PATIENCE_SECONDS,
    ask,
    nasty,
    none_running,
    opened,
    process_of,
    running,
)

STAY = [sys.executable, "-I", "-S", "-c", "import time; print(flush=True); time.sleep(60)"]


def started(environment: dict[str, str], *, leads: bool = False, group: int | None = None) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        STAY, env=environment, stdout=subprocess.PIPE, start_new_session=leads, process_group=group
    )
    assert process.stdout is not None
    process.stdout.readline()  # so that it has been executed, environment and all
    return process


def ended(process: subprocess.Popen[bytes]) -> int:
    with process:
        return process.wait(PATIENCE_SECONDS)


def test_what_has_the_variable_is_killed_and_nothing_else() -> None:
    tree, other = uuid.uuid4().hex, uuid.uuid4().hex
    ours, stranger = started({TREE: tree}), started({TREE: other})
    assert kill_orphans(tree, 0) == [ours.pid]
    assert ended(ours) == -signal.SIGKILL
    assert stranger.poll() is None
    stranger.kill()
    ended(stranger)


def test_a_session_is_not_taken_for_the_backends_while_its_leader_lives() -> None:
    stranger = started({}, leads=True)
    assert kill_orphans(uuid.uuid4().hex, stranger.pid) == []
    stranger.kill()
    ended(stranger)


def test_what_is_in_a_group_with_an_orphan_is_killed_with_it_for_an_orphan_may_leave_as_soon_as_it_was_seen() -> None:
    tree = uuid.uuid4().hex
    ours = started({TREE: tree}, group=0)
    bare = started({}, group=ours.pid)
    assert kill_orphans(tree, 0) == [ours.pid]
    assert (ended(ours), ended(bare)) == (-signal.SIGKILL, -signal.SIGKILL)


def test_a_group_with_a_stranger_in_it_is_not_killed() -> None:
    tree = uuid.uuid4().hex
    stranger = started({TREE: uuid.uuid4().hex}, group=0)
    ours = started({TREE: tree}, group=stranger.pid)
    assert kill_orphans(tree, 0) == [ours.pid]
    assert ended(ours) == -signal.SIGKILL
    assert stranger.poll() is None
    stranger.kill()
    ended(stranger)


async def test_nothing_to_end_is_nothing_to_say() -> None:
    with capture_logs() as logs:
        await end_orphans("files", uuid.uuid4().hex, 0)
    assert logs == []


@pytest.mark.parametrize("how", ["double-fork:4", "double-fork-ignore-term:6", "ignore-term:0"])
async def test_what_a_killed_keeper_kept_is_gone_when_the_link_is_left(how: str) -> None:
    marker = uuid.uuid4().hex
    mode, _, argument = how.partition(":")
    spec = attrs.evolve(nasty(mode, argument, env={MARKER: marker}), name=marker)
    with capture_logs() as logs:
        async with opened(spec) as link:
            await ask(link, 1)
            process_of(link)._keeper.kill()
            with trio.fail_after(PATIENCE_SECONDS):
                assert (await link.wait_failed()).reason.startswith(("lost its keeper", "closed its std"))
        assert not running(marker)
    assert "keeper_lost" in [entry["event"] for entry in logs]


async def test_an_orphan_without_an_environment_is_known_by_its_session() -> None:
    marker = uuid.uuid4().hex
    echo = nasty("echo")
    script = f"env -i sh -c 'sleep 60; : {marker}' & exec \"$@\""
    spec = attrs.evolve(echo, command="sh", args=("-c", script, "sh", echo.command, *echo.args))
    async with opened(spec) as link:
        await ask(link, 1)
        assert len(running(marker)) == 1
        process_of(link)._keeper.kill()
        await link.wait_failed()
    await none_running(marker, within_seconds=0.5)


async def test_a_keeper_that_was_stopped_ends_its_tree_in_time() -> None:
    marker = uuid.uuid4().hex
    spec = attrs.evolve(nasty("double-fork-ignore-term", "3", env={MARKER: marker}), name=marker)
    with capture_logs() as logs:
        async with opened(spec) as link:
            await ask(link, 1)
            os.kill(process_of(link)._keeper.pid, signal.SIGSTOP)
            began = trio.current_time()
            await process_of(link).end(grace_seconds=0)
            assert trio.current_time() - began < KILL_LIMIT_SECONDS
    assert not running(marker)
    assert [entry for entry in logs if entry["log_level"] == "error"] == []


async def test_a_look_that_finds_nothing_is_repeated_for_who_forks_and_leaves_escapes_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = [[], [41], [], [], [42], *[[] for _ in range(EMPTY_LOOKS)]]
    monkeypatch.setattr(orphans, "kill_orphans", lambda _tree, _session: looks.pop(0))
    with capture_logs() as logs:
        await end_orphans("files", "tree", 0)
    assert looks == []
    assert [(line["event"], line["processes"]) for line in logs] == [("backend_orphans_ended", 2)]


async def test_a_table_of_processes_that_cannot_be_read_in_time_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    read = threading.Event()
    monkeypatch.setattr(orphans, "ORPHANS_LIMIT_SECONDS", 0.05)
    monkeypatch.setattr(orphans, "kill_orphans", lambda _tree, _session: read.wait(PATIENCE_SECONDS))
    with capture_logs() as logs:
        assert not await end_orphans("files", "tree", 0)
    read.set()
    assert [line["event"] for line in logs] == ["backend_orphans_unknown"]
