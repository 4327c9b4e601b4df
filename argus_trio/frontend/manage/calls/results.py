"""From the result of a call to the body of its answer: its members as they came, beside what was called and where."""

from __future__ import annotations

from argus_trio.frontend.manage.answer import ManageProblem
from argus_trio.frontend.manage.calls.requested import Requested
from argus_trio.wire.envelope import encode
from argus_trio.wire.members import object_or_none
from argus_trio.wire.results import for_legacy_client

_BACKEND = "backend"


def answer_body(asked: Requested, backend: str, result: bytes) -> bytes:
    """The body. What only the modern wire has is left out, as it is for clients of 2025-11-25.

    Members of the result that are called as ours are make way for them.

    Raises:
        ManageProblem: the result is no object.
    """
    result = for_legacy_client(asked.method, result).strip()
    front = encode({asked.word: asked.name, _BACKEND: backend})
    if result[:1] != b"{":
        raise ManageProblem("backend-failed", "its result is no object")
    if b'"%b"' % asked.word.encode() not in result and b'"backend"' not in result and b"\\u" not in result:
        rest = result[1:].lstrip()
        return front[:-1] + (rest if rest[:1] == b"}" else b"," + rest)
    members = object_or_none(result)
    if members is None:
        raise ManageProblem("backend-failed", "its result is no object")
    rest_of_them = {name: value for name, value in members.items() if name not in (asked.word, _BACKEND)}
    return encode({asked.word: asked.name, _BACKEND: backend, **rest_of_them})
