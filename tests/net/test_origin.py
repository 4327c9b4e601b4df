"""URLs taken apart."""

from __future__ import annotations

import pytest

from argus_trio.errors import LinkFailed
from argus_trio.net.origin import split_url


@pytest.mark.parametrize(
    ("url", "origin", "target", "header", "authority"),
    [
        ("http://a", "http://a", "/", "a", "a:80"),
        ("https://A.b:443/x/y?z=1&t=a%20b", "https://a.b", "/x/y?z=1&t=a%20b", "a.b", "a.b:443"),
        ("https://a:80/ü?ä", "https://a:80", "/%C3%BC?%C3%A4", "a:80", "a:80"),
        ("http://[::1]:9/x#fragment", "http://[::1]:9", "/x", "[::1]:9", "[::1]:9"),
        ("http://bücher.example/", "http://xn--bcher-kva.example", "/", "xn--bcher-kva.example", None),
    ],
)
def test_a_url_is_an_origin_and_a_target(
    url: str, origin: str, target: str, header: str, authority: str | None
) -> None:
    found, path = split_url(url)
    assert (str(found), path, found.host_header) == (origin, target, header)
    assert authority is None or found.authority == authority


@pytest.mark.parametrize("url", ["", "ftp://a/", "http://", "/mcp", "http://a:b/", "http://[::1/", "http://a:99999/"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(LinkFailed, match="the url"):
        split_url(url)


def test_a_password_in_the_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(LinkFailed) as caught:
        split_url("https://me:hunter2@a/")
    assert "hunter2" not in caught.value.reason


def test_a_url_cannot_split_a_request() -> None:
    assert "\r" not in split_url("http://a/x y\r\nb: c")[1]
