"""Sockets that a service manager hands over: which are taken, and what is said of the others."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from argus_trio.errors import ListenFailed
from argus_trio.frontend.server.socket_activation import FIRST_FD, inherited_sockets

HIGH = 200
"""Where these tests hand sockets over; what stands at 3 belongs to whoever runs them."""


@pytest.fixture
def handed() -> Iterator[ExitStack]:
    with ExitStack() as owned:
        yield owned


def hand_over(place: int, given: socket.socket) -> None:
    """Put a copy of `given` at the descriptor HIGH + `place`, as a service manager leaves it: inheritable, blocking."""
    assert fcntl.fcntl(given.fileno(), fcntl.F_DUPFD, HIGH + place) == HIGH + place
    given.setblocking(True)
    given.close()


def variables(count: object, **more: str) -> dict[str, str]:
    return {"LISTEN_FDS": str(count), "LISTEN_PID": str(os.getpid()), **more}


def listening(family: int = socket.AF_INET, address: object = ("127.0.0.1", 0)) -> socket.socket:
    given = socket.socket(family)
    given.bind(address)  # type: ignore[arg-type]  # whatever the family wants
    given.listen()
    return given


def test_the_first_stands_where_the_protocol_says() -> None:
    assert FIRST_FD == 3


def test_each_is_taken_with_its_name_and_no_child_gets_it(handed: ExitStack) -> None:
    hand_over(0, listening())
    hand_over(1, listening(socket.AF_INET6, ("::1", 0)))
    environ = variables(2, LISTEN_FDNAMES="argus-trio.socket:", PATH="/bin")
    taken = inherited_sockets(environ, first=HIGH)
    for each in taken:
        handed.enter_context(each.socket)
    assert [each.name for each in taken] == ["descriptor 200 (argus-trio.socket)", "descriptor 201"]
    assert [os.get_inheritable(each.socket.fileno()) for each in taken] == [False, False]
    assert [each.socket.gettimeout() for each in taken] == [0.0, 0.0]
    assert not any(each.is_exposed for each in taken)
    assert environ == {"PATH": "/bin"}


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, ("0.0.0.0", 0)), (socket.AF_INET6, ("::", 0))])
def test_one_that_is_bound_beyond_loopback_is_exposed(handed: ExitStack, family: int, address: object) -> None:
    hand_over(0, listening(family, address))
    (taken,) = inherited_sockets(variables(1), first=HIGH)
    handed.enter_context(taken.socket)
    assert taken.is_exposed


def test_a_unix_socket_is_taken_and_not_exposed(handed: ExitStack, tmp_path: Path) -> None:
    hand_over(0, listening(socket.AF_UNIX, str(tmp_path / "s")))
    (taken,) = inherited_sockets(variables(1), first=HIGH)
    handed.enter_context(taken.socket)
    assert not taken.is_exposed


@pytest.mark.parametrize("pid", ["1", "", "me"])
def test_what_was_meant_for_another_process_is_left_alone(pid: str) -> None:
    environ = {"LISTEN_FDS": "1", "LISTEN_PID": pid, "LISTEN_FDNAMES": "x"}
    assert inherited_sockets(environ, first=HIGH) == ()
    assert environ == {}


def test_nothing_is_taken_where_nothing_was_handed_over() -> None:
    assert inherited_sockets({}) == ()
    assert inherited_sockets(variables(0)) == ()


@pytest.mark.parametrize("count", ["-1", "many", "99999"])
def test_a_count_that_is_none_is_one_clear_line(count: str) -> None:
    with pytest.raises(ListenFailed, match="LISTEN_FDS"):
        inherited_sockets(variables(count), first=HIGH)


def test_what_does_not_listen_is_one_clear_line_and_the_others_are_closed() -> None:
    hand_over(0, listening())
    hand_over(1, socket.socket())
    with pytest.raises(ListenFailed, match=r"descriptor 201 \(b\): it does not listen"):
        inherited_sockets(variables(2, LISTEN_FDNAMES="a:b"), first=HIGH)
    for descriptor in (HIGH, HIGH + 1):
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)


def test_a_datagram_socket_is_one_clear_line() -> None:
    hand_over(0, socket.socket(type=socket.SOCK_DGRAM))
    with pytest.raises(ListenFailed, match="no stream socket"):
        inherited_sockets(variables(1), first=HIGH)


def test_a_descriptor_that_is_no_socket_is_one_clear_line() -> None:
    with pytest.raises(ListenFailed, match="descriptor 200: Bad file descriptor"):
        inherited_sockets(variables(1), first=HIGH)
    reading, writing = os.pipe()
    try:
        with pytest.raises(ListenFailed, match="non-socket"):
            inherited_sockets(variables(1), first=reading)
    finally:
        os.close(reading)
        os.close(writing)
