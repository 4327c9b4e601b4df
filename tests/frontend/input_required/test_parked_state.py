"""The table of a parked call's states."""

from __future__ import annotations

import itertools

import pytest

from argus_trio.frontend.input_required.parked_state import TRANSITIONS, ParkedEvent, ParkedState, after

E, S = ParkedEvent, ParkedState


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([], S.ATTENDED),
        ([E.ANSWERED, E.COLLECTED, E.OVER], S.ENDED),
        ([E.ASKED], S.AWAY),
        ([E.ASKED, E.CAME_BACK], S.ATTENDED),
        ([E.ASKED, E.CAME_BACK, E.ASKED, E.CAME_BACK, E.ANSWERED], S.ANSWERED),
        ([E.ASKED, E.ANSWERED], S.ANSWERED_AWAY),
        ([E.ASKED, E.ANSWERED, E.CAME_BACK, E.COLLECTED], S.ENDED),
        ([E.ASKED, E.OVER], S.ENDED),
        ([E.ASKED, E.ANSWERED, E.OVER], S.ENDED),
        ([E.ASKED, E.CAME_BACK, E.OVER], S.ENDED),
        ([E.LOST, E.ANSWERED, E.OVER], S.LOST),
    ],
)
def test_a_call_goes_through_its_states(events: list[ParkedEvent], state: ParkedState) -> None:
    reached = S.ATTENDED
    for event in events:
        reached = after(reached, event)
    assert reached is state


def test_an_outcome_is_there_for_its_client_though_the_task_is_over() -> None:
    assert after(S.ANSWERED, E.OVER) is S.ANSWERED


def test_whoever_lost_its_client_answers_nobody_however_it_ends() -> None:
    assert {after(S.LOST, event) for event in (E.ANSWERED, E.LOST, E.OVER)} == {S.LOST}
    assert {after(state, E.LOST) for state in (S.ATTENDED, S.ANSWERED, S.ENDED)} == {S.LOST}


def test_only_a_client_that_was_asked_is_away() -> None:
    assert {state for state in S if state.is_away} == {after(S.ATTENDED, E.ASKED), after(S.ANSWERED, E.ASKED)}


def test_only_a_client_that_is_away_comes_back() -> None:
    assert {state for state in S if (state, E.CAME_BACK) in TRANSITIONS} == {state for state in S if state.is_away}


def test_a_client_that_is_away_cannot_be_lost_or_asked_and_collects_nothing() -> None:
    away = [state for state in S if state.is_away]
    for state, event in itertools.product(away, (E.LOST, E.ASKED, E.COLLECTED)):
        with pytest.raises(KeyError):
            after(state, event)


def test_every_task_may_end_in_any_state() -> None:
    assert {state for state in S if (state, E.OVER) in TRANSITIONS} == set(S)
