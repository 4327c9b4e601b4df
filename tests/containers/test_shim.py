"""Both shims in hardened containers of a real engine, with nothing above them: what they serve, and how they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

import attrs
import pytest
import trio

from argus_trio.errors import LinkFailed
from argus_trio.sandbox.container.start import Placing, StartedProgram, start_container
from argus_trio.sandbox.engine.control import EngineControl, open_control
from argus_trio.sandbox.engine.facts import EngineFacts
from argus_trio.sandbox.plan.launch import Launch
from argus_trio.sandbox.plan.outcome import ShimKind
from tests.containers.engine import Engine
from tests.containers.launches import ECHO, HUNGRY, IMAGES, KINDS, MEBIBYTE, STUBBORN, body_of, launch, read_line

PATIENCE_SECONDS = 60.0


@attrs.define(eq=False, kw_only=True)
class Place:
    """An engine whose control is open, and where folders are made."""

    engine: Engine
    control: EngineControl
    runtime: Path

    @asynccontextmanager
    async def run(self, made: Launch, **placing: object) -> AsyncIterator[StartedProgram]:
        """A container, watched; afterwards neither it nor its folder is there."""
        name = f"argus-trio-test-{uuid4().hex[:8]}"
        place = Placing(name=name, runtime=self.runtime, body=partial(body_of, made=made), **placing)  # type: ignore[arg-type] # of one test
        try:
            async with start_container(made, self.control, place) as program, trio.open_nursery() as nursery:
                nursery.start_soon(program.watch)
                yield program
                nursery.cancel_scope.cancel()
        finally:
            assert [each for each in self.engine.containers() if f"/{name}" in each["Names"]] == []
            assert list(self.runtime.iterdir()) == []


@pytest.fixture
async def place(engine: Engine, tmp_path: Path) -> AsyncIterator[Place]:
    facts = EngineFacts(kind="docker", version="?", api_version="1.41", socket=Path(engine.socket))
    async with open_control(facts, redact=str) as control:
        yield Place(engine=engine, control=control, runtime=tmp_path)


async def write_all(program: StartedProgram, data: bytes) -> None:
    left = memoryview(data)
    while left:
        await trio.lowlevel.wait_writable(program.stdin.fileno())
        left = left[os.write(program.stdin.fileno(), left) :]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_server_answers_lines_of_eight_megabytes_and_leaves_with_its_stdin(
    place: Place, kind: ShimKind
) -> None:
    line = os.urandom(4 * MEBIBYTE).hex().encode() + b"\n"
    with trio.fail_after(PATIENCE_SECONDS):
        async with place.run(launch(kind, *ECHO[kind])) as program, trio.open_nursery() as nursery:
            nursery.start_soon(write_all, program, line)
            assert await read_line(program) == line.strip()
            assert await program.processor_seconds() > 0
            await program.end(5)
            assert await program.wait_ended() == "exited with code 0"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_server_opens_its_streams_by_their_names(place: Place, kind: ShimKind) -> None:
    script = "read line </dev/stdin; exec 3>/dev/stdout; echo $line >&3; echo oh >/dev/stderr; exec sleep 100"
    with trio.fail_after(PATIENCE_SECONDS):
        async with place.run(launch(kind, "sh", "-c", script)) as program:
            os.write(program.stdin.fileno(), b"hello\n")
            assert await read_line(program) == b"hello"
            assert await program.stderr.receive() == b"oh\n"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stubborn_server_and_its_sessions_are_ended_in_time(place: Place, kind: ShimKind) -> None:
    with trio.fail_after(PATIENCE_SECONDS):
        async with place.run(launch(kind, *STUBBORN[kind])) as program:
            assert await read_line(program) == b"ready"
            began = trio.current_time()
            await program.end(0.1)
            assert trio.current_time() - began < 2


@pytest.mark.parametrize("kind", KINDS)
async def test_memory_that_runs_out_is_said_with_the_key_that_bounds_it(place: Place, kind: ShimKind) -> None:
    with trio.fail_after(PATIENCE_SECONDS):
        async with place.run(launch(kind, *HUNGRY[kind], memory=96 * MEBIBYTE)) as program:
            assert await program.wait_ended() == "ran out of memory (container.memory is 96 MiB)"


@pytest.mark.parametrize("kind", KINDS)
async def test_what_cannot_be_started_says_why(place: Place, kind: ShimKind) -> None:
    with trio.fail_after(PATIENCE_SECONDS):
        with pytest.raises(LinkFailed, match=f"or its interpreter, is not in the image {IMAGES[kind]}; PATH"):
            async with place.run(launch(kind, "no-such")):
                raise AssertionError
        with pytest.raises(LinkFailed, match="cwd '/no/such' cannot be entered in its container: No such file"):
            async with place.run(launch(kind, *ECHO[kind], cwd="/no/such")):
                raise AssertionError


async def test_an_image_without_the_interpreter_is_a_clear_failure(place: Place) -> None:
    made = attrs.evolve(launch("node", "x"), image=IMAGES["python"])
    with trio.fail_after(PATIENCE_SECONDS), pytest.raises(LinkFailed, match="node"):
        async with place.run(made):
            raise AssertionError


async def test_nothing_of_the_order_stands_in_the_configuration(place: Place) -> None:
    with trio.fail_after(PATIENCE_SECONDS):
        async with place.run(launch("python", *ECHO["python"], "argument-that-is-secret")) as program:
            shown = json.dumps(place.engine.inspect(program.container))
            assert "hunter2" not in shown
            assert "argument-that-is-secret" not in shown


INTRUDER = """
import ctypes, os, socket
tried = {}
for name in ("environ", "mem", "fd/3"):
    try:
        open(f"/proc/1/{name}", "rb").read(1)
        tried[name] = "read"
    except OSError as error:
        tried[name] = error.strerror
try:
    socket.socket(socket.AF_UNIX).connect("/run/argus/control.sock")
    tried["control"] = "connected"
except OSError as error:
    tried["control"] = error.strerror
tried["pipes"] = [name for name in ("stdin", "stdout", "stderr") if os.path.exists(f"/run/argus/{name}")]
libc = ctypes.CDLL(None, use_errno=True)
tried["ptrace"] = "done" if libc.ptrace(16, 1, 0, 0) == 0 else os.strerror(ctypes.get_errno())
for number in (9, 19, 15, 2, 17):
    os.kill(1, number)
print(tried, flush=True)
"""


async def test_a_server_gets_hold_of_nothing_of_process_1(place: Place) -> None:
    code = INTRUDER + "import sys\nprint(sys.stdin.readline().strip(), flush=True)"
    with trio.fail_after(PATIENCE_SECONDS):
        async with place.run(launch("python", "python3", "-S", "-c", code)) as program:
            tried = (await read_line(program)).decode()
            assert "read'" not in tried
            assert "connected" not in tried
            assert "'pipes': []" in tried
            assert "done" not in tried
            os.write(program.stdin.fileno(), b"alive\n")
            assert await read_line(program) == b"alive"
            assert await program.processor_seconds() > 0


async def test_whoever_is_cancelled_at_any_moment_of_a_start_leaves_nothing(place: Place) -> None:
    with trio.fail_after(PATIENCE_SECONDS):
        for number in range(12):
            with trio.move_on_after(number * 0.04):
                async with place.run(launch("python", *ECHO["python"])) as program:
                    await program.wait_ended()


@pytest.mark.parametrize("signal_name", ["SIGKILL", "SIGSTOP"])
async def test_a_server_that_signals_a_shim_in_node_leaves_nothing_either(place: Place, signal_name: str) -> None:
    code = f"console.log('ready'); process.stdin.once('data', () => process.kill(process.ppid, '{signal_name}'))"
    with trio.fail_after(PATIENCE_SECONDS):
        async with place.run(launch("node", "node", "-e", code)) as program:
            await read_line(program)
            os.write(program.stdin.fileno(), b"now")
            if signal_name == "SIGKILL":
                assert "with its container" in await program.wait_ended()
            began = trio.current_time()
            await program.end(0.1)
            assert trio.current_time() - began < 4


REACH = {
    "python": (
        "python3",
        "-c",
        "import socket\nwith socket.create_connection(('db.example.com', 5432), 10) as s:\n s.sendall(b'hello')\n"
        " s.shutdown(1)\n print(s.recv(100).decode(), flush=True)\n"
        "try:\n socket.create_connection(('192.0.2.1', 80), 5)\nexcept OSError as e: print(e.strerror, flush=True)",
    ),
    "node": (
        "node",
        "-e",
        "const net = require('net'); const s = net.connect(5432, 'db.example.com', () => s.end('hello'));"
        "s.on('data', (data) => { console.log(String(data));"
        "net.connect(80, '192.0.2.1').on('error', (error) => console.log(error.code)) })",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_name_is_reached_through_the_filter_and_an_address_is_not(place: Place, kind: ShimKind) -> None:
    async def serve(listener: trio.SocketListener) -> None:
        async def one(stream: trio.SocketStream) -> None:
            read = b""
            while b"\r\n\r\n" not in read:
                read += await stream.receive_some(1000)
            await stream.send_all(b"HTTP/1.1 200 OK\r\n\r\n")
            while chunk := await stream.receive_some(1000):
                read += chunk
            await stream.send_all(read.replace(b"\r\n\r\n", b" "))

        await trio.serve_listeners(one, [listener])

    with trio.fail_after(PATIENCE_SECONDS):
        async with place.run(launch(kind, *REACH[kind], ports=(5432,)), serve_egress=serve) as program:
            passed, refused = (await read_line(program, count=2)).splitlines()
            assert passed == b"CONNECT db.example.com:5432 HTTP/1.1 hello"
            assert refused in (b"Network is unreachable", b"ENETUNREACH")


ORPHANS = """
import os, time
for _ in range(30):
    if os.fork() == 0:
        if os.fork() == 0:
            time.sleep(0.05)
        os._exit(0)
    os.wait()
time.sleep(0.5)
states = []
for each in os.listdir('/proc'):
    if each.isdigit():
        states.append(open(f'/proc/{each}/stat').read().rpartition(')')[2].split()[0])
print(states.count('Z'), flush=True)
"""


async def test_orphans_do_not_stay_as_zombies(place: Place) -> None:
    with trio.fail_after(PATIENCE_SECONDS):
        async with place.run(launch("python", "python3", "-c", ORPHANS)) as program:
            assert await read_line(program) == b"0"


async def test_an_image_that_is_attached_to_speaks_through_its_engine(place: Place) -> None:
    code = "import os, sys\nsys.stderr.write('a word\\n')\nwhile d := os.read(0, 65536): os.write(1, d)\nsys.exit(3)"
    line = os.urandom(4 * MEBIBYTE).hex().encode() + b"\n"
    with trio.fail_after(PATIENCE_SECONDS):
        async with place.run(launch(None, "python3", "-S", "-c", code)) as program, trio.open_nursery() as nursery:
            assert await program.stderr.receive() == b"a word\n"
            nursery.start_soon(write_all, program, line)
            assert await read_line(program) == line.strip()
            assert await program.processor_seconds() > 0
            await program.end(5)
            assert await program.wait_ended() == "exited with code 3"


async def test_a_stubborn_server_that_is_attached_to_is_ended_in_time(place: Place) -> None:
    with trio.fail_after(PATIENCE_SECONDS):
        async with place.run(launch(None, *STUBBORN["python"])) as program:
            assert await read_line(program) == b"ready"
            began = trio.current_time()
            await program.end(0.1)
            assert trio.current_time() - began < 2


async def test_what_an_image_that_is_attached_to_cannot_run_says_why(place: Place) -> None:
    with trio.fail_after(PATIENCE_SECONDS):
        async with place.run(launch(None, "no-such")) as program:
            assert await program.stderr.receive() != b""
            assert await program.wait_ended() == "exited with code 127"


GATEWAY = """
import sys, trio
from functools import partial
from pathlib import Path
from argus_trio.sandbox.container.start import Placing, start_container
from argus_trio.sandbox.engine.control import open_control
from argus_trio.sandbox.engine.facts import EngineFacts
from tests.containers.launches import STUBBORN, body_of, launch, read_line

async def main(socket, runtime, kind, name):
    facts = EngineFacts(kind="docker", version="?", api_version="1.41", socket=Path(socket))
    made = launch(kind, *STUBBORN[kind])
    async with open_control(facts, redact=str) as control:
        placing = Placing(name=name, runtime=Path(runtime), body=partial(body_of, made=made))
        async with start_container(made, control, placing) as program:
            print((await read_line(program)).decode(), flush=True)
            await trio.sleep_forever()

trio.run(main, *sys.argv[1:])
"""


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_outlives_a_gateway_that_is_killed(engine: Engine, tmp_path: Path, kind: ShimKind) -> None:
    name = f"argus-trio-test-{uuid4().hex[:8]}"
    command = [sys.executable, "-c", GATEWAY, engine.socket, str(tmp_path), kind, name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as gateway:
        try:
            assert gateway.stdout is not None
            assert gateway.stdout.readline() == b"ready\n"
        finally:
            gateway.send_signal(signal.SIGKILL)
            killed = time.monotonic()
    while [each for each in engine.containers() if f"/{name}" in each["Names"]]:
        assert time.monotonic() - killed < 1, "the container is still there"
        time.sleep(0.02)
