"""Templates: which URIs they can mean, and that matching stays cheap."""

from __future__ import annotations

import time

import pytest

from argus_trio.core.catalog.templates import MAX_URI, compared_template, compile_template, matches
from argus_trio.core.catalog.uris import comparable, origin


@pytest.mark.parametrize(
    ("template", "uri"),
    [
        ("note://{id}", "note://42"),
        ("file:///{+path}", "file:///a/b/c.txt"),
        ("file:///{path*}", "file:///a/b"),
        ("search://items{?q,limit}", "search://items?q=a%20b&limit=3"),
        ("search://items{?q}", "search://items"),
        ("x://a{/b}/c", "x://a/1/2/c"),
        ("x://a{#part}", "x://a#top"),
        ("x://a{.ext}", "x://a.json"),
        ("x://{a}{b}", "x://12"),
        ("no://variables", "no://variables"),
        ("odd://(parens)[{x}]", "odd://(parens)[y]"),
    ],
)
def test_a_template_matches_what_it_expands_to(template: str, uri: str) -> None:
    assert matches(compile_template(template), uri)


@pytest.mark.parametrize(
    ("template", "uri"),
    [
        ("note://{id}", "note://a/b"),
        ("note://{id}", "note://"),
        ("note://{id}", "other://42"),
        ("file:///{+path}", "file:///"),
        ("a.b://{x}", "aXb://1"),
    ],
)
def test_a_template_does_not_match_what_it_cannot_mean(template: str, uri: str) -> None:
    assert not matches(compile_template(template), uri)


def test_a_long_uri_is_matched_by_no_template() -> None:
    assert matches(compile_template("x://{+a}"), "x://" + "a" * (MAX_URI - 4))
    assert not matches(compile_template("x://{+a}"), "x://" + "a" * (MAX_URI - 3))


def test_many_variables_in_a_row_cost_no_backtracking() -> None:
    pattern = compile_template("x://" + "{+a}" * 40 + "end")
    began = time.process_time()
    assert not matches(pattern, "x://" + "a" * (MAX_URI - 4))
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("template", "uri", "spelled"),
    [
        ("NOTE://My/a b/{id}", "note://my/a%20b/x%20y", "NOTE://My/a b/x%20y"),
        ("file:///dös/{+path}", "file:///d%C3%B6s/a/b", "file:///dös/a/b"),
        ("https://H:443/x{?q}", "https://h/x?q=1", "https://H:443/x?q=1"),
        ("https://h/x{?q}", "HTTPS://H/x", "https://h/x"),
        ("https://h{/path*}", "https://H/", "https://H/"),
        ("NOTE://{id}/ü", "note://Ab/%C3%BC", "note://Ab/%C3%BC"),
        ("mem:a b", "mem:a%20b", "mem:a b"),
    ],
)
def test_a_template_means_a_uri_however_its_text_is_spelled_and_gives_it_its_own(
    template: str, uri: str, spelled: str
) -> None:
    assert compared_template(template).spelled(uri) == spelled


def test_a_template_means_no_other_uri_and_none_that_is_too_long() -> None:
    assert compared_template("note://a b/{id}").spelled("note://a%20c/1") is None
    assert compared_template("x://{+a}").spelled("x://" + "a" * MAX_URI) is None
    assert compared_template("x://a/{b}/../c").spelled("x://a/c") is None, "its expression would be left out"


@pytest.mark.parametrize(
    ("template", "uri", "may_serve"),
    [
        ("note://h/{id}", "note://H/other", True),
        ("note://h/{id}", "note://g/1", False),
        ("NOTE://{id}", "note://g/1/2", True),
        ("note://{id}", "other://g", False),
        ("note://h{/path*}", "note://hh", True),
        ("urn:a:{id}", "urn:b", True),
        ("{+any}", "x://y", True),
        ("https://h", "https://h/x", True),
    ],
)
def test_who_has_a_template_may_serve_others_with_its_scheme_and_authority(
    template: str, uri: str, may_serve: bool
) -> None:
    assert compared_template(template).may_serve(origin(comparable(uri))) is may_serve
