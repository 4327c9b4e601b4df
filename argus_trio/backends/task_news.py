"""News of tasks: what backends say of how a task stands, on its way to whoever knows whose the task is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from argus_trio.core.exchange import Client
from argus_trio.wire.envelope import Params

TASK_STATUS: Final = frozenset(("notifications/tasks/status", "notifications/tasks"))
"""How a task stands: of 2025-11-25, and of the extension `io.modelcontextprotocol/tasks`."""

OnTask = Callable[[str, str, Params, Client | None], Awaitable[None]]
"""Takes how a task of a backend stands: backend, method, params, and the client whose own connection it came on."""


async def nobody_cares(_backend: str, _method: str, _params: Params, _client: Client | None) -> None:
    """The `OnTask` where nobody follows tasks."""
