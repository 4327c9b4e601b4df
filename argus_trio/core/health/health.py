"""What the gateway says of its own health: values only, neither where they come from nor how they are rendered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import attrs

from argus_trio import Value
from argus_trio.core.control import Hold
from argus_trio.core.health.lifecycle import BackendStanding, BackendState

ShownState = Literal["starting", "preparing", "ready", "degraded", "down", "draining", "disabled", "stopped"]
"""How a backend stands as operators see it: what was decided about it, else the state of its connection."""
Status = Literal["healthy", "degraded", "unhealthy"]
PlanWord = Literal["contained", "bare", "refused"]
PreparingWord = Literal["installing", "building", "pulling"]
"""What a backend does that is not ready to be started yet."""


@attrs.frozen(kw_only=True)
class Health(Value):
    """The gateway's health as a client would meet it: how many backends are declared, connected and answering well."""

    total: int
    """The number of backends that the configuration declares and enables."""
    connected: int
    """The number of backends that calls pass to."""
    healthy: int
    """The number of connected backends that are not degraded."""
    starting: int
    """The number of backends whose first attempt to connect has not ended yet."""
    preparing: int = 0
    """The number of backends that work, install most likely, before they can be connected."""
    added: int = 0
    """How many of those that are starting a reload has brought in, while the gateway served."""

    @property
    def status(self) -> Status:
        """The status of the gateway: healthy if every backend answers well, unhealthy if none is connected."""
        if self.healthy == self.total:
            return "healthy"
        return "degraded" if self.connected else "unhealthy"

    @property
    def not_ready_because(self) -> str | None:
        """Why no traffic should come here yet, or None.

        The gateway is ready when no backend is starting that it was started with and, if there are any, at least one is
        connected. One that serves does not cease to be ready because a reload adds a backend.
        """
        if self.starting > self.added:
            return f"{self.starting - self.added} of {self.total} backends are still starting"
        if self.total and not self.connected:
            return f"none of {self.total} backends is connected"
        return None


@attrs.frozen(kw_only=True)
class Calls(Value):
    """The calls of all clients at one backend."""

    under_way: int = 0
    """The number of calls that the backend is serving."""
    waiting: int = 0
    """The number of calls that wait for a free slot."""
    refused: int = 0
    """The number of calls that were refused so far because the queue was full, or no client connection free."""


@attrs.frozen(kw_only=True)
class FailedList(Value):
    """A list that did not come the last time, and when it is asked for again."""

    kind: str
    reason: str
    next_attempt: float


@attrs.frozen(kw_only=True)
class NotedEntries(Value):
    """Entries of one kind that the same was done to, or that are left out for the same reason: how many, and some."""

    kind: str
    what: str
    count: int
    names: tuple[str, ...]


@attrs.frozen(kw_only=True)
class ListsStatus(Value):
    """What there is to say of what a backend lists."""

    failed: tuple[FailedList, ...] = ()
    left_out: tuple[NotedEntries, ...] = ()
    """The entries that no client could read, and why."""
    mended: tuple[NotedEntries, ...] = ()
    """What was changed of entries so that clients can read them."""
    too_long: tuple[str, ...] = ()
    """The names shown that common clients refuse for their length."""
    not_portable: tuple[str, ...] = ()
    """The names shown that some clients refuse for a character."""


@attrs.frozen(kw_only=True)
class StateChange(Value):
    """A state that a backend came into, on the caller's clock."""

    at: float
    state: BackendState
    reason: str


_SHOWN: Final[Mapping[BackendState, ShownState]] = {
    BackendState.STARTING: "starting",
    BackendState.PREPARING: "preparing",
    BackendState.READY: "ready",
    BackendState.DEGRADED: "degraded",
    BackendState.DOWN: "down",
    BackendState.STOPPED: "stopped",
}


@attrs.frozen(kw_only=True)
class Isolation(Value):
    """How one stdio backend runs: in a container, bare, or not at all."""

    plan: PlanWord
    why: str = ""
    """Why it is not contained, with the way out; or what there is to know of its container."""
    engine: str | None = None
    """The engine and its version, such as "docker 28.2.2"."""
    rootless: bool | None = None
    image: str | None = None
    digest: str | None = None
    """The id of the image; None as long as it is not there."""
    network: str | None = None
    """public, none, bridge, or the hosts that are allowed."""
    mounts: tuple[str, ...] = ()
    """SOURCE:TARGET:MODE of each."""


@attrs.frozen(kw_only=True)
class ContainerLimits(Value):
    """What a container may use at most."""

    memory: int
    cpus: float
    pids: int


@attrs.frozen(kw_only=True)
class RunningProgram(Value):
    """The program of a stdio backend, while it runs. Nothing of its arguments and its environment."""

    name: str
    """The last part of its command."""
    since: float
    """When it was started, on trio's clock."""
    pid: int | None = None
    """Its process; None in a container."""
    root: int | None = None
    """The process whose descendants are all of it; None in a container."""
    container: str | None = None
    """The engine's id of its container."""
    limits: ContainerLimits | None = None


@attrs.frozen(kw_only=True)
class TreeUsage(Value):
    """What a tree of processes uses."""

    processor_seconds: float
    """Those that have ended and were waited for included."""
    memory: int
    """Bytes that are resident."""


@attrs.frozen(kw_only=True)
class EngineStatus(Value):
    """The container engine that is used, or why there is none."""

    kind: Literal["docker", "podman"] | None = None
    """None: there is none."""
    version: str = ""
    api_version: str = ""
    socket: str = ""
    """Its Unix socket on this machine."""
    rootless: bool = False
    why: str = ""
    """Why there is none."""

    def __str__(self) -> str:
        return f"{self.kind} {self.version}" + (" (rootless)" if self.rootless else "")


@attrs.frozen(kw_only=True)
class BackendStatus(Value):
    """How one backend stands, and how much it shows. Times are of the caller's clock, in seconds."""

    name: str
    type: str
    standing: BackendStanding
    revision: str | None = None
    """The protocol revision that the connection speaks; None if the backend is not connected."""
    heard_at: float | None = None
    """When the backend last sent anything."""
    latency: float | None = None
    """How long the last probe took to be answered, in seconds."""
    unanswered: int = 0
    """The number of probes in a row that the backend has left unanswered."""
    failures: int = 0
    """The number of attempts to connect that have failed in a row."""
    is_breaker_open: bool = False
    restarts: int = 0
    """How often it was connected anew since the gateway began."""
    calls: Calls = Calls()
    dropped: int = 0
    """The number of notifications that were dropped so far because a client, or the backend, was too slow for them."""
    session: str = "auto"
    """The setting `session` of the backend."""
    is_shared: bool = False
    """Whether all clients share one connection, whatever they can be asked."""
    shared_because: str | None = None
    """Why they do although the setting leaves that open; None if it does not have to be explained."""
    counts: Mapping[str, int]
    """How many entries the backend shows, by kind."""
    lists: ListsStatus = ListsStatus()
    connected_at: float | None = None
    """When the connection was opened that it has now."""
    conditions: tuple[StateChange, ...] = ()
    """The latest states that it came into, oldest first."""
    hold: Hold | None = None
    """What an operator has decided about it."""
    isolation: Isolation | None = None
    """How it is isolated; None for one that is no stdio backend."""
    program: RunningProgram | None = None
    """What its shared connection runs on; None where that is no program."""
    programs: int = 0
    """How many connections of single clients there are, each with a program of its own."""
    is_enabled: bool = True
    """Whether the file, and no operator, has it run."""

    @property
    def state(self) -> ShownState:
        """Its state as operators see it: what was decided about it, else how it stands."""
        if not self.is_enabled or (self.hold is not None and self.hold.kind == "disable"):
            return "disabled"
        return "draining" if self.hold is not None else _SHOWN[self.standing.state]

    @property
    def status(self) -> Literal["healthy", "degraded", "unhealthy", "unknown"]:
        """The backend's health in one word."""
        if self.state == "disabled":
            return "unknown"
        match self.standing.state:
            case BackendState.READY:
                return "healthy"
            case BackendState.DEGRADED:
                return "degraded"
            case BackendState.STARTING | BackendState.PREPARING:
                return "unknown"
            case _:
                return "unhealthy"


@attrs.frozen(kw_only=True)
class Draining(Value):
    """A backend that a reload replaced or removed, as long as calls are under way there."""

    name: str
    calls: int


@attrs.frozen(kw_only=True)
class Overview(Value):
    """All backends: those in effect, those that a reload is ending, and how many calls reloads have cut so far."""

    backends: tuple[BackendStatus, ...] = ()
    draining: tuple[Draining, ...] = ()
    calls_cut: int = 0
