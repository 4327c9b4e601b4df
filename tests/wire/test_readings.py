"""What is read of a text that is no message as it stands, what is told of it, and what is left alone."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.errors import InvalidRequest, ParseFailed, ResponseInvalid, RpcError
from argus_trio.wire.envelope import ErrorResponse, Message, Notification, Request, Response
from argus_trio.wire.readings import MAX_SEARCHED_BYTES, MAX_STARTS, read

ANSWER = b'{"jsonrpc":"2.0","id":4,"result":{"a":1}}'
OTHER = b'{"jsonrpc":"2.0","id":5,"result":{"b":"}{"}}'
NOTE = b'{"jsonrpc":"2.0","method":"notifications/x"}'
ASK = b'{"jsonrpc":"2.0","id":"q","method":"ping"}'
FOUR, FIVE = Response(b"4", b'{"a":1}'), Response(b"5", b'{"b":"}{"}')
ERROR = b'{"code":1,"message":"m"}'


def one(text: bytes) -> Message | RpcError:
    [message] = read(text).messages
    return message


def told(text: bytes) -> tuple[bytes, str]:
    fault = one(text)
    assert isinstance(fault, ResponseInvalid), fault
    return fault.id, fault.message


def test_an_ordinary_message_is_read_and_nothing_is_odd_about_it() -> None:
    reading = read(ANSWER)
    assert (reading.messages, reading.oddity, reading.is_amid_text) == ([FOUR], "", False)


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\xef\xbb\xbf \t"])
def test_a_byte_order_mark_before_a_message_or_a_batch_is_left_out(before: bytes) -> None:
    assert read(before + ANSWER).messages == [FOUR]
    assert read(before + b"[%b,%b]" % (NOTE, ANSWER)).messages == [Notification("notifications/x", {}), FOUR]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"jsonrpc":"2.0","id":4,"result":{"a":1},"error":null}', FOUR),
        (b'{"jsonrpc":"2.0","id":4,"result":null,"error":%b}' % ERROR, ErrorResponse(b"4", ERROR)),
        (b'{"jsonrpc":"2.0","id":4,"method":null,"params":null,"result":{"a":1},"error":null}', FOUR),
        (b'{"jsonrpc":"2.0","id":null,"result":null,"error":%b}' % ERROR, ErrorResponse(b"null", ERROR)),
        (b'{"jsonrpc":"2.0","error":%b}' % ERROR, ErrorResponse(b"null", ERROR)),
        (b'{"jsonrpc":"2.0","id":null,"method":"n","params":{},"result":null,"error":null}', Notification("n", {})),
        (b'{"jsonrpc":"2.0","id":"q","method":"ping","params":null,"result":null}', Request(b'"q"', "ping", {})),
        (b'{"jsonrpc":"2.0","id":4,"result":null}', Response(b"4", b"null")),
    ],
)
def test_null_stands_for_what_is_absent(text: bytes, message: Message) -> None:
    assert read(text).messages == [message]
    assert read(b"[%b,%b]" % (text, text)).messages == [message, message]


def test_an_answer_with_both_or_neither_says_whose_it_is() -> None:
    assert "neither" in told(b'{"jsonrpc":"2.0","id":4}')[1]
    assert told(b'{"jsonrpc":"2.0","id":4,"result":null,"error":null}')[0] == b"4"
    assert told(b'{"jsonrpc":"2.0","id":4,"result":{},"error":{}}')[0] == b"4"


@pytest.mark.parametrize("between", [b"", b" ", b"\r", b"\n"])
def test_several_messages_in_one_text_are_read(between: bytes) -> None:
    reading = read(between.join([NOTE, ANSWER, ASK, OTHER]) + between)
    assert reading.messages == [Notification("notifications/x", {}), FOUR, Request(b'"q"', "ping", {}), FIVE]
    assert (reading.oddity, reading.is_amid_text) == ("several messages stand where one should", False)


def test_a_good_message_before_a_broken_one_is_read_and_the_broken_one_is_told() -> None:
    good, broken = read(ANSWER + b'{"jsonrpc":"2.0","id":5,"result":NaN}').messages
    assert good == FOUR
    assert isinstance(broken, ResponseInvalid)
    assert broken.id == b"5"


@pytest.mark.parametrize(
    "text",
    [
        b"[INFO] done" + ANSWER,
        b"12:00:01 handled {\x1b[1mgo\x1b[0m} in 3 ms: " + ANSWER,
        ANSWER + b"bye",
        b'{"a":1}' + ANSWER,
        b"x" + ANSWER + b"Content-Length: 20",
        b"\x00" + ANSWER,
    ],
)
def test_an_answer_amid_other_text_is_read(text: bytes) -> None:
    reading = read(text)
    assert reading.messages == [FOUR]
    assert (reading.oddity, reading.is_amid_text) == ("other text stands around it", True)


@pytest.mark.parametrize("quoted", [NOTE, ASK, b'{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"a":1}}'])
def test_a_log_that_quotes_what_is_no_answer_stays_a_log(quoted: bytes) -> None:
    fault = one(b"received: " + quoted)
    assert isinstance(fault, ParseFailed)


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity"])
@pytest.mark.parametrize(
    "form",
    [
        b'{"jsonrpc":"2.0","id":4,"result":{"text":"a: NaN?","v":%b}}',
        b'{"jsonrpc":"2.0","result":{"v":[%b]},"id":4}',
        b'[INFO] {"jsonrpc":"2.0","id":4,"result":{"v":%b}}',
    ],
)
def test_a_number_that_json_does_not_have_is_told_to_who_waits(form: bytes, number: bytes) -> None:
    what = f"its answer cannot be read: it holds {number.decode()}, which JSON does not have"
    assert told(form % number) == (b"4", what)


@pytest.mark.parametrize(
    ("text", "message_id"),
    [
        (b'{"jsonrpc":"2.0","id":4,"result":{"content":[{"type":"te', b"4"),
        (b'{"jsonrpc":"1.0","id":4,"result":{}}', b"4"),
        (b'{"jsonrpc":"2.0","result":{"id":9},}', b"null"),
        (b'{"jsonrpc":"2.0","result":[{"a":1,"id":9}', b"null"),
        (b'{"jsonrpc":"2.0","result":{"v":NaN,"w":%b}}' % ANSWER, b"null"),
        (b'{"jsonrpc":"2.0","result":{}}', b"null"),
        (b'{"jsonrpc":"2.0","id":4,"result":{"a":1,"b":' + b"[" * 100_000 + b"]" * 100_000 + b"}}", b"4"),
        (b'{"jsonrpc":"2.0","result":{"a":1,"b":' + b"[" * 100_000 + b"]" * 100_000 + b'},"id":4}', b"4"),
    ],
)
def test_a_broken_answer_says_whose_it_is_where_that_can_be_known(text: bytes, message_id: bytes) -> None:
    assert told(text)[0] == message_id


@pytest.mark.parametrize(
    "text",
    [
        b"Starting up",
        b"{not json",
        b"{}",
        b'{"level":"error","id":4,"error":"x"}',
        b'{"id":4,"result":{}}',
        b'{"level":"debug","id":4,"said":%b}' % ANSWER,
        b'{"jsonrpc":"2.0","id":4,"method":"m","params":{"v":NaN}}',
        b'{"jsonrpc":"2.0","method":"m","params":{"v":NaN}}',
        b'sent "{\\"jsonrpc\\":\\"2.0\\",\\"id\\":4,\\"result\\":{}}"',
        b"[" * 200,
    ],
)
def test_what_is_no_answer_blames_nobody(text: bytes) -> None:
    fault = one(text)
    assert isinstance(fault, ParseFailed | InvalidRequest)
    assert not isinstance(fault, ResponseInvalid)


@given(st.binary(max_size=60) | st.sampled_from([b"{" + ANSWER, ANSWER + b"{", NOTE[:-1], b'"jsonrpc"']))
def test_anything_is_read_or_told(text: bytes) -> None:
    assert read(text).messages
    assert read(b'{"jsonrpc"' + text).messages


def test_what_is_searched_for_messages_is_bounded() -> None:
    began = time.process_time()
    assert isinstance(one(b'{"jsonrpc"' * (MAX_STARTS + 1) * 10_000), ParseFailed | ResponseInvalid)
    assert isinstance(one(b'"jsonrpc"' + b"{x" * 300_000), InvalidRequest)
    assert isinstance(one(b'{"jsonrpc":"2.0","result":NaN,"w":"' + b"y" * 4 * MAX_SEARCHED_BYTES + b'"}'), RpcError)
    assert time.process_time() - began < 5
    big = b'{"jsonrpc":"2.0","id":4,"result":"%b"}' % (b"z" * MAX_SEARCHED_BYTES)
    assert read(b"[INFO] " + big).messages == [Response(b"4", b'"%b"' % (b"z" * MAX_SEARCHED_BYTES))]
    assert told(big + NOTE)[0] == b"4"


def test_a_batch_without_end_answers_the_request_that_it_begins_with_and_is_not_read() -> None:
    batch = b"[" + b'{"jsonrpc":"2.0","id":5},' * 100_000 + b"1]"
    (refused,) = read(batch).messages
    assert isinstance(refused, ResponseInvalid)
    assert "128" in str(refused)
