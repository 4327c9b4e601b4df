"""Media types: what a client takes and what it sends."""

from __future__ import annotations

import pytest

from argus_trio.frontend.http.errors import NotAcceptable, WrongMediaType
from argus_trio.frontend.http.negotiation import (
    Accepts,
    accepts,
    negotiate_post,
    require_events_accepted,
    require_json_sent,
)

JSON = b"application/json"


@pytest.mark.parametrize(
    ("accept", "json", "events"),
    [
        (None, False, False),
        (b"", False, False),
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


@pytest.mark.parametrize("accept", [None, b"text/event-stream", b"application/json;q=0"])
def test_a_client_that_takes_no_json_is_refused(accept: bytes | None) -> None:
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
