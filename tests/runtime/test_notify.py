"""What the service manager is told, and when; virtual time for the watchdog, real datagrams for the address."""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
import trio
import trio.testing

from argus_trio.runtime.notify import MAX_STATUS, MAX_UNSENT, Notifier


@attrs.define
class Manager:
    """A service manager: keeps what it was told, or refuses to take it."""

    told: list[str] = attrs.field(factory=list)
    refusal: OSError | None = None

    def take(self, datagram: bytes) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.told.append(datagram.decode())


@pytest.fixture
def manager() -> Manager:
    return Manager()


@pytest.fixture
def notifier(manager: Manager) -> Notifier:
    return Notifier(manager.take)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as line:
        line.bind(str(tmp_path / "notify"))
        yield line


def test_without_the_variable_nothing_happens(tmp_path: Path) -> None:
    notifier = Notifier.of({"WATCHDOG_USEC": "1000"})
    assert not notifier.is_active
    notifier.reloading()
    notifier.ready("well")
    notifier.status("well")
    notifier.stopping()
    assert notifier.watchdog_seconds is None


def test_a_path_is_told(line: socket.socket) -> None:
    notifier = Notifier.of({"NOTIFY_SOCKET": line.getsockname()})
    assert notifier.is_active
    notifier.ready("2 of 2 backends ready")
    assert line.recv(4096) == b"READY=1\nSTATUS=2 of 2 backends ready"


def test_an_abstract_name_is_told() -> None:
    name = f"argus-trio-test-{os.getpid()}-{time.monotonic_ns()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as line:
        line.bind(f"\0{name}")
        Notifier.of({"NOTIFY_SOCKET": f"@{name}"}).stopping()
        assert line.recv(4096) == b"STOPPING=1\nSTATUS=stopping"


def test_the_variables_are_taken_out_so_that_no_child_has_them(line: socket.socket) -> None:
    environ = {"NOTIFY_SOCKET": line.getsockname(), "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", "PATH": "/bin"}
    Notifier.of(environ)
    assert environ == {"PATH": "/bin"}


@pytest.mark.parametrize("address", ["vsock:2:1", "notify", "/no/such/folder/notify", "/" + "x" * 200])
def test_an_address_that_cannot_be_told_harms_nobody(address: str) -> None:
    notifier = Notifier.of({"NOTIFY_SOCKET": address})
    notifier.ready("well")
    notifier.status("better")
    notifier.stopping()


def test_a_reload_says_when_it_began(notifier: Notifier, manager: Manager) -> None:
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    notifier.reloading()
    notifier.ready("1 of 1 backend ready")
    reloading, ready = manager.told
    word, _, since = reloading.partition("\nMONOTONIC_USEC=")
    assert word == "RELOADING=1"
    assert before <= int(since) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert ready.startswith("READY=1\n")


def test_a_gateway_that_stops_is_not_ready_again(notifier: Notifier, manager: Manager) -> None:
    notifier.stopping()
    notifier.reloading()
    notifier.ready("well")
    notifier.stopping()
    notifier.status("1 call under way")
    assert manager.told == ["STOPPING=1\nSTATUS=stopping", "STATUS=stopping: 1 call under way"]


def test_a_status_is_one_line_of_bounded_length_and_told_once(notifier: Notifier, manager: Manager) -> None:
    notifier.ready("well")
    notifier.status("well")
    notifier.status("a\nREADY=1\r\n" + "b" * 1000)
    _, status = manager.told
    assert status.startswith("STATUS=a READY=1 bbb")
    assert len(status) == len("STATUS=") + MAX_STATUS


def test_a_change_that_finds_the_queue_full_is_told_later_and_first(notifier: Notifier, manager: Manager) -> None:
    manager.refusal = BlockingIOError(errno.EAGAIN, "full")
    notifier.ready("well")
    notifier.status("worse")
    for _ in range(2 * MAX_UNSENT):
        notifier.reloading()
    manager.refusal = None
    notifier.status("better")
    assert [told.partition("\n")[0] for told in manager.told] == ["RELOADING=1"] * MAX_UNSENT + ["STATUS=better"]


def test_a_manager_that_is_gone_is_told_no_more_of_the_past(notifier: Notifier, manager: Manager) -> None:
    manager.refusal = ConnectionRefusedError(errno.ECONNREFUSED, "gone")
    notifier.ready("well")
    manager.refusal = None
    notifier.status("better")
    assert manager.told == ["STATUS=better"]


@pytest.mark.parametrize(
    ("variables", "seconds"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_who_the_variables_say(variables: dict[str, str], seconds: float | None) -> None:
    assert Notifier.of({"NOTIFY_SOCKET": "/nowhere", **variables}).watchdog_seconds == seconds


async def test_the_watchdog_hears_twice_in_its_time(manager: Manager, autojump_clock: trio.testing.MockClock) -> None:
    with trio.move_on_after(3600 - 1):
        await Notifier(manager.take, 30.0).run_watchdog()
    assert manager.told == ["WATCHDOG=1"] * 240


async def test_nobody_is_kept_awake_without_a_watchdog(notifier: Notifier, manager: Manager) -> None:
    with trio.fail_after(5):
        await notifier.run_watchdog()
    assert manager.told == []
