"""Probes of a connection: when they are due, and what is made of the answers."""

from __future__ import annotations

from math import inf

import pytest

from argus_trio.core.health.probing import Condition, HealthVerdict, ProbeState


def probe_state(**changes: float) -> ProbeState:
    return ProbeState(interval=30, timeout=10, slow=2, failures=3, heard_at=0.0, **changes)  # type: ignore[arg-type]


def test_real_traffic_puts_the_probe_off() -> None:
    one = probe_state()
    assert one.due_at(0) == 30
    one.heard_at = 29
    assert one.due_at(30) == 59
    assert one.judged(30, is_busy=False).condition is Condition.WELL


def test_a_prompt_answer_is_well_and_a_late_one_slow_with_the_figure() -> None:
    one = probe_state()
    one.sent(30)
    assert one.due_at(31) == inf
    one.answered(30, 30.5)
    assert one.judged(30.5, is_busy=False) == HealthVerdict(condition=Condition.WELL)
    one.sent(60)
    one.answered(60, 63.25)
    verdict = one.judged(63.25, is_busy=False)
    assert verdict.condition is Condition.SLOW
    assert verdict.reason == "it took 3.2 s to answer a probe (health.slow: 2 s)"


def test_one_that_is_slow_is_probed_again_whatever_else_is_heard() -> None:
    one = probe_state()
    one.sent(30)
    one.answered(30, 35)
    one.heard_at = 59
    assert one.due_at(59) == 60
    one.sent(60)
    one.answered(60, 60.1)
    assert one.judged(61, is_busy=False).condition is Condition.WELL


def test_silence_is_probed_again_at_once_and_lost_after_so_many() -> None:
    one, told = probe_state(), []
    for now in (30, 40, 50):
        assert one.due_at(now) <= now
        one.sent(now)
        told.append(one.judged(now + 10, is_busy=False))
    assert [verdict.condition for verdict in told] == [Condition.SILENT, Condition.SILENT, Condition.LOST]
    assert [verdict.reason for verdict in told] == [
        "it did not answer 1 probe of 10 s",
        "it did not answer 2 probes of 10 s",
        "it did not answer 3 probes of 10 s",
    ]


def test_one_that_is_busy_is_not_lost_until_a_call_ran_out_of_time_with_nothing_heard_since() -> None:
    one = probe_state()
    for now in (30, 40, 50):
        one.sent(now)
    verdict = one.judged(600, is_busy=True)
    assert verdict.condition is Condition.SILENT
    assert verdict.reason.endswith("calls are under way")
    assert one.due_at(600) == inf, "it gets no heap of probes to wake up to"
    one.overdue_at = 601
    assert one.judged(601, is_busy=True).condition is Condition.LOST


def test_something_heard_stands_for_the_answer() -> None:
    one = probe_state()
    one.sent(30)
    one.sent(40)
    one.heard_at = 45
    one.overdue_at = 44
    assert one.judged(50, is_busy=True).condition is Condition.WELL
    assert one.due_at(50) == 75


def test_a_late_answer_counts_and_is_slow() -> None:
    one = probe_state()
    one.sent(30)
    assert one.judged(40, is_busy=False).condition is Condition.SILENT
    one.answered(30, 45)
    assert one.judged(45, is_busy=False).condition is Condition.SLOW


def test_a_fault_counts_at_once_and_says_why() -> None:
    one, told = probe_state(), []
    for now in (30, 40, 50):
        one.sent(now)
        one.failed(now, "the server answered HTTP 502")
        told.append(one.judged(now, is_busy=False))
        assert one.due_at(now) == now + 10
    assert [verdict.condition for verdict in told] == [Condition.SILENT, Condition.SILENT, Condition.LOST]
    assert {verdict.reason for verdict in told} == {"the server answered HTTP 502"}


@pytest.mark.parametrize(("is_busy", "condition"), [(False, Condition.LOST), (True, Condition.SILENT)])
def test_one_that_cannot_be_reached_is_lost_at_once_unless_calls_are_under_way(
    is_busy: bool, condition: Condition
) -> None:
    one = probe_state()
    one.sent(30)
    one.failed(30, "connection refused", is_unreachable=True)
    assert one.judged(30, is_busy=is_busy).condition is condition


def test_a_suspicion_makes_a_probe_due_at_once_but_not_a_storm_of_them() -> None:
    one = probe_state()
    one.suspect()
    assert one.due_at(5) <= 5
    one.sent(5)
    one.answered(5, 5.1)
    one.suspect()
    assert one.due_at(5.2) == 6


def test_a_busy_one_whose_probes_fail_is_probed_on_and_may_recover() -> None:
    one = probe_state()
    for now in range(30, 300, 10):
        assert one.due_at(now) <= now
        one.sent(now)
        one.failed(now, "the server answered HTTP 502")
        assert one.judged(now, is_busy=True).condition is Condition.SILENT
    assert one.unanswered(300) == 3
    one.sent(300)
    one.answered(300, 300.1)
    assert one.judged(300.1, is_busy=False).condition is Condition.WELL


def test_a_refusal_takes_no_time_so_the_next_probe_is_due_as_soon_as_silence_would_make_it() -> None:
    one = ProbeState(interval=2, timeout=10, slow=2, failures=3, heard_at=0.0)
    for now in (2, 4, 6):
        assert one.due_at(now) == now
        one.sent(now)
        one.failed(now, "the server answered HTTP 400")
    assert one.judged(6, is_busy=False) == HealthVerdict(
        condition=Condition.LOST, reason="the server answered HTTP 400"
    )


def test_a_backend_that_asked_to_be_left_alone_is_due_for_nothing_before() -> None:
    one = probe_state()
    one.spared_until = 100.0
    assert one.due_at(50) == 100
    assert one.look_again_at(50) == 100
    one.suspect()
    assert one.due_at(50) == 100
    assert one.due_at(150) == 100, "a thing of the past"
