"""Which HTTP/1.1 is spoken with clients: ours, or Hypercorn's, which is loaded when somebody asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import attrs

from argus_trio.frontend.http.request import Door
from argus_trio.frontend.server.lean.connection import LeanConnection
from argus_trio.frontend.server.site import Site
from argus_trio.frontend.server.transport import ClientStream

if TYPE_CHECKING:
    from argus_trio.frontend.server.hypercorn_frame import HypercornFrame


class Speaker(Protocol):
    """One client's connection."""

    async def run(self) -> None:
        """Serve it to its end; raises nothing of it."""


@attrs.define(eq=False, repr=False)
class Speaking:
    """Begins the connections of a site, each as the settings say at that moment."""

    _site: Site
    _frame: HypercornFrame | None = attrs.field(default=None, init=False)

    def begin(self, stream: ClientStream, door: Door) -> Speaker:
        """The connection on this stream."""
        if self._site.settings.now.server.http == "lean":
            return LeanConnection(self._site, stream, door)
        from argus_trio.frontend.server.hypercorn_frame import HypercornFrame
        from argus_trio.frontend.server.hypercorn_server import ServedConnection

        if self._frame is None:
            self._frame = HypercornFrame(self._site)
        return ServedConnection(self._frame, stream, door)
