"""A container whose engine carries the streams, with an engine that is played behind a socket of its own."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import attrs
import pytest
import trio
from trio.testing import MockClock

from argus_trio.errors import LinkFailed
from argus_trio.sandbox.container.attached import ATTACH_SECONDS, AttachedProgram
from argus_trio.sandbox.container.start import Placing, start_container
from argus_trio.sandbox.plan.launch import Launch
from tests.sandbox.container.played_engine import PlayedEngine, body_of, launch

PATIENCE_SECONDS = 10.0
UPGRADED = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
Serve = Callable[[trio.SocketStream], Awaitable[None]]


def frame(stream: int, payload: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(payload).to_bytes(4, "big") + payload


@attrs.define(eq=False, kw_only=True)
class AttachableEngine(PlayedEngine):
    """A played engine whose containers never run: what they say is played at its socket."""

    ended: trio.Event = attrs.field(factory=trio.Event, init=False)

    async def start(self, container: str) -> None:
        await self._asked("start")

    async def wait(self, container: str, condition: str) -> int:
        await self.ended.wait()
        return 3

    async def kill(self, container: str, signal: str) -> None:
        await self._asked(f"kill {signal}")


@asynccontextmanager
async def attached(tmp_path: Path, serve: Serve) -> AsyncIterator[tuple[AttachedProgram, AttachableEngine]]:
    path = tmp_path / "engine.sock"
    engine = AttachableEngine(facts=attrs.evolve(PlayedEngine().facts, socket=path))

    async def one(stream: trio.SocketStream) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += await stream.receive_some(1)
        with suppress(trio.BrokenResourceError):  # the gateway is gone
            await serve(stream)

    async with trio.open_nursery() as nursery:
        with trio.socket.socket(trio.socket.AF_UNIX) as sock:
            await sock.bind(str(path))
            sock.listen()
            nursery.start_soon(trio.serve_listeners, one, [trio.SocketListener(sock)])
            made: Launch = attrs.evolve(launch("server"), shim=None)
            placing = Placing(name="argus-trio-files", runtime=tmp_path, body=body_of)
            async with start_container(made, engine, placing) as program:
                assert isinstance(program, AttachedProgram)
                yield program, engine
            assert not engine.left
            nursery.cancel_scope.cancel()


async def read_to_end(receive: Callable[[], Awaitable[bytes]]) -> bytes:
    read = b""
    while chunk := await receive():
        read += chunk
    return read


@pytest.mark.parametrize("step", [1, 3, 7, 1000])
async def test_frames_are_taken_apart_however_they_are_cut(tmp_path: Path, step: int) -> None:
    async def serve(stream: trio.SocketStream) -> None:
        said = UPGRADED + frame(1, b"hello ") + frame(2, b"oh") + frame(1, b"") + frame(0, b"?") + frame(1, b"world")
        for begin in range(0, len(said), step):
            await stream.send_all(said[begin : begin + step])

    read: dict[str, bytes] = {}

    async def take(name: str, receive: Callable[[], Awaitable[bytes]]) -> None:
        read[name] = await read_to_end(receive)

    with trio.fail_after(PATIENCE_SECONDS):
        async with attached(tmp_path, serve) as (program, engine):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(take, "stdout", program.stdout.receive)
                nursery.start_soon(take, "stderr", program.stderr.receive)
            engine.ended.set()
    assert read == {"stdout": b"hello world", "stderr": b"oh"}


async def test_a_frame_that_breaks_off_ends_the_streams(tmp_path: Path) -> None:
    async def serve(stream: trio.SocketStream) -> None:
        await stream.send_all(UPGRADED + frame(1, b"hello")[:-2])

    with trio.fail_after(PATIENCE_SECONDS):
        async with attached(tmp_path, serve) as (program, engine):
            assert await read_to_end(program.stdout.receive) == b"hel"
            assert await program.stderr.receive() == b""
            engine.ended.set()


async def test_what_nobody_reads_holds_the_engine_back(tmp_path: Path) -> None:
    sent = 0

    async def serve(stream: trio.SocketStream) -> None:
        nonlocal sent
        await stream.send_all(UPGRADED)
        while True:
            await stream.send_all(frame(1, b"x" * 65536))
            sent += 65536

    with trio.fail_after(PATIENCE_SECONDS):
        async with attached(tmp_path, serve) as (_, engine):
            with trio.move_on_after(0.3):
                await trio.sleep_forever()
            assert sent < 2 * 1024 * 1024
            engine.ended.set()


async def test_stdin_is_half_closed_and_the_last_word_is_heard(tmp_path: Path) -> None:
    ended = trio.Event()

    async def serve(stream: trio.SocketStream) -> None:
        await stream.send_all(UPGRADED)
        read = await read_to_end(lambda: stream.receive_some(1000))
        await stream.send_all(frame(1, b"read " + read))
        ended.set()

    with trio.fail_after(PATIENCE_SECONDS):
        async with attached(tmp_path, serve) as (program, engine), trio.open_nursery() as nursery:
            os.write(program.stdin.fileno(), b"12345")
            nursery.start_soon(program.end, 5)
            assert await program.stdout.receive() == b"read 12345"
            engine.ended.set()
            assert await program.wait_ended() == "exited with code 3"


async def test_a_server_that_stays_gets_term_and_is_removed(tmp_path: Path) -> None:
    async def serve(stream: trio.SocketStream) -> None:
        await stream.send_all(UPGRADED)
        await trio.sleep_forever()

    with trio.fail_after(PATIENCE_SECONDS):
        async with attached(tmp_path, serve) as (program, engine):
            await program.end(0.1)
        assert engine.asked == ["create", "start", "kill TERM", "remove"]


async def test_an_engine_that_refuses_its_streams_is_a_clear_failure(tmp_path: Path) -> None:
    async def serve(stream: trio.SocketStream) -> None:
        await stream.send_all(b"HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n")

    with trio.fail_after(PATIENCE_SECONDS), pytest.raises(ExceptionGroup) as raised:
        async with attached(tmp_path, serve):
            raise AssertionError
    assert "it answered 'HTTP/1.1 409 Conflict'" in str(raised.value.exceptions[0])


async def test_an_engine_that_hangs_is_given_up(tmp_path: Path, autojump_clock: MockClock) -> None:
    async def serve(stream: trio.SocketStream) -> None:
        await trio.sleep_forever()

    with pytest.raises(ExceptionGroup) as raised:
        async with attached(tmp_path, serve):
            raise AssertionError
    assert f"did not hand over the streams of its container within {ATTACH_SECONDS:g} s" in str(raised.value.exceptions)


async def test_an_engine_that_is_gone_is_a_clear_failure(tmp_path: Path) -> None:
    engine = AttachableEngine()
    placing = Placing(name="argus-trio-files", runtime=tmp_path, body=body_of)
    with pytest.raises(LinkFailed, match="the engine at /no/such/engine cannot be reached"):
        async with start_container(attrs.evolve(launch("server"), shim=None), engine, placing):
            raise AssertionError
    assert not engine.left
