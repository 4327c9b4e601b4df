"""Who is connected, and what is under way for whom; and the end of either."""

from __future__ import annotations

from argus_trio.contract.clients import (
    CANCEL_EXCHANGE,
    CLOSE_SESSION,
    EXCHANGES,
    SESSIONS,
    CancelledAnswer,
    ClosedAnswer,
    ExchangeEntry,
    ExchangesAnswer,
    SessionsAnswer,
)
from argus_trio.manage_client.clean import one_line
from argus_trio.manage_client.failure import DONE
from argus_trio.manage_client.moments import duration
from argus_trio.verbs.link.pages import all_pages
from argus_trio.verbs.show.table import write_table
from argus_trio.verbs.verb import Verb


def sessions(verb: Verb) -> int:
    """The sessions of clients, or the end of one."""
    if verb.option("close"):
        return _close(verb)
    raw = all_pages(verb.client, SESSIONS, {"limit": 1000})
    if verb.shows_raw(raw):
        return DONE
    answer = verb.client.decoded(raw, SessionsAnswer)
    rows = [
        (
            each.id,
            each.client,
            each.principal,
            each.endpoint,
            each.transport_type,
            each.revision,
            str(each.calls),
            duration(each.age_seconds),
            duration(each.idle_seconds),
        )
        for each in answer.sessions
    ]
    head = ("ID", "CLIENT", "PRINCIPAL", "VIEW", "TRANSPORT", "REVISION", "CALLS", "AGE", "IDLE")
    spare = ("REVISION", "VIEW", "TRANSPORT", "PRINCIPAL")
    write_table(verb.terminal, head, rows, none="no client has a session", spare=spare)
    return DONE


def _close(verb: Verb) -> int:
    """End a session."""
    answer, raw = verb.client.ask(ClosedAnswer, CLOSE_SESSION, {"id": verb.option("close")})
    if not verb.shows_raw(raw):
        verb.terminal.line(f"{one_line(answer.id)}: closed")
    return DONE


def exchanges(verb: Verb) -> int:
    """What is under way, or is over."""
    done = bool(getattr(verb.options, "done", False))
    query = {"state": "done" if done else "in_flight", "backend": verb.option("backend"), "limit": 1000}
    raw = all_pages(verb.client, EXCHANGES, query)
    if verb.shows_raw(raw):
        return DONE
    answer = verb.client.decoded(raw, ExchangesAnswer)
    head = (
        "ID",
        "TOOK" if done else "AGE",
        "METHOD",
        "TARGET",
        "BACKEND",
        "CLIENT",
        "PRINCIPAL",
        "OUTCOME" if done else "WAITS FOR",
    )
    rows = [_exchange(each) for each in answer.exchanges]
    none = "nothing is over yet" if done else "nothing is under way"
    write_table(verb.terminal, head, rows, none=none, spare=("PRINCIPAL", "METHOD", "CLIENT", "BACKEND"))
    return DONE


def _exchange(each: ExchangeEntry) -> tuple[str, ...]:
    last = each.outcome if each.state == "done" else each.waits_for
    return (
        each.id,
        duration(each.age_seconds),
        each.method,
        each.target or "",
        each.backend or "",
        each.client or "",
        each.principal,
        last or "",
    )


def cancel(verb: Verb) -> int:
    """Cancel calls by the ids of their exchanges."""

    def cancelled(exchange: str) -> int:
        answer, raw = verb.client.ask(CancelledAnswer, CANCEL_EXCHANGE, {"id": exchange})
        if not verb.shows_raw(raw):
            verb.terminal.line(f"{one_line(answer.id)}: cancelled")
        return DONE

    return verb.each(verb.options.exchanges, cancelled)
