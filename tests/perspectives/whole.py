"""The whole gateway without a socket, on any clock: fake backends behind it, and principals who ask by a header."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import trio

from argus_trio.backends.links.link import Inbox, Link
from argus_trio.backends.links.stderr import StderrRing
from argus_trio.backends.routing.directory import ToolHeaders
from argus_trio.backends.routing.identity import CurrentIdentity
from argus_trio.backends.routing.resource_watch import ResourceWatch
from argus_trio.backends.routing.task_watch import TaskWatch
from argus_trio.backends.supervisor import Supervisor
from argus_trio.config.load import parse
from argus_trio.config.model.backend import BackendSpec
from argus_trio.config.model.config import Config
from argus_trio.core.access.access import Access
from argus_trio.core.access.arrival import RequestArrival, Unadmitted
from argus_trio.core.access.principal import ANONYMOUS, Principal
from argus_trio.core.memory import Memory
from argus_trio.frontend.app import ServedAt, _assembled, _Parts
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.http.receive_queue import DISCONNECT, AsgiMessage, ReceiveQueue
from argus_trio.frontend.http.request import DISCONNECT_EXTENSION
from argus_trio.frontend.http.served_settings import CurrentSettings, ServedSettings
from argus_trio.frontend.input_required.seal import AesGcmSeal
from argus_trio.frontend.notifications.announcer import Announcer
from argus_trio.pipeline.pipeline import Pipeline
from argus_trio.wire.envelope import encode
from tests.backends.support.fakes import FakeBackend, Json
from tests.backends.support.scopes import supervisor_of
from tests.frontend.support.serving import BOTH, JSON, WELL, events_in, modern, modern_headers, rpc

WHO = b"x-who"
AUTHENTICATION = """
  - type: authentication
    methods: [{type: bearer, tokens: [{token: 0123456789abcdef0123456789abcdef, principal: unused}]}]"""
"""What goes before rules for roles in the file; in these tests people come in by a header of theirs."""
LEGACY = "2025-11-25"


def config_of(text: str) -> Config:
    """The configuration that the text says."""
    return parse(text, source="config.yaml", folder=Path("/"), environ={})


@attrs.define(eq=False)
class People:
    """Who may come in, by the name in a header of theirs."""

    known: dict[str, Principal]

    async def admit(self, arrival: RequestArrival) -> Principal:
        name = arrival.fields.get(WHO)
        if name is None:
            return ANONYMOUS
        if name.decode() not in self.known:
            raise Unadmitted("invalid_token", "who is this?")
        return self.known[name.decode()]

    def knows(self, principal: Principal) -> bool:
        return principal.name in self.known or principal.name == ANONYMOUS.name

    def stands(self, principal: Principal) -> bool:
        return self.known.get(principal.name, ANONYMOUS) == principal

    def access(self, config: Config) -> Access:
        return Access(admit=self.admit, knows=self.knows, stands=self.stands, views=frozenset(config.views))


@attrs.define(eq=False)
class Asked:
    """One request under way: its answer as it comes."""

    queue: ReceiveQueue = attrs.field(factory=ReceiveQueue)
    status: int = 0
    headers: dict[str, str] = attrs.field(factory=dict)
    body: bytes = b""
    ended: trio.Event = attrs.field(factory=trio.Event)
    seconds: float = 0.0

    async def send(self, message: AsgiMessage) -> None:
        if message["type"] == "http.response.start":
            status, headers = message["status"], message["headers"]
            assert isinstance(status, int)
            assert isinstance(headers, list | tuple)
            self.status, self.headers = status, {name.decode(): value.decode() for name, value in headers}
        else:
            part = message["body"]
            assert isinstance(part, bytes)
            self.body += part

    async def go(self) -> None:
        """The client goes."""
        await self.queue.put(DISCONNECT)

    @property
    def messages(self) -> list[Json]:
        """What the answer holds: one message, or the messages of a stream."""
        if self.body[:1] in (b"{", b"["):
            return [json.loads(self.body)]
        return [dict(event) for event in events_in(self.body)]

    @property
    def answer(self) -> Json:
        """The message that ends it."""
        return self.messages[-1]

    @property
    def told(self) -> list[str]:
        """The methods of the notifications so far."""
        return [str(message["method"]) for message in self.messages if "method" in message]

    @property
    def seen(self) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
        """All that its client can tell it from another one by, but for the time."""
        headers = {name: value for name, value in self.headers.items() if name != "mcp-session-id"}
        return self.status, tuple(sorted(headers.items())), self.body


@attrs.define(eq=False, kw_only=True)
class Whole:
    """The gateway, up."""

    supervisor: Supervisor
    people: People
    parts: _Parts
    settings: CurrentSettings
    nursery: trio.Nursery

    def begin(
        self, who: str | None, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Asked:
        """Have somebody ask something; the answer comes in the background."""
        asked = Asked()
        fields = {"host": "127.0.0.1", **(headers or {})} | ({} if who is None else {WHO.decode(): who})
        self.nursery.start_soon(self._serve, asked, method, path, fields, body)
        return asked

    async def ask(
        self, who: str | None, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Asked:
        """The whole answer to what somebody asks."""
        asked = self.begin(who, method, path, headers, body)
        await asked.ended.wait()
        return asked

    def listening(self, who: str | None, view: str = "", **notifications: object) -> Asked:
        """A modern client's stream of changes."""
        kinds = {"toolsListChanged": True, "promptsListChanged": True, "resourcesListChanged": True}
        body = modern("subscriptions/listen", {"notifications": kinds | notifications})
        return self.begin(who, "POST", path_of("mcp", view), modern_headers("subscriptions/listen"), body)

    async def call(self, who: str | None, method: str, view: str = "", **params: object) -> Asked:
        """A modern client's call."""
        return await self.call_with(who, method, params, view)

    async def call_with(
        self, who: str | None, method: str, params: Mapping[str, object], view: str = "", *, can: Sequence[str] = ()
    ) -> Asked:
        """The same with its params as they are, of a client that can be asked `can`."""
        named = params.get("name", params.get("uri"))
        headers = modern_headers(method, str(named) if method in ROUTED else None)
        return await self.ask(who, "POST", path_of("mcp", view), headers, modern(method, params, can=can))

    async def names(self, who: str | None, view: str = "", kind: str = "tools") -> list[object]:
        """What a modern client is listed."""
        answer = (await self.call(who, f"{kind}/list", view)).answer
        result = answer["result"]
        assert isinstance(result, dict), answer
        return [entry["uri" if kind == "resources" else "name"] for entry in result[kind]]

    async def session(self, who: str | None, view: str = "") -> dict[str, str]:
        """The headers of a new legacy session."""
        hello = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        asked = await self.post(who, {}, "initialize", hello, view)
        assert asked.status == 200, asked.body
        return {"mcp-session-id": asked.headers["mcp-session-id"], "mcp-protocol-version": LEGACY}

    async def post(
        self,
        who: str | None,
        session: Mapping[str, str],
        method: str,
        params: Mapping[str, object] | None = None,
        view: str = "",
    ) -> Asked:
        """A legacy client's request."""
        headers = {"accept": BOTH, "content-type": JSON, **session}
        return await self.ask(who, "POST", path_of("mcp", view), headers, rpc(method, params))

    async def manage(self, who: str | None, path: str, accept: str = "*/*", **body: object) -> Asked:
        """The answer of the management API to a POST."""
        return await self.ask(who, "POST", f"/manage/v1{path}", {"content-type": JSON, "accept": accept}, encode(body))

    async def reload(self, config: Config) -> None:
        """Have another configuration take effect, with whoever is known now."""
        renewed = ServedSettings.of(config.server, access=self.people.access(config))
        await self.supervisor.apply(config, on_swap=lambda: self.settings.renew(renewed))

    def uploading(self, method: str, path: str, fields: dict[str, str], body: bytes) -> Asked:
        """A request whose body has begun to come; the rest is put into its queue."""
        asked = Asked()
        self.nursery.start_soon(self._serve, asked, method, path, fields, body, True)
        return asked

    async def _serve(
        self, asked: Asked, method: str, path: str, fields: dict[str, str], body: bytes, more: bool = False
    ) -> None:
        path, _, query = path.partition("?")
        began = trio.current_time()
        await asked.queue.put({"type": "http.request", "body": body, "more_body": more})
        await self.parts.application(
            {
                "method": method,
                "path": path,
                "query_string": query.encode(),
                "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
                "extensions": {DISCONNECT_EXTENSION: asked.queue},
            },
            asked.queue.receive,
            asked.send,
        )
        asked.seconds = trio.current_time() - began
        asked.ended.set()


ROUTED = ("tools/call", "prompts/get", "resources/read")
"""The methods that name what they call in a header."""


def path_of(endpoint: str, view: str) -> str:
    return f"/{endpoint}/{view}" if view else f"/{endpoint}"


@asynccontextmanager
async def whole(
    config: Config,
    backends: Mapping[str, FakeBackend],
    people: Mapping[str, Principal],
    pipeline: Pipeline | None = None,
) -> AsyncIterator[Whole]:
    """The gateway with this configuration, within the block; with no middleware around its calls but this."""

    @asynccontextmanager
    async def open_link(declared: BackendSpec, inbox: Inbox, stderr: StderrRing) -> AsyncIterator[Link]:
        async with backends[declared.name].open(declared, inbox, stderr) as link:
            yield link

    announcer, everybody = Announcer(), People(dict(people))
    supervisor, routers = supervisor_of(config, open_link, announcer.announce, pipeline)
    settings = CurrentSettings(ServedSettings.of(config.server, access=everybody.access(config)))
    gateway = Gateway(
        handler=supervisor.generations.serve,
        identity=CurrentIdentity(supervisor, "1"),
        health=lambda: WELL,
        watch=ResourceWatch(supervisor),
        watch_tasks=TaskWatch(supervisor, routers.tasks),
        param_headers=ToolHeaders(supervisor.generations),
        tell=supervisor.forward_notification,
        release=supervisor.release,
    )
    parts = _assembled(gateway, announcer, settings, make_seal=AesGcmSeal, memory=Memory(), served=ServedAt())
    settings.on_renewed.append(parts.renewed)
    async with trio.open_nursery() as nursery:
        await nursery.start(supervisor.run)
        nursery.start_soon(announcer.run)
        nursery.start_soon(parts.keep_alive.run, parts.sessions.expire)
        await nursery.start(parts.parking.run)
        yield Whole(supervisor=supervisor, people=everybody, parts=parts, settings=settings, nursery=nursery)
        nursery.cancel_scope.cancel()
