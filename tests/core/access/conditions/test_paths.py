"""Paths below a path: nothing that a program could read as outside counts as inside."""

from __future__ import annotations

import posixpath
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.core.access.conditions.paths import NoPath, base_of, is_under

BASE = "/srv/public"
NAMES = st.text(st.sampled_from("ab-_é. %2e2fF;~"), min_size=1, max_size=6)
PARTS = st.lists(st.one_of(NAMES, st.sampled_from(["..", ".", "", "%2e%2e", "%252e%252e", "..;x"])), max_size=6)


@pytest.mark.parametrize(
    "path",
    [
        "/srv/public",
        "/srv/public/",
        "/srv/public/a.txt",
        "/srv/public/./a//b/",
        "/srv/./public/a",
        "/srv/public/.hidden",
        "/srv/public/a..b",
        "/srv/public/100%",
        "/srv/public/a%20b",
        "/srv/public/%C3%A9",
        "/srv/public/a;v=1",
    ],
)
def test_what_lies_below_in_every_reading_is_under_it(path: str) -> None:
    assert is_under(path, BASE)
    assert is_under(path, BASE + "/")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/srv",
        "/srv/publicly",
        "/srv/Public/a",
        "srv/public/a",
        "./srv/public/a",
        "~/srv/public",
        "//srv/public/a",
        "/srv/public/../secret",
        "/srv/public/a/../b",
        "/srv/public/..",
        "/srv/public/.. /a",
        "/srv/public/...",
        "/srv/public/..;/a",
        "/srv/public/%2e%2e/a",
        "/srv/public/.%2E/a",
        "/srv/public/%252e%252e/a",
        "/srv/public/%25252e%25252e/a",
        "/srv/public/..%2fa",
        "/srv/public/%2e%2e%2fa",
        "/srv/public/%c0%ae%c0%ae/a",
        "/srv/public/%u002e%u002e/a",
        "/srv/publi%63/a",
        "/srv/public/a%00.txt",
        "/srv/public/a\x00.txt",
        "/srv/public/.\t./a",
        "/srv/public/..\\a",
        "/srv/public\\a",
        "\\srv\\public\\a",
        "C:\\srv\\public",
        "file:///srv/public/a",
        "/srv/public/\uff0e\uff0e/a",
        "/srv/public/\u2025/a",
        "/srv/public/..\uff0fa",
        "/srv/public/..?a",
        "/srv/public/..#/a",
        "/srv/public/" + "a" * 5000,
    ],
)
def test_what_may_lie_outside_does(path: str) -> None:
    assert not is_under(path, BASE)


def test_a_uri_is_compared_with_uris_alone() -> None:
    assert is_under("file:///srv/public/a", "file:///srv/public")
    assert not is_under("/srv/public/a", "file:///srv/public")
    for uri in (
        "FILE:///srv/public/a",
        "file://host/srv/public/a",
        "file:///srv/public/a?b",
        "file:///srv/public/../a",
    ):
        assert not is_under(uri, "file:///srv/public")


def test_everything_that_is_clear_lies_below_the_root() -> None:
    assert is_under("/a/b", "/")
    assert not is_under("/../a", "/")


@pytest.mark.parametrize("text", ["", "srv", "./a", "/srv/../a", "/srv/%20", "//srv", "/a\\b", "file://host/a"])
def test_a_base_has_to_be_clear(text: str) -> None:
    with pytest.raises(NoPath):
        base_of(text)
    assert base_of(BASE) == BASE


@given(PARTS, st.integers(0, 2), st.booleans())
def test_no_reading_of_what_is_under_it_leads_out(parts: list[str], encodings: int, is_below: bool) -> None:
    path = (BASE if is_below else "") + "/" + "/".join(parts)
    for _ in range(encodings):
        path = quote(path, safe="/")
    if not is_under(path, BASE):
        return
    for reading in (path, unquote(path), unquote(unquote(path))):
        assert posixpath.normpath(reading).startswith(BASE)
        assert ".." not in reading.split("/")


@given(st.lists(st.text(st.sampled_from("abcXYZ09_-"), min_size=1, max_size=8), max_size=6))
def test_plain_names_below_it_are_under_it(names: list[str]) -> None:
    assert is_under("/".join([BASE, *names]), BASE)
    assert is_under("/".join(["/elsewhere", *names]), BASE) is False
