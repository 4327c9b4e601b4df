"""From the error of a call to the problem that tells it, as one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argus_trio.core.access.denials import ArgumentsRefused, InsufficientScope, RateLimited, Rejected
from argus_trio.core.call.unknown_targets import UnknownName
from argus_trio.core.open_exchanges import CancelledByOperator
from argus_trio.errors import (
    BackendError,
    BackendMisbehaved,
    BackendUnavailable,
    DeadlineExceeded,
    MethodUnknown,
    Overloaded,
    ResourceUnknown,
    RpcError,
    Unexpected,
)
from argus_trio.frontend.http.request import Header, retry_after
from argus_trio.frontend.manage.answer import ManageProblem
from argus_trio.wire.envelope import Raw
from argus_trio.wire.error_objects import code_of
from argus_trio.wire.members import object_or_none, string_member

_WORDS: Final[Mapping[type, str]] = {
    UnknownName: "unknown-target",
    MethodUnknown: "unknown-target",
    ResourceUnknown: "unknown-target",
    BackendUnavailable: "backend-unavailable",
    BackendMisbehaved: "backend-failed",
    DeadlineExceeded: "deadline-exceeded",
    BackendError: "backend-error",
    RateLimited: "rate-limited",
    InsufficientScope: "refused",
    ArgumentsRefused: "refused",
    Rejected: "refused",
    Overloaded: "overloaded",
    CancelledByOperator: "call-cancelled",
    Unexpected: "internal",
    RpcError: "call-failed",
}
"""What each kind of error is called; the nearest one counts."""

_BY_CODE: Final[Mapping[bytes, str]] = {
    b"-32002": "unknown-target",
    **dict.fromkeys(
        (b"-32700", b"-32600", b"-32601", b"-32602", b"-32020", b"-32021", b"-32022", b"-32042"), "call-failed"
    ),
}
"""What a backend's own error is called, by its code: those that say that the call is not as it has to be."""


def problem_of(error: RpcError) -> ManageProblem:
    """The problem; `code` and `data` are those of the error."""
    if isinstance(error, BackendError):
        return _of_backend(error.encoded)
    word = next(_WORDS[kind] for kind in type(error).__mro__ if kind in _WORDS)
    return ManageProblem(word, error.message, headers=_headers(error), members={"code": error.code, "data": error.data})


def _of_backend(encoded: bytes) -> ManageProblem:
    members = object_or_none(encoded) or {}
    word = _BY_CODE.get(code_of(encoded), _WORDS[BackendError])
    detail = string_member(members, "message") or "it says no more"
    null = Raw(b"null")
    return ManageProblem(word, detail, members={"code": members.get("code", null), "data": members.get("data", null)})


def _headers(error: RpcError) -> tuple[Header, ...]:
    match error.data:
        case {"retryAfter": float() | int() as seconds}:
            return (retry_after(seconds), *error.http_headers)
        case _:
            return error.http_headers
