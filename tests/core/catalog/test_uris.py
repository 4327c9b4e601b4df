"""URIs that mean the same: as RFC 3986 has it, and as the libraries of clients and servers spell them."""

from __future__ import annotations

import random
from time import process_time

import pytest
from pydantic import AnyUrl, TypeAdapter, ValidationError

from argus_trio.core.catalog.uris import MAX_COMPARED, comparable, led_elsewhere, origin, spellings

ANY_URL: TypeAdapter[AnyUrl] = TypeAdapter(AnyUrl)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("NOTE://Host/x", "note://host/x"),
        ("note://h/a b", "note://h/a%20b"),
        ("note://h/ü", "note://h/%c3%bc"),
        ("note://h/%c3%bc", "note://h/%C3%BC"),
        ("note://h/%7ex", "note://h/~x"),
        ("https://h", "https://h/"),
        ("https://h?q", "https://h/?q"),
        ("https://h:443/x", "https://h/x"),
        ("http://h:080/x", "http://h/x"),
        ("https://münchen.de/x", "https://xn--mnchen-3ya.de/x"),
        ("https://straße.de/", "https://xn--strae-oqa.de/"),
        ("note://ü/x", "note://%C3%BC/x"),
        ("http://h/a/./b/../c", "http://h/a/c"),
        ("http://h/a/%2e%2E/b", "http://h/b"),
        ("http://h/a/..", "http://h/"),
        ("http://h/../a", "http://h/a"),
        ("note:/a/../b", "note:/b"),
        ("file://localhost/x", "file:///x"),
        ("file:/x", "file:///x"),
        ("file:///C:\\x y", "file:///C:/x%20y"),
        ("http://[::1]:80/", "http://[::1]/"),
        ('x://h/{a}|<b>^`"', "x://h/%7Ba%7D%7C%3Cb%3E%5E%60%22"),
        ("x://h/100%", "x://h/100%25"),
        ("x://h/[1]?q=[2]#a b", "x://h/%5B1%5D?q=%5B2%5D#a%20b"),
        ("https://h/x?q='a'", "https://h/x?q=%27a%27"),
        ("urn:isbn:ü x", "urn:isbn:%C3%BC%20x"),
        (" note://h/x\n", "note://h/x"),
    ],
)
def test_spellings_of_one_uri_are_equal(one: str, other: str) -> None:
    assert comparable(one) == comparable(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("note://h/A", "note://h/a"),
        ("note://h/a", "note://h/a/"),
        ("note://h/a%2Fb", "note://h/a/b"),
        ("note://h/a?b", "note://h/a%3Fb"),
        ("note://h/a?x", "note://h/a#x"),
        ("note://h:80/x", "note://h/x"),
        ("http://h:8080/", "http://h/"),
        ("http://u@h/", "http://h/"),
        ("http://U@h/", "http://u@h/"),
        ("urn:a/../b", "urn:b"),
        ("note:///x", "note:/x"),
        ("x://h/a%25b", "x://h/a%2525b"),
        ("note://h\\x", "note://h/x"),
        ("a+b", "a%2Bb"),
    ],
)
def test_what_means_something_else_is_not_equal(one: str, other: str) -> None:
    assert comparable(one) != comparable(other)


def test_what_is_no_uri_and_what_is_very_long_stays_as_it_is() -> None:
    for text in ("", "no uri", "9x:y", "//h/x", "x" * 10, "data:," + " " * MAX_COMPARED):
        assert comparable(text) == text


def test_a_comparable_uri_stays_so_and_equals_what_pydantic_makes_of_it() -> None:
    chance = random.Random(7)
    letters = [
        *"aB1-._~:/?#@!$&'()*+,;=% \\|^`{}\"<>",
        "%2f",
        "%7E",
        "%zz",
        "ü",
        "ß",
        "日",
        "é",
        "..",
        "/./",
        "\ud83d\ude00",
    ]
    alike, compared = 0, 0
    for _ in range(3000):
        tail = "".join(chance.choices(letters, k=chance.randint(0, 12)))
        uri = (
            chance.choice(["http://h/", "https://Host:443", "file:///", "note://n/", "note:", "HTTP://ü.de/", "x://h"])
            + tail
        )
        once = comparable(uri)
        assert comparable(once) == once
        assert once.isascii() or once == uri
        try:
            theirs = str(ANY_URL.validate_python(uri))
        except ValidationError:
            continue
        compared += 1
        alike += comparable(theirs) == once
    assert compared > 2000
    assert alike >= 0.98 * compared, "the rest are oddities, such as four slashes of a file"


@pytest.mark.parametrize(
    ("uri", "whose"),
    [
        ("NOTE://Host:1/x", "note://host:1"),
        ("file:///x", "file://"),
        ("urn:isbn:1", "urn:"),
        ("https://h", "https://h"),
        ("no uri", ""),
    ],
)
def test_the_origin_of_a_uri_is_its_scheme_and_its_authority(uri: str, whose: str) -> None:
    assert origin(comparable(uri)) == whose


def test_a_filter_sees_a_uri_in_every_spelling_that_a_glob_may_have() -> None:
    assert {"file:///a%20b/%C3%BC", "file:///a b/ü", "FILE:///a b/%c3%bc"} <= set(spellings("FILE:///a b/%c3%bc"))
    assert {"https://h", "https://h/"} <= set(spellings("https://H"))
    assert "x://h/a%2Fb%25" in spellings("x://h/a%2fb%25"), "what would mean something else stays encoded"
    assert spellings("file:///public/../secret") == ("file:///secret",), "and not as something public"
    assert spellings("no uri") == ("no uri",)


@pytest.mark.parametrize(
    ("uri", "elsewhere"),
    [
        ("file:///srv/a", ()),
        ("file:///srv/a..b/%41", ()),
        ("file:///srv/../a", ()),
        ("file:///srv/%2e%2e/a", ()),
        ("file:///srv/..%2fa", ("file:///a",)),
        ("file:///srv/%252e%252e/a", ("file:///a",)),
        ("file:///srv/..%5Ca?q#f", ("file:///a?q#f",)),
        ("file:///srv/x%2F..%2Fa", ("file:///srv/a",)),
        ("x:srv/../a", ("x:a",)),
        ("x://h/srv%2f..%2f..%2fa", ("x://h/a",)),
        ("no uri/../a", (":a",)),
        ("%2e%2e/%ff", (":%ff",)),
        ("file:///srv/public/x?/../../../etc/passwd", ("file:///etc/passwd",)),
        ("file:///srv/public/x#/../../../etc/passwd", ("file:///etc/passwd",)),
        ("docs://h/a?q=/../b", ("docs://h/b",)),
        ("docs://h/a?q=..", ()),
        ("file:///srv/public//..//..//..//etc/passwd", ("file:///etc/passwd",)),
        ("file:///srv/public//%2e%2e//..#x", ("file:///#x",)),
        ("file:///srv/public/a//b", ()),
        ("file:///srv/public/.%252e#x", ("file:///srv/#x",)),
        ("file:///" + "a" * MAX_COMPARED + "/%2e./x", ("..",)),
        ("data:," + "a" * MAX_COMPARED + "%20", ()),
    ],
)
def test_where_a_uri_leads_for_programs_that_decode_first(uri: str, elsewhere: tuple[str, ...]) -> None:
    assert tuple(each.replace("\ufffd", "%ff") for each in led_elsewhere(uri)) == elsewhere


@pytest.mark.parametrize(
    "uri", ["file:///pub/..\\key", "file:///pub/.\t./key", " file:///pub/\n../key", "file:///pub/../key"]
)
def test_a_uri_with_dots_is_spelled_by_where_it_leads_alone(uri: str) -> None:
    assert set(spellings(uri)) == {"file:///key"}


def test_a_uri_of_megabytes_is_no_work() -> None:
    began = process_time()
    for uri in ("file:///" + "%2e%2e/" * 1_000_000, "a:" + "../" * 1_000_000):
        assert spellings(uri) == (uri,)
        assert led_elsewhere(uri) == ("..",)
    assert process_time() - began < 0.5
