"""The exchanges under way, as those see them who look on."""

from __future__ import annotations

from math import inf

import attrs
from msgspec.structs import replace

from argus_trio.core.call.exchange import Call
from argus_trio.core.call.record import CallRecord
from argus_trio.core.open_exchanges import CancelledByOperator, OpenExchange, OpenExchanges, target_of
from argus_trio.wire.envelope import Raw
from argus_trio.wire.revisions import Era

CALL = Call(method="resources/read", params={"uri": Raw(b'"a://b"')}, era=Era.MODERN, revision="2026-07-28")


@attrs.define
class Scope:
    """What an exchange runs in."""

    cancelled: int = 0
    deadline: float = inf

    def cancel(self) -> None:
        self.cancelled += 1


def opened(exchanges: OpenExchanges, scope: Scope) -> OpenExchange:
    exchanges.begun += 1
    record = CallRecord(id=f"{exchanges.instance}-{exchanges.begun}")
    entry = OpenExchange(number=exchanges.begun, since=0.0, call=CALL, record=record, scope=scope)
    exchanges.under_way[record.id] = entry
    return entry


def test_those_under_way_are_found_by_their_ids_and_told_in_the_order_in_which_they_began() -> None:
    exchanges = OpenExchanges(instance="cafe")
    first, second = opened(exchanges, Scope()), opened(exchanges, Scope())
    assert (len(exchanges), list(exchanges)) == (2, [first, second])
    assert exchanges.get("cafe-2") is second
    assert exchanges.get("cafe-3") is None


def test_one_that_ends_while_they_are_told_hurts_nobody() -> None:
    exchanges = OpenExchanges(instance="cafe")
    for _ in range(3):
        opened(exchanges, Scope())
    for each in exchanges:
        del exchanges.under_way[each.record.id]
    assert len(exchanges) == 0


def test_cancelling_one_says_why_and_cancels_what_it_runs_in() -> None:
    scope = Scope()
    entry = opened(OpenExchanges(), scope)
    entry.cancel()
    assert (scope.cancelled, entry.record.cut) == (1, "operator")


def test_a_stop_cuts_all_but_those_that_are_told_of_it_in_other_words() -> None:
    exchanges = OpenExchanges()
    scopes = [Scope(), Scope(), Scope()]
    entries = [opened(exchanges, scope) for scope in scopes]
    entries[1].call = replace(CALL, transport="management")
    exchanges.end_by(7.5)
    assert [scope.deadline for scope in scopes] == [7.5, inf, 7.5]
    assert [entry.record.cut for entry in entries] == [None, None, None]


def test_its_target_is_the_name_that_was_found_or_what_its_params_say() -> None:
    assert target_of(CALL, CallRecord()) == "a://b"
    assert target_of(CALL, CallRecord(name="docs__read")) == "docs__read"
    assert target_of(replace(CALL, params={}), CallRecord()) == ""
    assert len(target_of(replace(CALL, params={"uri": Raw(b'"' + b"u" * 5000 + b'"')}), CallRecord())) == 200


def test_the_error_says_who_did_it_and_nothing_more() -> None:
    error = CancelledByOperator()
    assert (error.code, error.data) == (-31017, None)
    assert "operator" in error.message
