"""The reason of a refusal: one line, no secret."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
import pytest

from argus_trio.errors import HttpRefused
from argus_trio.net.http1 import HttpAnswer, HttpConnection, HttpRequest
from argus_trio.net.origin import split_url
from argus_trio.net.proxies import Proxy
from argus_trio.net.refusal import Redirect, redirect, refusal

ORIGIN, _ = split_url("https://a.test/")


def answer(status: int, *headers: tuple[bytes, bytes]) -> HttpAnswer:
    unused: HttpConnection = None  # type: ignore[assignment]  # a refusal does not read on
    return HttpAnswer(connection=unused, status=status, headers=list(headers))


def asked(method: str = "POST", target: str = "/mcp?k=v") -> HttpRequest:
    return HttpRequest(method=method, target=target, headers=[])


def redirected(status: int, location: bytes, method: str = "POST", secrets: Iterable[str] = ()) -> Redirect | None:
    return redirect(asked(method), answer(status, (b"location", location)), ORIGIN, secrets)


@pytest.mark.parametrize(
    ("location", "target"),
    [
        (b"/mcp/", "/mcp/"), (b"https://A.test:443/mcp/?x#f", "/mcp/?x"), (b"other", "/other"), (b"?x", "/mcp?x"),
        (b" //a.test/x ", "/x"), (b"/\xc3\xbc", "/%C3%BC"), (b"", "/mcp?k=v"),
    ],
)  # fmt: skip
def test_a_redirect_within_the_origin_is_another_target(location: bytes, target: str) -> None:
    for status, method, is_permanent in [
        (307, "POST", False), (308, "POST", True), (307, "GET", False), (308, "DELETE", True),
        (301, "GET", True), (302, "GET", False), (303, "GET", False),
    ]:  # fmt: skip
        assert redirected(status, location, method) == Redirect(target=target, is_permanent=is_permanent)


@pytest.mark.parametrize("status", [301, 302, 303])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_redirect_that_makes_a_get_of_another_method_is_refused(status: int, method: str) -> None:
    with pytest.raises(HttpRefused) as caught:
        redirected(status, b"/mcp/", method)
    assert caught.value.status == status
    assert caught.value.reason == (
        f"the server redirects to https://a.test/mcp/ with HTTP {status}, which makes a {method} a GET: "
        "if that is the server's endpoint, write that address as url"
    )


@pytest.mark.parametrize(
    ("location", "named"),
    [
        (b"http://b.test:81/x/y", "http://b.test:81/x/y;"),
        (b"http://b.test:81/x?token=1t0ken&2t0ken&z=", "http://b.test:81/x?token=***&***&z=***;"),
        (b"//b.test/x;jsessionid=1t0ken/y#2t0ken", "https://b.test/x;jsessionid=***/y;"),
        (b"https://a.test:444/hooks/s3cret-key", "https://a.test:444/hooks/***;"),
    ],
)
def test_a_redirect_to_another_origin_is_refused_and_names_the_whole_target(location: bytes, named: str) -> None:
    for status in (301, 302, 303, 307, 308):
        for method in ("GET", "POST"):
            with pytest.raises(HttpRefused) as caught:
                redirected(status, location, method, ["Bearer s3cret-key"])
            assert f"redirects to {named} redirects to another origin are not followed" in caught.value.reason
            assert "t0ken" not in caught.value.reason
            assert "write that address as url" in caught.value.reason


def test_a_redirect_from_https_to_http_on_the_same_host_says_why_that_may_be() -> None:
    with pytest.raises(HttpRefused, match=r"redirects to http://a\.test/mcp/; .*try that address with https as url"):
        redirected(307, b"http://a.test/mcp/")


@pytest.mark.parametrize("location", [b"gopher://x", b"http://user:pw@b.test:81/x", b"http://[", b"mailto:me"])
def test_a_redirect_to_what_is_no_address_is_refused(location: bytes) -> None:
    with pytest.raises(HttpRefused, match="somewhere that is no http or https address") as caught:
        redirected(307, location)
    assert "pw" not in caught.value.reason


def test_an_endless_target_is_cut() -> None:
    with pytest.raises(HttpRefused) as caught:
        redirected(307, b"http://b.test/" + b"x/" * 5000)
    assert len(caught.value.reason) < 700


def test_what_names_no_target_or_is_no_redirect_is_none() -> None:
    assert redirect(asked(), answer(307), ORIGIN, ()) is None
    for status in (200, 300, 304, 305, 404):
        assert redirected(status, b"/x") is None


def test_authentication_that_a_proxy_wants_names_the_proxy() -> None:
    proxy = Proxy(origin=split_url("http://p.test:3128")[0])
    told = refusal(answer(407), b"secret", ORIGIN, (), proxy=proxy).reason
    assert told.startswith("the proxy http://p.test:3128 answered HTTP 407: it wants a user and password")
    assert "HTTPS_PROXY" in told
    known = attrs.evolve(proxy, authorization="Basic eA==")
    assert "does not take the user and password" in refusal(answer(407), b"", ORIGIN, (), proxy=known).reason
    assert refusal(answer(407), b"", ORIGIN, ()).reason == "the server answered HTTP 407"


def test_a_quoted_body_is_one_printable_line_without_secrets() -> None:
    body = "bad\x00\n\tkey s3cret-key, also Bearer s3cret-key; über ".encode() + b"\xff" + b"z" * 300
    refused = refusal(answer(500), body, ORIGIN, ["Bearer s3cret-key", "ab"])
    assert refused.reason.startswith("the server answered HTTP 500: bad key ***, also ***; über \ufffdzzz")
    assert len(refused.reason) <= 231
    assert refused.status == 500


def test_an_empty_body_leaves_the_status() -> None:
    assert refusal(answer(502), b"", ORIGIN, ()).reason == "the server answered HTTP 502"
