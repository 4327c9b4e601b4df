"""Both shims as ordinary processes: the order, what they report, how they end. In a container: `tests/containers`."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import trio

from argus_trio.sandbox.container.folder import make_folder
from argus_trio.sandbox.plan.outcome import ShimKind
from tests.sandbox.shim.trial import KINDS, PATH, PATIENCE_SECONDS, command, skip_without, trial

pytestmark = pytest.mark.parametrize("kind", KINDS)

ECHO = "import os\nwhile d := os.read(0, 65536): os.write(1, d)"
STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(os.getpid(), flush=True)
while True: time.sleep(100)
"""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def wait_until_gone(pid: int) -> None:
    while is_alive(pid):  # noqa: ASYNC110 - the kernel has no event for other people's children
        await trio.sleep(0.01)


async def test_a_server_has_pipes_of_its_own_as_its_streams(kind: ShimKind, tmp_path: Path) -> None:
    code = "import os, stat; print([stat.S_ISFIFO(os.fstat(n).st_mode) for n in range(3)], flush=True)\n"
    async with trial(kind, tmp_path) as shim:
        await shim.python(code + ECHO)
        assert await shim.read_line() == b"[True, True, True]"
        await shim.stdin.send_all(b"hello\n")
        assert await shim.read_line() == b"hello"


async def test_a_message_of_eight_megabytes_comes_back_whole(kind: ShimKind, tmp_path: Path) -> None:
    message = os.urandom(4 * 1024 * 1024).hex().encode() + b"\n"
    async with trial(kind, tmp_path) as shim, trio.open_nursery() as nursery:
        await shim.python(ECHO)
        nursery.start_soon(shim.stdin.send_all, message)
        assert await shim.read_line() == message.strip()


async def test_a_server_opens_its_streams_by_their_names(kind: ShimKind, tmp_path: Path) -> None:
    async with trial(kind, tmp_path) as shim:
        await shim.order("sh", "-c", "read line </dev/stdin; exec 3>/dev/stdout; echo $line >&3; echo oh >/dev/stderr")
        await shim.stdin.send_all(b"hello\n")
        assert await shim.read_line() == b"hello"
        assert await shim.read_all(shim.stderr) == b"oh\n"


async def test_the_streams_of_a_server_block_it(kind: ShimKind, tmp_path: Path) -> None:
    code = "import os; print([os.get_blocking(n) for n in range(3)], flush=True)"
    async with trial(kind, tmp_path) as shim:
        await shim.python(code)
        assert await shim.read_line() == b"[True, True, True]"


async def test_a_server_that_closes_its_stdout_alone_is_seen(kind: ShimKind, tmp_path: Path) -> None:
    async with trial(kind, tmp_path) as shim:
        await shim.python("import os; os.close(1); os.read(0, 100); os.write(2, b'still here')")
        assert await shim.read_all(shim.stdout) == b""
        await shim.stdin.send_all(b"go on\n")
        assert await shim.read_all(shim.stderr) == b"still here"


async def test_a_server_that_closes_its_stdin_alone_is_seen(kind: ShimKind, tmp_path: Path) -> None:
    async with trial(kind, tmp_path) as shim:
        await shim.python("import os, time; os.close(0); print('closed', flush=True); time.sleep(100)")
        assert await shim.read_line() == b"closed"
        with pytest.raises(trio.BrokenResourceError):
            await shim.stdin.send_all(b"hello\n")


async def test_a_shim_whose_gateway_is_gone_leaves_at_once(kind: ShimKind, tmp_path: Path) -> None:
    skip_without(kind)
    folder = make_folder(tmp_path, kind)
    for left in (*folder.pipes.values(), folder._lock):
        os.close(left)
    for listener in folder.listeners.values():
        listener.close()
    with trio.fail_after(PATIENCE_SECONDS):
        assert (await trio.run_process(command(kind, folder), check=False, capture_stderr=True)).returncode == 1


async def test_closing_stdin_lets_a_server_say_its_last_word(kind: ShimKind, tmp_path: Path) -> None:
    async with trial(kind, tmp_path) as shim:
        await shim.python("import sys; n = len(sys.stdin.read()); print('read', n, flush=True); sys.exit(3)")
        await shim.stdin.send_all(b"12345")
        await shim.stdin.aclose()
        assert await shim.read_line() == b"read 5"
        assert await shim.report() == f"ended {3 * 256}"
        assert await shim.report() == ""
        await shim.process.wait()


async def test_stderr_of_a_server_is_a_pipe_of_its_own(kind: ShimKind, tmp_path: Path) -> None:
    async with trial(kind, tmp_path) as shim:
        await shim.python("import sys; sys.stderr.write('oh\\n')")
        assert await shim.read_all(shim.stderr) == b"oh\n"


async def test_arguments_variables_and_folder_are_those_of_the_order(kind: ShimKind, tmp_path: Path) -> None:
    code = "import os, sys; print(sys.argv[1:], sorted(os.environ), os.environ['A'], os.getcwd(), flush=True)"
    async with trial(kind, tmp_path) as shim:
        env = {**PATH, "A": "b=c\nd", "LC_ALL": "C.UTF-8"}
        await shim.order("/usr/bin/env", "python3", "-S", "-c", code, "", "ä b", env=env, cwd="/usr")
        assert (await shim.report()).startswith("started ")
        said = (await shim.read_all(shim.stdout)).decode()
        assert said == "['', 'ä b'] ['A', 'LC_ALL', 'PATH'] b=c\nd /usr\n"


async def test_nothing_of_the_order_is_seen_from_outside(kind: ShimKind, tmp_path: Path) -> None:
    async with trial(kind, tmp_path) as shim:
        await shim.order("sleep", "100", env={**PATH, "SECRET": "hunter2"})
        assert (await shim.report()).startswith("started ")
        proc = Path(f"/proc/{shim.process.pid}")
        assert b"hunter2" not in (proc / "cmdline").read_bytes() + (proc / "environ").read_bytes()


async def test_a_server_has_no_descriptors_but_its_three_streams(kind: ShimKind, tmp_path: Path) -> None:
    code = "import os; print([n for n in range(64) if os.path.lexists(f'/proc/self/fd/{n}')], flush=True)"
    async with trial(kind, tmp_path) as shim:
        await shim.python(code, ports="80")
        assert await shim.read_line() == b"[0, 1, 2]"


@pytest.mark.parametrize(
    ("argv", "cwd", "report"),
    [
        (("no-such-command",), None, "failed exec 2"),
        (("/etc/passwd",), None, "failed exec 13"),
        (("true",), "/no/such/folder", "failed chdir 2"),
        (("true",), "/etc/passwd", "failed chdir 20"),
    ],
)
async def test_what_cannot_be_started_is_reported_with_its_stage(
    kind: ShimKind, tmp_path: Path, argv: tuple[str, ...], cwd: str | None, report: str
) -> None:
    async with trial(kind, tmp_path) as shim:
        await shim.order(*argv, cwd=cwd)
        assert await shim.report() == report
        assert await shim.report() == ""
        assert await shim.process.wait() == 127


async def test_a_signal_that_killed_a_server_is_reported(kind: ShimKind, tmp_path: Path) -> None:
    async with trial(kind, tmp_path) as shim:
        await shim.python("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
        assert (int((await shim.report()).split()[1]) & 0x7F) == signal.SIGSEGV


async def test_signals_that_the_shim_ignores_end_a_server_as_ever(kind: ShimKind, tmp_path: Path) -> None:
    async with trial(kind, tmp_path) as shim:
        await shim.order("cat", "/proc/self/status")
        assert (await shim.report()).startswith("started ")
        status = (await shim.read_all(shim.stdout)).decode()
        ignored = int(status.split("SigIgn:")[1].split()[0], 16)
        assert [each for each in signal.Signals if ignored >> (each - 1) & 1] == []  # 32 and 33 are the C library's own


async def test_usage_is_told_when_asked_for(kind: ShimKind, tmp_path: Path) -> None:
    code = "x = 0\nfor i in range(10**7): x += i\nprint('done', flush=True)\ninput()"
    async with trial(kind, tmp_path) as shim:
        await shim.python(code)
        await shim.read_line()
        await shim.control.send_all(b"usage\n")
        word, seconds = (await shim.report()).split()
        assert word == "usage"
        assert 0.05 < float(seconds) < 20


async def test_end_gives_term_and_then_kill(kind: ShimKind, tmp_path: Path) -> None:
    async with trial(kind, tmp_path) as shim:
        await shim.python(STUBBORN)
        pid = int(await shim.read_line())
        began = trio.current_time()
        await shim.control.send_all(b"end 0.3\n")
        while await shim.report():
            pass
        await shim.process.wait()
        await wait_until_gone(pid)
        assert 0.25 < trio.current_time() - began < 3


async def test_end_does_not_wait_for_a_server_that_heeds_term(kind: ShimKind, tmp_path: Path) -> None:
    async with trial(kind, tmp_path) as shim:
        await shim.order("sleep", "100")
        await shim.report()
        began = trio.current_time()
        await shim.control.send_all(b"end 8\n")
        assert await shim.report() == f"ended {int(signal.SIGTERM)}"
        await shim.process.wait()
        assert trio.current_time() - began < 3


async def test_the_end_of_the_control_socket_ends_everything_at_once(kind: ShimKind, tmp_path: Path) -> None:
    async with trial(kind, tmp_path) as shim:
        await shim.python(STUBBORN)
        pid = int(await shim.read_line())
        await shim.control.aclose()
        await shim.process.wait()
        await wait_until_gone(pid)


async def test_a_gateway_that_goes_before_its_order_leaves_nothing(kind: ShimKind, tmp_path: Path) -> None:
    async with trial(kind, tmp_path) as shim:
        await shim.control.aclose()
        assert await shim.process.wait() == 0


async def test_what_a_server_leaves_behind_is_ended_with_it(kind: ShimKind, tmp_path: Path) -> None:
    code = (
        "import os, signal, time\n"
        "if os.fork() == 0:\n"
        " signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        " print(os.getpid(), flush=True)\n"
        " time.sleep(100)\n"
        "time.sleep(0.5)\n"
    )
    async with trial(kind, tmp_path) as shim:
        await shim.python(code)
        pid = int(await shim.read_line())
        assert await shim.report() == "ended 0"
        await shim.process.wait()
        await wait_until_gone(pid)
