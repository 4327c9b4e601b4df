"""Templates: which URIs they can mean, and that matching stays cheap."""

from __future__ import annotations

import time

import pytest

from argus_trio.core.catalog.templates import MAX_URI, compile_template, matches


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
