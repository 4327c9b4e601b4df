"""What the tests of child processes share: nasty servers, an inbox that remembers, and a count of what still runs."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import trio

from argus_trio.backends.links.link import Link, Outgoing
from argus_trio.backends.links.open import WRITE_LIMIT_SECONDS, open_stdio
from argus_trio.backends.links.stderr import StderrRing
from argus_trio.backends.links.stdio import StdioLink
from argus_trio.backends.process.process import BackendProcess
from argus_trio.config.model.backend import StdioBackend
from argus_trio.wire.envelope import ErrorResponse, Notification, Params, Request, Response, encode_request

NASTY = Path(__file__).parents[2] / "servers" / "nasty.py"
MARKER = "ARGUS_TEST_MARKER"
PATIENCE_SECONDS = 10.0
"""Longer than anything here takes on a busy machine."""


@attrs.define(eq=False)
class Inbox:
    """Remembers what the backend said on its own."""

    messages: list[Request | Notification] = attrs.field(factory=list)

    async def __call__(self, message: Request | Notification, within: int | None) -> None:
        assert within is None
        self.messages.append(message)


def nasty(*arguments: str, env: Mapping[str, str] | None = None) -> StdioBackend:
    return StdioBackend(
        name="nasty", command=sys.executable, args=("-I", "-S", str(NASTY), *arguments), env=dict(env or {})
    )


@asynccontextmanager
async def opened(
    spec: StdioBackend, *, inbox: Inbox | None = None, write_limit_seconds: float = WRITE_LIMIT_SECONDS
) -> AsyncIterator[StdioLink]:
    ring = StderrRing(spec.name)
    opening = open_stdio(
        spec, inbox or Inbox(), stderr=ring, environ=os.environ, write_limit_seconds=write_limit_seconds
    )
    async with opening as link:
        yield link


def process_of(link: Link) -> BackendProcess:
    """The process under a stdio link."""
    assert isinstance(link, StdioLink)
    assert isinstance(link._peer, BackendProcess)
    return link._peer


async def ask(link: StdioLink, number: int, params: Params | None = None, method: str = "tools/call") -> bytes:
    with trio.fail_after(PATIENCE_SECONDS):
        answer = await link.request(Outgoing(id=number, body=encode_request(b"%d" % number, method, params or {})))
    match answer:
        case Response():
            return answer.result
        case ErrorResponse():
            raise AssertionError(answer.error)


def running(marker: str) -> list[int]:
    """Processes, zombies left out, whose arguments or environment hold `marker`."""
    return [pid for pid in _processes() if marker.encode() in _read(pid, "cmdline") + _read(pid, "environ")]


def children() -> list[int]:
    """Every child process of this one, zombies included."""
    return [pid for pid in _processes() if _parent(pid) == os.getpid()]


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def none_running(marker: str, within_seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until nothing with `marker` runs; fails after `within_seconds`. There is no event for it, so this polls."""
    with trio.fail_after(within_seconds):
        while running(marker):  # noqa: ASYNC110 - as the docstring says
            await trio.sleep(0.02)


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _parent(pid: int) -> int:
    stat = _read(pid, "stat")
    return int(stat[stat.rindex(b")") + 2 :].split()[1]) if stat else -1
