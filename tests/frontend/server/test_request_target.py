"""How a request's target is spelled, and what it means."""

from __future__ import annotations

import pytest

from argus_trio.frontend.server.request_target import origin_form

SENT = [(b"host", b"sent.example"), (b"accept", b"*/*")]


@pytest.mark.parametrize("target", [b"/mcp", b"/", b"/mcp?a=http://x/", b"*", b"ftp://a/mcp", b"//a/mcp", b"a:1"])
def test_any_other_form_stays_as_it_is(target: bytes) -> None:
    assert origin_form(target, SENT) == (target, SENT)


@pytest.mark.parametrize(
    ("target", "path", "host"),
    [
        (b"http://a.example/mcp", b"/mcp", b"a.example"),
        (b"HTTPS://a.example:9000/mcp?x=/y", b"/mcp?x=/y", b"a.example:9000"),
        (b"http://a.example", b"/", b"a.example"),
        (b"http://a.example?x=1", b"/?x=1", b"a.example"),
        (b"http://[::1]:9/", b"/", b"[::1]:9"),
        (b"http:///mcp", b"/mcp", b""),
    ],
)
def test_the_absolute_form_says_which_host_is_meant(target: bytes, path: bytes, host: bytes) -> None:
    assert origin_form(target, SENT) == (path, [(b"host", host), (b"accept", b"*/*")])
