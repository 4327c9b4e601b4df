"""The cells of the compatibility matrix: every kind of client in front of every kind of backend, and playing them."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

import attrs
import trio
from mcp.client import Client
from mcp.client.session import ClientRequestContext, IncomingMessage
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequestParams,
    ElicitResult,
    Implementation,
    ListRootsResult,
    LoggingMessageNotificationParams,
    Root,
    TextContent,
)

from tests.e2e.child import ROOT
from tests.e2e.clients import MODERN, client_of

Era = Literal["legacy", "modern"]

PAIRS_AT_ONCE = 4
FEATURE_SECONDS = 45.0
"""For any one feature in one cell; a hang fails after this."""
PAIR_SECONDS = 600.0
"""For all features of one client in front of one backend, each with its own time: a machine may be slow."""


@attrs.frozen(kw_only=True)
class Door:
    """A way into the gateway."""

    name: str
    era: Era
    kind: Literal["mcp", "sse", "stdio"]


@attrs.frozen(kw_only=True)
class Kind:
    """A kind of backend: its name is also that of its server, and the scheme of its resources."""

    name: str
    era: Era
    transport: Literal["stdio", "sse", "streamable-http"]


DOORS = (
    Door(name="mcp-legacy", era="legacy", kind="mcp"),
    Door(name="mcp-modern", era="modern", kind="mcp"),
    Door(name="sse-legacy", era="legacy", kind="sse"),
    Door(name="bridge-legacy", era="legacy", kind="stdio"),
    Door(name="bridge-modern", era="modern", kind="stdio"),
)
KINDS = (
    Kind(name="stdio-legacy", era="legacy", transport="stdio"),
    Kind(name="sse-legacy", era="legacy", transport="sse"),
    Kind(name="http-legacy", era="legacy", transport="streamable-http"),
    Kind(name="stdio-modern", era="modern", transport="stdio"),
    Kind(name="http-modern", era="modern", transport="streamable-http"),
)


@attrs.define(eq=False)
class Heard:
    """What has come to one client without being an answer."""

    messages: list[IncomingMessage] = attrs.field(factory=list)
    logs: list[tuple[str, object]] = attrs.field(factory=list)
    asked: list[Any] = attrs.field(factory=list)
    _changed: trio.Event = attrs.field(factory=trio.Event)

    async def hear(self, message: IncomingMessage) -> None:
        self.messages.append(message)
        self._tell()

    async def log(self, params: LoggingMessageNotificationParams) -> None:
        self.logs.append((params.level, params.data))
        self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    async def until(self, is_so: Callable[[Heard], bool]) -> None:
        while not is_so(self):
            await self._changed.wait()


@attrs.define(eq=False)
class Answers:
    """A client that can be asked for everything there is."""

    heard: Heard

    async def elicit(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        self.heard.asked.append(params)
        if params.mode == "url":
            return ElicitResult(action="accept")
        return ElicitResult(action="accept", content={"name": "Ada"})

    async def sample(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> CreateMessageResult:
        self.heard.asked.append(params)
        return CreateMessageResult(role="assistant", content=TextContent(text="Paris"), model="m")

    async def roots(self, context: ClientRequestContext) -> ListRootsResult:
        self.heard.asked.append("roots")
        return ListRootsResult(roots=[Root(uri="file:///work", name="work")])  # type: ignore[arg-type]  # it is parsed


@attrs.frozen(kw_only=True)
class Cell:
    """One client in front of one backend: `plain` declares nothing, `able` everything that can be asked."""

    door: Door
    kind: Kind
    plain: Client
    able: Client
    heard: Heard
    able_heard: Heard
    url: str
    """The gateway's."""
    journal: Path
    """The folder in which servers leave marks of what happened to calls, in whichever process."""
    growing: trio.Lock
    """Held while a list grows and is looked at, by one cell of a kind of backend at a time. A legacy stdio backend has
    a process for each call of modern clients that can be asked, and each process a list of its own: what such clients
    are shown is the list that was heard of last."""

    def client_name(self, client: Client) -> str:
        """What one of its clients calls itself, as no client of another cell does."""
        return client_name(self.door, self.kind, "able" if client is self.able else "plain")

    def name(self, own: str) -> str:
        """What the gateway calls a tool or prompt of this cell's backend."""
        return f"{self.kind.name}__{own}"

    def brief(self, own: str) -> str:
        """The same of the backend of this kind whose calls have little time."""
        return f"{self.kind.name}-brief__{own}"

    def uri(self, path: str) -> str:
        return f"{self.kind.name}://{path}"


def client_name(door: Door, kind: Kind, which: str) -> str:
    return f"{which} by {door.name} of {kind.name}"


Absent = Callable[[Door, Kind], str | None]


@attrs.frozen(kw_only=True)
class Feature:
    """A row of the matrix. `absent` gives the key of the reason why a cell can have no such thing."""

    group: str
    name: str
    run: Callable[[Cell], Awaitable[None]]
    absent: Absent
    is_last: bool = False
    """Whether it is played when the others have been, since it changes how the client is served from then on."""


Key = tuple[str, str, str]
"""Feature, door, kind."""
Outcomes = dict[Key, Exception | None]


@asynccontextmanager
async def client(door: Door, url: str, heard: Heard, **options: Any) -> AsyncIterator[Client]:
    options.update(message_handler=heard.hear, logging_callback=heard.log)
    with trio.fail_after(PAIR_SECONDS):
        if door.kind == "stdio":
            found = bridged(door.era, url, **options)
        else:
            found = client_of("sse" if door.kind == "sse" else door.era, url, **options)
        async with found as connected:
            yield connected


def bridged(era: Era, url: str, **options: Any) -> Client:
    """A client of `argus-trio stdio` in front of the gateway at `url`."""
    arguments = ["-m", "argus_trio", "stdio", "--url", url]
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    spec = StdioServerParameters(command=sys.executable, args=arguments, env=environment)
    return Client(stdio_client(spec), mode=MODERN if era == "modern" else "legacy", **options)


@asynccontextmanager
async def opened(door: Door, kind: Kind, url: str, journal: Path, growing: trio.Lock) -> AsyncIterator[Cell]:
    heard, able_heard = Heard(), Heard()
    answers = Answers(able_heard)
    asked = {
        "elicitation_callback": answers.elicit,
        "sampling_callback": answers.sample,
        "list_roots_callback": answers.roots,
    }
    plainly, ably = (Implementation(name=client_name(door, kind, each), version="1") for each in ("plain", "able"))
    async with AsyncExitStack() as clients:
        plain = await clients.enter_async_context(client(door, url, heard, client_info=plainly))
        able = await clients.enter_async_context(client(door, url, able_heard, client_info=ably, **asked))
        yield Cell(
            door=door,
            kind=kind,
            plain=plain,
            able=able,
            heard=heard,
            able_heard=able_heard,
            url=url,
            journal=journal,
            growing=growing,
        )


async def play(url: str, journal: Path, features: Iterable[Feature], wanted: Mapping[Key, Feature]) -> Outcomes:
    """Every wanted cell once, a few pairs at a time; what came of it: None, or what went wrong."""
    outcomes: Outcomes = {}
    limit = trio.CapacityLimiter(PAIRS_AT_ONCE)
    async with trio.open_nursery() as nursery:
        for kind in KINDS:
            growing = trio.Lock()
            for door in DOORS:
                rows = [feature for feature in features if (feature.name, door.name, kind.name) in wanted]
                rows.sort(key=lambda feature: feature.is_last)
                if rows:
                    nursery.start_soon(partial(_play_pair, url, journal, door, kind, rows, outcomes, limit, growing))
    return outcomes


async def _play_pair(
    url: str,
    journal: Path,
    door: Door,
    kind: Kind,
    rows: list[Feature],
    outcomes: Outcomes,
    limit: trio.CapacityLimiter,
    growing: trio.Lock,
) -> None:
    keys = [(feature.name, door.name, kind.name) for feature in rows]
    async with limit:
        try:
            async with opened(door, kind, url, journal, growing) as cell:
                for key, feature in zip(keys, rows, strict=True):
                    outcomes[key] = await _attempt(feature, cell)
        except Exception as problem:  # noqa: BLE001  # whatever it is, it is the outcome of cells
            for key in keys:
                outcomes.setdefault(key, problem)


async def _attempt(feature: Feature, cell: Cell) -> Exception | None:
    try:
        with trio.fail_after(FEATURE_SECONDS):
            await feature.run(cell)
    except Exception as problem:  # noqa: BLE001  # whatever it is, it is the outcome of this cell
        return problem
    return None
