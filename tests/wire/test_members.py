"""Members of a decoded object, each as one type or not at all."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.errors import InvalidRequest, ParseFailed, RpcError
from argus_trio.wire.envelope import (
    MAX_DEPTH,
    ErrorResponse,
    Message,
    Notification,
    Raw,
    Request,
    Response,
    decode,
    decode_object,
)
from argus_trio.wire.members import (
    MAX_ID_BYTES,
    MAX_NAME_BYTES,
    TooLong,
    decode_client,
    decode_client_batch,
    has_member,
    int_member,
    number_member,
    object_member,
    object_or_none,
    string_member,
    without_nulls,
)
from argus_trio.wire.passing.mending import client_text
from tests.wire.support.json_texts import raw_values

FIELDS = decode_object(b'{"text":"a\\u0062","count":7,"big":1e2,"truth":true,"inner":{"x":[1]},"null":null}')


def test_a_string_is_decoded_and_anything_else_is_none() -> None:
    assert string_member(FIELDS, "text") == "ab"
    for name in ("count", "inner", "null", "absent"):
        assert string_member(FIELDS, name) is None


def test_a_whole_number_is_no_float_and_no_truth() -> None:
    assert int_member(FIELDS, "count") == 7
    for name in ("text", "truth", "inner", "null", "absent"):
        assert int_member(FIELDS, name) is None


def test_a_number_may_be_a_whole_one_or_a_float() -> None:
    assert (number_member(FIELDS, "count"), number_member(FIELDS, "big")) == (7.0, 100.0)
    for name in ("text", "truth", "inner", "null", "absent"):
        assert number_member(FIELDS, name) is None


def test_an_object_is_decoded_one_level_deep() -> None:
    inner = object_member(FIELDS, "inner")
    assert inner is not None
    assert bytes(inner["x"]) == b"[1]"
    for name in ("text", "count", "null", "absent"):
        assert object_member(FIELDS, name) is None
    assert object_or_none(b"{}") == {}
    assert object_or_none(b"[]") is None
    assert object_or_none(None) is None


def test_null_members_are_left_out() -> None:
    assert without_nulls(decode_object(b'{"a":null,"b":{"c":null},"d":0}')) == decode_object(b'{"b":{"c":null},"d":0}')


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (b'{"method":"tools/list","params":{"cursor":null}}', Request(b"1", "tools/list", {})),
        (b'{"method":"tools/list","params":{"cursor":""}}', Request(b"1", "tools/list", {})),
        (b'{"method":"tools/list","params":{"cursor":"x"}}', Request(b"1", "tools/list", {"cursor": Raw(b'"x"')})),
        (b'{"method":"tools/call","params":{"name":""}}', Request(b"1", "tools/call", {"name": Raw(b'""')})),
        (b'{"method":"tools/call","params":{"name":null}}', Request(b"1", "tools/call", {"name": Raw(b"null")})),
        (
            b'{"method":"tools/call","params":{"arguments":{"a":null}}}',
            Request(b"1", "tools/call", {"arguments": Raw(b'{"a":null}')}),
        ),
        (b'{"method":"a/b","params":{"cursor":null,"_meta":null}}', Request(b"1", "a/b", {"cursor": Raw(b"null")})),
        (
            b'{"method":"m","params":{"_meta":{"progressToken":null,"b":null}}}',
            Request(b"1", "m", {"_meta": Raw(b'{"b":null}')}),
        ),
        (b'{"method":"m","params":{"_meta":"null"}}', Request(b"1", "m", {"_meta": Raw(b'"null"')})),
        (b'{"method":"m","params":null}', Request(b"1", "m", {})),
        (b'{"result":{"a":null},"error":null}', Response(b"1", b'{"a":null}')),
        (b'{"result":null,"error":{"code":1,"message":"m"}}', ErrorResponse(b"1", b'{"code":1,"message":"m"}')),
        (b'{"result":null}', Response(b"1", b"null")),
    ],
)
def test_of_what_a_client_sends_null_is_absent_where_it_can_mean_nothing_else(sent: bytes, read: Message) -> None:
    body = b'{"jsonrpc":"2.0","id":1,' + sent[1:]
    assert decode_client(body) == read
    assert decode_client(b"\xef\xbb\xbf" + body) == read
    assert decode_client_batch(b"[" + body + b"]") == [read]


def test_an_id_of_null_is_none_for_a_notification_alone() -> None:
    body = b'{"jsonrpc":"2.0","id":null,"method":"notifications/x"}'
    assert decode_client(body) == Notification("notifications/x", {})
    assert decode_client_batch(b"[%b]" % body) == [Notification("notifications/x", {})]
    with pytest.raises(InvalidRequest, match='"id"'):
        decode_client(body.replace(b"notifications/x", b"ping"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"[]",
        b"1",
        b'{"jsonrpc":"2.0","id":1}',
        b'{"a":' * 200 + b"1" + b"}" * 200,
        b'{"a":"\xff"}',
        b'{"a\xff":1}',
    ],
)
def test_what_no_client_can_mean_is_refused_as_ever(body: bytes) -> None:
    errors = []
    for read in (decode, decode_client):
        with pytest.raises(RpcError) as refused:
            read(body)
        errors.append(str(refused.value))
    assert errors[0] == errors[1]


def test_an_answer_of_a_client_nests_no_deeper_than_its_other_messages() -> None:
    def answer(depth: int) -> bytes:
        inner = depth - 2
        return b'{"jsonrpc":"2.0","id":1,"result":{"a":%b%b}}' % (b"[" * inner, b"]" * inner)

    assert isinstance(decode_client(answer(MAX_DEPTH)), Response)
    with pytest.raises(ParseFailed, match="nested deeper than 128 levels"):
        decode_client(answer(MAX_DEPTH + 1))


@given(st.binary(max_size=40) | raw_values.map(str.encode))
def test_anything_is_a_clients_message_or_refused(body: bytes) -> None:
    with suppress(ParseFailed, InvalidRequest):
        decode_client(body)
    with suppress(ParseFailed, InvalidRequest):
        decode_client_batch(body)


@given(raw_values)
def test_what_is_in_order_is_read_as_everything_is(value: str) -> None:
    body = b'{"jsonrpc":"2.0","id":1,"method":"x/y","params":{"a":%b,"z":1}}' % value.encode()
    assert decode_client(body) == decode(body)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (rb'"\ud83d"', rb'"\ufffd"'),
        (rb'"\uDE00x\ud83d\ude00"', rb'"\ufffdx\ud83d\ude00"'),
        (rb'"\\ud83d"', rb'"\\ud83d"'),
        (b'"\xff\\ud83d"', b'"\xff\\ud83d"'),
        (b'\xef\xbb\xbf"a"', b'"a"'),
        (b'"caf\xc3\xa9 \\ud83d"', b'"caf\xc3\xa9 \\ufffd"'),
    ],
)
def test_the_text_of_a_client_is_mended_where_it_can_be_read_and_refused_where_not(sent: bytes, read: bytes) -> None:
    assert client_text(sent) == read


LONG_ID, LONG_NAME = b'"%b"' % (b"i" * MAX_ID_BYTES), b'"%b"' % (b"n" * MAX_NAME_BYTES)


@pytest.mark.parametrize(
    ("body", "what", "message_id"),
    [
        (b'"id":%b,"method":"ping"' % LONG_ID, "id is 4098 bytes long; 4096 are the most", b"null"),
        (b'"id":%b,"result":{}' % LONG_ID, "id is 4098", b"null"),
        (b'"id":1,"method":%b' % LONG_NAME.replace(b"n", b"nn", 1), "method is 8193", b"1"),
        (b'"id":1,"method":"x","params":{"_meta":{"progressToken":%b}}' % LONG_ID, "params._meta.progressToken", b"1"),
        (b'"id":1,"method":"tools/call","params":{"name":%b}' % LONG_NAME, "params.name is 8194", b"1"),
        (b'"id":1,"method":"resources/read","params":{"uri":%b}' % LONG_NAME, "params.uri", b"1"),
        (b'"id":1,"method":"tasks/get","params":{"taskId":%b}' % LONG_NAME, "params.taskId", b"1"),
        (b'"method":"notifications/progress","params":{"progressToken":%b}' % LONG_ID, "params.progressToken", b"null"),
        (b'"method":"notifications/cancelled","params":{"requestId":%b}' % LONG_ID, "params.requestId", b"null"),
    ],
)
def test_what_is_repeated_and_kept_has_a_length(body: bytes, what: str, message_id: bytes) -> None:
    encoded = b'{"jsonrpc":"2.0",%b}' % body
    with pytest.raises(TooLong, match=what) as refused:
        decode_client(encoded)
    assert (refused.value.request_id, refused.value.http_status, refused.value.code) == (message_id, 400, -32600)


def test_what_is_just_short_enough_passes_and_arguments_may_be_as_long_as_a_body() -> None:
    body = b'{"jsonrpc":"2.0","id":%b,"method":"tools/call","params":{"name":%b,"arguments":%b}}' % (
        LONG_ID.replace(b"ii", b"", 1),
        LONG_NAME.replace(b"nn", b"", 1),
        b'{"name":"%b"}' % (b"x" * 100_000),
    )
    assert isinstance(decode_client(body), Request)


def test_in_a_batch_only_the_member_that_is_too_long_is_refused() -> None:
    body = b'[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":%b,"method":"ping"}]' % LONG_ID
    fine, refused = decode_client_batch(body)
    assert isinstance(fine, Request)
    assert isinstance(refused, TooLong)


@pytest.mark.parametrize(
    ("raw", "has"),
    [
        (b'{"a/b":1}', True),
        (b'{"a\\/b":1}', True),
        (b'{"\\u0061/b":1}', True),
        (b'{"x":"a/b"}', False),
        (b'["a/b"]', False),
        (b'{"x":"\\n"}', False),
        (b"a/b", False),
    ],
)
def test_a_member_is_there_in_whatever_spelling(raw: bytes, has: bool) -> None:
    assert has_member(Raw(raw), "a/b") is has
    assert not has_member(None, "a/b")


def test_a_notification_that_has_null_for_its_id_is_one_in_whatever_spelling() -> None:
    said = b'{"jsonrpc":"2.0","id":null,"method":"notifications\\/cancelled","params":{"requestId":1}}'
    assert decode_client(said) == Notification("notifications/cancelled", {"requestId": Raw(b"1")})
