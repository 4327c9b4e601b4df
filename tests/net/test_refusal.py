"""The reason of a refusal: one line, no secret."""

from __future__ import annotations

from argus_trio.net.http1 import HttpAnswer, HttpConnection
from argus_trio.net.origin import split_url
from argus_trio.net.refusal import refusal

ORIGIN, _ = split_url("https://a.test/")


def answer(status: int, *headers: tuple[bytes, bytes]) -> HttpAnswer:
    unused: HttpConnection = None  # type: ignore[assignment]  # a refusal does not read on
    return HttpAnswer(connection=unused, status=status, headers=list(headers))


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


def test_a_refusal_says_when_to_come_again_and_whether_it_speaks_of_sessions() -> None:
    refused = refusal(answer(503, (b"retry-after", b"7")), b"busy", ORIGIN, ())
    assert (refused.retry_after, refused.doubts_session) == (7.0, False)
    dates = (b"retry-after", b"Sun, 06 Nov 1994 08:50:37 GMT"), (b"date", b"Sun, 06 Nov 1994 08:50:30 GMT")
    assert refusal(answer(429, *dates), b"", ORIGIN, ()).retry_after == 7.0
    refused = refusal(answer(400), b"Bad Request: Server not initialized", ORIGIN, ())
    assert (refused.retry_after, refused.doubts_session) == (None, True)
