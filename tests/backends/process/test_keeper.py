"""The keeper: nothing of a process tree outlives the gateway, however the gateway ends."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import attrs
import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.backends.process.keeper import KILL_LIMIT_SECONDS, START_TERM_GRACE_SECONDS
from argus_trio.backends.process.process import KEEPER, KEEPER_LIMIT_SECONDS, SPOKE
from argus_trio.config.model.backend import StdioBackend
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

KILL_CYCLES = int(os.environ.get("ARGUS_KILL_CYCLES", "4"))
TREES = ("double-fork:4", "double-fork-ignore-term:6", "ignore-term:0", "echo:0")


@asynccontextmanager
async def gateway(marker: str, *servers: str) -> AsyncIterator[trio.Process]:
    process = await trio.lowlevel.open_process(
        [sys.executable, "-m", "tests.backends.support.gateway", marker, *servers], stdout=subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
            if process.stdout is not None:
                await process.stdout.aclose()


async def ready(process: trio.Process) -> None:
    assert process.stdout is not None
    with trio.fail_after(PATIENCE_SECONDS):
        assert await process.stdout.receive_some(100)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGABRT])
async def test_no_process_outlives_a_gateway_that_is_killed(how: signal.Signals) -> None:
    marker = uuid.uuid4().hex
    async with gateway(marker, "double-fork-ignore-term:8", "double-fork:5") as process:
        await ready(process)
        # The gateway, two keepers, two servers, and their daemons.
        assert len(running(marker)) == 1 + 2 + 2 + 8 + 5
        process.send_signal(how)
        await process.wait()
        await none_running(marker, within_seconds=5)


async def test_no_process_outlives_a_gateway_killed_at_any_moment() -> None:
    chance = random.Random()
    for _ in range(KILL_CYCLES):
        marker = uuid.uuid4().hex
        async with gateway(marker, *chance.choices(TREES, k=3)) as process:
            if chance.random() < 0.5:
                await ready(process)
            with trio.move_on_after(chance.uniform(0, 0.4)):
                await process.wait()
            process.kill()
            await process.wait()
            await none_running(marker, within_seconds=5)


async def test_signals_to_the_keeper_do_not_break_the_order() -> None:
    async with opened(nasty("echo")) as link:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            process_of(link)._keeper.send_signal(number)
        assert await ask(link, 1) == b"{}"


async def test_the_backend_starts_with_ordinary_signals() -> None:
    spec = StdioBackend(name="grep", command="grep", args=("-E", "SigIgn|SigBlk", "/proc/self/status"))
    with capture_logs() as logs:
        async with opened(spec) as link:
            await link.wait_failed()
    lines = [entry["line"].split() for entry in logs if entry["event"] == "backend_noise"]
    assert lines == [["SigBlk:", "0" * 16], ["SigIgn:", "0" * 16]]


async def test_a_backend_that_signals_its_own_group_spares_the_keeper() -> None:
    spec = StdioBackend(name="sh", command="sh", args=("-c", "kill -KILL 0"))
    async with opened(spec) as link:
        with trio.fail_after(PATIENCE_SECONDS):
            assert (await link.wait_failed()).reason == "was killed by SIGKILL"


async def test_what_a_backend_leaves_behind_ends_with_it() -> None:
    marker = uuid.uuid4().hex
    spec = attrs.evolve(nasty("orphan-then-die", marker, env={MARKER: marker}), name=marker)
    async with opened(spec) as link:
        await link.wait_failed()
        await none_running(marker)


async def test_a_keeper_that_was_stopped_while_it_ended_its_tree_ends_it_afterwards() -> None:
    marker = uuid.uuid4().hex
    spec = attrs.evolve(nasty("orphan-then-die", marker, env={MARKER: marker}), name=marker)
    with capture_logs() as logs:
        async with opened(spec) as link:
            await process_of(link).wait_ended()
            os.kill(process_of(link)._keeper.pid, signal.SIGSTOP)
            await trio.sleep(KILL_LIMIT_SECONDS + 0.1)  # it is the time itself that it loses
            assert running(marker)
    assert not running(marker)
    assert "backend_tree_survives" not in [entry["event"] for entry in logs]


@contextmanager
def kept(*argv: str) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    """A keeper that is given `argv`, or none at all, and the gateway's end of its socket."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(KEEPER), str(theirs.fileno()), "name"],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
            )
        if argv:
            body = b"\0".join([b"256", b"", b"%d" % len(argv), *map(os.fsencode, argv), b"PATH=/usr/bin:/bin"])
            ours.sendall(len(body).to_bytes(8, "big") + body)
        else:
            ours.shutdown(socket.SHUT_WR)
        yield process, ours


def keep(*argv: str) -> tuple[int, list[bytes]]:
    """The exit code and the reports of a keeper that is given `argv`, or none at all."""
    with kept(*argv) as (process, ours):
        with ours.makefile("rb") as reports:
            lines = reports.read().splitlines()
        return process.wait(PATIENCE_SECONDS), lines


@pytest.mark.parametrize(
    ("script", "code", "status"), [("exit 0", 0, 0), ("exit 7", 7, 7 << 8), ("kill -KILL $$", 128 + 9, 9)]
)
def test_the_keeper_reports_and_leaves_with_the_status_of_its_backend(script: str, code: int, status: int) -> None:
    left, (started, ended) = keep("sh", "-c", script)
    assert left == code
    assert started.startswith(b"started ")
    assert ended == b"ended %d" % status


def test_what_a_backend_leaves_that_answered_and_left_at_once_gets_no_time_to_install() -> None:
    with kept("sh", "-c", "trap '' TERM; sleep 60 & exit 0") as (process, ours), ours.makefile("rb") as reports:
        assert reports.readline().startswith(b"started ")
        assert reports.readline() == b"ended 0\n"
        began = time.monotonic()
        ours.sendall(SPOKE)
        assert reports.read() == b""
        assert process.wait(PATIENCE_SECONDS) == 0
        assert time.monotonic() - began < KEEPER_LIMIT_SECONDS < START_TERM_GRACE_SECONDS


def test_the_keeper_reports_what_it_cannot_start() -> None:
    assert keep("no-such-command") == (127, [b"failed exec 2"])


def test_a_keeper_whose_gateway_is_gone_before_it_gave_an_order_leaves() -> None:
    assert keep() == (0, [])
