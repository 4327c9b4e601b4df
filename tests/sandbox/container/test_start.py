"""A container for the length of a block, with an engine that is played: whatever happens, nothing is left."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import attrs
import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.errors import LinkFailed
from argus_trio.net.ending.last_moment import end_farewells_at
from argus_trio.sandbox.container.program import ContainedProgram
from argus_trio.sandbox.container.start import Placing, start_container
from argus_trio.sandbox.plan.launch import Launch
from tests.sandbox.container.played_engine import PATH, PlayedEngine, body_of, descriptors, launch

PATIENCE_SECONDS = 15.0
ECHO = "import os\nwhile d := os.read(0, 65536): os.write(1, d)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); time.sleep(100)"


@pytest.fixture
def placing(tmp_path: Path) -> Iterator[Placing]:
    yield Placing(name="argus-trio-files", runtime=tmp_path, body=body_of, connect_seconds=5)
    assert list(tmp_path.iterdir()) == []


def python(code: str) -> Launch:
    return launch(sys.executable, "-S", "-u", "-c", code)


async def read_line(program: object) -> bytes:
    assert isinstance(program, ContainedProgram)
    read = b""
    while not read.endswith(b"\n"):
        chunk = await program.stdout.receive()
        assert chunk
        read += chunk
    return read


async def test_a_server_answers_and_leaves_when_its_stdin_is_closed(placing: Placing) -> None:
    engine = PlayedEngine()
    with trio.fail_after(PATIENCE_SECONDS):
        async with start_container(python(ECHO), engine, placing) as program, trio.open_nursery() as nursery:
            nursery.start_soon(program.watch)
            os.write(program.stdin.fileno(), b"hello\n")
            assert await read_line(program) == b"hello\n"
            assert engine.left == {"argus-trio-files"}
            await program.end(5)
            assert await program.wait_ended() == "exited with code 0"
    assert not engine.left


async def test_nobody_else_can_open_what_the_shim_has(placing: Placing) -> None:
    engine = PlayedEngine()
    with trio.fail_after(PATIENCE_SECONDS):
        async with start_container(python(ECHO), engine, placing):
            (folder,) = engine.folders.values()
            with pytest.raises(OSError, match="refused"):
                await trio.open_unix_socket(folder / "control.sock")
            assert not [each for each in folder.iterdir() if each.is_fifo()]


async def test_the_folder_lets_no_other_user_of_this_machine_in(placing: Placing) -> None:
    engine = PlayedEngine()
    with trio.fail_after(PATIENCE_SECONDS):
        async with start_container(python(ECHO), engine, placing):
            (folder,) = engine.folders.values()
            assert folder.parent.stat().st_mode & 0o777 == 0o700
            assert folder.stat().st_mode & 0o777 == 0o755


async def test_how_a_server_ended_is_told(placing: Placing) -> None:
    with trio.fail_after(PATIENCE_SECONDS):
        for code, ending in (
            ("raise SystemExit(3)", "exited with code 3"),
            ("import os; os.abort()", "was killed by SIGABRT"),
        ):
            async with (
                start_container(python(code), PlayedEngine(), placing) as program,
                trio.open_nursery() as nursery,
            ):
                nursery.start_soon(program.watch)
                assert await program.wait_ended() == ending


async def test_one_that_ends_before_it_works_names_what_it_may_lack(placing: Placing) -> None:
    lacks = "args[0] names /srv/new.db, which is not there"
    failing = attrs.evolve(python("raise SystemExit(3)"), lacks=(lacks,))
    later = attrs.evolve(python("import os; os.read(0, 1); raise SystemExit(3)"), lacks=(lacks,))
    with trio.fail_after(PATIENCE_SECONDS):
        async with start_container(failing, PlayedEngine(), placing) as program, trio.open_nursery() as nursery:
            nursery.start_soon(program.watch)
            assert await program.wait_ended() == f"exited with code 3; {lacks}"
        async with start_container(later, PlayedEngine(), placing) as program, trio.open_nursery() as nursery:
            nursery.start_soon(program.watch)
            program.spoke()
            os.write(program.stdin.fileno(), b"\n")
            assert await program.wait_ended() == "exited with code 3"


async def test_a_container_that_is_killed_from_outside_says_so(placing: Placing) -> None:
    engine = PlayedEngine()
    with trio.fail_after(PATIENCE_SECONDS):
        async with start_container(python(STUBBORN), engine, placing) as program, trio.open_nursery() as nursery:
            nursery.start_soon(program.watch)
            await read_line(program)
            engine.processes["argus-trio-files"].kill()
            assert await program.wait_ended() == (
                "was killed with its container: from outside, or out of memory (container.memory is 256 MiB)"
            )


async def test_processor_time_is_told_and_then_remembered(placing: Placing) -> None:
    code = "x = 0\nfor i in range(10**7): x += i\nprint('done')\ninput()"
    with trio.fail_after(PATIENCE_SECONDS):
        async with start_container(python(code), PlayedEngine(), placing) as program, trio.open_nursery() as nursery:
            nursery.start_soon(program.watch)
            await read_line(program)
            used = await program.processor_seconds()
            assert used > 0.05
            await program.end(0)
            assert await program.processor_seconds() >= used


async def test_the_end_of_a_stubborn_server_is_bounded_although_nobody_watches(placing: Placing) -> None:
    with trio.fail_after(PATIENCE_SECONDS):
        async with start_container(python(STUBBORN), PlayedEngine(), placing) as program:
            await read_line(program)
            began = trio.current_time()
            await program.end(0.1)
            assert trio.current_time() - began < 3


async def test_stdin_can_be_closed_while_stdout_is_read_on(placing: Placing) -> None:
    code = "import sys; n = len(sys.stdin.read()); print('read', n)"
    with trio.fail_after(PATIENCE_SECONDS):
        async with start_container(python(code), PlayedEngine(), placing) as program, trio.open_nursery() as nursery:
            nursery.start_soon(program.watch)
            os.write(program.stdin.fileno(), b"12345")
            nursery.start_soon(program.end, 5)
            assert await read_line(program) == b"read 5\n"
            assert await program.stdout.receive() == b""


async def test_a_server_that_closes_its_stdout_alone_is_seen(placing: Placing) -> None:
    with trio.fail_after(PATIENCE_SECONDS):
        async with start_container(python("import os; os.close(1); os.read(0, 1)"), PlayedEngine(), placing) as program:
            assert isinstance(program, ContainedProgram)
            assert await program.stdout.receive() == b""
            await program.end(5)


async def test_a_server_that_leaves_its_stdin_unread_ends_in_an_end_of_file(placing: Placing) -> None:
    with trio.fail_after(PATIENCE_SECONDS):
        code = "import time; time.sleep(0.2); print('bye')"
        async with start_container(python(code), PlayedEngine(), placing) as program:
            os.write(program.stdin.fileno(), b"never read")
            assert await read_line(program) == b"bye\n"
            assert await program.stdout.receive() == b""


@pytest.mark.parametrize(
    ("started", "why"),
    [
        (launch("no-such-command"), "or its interpreter, is not in the image python:3.13-slim; PATH is /usr/"),
        (launch("/etc/passwd"), "command '/etc/passwd' is not executable in the image python:3.13-slim"),
        (launch("true", cwd="/no/such"), "cwd '/no/such' cannot be entered in its container: No such file"),
        (launch("true", env={**PATH, "A": "\0"}), "its command, arguments, cwd or environment hold a NUL character"),
        (launch("true", env={**PATH, "A=": ""}), "a variable of its environment has an impossible name"),
    ],
)  # fmt: skip
async def test_what_cannot_be_started_says_why(placing: Placing, started: Launch, why: str) -> None:
    engine = PlayedEngine()
    with trio.fail_after(PATIENCE_SECONDS), pytest.raises(LinkFailed, match=re.escape(why)):
        async with start_container(started, engine, placing):
            raise AssertionError
    assert not engine.left


async def test_a_container_that_ends_before_it_connects_says_how(placing: Placing) -> None:
    engine = PlayedEngine(command=("sh", "-c", "exit 5"))
    with trio.fail_after(PATIENCE_SECONDS), pytest.raises(LinkFailed, match="exited with code 5 before its first"):
        async with start_container(python(ECHO), engine, placing):
            raise AssertionError
    assert not engine.left


async def test_what_a_first_process_said_before_it_ended_is_told(placing: Placing, tmp_path: Path) -> None:
    says = f"for each in {tmp_path}/*/run/stderr; do echo 'no such module' >$each; done; exit 5"
    with trio.fail_after(PATIENCE_SECONDS), pytest.raises(LinkFailed) as raised:
        async with start_container(python(ECHO), PlayedEngine(command=("sh", "-c", says)), placing):
            raise AssertionError
    assert raised.value.details == ("no such module",)


async def test_a_first_process_that_ends_between_its_connection_and_its_order_says_how(
    placing: Placing, tmp_path: Path
) -> None:
    code = (
        "import glob, os, socket, sys\n"
        f"(folder,) = glob.glob('{tmp_path}/*/run')\n"
        "os.write(os.open(folder + '/stderr', os.O_WRONLY), b'a word')\n"
        "socket.socket(socket.AF_UNIX).connect(folder + '/control.sock')\n"
        "sys.exit(5)"
    )
    engine = PlayedEngine(command=(sys.executable, "-S", "-c", code))
    why = "exited with code 5 before its command was started"
    with trio.fail_after(PATIENCE_SECONDS), pytest.raises(LinkFailed, match=why) as raised:
        async with start_container(python(ECHO), engine, placing):
            raise AssertionError
    assert raised.value.details == ("a word",)


async def test_no_descriptor_is_left_open(placing: Placing) -> None:
    before = descriptors()
    with trio.fail_after(PATIENCE_SECONDS):
        for command in ((), ("sh", "-c", "exit 5")):
            with suppress(LinkFailed):
                async with start_container(python(ECHO), PlayedEngine(command=command), placing):
                    pass
            assert descriptors() == before


async def test_a_shim_that_never_connects_is_given_up(tmp_path: Path) -> None:
    engine = PlayedEngine(command=("sleep", "100"))
    placing = Placing(name="x", runtime=tmp_path, body=body_of, connect_seconds=0.2)
    with trio.fail_after(PATIENCE_SECONDS), pytest.raises(LinkFailed, match=r"did not connect within 0\.2 s"):
        async with start_container(python(ECHO), engine, placing):
            raise AssertionError
    assert not engine.left


@pytest.mark.parametrize("step", ["create", "start"])
async def test_a_refusal_of_the_engine_passes_and_nothing_is_left(placing: Placing, step: str) -> None:
    engine = PlayedEngine(fails=step)
    with trio.fail_after(PATIENCE_SECONDS), pytest.raises(LinkFailed, match=f"the engine refused to {step}"):
        async with start_container(python(ECHO), engine, placing):
            raise AssertionError
    assert not engine.left


async def test_an_engine_that_cannot_tell_exit_codes_harms_nothing(placing: Placing) -> None:
    engine = PlayedEngine(fails="wait")
    with trio.fail_after(PATIENCE_SECONDS):
        async with (
            start_container(python("raise SystemExit(4)"), engine, placing) as program,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(program.watch)
            assert await program.wait_ended() == "exited with code 4"


@pytest.mark.parametrize("step", ["create", "start"])
async def test_whoever_is_cancelled_while_the_engine_hangs_leaves_nothing(placing: Placing, step: str) -> None:
    engine = PlayedEngine(hangs=step)
    with trio.fail_after(PATIENCE_SECONDS), trio.move_on_after(0.2) as cancelled:
        async with start_container(python(ECHO), engine, placing):
            raise AssertionError
    assert cancelled.cancelled_caught
    assert not engine.left


async def test_whoever_is_cancelled_at_any_moment_of_a_start_leaves_nothing(placing: Placing) -> None:
    before = descriptors()
    for number in range(20):
        engine = PlayedEngine()
        with trio.fail_after(PATIENCE_SECONDS), trio.move_on_after(number * 0.01):
            async with start_container(python(ECHO), engine, placing) as program:
                await program.wait_ended()
        assert not engine.left
        assert descriptors() == before


async def test_an_error_of_the_block_leaves_as_it_is(placing: Placing) -> None:
    engine = PlayedEngine()
    with trio.fail_after(PATIENCE_SECONDS), pytest.raises(KeyError):
        async with start_container(python(STUBBORN), engine, placing):
            raise KeyError
    assert not engine.left


async def test_an_engine_that_hangs_at_removal_is_left_at_the_last_moment_and_said_so(placing: Placing) -> None:
    engine = PlayedEngine(hangs="remove")
    with trio.fail_after(PATIENCE_SECONDS), capture_logs() as logs:
        async with start_container(python(ECHO), engine, placing) as program:
            await program.end(5)
            end_farewells_at(trio.current_time() + 0.2)
        await engine.processes["argus-trio-files"].wait()
    (entry,) = logs
    assert entry["event"] == "container_left"
    assert entry["backend"] == "files"


async def test_what_connects_out_goes_to_who_serves_egress(tmp_path: Path) -> None:
    asked: list[bytes] = []

    async def serve(listener: trio.SocketListener) -> None:
        async def one(stream: trio.SocketStream) -> None:
            asked.append(await stream.receive_some(100))

        await trio.serve_listeners(one, [listener])

    engine = PlayedEngine()
    placing = Placing(name="x", runtime=tmp_path, body=body_of, serve_egress=serve)
    with trio.fail_after(PATIENCE_SECONDS):
        async with start_container(python(ECHO), engine, placing):
            (folder,) = engine.folders.values()
            async with await trio.open_unix_socket(folder / "egress.sock") as stream:
                await stream.send_all(b"CONNECT x:80 HTTP/1.1\r\n\r\n")
                assert await stream.receive_some(1) == b""
    assert asked == [b"CONNECT x:80 HTTP/1.1\r\n\r\n"]
