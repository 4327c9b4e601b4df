"""What is known of a backend's programs: what they wrote, how they ended, and on as it comes."""

from __future__ import annotations

from typing import Final

from argus_trio.contract.settings import LOGS, LogLineEntry, LogsAnswer
from argus_trio.manage_client.clean import clean
from argus_trio.manage_client.failure import DONE
from argus_trio.manage_client.moments import moment, now
from argus_trio.verbs.follow import followed
from argus_trio.verbs.verb import Verb

_SOURCES: Final = {"exit": "red", "gateway": "blue", "stdout": "yellow"}


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
    if not answer.lines and not is_followed:
        verb.terminal.note("it has written nothing, and nothing has been noted about it")
    if is_followed:
        last = answer.lines[-1].id if answer.lines else ""
        for event in followed(verb, LOGS, names, {"follow": "true"}, last):
            if event.event == "line":
                _log_line(verb, verb.client.decoded(event.data, LogLineEntry))
                verb.terminal.out.flush()
    return DONE


def _log_line(verb: Verb, entry: LogLineEntry) -> None:
    if verb.terminal.is_json:
        verb.terminal.json_line(entry)
        return
    at = moment(entry.timestamp, now())
    head = verb.terminal.painted(f"{at} {entry.source:<7}", _SOURCES.get(entry.source))
    verb.terminal.line(f"{head} {clean(entry.text)}")
