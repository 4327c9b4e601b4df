"""One connection of ours: what is answered in place of the application, what ends it, and who may still speak."""

from __future__ import annotations

from math import inf
from typing import cast

import attrs
import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import wait_all_tasks_blocked

from argus_trio.frontend.http.receive_queue import DISCONNECT
from argus_trio.frontend.http.request import DISCONNECT_EXTENSION, AsgiReceive, AsgiScope, AsgiSend
from argus_trio.frontend.server.lean.connection import LONG_SECONDS, address_of
from argus_trio.frontend.server.site import MAX_HEAD_BYTES
from tests.frontend.server.lean.alone import LIMITS, Recording, alone, answer, body_of

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"


@attrs.define(eq=False)
class Slow:
    """An application that answers when it may, and tells when its client goes."""

    may: trio.Event = attrs.field(factory=trio.Event)
    asked: int = 0
    gone: int = 0

    async def __call__(self, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        self.asked += 1
        await body_of(receive)
        scope["extensions"][DISCONNECT_EXTENSION].on_disconnect(self._tell)
        await self.may.wait()
        await answer(send, b"%d" % self.asked)

    def _tell(self) -> None:
        self.gone += 1
        self.may.set()


async def broken(scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
    raise ZeroDivisionError("a secret")


async def silent(scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
    """Answers nothing."""


async def unread(scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
    """Answers without a look at the body."""
    await answer(send, b"", 413)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"\x16\x03\x01", 400),
        (b"GET / HTTP/1.1\n\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.3\r\nHost: h\r\n\r\n", 505),
        (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET /" + b"a" * MAX_HEAD_BYTES, 431),
        (b"GET / HTTP/1.1\r\nHost: h\r\nn: " + b"a" * MAX_HEAD_BYTES + b"\r\n\r\n", 431),
        (CHUNKED + b"zz\r\n", 400),
        (CHUNKED + b"1\r\nab", 400),
    ],
)
async def test_what_is_no_request_is_answered_and_nothing_follows(said: bytes, status: int) -> None:
    async with alone(recording := Recording()) as one:
        await one.say(said, GET)
        await one.until_ended()
        assert one.statuses() == [status]
        assert b"connection: close\r\n" in one.seen
        assert recording.served == []


async def test_what_is_no_request_behind_one_is_answered_in_its_turn() -> None:
    async with alone(Recording()) as one:
        await one.say(GET + b"\0")
        await one.until_ended()
        assert one.statuses() == [200, 400]


async def test_a_head_of_the_largest_size_is_taken_however_it_comes() -> None:
    head = b"GET / HTTP/1.1\r\nHost: h\r\nn: \r\n\r\n"
    whole = head.replace(b"n: ", b"n: " + b"a" * (MAX_HEAD_BYTES - len(head)))
    for pieces in ([whole + GET], [whole[:-1], whole[-1:] + GET], [b"\r\n" + whole + GET]):
        async with alone(Recording()) as one:
            await one.say(*pieces)
            assert one.statuses() == [200, 200]


@pytest.mark.parametrize("application", [broken, silent])
async def test_a_request_that_is_not_answered_is_answered_500(application: object) -> None:
    with capture_logs() as logs:
        async with alone(cast("Recording", application)) as one:
            await one.say(GET)
            await one.until_ended()
            assert one.statuses() == [500]
            assert b"secret" not in one.seen
    assert [entry["event"] for entry in logs] == ["request_failed_unexpectedly"] * (application is broken)


async def test_a_body_that_nobody_reads_ends_the_connection_unless_it_is_there() -> None:
    head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n"
    async with alone(unread) as one:
        await one.say(head + b"abcdef" + GET)
        assert one.statuses() == [413, 413]
        await one.say(head + b"abc")
        await one.until_ended()
        assert one.statuses() == [413, 413, 413]


async def test_a_client_that_says_nothing_ends_after_its_time_without_a_word() -> None:
    async with alone(Recording()) as one:
        one.connection.look(trio.current_time() + LIMITS.keep_alive - 1, LIMITS)
        await one.say(b"")
        assert not one.over.is_set()
        one.connection.look(trio.current_time() + LIMITS.keep_alive, LIMITS)
        assert await one.until_ended() == b""


@pytest.mark.parametrize("before", [[], [GET]])
async def test_a_head_that_does_not_come_whole_is_answered_408(before: list[bytes]) -> None:
    async with alone(Recording()) as one:
        await one.say(*before, b"GET / HT")
        one.connection.look(trio.current_time() + LIMITS.head - 1, LIMITS)
        await wait_all_tasks_blocked()
        assert not one.over.is_set()
        one.connection.look(trio.current_time() + LIMITS.head, LIMITS)
        await one.until_ended()
        assert one.statuses() == [200] * len(before) + [408]


async def test_a_request_under_way_is_not_ended_by_any_time_of_the_connection() -> None:
    async with alone(slow := Slow()) as one:
        await one.say(GET)
        one.connection.look(inf, LIMITS)
        one.connection.end_if_idle()
        await one.say(b"")
        assert (slow.asked, slow.gone, one.over.is_set()) == (1, 0, False)
        assert one.connection.idle_since is None
        slow.may.set()
        await wait_all_tasks_blocked()
        await one.say(GET)
        assert one.statuses() == [200, 200]
        assert one.connection.idle_since is not None


@pytest.mark.parametrize("behind", [b"", GET, GET[:5], b"\0"])
async def test_a_client_that_goes_is_told_of_whatever_it_left_behind(behind: bytes) -> None:
    async with alone(slow := Slow()) as one:
        await one.say(GET, behind)
        await one.client.aclose()
        await one.over.wait()
        assert (slow.asked, slow.gone) == (1, 1)


async def test_what_comes_behind_a_long_request_is_read_and_answered_in_its_turn() -> None:
    async with alone(slow := Slow()) as one:
        await one.say(GET, GET[:9])
        one.connection.look(trio.current_time() + LONG_SECONDS, LIMITS)
        await one.say(GET[9:], GET + GET[:3])
        assert slow.asked == 1
        slow.may.set()
        await wait_all_tasks_blocked()
        await one.say(GET[3:])
        assert one.statuses() == [200] * 4


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_requests_that_take_long_one_after_the_other_are_each_looked_behind(times: int) -> None:
    async with alone(slow := Slow()) as one:
        for _ in range(times):
            await one.say(GET)
            for _ in range(2):
                one.connection.look(trio.current_time() + LONG_SECONDS, LIMITS)
            await one.say(GET)
            slow.may.set()
            await wait_all_tasks_blocked()
            slow.may = trio.Event()
            slow.may.set()
            await one.say(b"")
        assert one.statuses() == [200] * 2 * times


async def test_too_much_behind_a_long_request_ends_the_connection_with_its_answer() -> None:
    async with alone(slow := Slow()) as one:
        await one.say(GET)
        one.connection.look(trio.current_time() + LONG_SECONDS, LIMITS)
        for _ in range(3):
            await one.say(b" " * LIMITS.body_bytes)
        slow.may.set()
        await one.until_ended()
        assert one.statuses() == [200]
        assert slow.asked == 1


async def test_a_connection_ends_with_the_answer_once_the_server_stops() -> None:
    async with alone(slow := Slow()) as one:
        await one.say(GET + GET)
        one.site.is_stopping = True
        one.connection.end_if_idle()
        slow.may.set()
        await one.until_ended()
        assert one.statuses() == [200]
        assert b"connection: close\r\n" in one.seen


async def test_a_connection_that_waits_ends_at_once_when_it_is_told_to() -> None:
    for said in ([], [GET], [GET, b"GET /"]):
        async with alone(Recording()) as one:
            await one.say(*said)
            one.connection.end_if_idle()
            await one.until_ended()
            assert one.statuses() == [200] * (GET in said)


async def test_a_client_that_goes_before_it_has_said_all_is_no_fault() -> None:
    for said in ([], [GET[:9]], [GET], [CHUNKED + b"5\r\nab"]):
        with capture_logs() as logs:
            async with alone(Recording()) as one:
                await one.say(*said)
                await one.client.aclose()
                await one.over.wait()
        assert logs == []


async def test_a_body_that_breaks_off_is_a_disconnect_to_who_reads_it() -> None:
    told: list[object] = []

    async def reads(scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        while (message := await receive()) != DISCONNECT:
            told.append(message["body"])
        told.append(DISCONNECT)

    async with alone(reads) as one:
        await one.say(CHUNKED + b"5\r\nab", b"cde\r\n1")
        await one.client.aclose()
        await one.over.wait()
    assert told == [b"ab", b"cde", DISCONNECT]


@pytest.mark.parametrize(
    ("name", "address"),
    [(("::1", 80, 0, 0), ("::1", 80)), (("127.0.0.1", 1), ("127.0.0.1", 1)), ("", None), (b"\0abstract", None)],
)
def test_a_socket_has_an_address_or_none(name: object, address: object) -> None:
    assert address_of(name) == address
