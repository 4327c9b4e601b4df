"""How an exchange ended, in the words that logs and telemetry share."""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

from argus_trio.core.call.record import CUT_BY_CLIENT, CallRecord
from argus_trio.core.open_exchanges import CancelledByOperator, CutByStop, cut_error
from argus_trio.errors import (
    BackendError,
    BackendMisbehaved,
    BackendUnavailable,
    ClientCannotAnswer,
    DeadlineExceeded,
    RpcError,
    Unexpected,
)
from argus_trio.wire.envelope import Raw, decode_object
from argus_trio.wire.error_objects import code_of
from argus_trio.wire.members import string_member
from argus_trio.wire.passing.known_result import own_words

OutcomeName = Literal["ok", "tool_error", "refused", "failed", "cancelled", "client_gone", "cut"]
"""`refused`: the gateway did not serve it; `failed`: it should have been served and could not be, or the backend
answered with an error; `cut`: it was ended from outside, as by a stop, or a reload that
waited for it no longer."""

_CANCELLED: Final = CUT_BY_CLIENT | {"operator"}
_TOLD: Final = frozenset({"operator", "replaced"})
"""The cuts of which a client is told that is there still."""
_FAILURES: Final = (BackendError, BackendMisbehaved, BackendUnavailable, DeadlineExceeded, Unexpected)
_SAYS_ERROR: Final = re.compile(rb'"isError"\s*:\s*true')
_TRUE: Final = Raw(b"true")


def outcome_of_result(method: str, result: bytes) -> OutcomeName:
    """How a call ended that has a result. Only what looks like the result of a failed tool is decoded."""
    if method != "tools/call":
        return "ok"
    words = own_words(result)
    if words.find(b'"isError"') < 0 or _SAYS_ERROR.search(words) is None:
        return "ok"
    try:
        return "tool_error" if decode_object(words).get("isError") == _TRUE else "ok"
    except msgspec.DecodeError:
        return "ok"


def outcome_of_error(error: BaseException, record: CallRecord | None) -> OutcomeName:
    """How a call ended that has no result."""
    if isinstance(error, _FAILURES):
        return "cut" if record is not None and record.cut == "replaced" else "failed"
    if isinstance(error, CancelledByOperator):
        return "cancelled"
    if isinstance(error, CutByStop):
        return "cut"
    if isinstance(error, RpcError | ClientCannotAnswer):
        return "refused"
    if isinstance(error, Exception):
        return "failed"
    if record is not None and record.cut in _CANCELLED:
        return "client_gone" if record.cut == "client_gone" else "cancelled"
    return "cut"


def code_of_error(error: BaseException, record: CallRecord | None = None) -> int | None:
    """The JSON-RPC code that the client gets; None where it gets none, or no number."""
    if isinstance(error, BackendError):
        try:
            return int(code_of(error.encoded))
        except ValueError:
            return None
    if isinstance(error, RpcError):
        return error.code
    if isinstance(error, Exception):
        return -32603
    return cut_error(record).code if record is not None and record.cut in _TOLD else None


def reason_of(error: BaseException, record: CallRecord | None) -> str:
    """Why a call has no result, in short; nothing of an unexpected exception but its type."""
    if isinstance(error, BackendError):
        return (_message_of(error.encoded))[:_REASON]
    if isinstance(error, RpcError):
        return error.message[:_REASON]
    if isinstance(error, ClientCannotAnswer):
        return str(error)[:_REASON]
    if isinstance(error, Exception):
        return type(error).__name__
    return "stopped" if record is None or record.cut is None else record.cut


_REASON: Final = 300
"""As much of an error's text as is shown, in characters."""


def _message_of(encoded: bytes) -> str:
    try:
        return string_member(decode_object(encoded), "message") or ""
    except msgspec.DecodeError:
        return ""
