"""What has happened in the gateway: the latest events, and on as they come."""

from __future__ import annotations

from typing import Final

from argus_trio.contract.events import EVENT_STREAM, EVENTS, EventEntry, EventsAnswer
from argus_trio.manage_client.clean import one_line
from argus_trio.manage_client.failure import DONE
from argus_trio.manage_client.moments import moment, now
from argus_trio.verbs.follow import GAP, followed
from argus_trio.verbs.verb import Verb

_SEVERITIES: Final = {"debug": "dim", "warning": "yellow", "error": "red"}
_NO_EVENTS: Final = frozenset({"heartbeat", "figures"})
"""What comes on the stream of events and is none."""


def events(verb: Verb) -> int:
    """The latest events, and with -f those that come."""
    query = {"severity": verb.option("severity"), "backend": verb.option("backend")}
    raw = verb.client.fetch(EVENTS, query={**query, "limit": verb.options.limit, "since": verb.option("since")})
    is_followed = bool(verb.options.follow)
    if verb.terminal.is_json and not is_followed:
        verb.terminal.raw(raw)
        return DONE
    answer = verb.client.decoded(raw, EventsAnswer)
    if answer.gap:
        verb.terminal.note(f"argus-trio: {GAP}")
    for entry in answer.events:
        _event(verb, entry)
    if not answer.events and not is_followed:
        verb.terminal.note("no such events")
    if is_followed:
        last = answer.events[-1].id if answer.events else ""
        for event in followed(verb, EVENT_STREAM, {}, query, last):
            if event.event not in _NO_EVENTS:
                _event(verb, verb.client.decoded(event.data, EventEntry))
                verb.terminal.out.flush()
    return DONE


def _event(verb: Verb, entry: EventEntry) -> None:
    if verb.terminal.is_json:
        verb.terminal.json_line(entry)
        return
    is_named = entry.backend is None or entry.message.startswith(entry.backend)
    backend = "" if is_named else f" {one_line(entry.backend or '')}:"
    times = entry.details.get("times")
    again = f" ({times} times)" if isinstance(times, int) and times > 1 else ""
    at = moment(entry.timestamp, now())
    head = verb.terminal.painted(f"{at} {entry.severity:<7} {one_line(entry.stage)}", _SEVERITIES.get(entry.severity))
    verb.terminal.line(f"{head}{backend} {one_line(entry.message)}{again}")
