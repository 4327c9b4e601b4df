"""The body of the answer to a call: members as they came, beside what was called."""

from __future__ import annotations

import json

import pytest

from argus_trio.frontend.manage.answer import ManageProblem
from argus_trio.frontend.manage.calls.requested import Requested
from argus_trio.frontend.manage.calls.results import answer_body


def asked(method: str = "tools/call", word: str = "tool", name: str = "a") -> Requested:
    return Requested(
        method=method,  # type: ignore[arg-type]  # it is one of them
        word=word,  # type: ignore[arg-type]
        name=name,
        params={},
        abilities={},
        log_level=None,
        endpoint="",
        streams=False,
    )


def test_nothing_of_a_result_is_lost() -> None:
    result = b' {"content":[],"structuredContent":{"n":123456789012345678901234567890,"x":1.10},"_meta":{"a":1}}\n'
    body = answer_body(asked(name='"ü'), "files", result)
    assert body == b'{"tool":"\\"\xc3\xbc","backend":"files",' + result.strip()[1:]


def test_a_result_without_members_is_what_was_called_alone() -> None:
    assert answer_body(asked("resources/read", "uri", "a:b"), "f", b"{ }") == b'{"uri":"a:b","backend":"f"}'


@pytest.mark.parametrize("name", ["backend", "tool", "to\\u006fl"])
def test_no_member_stands_twice(name: str) -> None:
    result = f'{{"{name}":"theirs","content":[1e400]}}'.encode()
    body = answer_body(asked(), "f", result)
    assert body == b'{"tool":"a","backend":"f","content":[1e400]}'


def test_what_only_the_modern_wire_has_is_left_out() -> None:
    result = (
        b'{"resultType":"complete","ttlMs":0,"contents":[],"_meta":{"io.modelcontextprotocol/serverInfo":{},"b":2}}'
    )
    body = json.loads(answer_body(asked("resources/read", "uri", "a:b"), "f", result))
    assert body == {"uri": "a:b", "backend": "f", "contents": [], "_meta": {"b": 2}}


@pytest.mark.parametrize("result", [b"[]", b"1", b'{"backend":', b"null"])
def test_a_result_that_is_no_object_is_the_backends_fault(result: bytes) -> None:
    with pytest.raises(ManageProblem) as caught:
        answer_body(asked(), "f", result)
    assert caught.value.word == "backend-failed"
