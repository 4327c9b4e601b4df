"""What a backend gave out beside its lists: remembered in bounds, however it was given out."""

from __future__ import annotations

import json

import pytest

from argus_trio.core.catalog.given_uris import MOST_BYTES, MOST_URIS, GivenUris
from argus_trio.core.catalog.uris import MAX_COMPARED
from argus_trio.wire.envelope import encode_raw

LINK = {"type": "resource_link", "uri": "a:1", "name": "n"}
EMBEDDED = {"type": "resource", "resource": {"uri": "a:2", "text": "t"}}


def of(result: object) -> list[str]:
    given = GivenUris()
    given.note_result(json.dumps(result).encode())
    return [uri for uri in ("a:1", "a:2", "a:3") if given.spelled(uri) is not None]


@pytest.mark.parametrize(
    ("result", "uris"),
    [
        ({"content": [{"type": "text", "text": "x"}, LINK, EMBEDDED]}, ["a:1", "a:2"]),
        ({"messages": [{"role": "user", "content": LINK}, {"role": "user", "content": [EMBEDDED]}]}, ["a:1", "a:2"]),
        ({"contents": [{"uri": "a:3", "text": "x"}]}, ["a:3"]),
        ({"taskId": "t", "status": "completed", "result": {"content": [LINK]}}, ["a:1"]),
        ({"content": [{"type": "text", "text": '"uri": "a:1"'}]}, []),
        ({"structuredContent": {"uri": "a:1"}, "content": []}, []),
        ({"content": [{"uri": 7}, LINK]}, ["a:1"]),
        ({"content": {"uri": ["a:1"]}, "messages": 7, "contents": [[{"uri": "a:1"}]], "result": []}, []),
        ([LINK], []),
    ],
)
def test_links_and_resources_in_results_are_remembered(result: object, uris: list[str]) -> None:
    assert of(result) == uris


def test_a_uri_is_found_in_any_spelling_and_told_as_it_was_given_out_last() -> None:
    given = GivenUris()
    given.note_member({"uri": encode_raw("note://H/a b")})
    given.note_member({})
    assert given.spelled("NOTE://h/a%20b") == "note://H/a b"
    given.note("note://h/a%20b")
    assert (given.spelled("note://H/a b"), len(given)) == ("note://h/a%20b", 1)
    assert given.spelled("note://h/b") is None


def test_the_oldest_are_forgotten_when_there_are_too_many_or_they_are_too_long() -> None:
    given = GivenUris()
    for number in range(MOST_URIS + 1):
        given.note(f"a:{number}")
    assert (len(given), given.spelled("a:0"), given.spelled("a:1")) == (MOST_URIS, None, "a:1")
    long = "x" * 8000
    for number in range(200):
        given.note(f"b:{number}/{long}")
    assert len(given) <= MOST_BYTES // 16000 + 1
    assert given.spelled(f"b:199/{long}") is not None
    given.note("data:," + "x" * MAX_COMPARED)
    assert given.spelled(f"b:199/{long}") is not None, "what is not kept takes no room"


def test_a_result_with_very_many_is_looked_at_as_far_as_they_are_kept() -> None:
    given = GivenUris()
    given.note_result(json.dumps({"content": [{**LINK, "uri": f"a:{n}"} for n in range(MOST_URIS + 5)]}).encode())
    assert len(given) == MOST_URIS


def test_a_successor_knows_what_its_predecessor_gave_out_and_its_own_more_surely() -> None:
    old, new = GivenUris(), GivenUris()
    for number in range(MOST_URIS):
        old.note(f"a:{number}")
    new.note("A:1")
    new.note("b:1")
    new.take_over(old)
    assert (len(new), new.spelled("a:1"), new.spelled("b:1"), new.spelled("a:0")) == (MOST_URIS, "A:1", "b:1", None)
    assert new.spelled("a:2") == "a:2"
