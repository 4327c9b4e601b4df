"""Which proxy the environment asks for."""

from __future__ import annotations

import pytest

from argus_trio.errors import LinkFailed
from argus_trio.net.origin import split_url
from argus_trio.net.proxies import proxy_for

BOTH = {"HTTP_PROXY": "http://plain.test:3128", "HTTPS_PROXY": "secure.test:8080"}


def way(url: str, **environ: str) -> str | None:
    proxy = proxy_for(split_url(url)[0], environ)
    return None if proxy is None else str(proxy.origin)


def test_each_scheme_has_its_proxy_and_lower_case_wins() -> None:
    assert way("http://a.test/", **BOTH) == "http://plain.test:3128"
    assert way("https://a.test/", **BOTH) == "http://secure.test:8080"
    assert way("https://a.test/", **BOTH, https_proxy="https://other.test") == "https://other.test"
    assert way("http://a.test/", ALL_PROXY="http://all.test") == "http://all.test"
    assert way("http://a.test/") is None


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "x.localhost"])
def test_loopback_is_reached_directly(host: str) -> None:
    assert way(f"http://{host}:9/", **BOTH) is None


@pytest.mark.parametrize(
    ("exempt", "is_direct"),
    [
        ("*", True),
        ("a.test", True),
        (".test", True),
        ("*.test", True),
        ("x, A.TEST ,y", True),
        ("a.test:80", True),
        ("a.test:81", False),
        ("b.test", False),
        ("est", False),
        ("", False),
    ],
)
def test_names_can_be_exempt(exempt: str, is_direct: bool) -> None:
    assert (way("http://a.test/", **BOTH, NO_PROXY=exempt) is None) == is_direct


@pytest.mark.parametrize(("exempt", "is_direct"), [("10.0.0.0/8", True), ("10.1.2.3", True), ("10.1.2.4", False)])
def test_addresses_and_networks_can_be_exempt(exempt: str, is_direct: bool) -> None:
    assert (way("http://10.1.2.3/", **BOTH, NO_PROXY=exempt) is None) == is_direct


def test_credentials_go_into_a_header_and_not_into_the_text() -> None:
    proxy = proxy_for(split_url("http://a.test")[0], {"http_proxy": "http://me:p%40ss@proxy.test"})
    assert proxy is not None
    assert proxy.authorization == "Basic bWU6cEBzcw=="
    assert "bWU6" not in repr(proxy)
    assert "ss@" not in repr(proxy)


def test_a_proxy_of_another_kind_is_refused_without_its_credentials() -> None:
    with pytest.raises(LinkFailed, match="http_proxy is not the address of an HTTP proxy") as caught:
        way("http://a.test/", http_proxy="socks5://me:secret@proxy.test")
    assert "secret" not in caught.value.reason
