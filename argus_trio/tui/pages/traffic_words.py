"""What there is to say of a call or a session, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from argus_trio.contract.clients import ExchangeEntry, SessionEntry
from argus_trio.manage_client.moments import duration, moment

WAITS: Final[Mapping[str, str]] = {
    "pipeline": "the middleware",
    "listing": "the lists that say whose it is",
    "backend start": "the start of its backend",
    "place": "a place at its backend",
    "connection": "a connection",
    "backend": "its backend's answer",
    "client": "its client's answer",
}
"""What a call waits for, by the word of the management API."""
WAITS_SHORTLY: Final[Mapping[str, str]] = {
    "pipeline": "the middleware",
    "listing": "the lists",
    "backend start": "start of backend",
    "place": "a place there",
    "connection": "a connection",
    "backend": "its backend",
    "client": "its client",
}
"""The same for a column."""
OUTCOMES: Final[Mapping[str, str]] = {
    "ok": "ok",
    "tool_error": "the tool says that it failed",
    "error": "an error",
    "cancelled": "its client took it back",
    "client_gone": "its client is gone",
    "session_ended": "its session ended",
    "stopped": "the gateway stopped",
    "expired": "its client did not come back with an answer",
    "replaced": "a reload replaced its backend",
    "operator": "it was cancelled by the management API",
}
"""How a call ended, by the word of the management API."""


def entry_facts(entry: ExchangeEntry | SessionEntry, age: float) -> tuple[tuple[str, str], ...]:
    """Names and texts, the most important first."""
    if isinstance(entry, SessionEntry):
        ends = (
            f"in {duration(entry.ttl)}, unless it is used" if entry.ttl is not None else "not while its client is there"
        )
        return (
            ("client", f"{entry.client or 'unnamed'} of {entry.principal}, at {entry.address}"),
            ("by", f"{entry.transport_type}, revision {entry.revision}, endpoint {entry.endpoint or '/mcp'}"),
            ("since", f"{local(entry.opened_at)}, {duration(age)} ago"),
            ("has", f"{entry.calls} calls under way, and sees {entry.tool_count} tools"),
            ("ends", ends),
        )
    asks = "" if not entry.asks else "once" if entry.asks == 1 else f"{entry.asks} times"
    session = f", session {entry.session}" if entry.session else ""
    return (
        ("what", f"{entry.method} {entry.target or ''} {f'at {entry.backend}' if entry.backend else ''}"),
        ("state", said_state(entry)),
        ("since", f"{local(entry.since)}, {'took' if entry.state == 'done' else 'so far'} {duration(age)}"),
        ("for", f"{entry.principal}, client {entry.client or 'unnamed'}, by {entry.transport}{session}"),
        ("asked", f"its client, {asks}" if asks else ""),
    )


def said_state(entry: ExchangeEntry) -> str:
    """What it waits for, or how it ended."""
    if entry.state == "in_flight":
        waits = entry.waits_for or ""
        return f"waits for {WAITS.get(waits, waits.replace('_', ' ') or 'nothing that is known')}"
    outcome = entry.outcome or ""
    code = "" if entry.error_code is None else f" {entry.error_code}"
    return f"{OUTCOMES.get(outcome, outcome.replace('_', ' '))}{code}"


def local(timestamp: str) -> str:
    """A moment by the clock on the wall, with its day."""
    return moment(timestamp, datetime.fromtimestamp(0).astimezone())


def shortly(timestamp: str, present: datetime) -> str:
    """The same as short as can be: the time of today, the day and the minute of another one."""
    said = moment(timestamp, present)
    return said if len(said) <= 8 else said[5:16]


def clock_at(now: float) -> str:
    """The time of day."""
    return datetime.fromtimestamp(now).astimezone().strftime("%H:%M:%S")
