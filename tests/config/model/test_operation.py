"""The defaults by which a backend is operated: they must make sense together, as the checks want it of a file."""

from __future__ import annotations

from argus_trio.config.model.operation import Bounds, Probing, Restart, Timeouts


def test_the_default_deadlines_can_be_extended() -> None:
    assert Timeouts().call <= Timeouts().call_max


def test_the_default_waits_grow() -> None:
    restart = Restart()
    assert restart.initial <= restart.max <= restart.cooldown


def test_a_slow_answer_is_in_time_and_a_probe_is_over_before_the_next() -> None:
    probing = Probing()
    assert probing.slow <= probing.timeout <= probing.interval


def test_more_calls_may_wait_than_run() -> None:
    assert Bounds().concurrency <= Bounds().queue
