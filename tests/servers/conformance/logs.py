"""Log messages at the level that the client asked for: per session in the legacy era, per request in the modern.

The SDK keeps to the level of a request by itself; the level of a session is its servers' own business.
"""

from __future__ import annotations

from typing import get_args
from weakref import WeakKeyDictionary

from mcp.server.connection import Connection
from mcp.types import EmptyResult, LoggingLevel, SetLevelRequestParams

from tests.servers.conformance.dialogue import Context

ASCENDING: tuple[LoggingLevel, ...] = get_args(LoggingLevel)

_levels: WeakKeyDictionary[Connection, LoggingLevel] = WeakKeyDictionary()


def connection_of(context: Context) -> Connection:
    return context.session._connection  # the SDK shows handlers no other thing that lives as long as the session


async def set_level(context: Context, params: SetLevelRequestParams) -> EmptyResult:
    _levels[connection_of(context)] = params.level
    return EmptyResult()


async def log(context: Context, level: LoggingLevel, line: str) -> None:
    """Nothing below the level that the client has set; a session that set none gets everything."""
    if ASCENDING.index(level) >= ASCENDING.index(_levels.get(connection_of(context), "debug")):
        await context.session.send_log_message(level, line, related_request_id=context.request_id)
