"""What an HTTP answer says: messages, errors, and the reason of a refusal."""

from __future__ import annotations

from argus_trio.errors import InvalidRequest, ParseFailed
from argus_trio.net.answers import error_in, is_addressed, is_answer, read_messages, refusal
from argus_trio.net.http1 import HttpAnswer, HttpConnection
from argus_trio.net.origin import split_url
from argus_trio.wire.envelope import ErrorResponse, Notification, Response

ORIGIN, _ = split_url("https://a.test/")


def answer(status: int, *headers: tuple[bytes, bytes]) -> HttpAnswer:
    unused: HttpConnection = None  # type: ignore[assignment]  # a refusal does not read on
    return HttpAnswer(connection=unused, status=status, headers=list(headers))


def test_a_body_is_one_message_or_a_batch_with_errors_in_place() -> None:
    assert read_messages(b'{"jsonrpc":"2.0","method":"x"}') == [Notification("x", {})]
    first, second = read_messages(b' [{"jsonrpc":"2.0","id":1,"result":{}},7]')
    assert first == Response(b"1", b"{}")
    assert isinstance(second, InvalidRequest)
    [broken] = read_messages(b"{")
    assert isinstance(broken, ParseFailed)


def test_an_answer_is_told_by_its_raw_id_and_an_error_may_have_none() -> None:
    assert is_answer(Response(b"1", b"{}"), b"1")
    assert not is_answer(Response(b'"1"', b"{}"), b"1")
    assert not is_answer(Response(b"null", b"{}"), b"1")
    assert is_answer(ErrorResponse(b"null", b"{}"), b"1")
    assert not is_answer(ErrorResponse(b"2", b"{}"), b"1")
    assert not is_answer(Notification("x", {}), b"1")
    assert not is_answer(InvalidRequest("x"), b"1")


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


def test_a_redirect_names_the_origin_alone() -> None:
    for location, named in [
        (b"/other?token=1", "to https://a.test;"),
        (b"http://user:pw@b.test:81/x", "somewhere that is no http"),
        (b"http://b.test:81/x?token=1", "to http://b.test:81;"),
        (b"gopher://x", "somewhere that is no http"),
    ]:
        reason = refusal(answer(302, (b"location", location)), b"", ORIGIN, ()).reason
        assert named in reason.replace("to somewhere", "somewhere")
        assert "token" not in reason


def test_a_quoted_body_is_one_printable_line_without_secrets() -> None:
    body = "bad\x00\n\tkey s3cret-key, also Bearer s3cret-key; über ".encode() + b"\xff" + b"z" * 300
    refused = refusal(answer(500), body, ORIGIN, ["Bearer s3cret-key", "ab"])
    assert refused.reason.startswith("the server answered HTTP 500: bad key ***, also ***; über \ufffdzzz")
    assert len(refused.reason) <= 231
    assert refused.status == 500


def test_an_empty_body_leaves_the_status() -> None:
    assert refusal(answer(502), b"", ORIGIN, ()).reason == "the server answered HTTP 502"
