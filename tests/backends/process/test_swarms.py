"""A tree that forks as fast as it can is gone when its link has been left, whether its keeper lives or was killed.

What still runs is not looked for in the table of processes, where a process that forks and leaves stands too shortly to
be seen: every process of the tree holds the writing end of a named pipe, which ends with the last of them.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.backends.process.keeper import KILL_LIMIT_SECONDS
from argus_trio.backends.process.orphans import ORPHANS_LIMIT_SECONDS
from argus_trio.config.model.backend import StdioBackend
from tests.backends.support.children import ask, opened, process_of

UNRULY = Path(__file__).parents[2] / "servers" / "unruly.py"
SWARMS = (("comet",), ("comet", "swarm"), ("spawner", "swarm"))


@attrs.frozen(kw_only=True)
class Held:
    """A named pipe that each process of a tree holds open for writing."""

    path: Path
    reader: int

    def spec(self, traits: tuple[str, ...]) -> StdioBackend:
        """An unruly backend whose processes hold the pipe."""
        argv = (sys.executable, "-I", "-S", str(UNRULY), "swarm", *traits)
        script = f"exec 9>{shlex.quote(str(self.path))}; exec {shlex.join(argv)}"
        return StdioBackend(name="unruly", command="sh", args=("-c", script), protocol="legacy")

    def is_held(self) -> bool:
        try:
            return os.read(self.reader, 1) != b""
        except BlockingIOError:
            return True


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    with pipe(tmp_path / "held") as one:
        yield one


@contextmanager
def pipe(path: Path) -> Iterator[Held]:
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        yield Held(path=path, reader=reader)
    finally:
        os.close(reader)


@pytest.mark.parametrize("traits", SWARMS, ids="-".join)
async def test_a_swarm_is_gone_when_its_link_has_been_left(held: Held, traits: tuple[str, ...]) -> None:
    with capture_logs() as logs:
        async with opened(held.spec(traits)) as link:
            await ask(link, 1)
            assert held.is_held()
            began = trio.current_time()
        assert not held.is_held()
    assert trio.current_time() - began < KILL_LIMIT_SECONDS
    assert [entry for entry in logs if entry["log_level"] == "error"] == []


@pytest.mark.parametrize("traits", SWARMS, ids="-".join)
async def test_a_swarm_whose_keeper_was_killed_is_gone_when_its_link_has_been_left(
    held: Held, traits: tuple[str, ...]
) -> None:
    with capture_logs() as logs:
        async with opened(held.spec(traits)) as link:
            await ask(link, 1)
            began = trio.current_time()
            process_of(link)._keeper.kill()
            await link.wait_failed()
        assert not held.is_held()
    assert trio.current_time() - began < ORPHANS_LIMIT_SECONDS
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["keeper_lost"]
