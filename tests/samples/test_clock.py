"""The clock, called in process by the SDK's client."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from mcp.client import Client

from argus_trio.samples import clock


async def call(tool: str, **arguments: object) -> object:
    async with Client(clock.server) as client:
        result = await client.call_tool(tool, arguments)
        assert not result.is_error, result.content
        return result.structured_content


async def test_now_is_now() -> None:
    answer = await call("now")
    assert isinstance(answer, dict)
    assert abs((datetime.fromisoformat(answer["iso"]) - datetime.now(UTC)).total_seconds()) < 60


async def test_a_moment_is_converted_between_zones_across_a_date_line() -> None:
    answer = await call("convert", time="2026-07-28T22:30", from_timezone="Europe/Berlin", to_timezone="Asia/Tokyo")
    assert answer == {
        "timezone": "Asia/Tokyo",
        "iso": "2026-07-29T05:30:00+09:00",
        "weekday": "Wednesday",
        "utc_offset": "+0900",
    }


async def test_a_time_of_day_means_today_where_it_is_said() -> None:
    answer = await call("convert", time="09:30", from_timezone="UTC", to_timezone="UTC")
    assert isinstance(answer, dict)
    assert answer["iso"].endswith("T09:30:00+00:00")


@pytest.mark.parametrize(("start", "end", "days"), [("2026-02-27", "2026-03-01", 2), ("2026-03-01", "2026-02-27", -2)])
async def test_days_are_counted_in_both_directions(start: str, end: str, days: int) -> None:
    assert await call("days_between", start=start, end=end) == {"result": days}


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("now", {"timezone": "Mars/Olympus"}, "no time zone 'Mars/Olympus'"),
        ("now", {"timezone": "../etc/passwd"}, "no time zone"),
        ("convert", {"time": "noon", "from_timezone": "UTC", "to_timezone": "UTC"}, "'noon' is neither"),
        ("days_between", {"start": "yesterday", "end": "2026-01-01"}, "dates look like"),
    ],
)
async def test_what_is_wrong_is_told(tool: str, arguments: dict[str, object], told: str) -> None:
    async with Client(clock.server) as client:
        result = await client.call_tool(tool, arguments)
    assert result.is_error
    assert told in str(result.content)


async def test_time_zones_are_a_resource_and_a_meeting_is_a_prompt() -> None:
    async with Client(clock.server) as client:
        zones = await client.read_resource("clock://timezones")
        prompt = await client.get_prompt("meeting", {"cities": "Lima, Oslo"})
    assert "UTC" in str(zones.contents)
    assert "Lima, Oslo" in str(prompt.messages)
