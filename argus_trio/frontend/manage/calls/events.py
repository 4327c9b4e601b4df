"""What is told of a call on its event stream, as events; sans I/O."""

from __future__ import annotations

from typing import Final

from argus_trio.contract.calls import AskCancelledEvent, ExchangeEvent, NotificationEvent
from argus_trio.core.call.levels import passes_level
from argus_trio.wire.envelope import Params, Raw, encode
from argus_trio.wire.event_stream import encode_event
from argus_trio.wire.members import number_member, string_member

_PROGRESS: Final = "notifications/progress"
_LOG: Final = "notifications/message"
_NULL: Final = Raw(b"null")


def begun(exchange_id: str) -> bytes:
    """The first event of a stream."""
    return encode_event(encode(ExchangeEvent(id=exchange_id)), event="exchange")


def told(method: str, params: Params, log_level: str | None) -> bytes | None:
    """The event of a notification; None if it is one that was not asked for."""
    if method == _PROGRESS:
        return _progress(params)
    if method != _LOG:
        return encode_event(encode(NotificationEvent(method=method, params=params)), event="notification")
    if log_level is None:
        return None
    level = string_member(params, "level")
    if level is not None and not passes_level(level, log_level):
        return None
    message = {"level": level, "logger": string_member(params, "logger"), "data": params.get("data", _NULL)}
    return encode_event(encode(message), event="log")


def _progress(params: Params) -> bytes | None:
    """The event of a report; None if it does not say how far the call is. Numbers stay as they were written."""
    if number_member(params, "progress") is None:
        return None
    total = params["total"] if number_member(params, "total") is not None else None
    report = {"progress": params["progress"], "total": total, "message": string_member(params, "message")}
    return encode_event(encode(report), event="progress")


def asked(ask_id: str, method: str, params: Params) -> bytes:
    """The event of a question."""
    return encode_event(encode({"id": ask_id, "method": method, "params": params}), event="ask")


def taken_back(ask_id: str) -> bytes:
    """The event of a question that needs no answer any more."""
    return encode_event(encode(AskCancelledEvent(id=ask_id)), event="ask_cancelled")


def ended(body: bytes, *, is_problem: bool) -> bytes:
    """The last event of a stream."""
    return encode_event(body, event="error" if is_problem else "result")
