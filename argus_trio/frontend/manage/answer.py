"""What a page of the management API answers, or raises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from argus_trio import Value
from argus_trio.contract.problem import PROBLEMS, type_of
from argus_trio.errors import ArgusError
from argus_trio.frontend.http.request import JSON, Header
from argus_trio.wire.envelope import encode


@attrs.frozen(kw_only=True)
class PageAnswer(Value):
    """An answer as a whole; `body` is a value of the contract, or bytes that are ready to send."""

    body: object
    status: int = 200
    headers: Sequence[Header] = (JSON,)

    @property
    def encoded(self) -> bytes:
        """The body's bytes."""
        return self.body if isinstance(self.body, bytes) else encode(self.body)


class ManageProblem(ArgusError):
    """A page cannot answer; `word` is one of `PROBLEMS`, `members` come beside the usual ones."""

    def __init__(
        self, word: str, detail: str, *, headers: Sequence[Header] = (), members: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(detail)
        self.word = word
        self.detail = detail
        self.headers = headers
        self.members = members or {}


def unknown_view() -> ManageProblem:
    """The problem of an `endpoint` that is none."""
    return ManageProblem("unknown-view", "the configuration has no view of the name in `endpoint`")


def problem_answer(problem: ManageProblem) -> PageAnswer:
    """The answer that tells a problem (RFC 9457)."""
    kind = PROBLEMS[problem.word]
    body = {
        "type": type_of(problem.word),
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail,
        "error": problem.word.replace("-", "_"),
        "message": problem.detail,
        **problem.members,
    }
    headers = ((b"content-type", b"application/problem+json"), *problem.headers)
    return PageAnswer(body=body, status=kind.status, headers=headers)
