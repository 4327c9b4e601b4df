"""A sample MCP server on stdio: the time, anywhere. `python -m argus_trio.samples.clock`

Written with the MCP Python SDK, on trio. `argus-trio demo` puts it behind the gateway; it is no part of the gateway.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import anyio
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

server = MCPServer(
    "clock",
    title="Clock",
    instructions="Ask for the time in any IANA time zone, convert between zones, count days between dates.",
    version="1.0.0",
    log_level="WARNING",
)

LOOKING_ONLY = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)


@dataclass(frozen=True)
class Moment:
    """A point in time as somebody in `timezone` reads it."""

    timezone: str
    iso: str
    weekday: str
    utc_offset: str


def zone_named(name: str) -> tzinfo:
    """The time zone of an IANA name. Raises: ToolError, naming what is wrong, for a client to read."""
    if name.upper() in {"UTC", "Z"}:  # known even where the machine has no time zone database
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ToolError(f"no time zone {name!r} here; names look like Europe/Berlin") from None


def as_read_in(moment: datetime, zone: str) -> Moment:
    """The moment as somebody in `zone` reads it."""
    local = moment.astimezone(zone_named(zone))
    return Moment(
        timezone=zone,
        iso=local.isoformat(timespec="seconds"),
        weekday=local.strftime("%A"),
        utc_offset=local.strftime("%z"),
    )


@server.tool(title="Now", annotations=LOOKING_ONLY)
def now(timezone: str = "UTC") -> Moment:
    """The current time in a time zone, such as Asia/Tokyo."""
    return as_read_in(datetime.now(UTC), timezone)


@server.tool(title="Convert", annotations=LOOKING_ONLY)
def convert(time: str, from_timezone: str, to_timezone: str) -> Moment:
    """What a time of day (HH:MM, today) or a date and time (ISO 8601) in one time zone is in another."""
    origin = zone_named(from_timezone)
    try:
        moment = datetime.fromisoformat(
            time if len(time) > len("HH:MM:SS") else f"{datetime.now(origin).date()}T{time}"
        )
    except ValueError:
        raise ToolError(f"{time!r} is neither HH:MM nor an ISO 8601 date and time") from None
    return as_read_in(moment if moment.tzinfo else moment.replace(tzinfo=origin), to_timezone)


@server.tool(title="Days between", annotations=LOOKING_ONLY)
def days_between(start: str, end: str) -> int:
    """How many days lie between two dates (YYYY-MM-DD); negative if the end comes first."""
    try:
        return (date.fromisoformat(end) - date.fromisoformat(start)).days
    except ValueError as problem:
        raise ToolError(f"dates look like 2026-07-28: {problem}") from None


@server.resource("clock://timezones", title="Time zones", mime_type="text/plain")
def timezones() -> str:
    """Every time zone that this machine knows, one a line."""
    return "\n".join(sorted(available_timezones() | {"UTC"}))


@server.prompt(title="Find a meeting time")
def meeting(cities: str, minutes: str = "30") -> str:
    """Find a time that suits everybody, cities separated by commas."""
    return (
        f"Find a time in the next working days for a meeting of {minutes} minutes between people in {cities}. "
        "Use the clock's tools, keep to 9:00-17:00 for each where that is possible, and show every local time."
    )


def main() -> None:
    try:
        anyio.run(server.run_stdio_async, backend="trio")
    except* KeyboardInterrupt:
        pass  # Ctrl-C is how it is stopped


if __name__ == "__main__":
    main()
