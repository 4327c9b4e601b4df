"""What the log is told of calls that are refused."""

from __future__ import annotations

import structlog
import trio
import trio.testing

from argus_trio.pipeline.lifetime import Lifetime
from argus_trio.pipeline.limits.reports import REPORT_SECONDS, LimitReport, Reporting
from tests.pipeline.support.limits import per_minute


def counts(logs: list[structlog.typing.EventDict]) -> list[int]:
    return [each["refused"] for each in logs if each["event"] == "calls_limited"]


async def test_the_first_of_a_crowd_is_told_at_once_the_others_within_a_minute_and_the_last_at_the_end(
    autojump_clock: trio.testing.MockClock,
) -> None:
    report = LimitReport(per_minute(1, tools=("a", "b")))
    with structlog.testing.capture_logs() as logs:
        async with Reporting((report,)):
            for _ in range(50):
                report.refused("p:ada")
            assert counts(logs) == [1]
            await trio.sleep(REPORT_SECONDS + 1)
            assert counts(logs) == [1, 49]
            await trio.sleep(REPORT_SECONDS)
            report.refused("a:192.0.2.1")
            report.refused("a:")
            assert counts(logs) == [1, 49, 1]
        assert counts(logs) == [1, 49, 1, 1]
    rule = {"scope": "principal", "calls": 1, "per": 60, "tools": ("a", "b")}
    assert [(each["limit"], each["latest"]) for each in logs] == [
        (rule, latest) for latest in ("ada", "ada", "192.0.2.1", "unknown")
    ]


async def test_it_can_be_entered_again_after_its_end(autojump_clock: trio.testing.MockClock) -> None:
    reporting = Reporting((LimitReport(per_minute(1)),))
    for _ in range(2):
        async with reporting:
            await trio.sleep(2 * REPORT_SECONDS)


async def test_it_lives_as_what_a_stage_holds_does(autojump_clock: trio.testing.MockClock) -> None:
    report = LimitReport(per_minute(1))
    lifetime = Lifetime(Reporting((report,)))
    with structlog.testing.capture_logs() as logs:
        async with trio.open_nursery() as nursery:
            assert lifetime.take()
            await nursery.start(lifetime.run)
            report.refused("p:ada")
            report.refused("p:ada")
            lifetime.give_back()
    assert counts(logs) == [1, 1]
