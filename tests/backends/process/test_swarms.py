"""A tree that forks as fast as it can is gone when its link has been left, whether its keeper lives or was killed.

What still runs is not looked for in the table of processes, where a process that forks and leaves stands too shortly to
be seen: every process of the tree holds a pipe, which ends with the last of them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.backends.process.keeper import KILL_LIMIT_SECONDS
from argus_trio.backends.process.orphans import ORPHANS_LIMIT_SECONDS
from argus_trio.config.model.backend import StdioBackend
from tests.backends.support.children import ask, opened, process_of
from tests.backends.support.held import Held, holding
from tests.servers.unruly import HELD

UNRULY = Path(__file__).parents[2] / "servers" / "unruly.py"
SWARMS = (("comet",), ("comet", "swarm"), ("spawner", "swarm"))


def swarm(held: Held, traits: tuple[str, ...]) -> StdioBackend:
    """An unruly backend each of whose processes holds the pipe."""
    args = ("-I", "-S", str(UNRULY), "swarm", *traits)
    return StdioBackend(name="unruly", command=sys.executable, args=args, env={HELD: str(held.path)}, protocol="legacy")


@pytest.fixture
def held() -> Iterator[Held]:
    with holding() as one:
        yield one


@pytest.mark.parametrize("traits", SWARMS, ids="-".join)
async def test_a_swarm_is_gone_when_its_link_has_been_left(held: Held, traits: tuple[str, ...]) -> None:
    with capture_logs() as logs:
        async with opened(swarm(held, traits)) as link:
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
        async with opened(swarm(held, traits)) as link:
            await ask(link, 1)
            assert held.is_held()
            began = trio.current_time()
            process_of(link)._keeper.kill()
            await link.wait_failed()
        assert not held.is_held()
    assert trio.current_time() - began < ORPHANS_LIMIT_SECONDS
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["keeper_lost"]
