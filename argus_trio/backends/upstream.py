"""Hearing of changes from a modern backend: one `subscriptions/listen` on the shared connection, kept up to date."""

from __future__ import annotations

from typing import Final

import attrs
import structlog
import trio

from argus_trio.backends.connection import Connection
from argus_trio.backends.subscriptions import Subscriptions
from argus_trio.core.redaction import Redactor
from argus_trio.errors import LinkFailed
from argus_trio.wire.envelope import encode_raw

log = structlog.get_logger()

QUIET: Final = 0.05
"""Seconds in which further changes of what is wanted count as the same one."""
AGAIN: Final = (1.0, 60.0)
"""Seconds before a stream that ended is opened anew: at first, and at most."""

_FILTERS: Final = {"tools": "toolsListChanged", "prompts": "promptsListChanged", "resources": "resourcesListChanged"}


@attrs.define(eq=False)
class Upstream:
    """The stream of one connection; `wanted_changed` is called when `subscriptions` has other URIs than before."""

    connection: Connection
    subscriptions: Subscriptions
    redact: Redactor
    _stream: trio.CancelScope = attrs.field(factory=trio.CancelScope)

    def wanted_changed(self) -> None:
        """Open the stream anew, with what is wanted now."""
        self._stream.cancel()

    async def run(self) -> None:
        """Keep the stream open until cancelled, or until the backend refuses it for good."""
        delay = AGAIN[0]
        while True:
            wanted = self._wanted()
            self._stream = trio.CancelScope()
            with self._stream:
                if not wanted:
                    await trio.sleep_forever()
                began = trio.current_time()
                if not await self._listen(wanted):
                    return
                delay = AGAIN[0] if trio.current_time() - began > AGAIN[1] else min(2 * delay, AGAIN[1])
                await trio.sleep(delay)
            await trio.sleep(QUIET)

    def _wanted(self) -> dict[str, object]:
        declared = self.connection.greeting.capabilities
        wanted: dict[str, object] = {name: True for kind, name in _FILTERS.items() if kind in declared}
        if self.subscriptions.uris:
            wanted["resourceSubscriptions"] = self.subscriptions.uris
        return wanted

    async def _listen(self, wanted: dict[str, object]) -> bool:
        try:
            await self.connection.ask("subscriptions/listen", {"notifications": encode_raw(wanted)})
        except LinkFailed as failure:
            reason = self.redact(failure.reason)
            log.info("backend_changes_unheard", backend=self.connection.backend, reason=reason)
            return "-32601" not in failure.reason
        return True
