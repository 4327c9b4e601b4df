"""Nothing outlives the gateway: random cycles of start, call, cancel, crash and kill with backends that try to.

Most cycles run in this process, many side by side, on links to real children; the last ones have a gateway as a
process, which is itself stopped or killed. `ARGUS_CYCLES` says how many, `ARGUS_CYCLES_SEED` replays a run.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

import attrs
import msgspec
import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.backends.links.link import Outgoing
from argus_trio.backends.links.stdio import EXIT_GRACE_SECONDS, StdioLink
from argus_trio.backends.process.orphans import ORPHANS_LIMIT_SECONDS
from argus_trio.backends.process.process import KEEPER_KILL_SECONDS, KEEPER_LIMIT_SECONDS
from argus_trio.errors import LinkFailed
from argus_trio.wire.envelope import Params, encode_request
from tests.backends.support.children import opened, process_of
from tests.backends.support.held import Held, holding
from tests.e2e import gateway
from tests.e2e.raw import LEGACY, Raw
from tests.e2e.tools import Npm
from tests.e2e.unruly import Unruly, any_unruly, children, descriptors, found

SEED = int(os.environ.get("ARGUS_CYCLES_SEED") or random.SystemRandom().randrange(2**32))
CYCLES = int(os.environ.get("ARGUS_CYCLES", "300"))
SHARE = 15
"""One cycle in so many has a gateway as a process."""
BATCH = 70
SIDE_BY_SIDE = 12
ROOM = 5
"""Gateways that run side by side."""
CALL_SECONDS = 0.4
"""How long an answer is waited for: most of them never come."""
GONE_SECONDS = 5.0
"""How long a tree may take to be gone whose gateway was killed: the keeper's limit, on a busy machine."""
LEAVE_SECONDS = EXIT_GRACE_SECONDS + KEEPER_LIMIT_SECONDS
"""What leaving a link takes at most; more where a keeper was killed or had to be."""
ACTIONS = ("stop", "stop-at-once", "call", "call", "cancel", "kill", "kill", "kill-keeper", "stop-keeper", "cancel-all")
ENDS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


@attrs.define(eq=False)
class Tally:
    """What was counted; `orphans`, `unseen` and `zombies` are to be none."""

    cycles: int = 0
    orphans: list[str] = attrs.field(factory=list)
    unseen: list[str] = attrs.field(factory=list)
    """Trees of which something is left, although no look need have met it: it forks and leaves."""
    zombies: int = 0
    longest: float = 0.0
    """Seconds that leaving a link took."""
    began: float = attrs.field(factory=time.monotonic)
    said: str = f"failed with ARGUS_CYCLES_SEED={SEED}"

    def report(self, kind: str, **more: object) -> None:
        facts = "".join(f" {name}={value}" for name, value in more.items())
        seconds = time.monotonic() - self.began
        self.said = (
            f"{kind}: cycles={self.cycles} orphans={len(self.orphans)} unseen={len(self.unseen)} "
            f"zombies={self.zombies}{facts} longest_leave={self.longest:.2f}s seconds={seconds:.1f} "
            f"ARGUS_CYCLES_SEED={SEED}"
        )

    def look(self, what: Unruly | str, doing: str, within: float = 0.0) -> None:
        """Count what is left of it after at most so many seconds."""
        mark = what if isinstance(what, str) else what.mark
        deadline = time.monotonic() + within
        while (left := found(mark)) and time.monotonic() < deadline:
            time.sleep(0.05)  # a process table has no event to wait for
        self.orphans += [f"{doing}, {what}: {pid} {line}" for pid, line in left.items()]


@pytest.fixture
def sink(capsys: pytest.CaptureFixture[str]) -> Iterator[Tally]:
    tally = Tally()
    with capture_logs():
        yield tally
    with capsys.disabled():
        print(f"\n{tally.said}")
    for pid in [int(orphan.rpartition(": ")[2].split()[0]) for orphan in tally.orphans]:
        with suppress(ProcessLookupError):  # it has ended since it was reported
            os.kill(pid, signal.SIGKILL)


async def call(link: StdioLink, within: float) -> None:
    """Greet it and call its tool, for so long; it may be anything that comes of it."""
    params: Params = {"name": msgspec.Raw(b'"go"'), "arguments": msgspec.Raw(b"{}")}
    with trio.move_on_after(within):
        await link.request(Outgoing(id=1, body=encode_request(b"1", "initialize", {})))
        await link.request(Outgoing(id=2, body=encode_request(b"2", "tools/call", params)))


async def act(link: StdioLink, action: str, chance: random.Random) -> None:
    keeper = process_of(link)._keeper
    match action:
        case "stop":
            await call(link, 0.1)
        case "call":
            await call(link, CALL_SECONDS)
        case "cancel":
            await call(link, chance.uniform(0, 0.15))
        case "kill":
            await call(link, chance.uniform(0, 0.1))
            os.kill(process_of(link).pid, chance.choice((signal.SIGKILL, signal.SIGSEGV)))
            await link.wait_failed()
        case "kill-keeper":
            await call(link, chance.uniform(0, 0.2))
            keeper.kill()
            await link.wait_failed()
        case "stop-keeper":
            await call(link, chance.uniform(0, 0.1))
            keeper.send_signal(signal.SIGSTOP)


async def cycle(unruly: Unruly, action: str, chance: random.Random, tally: Tally, room: trio.CapacityLimiter) -> None:
    """Start it once there is room, do something to it, leave it, and look at once for what is left."""
    async with room:
        with holding() as held:
            await cycle_in_room(unruly, action, chance, tally, held)


async def cycle_in_room(unruly: Unruly, action: str, chance: random.Random, tally: Tally, held: Held) -> None:
    limit = chance.uniform(0, 0.3) if action == "cancel-all" else 30.0
    leaving = trio.current_time() + limit
    with trio.CancelScope(deadline=leaving):
        try:
            async with opened(unruly.spec(held)) as link:
                try:
                    await act(link, action, chance)
                except (LinkFailed, ProcessLookupError):
                    await trio.lowlevel.checkpoint()
                leaving = min(leaving, trio.current_time())
                if action == "cancel-all":
                    await trio.sleep_forever()
        except LinkFailed:
            leaving = min(leaving, trio.current_time())
    tally.longest = max(tally.longest, trio.current_time() - leaving)
    tally.cycles += 1
    tally.look(unruly, action)
    if held.is_held():
        tally.unseen.append(f"{action}, {unruly}")


async def run_cycles(count: int, sink: Tally, wrapper: str | None = None) -> int:
    """So many cycles, a batch side by side; how many descriptors more are open than before."""
    chance = random.Random(SEED)
    mark = uuid.uuid4().hex[:24]
    ours, fds = children(os.getpid()), descriptors(os.getpid())
    room = trio.CapacityLimiter(SIDE_BY_SIDE)
    for start in range(0, count, BATCH):
        async with trio.open_nursery() as nursery:
            for number in range(start, min(start + BATCH, count)):
                unruly = any_unruly(chance, f"{mark}-{number}-", wrapper)
                of_its_own = random.Random(chance.getrandbits(64))
                nursery.start_soon(cycle, unruly, chance.choice(ACTIONS), of_its_own, sink, room)
        sink.look(mark, "after a batch")
        sink.zombies += len(children(os.getpid()).keys() - ours.keys())
        assert not sink.orphans, sink.orphans
        assert not sink.unseen, sink.unseen
    return descriptors(os.getpid()) - fds


async def test_no_process_outlives_its_link(sink: Tally) -> None:
    more = await run_cycles(CYCLES - CYCLES // SHARE, sink)
    sink.report("links", fds=f"{more:+d}")
    assert sink.zombies == 0
    assert more <= 0
    assert sink.longest <= LEAVE_SECONDS + KEEPER_KILL_SECONDS + ORPHANS_LIMIT_SECONDS


async def test_no_process_outlives_its_link_when_a_wrapper_in_node_starts_it(sink: Tally, npm: Npm) -> None:
    more = await run_cycles(8, sink, npm.node)
    sink.report("links with a wrapper", fds=f"{more:+d}")
    assert sink.zombies == 0
    assert more <= 0


def gateway_cycle(folder: Path, chance: random.Random, tally: Tally) -> None:
    """Start a gateway in front of unruly backends, end it at any moment, and look for what is left."""
    folder.mkdir()
    mark = uuid.uuid4().hex[:24]
    end = chance.choice(ENDS)
    unruly = [any_unruly(chance, f"{mark}-{number}") for number in range(3)]
    if end is signal.SIGKILL:  # a keeper that is killed together with its gateway is what only a control group helps
        unruly = [attrs.evolve(one, traits=tuple(t for t in one.traits if t != "kills-parent")) for one in unruly]
    backends = {one.mark: one.config() for one in unruly}
    called = [name for name in backends if chance.random() < 0.5]
    with gateway.running({"backends": backends}, folder, ready=False) as argus:
        callers = [threading.Thread(target=call_by, args=(argus.url, name)) for name in called]
        for caller in callers:
            caller.start()
        time.sleep(chance.uniform(0, 1.0))
        began = time.monotonic()
        argus.child.signal(end)
        status = argus.child.wait(gateway.STOP_SECONDS)
        tally.look(mark, f"gateway, {end.name}, {unruly}", GONE_SECONDS if end is signal.SIGKILL else 0)
        tally.longest = max(tally.longest, time.monotonic() - began)
        assert end is signal.SIGKILL or status == 0, argus.child.lines()
        for caller in callers:
            caller.join()
    tally.cycles += 1


def call_by(url: str, name: str) -> None:
    # No answer, half of one, an error: the client of a gateway that is ended at any moment may get each.
    with suppress(OSError, HTTPException, AssertionError, ValueError):
        Raw(url, LEGACY).request("tools/call", name=f"{name}__go", arguments={})


async def test_no_process_outlives_a_gateway_that_is_stopped_or_killed(sink: Tally, tmp_path: Path) -> None:
    chance = random.Random(SEED + 1)
    room = trio.CapacityLimiter(ROOM)
    async with trio.open_nursery() as nursery:
        for number in range(CYCLES // SHARE):
            of_its_own = random.Random(chance.getrandbits(64))
            nursery.start_soon(run_in_room, room, tmp_path / str(number), of_its_own, sink)
    sink.zombies += list(children(os.getpid()).values()).count("Z")
    sink.report("gateways")
    assert not sink.orphans, sink.orphans
    assert sink.zombies == 0


async def run_in_room(room: trio.CapacityLimiter, folder: Path, chance: random.Random, tally: Tally) -> None:
    await trio.to_thread.run_sync(gateway_cycle, folder, chance, tally, limiter=room)
