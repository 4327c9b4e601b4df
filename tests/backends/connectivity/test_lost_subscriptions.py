"""What sessions had subscribed to over connections that are gone, until each has one again."""

from __future__ import annotations

from argus_trio.backends.connectivity.lost_subscriptions import LostSubscriptions
from argus_trio.core.call.abilities import Abilities
from tests.backends.support.scopes import Session

ROOTS, FORM = Abilities(roots=True), Abilities(form=True)


def test_what_a_session_has_lost_is_given_once() -> None:
    lost, session, other = LostSubscriptions(), Session(), Session()
    lost.add(session, ROOTS, ["u", "v"])
    lost.add(other, ROOTS, ["w"])
    assert lost.take(session) == {"u", "v"}
    assert lost.take(session) == set()
    assert len(lost) == 1


def test_who_has_lost_nothing_is_given_nothing() -> None:
    assert LostSubscriptions().take(Session()) == set()


def test_what_is_lost_again_is_added_to_what_had_been_lost_and_the_latest_abilities_count() -> None:
    lost, session = LostSubscriptions(), Session()
    lost.add(session, ROOTS, ["u"])
    lost.add(session, FORM, ["v"])
    assert list(lost) == [(session, FORM)]
    assert lost.take(session) == {"u", "v"}


def test_those_who_wait_are_told_with_the_abilities_that_their_connection_needs() -> None:
    lost, one, other = LostSubscriptions(), Session(), Session()
    lost.add(one, ROOTS, ["u"])
    lost.add(other, FORM, ["u"])
    waiting = []
    for client, abilities in lost:
        lost.take(client)  # as a connection does that opens meanwhile
        waiting.append((client, abilities))
    assert waiting == [(one, ROOTS), (other, FORM)]
    assert len(lost) == 0


def test_what_another_has_lost_is_taken_over_where_nothing_is_known_here() -> None:
    old, lost, known, new = LostSubscriptions(), LostSubscriptions(), Session(), Session()
    old.add(known, ROOTS, ["u"])
    old.add(new, FORM, ["v"])
    lost.add(known, ROOTS, ["w"])
    lost.take_over(old)
    assert dict(lost) == {known: ROOTS, new: FORM}
    assert lost.take(known) == {"w"}
    assert lost.take(new) == {"v"}
