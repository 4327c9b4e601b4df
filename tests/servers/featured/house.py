"""What one featured server remembers across its calls and connections, and how it tells all of them of a change."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

import attrs
import trio
from mcp.server.connection import Connection
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    PromptsListChanged,
    ResourcesListChanged,
    ResourceUpdated,
    ToolsListChanged,
)
from mcp.types.version import MODERN_PROTOCOL_VERSIONS

Json = dict[str, Any]

KINDS = ("tools", "prompts", "resources")


@attrs.define(eq=False, kw_only=True)
class House:
    """The state of one server process."""

    name: str
    bus: InMemorySubscriptionBus = attrs.field(factory=InMemorySubscriptionBus)
    grown: dict[str, list[str]] = attrs.field(factory=lambda: {kind: [] for kind in KINDS})
    """What has been added to each list so far."""
    journal: Path
    """The folder for marks of what happens to calls: one for all processes of a test."""
    watched: WeakKeyDictionary[Connection, set[str]] = attrs.field(factory=WeakKeyDictionary)
    """The legacy connections, and the URIs that each has subscribed to."""

    def meet(self, connection: Connection) -> None:
        """Remember a connection that is there to stay."""
        if connection.protocol_version not in MODERN_PROTOCOL_VERSIONS:
            self.watched.setdefault(connection, set())

    def mark(self, token: str, what: str) -> Path:
        return self.journal / f"{token}.{what}"

    async def wait(self, token: str) -> None:
        """Until somebody marks the token as released. Marks it as waiting, and when it is cancelled."""
        self.mark(token, "waiting").touch()
        try:
            while not self.mark(token, "released").exists():  # noqa: ASYNC110
                await trio.sleep(0.02)  # another process has no event to wait for
        except trio.Cancelled:
            self.mark(token, "cancelled").touch()
            raise

    async def touch(self, uri: str) -> None:
        """Say that a resource has other contents now."""
        await self.bus.publish(ResourceUpdated(uri=uri))
        for connection, uris in list(self.watched.items()):
            if uri in uris:
                await connection.send_resource_updated(uri)

    async def grow(self, kind: str) -> str:
        """Add an entry to a list, and say so; the name of the entry."""
        name = f"grown_{uuid4().hex[:8]}"  # no other process of the same backend has this one
        self.grown[kind].append(name)
        match kind:
            case "tools":
                await self.bus.publish(ToolsListChanged())
            case "prompts":
                await self.bus.publish(PromptsListChanged())
            case _:
                await self.bus.publish(ResourcesListChanged())
        for connection in list(self.watched):
            await connection.notify(f"notifications/{kind}/list_changed", None)
        return name
