"""A backend that crashes again and again costs the gateway nothing that stays: no descriptor, task, child or memory."""

from __future__ import annotations

import os
import signal
import time
import uuid
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import attrs
import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.backends.links.link import Inbox, Link
from argus_trio.backends.links.open import open_stdio
from argus_trio.backends.links.stderr import StderrRing
from argus_trio.config.model.backend import BackendSpec, StdioBackend
from argus_trio.config.model.operation import Restart
from tests.backends.support.children import process_of
from tests.backends.support.scopes import scope_of
from tests.e2e.child import START_SECONDS
from tests.e2e.gateway import Gateway, running
from tests.e2e.raw import LEGACY, Raw
from tests.e2e.unruly import Unruly, children, descriptors, found, resident_kib

CRASHES = 50
BACKENDS = 10
"""Of the gateway that is a process; its backends crash in turn."""
WARM = 10
"""Crashes after which everything that is made once has been made."""
MEMORY_KIB = 4096


@attrs.frozen(kw_only=True)
class Held:
    """What this process holds."""

    descriptors: int
    tasks: int
    children: int

    @classmethod
    def now(cls) -> Held:
        me = os.getpid()
        return cls(
            descriptors=descriptors(me),
            tasks=trio.lowlevel.current_statistics().tasks_living,
            children=len(children(me)),
        )


def open_link(spec: BackendSpec, inbox: Inbox, stderr: StderrRing) -> AbstractAsyncContextManager[Link]:
    assert isinstance(spec, StdioBackend)
    return open_stdio(spec, inbox, stderr=stderr, environ=os.environ)


async def test_fifty_crashes_in_a_row_leave_nothing_behind(capsys: pytest.CaptureFixture[str]) -> None:
    mark = uuid.uuid4().hex
    ready, is_ready = trio.open_memory_channel[int](CRASHES)

    def published() -> None:
        link = scope.shared.connection.link if scope.shared.connection else None
        assert link is not None
        ready.send_nowait(process_of(link).pid)

    quickly = Restart(initial=0.01, max=0.02, breaker=10 * CRASHES)
    spec = attrs.evolve(Unruly(mark=mark, traits=("bare", "answers")).spec(), restart=quickly)
    scope = scope_of(spec, open_link, on_published=published)
    began = time.monotonic()
    held: dict[int, tuple[Held, int]] = {}
    with capture_logs() as logs, ready, is_ready:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(scope.run)
            for crash in range(CRASHES + 1):
                with trio.fail_after(20):
                    pid = await is_ready.receive()
                await trio.testing.wait_all_tasks_blocked(0.01)
                held[crash] = Held.now(), resident_kib(os.getpid())
                if crash < CRASHES:
                    os.kill(pid, signal.SIGKILL)
            nursery.cancel_scope.cancel()
    assert not found(mark)
    (first, before), (last, after) = held[WARM], held[CRASHES]
    with capsys.disabled():
        print(
            f"\nreconnects: crashes={CRASHES} fds={last.descriptors - first.descriptors:+d} "
            f"tasks={last.tasks - first.tasks:+d} children={last.children - first.children:+d} "
            f"memory={after - before:+d}KiB seconds={time.monotonic() - began:.1f}"
        )
    assert last == first
    assert after - before - sum(len(str(entry)) for entry in logs) / 1024 < MEMORY_KIB


def wait_ready(argus: Gateway, count: int) -> None:
    """Wait until the gateway has said so often that a backend is ready."""
    deadline = time.monotonic() + START_SECONDS
    while (so_far := len(argus.events("backend_ready"))) < count:
        assert time.monotonic() < deadline, f"{so_far} of {count}: " + "\n".join(argus.child.lines()[-30:])
        time.sleep(0.05)  # its log has no event to wait for


def test_a_gateway_whose_backends_crash_holds_no_more_than_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mark = uuid.uuid4().hex[:24]
    unruly = [Unruly(mark=f"{mark}-{number}", traits=("bare", "crashes")) for number in range(BACKENDS)]
    restart = {"initial": 0.01, "max": 0.02, "breaker": 1000}
    config = {"backends": {one.mark: {**one.config(), "restart": restart} for one in unruly}}
    held: list[tuple[int, int, int]] = []
    with running(config, tmp_path) as argus:
        client = Raw(argus.url, LEGACY)
        for crashes in range(CRASHES // BACKENDS + 1):
            wait_ready(argus, BACKENDS * (crashes + 1))
            pid = argus.child.pid
            held.append((descriptors(pid), len(children(pid)), resident_kib(pid)))
            for one in unruly if crashes < CRASHES // BACKENDS else ():
                assert "exited with code 7" in str(client.error("tools/call", name=f"{one.mark}__go", arguments={}))
        assert "Z" not in children(pid).values()
    assert not found(mark)
    fds, own, memory = (last - first for first, last in zip(held[1], held[-1], strict=True))
    with capsys.disabled():
        print(f"\na gateway: crashes={CRASHES} fds={fds:+d} children={own:+d} memory={memory:+d}KiB")
    assert own == 0
    assert fds <= 0
    assert memory < MEMORY_KIB
