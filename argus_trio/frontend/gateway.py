"""What the front end is given by the rest of the house: the seam, and nothing behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import attrs

from argus_trio.core.call.exchange import Call, ClientSession, Deliver, Handler
from argus_trio.core.catalog.identity import GatewayIdentity
from argus_trio.core.health.health import Health, Overview
from argus_trio.core.reload_report import ReloadReport
from argus_trio.wire.envelope import Params
from argus_trio.wire.param_headers import ParamHeaders

ForwardNotification = Callable[[ClientSession, str, Params], None]
"""Hears of a legacy client's notification that is not the edge's own, such as `notifications/roots/list_changed`."""
ReleaseSession = Callable[[ClientSession], None]
"""Hears, once for each, that a legacy client's session has ended: whatever is held for it can go."""


def tell_nobody(_: ClientSession, method: str, params: Params) -> None:
    """Nobody listens to what clients tell."""


def release_nothing(_: ClientSession) -> None:
    """Nothing is held for a client."""


def no_backends() -> Overview:
    """Nothing is known of any backend."""
    return Overview()


WatchFunction = Callable[[Call, Sequence[str], Deliver], AbstractAsyncContextManager[tuple[str, ...]]]
"""Subscribes to these resource URIs while it is entered, and gives those that are honoured; their updates are told."""

ParamHeadersOf = Callable[[Call, str], Awaitable[ParamHeaders | None]]
"""Which arguments of a tool, by the name it is shown under, this call's client must repeat in headers."""


@asynccontextmanager
async def watch_nothing(_call: Call, _uris: Sequence[str], _deliver: Deliver) -> AsyncIterator[tuple[str, ...]]:
    """A `WatchFunction` that honours no URI."""
    yield ()


class Control(Protocol):
    """What the management API can have done to the running whole."""

    @property
    def last(self) -> ReloadReport:
        """The report of the latest reload, or of the start."""

    async def reload(self) -> ReloadReport:
        """Read the configuration again; the report of a reload that began after this was asked for.

        Cancelling it ends the waiting, not the reload.
        """


@attrs.frozen(kw_only=True)
class Gateway:
    """The gateway behind the front end. Identity, health and overview are asked for anew each time."""

    handler: Handler
    identity: Callable[[], GatewayIdentity]
    health: Callable[[], Health]
    overview: Callable[[], Overview] = no_backends
    """How each backend stands."""
    tell: ForwardNotification = tell_nobody
    release: ReleaseSession = release_nothing
    """Neither of the two may block."""
    watch: WatchFunction = watch_nothing
    """Without it no resource can be subscribed to."""
    watch_tasks: WatchFunction = watch_nothing
    """The same for ids of tasks."""
    param_headers: ParamHeadersOf | None = None
    """Without it no argument is expected in a header."""
    control: Control | None = None
    """None where there is no configuration file that could be read again."""
