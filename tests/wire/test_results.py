"""Results in the words of each era."""

from __future__ import annotations

import msgspec
import pytest

from argus_trio.wire.envelope import Raw
from argus_trio.wire.passing.known_result import KnownResult
from argus_trio.wire.results import (
    CACHEABLE,
    SERVER_INFO,
    for_legacy_client,
    for_modern_client,
    of_backend,
    without_reserved,
)
from argus_trio.wire.revisions import Era

INFO = b'{"name":"argus"}'
STAMP = {"io.modelcontextprotocol/serverInfo": {"name": "argus"}}


def test_a_result_that_is_plainly_spelled_stays_as_it_is_and_what_is_no_object_is_none() -> None:
    for result in (
        b'{ "resultType":"complete","content":[]}',
        b'{"content":[{"type":"text","text":"a\\nb\\"\\u20ac"}]}',
    ):
        assert of_backend(result, Era.MODERN) is result
    for no_object in (b"[]", b"null", b'"x"', b'["\\/"]', b'{"\\ud800\\u0061":1}'):
        assert of_backend(no_object, Era.MODERN) is None


def test_what_a_result_says_of_itself_is_found_in_whatever_spelling() -> None:
    result = (
        b'{"content":[{"text":"a\\/b\\u0000"}],"\\u0072esultType":"comple\\u0074e",'
        b'"_met\\u0061":{"io.modelcontextprotocol\\/serverInfo":{"name":"\\u0061"},"own":1}}'
    )
    assert of_backend(result, Era.MODERN) == (
        b'{"content":[{"text":"a\\/b\\u0000"}],"resultType":"complete",'
        b'"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"\\u0061"},"own":1}}'
    )
    assert of_backend(b'{"a":"\\/","resultType":7,"_meta":[]}', Era.MODERN) == b'{"a":"\\/","resultType":7,"_meta":[]}'


def test_a_large_result_is_looked_at_for_its_own_words_alone() -> None:
    known = KnownResult(b'{"content":[{"type":"text","text":"\\/"}]}')
    known.words = b"{}"
    assert of_backend(known, Era.LEGACY) is known
    known.words = b'{"resultType":"input\\u005frequired"}'
    assert of_backend(known, Era.LEGACY) == b'{"content":[{"type":"text","text":"\\/"}]}'


def test_a_legacy_backend_has_no_types_of_results() -> None:
    assert of_backend(b'{"a":1,"resultType":"input_required"}', Era.LEGACY) == b'{"a":1}'
    assert of_backend(b'{"a":1,"result\\u0054ype":"task"}', Era.LEGACY) == b'{"a":1}'


def test_what_is_of_a_hop_is_left_out_in_whatever_spelling() -> None:
    cleaned = without_reserved(Raw(b'{"a":1,"io.modelcontextprotocol\\/serverInfo":{}}'))
    assert cleaned == Raw(b'{"a":1}')
    assert without_reserved(Raw(b'{"a":"\\/"}')) is None


def modern(method: str, result: bytes) -> object:
    return msgspec.json.decode(for_modern_client(method, result, INFO))


def test_a_plain_result_gets_its_type_and_our_identity() -> None:
    assert modern("tools/call", b'{"content":[],"odd":1}') == {
        "resultType": "complete",
        "_meta": STAMP,
        "content": [],
        "odd": 1,
    }
    assert modern("tools/call", b"{}") == {"resultType": "complete", "_meta": STAMP}
    assert modern("tools/call", b"{ }") == {"resultType": "complete", "_meta": STAMP}


@pytest.mark.parametrize("method", sorted(CACHEABLE))
def test_a_cacheable_result_gets_hints_that_promise_nothing(method: str) -> None:
    assert modern(method, b'{"x":[]}') == {
        "resultType": "complete",
        "ttlMs": 0,
        "cacheScope": "private",
        "_meta": STAMP,
        "x": [],
    }


def test_what_a_modern_backend_says_stays_but_its_identity() -> None:
    result = b'{"resultType":"complete","ttlMs":5,"_meta":{"a":1,"io.modelcontextprotocol/serverInfo":{"name":"b"}}}'
    assert modern("tools/list", result) == {
        "resultType": "complete",
        "ttlMs": 5,
        "cacheScope": "private",
        "_meta": {"a": 1, **STAMP},
    }


def test_null_for_what_a_modern_result_must_say_counts_as_absent() -> None:
    result = b'{"resultType":null,"ttlMs":null,"cacheScope":null,"_meta":null,"tools":[]}'
    assert modern("tools/list", result) == modern("tools/list", b'{"tools":[]}')


def test_an_interim_result_gets_no_hints() -> None:
    assert modern("resources/read", b'{"resultType":"input_required"}') == {
        "resultType": "input_required",
        "_meta": STAMP,
    }


def test_words_inside_a_text_are_not_taken_for_members() -> None:
    text = msgspec.json.encode({"content": [{"text": '"resultType" "_meta"'}], "s": {"resultType": 1, "_meta": 2}})
    found = modern("tools/call", text)
    assert isinstance(found, dict)
    assert found["resultType"] == "complete"
    assert found["s"] == {"resultType": 1, "_meta": 2}
    assert for_legacy_client("tools/call", text) == text


@pytest.mark.parametrize("result", [b"null", b"[1]", b'"x"'])
def test_what_is_no_object_passes_as_it_is(result: bytes) -> None:
    assert for_modern_client("tools/call", result, INFO) == result
    assert for_legacy_client("tools/list", result) == result


def test_a_legacy_result_reaches_a_legacy_client_untouched() -> None:
    result = b'{ "content" : [ ], "ttlMs": 3, "_meta":{"a":1} }'
    assert for_legacy_client("tools/call", result) is result


def test_a_modern_result_loses_what_only_that_revision_knows() -> None:
    result = (
        b'{"resultType":"complete","ttlMs":1,"cacheScope":"public","x":1.10,"_meta":{"io.modelcontextprotocol/a":1}}'
    )
    assert for_legacy_client("tools/list", result) == b'{"x":1.10}'
    kept = b'{"resultType":"complete","_meta":{"io.modelcontextprotocol/a":1,"b":2}}'
    assert for_legacy_client("tools/call", kept) == b'{"_meta":{"b":2}}'
    assert for_legacy_client("tools/list", b'{"tools":[],"ttlMs":0}') == b'{"tools":[]}'


def test_only_reserved_keys_leave_a_meta() -> None:
    assert without_reserved(Raw(b'{"a":1}')) is None
    assert without_reserved(Raw(b'{"a":"io.modelcontextprotocol/x"}')) is None
    assert without_reserved(Raw(b'["io.modelcontextprotocol/x"]')) is None
    assert bytes(without_reserved(Raw(b'{"io.modelcontextprotocol/x":1,"a":2}')) or b"") == b'{"a":2}'


def test_what_is_said_of_a_task_is_not_of_the_hop() -> None:
    related = b'{"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"t"},"io.modelcontextprotocol/x":1}}'
    assert for_legacy_client("tasks/result", related) == (
        b'{"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"t"}}}'
    )
    assert b'"taskId":"t"' in for_modern_client("tools/call", related, INFO)


def test_a_result_of_our_own_is_not_searched_whatever_its_entries_say() -> None:
    own = KnownResult(b'{"tools":[{"name":"t","_meta":{"ttlMs":1,"resultType":"x"}}]}')
    assert for_legacy_client("tools/list", own) is own
    assert msgspec.json.decode(for_modern_client("tools/list", own, b'{"name":"g"}')) == {
        "resultType": "complete",
        "ttlMs": 0,
        "cacheScope": "private",
        "_meta": {SERVER_INFO: {"name": "g"}},
        **msgspec.json.decode(own),
    }
