"""Whatever becomes of stderr, the gateway serves, reloads and stops: closed, its reader gone, its disk full, unread."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest

from tests.e2e import gateway
from tests.e2e.child import MARK, ROOT, left_after
from tests.e2e.gateway import STOP_SECONDS, Json
from tests.e2e.raw import LEGACY, MODERN, Raw

LIMIT_SECONDS = 60.0
LOGGING_CLIENTS = 700
"""Greetings that each leave a line in the log at level debug: twice what fills a pipe of 64 KiB."""


@attrs.frozen(kw_only=True)
class Deaf:
    """A gateway of which nobody reads the log."""

    process: subprocess.Popen[bytes]
    url: str
    config: Path
    mark: str

    def get(self, path: str) -> Json:
        with urllib.request.urlopen(self.url + path, timeout=LIMIT_SECONDS) as answer:
            found: Json = json.load(answer)
            return found

    def is_ready(self) -> bool:
        try:
            return bool(self.get("/manage/v1/health")["backends"]["connected"] == 1)
        except (urllib.error.URLError, ConnectionError, KeyError):
            return False


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)  # another process' progress has no event to wait for


def closed() -> int:
    return -1


def reader_gone() -> int:
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def disk_full() -> int:
    return os.open("/dev/full", os.O_WRONLY)


UNREAD: list[int] = []


def unread() -> int:
    reading, writing = os.pipe()
    UNREAD.append(reading)
    return writing


STATES = (closed, reader_gone, disk_full, unread)


@contextmanager
def deaf(make: Callable[[], int], folder: Path) -> Iterator[Deaf]:
    mark = uuid.uuid4().hex
    config = gateway.written({"backends": {"echo": gateway.stdio("echo.py")}}, folder, mark)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argus = [
        sys.executable,
        "-m",
        "argus_trio",
        "serve",
        "-c",
        str(config),
        "--port",
        str(port),
        "--log-level",
        "debug",
    ]
    descriptor = make()
    command = ["sh", "-c", 'exec "$@" 2>&-', "sh", *argus] if descriptor < 0 else argus
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=None if descriptor < 0 else descriptor,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), MARK: mark},
    ) as process:
        if descriptor >= 0:
            os.close(descriptor)
        try:
            yield Deaf(process=process, url=f"http://127.0.0.1:{port}", config=config, mark=mark)
        finally:
            if process.poll() is None:
                process.kill()
            for reading in UNREAD:
                os.close(reading)
            UNREAD.clear()


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_no_call_is_lost_and_signals_work(state: Callable[[], int], tmp_path: Path) -> None:
    with deaf(state, tmp_path) as argus:
        wait_until(argus.is_ready)
        for number in range(LOGGING_CLIENTS):
            client = Raw(argus.url, LEGACY)
            if number % 100 == 0:
                assert client.call("echo__echo", text="heard")["content"][0]["text"] == "heard"
        assert Raw(argus.url, MODERN).call("echo__echo", text="heard")["content"][0]["text"] == "heard"
        before = argus.get("/manage/v1/reload")
        argus.process.send_signal(signal.SIGHUP)
        wait_until(lambda: argus.get("/manage/v1/reload") != before)
        begun = time.monotonic()
        argus.process.send_signal(signal.SIGTERM)
        assert argus.process.wait(STOP_SECONDS) == 0
        assert time.monotonic() - begun < STOP_SECONDS
    assert not left_after(2.0, argus.mark)


def test_a_complaint_that_nobody_reads_keeps_its_exit_code(tmp_path: Path) -> None:
    argus = [sys.executable, "-m", "argus_trio", "check", "-c", str(tmp_path / "none.yaml")]
    for command in (["sh", "-c", 'exec "$@" 2>&-', "sh", *argus], ["sh", "-c", 'exec "$@" 2>/dev/full', "sh", *argus]):
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=LIMIT_SECONDS)
        assert done.returncode == 1
