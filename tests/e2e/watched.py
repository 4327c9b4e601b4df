"""A gateway that is watched by what the operating system says of its memory."""

from __future__ import annotations

import time
from pathlib import Path

from tests.e2e.gateway import Gateway

MEGABYTE = 1024 * 1024
MOST_MEGABYTES = 400
MOST_LEFT_MEGABYTES = 100
SETTLE_SECONDS = 10.0


class Watched:
    """A gateway, and what its process takes."""

    def __init__(self, running: Gateway) -> None:
        self.gateway = running
        self.before = self.figure("VmRSS")

    def figure(self, name: str) -> int:
        """A figure of `/proc/PID/status`, in megabytes."""
        lines = Path(f"/proc/{self.gateway.child.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) // 1024 for line in lines if line.startswith(name + ":"))

    def check(self) -> None:
        """Raises: AssertionError if it took too much, or does not give it back."""
        assert self.figure("VmHWM") <= MOST_MEGABYTES
        deadline = time.monotonic() + SETTLE_SECONDS
        while self.figure("VmRSS") > self.before + MOST_LEFT_MEGABYTES and time.monotonic() < deadline:
            time.sleep(0.1)  # a process's memory has no event to wait for
        assert self.figure("VmRSS") <= self.before + MOST_LEFT_MEGABYTES

    def wait_for_dropped(self, backend: str, count: int) -> None:
        """Wait until so many notifications of a backend were dropped. Raises: AssertionError after half a minute."""
        deadline = time.monotonic() + 30
        while self._dropped(backend) < count:
            assert time.monotonic() < deadline, self._dropped(backend)
            time.sleep(0.1)  # the management API has figures alone

    def _dropped(self, backend: str) -> int:
        _, page = self.gateway.get("/manage/v1/backends")
        return next(int(each["notifications"]["dropped"]) for each in page["backends"] if each["name"] == backend)
