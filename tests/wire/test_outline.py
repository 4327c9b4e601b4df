"""What the ends of a message tell of it, and what of it alone."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.wire.outline import KEPT_BYTES, Ends, Outline, Oversized, outline

BIG = b'{"content":[{"type":"image","id":77,"data":"%b","_meta":{"id":78,"jsonrpc":"2.0","method":"m"}}]}' % (
    b"x" * 20_000
)


def known_of(message: bytes) -> Outline:
    ends = Ends()
    ends.add(message)
    cut = ends.gathered()
    return outline(cut.head, cut.tail)


@given(st.binary(max_size=3 * KEPT_BYTES), st.lists(st.integers(0, 3 * KEPT_BYTES)))
def test_both_ends_and_the_size_are_kept_however_it_comes(message: bytes, cuts: list[int]) -> None:
    ends, bounds = Ends(), [0, *sorted(min(cut, len(message)) for cut in cuts), len(message)]
    for begin, end in itertools.pairwise(bounds):
        ends.add(message[begin:end])
    assert ends.gathered() == Oversized(head=message[:KEPT_BYTES], tail=message[-KEPT_BYTES:], size=len(message))


@pytest.mark.parametrize("member", [b"result", b"error"])
@pytest.mark.parametrize("message_id", [b"4", b'"4"', b"4.0", b'"with \\"quotes\\" and \\u00e9"'])
@pytest.mark.parametrize(
    "form",
    [
        b'{"jsonrpc":"2.0","id":%b,"%b":%b}',
        b' {\n "id" : %b ,\n "jsonrpc" : "2.0", "%b" : %b }\r',
        b'{"jsonrpc":"2.0","unknown":{"id":9,"method":"m"},"id":%b,"%b":%b}',
    ],
)
def test_an_id_before_the_result_is_found(form: bytes, message_id: bytes, member: bytes) -> None:
    assert known_of(form % (message_id, member, BIG)) == Outline(id=message_id, is_answer=True)


@pytest.mark.parametrize(
    "form",
    [
        b'{"result":%b,"id":4,"jsonrpc":"2.0"}',
        b'{"jsonrpc":"2.0","result":%b,"id":4}',
        b'{"jsonrpc":"2.0","result":%b , "id" : 4, "unknown":{"id":9,"method":"m"} } \r',
    ],
)
def test_an_id_behind_the_result_is_found(form: bytes) -> None:
    assert known_of(form % BIG) == Outline(id=b"4", is_answer=True)


@pytest.mark.parametrize(
    "message",
    [
        b'{"jsonrpc":"2.0","id":4,"method":"m","params":%b}',
        b'{"jsonrpc":"2.0","params":%b,"method":"m","id":4}',
        b'{"params":%b,"jsonrpc":"2.0","id":4}',
    ],
)
def test_what_is_a_request_is_no_answer(message: bytes) -> None:
    assert known_of(message % BIG) == Outline(id=b"4", is_answer=False)


def test_a_notification_has_no_id_and_is_no_answer() -> None:
    assert known_of(b'{"jsonrpc":"2.0","method":"m","params":%b}' % BIG) == Outline(id=None, is_answer=False)


@pytest.mark.parametrize(
    "message", [b"", b"x" * 9000, b"%b" % BIG, b'{"jsonrpc', b'{"jsonrpc":"2.0",', b'{"id":4,"result":%b}' % BIG]
)
def test_what_does_not_say_that_it_is_an_answer_is_no_answer(message: bytes) -> None:
    assert not known_of(message).is_answer


def test_an_id_between_large_members_is_not_known_and_one_that_is_cut_is_not_guessed() -> None:
    assert known_of(b'{"jsonrpc":"2.0","result":%b,"id":4,"x":%b}' % (BIG, BIG)) == Outline(id=None, is_answer=True)
    assert outline(b'{"jsonrpc":"2.0","id":123', b"") == Outline(id=None, is_answer=True)
    assert known_of(b'{"jsonrpc":"2.0","id":null,"error":%b}' % BIG) == Outline(id=None, is_answer=True)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_whatever_the_ends_hold_there_is_an_answer(head: bytes, tail: bytes) -> None:
    outline(head, tail)
