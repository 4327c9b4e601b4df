"""One call of this dashboard: what was asked for, what has come of it so far, and how it ended. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, cast

import attrs
import msgspec

from argus_trio import Value
from argus_trio.contract.calls import (
    CALL_TOOL,
    READ_RESOURCE,
    ExchangeEvent,
    LogMessageEvent,
    NotificationEvent,
    ProgressEvent,
)
from argus_trio.tui.calls.result import ReadResult
from argus_trio.tui.effect import StartCall
from argus_trio.wire.event_stream import Event

LINES_KEPT: Final = 500
"""How many lines of what a call has said are kept; the oldest go, and how many is told."""
LINE_CHARACTERS: Final = 4096
"""The most of one line that is kept."""
VISIT_OVER: Final = "the visit to the page that it asked for is over"

CallKind = Literal["tool", "resource", "prompt"]
LineKind = Literal["log", "note", "ask"]
OutcomeKind = Literal["result", "tool_error", "problem", "broke", "cancelled"]


@attrs.frozen(kw_only=True)
class CallLine(Value):
    """One thing that a call has said, in order."""

    at: float
    kind: LineKind
    level: str = ""
    """Of a log message."""
    text: str


@attrs.frozen(kw_only=True)
class CallEnd(Value):
    """How a call ended."""

    kind: OutcomeKind
    why: str = ""
    """For people, where there is no result."""
    raw: bytes = attrs.field(default=b"", repr=False, eq=False)
    """The result, or the problem, as it came; empty where it is kept no more."""
    result: ReadResult | None = attrs.field(default=None, repr=False, eq=False)
    """Its parts; None where it has none that are known."""
    is_forgotten: bool = False
    """Whether `raw` was let go to keep to a bound."""


@attrs.frozen(kw_only=True)
class CallUnderWay(Value):
    """A call and what has come of it."""

    id: int
    start: StartCall
    since: float
    exchange: str = ""
    """Its id at the gateway; empty until it is told."""
    progress: ProgressEvent | None = None
    lines: tuple[CallLine, ...] = ()
    lost: int = 0
    """How many lines were let go."""

    @property
    def kind(self) -> CallKind:
        """What is called."""
        if self.start.operation is CALL_TOOL:
            return "tool"
        return "resource" if self.start.operation is READ_RESOURCE else "prompt"

    @property
    def target(self) -> str:
        """The name or the URI of what is called, as it was written."""
        return str(self.start.body.get({"tool": "tool", "resource": "uri", "prompt": "name"}[self.kind], ""))

    @property
    def arguments(self) -> Mapping[str, object]:
        """What it is called with."""
        return cast("Mapping[str, object]", self.start.body.get("arguments", {}))

    def said(self, *lines: CallLine) -> CallUnderWay:
        """The same with what it has said since."""
        whole = (*self.lines, *lines)
        gone = max(len(whole) - LINES_KEPT, 0)
        return attrs.evolve(self, lines=whole[gone:], lost=self.lost + gone)


@attrs.frozen(kw_only=True)
class PastCall(Value):
    """A call that is over."""

    call: CallUnderWay
    outcome: CallEnd
    ended: float
    took: float
    """How many seconds it took."""


def with_event(call: CallUnderWay, event: Event, now: float) -> CallUnderWay:
    """The call after an event that is neither a question nor the last one. One that cannot be read is told as such."""
    try:
        match event.event:
            case "exchange":
                return attrs.evolve(call, exchange=msgspec.json.decode(event.data, type=ExchangeEvent).id)
            case "progress":
                return attrs.evolve(call, progress=msgspec.json.decode(event.data, type=ProgressEvent))
            case "log":
                return call.said(_logged(msgspec.json.decode(event.data, type=LogMessageEvent), now))
            case "notification":
                return call.said(_notified(msgspec.json.decode(event.data, type=NotificationEvent), now))
            case "lost":
                return attrs.evolve(call, lost=call.lost + msgspec.json.decode(event.data, type=int))
            case _:
                return call
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return call.said(CallLine(at=now, kind="note", text=f"an event {event.event} came that cannot be read"))


def _logged(message: LogMessageEvent, now: float) -> CallLine:
    data = bytes(message.data)[: LINE_CHARACTERS * 4]
    text = text_of(data)
    logger = f"{message.logger}: " if message.logger else ""
    return CallLine(at=now, kind="log", level=message.level or "", text=(logger + text)[:LINE_CHARACTERS])


def _notified(notification: NotificationEvent, now: float) -> CallLine:
    if notification.method == "notifications/elicitation/complete":
        return CallLine(at=now, kind="note", text=VISIT_OVER)
    params = ", ".join(f"{name}: {text_of(bytes(value)[:200])}" for name, value in notification.params.items())
    return CallLine(at=now, kind="note", text=f"{notification.method} {params}".strip()[:LINE_CHARACTERS])


def text_of(data: bytes) -> str:
    """JSON for a line: a string as it is, all else as it came."""
    if data[:1] == b'"':
        try:
            return msgspec.json.decode(data, type=str)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
    return data.decode("utf-8", "replace")
