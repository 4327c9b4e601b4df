"""Whole connections, cut in every way: what the application is asked is what h11 reads, and they end as it says."""

from __future__ import annotations

from typing import Final

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus_trio.frontend.server.request_target import origin_form
from tests.frontend.server.lean.alone import Recording, Served, alone
from tests.wire.support.conversations import Conversation, End, as_h11_reads, as_we_read, cut
from tests.wire.support.said import CUTS, PLAIN, STREAMS

EXAMPLES: Final = settings(max_examples=60, deadline=None)


@attrs.frozen
class Ended:
    """What became of a connection on which all was said."""

    served: list[Served]
    statuses: list[int]
    is_ended: bool
    last_words: list[int]
    """The statuses of what we say to a client that says that nothing more comes."""


async def ended(pieces: list[bytes], methods: list[str]) -> Ended:
    recording = Recording()
    async with alone(recording) as one:
        await one.say(*pieces)
        is_ended, before = one.is_ended, finals(one.statuses(methods))
        if not is_ended:
            await one.client.send_eof()
            await one.until_ended()
        return Ended(recording.served, before, is_ended, finals(one.statuses(methods))[len(before) :])


def finals(statuses: list[int]) -> list[int]:
    """Those of answers: a client that waits is told to go on before."""
    return [status for status in statuses if status != 100]


def expected(conversation: Conversation) -> list[Served]:
    """What the application is asked in a conversation."""
    asked = []
    for each in conversation.asked:
        target, headers = each.target, each.headers
        if target[:1] != b"/":
            target, headers = origin_form(target, headers)
        target = target.removesuffix(b"?") if target.count(b"?") == 1 else target
        asked.append(
            Served(
                method=each.method, target=target, version=each.version.decode(), headers=list(headers), body=each.body
            )
        )
    return asked


async def check(whole: bytes, places: list[int]) -> None:
    read, theirs = as_we_read([whole]), as_h11_reads(whole)
    methods = [each.method for each in read.asked]
    for pieces in ([whole], cut(whole, places), [whole[at : at + 1] for at in range(len(whole))]):
        found = await ended(pieces, methods)
        assert found.served == expected(read) == expected(theirs)[: len(read.asked)]
        assert found.statuses[: len(methods)] == [200] * len(methods)
        assert found.is_ended == (read.end in (End.LAST, End.REFUSED))
        refused = found.statuses[len(methods) :]
        assert len(refused) == (read.end is End.REFUSED)
        assert all(status in (400, 431, 501, 505) for status in refused)
        assert found.last_words == ([400] if read.end is End.WITHIN else [])


@EXAMPLES
@given(STREAMS, CUTS)
async def test_what_is_said_on_a_connection_is_asked_as_h11_reads_it(whole: bytes, places: list[int]) -> None:
    await check(whole, places)


@EXAMPLES
@given(st.integers(0, len(PLAIN)), st.integers(0, 4), st.binary(max_size=3), CUTS)
async def test_what_is_said_with_one_change_is_asked_as_h11_reads_it(
    place: int, gone: int, put: bytes, places: list[int]
) -> None:
    await check(PLAIN[:place] + put + PLAIN[place + gone :], places)


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
async def test_many_requests_of_all_kinds_are_answered_in_their_order(size: int) -> None:
    whole = PLAIN.replace(b"Connection: close\r\n", b"") * 5
    found = await ended([whole[at : at + size] for at in range(0, len(whole), size)], ["POST", "POST", "GET"] * 5)
    assert found.statuses == [200] * 15
    assert [each.body for each in found.served] == [b"abc", b"abc", b""] * 5
    assert not found.is_ended
