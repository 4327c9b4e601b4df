"""Every error of a call becomes a problem that says what it is."""

from __future__ import annotations

import json

import pytest

from argus_trio import errors
from argus_trio.contract.calls import CALL_TOOL
from argus_trio.contract.problem import PROBLEMS
from argus_trio.core.access.denials import ArgumentsRefused, InsufficientScope, RateLimited, Rejected
from argus_trio.core.call.unknown_targets import unknown_named
from argus_trio.core.open_exchanges import CancelledByOperator
from argus_trio.errors import (
    BackendError,
    BackendMisbehaved,
    BackendUnavailable,
    CapabilityMissing,
    DeadlineExceeded,
    HeaderMismatch,
    InvalidParams,
    InvalidRequest,
    MethodUnknown,
    Overloaded,
    ParseFailed,
    ResourceUnknown,
    ResponseInvalid,
    RevisionUnsupported,
    RpcError,
    Unexpected,
)
from argus_trio.frontend.manage.answer import problem_answer
from argus_trio.frontend.manage.calls.refusals import problem_of

EVERY: list[tuple[RpcError, str, int]] = [
    (ParseFailed("x"), "call-failed", 400),
    (InvalidRequest("x"), "call-failed", 400),
    (ResponseInvalid(b"1", "x"), "call-failed", 400),
    (MethodUnknown("x"), "unknown-target", 404),
    (InvalidParams("x"), "call-failed", 400),
    (unknown_named("tool", "x"), "unknown-target", 404),
    (ResourceUnknown("x:y"), "unknown-target", 404),
    (Unexpected("abc"), "internal", 500),
    (HeaderMismatch("x"), "call-failed", 400),
    (CapabilityMissing("x", {}), "call-failed", 400),
    (RevisionUnsupported("x", ()), "call-failed", 400),
    (BackendUnavailable("b", "down", retry_after=1.2), "backend-unavailable", 503),
    (BackendMisbehaved("b", "odd"), "backend-failed", 502),
    (DeadlineExceeded("b", 3), "deadline-exceeded", 504),
    (Overloaded("full", data={"retryAfter": 5.0}), "overloaded", 503),
    (RateLimited("x", {"per": "minute"}, wait_ns=2_100_000_000), "rate-limited", 429),
    (Rejected("no"), "refused", 403),
    (InsufficientScope(("a",)), "refused", 403),
    (ArgumentsRefused(("/path",)), "refused", 403),
    (CancelledByOperator(), "call-cancelled", 409),
]


@pytest.mark.parametrize(("error", "word", "status"), EVERY, ids=lambda each: type(each).__name__)
def test_each_error_is_a_problem_with_its_code_and_data(error: RpcError, word: str, status: int) -> None:
    answer = problem_answer(problem_of(error))
    body = json.loads(answer.encoded)
    assert (body["type"].rpartition("/")[2], answer.status) == (word, status)
    assert (body["code"], body["data"], body["detail"]) == (error.code, error.data, error.message)


def test_no_error_is_forgotten() -> None:
    named = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, RpcError)}
    assert named - {type(error) for error, _, _ in EVERY} == {RpcError, BackendError}


def test_who_may_come_back_is_told_when_in_whole_seconds() -> None:
    said = {type(error).__name__: dict(problem_of(error).headers).get(b"retry-after") for error, _, _ in EVERY}
    assert {name: value for name, value in said.items() if value} == {
        "BackendUnavailable": b"2",
        "RateLimited": b"3",
        "Overloaded": b"5",
    }
    assert b"insufficient_scope" in dict(problem_of(InsufficientScope(("a",))).headers)[b"www-authenticate"]


@pytest.mark.parametrize(
    ("encoded", "word", "code", "data"),
    [
        (
            b'{"code":-32050,"message":"m","data":{"n":123456789012345678901234567890}}',
            "backend-error",
            b"-32050",
            b"{",
        ),
        (b'{"code":-32602,"message":"m"}', "call-failed", b"-32602", b"null"),
        (b'{"code":-32002,"message":"m","data":null}', "unknown-target", b"-32002", b"null"),
        (b'{"code":-32042,"message":"m","data":{"elicitations":[]}}', "call-failed", b"-32042", b"{"),
        (b'{"message":"m"}', "backend-error", b"null", b"null"),
        (b'{"code":"odd","message":"m"}', "backend-error", b'"odd"', b"null"),
    ],
)
def test_an_error_of_a_backend_keeps_its_words(encoded: bytes, word: str, code: bytes, data: bytes) -> None:
    problem = problem_of(BackendError(encoded))
    assert (problem.word, problem.detail) == (word, "m")
    assert (bytes(problem.members["code"]), bytes(problem.members["data"])[: len(data)]) == (code, data)  # type: ignore[call-overload]
    assert b"123456789012345678901234567890" in problem_answer(problem).encoded or b"12345" not in encoded


def test_every_problem_of_a_call_is_one_that_the_contract_has() -> None:
    words = {word for _, word, _ in EVERY} | {"backend-error"}
    assert words - {"internal"} <= set(CALL_TOOL.problems)
    assert set(CALL_TOOL.problems) <= PROBLEMS.keys()
