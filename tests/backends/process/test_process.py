"""A backend's process as the gateway holds it, without a link over it."""

from __future__ import annotations

import os
import signal
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.backends.process.process import START_KEEPER_LIMIT_SECONDS, BackendProcess, start_process
from argus_trio.config.model.backend import StdioBackend
from argus_trio.errors import LinkFailed
from argus_trio.net.ending.last_moment import end_farewells_at
from argus_trio.net.pipe_reader import PipeReader
from tests.backends.support.children import MARKER, PATIENCE_SECONDS, children, nasty, none_running, running


def shell(script: str) -> StdioBackend:
    return StdioBackend(name="sh", command="sh", args=("-c", script))


@asynccontextmanager
async def started(spec: StdioBackend) -> AsyncIterator[BackendProcess]:
    with trio.fail_after(PATIENCE_SECONDS):
        async with start_process(spec, os.environ) as process, trio.open_nursery() as nursery:
            nursery.start_soon(process.watch)
            yield process
            nursery.cancel_scope.cancel()


async def all_of(stream: PipeReader) -> bytes:
    data = b""
    while chunk := await stream.receive():
        data += chunk
    return data


async def test_its_streams_are_its_own_and_end_with_it() -> None:
    async with started(shell("read line; echo out $line; echo err >&2")) as process:
        await process.stdin.send_all(b"in\n")
        assert await all_of(process.stdout) == b"out in\n"
        assert await all_of(process.stderr) == b"err\n"
        assert await process.wait_ended() == "exited with code 0"


@pytest.mark.parametrize(
    ("script", "ending"),
    [
        ("exit 3", "exited with code 3"),
        ("kill -KILL $$", "was killed by SIGKILL"),
        (f"kill -{signal.SIGRTMIN + 1} $$", f"was killed by signal {signal.SIGRTMIN + 1}"),
    ],
)
async def test_how_it_ended_is_told_in_words(script: str, ending: str) -> None:
    async with started(shell(script)) as process:
        assert await process.wait_ended() == ending


async def test_its_id_is_the_backends_own() -> None:
    async with started(shell("echo $$; cat")) as process:
        assert int(await process.stdout.receive()) == process.pid


async def test_ending_closes_stdin_first_and_a_second_end_does_nothing() -> None:
    async with started(shell("cat; echo left by itself")) as process:
        await process.end(grace_seconds=PATIENCE_SECONDS)
        assert await all_of(process.stdout) == b"left by itself\n"
        await process.end(grace_seconds=0)
    assert children() == []


async def test_leaving_the_block_ends_the_tree_even_when_cancelled() -> None:
    marker = uuid.uuid4().hex
    with trio.CancelScope() as scope:
        async with started(nasty("double-fork-ignore-term", "3", env={MARKER: marker})) as process:
            assert process.pid in running(marker)
            scope.cancel()
            await trio.sleep_forever()
    assert running(marker) == []
    assert children() == []


async def test_what_cannot_be_started_raises_and_leaves_nothing() -> None:
    with pytest.raises(LinkFailed, match="command 'no-such-command' was not found"):
        async with start_process(StdioBackend(name="x", command="no-such-command"), {"PATH": "/usr/bin"}):
            pass
    assert children() == []


async def test_a_keeper_that_is_killed_is_an_end_with_a_reason_of_its_own() -> None:
    async with started(StdioBackend(name="py", command=sys.executable, args=("-c", "input()"))) as process:
        process._keeper.kill()
        assert await process.wait_ended() == "lost its keeper, which was killed by SIGKILL"


INSTALLS = "trap 'sleep 1; echo taken back; exit' TERM; echo unpacking; while :; do sleep 0.05; done"


async def test_what_has_not_spoken_has_time_after_term_to_take_back_what_is_half_done() -> None:
    async with started(shell(INSTALLS)) as process:
        assert await process.stdout.receive() == b"unpacking\n"
        await process.end(grace_seconds=0)
        assert await all_of(process.stdout) == b"taken back\n"
    assert children() == []


async def test_what_leaves_in_time_is_not_told_to_be_cut_off() -> None:
    with capture_logs() as logs:
        async with started(shell("echo unpacking; exec cat")) as process:
            assert await process.stdout.receive() == b"unpacking\n"
            await process.end(grace_seconds=0)
    assert logs == []


async def test_what_somebody_else_has_killed_is_not_told_to_be_cut_off() -> None:
    with capture_logs() as logs:
        async with started(shell("kill -KILL $$")) as process:
            await process.wait_ended()
            await process.end(grace_seconds=0)
    assert logs == []


async def test_what_has_spoken_is_killed_soon_after_term() -> None:
    async with started(shell(INSTALLS)) as process:
        assert await process.stdout.receive() == b"unpacking\n"
        process.spoke()
        await process.end(grace_seconds=0)
        assert await all_of(process.stdout) == b""
    assert children() == []


async def test_the_keeper_alone_gives_what_has_not_spoken_its_time_too() -> None:
    async with started(shell(INSTALLS)) as process:
        assert await process.stdout.receive() == b"unpacking\n"
        process._let_go_of_keeper()  # the end of the socket, as if the gateway had been killed
        assert await all_of(process.stdout) == b"taken back\n"


async def test_what_has_not_spoken_and_ignores_term_is_gone_within_the_limit() -> None:
    marker = uuid.uuid4().hex
    async with started(nasty("double-fork-ignore-term", "3", env={MARKER: marker})) as process:
        while len(running(marker)) < 4:  # noqa: ASYNC110 - no event tells of it
            await trio.sleep(0.02)
        began = trio.current_time()
        with capture_logs() as logs:
            await process.end(grace_seconds=0)
        assert trio.current_time() - began < START_KEEPER_LIMIT_SECONDS
        assert [(line["event"], line["backend"]) for line in logs] == [("backend_start_cut_off", "nasty")]
    assert running(marker) == []


async def test_at_the_last_moment_of_a_stop_its_keeper_ends_the_rest_alone() -> None:
    marker = uuid.uuid4().hex
    async with started(nasty("double-fork-ignore-term", "3", env={MARKER: marker})) as process:
        while len(running(marker)) < 4:  # noqa: ASYNC110 - as above
            await trio.sleep(0.02)
        process.spoke()
        began = trio.current_time()
        end_farewells_at(began + 0.1)
        with capture_logs() as logs:
            await process.end(grace_seconds=60)
        assert trio.current_time() - began < 1
        assert [(line["event"], line["backend"]) for line in logs] == [("backend_left_to_its_keeper", "nasty")]
    await none_running(marker)
    await process._keeper.wait()  # in a stop nobody is left who could
