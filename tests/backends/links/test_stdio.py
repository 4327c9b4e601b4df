"""The stdio link over streams in memory, where every piece and every second is the test's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import wait_all_tasks_blocked

from argus_trio.backends.links.hearing import DEFAULT_BYTES
from argus_trio.backends.links.link import Outgoing
from argus_trio.backends.links.stdio import (
    DRAIN_SECONDS,
    EXIT_GRACE_SECONDS,
    NOISE_LOGGED,
    START_EXIT_GRACE_SECONDS,
    StdioLink,
)
from argus_trio.errors import AnswerInvalid, LinkFailed
from argus_trio.wire.envelope import ErrorResponse, Notification, Response, encode_notification
from tests.backends.links.memory_peer import MemoryPeer, MemorySink, linked
from tests.backends.support.children import Inbox

Found = dict[int, Response | ErrorResponse | LinkFailed]

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


@pytest.mark.parametrize("line", [b'{"jsonrpc":"2.0","id":5,"resu\n', b"noise\n", b'{"jsonrpc":"2.0","method":"x"}\n'])
async def test_others_have_their_turn_while_many_lines_are_read_that_came_at_once(line: bytes) -> None:
    peer, inbox, turns = MemoryPeer(), Inbox(), 0
    last = Notification("last", {})
    with capture_logs():
        async with linked(peer, inbox=inbox):
            peer.stdout.put(line * 10_000 + b'{"jsonrpc":"2.0","method":"last"}\n')
            while inbox.messages[-1:] != [last]:
                await trio.lowlevel.checkpoint()
                turns += 1
    assert turns >= 10


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


@asynccontextmanager
async def waiting(*numbers: int, limit: int = DEFAULT_BYTES) -> AsyncIterator[tuple[MemoryPeer, Inbox, Found]]:
    """A link with a request under way for each number; what came of it within no time is in the last."""
    peer, inbox = MemoryPeer(), Inbox()
    found: Found = {}
    async with trio.open_nursery() as nursery, linked(peer, inbox=inbox, limit=limit) as link:

        async def one(number: int) -> None:
            found[number] = await ask(link, number)

        for number in numbers:
            nursery.start_soon(one, number)
        await wait_all_tasks_blocked()
        yield peer, inbox, found
        nursery.cancel_scope.cancel()


async def heard(said: bytes, *numbers: int, limit: int = DEFAULT_BYTES) -> Found:
    """What has come of the requests once the backend has said this, without any time passing."""
    async with waiting(*numbers, limit=limit) as (peer, _, found):
        peer.stdout.put(said + b"\n")
        await wait_all_tasks_blocked()
        return dict(found)


@pytest.mark.parametrize("form", [b'{"jsonrpc":"2.0","id":4,"result":"%b"}', b'{"result":"%b","jsonrpc":"2.0","id":4}'])
async def test_a_line_beyond_the_bound_fails_its_request_alone_says_how_large_it_is_and_which_key_to_raise(
    form: bytes,
) -> None:
    large = form % (b"x" * 100_000)
    async with waiting(4, 5, limit=50_000) as (peer, _, found):
        with capture_logs() as logs:
            for at in range(0, len(large), 9999):
                peer.stdout.put(large[at : at + 9999])
            peer.stdout.put(b"\n" + answer(5) + b"\n" + large + b"\n")
            await wait_all_tasks_blocked()
    assert found[5] == Response(b"5", b'{"n":5}')
    assert isinstance(found[4], AnswerInvalid)
    what = f"its answer has {len(large)} bytes and is larger than 50000 bytes, the most that limits.message allows"
    assert found[4].reason == f"{what}; raise backends.memory.limits.message"
    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == ["backend_message_too_large"]


async def test_a_line_beyond_the_bound_that_names_nobody_is_the_answer_to_the_only_request() -> None:
    large = b'{"jsonrpc":"2.0","result":"%b","id":4,"more":"%b"}' % (b"x" * 9000, b"x" * 9000)
    assert isinstance((await heard(large, 4, limit=9000))[4], AnswerInvalid)
    assert await heard(large, 4, 5, limit=9000) == {}


async def test_a_notification_beyond_the_bound_is_passed_over() -> None:
    large = b'{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"%b"}}' % (b"x" * 9000)
    assert await heard(large + b"\n" + answer(4), 4, limit=5000) == {4: Response(b"4", b'{"n":4}')}


@pytest.mark.parametrize(
    "line",
    [
        b'{"jsonrpc":"2.0","id":4,"result":{"v":NaN}}',
        b'{"jsonrpc":"2.0","result":{"v":[1,-Infinity]},"id":4}',
        b'{"jsonrpc":"2.0","id":"4","result":{"v":Infinity}}',
        b'[INFO] {"jsonrpc":"2.0","id":4,"result":{"v":NaN}}',
        b'{"jsonrpc":"2.0","id":4,"result":{"content":[{"type":"te',
    ],
)
async def test_an_answer_that_cannot_be_read_fails_its_request_at_once(line: bytes) -> None:
    found = await heard(line, 4, 5)
    assert isinstance(found.pop(4), AnswerInvalid)
    assert found == {}


async def test_a_broken_answer_of_nobody_is_the_answer_to_the_only_request() -> None:
    broken = b'{"jsonrpc":"2.0","result":{"v":NaN},"id":'
    assert isinstance((await heard(broken, 4))[4], AnswerInvalid)
    assert await heard(broken, 4, 5) == {}


@pytest.mark.parametrize(
    "line",
    [
        b"[INFO] done" + answer(4),
        NOTE + answer(4),
        answer(4) + b" " + answer(99),
        b"\xef\xbb\xbf" + answer(4),
        b'{"jsonrpc":"2.0","id":"4","result":{"n":4}}',
        b'{"jsonrpc":"2.0","id":4.0,"result":{"n":4},"error":null}',
    ],
)
async def test_an_answer_that_can_mean_one_thing_only_is_the_answer(line: bytes) -> None:
    found = (await heard(line, 4, 5))[4]
    assert isinstance(found, Response)
    assert found.result == b'{"n":4}'


async def test_several_messages_in_one_line_are_all_heard_and_that_is_logged_once() -> None:
    async with waiting(4, 5) as (peer, inbox, found):
        with capture_logs() as logs:
            peer.stdout.put(NOTE + answer(4) + NOTE + b"\n" + NOTE + answer(5) + b"\n")
            await wait_all_tasks_blocked()
        assert set(found) == {4, 5}
        assert inbox.messages == [Notification("notifications/progress", {})] * 3
    assert [entry["event"] for entry in logs] == ["backend_message_odd"]


async def test_a_log_that_quotes_our_answer_to_the_backend_answers_no_request_of_ours() -> None:
    asked = b'{"jsonrpc":"2.0","id":4,"method":"roots/list"}'
    assert await heard(asked + b"\nreceived " + answer(4), 4) == {}


@pytest.mark.parametrize("error", [b'{"jsonrpc":"2.0","id":null,"error":%b}', b'{"jsonrpc":"2.0","error":%b}'])
async def test_an_error_that_names_nobody_is_the_answer_to_the_only_request_and_else_it_is_logged(
    error: bytes,
) -> None:
    error %= b'{"code":-32700,"message":"Parse error"}'
    assert await heard(error, 4) == {4: ErrorResponse(b"null", b'{"code":-32700,"message":"Parse error"}')}
    with capture_logs() as logs:
        assert await heard(error, 4, 5) == {}
    assert [entry["error"] for entry in logs if entry["event"] == "backend_error_unaddressed"] == [
        '{"code":-32700,"message":"Parse error"}'
    ]


async def test_a_line_that_the_end_of_a_program_cuts_off_says_less_than_the_end(autojump_clock: trio.abc.Clock) -> None:
    async with waiting(4) as (peer, _, found):
        peer.stdout.put(b'{"jsonrpc":"2.0","id":4,"result":{"content":[{"type":"te')
        peer.stdout.end()
        peer.stderr.end()
        peer.leave("was killed by SIGSEGV")
        await wait_all_tasks_blocked()
    assert str(found[4]) == "was killed by SIGSEGV"


@pytest.mark.parametrize("line", [b"Starting up", b'{"level":"error","id":4,"error":"x"}', b"{not json", b"[1]"])
async def test_what_is_no_answer_fails_nobody(line: bytes) -> None:
    assert await heard(line, 4) == {}


async def test_a_server_that_answers_a_notification_with_an_error_fails_no_request_by_it() -> None:
    peer, error = MemoryPeer(), b'{"jsonrpc":"2.0","id":null,"error":{"code":-32601,"message":"no such method"}}\n'
    found: Found = {}
    async with linked(peer) as link, trio.open_nursery() as nursery:

        async def one(number: int) -> None:
            found[number] = await ask(link, number)

        await link.send(encode_notification("notifications/initialized", {}))
        nursery.start_soon(one, 4)
        await wait_all_tasks_blocked()
        peer.stdout.put(error + answer(4) + b"\n")
        await wait_all_tasks_blocked()
        assert found == {4: Response(b"4", b'{"n":4}')}
        nursery.start_soon(one, 5)
        await wait_all_tasks_blocked()
        peer.stdout.put(error)
    assert isinstance(found[5], ErrorResponse)
