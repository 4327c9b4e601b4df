"""How a call ended, in one word, with its code and its reason."""

from __future__ import annotations

import pytest
import trio

from argus_trio.core.call.record import CallRecord, Cut
from argus_trio.core.open_exchanges import CancelledByOperator, CutByStop
from argus_trio.errors import BackendError, BackendUnavailable, InvalidParams, Overloaded, Unexpected
from argus_trio.pipeline.records.outcomes import (
    OutcomeName,
    code_of_error,
    outcome_of_error,
    outcome_of_result,
    reason_of,
)


@pytest.mark.parametrize(
    ("method", "result", "outcome"),
    [
        ("tools/call", b'{"content":[]}', "ok"),
        ("tools/call", b'{"content":[],"isError":true}', "tool_error"),
        ("tools/call", b'{"isError" :\n true,"content":[]}', "tool_error"),
        ("tools/call", b'{"content":[],"isError":false}', "ok"),
        ("tools/call", b'{"structuredContent":{"isError":true},"content":[]}', "ok"),
        ("tools/call", b'{"content":[{"type":"text","text":"\\"isError\\":true"}]}', "ok"),
        ("prompts/get", b'{"isError":true}', "ok"),
        ("tools/call", b'{"isError":true', "ok"),
    ],
)
def test_a_tool_that_failed_is_told_from_one_that_speaks_of_failures(method: str, result: bytes, outcome: str) -> None:
    assert outcome_of_result(method, result) == outcome


@pytest.mark.parametrize(
    ("error", "outcome", "code", "reason"),
    [
        (InvalidParams("unknown tool: x"), "refused", -32602, "unknown tool: x"),
        (Overloaded("full"), "refused", -31016, "full"),
        (
            CutByStop(),
            "cut",
            -31016,
            "the gateway is stopping, and the call did not end within server.drain_timeout",
        ),
        (CancelledByOperator(), "cancelled", -31017, "the call was cancelled by an operator of the gateway"),
        (BackendError(b'{"code":-32050,"message":"no"}'), "failed", -32050, "no"),
        (BackendError(b'{"code":1e400,"message":"odd"}'), "failed", None, "odd"),
        (BackendUnavailable("files", "it is down"), "failed", -31013, "backend 'files' is unavailable: it is down"),
        (Unexpected("1f"), "failed", -32603, "internal error 1f"),
        (ValueError("the words of a secret"), "failed", -32603, "ValueError"),
    ],
)
def test_an_error_says_who_is_at_fault(error: Exception, outcome: OutcomeName, code: int | None, reason: str) -> None:
    assert outcome_of_error(error, CallRecord()) == outcome
    assert code_of_error(error) == code
    assert reason_of(error, CallRecord()) == reason


@pytest.mark.parametrize(
    ("cut", "outcome", "reason"),
    [
        ("cancelled", "cancelled", "cancelled"),
        ("client_gone", "client_gone", "client_gone"),
        ("session_ended", "cut", "session_ended"),
        ("expired", "cut", "expired"),
        ("stopped", "cut", "stopped"),
        ("operator", "cancelled", "operator"),
        ("replaced", "cut", "replaced"),
        (None, "cut", "stopped"),
    ],
)
async def test_what_was_cancelled_says_by_whom(cut: Cut | None, outcome: OutcomeName, reason: str) -> None:
    record = CallRecord()
    record.cut = cut
    seen: list[BaseException] = []
    with trio.CancelScope() as scope:
        scope.cancel()
        try:
            await trio.lowlevel.checkpoint()
        except trio.Cancelled as cancelled:
            seen.append(cancelled)
            raise
    assert outcome_of_error(seen[0], record) == outcome
    assert reason_of(seen[0], record) == reason
    assert code_of_error(seen[0]) is None
    assert code_of_error(seen[0], record) == {"operator": -31017, "replaced": -31013}.get(str(cut))


def test_what_a_reload_cut_did_not_fail() -> None:
    record = CallRecord()
    record.cut = "replaced"
    assert outcome_of_error(BackendUnavailable("docs", "it was replaced"), record) == "cut"
