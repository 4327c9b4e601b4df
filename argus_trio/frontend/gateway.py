"""What the front end is given by those behind it: the seam, and nothing of how it is done."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import attrs
import trio

from argus_trio import Value
from argus_trio.config.model.config import Config
from argus_trio.core.access.policy import OPEN_POLICY
from argus_trio.core.backend_log import BackendLogs
from argus_trio.core.call.abilities import Audience
from argus_trio.core.call.exchange import Call, ClientSession, Deliver, EndedSession, Handler
from argus_trio.core.catalog.catalog import EMPTY
from argus_trio.core.catalog.identity import GatewayIdentity
from argus_trio.core.catalog.names import Scheme
from argus_trio.core.catalog.restricted import RestrictedCatalogs
from argus_trio.core.control import Action, ChangeReport, Checked, FileDifference, Fits
from argus_trio.core.egress.attempts import EgressAttempts
from argus_trio.core.figures import Figures
from argus_trio.core.health.health import EngineStatus, Health, Overview, TreeUsage
from argus_trio.core.inventory import Inventory
from argus_trio.core.journal import Journal
from argus_trio.core.log_level import CurrentLevel
from argus_trio.core.open_exchanges import OpenExchanges
from argus_trio.core.reload_report import ReloadReport
from argus_trio.wire.envelope import Params
from argus_trio.wire.param_headers import ParamHeaders

ForwardNotification = Callable[[ClientSession, str, Params], None]
"""Takes a legacy client's notification that concerns those behind, such as `notifications/roots/list_changed`."""
ReleaseSession = Callable[[EndedSession], None]
"""Is called once for each legacy client's session, at its end: whatever is held for it can go."""


def drop_notification(_: ClientSession, method: str, params: Params) -> None:
    """Drop a client's notification."""


def release_nothing(_: EndedSession) -> None:
    """Release nothing: nothing is held for a client."""


def never_comes_round(_: str) -> bool:
    """Tell that no request has been here before: nobody else is known."""
    return False


def empty_overview() -> Overview:
    """An overview without backends."""
    return Overview()


def empty_inventory() -> Inventory:
    """An inventory without backends."""
    return Inventory(published=(), catalog=EMPTY, scheme=Scheme(), restricting=RestrictedCatalogs(OPEN_POLICY))


def no_engine() -> EngineStatus | None:
    """Tell that nobody has looked for a container engine."""
    return None


def nothing_shown(_: Audience) -> Mapping[str, int]:
    """Tell that a client is shown nothing."""
    return {}


UsageOf = Callable[[Collection[int]], Awaitable[Mapping[int, TreeUsage]]]
"""What the descendants of each of these processes use, as far as this system tells it."""


async def no_usage(_: Collection[int]) -> Mapping[int, TreeUsage]:
    """Tell nothing: nobody has looked."""
    return {}


WatchFunction = Callable[[Call, Sequence[str], Deliver], AbstractAsyncContextManager[tuple[str, ...]]]
"""Subscribes to these resource URIs while it is entered, and gives those that are honoured; delivers their updates."""

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

    @property
    def generation(self) -> int:
        """The number of the generation in effect, which every change of the backends counts on."""

    async def reload(self, *, by: str) -> ReloadReport:
        """Read the configuration again; the report of a reload that began after this was asked for.

        `by` is the name of the principal who asks. Cancelling this ends the waiting, not the reload.

        Raises:
            NoFile: there is no file.
        """

    async def change(self, name: str, action: Action, *, by: str, fits: Fits | None = None) -> ChangeReport:
        """Restart, drain, enable or disable a backend, after the changes that were asked for before.

        With `fits` only if that is true of its version then. Cancelling this ends the waiting, not the change.

        Raises:
            BackendUnknown: there is no such backend.
            ChangedSince: its version does not fit.
            ChangeRefused: it cannot be done to this backend as it is.
            ChangesUnserved: the gateway stops, or too many changes wait.
            ChangeFailed: a fault of the gateway itself.
        """

    def version(self, name: str) -> str | None:
        """What differs whenever the hold, the entry in effect or the scope of a backend was changed: characters that an
        entity tag may have. None where the file has no such backend."""

    async def check(self, text: str | None) -> Checked:
        """Check a configuration in place of the file, or the file on disk; nothing is changed.

        Raises:
            NoFile: there is neither.
        """

    async def difference(self) -> FileDifference:
        """How what the file says now differs from the configuration in effect; nothing is changed.

        Raises:
            NoFile: there is no file.
        """

    def drain_seconds(self, asked: float | None) -> float:
        """What calls in flight get to finish where a stop is asked for with so many seconds, or with none."""

    def stop(self, *, by: str, drain_seconds: float) -> None:
        """Begin the stop of the gateway, if it has not begun. Returns at once."""


@attrs.define(eq=False, repr=False)
class News:
    """Wakes all who wait for something new, with one event for all of them."""

    _event: trio.Event = attrs.field(factory=trio.Event, init=False)

    def wake(self) -> None:
        """Wake who waits now. Does not block."""
        if self._event.statistics().tasks_waiting:
            self._event.set()
            self._event = trio.Event()

    async def wait(self) -> None:
        """Wait until somebody is woken."""
        await self._event.wait()


@attrs.frozen(kw_only=True)
class Management(Value):
    """What the management API is given besides what serves clients."""

    config: Callable[[], Config] = Config
    """Tells the configuration in effect, without what operators decided."""
    file: Path | None = None
    """Where it came from; None where there is no file."""
    loaded_at: Callable[[], float] = time.time
    """Tells when it took effect, in seconds of Unix time."""
    instance: str = ""
    """Differs from one start of the gateway to the next."""
    inventory: Callable[[], Inventory] = empty_inventory
    """Tells what backends list, hidden entries included."""
    journal: Journal = attrs.field(factory=Journal)
    figures: Figures = attrs.field(factory=lambda: Figures(now=time.monotonic))
    exchanges: OpenExchanges = attrs.field(factory=OpenExchanges)
    egress: EgressAttempts = attrs.field(factory=EgressAttempts)
    """What containers tried to reach."""
    engine: Callable[[], EngineStatus | None] = no_engine
    """Tells which container engine is used, or why none; None where nobody has looked for one."""
    logs: BackendLogs = attrs.field(factory=BackendLogs)
    log_level: CurrentLevel = attrs.field(factory=CurrentLevel)
    """The level of the gateway's own log."""
    events: News = attrs.field(factory=News)
    """Wakes at each event of the journal."""
    lines: News = attrs.field(factory=News)
    """Wakes at each line of a backend's log."""


@attrs.frozen(kw_only=True)
class Gateway(Value):
    """The gateway behind the front end. Identity, health and overview are asked for anew each time."""

    handler: Handler
    identity: Callable[[Audience], GatewayIdentity]
    """Tells what the gateway says of itself to a client: of what that one is shown."""
    health: Callable[[], Health]
    overview: Callable[[], Overview] = empty_overview
    """Tells how each backend stands."""
    usage: UsageOf = no_usage
    """Tells what their programs use."""
    tell: ForwardNotification = drop_notification
    release: ReleaseSession = release_nothing
    """Neither `tell` nor `release` may block."""
    counts: Callable[[Audience], Mapping[str, int]] = nothing_shown
    """Tells how many entries of each kind a client is shown, as far as is known now."""
    watch: WatchFunction = watch_nothing
    """Subscribes to resources; without it none can be subscribed to."""
    watch_tasks: WatchFunction = watch_nothing
    """As `watch`, for ids of tasks; without it no task can be subscribed to."""
    param_headers: ParamHeadersOf | None = None
    """Tells which arguments are repeated in headers; without it none is expected there."""
    comes_round: Callable[[str], bool] = never_comes_round
    """Whether a request that has come by these gateways has been here before: then a gateway is its own backend."""
    control: Control | None = None
    """What changes the running whole; None where nothing does."""
    management: Management = attrs.field(factory=Management)
