"""How backends stand, as a gateway says it: asked until each has ended its first attempt to connect, or time is up."""

from __future__ import annotations

from typing import Final

import attrs
import trio

from argus_trio import Value
from argus_trio.contract.backends import BACKENDS, EGRESS, BackendEntry, BackendsAnswer, EgressAnswer
from argus_trio.contract.capabilities import CAPABILITIES, CapabilitiesAnswer, ToolEntry
from argus_trio.contract.settings import LOGS, LogLineEntry, LogsAnswer
from argus_trio.manage_client.client import ApiClient
from argus_trio.manage_client.failure import CommandFailed

POLL_SECONDS: Final = 0.25
"""How often a gateway is asked whether its backends have been tried."""
ASKED_SECONDS: Final = 10.0
"""How long one answer may take: it looks up what it knows; a catalog of thousands of tools is a few megabytes."""
MOST_PAGES: Final = 50
"""How many pages of tools are read: fifty thousand tools are more than any client takes."""
LINES_READ: Final = 40
"""How many of the latest lines of a backend's log are read."""
_UNDER_WAY: Final = frozenset({"starting", "preparing"})
WELL: Final = frozenset({"ready", "disabled", "draining"})
"""The states that nothing is to be done about: an operator decided two of them."""


@attrs.frozen(kw_only=True)
class BackendSeen(Value):
    """One backend, and what helps to know why it is not ready."""

    entry: BackendEntry
    lines: tuple[LogLineEntry, ...] = ()
    """What it wrote last."""
    egress: EgressAnswer | None = None
    """What its container tried to reach; None where it has none."""


@attrs.frozen(kw_only=True)
class GatewaySeen(Value):
    """What a gateway says of its backends."""

    backends: tuple[BackendSeen, ...] = ()
    tools: tuple[ToolEntry, ...] = ()
    """Of all backends, those that are hidden too."""
    visible: int = 0
    """How many tools clients are shown."""
    waited: float = 0.0
    """How many seconds backends were waited for."""
    refused: str = ""
    """Why it does not answer all that was asked: empty where it does."""


def has_been_tried(entry: BackendEntry) -> bool:
    """Whether its first attempt to connect has ended."""
    return entry.state not in _UNDER_WAY or entry.failed_attempts > 0


async def see(client: ApiClient, *, wait_seconds: float) -> GatewaySeen:
    """What the gateway says once every backend was tried, or `wait_seconds` are over.

    Raises:
        CommandFailed: it does not say how its backends stand.
    """
    began = trio.current_time()
    entries = await _entries(client)
    with trio.move_on_after(wait_seconds):
        while not all(map(has_been_tried, entries)):
            await trio.sleep(POLL_SECONDS)
            entries = await _entries(client)
    waited = trio.current_time() - began
    try:
        tools, visible = await _tools(client)
        backends = [await _closer(client, each) for each in entries]
    except CommandFailed as failure:
        return GatewaySeen(
            backends=tuple(BackendSeen(entry=each) for each in entries), waited=waited, refused=str(failure)
        )
    return GatewaySeen(backends=tuple(backends), tools=tuple(tools), visible=visible, waited=waited)


async def _entries(client: ApiClient) -> tuple[BackendEntry, ...]:
    raw, _ = await client.fetch(BACKENDS, seconds=ASKED_SECONDS)
    return client.decoded(raw, BackendsAnswer).backends


async def _tools(client: ApiClient) -> tuple[list[ToolEntry], int]:
    found: list[ToolEntry] = []
    visible, after = 0, ""
    for _ in range(MOST_PAGES):
        query = {"type": "tools", "after": after} if after else {"type": "tools"}
        raw, _tag = await client.fetch(CAPABILITIES, query=query, seconds=ASKED_SECONDS)
        page = client.decoded(raw, CapabilitiesAnswer)
        found += page.tools
        visible, after = page.mcp_visible_tool_count, page.next or ""
        if not after:
            break
    return found, visible


async def _closer(client: ApiClient, entry: BackendEntry) -> BackendSeen:
    if entry.state in WELL:
        return BackendSeen(entry=entry)
    path = {"name": entry.name}
    raw, _ = await client.fetch(LOGS, {"backend": entry.name}, query={"limit": str(LINES_READ)}, seconds=ASKED_SECONDS)
    lines = client.decoded(raw, LogsAnswer).lines
    if entry.isolation is None or entry.isolation.plan != "contained":
        return BackendSeen(entry=entry, lines=lines)
    raw, _ = await client.fetch(EGRESS, path, seconds=ASKED_SECONDS)
    return BackendSeen(entry=entry, lines=lines, egress=client.decoded(raw, EgressAnswer))
