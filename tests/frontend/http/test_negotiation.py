"""Media types: what a client takes and what it sends."""

from __future__ import annotations

import pytest

from argus_trio.frontend.http.errors import CodingRefused, NotAcceptable, WrongMediaType
from argus_trio.frontend.http.negotiation import (
    Accepts,
    accepts,
    negotiate_post,
    refusal_headers,
    require_events_accepted,
    require_json_sent,
    require_plain,
)

JSON = b"application/json"


@pytest.mark.parametrize(
    ("accept", "json", "events"),
    [
        (None, True, False),
        (b"", True, False),
        (b"application/json, text/event-stream", True, True),
        (b"application/json", True, False),
        (b"text/event-stream", False, True),
        (b"*/*", True, True),
        (b"application/*", True, False),
        (b"text/*", False, True),
        (b"text/html", False, False),
        (b"TEXT/Event-Stream;q=0.5 , Application/JSON ; charset=utf-8", True, True),
        (b"application/json;q=0, text/event-stream", False, True),
        (b"application/json; q=0.000", False, False),
        (b"application/json;q=0.001", True, False),
    ],
)
def test_an_accept_header_means_what_it_lists(accept: bytes | None, json: bool, events: bool) -> None:
    assert accepts(accept) == Accepts(json=json, events=events)


def test_a_post_may_be_answered_as_its_client_takes_it() -> None:
    assert negotiate_post(JSON, b"application/json") == Accepts(json=True, events=False)
    assert negotiate_post(b"application/json; charset=utf-8", b"*/*") == Accepts(json=True, events=True)


@pytest.mark.parametrize("accept", [None, b""])
def test_a_client_that_does_not_say_what_it_takes_gets_json_or_the_stream_that_it_asked_for(
    accept: bytes | None,
) -> None:
    assert negotiate_post(JSON, accept) == Accepts(json=True, events=False)
    require_events_accepted(accept)


def test_a_client_that_takes_event_streams_alone_gets_one() -> None:
    assert negotiate_post(JSON, b"text/event-stream") == Accepts(json=False, events=True)


@pytest.mark.parametrize("coding", [None, b"", b"identity", b" Identity "])
def test_a_body_that_is_not_compressed_is_taken(coding: bytes | None) -> None:
    require_plain(coding)


@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"br", b"identity, gzip", b"made-up"])
def test_a_compressed_body_is_refused_with_what_would_be_taken(coding: bytes) -> None:
    with pytest.raises(CodingRefused) as refused:
        require_plain(coding)
    assert (b"accept-encoding", b"identity") in refusal_headers(refused.value)
    assert (b"accept-encoding", b"identity") not in refusal_headers(WrongMediaType("x"))


@pytest.mark.parametrize("accept", [b"text/html", b"application/json;q=0"])
def test_a_client_that_takes_neither_is_refused(accept: bytes) -> None:
    for _ in range(2):  # the second time, too, though answers are remembered
        with pytest.raises(NotAcceptable, match="application/json"):
            negotiate_post(JSON, accept)


@pytest.mark.parametrize("content_type", [None, b"", b"text/plain", b"application/jsonp", b"application/json;q=0"])
def test_a_body_that_is_not_declared_as_json_is_refused(content_type: bytes | None) -> None:
    with pytest.raises(WrongMediaType):
        require_json_sent(content_type)
    with pytest.raises(WrongMediaType):
        negotiate_post(content_type, b"*/*")


@pytest.mark.parametrize("content_type", [JSON, b"APPLICATION/JSON", b" application/json ; charset=utf-8"])
def test_json_is_known_however_it_is_written(content_type: bytes) -> None:
    require_json_sent(content_type)


def test_an_event_stream_is_for_those_who_take_it() -> None:
    require_events_accepted(b"text/event-stream")
    with pytest.raises(NotAcceptable, match="text/event-stream"):
        require_events_accepted(b"application/json")
