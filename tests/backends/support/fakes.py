"""A backend in memory: it answers through the `Link` protocol, in either era, and does what a test scripts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar

import attrs
import trio

from argus_trio.backends.links.link import Inbox, Link, Outgoing
from argus_trio.backends.links.stderr import StderrRing
from argus_trio.config.model.backend import BackendSpec
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.call.exchange import Call, ClientSession
from argus_trio.core.call.record import CallRecord
from argus_trio.core.health.activity import Activity
from argus_trio.core.health.health import RunningProgram
from argus_trio.errors import ClientCannotAnswer, ClientRefused, LinkFailed
from argus_trio.wire.envelope import ErrorResponse, Notification, Params, Request, Response, decode, encode_raw
from argus_trio.wire.headers import Headers
from argus_trio.wire.revisions import LATEST_LEGACY, LATEST_MODERN, Era

Json = dict[str, object]
Answer = Callable[[Json], Awaitable[Json]]
"""Answers one method: its params to its result; raises `Refusal` for a JSON-RPC error, `LinkFailed` for no answer."""


answering: ContextVar[FakeLink] = ContextVar("answering")
"""The link that the request came over, for whoever answers it."""


class Refusal(Exception):
    """The backend's own JSON-RPC error."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(message)
        self.error: Json = {"code": code, "message": message}
        if data is not None:
            self.error["data"] = data


async def empty(_params: Json) -> Json:
    return {}


async def listen_and_agree(params: Json) -> Json:
    """Answer `subscriptions/listen`: agree to all that is asked for, and keep the stream open."""
    await answering.get().says("notifications/subscriptions/acknowledged", {"notifications": params["notifications"]})
    await trio.sleep_forever()
    raise AssertionError


@attrs.define(eq=False)
class FakeBackend:
    """A scripted backend. Each opening of a link to it is one `FakeLink` in `links`."""

    era: Era = Era.LEGACY
    tools: list[Json] = attrs.field(factory=list)
    prompts: list[Json] = attrs.field(factory=list)
    resources: list[Json] = attrs.field(factory=list)
    templates: list[Json] = attrs.field(factory=list)
    page_size: int = 1000
    answers: dict[str, Answer] = attrs.field(factory=dict)
    """By method; what is not there is answered in the default way."""
    open_failures: list[LinkFailed] = attrs.field(factory=list)
    """Raised, one at each opening, before any link opens."""
    links: list[FakeLink] = attrs.field(factory=list)
    seen: list[tuple[str, Json]] = attrs.field(factory=list)
    """Every request and notification, in order: method and params."""
    headers: list[Headers] = attrs.field(factory=list)
    declares: Json = attrs.field(factory=dict)
    """Capabilities beside those that follow from what it lists."""
    instructions: str | None = None
    processor_seconds: Callable[[], float] = lambda: 0.0
    """What its program and those below it have worked so far."""
    revision: str = LATEST_LEGACY
    """What a legacy one settles on."""
    spell: Callable[[bytes], bytes] = bytes
    """How it spells its results."""

    @asynccontextmanager
    async def open(self, _spec: BackendSpec, inbox: Inbox, _stderr: StderrRing) -> AsyncIterator[Link]:
        await trio.lowlevel.checkpoint()
        if self.open_failures:
            raise self.open_failures.pop(0)
        link = FakeLink(self, inbox)
        self.links.append(link)
        try:
            yield link
        finally:
            link.is_open = False

    absent: tuple[str, ...] = ()
    """The beginnings of URIs of which it says that there is no such resource."""

    async def answer(self, method: str, params: Json) -> Json:
        if method.startswith("resources/") and str(params.get("uri", "")).startswith(self.absent or "\0"):
            raise Refusal(-32002, "Resource not found")
        if method in self.answers:
            return await self.answers[method](params)
        lists = {
            "tools/list": ("tools", self.tools),
            "prompts/list": ("prompts", self.prompts),
            "resources/list": ("resources", self.resources),
            "resources/templates/list": ("resourceTemplates", self.templates),
        }
        if method in lists:
            return self._page(*lists[method], params)
        if method == "initialize" and self.era is Era.LEGACY:
            return {"protocolVersion": self.revision, "serverInfo": {"name": "f"}, **self._introduction()}
        if method == "server/discover" and self.era is Era.MODERN:
            return {"supportedVersions": [LATEST_MODERN], **self._introduction()}
        if method in ("tools/call", "prompts/get", "resources/read"):
            return {"asked": method, "params": params}
        raise Refusal(-32601, f"no {method}")

    def _page(self, member: str, entries: list[Json], params: Json) -> Json:
        start = int(str(params.get("cursor", 0)))
        page: Json = {member: entries[start : start + self.page_size]}
        if start + self.page_size < len(entries):
            page["nextCursor"] = str(start + self.page_size)
        return page

    def _introduction(self) -> Json:
        declared = {"tools": self.tools, "prompts": self.prompts, "resources": self.resources or self.templates}
        reports: dict[str, Json] = {"tools": {}, "prompts": {}, "resources": {"subscribe": True}}
        capabilities = {
            name: {"listChanged": True} | reports[name] for name, entries in declared.items() if entries
        } | self.declares
        said: Json = {"capabilities": capabilities}
        return said if self.instructions is None else {**said, "instructions": self.instructions}


@attrs.define(eq=False)
class FakeLink:
    """One open link to a `FakeBackend`."""

    backend: FakeBackend
    inbox: Inbox
    is_open: bool = True
    waiting: int = 0
    listening: list[Headers] = attrs.field(factory=list)
    sent: list[bytes] = attrs.field(factory=list)
    failure: LinkFailed | None = None
    has_stream: bool = True
    program: RunningProgram | None = None
    takes_seconds: float = 0.0
    """How long it takes to take a message that is sent."""
    refusals: list[LinkFailed] = attrs.field(factory=list)
    """What becomes of the next messages that are sent."""
    answered: int = 0
    """Messages that it has sent in answer."""
    _questions: int = 0
    _answered_asks: dict[bytes, trio.Event] = attrs.field(factory=dict)
    _failed: trio.Event = attrs.field(factory=trio.Event)

    def begin(self, outgoing: Outgoing) -> None:
        """Everything is waited for."""

    async def request(self, outgoing: Outgoing) -> Response | ErrorResponse:
        request = decode(outgoing.body)
        assert isinstance(request, Request)
        assert request.id == b"%d" % outgoing.id
        self.backend.headers.append(outgoing.headers)
        params = json.loads(json_of(request.params))
        self.backend.seen.append((request.method, params))
        self.waiting += 1
        try:
            return await self._answered(request, params)
        finally:
            self.waiting -= 1

    async def _answered(self, request: Request, params: Json) -> Response | ErrorResponse:
        answer: list[Response | ErrorResponse] = []
        refused: list[LinkFailed] = []

        async def perform() -> None:
            answering.set(self)
            try:
                result = await self.backend.answer(request.method, params)
                answer.append(Response(request.id, self.backend.spell(json.dumps(result).encode())))
            except Refusal as refusal:
                answer.append(ErrorResponse(request.id, json.dumps(refusal.error).encode()))
            except LinkFailed as failure:
                refused.append(failure)
            nursery.cancel_scope.cancel()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(perform)
            await self._failed.wait()
            nursery.cancel_scope.cancel()
        if answer:
            self.answered += 1
            return answer[0]
        if refused:
            raise refused[0]
        assert self.failure is not None
        raise LinkFailed(self.failure.reason, details=self.failure.details)

    async def send(self, body: bytes, headers: Headers = ()) -> None:
        await trio.sleep(self.takes_seconds)
        if self.failure is not None:
            raise self.failure
        if self.refusals:
            raise self.refusals.pop()
        self.sent.append(body)
        message = decode(body)
        if isinstance(message, Response | ErrorResponse) and message.id in self._answered_asks:
            self._answered_asks[message.id].set()
        if isinstance(message, Notification):
            self.backend.seen.append((message.method, json.loads(json_of(message.params))))

    async def listen(self, headers: Headers = ()) -> None:
        await trio.lowlevel.checkpoint()
        self.listening.append(headers)

    async def activity(self) -> Activity:
        await trio.lowlevel.checkpoint()
        return Activity(messages=self.answered, output_bytes=0, processor_seconds=self.backend.processor_seconds())

    async def wait_failed(self) -> LinkFailed:
        await self._failed.wait()
        assert self.failure is not None
        return self.failure

    def die(self, reason: str, *details: str) -> None:
        """The link fails, with everything that waits on it."""
        self.failure = LinkFailed(reason, details=details)
        self._failed.set()

    async def says(self, method: str, params: Json) -> None:
        """The backend sends a notification on its own; into the void once the link is closed."""
        if not self.is_open:
            return
        await self.inbox(Notification(method, raw(params)), None)

    async def ask(self, method: str, params: Json | None = None, within: int | None = None) -> Json:
        """The backend asks its client and waits for the answer: the whole response."""
        self._questions += 1
        question = b'"ask-%d"' % self._questions
        self._answered_asks[question] = trio.Event()
        if not self.is_open:
            await trio.sleep_forever()
        await self.inbox(Request(question, method, raw(params or {})), within)
        await self._answered_asks[question].wait()
        return next(answer for answer in map(json.loads, self.sent) if answer.get("id") == json.loads(question))

    async def asks(self, method: str) -> None:
        """The backend sends a request of its own."""
        await self.inbox(Request(b'"q1"', method, {}), None)


def raw(value: Json) -> Params:
    return {key: encode_raw(member) for key, member in value.items()}


def json_of(params: Params) -> str:
    return "{" + ",".join(f"{json.dumps(key)}:{bytes(value).decode()}" for key, value in params.items()) + "}"


@attrs.define(eq=False)
class FakeExchange:
    """An exchange whose client notes what it is told."""

    method: str
    params: Json = attrs.field(factory=dict)
    era: Era = Era.LEGACY
    told: list[tuple[str, Json]] = attrs.field(factory=list)
    asked: list[tuple[str, Json]] = attrs.field(factory=list)
    answer: Answer | None = None
    """Answers what the client is asked; None: it cannot be asked."""
    abilities: Abilities = NONE
    log_level: str | None = None
    handle: str = ""
    client: ClientSession | None = None
    record: CallRecord | None = None
    address: str = ""

    @property
    def call(self) -> Call:
        return Call(
            method=self.method,
            params=raw(self.params),
            era=self.era,
            revision=LATEST_LEGACY,
            abilities=self.abilities,
            capabilities=raw(self.abilities.declared()),
            log_level=self.log_level,
            client=self.client,
            address=self.address,
        )

    async def notify(self, method: str, params: Params) -> None:
        await trio.lowlevel.checkpoint()
        self.told.append((method, json.loads(json_of(params))))

    async def ask(self, method: str, params: Params) -> bytes:
        await trio.lowlevel.checkpoint()
        if self.answer is None:
            raise ClientCannotAnswer(method, "it is a fake")
        self.asked.append((method, json.loads(json_of(params))))
        try:
            return json.dumps(await self.answer(json.loads(json_of(params)))).encode()
        except Refusal as refusal:
            raise ClientRefused(json.dumps(refusal.error).encode()) from None
