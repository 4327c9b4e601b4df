"""A line of the client that wants an answer: what is open of it, and what is told if it fails."""

from __future__ import annotations

import json

from argus_trio.bridge.carrier import GatewayMessage
from argus_trio.bridge.open_request import OpenRequest
from argus_trio.wire.http_bodies import read_messages
from tests.bridge.client import notification, request, result


def said(text: bytes) -> GatewayMessage:
    messages = tuple(read_messages(text))
    return GatewayMessage(raw=text, messages=messages)  # type: ignore[arg-type]  # none of these texts is an error


def errors_in(line: bytes | None) -> list[object]:
    assert line is not None
    told = json.loads(line)
    return [each["id"] for each in (told if isinstance(told, list) else [told])]


def test_what_is_no_answer_settles_nothing_and_passes_as_it_came() -> None:
    opened = OpenRequest(ids=(b"1",))
    for text in (notification("notifications/x"), request(1, "roots/list"), result(2)):
        assert opened.settle(said(text)) == text
    assert not opened.is_settled
    assert opened.granted == {b"2"}


def test_an_answer_settles_it_and_a_result_grants_what_was_asked() -> None:
    opened = OpenRequest(ids=(b"1",))
    assert opened.settle(said(result(1))) == result(1)
    assert opened.is_settled
    assert opened.granted == {b"1"}
    assert opened.failed("http://h", "gone") is None


def test_an_error_settles_it_and_grants_nothing() -> None:
    opened = OpenRequest(ids=(b'"a"',))
    opened.settle(said(b'{"jsonrpc":"2.0","id":"a","error":{"code":1,"message":"no"}}'))
    assert opened.is_settled
    assert opened.granted == set()


def test_an_error_without_an_id_is_the_one_requests_own() -> None:
    nobodys = b'{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"no"}}'
    opened = OpenRequest(ids=(b"7",))
    assert json.loads(opened.settle(said(nobodys)))["id"] == 7
    assert opened.is_settled
    batch = OpenRequest(ids=(b"7", b"8"), is_batch=True)
    assert batch.settle(said(nobodys)) == nobodys
    assert not batch.is_settled


def test_a_failure_is_told_for_what_is_open_and_wanted_alone() -> None:
    opened = OpenRequest(ids=(b"1", b"2", b"3"), is_batch=True)
    opened.settle(said(result(1)))
    opened.renounce(b"2")
    line = opened.failed("http://h:1", "the connection broke")
    assert errors_in(line) == [3]
    assert line is not None
    assert b"the gateway at http://h:1 gave no answer: the connection broke" in line
    assert opened.failed("http://h:1", "again") is None


def test_the_failure_of_a_request_is_no_batch() -> None:
    line = OpenRequest(ids=(b"1",)).failed("http://h", "gone")
    assert line is not None
    assert line.startswith(b"{")


def test_a_request_that_is_wanted_no_more_has_no_failure() -> None:
    opened = OpenRequest(ids=(b"1",))
    opened.renounce(b"1")
    assert opened.failed("http://h", "gone") is None


async def test_what_is_renounced_before_it_was_sent_goes_no_further() -> None:
    opened = OpenRequest(ids=(b"1",))
    opened.renounce(b"1")
    opened.drop_unwanted()
    assert opened.scope.cancel_called
    assert opened.is_settled


async def test_a_batch_goes_on_without_what_was_renounced_as_long_as_something_is_left() -> None:
    line = b"[" + b", ".join([request(1, "a"), notification("n"), request(2, "b")]) + b"]"
    opened = OpenRequest(ids=(b"1", b"2"), is_batch=True, tells_more=True)
    assert opened.still_wanted(line) == line
    opened.renounce(b"1")
    opened.drop_unwanted()
    assert json.loads(opened.still_wanted(line)) == json.loads(line)[1:]
    opened.renounce(b"2")
    opened.drop_unwanted()
    assert not opened.scope.cancel_called, "the notification is told all the same"
    assert json.loads(opened.still_wanted(line)) == json.loads(line)[1:2]
