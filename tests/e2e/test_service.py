"""The gateway under a service manager: what it is told, the sockets it hands over, and what backends do not get."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from tests.e2e import gateway
from tests.e2e.child import MARK, START_SECONDS, Child, left_after
from tests.e2e.gateway import SERVERS, STOP_SECONDS
from tests.e2e.raw import LEGACY, Raw
from tests.e2e.waiting import in_thread, until_in_flight

ECHO = {"backends": {"echo": gateway.stdio("echo.py")}}
ACTIVATE = [sys.executable, str(SERVERS / "activate.py")]


class Manager:
    """The service manager's end of the line."""

    def __init__(self, path: Path) -> None:
        self.line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.line.bind(str(path))
        self.line.settimeout(START_SECONDS)
        self.env = {"NOTIFY_SOCKET": str(path)}
        self.told: list[dict[str, str]] = []

    def next(self) -> dict[str, str]:
        fields = dict(field.split("=", 1) for field in self.line.recv(4096).decode().split("\n"))
        self.told.append(fields)
        return fields

    def until(self, **wanted: str) -> None:
        while not wanted.items() <= self.next().items():
            pass


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path / "notify")
    with manager.line:
        yield manager


def test_the_manager_hears_ready_once_backends_have_settled_and_stopping(tmp_path: Path, manager: Manager) -> None:
    backends = {"echo": gateway.stdio("echo.py"), "broken": gateway.stdio("moody.py", "refuses")}
    config = {"server": {"startup_grace": 60}, "backends": backends}
    with gateway.running(config, tmp_path, ready=["echo"], env=manager.env) as argus:
        assert manager.next() == {"READY": "1", "STATUS": "1 of 2 backends ready, 0 calls under way"}
        assert argus.stop() == 0
        assert manager.next() == {"STOPPING": "1", "STATUS": "stopping"}


def test_ready_does_not_wait_longer_than_the_grace(tmp_path: Path, manager: Manager) -> None:
    config = {"server": {"startup_grace": 0.3}, "backends": {"mute": gateway.stdio("moody.py", "mute")}}
    with gateway.running(config, tmp_path, ready=False, env=manager.env):
        assert manager.next() == {"READY": "1", "STATUS": "0 of 1 backend ready (1 starting), 0 calls under way"}


async def test_the_status_follows_the_calls(tmp_path: Path, manager: Manager) -> None:
    with gateway.running(ECHO, tmp_path, env=manager.env) as argus:
        client = Raw(argus.url, LEGACY)
        async with trio.open_nursery() as nursery:
            results: list[object] = []
            nursery.start_soon(in_thread, lambda: results.append(client.call("echo__slow", seconds=2.5)))
            await until_in_flight(Raw(argus.url, LEGACY), "slow")
            manager.until(STATUS="1 of 1 backend ready, 1 call under way")
        manager.until(STATUS="1 of 1 backend ready, 0 calls under way")


def test_the_watchdog_hears_of_a_loop_that_turns_and_not_of_one_that_does_not(tmp_path: Path, manager: Manager) -> None:
    manager.env["WATCHDOG_USEC"] = "400000"
    with gateway.running(ECHO, tmp_path, env=manager.env) as argus:
        for _ in range(5):
            manager.until(WATCHDOG="1")
        argus.child.signal(signal.SIGSTOP)
        try:
            manager.line.settimeout(1)
            with pytest.raises(TimeoutError):
                manager.until(NEVER="1")
        finally:
            argus.child.signal(signal.SIGCONT)


def test_backends_get_nothing_of_what_the_manager_said(tmp_path: Path, manager: Manager) -> None:
    said = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}
    manager.env["WATCHDOG_USEC"] = "10000000"
    config = {"backends": {"echo": gateway.stdio("echo.py", env_from=sorted(said))}}
    launcher = [*ACTIVATE, "127.0.0.1:0", "--"]
    with gateway.running(config, tmp_path, env=manager.env, launcher=launcher) as argus:
        client = Raw(argus.url, LEGACY)
        environment = json.loads(client.call("echo__environment")["content"][0]["text"])
        assert not said & environment.keys()
        assert "PATH" in environment
        pid = json.loads(client.call("echo__process")["content"][0]["text"])["pid"]
        handed = Path(f"/proc/{argus.child.pid}/fd/3").readlink()
        assert str(handed).startswith("socket:")
        assert handed not in [each.readlink() for each in Path(f"/proc/{pid}/fd").iterdir()]


def test_the_sockets_that_were_handed_over_are_served_on(tmp_path: Path) -> None:
    launcher = [*ACTIVATE, "127.0.0.1:0", str(tmp_path / "argus"), "--"]
    with gateway.running(ECHO, tmp_path, launcher=launcher) as argus:
        handed = argus.event("sockets_inherited")
        assert handed["not_listening_on"] == "127.0.0.1:0"
        inet, unix = handed["urls"]
        assert inet == argus.url
        assert unix == f"http://unix:{tmp_path}/argus:"
        assert Raw(argus.url, LEGACY).call("echo__echo", text="hi")["content"][0]["text"] == "hi"
        with socket.socket(socket.AF_UNIX) as stream:
            stream.connect(str(tmp_path / "argus"))
            connection = http.client.HTTPConnection("localhost")
            connection.sock = stream
            connection.request("GET", "/manage/v1/ready")
            assert connection.getresponse().status == 200


def test_a_socket_beyond_loopback_that_nobody_meant_is_refused(tmp_path: Path) -> None:
    path = gateway.written(ECHO, tmp_path, "exposed")
    command = [*ACTIVATE, "0.0.0.0:0", "--", sys.executable, "-m", "argus_trio", "serve", "-c", str(path)]
    with Child([*command, "--log-level", "error"], env={MARK: "exposed"}) as child:
        assert child.wait(START_SECONDS) == 1
        (line,) = child.lines()
    assert "0.0.0.0" in line
    assert "server.allow_unauthenticated" in line
    assert not left_after(STOP_SECONDS, "exposed")
