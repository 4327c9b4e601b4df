"""What samples of a start say: work, output and messages are activity; waiting is not."""

from __future__ import annotations

import pytest

from argus_trio.core.health.activity import WORK_SECONDS, Activity, ActivityMonitor


def doing(messages: int = 0, output_bytes: int = 0, processor_seconds: float = 0.0) -> Activity:
    return Activity(messages=messages, output_bytes=output_bytes, processor_seconds=processor_seconds)


@pytest.mark.parametrize(
    "then", [doing(processor_seconds=WORK_SECONDS), doing(output_bytes=1), doing(messages=1)], ids=str
)
def test_work_output_and_messages_are_activity(then: Activity) -> None:
    monitor = ActivityMonitor(doing(), 10.0)
    monitor.sample(then, 12.0)
    assert monitor.busy_seconds == 2.0
    assert monitor.silent_seconds(15.0) == 3.0


def test_what_a_program_uses_that_only_waits_is_none() -> None:
    monitor = ActivityMonitor(doing(processor_seconds=1.0), 10.0)
    for second in range(1, 6):
        monitor.sample(doing(processor_seconds=1.0 + second * 0.01), 10.0 + second)
    assert monitor.busy_seconds == 0.0
    assert monitor.silent_seconds(15.0) == 5.0


def test_a_child_that_ended_unseen_was_activity_too() -> None:
    """What it used is counted no longer where nobody has reaped it: the figure falls."""
    monitor = ActivityMonitor(doing(processor_seconds=3.0), 10.0)
    monitor.sample(doing(processor_seconds=1.0), 11.0)
    assert monitor.busy_seconds == 1.0


def test_time_without_activity_is_not_counted_as_work() -> None:
    monitor = ActivityMonitor(doing(), 0.0)
    monitor.sample(doing(output_bytes=1), 1.0)
    monitor.sample(doing(output_bytes=1), 5.0)
    monitor.sample(doing(output_bytes=2), 6.0)
    assert monitor.busy_seconds == 2.0
    assert monitor.silent_seconds(6.0) == 0.0


def test_whether_it_has_spoken_is_a_matter_of_messages() -> None:
    monitor = ActivityMonitor(doing(), 0.0)
    monitor.sample(doing(output_bytes=100), 1.0)
    assert not monitor.has_spoken
    monitor.sample(doing(output_bytes=200, messages=1), 2.0)
    assert monitor.has_spoken
