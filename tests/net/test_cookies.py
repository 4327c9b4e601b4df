"""Cookies as RFC 6265 has them: which are kept, for how long, and with which requests they go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.net.cookies import MAX_ALL_BYTES, MAX_COOKIE_BYTES, MAX_COOKIES, CookieJar
from argus_trio.net.origin import split_url

NOW = 1_800_000_000.0


def jar(*set_cookies: str, url: str = "https://lb.example.com/a/mcp?k=v") -> CookieJar:
    origin, target = split_url(url)
    made = CookieJar(origin)
    made.take(set_cookies, target, NOW)
    return made


def sent(made: CookieJar, target: str = "/a/mcp", *, after: float = 0.0) -> str:
    return made.header(target, NOW + after)


def test_a_cookie_goes_with_the_next_request_and_a_later_one_takes_its_place() -> None:
    made = jar("AWSALB=one/two==; Path=/", "b=2")
    assert sent(made) == "b=2; AWSALB=one/two=="
    made.take(["AWSALB=three; Path=/; HttpOnly; SameSite=None; Unknown"], "/a/mcp", NOW)
    assert sent(made) == "b=2; AWSALB=three"


@pytest.mark.parametrize(
    ("attributes", "with_targets", "without_targets"),
    [
        ("", ["/a/mcp", "/a/other?x", "/a"], ["/", "/ab", "/b/a"]),
        ("; Path=/", ["/", "/a/mcp"], []),
        ("; Path=", ["/a/x"], ["/b"]),
        ("; Path=relative", ["/a/x"], ["/b"]),
        ("; Path=/b", ["/b", "/b/c", "/b?x=1"], ["/bc", "/a/mcp"]),
        ("; path=/b/", ["/b/", "/b/c"], ["/b", "/bc"]),
        ("; Path=/b; PATH=/c", ["/c"], ["/b"]),
    ],
)
def test_a_path_says_with_which_targets_it_goes(
    attributes: str, with_targets: list[str], without_targets: list[str]
) -> None:
    made = jar(f"a=1{attributes}")
    assert [sent(made, target) for target in with_targets] == ["a=1"] * len(with_targets)
    assert [sent(made, target) for target in without_targets] == [""] * len(without_targets)


def test_the_longer_path_comes_first_and_of_equal_ones_the_older() -> None:
    assert sent(jar("a=1; Path=/", "b=2; Path=/a", "c=3; Path=/a", "a=4; Path=/a/mcp")) == "a=4; b=2; c=3; a=1"


@pytest.mark.parametrize(
    ("domain", "is_kept"),
    [
        ("", True), ("lb.example.com", True), (".LB.example.com", True), ("example.com", True),
        ("x.lb.example.com", False), ("ample.com", False), ("other.org", False),
    ],
)  # fmt: skip
def test_a_cookie_for_another_host_is_not_kept(domain: str, is_kept: bool) -> None:
    assert bool(jar(f"a=1; Domain={domain}")) is is_kept


def test_an_address_is_part_of_no_domain() -> None:
    assert not jar("a=1; Domain=0.0.1", url="http://127.0.0.1/")
    assert jar("a=1; Domain=127.0.0.1", url="http://127.0.0.1/")
    assert not jar("a=1; Domain=1", url="http://[::1]/")


def test_a_secure_cookie_goes_over_tls_alone() -> None:
    assert sent(jar("a=1; Secure")) == "a=1"
    assert sent(jar("a=1; Secure", "b=2", url="http://lb.example.com/a/mcp")) == "b=2"


@pytest.mark.parametrize(
    ("attributes", "seconds"),
    [
        ("Max-Age=60", 60.0),
        ("Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", 60.0),
        ("Expires=Fri, 15 Jan 2027 08:01:00 GMT", 60.0),
        ("expires=Friday, 15-Jan-27 08:01:00 GMT", 60.0),
        ("expires=Fri Jan 15 08:01:00 2027", 60.0),
    ],
)
def test_a_cookie_is_over_when_it_says_so(attributes: str, seconds: float) -> None:
    made = jar(f"a=1; {attributes}")
    assert sent(made, after=seconds - 1) == "a=1"
    assert sent(made, after=seconds) == ""
    assert not made


@pytest.mark.parametrize("attributes", ["Max-Age=0", "Max-Age=-1", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_cookie_that_is_over_takes_the_one_before_away(attributes: str) -> None:
    made = jar("a=1")
    assert made.take([f"a=; {attributes}"], "/a/mcp", NOW) == 0
    assert not made


@pytest.mark.parametrize(
    "attributes",
    [
        "Max-Age=soon", "Max-Age=", "Expires=never", "Expires=Fri, 32 Jan 2027 08:01:00 GMT", "Expires=Jan 2027",
        "Expires=15 Jan 1500 08:01:00", "Expires=15 Jan 2027 24:01:00", "Expires=15 Mon 2027 08:01:00",
    ],
)  # fmt: skip
def test_an_expiry_that_cannot_be_read_is_none(attributes: str) -> None:
    assert sent(jar(f"a=1; {attributes}"), after=1e9) == "a=1"


@pytest.mark.parametrize("text", ["", "a", "=1", " = 1", "; Path=/", "a=1\x01", "a\x7f=1"])
def test_what_is_no_cookie_is_none(text: str) -> None:
    assert not jar(text)


def test_a_cookie_of_the_configuration_goes_along_and_wins() -> None:
    made = jar("lb=1", "mine=2")
    assert made.header("/a/mcp", NOW, configured="mine=x; other=y;") == "mine=x; other=y; lb=1"
    assert CookieJar(split_url("http://a")[0]).header("/", NOW, configured="mine=x") == "mine=x"


def test_cookies_beyond_the_bounds_are_counted_and_the_oldest_go() -> None:
    made = jar()
    assert made.take([f"a={'x' * MAX_COOKIE_BYTES}"], "/a/mcp", NOW) == 1
    assert not made
    assert made.take([f"c{number}=1" for number in range(MAX_COOKIES + 3)], "/a/mcp", NOW) == 3
    assert sent(made).startswith("c3=1; ")
    assert made.take([f"{name}={'x' * 4000}" for name in "abc"], "/a/mcp", NOW) == MAX_COOKIES + 1
    assert [pair[:2] for pair in sent(made).split("; ")] == ["b=", "c="]


@given(st.lists(st.text(max_size=60), max_size=30), st.text(max_size=20))
def test_nothing_that_a_server_sets_is_quoted_or_beyond_the_bounds(texts: list[str], target: str) -> None:
    made = jar("n4me=s3cret", *texts)
    made.take(texts, target, NOW)
    assert len(sent(made)) <= MAX_ALL_BYTES + 2 * MAX_COOKIES
    assert "s3cret" not in repr(made)
    assert "n4me" not in repr(made)
