"""What the body of an HTTP answer says: messages, errors, and to whom."""

from __future__ import annotations

import pytest

from argus_trio.errors import InvalidRequest, ParseFailed
from argus_trio.wire.envelope import ErrorResponse, Notification, Response
from argus_trio.wire.http_bodies import error_in, is_addressed, is_answer, read_messages


def test_a_body_is_one_message_or_a_batch_with_errors_in_place() -> None:
    assert read_messages(b'{"jsonrpc":"2.0","method":"x"}') == [Notification("x", {})]
    first, second = read_messages(b' [{"jsonrpc":"2.0","id":1,"result":{}},7]')
    assert first == Response(b"1", b"{}")
    assert isinstance(second, InvalidRequest)
    [broken] = read_messages(b"{")
    assert isinstance(broken, ParseFailed)


def test_an_answer_is_told_by_its_raw_id_and_an_error_may_have_none() -> None:
    assert is_answer(Response(b"1", b"{}"), b"1")
    assert not is_answer(Response(b'"2"', b"{}"), b"1")
    assert not is_answer(Response(b"null", b"{}"), b"1")
    assert is_answer(ErrorResponse(b"null", b"{}"), b"1")
    assert not is_answer(ErrorResponse(b"2", b"{}"), b"1")
    assert not is_answer(Notification("x", {}), b"1")
    assert not is_answer(InvalidRequest("x"), b"1")


@pytest.mark.parametrize("spelled", [b'"1"', b"1.0", b'"1.0"', b"1e0"])
def test_an_id_that_comes_back_in_another_spelling_is_known(spelled: bytes) -> None:
    assert is_answer(Response(spelled, b"{}"), b"1")
    assert is_answer(ErrorResponse(spelled, b"{}"), b"1")
    body = b'{"jsonrpc":"2.0","id":%b,"error":{"code":1,"message":"m"}}' % spelled
    assert error_in(body, b"1") == ErrorResponse(b"1", b'{"code":1,"message":"m"}')
    assert is_addressed(body, b"1")


def test_an_id_that_was_asked_as_a_text_is_known_as_it_is() -> None:
    body = b'{"jsonrpc":"2.0","id":"7","error":{"code":1,"message":"m"}}'
    assert error_in(body, b'"7"') is not None
    assert is_addressed(body, b'"7"')


def test_an_error_in_a_refusal_counts_if_it_can_be_meant_for_the_request() -> None:
    error = b'{"code":1,"message":"m"}'
    for given_id in (b',"id":1', b',"id":null', b""):
        body = b'{"jsonrpc":"2.0","error":%b%b}' % (error, given_id)
        assert error_in(body, b"1") == ErrorResponse(b"1", error)
        assert is_addressed(body, b"1") == (given_id == b',"id":1')
    for body in (
        b"",
        b"<html>",
        b"[]",
        b'{"error":%b}' % error,
        b'{"jsonrpc":"2.0","error":"m"}',
        b'{"jsonrpc":"2.0","id":2,"error":%b}' % error,
        b'{"jsonrpc":"2.0","id":1,"result":{}}',
    ):
        assert error_in(body, b"1") is None
    assert not is_addressed(b"<html>", b"1")
