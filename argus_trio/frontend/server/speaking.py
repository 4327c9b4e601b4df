"""Which HTTP/1.1 is spoken with clients: ours, or Hypercorn's, which is loaded for who asks for it alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from argus_trio.frontend.http.request import Door
from argus_trio.frontend.server.lean.connection import LeanConnection
from argus_trio.frontend.server.site import Site
from argus_trio.frontend.server.transport import ClientStream


class Speaker(Protocol):
    """One client's connection."""

    async def run(self) -> None:
        """Serve it to its end; raises nothing of it."""


MakeSpeaker = Callable[[ClientStream, Door], Speaker]


def speaking(site: Site) -> MakeSpeaker:
    """What serves the connections of `site`, by its settings at this moment."""
    if site.settings.now.server.http == "lean":
        return partial(LeanConnection, site)
    from argus_trio.frontend.server.hypercorn_frame import HypercornFrame
    from argus_trio.frontend.server.hypercorn_server import ServedConnection

    frame = HypercornFrame(site)
    return partial(ServedConnection, frame)
