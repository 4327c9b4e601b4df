"""The stages: every word that an event of the journal may have, and what it means. `docs/management.md` lists them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

JournalStage = Literal[
    "backend_breaker_opened",
    "backend_calls_cut",
    "backend_degraded",
    "backend_disabled",
    "backend_down",
    "backend_drained",
    "backend_enabled",
    "backend_preparing",
    "backend_queue_full",
    "backend_queue_relieved",
    "backend_ready",
    "backend_recovered",
    "backend_restarted",
    "backend_retired",
    "backend_session_lost",
    "backend_stopped",
    "catalog_changed",
    "credentials_refused",
    "exchange_cancelled",
    "gateway_started",
    "large_requests_refused",
    "locked_out",
    "log_level_changed",
    "memory_full",
    "name_collision",
    "reload_changed_nothing",
    "reload_refused",
    "reloaded",
    "requests_turned_away",
    "restart_needed",
    "session_ended",
    "session_opened",
    "stopping",
    "tool_dropped",
]
"""What has happened, in one word."""

STAGES: Final[Mapping[JournalStage, str]] = MappingProxyType(
    {
        "backend_breaker_opened": "it failed so often that it is left alone for a while",
        "backend_calls_cut": "calls that a drain did not wait for any longer were cancelled",
        "backend_degraded": "it answers slowly or not at all, or a list of it did not come",
        "backend_disabled": "an operator has switched it off",
        "backend_down": "it could not be connected, or the connection was lost",
        "backend_drained": "an operator lets it take no new calls",
        "backend_enabled": "an operator lets it serve again",
        "backend_preparing": "its program works before its first message: it installs, most likely",
        "backend_queue_full": "as many calls wait for it as may: more are refused",
        "backend_queue_relieved": "calls are taken again that were refused for its queue",
        "backend_ready": "it is connected and has been listed",
        "backend_recovered": "it answers well again, and its lists are whole",
        "backend_restarted": "an operator had it started anew",
        "backend_retired": "a reload removed or replaced it, and nothing of it is left",
        "backend_session_lost": "it forgot the session, which is begun anew",
        "backend_stopped": "nobody connects to it any more",
        "catalog_changed": "it shows other tools, prompts or resources than before",
        "credentials_refused": "credentials were refused",
        "exchange_cancelled": "an operator cancelled a call",
        "gateway_started": "the gateway serves",
        "large_requests_refused": "large requests in flight hold as much memory as they may",
        "locked_out": "an address brings wrong credentials again and again: its refusals are held back",
        "log_level_changed": "an operator changed the level of the log",
        "memory_full": "clients do not fetch what is theirs: what would keep more is refused",
        "name_collision": "two backends show the same names",
        "reload_changed_nothing": "the configuration was read again and is the same",
        "reload_refused": "the configuration was read again and has problems: the one before stays",
        "reloaded": "a new configuration is in effect",
        "requests_turned_away": "as many requests are in flight as may be: more are refused",
        "restart_needed": "a setting has changed that only a restart of the gateway takes over",
        "session_ended": "a client's session has ended; `why` says by whom",
        "session_opened": "a client has opened a session",
        "stopping": "the gateway ends: what is in flight has `server.drain_timeout`",
        "tool_dropped": "a tool is not shown that clients could not use",
    }
)
