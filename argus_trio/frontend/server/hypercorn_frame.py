"""What all connections share that Hypercorn's protocol serves, in its terms."""

from __future__ import annotations

import sys
from typing import cast

import attrs
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.trio.worker_context import EventWrapper, WorkerContext
from hypercorn.typing import AppWrapper, ASGIFramework

from argus_trio.frontend.server.site import MAX_HEAD_BYTES, Site


class HypercornSettings(Config):
    """Hypercorn's settings. Its logs are off: ours tell what it would."""

    accesslog = None
    errorlog = None
    include_server_header = False
    h11_max_incomplete_size = MAX_HEAD_BYTES
    keep_alive_max_requests = sys.maxsize


class FurtherRequest(Exception):
    """Something came behind a request that is not answered yet."""


class _NeverCleared(EventWrapper):
    """Stands where Hypercorn would wait for the answer before: that hides that the client goes."""

    async def clear(self) -> None:
        """Begin no wait."""
        raise FurtherRequest


class _SiteStops(EventWrapper):
    """Set once the site stops."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self._site = site

    def is_set(self) -> bool:
        """Whether it does."""
        return self._site.is_stopping


class _Context(WorkerContext):
    """Hypercorn's state of a server."""

    event_class = _NeverCleared


@attrs.define(eq=False, repr=False)
class HypercornFrame:
    """A site, as Hypercorn sees it."""

    site: Site
    config: HypercornSettings = attrs.field(factory=HypercornSettings, init=False)
    app: AppWrapper = attrs.field(init=False)
    context: WorkerContext = attrs.field(factory=lambda: _Context(None), init=False)

    def __attrs_post_init__(self) -> None:
        self.app = ASGIWrapper(cast("ASGIFramework", self.site.application))
        self.context.terminated = _SiteStops(self.site)
