"""Templates: which URIs they can mean, and that matching stays cheap."""

from __future__ import annotations

import time

import pytest

from argus_trio.core.catalog.catalog import Entry, Published, build
from argus_trio.core.catalog.names import Scheme
from argus_trio.core.catalog.templates import MAX_URI, UriTemplate
from argus_trio.core.catalog.uris import comparable, origin
from argus_trio.wire.envelope import encode_raw
from tests.stopwatch import cost


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
    assert UriTemplate(template).matches(uri)


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
    assert not UriTemplate(template).matches(uri)


def test_a_long_uri_is_matched_by_no_template() -> None:
    assert UriTemplate("x://{+a}").matches("x://" + "a" * (MAX_URI - 4))
    assert not UriTemplate("x://{+a}").matches("x://" + "a" * (MAX_URI - 3))


def test_many_variables_in_a_row_cost_no_backtracking() -> None:
    template = UriTemplate("x://" + "{+a}" * 40 + "end")
    began = time.process_time()
    assert not template.matches("x://" + "a" * (MAX_URI - 4))
    assert time.process_time() - began < 1


def spelled_by(template: str, uri: str) -> str | None:
    return UriTemplate(template).compared.spelled(uri, comparable(uri))


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
    assert spelled_by(template, uri) == spelled


def test_a_template_means_no_other_uri_and_none_that_is_too_long() -> None:
    assert spelled_by("note://a b/{id}", "note://a%20c/1") is None
    assert spelled_by("x://{+a}", "x://" + "a" * MAX_URI) is None
    assert spelled_by("x://a/{b}/../c", "x://a/c") is None, "its expression would be left out"


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
    assert UriTemplate(template).compared.may_serve(origin(comparable(uri))) is may_serve


def test_thousands_of_templates_are_made_known_as_fast_as_resources() -> None:
    """Every change of any list makes the catalog anew, on the loop that serves all calls."""

    uris = [f"mem://all/{number}/{{item}}" for number in range(2000)]
    entries = tuple(Entry(key=uri, shown_name=uri, fields={"name": encode_raw(uri)}) for uri in uris)

    def taken(published: Published) -> float:
        return cost(lambda: build([published], Scheme(), {}), turns=5)

    templates = Published(backend="all", prefix="", serves_resources=True, templates=entries)
    resources = Published(backend="all", prefix="", serves_resources=True, resources=entries)
    assert taken(templates) < 3 * taken(resources)
