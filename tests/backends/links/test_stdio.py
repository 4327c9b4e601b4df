"""The stdio link over streams in memory, where every piece and every second is the test's."""

from __future__ import annotations

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import wait_all_tasks_blocked

from argus_trio.backends.links.link import Outgoing
from argus_trio.backends.links.stdio import (
    DRAIN_SECONDS,
    EXIT_GRACE_SECONDS,
    NOISE_LOGGED,
    START_EXIT_GRACE_SECONDS,
    StdioLink,
)
from argus_trio.errors import LinkFailed
from argus_trio.wire.envelope import ErrorResponse, Notification, Response, encode_notification
from tests.backends.links.memory_peer import MemoryPeer, MemorySink, linked
from tests.backends.support.children import Inbox

NOTE = b'{"jsonrpc":"2.0","method":"notifications/progress"}'


def answer(number: int) -> bytes:
    return b'{"jsonrpc":"2.0","id":%d,"result":{"n":%d}}' % (number, number)


async def ask(link: StdioLink, number: int) -> Response | ErrorResponse | LinkFailed:
    try:
        return await link.request(Outgoing(id=number, body=b'{"id":%d,\n"x":1}' % number))
    except LinkFailed as failure:
        return failure


async def test_an_answer_is_put_together_from_its_pieces_and_found_among_others(autojump_clock: trio.abc.Clock) -> None:
    peer, inbox = MemoryPeer(), Inbox()
    found: dict[int, object] = {}
    async with linked(peer, inbox=inbox) as link:

        async def one(number: int) -> None:
            found[number] = await ask(link, number)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(one, 1)
            nursery.start_soon(one, 2)
            await wait_all_tasks_blocked()
            said = answer(2) + b"\r\n" + NOTE + b"\n" + answer(1) + b"\n"
            for at in range(len(said)):
                peer.stdout.put(said[at : at + 1])
    assert found == {number: Response(b"%d" % number, b'{"n":%d}' % number) for number in (1, 2)}
    assert inbox.messages == [Notification("notifications/progress", {})]
    assert sorted(peer.stdin.lines) == [b'{"id":1, "x":1}\n', b'{"id":2, "x":1}\n']


async def test_the_end_of_a_program_is_told_with_what_it_said_last_and_after_its_last_answer(
    autojump_clock: trio.abc.Clock,
) -> None:
    peer = MemoryPeer()
    async with linked(peer) as link:
        began = trio.current_time()
        peer.leave("exited with code 3")
        await wait_all_tasks_blocked()
        peer.stdout.put(answer(1) + b"\n")
        peer.stderr.put(b"the disk is full\n")
        assert await ask(link, 1) == Response(b"1", b'{"n":1}')
        peer.stdout.end()
        peer.stderr.end()
        failure = await link.wait_failed()
        assert (failure.reason, failure.details) == ("exited with code 3", ("the disk is full",))
        assert trio.current_time() == began
    assert peer.graces == [0]


async def test_streams_that_others_hold_open_do_not_hide_the_end_of_a_program(autojump_clock: trio.abc.Clock) -> None:
    peer = MemoryPeer()
    async with linked(peer) as link:
        began = trio.current_time()
        peer.leave("was killed by SIGKILL")
        assert (await link.wait_failed()).reason == "was killed by SIGKILL"
        assert trio.current_time() - began == DRAIN_SECONDS


@pytest.mark.parametrize(
    ("ending", "reason"), [("exited with code 0", "exited with code 0"), ("", "closed its stdout")]
)
async def test_a_stdout_that_ends_is_explained_by_the_end_of_the_program_if_that_follows(
    ending: str, reason: str, autojump_clock: trio.abc.Clock
) -> None:
    peer = MemoryPeer()
    async with linked(peer) as link:
        began = trio.current_time()
        peer.stdout.end()
        peer.stderr.end()
        if ending:
            await wait_all_tasks_blocked()
            peer.leave(ending)
        assert (await link.wait_failed()).reason == reason
        assert trio.current_time() - began == (0 if ending else 2 * DRAIN_SECONDS)


async def test_a_program_that_takes_nothing_fails_its_link_after_the_limit(autojump_clock: trio.abc.Clock) -> None:
    peer = MemoryPeer(stdin=MemorySink(stall=True))
    async with linked(peer) as link:
        failure = await ask(link, 1)
        assert isinstance(failure, LinkFailed)
        assert failure.reason == "did not read its stdin for 5 s"


async def test_a_stdin_that_was_closed_fails_what_is_sent(autojump_clock: trio.abc.Clock) -> None:
    peer = MemoryPeer(stdin=MemorySink(is_broken=True))
    async with linked(peer) as link:
        with pytest.raises(LinkFailed, match="closed its stdin"):
            await link.send(encode_notification("x", {}))


async def test_closing_is_polite_to_a_program_that_runs_and_fails_what_is_open(autojump_clock: trio.abc.Clock) -> None:
    peer = MemoryPeer()
    failures: list[object] = []
    async with trio.open_nursery() as nursery, linked(peer) as link:
        peer.stdout.put(b'{"jsonrpc":"2.0","method":"notifications/x"}\n')

        async def one() -> None:
            failures.append(await ask(link, 1))

        nursery.start_soon(one)
        await wait_all_tasks_blocked()
    assert [str(failure) for failure in failures] == ["the link was closed"]
    assert peer.graces == [EXIT_GRACE_SECONDS]
    assert peer.has_spoken


async def test_a_program_that_has_sent_no_message_is_told_to_leave_sooner(autojump_clock: trio.abc.Clock) -> None:
    peer = MemoryPeer()
    async with linked(peer):
        peer.stdout.put(b"added 12 packages\n")
        await wait_all_tasks_blocked()
    assert peer.graces == [START_EXIT_GRACE_SECONDS]
    assert not peer.has_spoken


async def test_much_noise_is_logged_a_little_and_counted_at_the_end(autojump_clock: trio.abc.Clock) -> None:
    peer = MemoryPeer()
    with capture_logs() as logs:
        async with linked(peer) as link:
            peer.stdout.put(b"noise\n" * (NOISE_LOGGED + 5))
            await wait_all_tasks_blocked()
            assert link.noise == NOISE_LOGGED + 5
    events = [entry["event"] for entry in logs]
    assert events.count("backend_noise") == NOISE_LOGGED
    assert logs[-1] == {
        "event": "backend_noise_total", "log_level": "warning", "backend": "memory", "lines": NOISE_LOGGED + 5
    }  # fmt: skip


@pytest.mark.parametrize("has_spoken", [False, True])
async def test_a_program_that_finds_its_cache_broken_at_its_start_says_the_way_out(
    autojump_clock: trio.abc.Clock, has_spoken: bool
) -> None:
    peer = MemoryPeer()
    async with linked(peer) as link:
        if has_spoken:
            peer.stdout.put(b'{"jsonrpc":"2.0","method":"notifications/x"}\n')
            await wait_all_tasks_blocked()
        peer.stderr.put(b"Error: Cannot find module '/home/ada/.npm/_npx/15b07286cbcc3329/node_modules/zod/index.js'\n")
        peer.stderr.end()
        peer.stdout.end()
        peer.leave("exited with code 1")
        failure = await link.wait_failed()
    way_out = "rm -r /home/ada/.npm/_npx/15b07286cbcc3329"
    assert failure.reason.startswith("exited with code 1")
    assert failure.reason.endswith(way_out) is not has_spoken
    assert "Cannot find module" in failure.details[0]
