"""Events of the gateway and logs of backends: the latest, and on as they come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from argus_trio.contract.events import EVENT_STREAM as EVENTS_STREAM
from argus_trio.contract.events import EVENTS, EventEntry, EventsAnswer
from argus_trio.contract.operation import Operation
from argus_trio.contract.settings import LOGS, LogLineEntry, LogsAnswer
from argus_trio.verbs.failure import DONE
from argus_trio.verbs.link.stream import Followed
from argus_trio.verbs.show.clean import clean, one_line
from argus_trio.verbs.show.moments import moment
from argus_trio.verbs.verb import Verb
from argus_trio.wire.event_stream import Event

_SEVERITIES: Final = {"debug": "dim", "warning": "yellow", "error": "red"}
_SOURCES: Final = {"exit": "red", "gateway": "blue", "stdout": "yellow"}
_NO_EVENTS: Final = frozenset({"heartbeat", "figures"})
"""What comes on the stream of events and is none."""
_GAP: Final = "some are missing here: they were pushed out before they could be read"


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
        verb.terminal.note(f"argus-trio: {_GAP}")
    for entry in answer.events:
        _event(verb, entry)
    if is_followed:
        last = answer.events[-1].id if answer.events else ""
        for event in _followed(verb, EVENTS_STREAM, {}, query, last):
            if event.event not in _NO_EVENTS:
                _event(verb, verb.client.decoded(event.data, EventEntry))
                verb.terminal.out.flush()
    return DONE


def _event(verb: Verb, entry: EventEntry) -> None:
    if verb.terminal.is_json:
        verb.terminal.json_line(entry)
        return
    backend = f" {one_line(entry.backend)}:" if entry.backend else ""
    at = moment(entry.timestamp, datetime.now().astimezone())
    head = verb.terminal.painted(f"{at} {entry.severity:<7} {one_line(entry.stage)}", _SEVERITIES.get(entry.severity))
    verb.terminal.line(f"{head}{backend} {one_line(entry.message)}")


def logs(verb: Verb) -> int:
    """What a backend wrote, and with -f what it goes on to write."""
    names = {"backend": verb.option("backend")}
    raw = verb.client.fetch(LOGS, names, query={"limit": verb.options.limit})
    is_followed = bool(verb.options.follow)
    if verb.terminal.is_json and not is_followed:
        verb.terminal.raw(raw)
        return DONE
    answer = verb.client.decoded(raw, LogsAnswer)
    for entry in answer.lines:
        _log_line(verb, entry)
    if is_followed:
        last = answer.lines[-1].id if answer.lines else ""
        for event in _followed(verb, LOGS, names, {"follow": "true"}, last):
            if event.event == "line":
                _log_line(verb, verb.client.decoded(event.data, LogLineEntry))
                verb.terminal.out.flush()
    return DONE


def _log_line(verb: Verb, entry: LogLineEntry) -> None:
    if verb.terminal.is_json:
        verb.terminal.json_line(entry)
        return
    at = moment(entry.timestamp, datetime.now().astimezone())
    head = verb.terminal.painted(f"{at} {entry.source:<7}", _SOURCES.get(entry.source))
    verb.terminal.line(f"{head} {clean(entry.text)}")


def _followed(
    verb: Verb, operation: Operation, names: Mapping[str, str], query: Mapping[str, str], last_id: str
) -> Iterator[Event]:
    def tell(text: str) -> None:
        verb.terminal.note(f"argus-trio: {text}")

    verb.terminal.out.flush()
    followed = Followed(client=verb.client, operation=operation, names=names, query=query, last_id=last_id, tell=tell)
    for event in followed:
        if event.event == "gap":
            tell(_GAP)
        else:
            yield event
