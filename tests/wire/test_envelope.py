"""Envelopes: what must be understood is, what must be refused is, and all else leaves as it came."""

from __future__ import annotations

import json
import time
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.errors import InvalidRequest, ParseFailed, ResponseInvalid, RpcError
from argus_trio.wire.envelope import (
    MAX_BATCH,
    MAX_DEPTH,
    ErrorResponse,
    Message,
    Notification,
    Raw,
    Request,
    Response,
    batch_members,
    check_text,
    decode,
    decode_array,
    decode_batch,
    decode_object,
    decode_string,
    encode,
    encode_error,
    encode_error_response,
    encode_notification,
    encode_raw,
    encode_request,
    encode_response,
    is_batch,
    on_one_line,
    plain_id,
)
from argus_trio.wire.passing.mending import mend_text
from tests.wire.support.json_texts import IDS, objects, raw_values, space


@given(raw_values, space, st.sampled_from(IDS))
def test_values_of_params_leave_as_they_came(value: str, gap: str, message_id: bytes) -> None:
    written = value.encode()
    body = b'{"jsonrpc":"2.0",%b"id":%b,"method":"x/y","params":{%b"a":%b,"z":1}}' % (
        gap.encode(),
        message_id,
        gap.encode(),
        written,
    )
    message = decode(body)
    assert message == Request(message_id, "x/y", {"a": Raw(written), "z": Raw(b"1")})
    assert isinstance(message, Request)
    again = encode_request(message_id, message.method, message.params)
    assert again == b'{"jsonrpc":"2.0","id":%b,"method":"x/y","params":{"a":%b,"z":1}}' % (message_id, written)


@given(raw_values, st.sampled_from(IDS))
def test_results_leave_as_they_came(value: str, message_id: bytes) -> None:
    body = encode_response(message_id, value.encode())
    assert decode(body) == Response(message_id, value.encode())


@given(objects(raw_values), st.sampled_from([*IDS, b"null"]))
def test_errors_leave_as_they_came(error: str, message_id: bytes) -> None:
    body = encode_error_response(message_id, error.encode())
    assert decode(body) == ErrorResponse(message_id, error.encode())


@given(raw_values)
def test_unknown_fields_of_the_envelope_harm_nothing(value: str) -> None:
    body = b'{"extra":%b,"jsonrpc":"2.0","method":"m"}' % value.encode()
    assert decode(body) == Notification("m", {})


@given(st.binary(max_size=40) | raw_values.map(str.encode))
def test_anything_is_a_message_or_refused(body: bytes) -> None:
    with suppress(ParseFailed, InvalidRequest):
        decode(body)


def test_the_last_of_two_keys_counts_and_is_the_only_one_to_leave() -> None:
    body = b'{"jsonrpc":"2.0","id":1,"method":"a","method":"b","params":{"name":"x","name":"y"}}'
    message = decode(body)
    assert isinstance(message, Request)
    assert message == Request(b"1", "b", {"name": Raw(b'"y"')})
    assert encode_request(b"1", "b", message.params) == b'{"jsonrpc":"2.0","id":1,"method":"b","params":{"name":"y"}}'


def test_a_method_may_be_written_with_escapes() -> None:
    assert decode(rb'{"jsonrpc":"2.0","method":"tools\/c\u0061ll"}') == Notification("tools/call", {})


@pytest.mark.parametrize("params", [b"", b',"params":null', b',"params":{}'])
def test_params_may_be_left_out(params: bytes) -> None:
    assert decode(b'{"jsonrpc":"2.0","id":1,"method":"m"%b}' % params) == Request(b"1", "m", {})
    assert decode(b'{"jsonrpc":"2.0","method":"m"%b}' % params) == Notification("m", {})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"jsonrpc":"2.0","method":"m"} x', "not JSON"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b'{"jsonrpc":"2.0","method":"m","params":{"a":NaN}}', "not JSON"),
        (b'{"jsonrpc":"2.0","method":"caf\xe9"}', "not UTF-8: .* at byte 30"),
        (b'{"jsonrpc":"2.0","method":"\xed\xa0\x80"}', "not UTF-8"),
        (b'{"jsonrpc":"2.0","method":"m","params":{"a":"\xff"}}', "not UTF-8"),
        (b'{"a":' * 200_000, "nested too deeply to be read"),
    ],
)
def test_what_cannot_be_parsed(body: bytes, reason: str) -> None:
    with pytest.raises(ParseFailed, match=reason):
        decode(body)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"17", "must be one JSON-RPC object"),
        (b'"text"', "must be one JSON-RPC object"),
        (b"null", "must be one JSON-RPC object"),
        (b'[{"jsonrpc":"2.0","method":"m"}]', "must be one JSON-RPC object"),
        (b"{}", '"jsonrpc" must be "2.0"'),
        (b'{"jsonrpc":2.0,"method":"m"}', '"jsonrpc" must be "2.0"'),
        (b'{"jsonrpc":"1.0","method":"m"}', '"jsonrpc" must be "2.0"'),
        (b'{"jsonrpc":"2.0"}', 'needs "method"'),
        (b'{"jsonrpc":"2.0","id":1}', 'needs "method"'),
        (b'{"jsonrpc":"2.0","result":{}}', 'needs "method"'),
        (b'{"jsonrpc":"2.0","id":1,"result":{},"error":{}}', 'needs "method"'),
        (b'{"jsonrpc":"2.0","id":1,"method":17}', '"method" must be a string'),
        (b'{"jsonrpc":"2.0","id":1,"method":null}', '"method" must be a string'),
        (b'{"jsonrpc":"2.0","id":1,"method":"m","params":[1]}', '"params" must be an object'),
        (b'{"jsonrpc":"2.0","id":1,"method":"m","params":"x"}', '"params" must be an object'),
        (b'{"jsonrpc":"2.0","id":null,"method":"m"}', '"id" must be a string or a number'),
        (b'{"jsonrpc":"2.0","id":true,"method":"m"}', '"id" must be a string or a number'),
        (b'{"jsonrpc":"2.0","id":{},"method":"m"}', '"id" must be a string or a number'),
        (b'{"jsonrpc":"2.0","id":[1],"method":"m"}', '"id" must be a string or a number'),
    ],
)
def test_what_is_json_but_no_message(body: bytes, reason: str) -> None:
    with pytest.raises(InvalidRequest, match=reason):
        decode(body)


@pytest.mark.parametrize(("rest", "has"), [(b"", "neither"), (b',"result":{},"error":null', "both")])
def test_a_response_that_cannot_be_understood_says_whose_it_is(rest: bytes, has: str) -> None:
    with pytest.raises(ResponseInvalid, match=has) as caught:
        decode(b'{"jsonrpc":"2.0","id":"a b"%b}' % rest)
    assert caught.value.id == b'"a b"'


def test_a_batch_holds_messages_and_errors_in_their_places() -> None:
    first, third = decode_batch(b' [{"jsonrpc":"2.0","method":"m"}, 17, {"jsonrpc":"2.0","id":2,"result":[1]}]')[::2]
    assert (first, third) == (Notification("m", {}), Response(b"2", b"[1]"))
    members = decode_batch(b'[17,{"jsonrpc":"2.0"}]')
    assert all(isinstance(member, InvalidRequest) for member in members)


@pytest.mark.parametrize(
    ("body", "error"),
    [(b"[]", InvalidRequest), (b"{}", InvalidRequest), (b"[1,", ParseFailed), (b'["\xff"]', ParseFailed)],
)
def test_what_is_no_batch(body: bytes, error: type[RpcError]) -> None:
    with pytest.raises(error):
        decode_batch(body)


@pytest.mark.parametrize(("body", "claim"), [(b"[", True), (b" \r\n\t[1]", True), (b'{"a":[]}', False), (b"", False)])
def test_a_batch_is_told_by_its_first_character(body: bytes, claim: bool) -> None:
    assert is_batch(body) is claim


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_the_bound_on_nesting_is_exact(opening: bytes, closing: bytes) -> None:
    def body(depth: int) -> bytes:
        inner = depth - 2  # the envelope and the params are two levels
        return b'{"jsonrpc":"2.0","method":"m","params":{"a":%b1%b}}' % (opening * inner, closing * inner)

    assert isinstance(decode(body(MAX_DEPTH)), Notification)
    with pytest.raises(ParseFailed, match="nested deeper than 128 levels"):
        decode(body(MAX_DEPTH + 1))


def test_an_error_is_bounded_as_what_is_asked_is_and_a_result_is_not() -> None:
    deep = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert decode(b'{"jsonrpc":"2.0","id":1,"result":%b}' % deep) == Response(b"1", deep)
    for message in (b'"error":{"data":%b}', b'"method":"m","params":{"a":%b}'):
        with pytest.raises(ParseFailed, match="nested deeper than 128 levels"):
            decode(b'{"jsonrpc":"2.0","id":1,%b}' % (message % deep))


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (b'"id":1,"method":2,"method":"m","params":3,"params":{"a":1}', Request(b"1", "m", {"a": Raw(b"1")})),
        (b'"params":[],"params":null,"method":"m"', Notification("m", {})),
        (b'"id":1,"method":"","result":{}', Request(b"1", "", {})),
        (b'"id":1,"result":{},"params":[]', Response(b"1", b"{}")),
        (b'"id":null,"error":{},"params":"none"', ErrorResponse(b"null", b"{}")),
    ],
)
def test_a_member_that_stands_twice_or_does_not_belong_there_hides_no_message(members: bytes, message: Message) -> None:
    assert decode(b'{"jsonrpc":"2.0",%b}' % members) == message


@pytest.mark.parametrize(
    "text", [b'"' + b"[" * 500 + b'"', b'"\\"' + b"{" * 500 + b'"', b'"[",' * 300, b'"\\\\"', b'"' + b"[" * 500 + b"\\"]
)
def test_brackets_in_strings_are_no_nesting(text: bytes) -> None:
    check_text(text)


@pytest.mark.parametrize("piece", [b'"', b'"[', b"\\", b'\\"', b"[", b'{"', b'"\\', b"\\ud800", b"\\\\u"])
def test_reading_takes_time_in_proportion_whatever_the_text(piece: bytes) -> None:
    def seconds(size: int) -> float:
        text = b'{"' + piece * (size // len(piece))
        began = time.process_time()
        with suppress(ParseFailed):
            check_text(text)
        mend_text(text)
        return time.process_time() - began

    # Were it quadratic, 16 times the text would take 256 times the time; the allowance is for a noisy machine.
    assert seconds(1_600_000) < 80 * max(seconds(100_000), 0.002)


@given(st.text(st.characters(codec=None) | st.sampled_from("\\u\ud83d\ude00\udfff")))
def test_lone_surrogates_are_mended_and_nothing_else(text: str) -> None:
    written = json.dumps(text)
    read = json.loads(written)  # joins the halves of a pair
    expected = "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in read)
    mended = mend_text(written.encode())
    assert json.loads(mended) == expected
    assert msgspec.json.decode(mended) == expected
    if read == expected:
        assert mended == written.encode()


@given(st.binary())
def test_mended_text_is_utf8_and_mending_again_changes_nothing(line: bytes) -> None:
    mended = mend_text(line)
    mended.decode("utf-8")
    assert mend_text(mended) == mended


@given(raw_values, st.sampled_from(IDS))
def test_a_message_on_one_line_means_the_same(value: str, message_id: bytes) -> None:
    body = encode_request(message_id, "m", {"a": Raw(value.encode())})
    line = on_one_line(body)
    assert b"\n" not in line
    assert b"\r" not in line
    assert len(line) == len(body)
    assert _read(line) == _read(body)


def _read(body: bytes) -> object:
    # Numbers as text, so that none is too large to compare.
    return json.loads(body, parse_int=str, parse_float=str, object_pairs_hook=list)


def test_what_is_encoded_can_be_read_again() -> None:
    params = {"name": encode_raw("é"), "n": Raw(b"1.0")}
    assert encode_request(b"1", "m", {}) == b'{"jsonrpc":"2.0","id":1,"method":"m"}'
    assert encode_notification("m", {}) == b'{"jsonrpc":"2.0","method":"m"}'
    assert (
        encode_notification('a"b', params)
        == '{"jsonrpc":"2.0","method":"a\\"b","params":{"name":"é","n":1.0}}'.encode()
    )
    assert encode_error(-31013, "down") == b'{"code":-31013,"message":"down"}'
    assert encode_error(1, "x", {"a": [None]}) == b'{"code":1,"message":"x","data":{"a":[null]}}'
    assert encode([Raw(b"1e999"), "x"]) == b'[1e999,"x"]'


def test_one_level_is_read_and_what_does_not_fit_is_refused() -> None:
    assert decode_object(b'{"a": [1] }') == {"a": Raw(b"[1]")}
    assert decode_array(Raw(b'[{"a":1}, 2]')) == [Raw(b'{"a":1}'), Raw(b"2")]
    assert decode_string(b'"a\\n"') == "a\n"
    for refuse, body in ((decode_object, b"[]"), (decode_array, b"{}"), (decode_string, b"1")):
        with pytest.raises(msgspec.DecodeError):
            refuse(body)


@pytest.mark.parametrize(
    ("spelled", "plain"),
    [
        (b"4", b"4"), (b'"4"', b"4"), (b"4.0", b"4"), (b'"4.0"', b"4"), (b"4e0", b"4"), (b"4.00E+00", b"4"),
        (b"4.5", b"4.5"), (b"40e1", b"40e1"), (b"-4", b"-4"), (b'"four"', b'"four"'), (b"null", b"null"), (b"", b""),
    ],
)  # fmt: skip
def test_an_id_that_is_a_whole_number_is_known_in_every_spelling(spelled: bytes, plain: bytes) -> None:
    assert plain_id(spelled) == plain


def test_a_byte_order_mark_is_no_part_of_a_text() -> None:
    assert mend_text(b'\xef\xbb\xbf{"a":1}') == b'{"a":1}'


def test_a_batch_of_more_than_there_may_be_is_refused_before_its_members_are_read() -> None:
    with pytest.raises(InvalidRequest, match="128"):
        batch_members(b"[" + b"0," * MAX_BATCH + b"0]")
    assert batch_members(b"[" + b"0," * (MAX_BATCH - 1) + b"0]") == [b"0"] * MAX_BATCH
