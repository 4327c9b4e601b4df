"""What the front end is given by the rest of the house: the seam, and nothing behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import attrs

from argus_trio.core.call.exchange import Call, Client, Handler
from argus_trio.core.catalog.identity import Identity
from argus_trio.core.health.health import Health, Overview
from argus_trio.core.reloaded import Reloaded
from argus_trio.wire.envelope import Params
from argus_trio.wire.param_headers import ParamHeaders

Tell = Callable[[Client, str, Params], None]
"""Hears of a legacy client's notification that is not the edge's own, such as `notifications/roots/list_changed`."""
Release = Callable[[Client], None]
"""Hears, once for each, that a legacy client's session has ended: whatever is held for it can go."""


def tell_nobody(_: Client, method: str, params: Params) -> None:
    """Nobody listens to what clients tell."""


def release_nothing(_: Client) -> None:
    """Nothing is held for a client."""


def no_backends() -> Overview:
    """Nothing is known of any backend."""
    return Overview()


Deliver = Callable[[str, Params], None]
"""Takes a notification, its method and its params, synchronously."""

Watch = Callable[[Call, Sequence[str], Deliver], AbstractAsyncContextManager[tuple[str, ...]]]
"""Subscribes to these resource URIs while it is entered, and gives those that are honoured; their updates are told."""

ParamHeadersOf = Callable[[Call, str], Awaitable[ParamHeaders | None]]
"""Which arguments of a tool, by the name it is shown under, this call's client must repeat in headers."""


@asynccontextmanager
async def watch_nothing(_call: Call, _uris: Sequence[str], _deliver: Deliver) -> AsyncIterator[tuple[str, ...]]:
    """A `Watch` that honours no URI."""
    yield ()


class Control(Protocol):
    """What the management API can have done to the running whole."""

    @property
    def last(self) -> Reloaded:
        """The report of the latest reload, or of the start."""

    async def reload(self) -> Reloaded:
        """Read the configuration again; the report of a reload that began after this was asked for.

        Cancelling it ends the waiting, not the reload.
        """


@attrs.frozen(kw_only=True)
class Gateway:
    """The gateway behind the front end. Identity, health and overview are asked for anew each time."""

    handler: Handler
    identity: Callable[[], Identity]
    health: Callable[[], Health]
    overview: Callable[[], Overview] = no_backends
    """How each backend stands."""
    tell: Tell = tell_nobody
    release: Release = release_nothing
    """Neither of the two may block."""
    watch: Watch = watch_nothing
    """Without it no resource can be subscribed to."""
    watch_tasks: Watch = watch_nothing
    """The same for ids of tasks."""
    param_headers: ParamHeadersOf | None = None
    """Without it no argument is expected in a header."""
    control: Control | None = None
    """None where there is no configuration file that could be read again."""
