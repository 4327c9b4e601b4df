"""One legacy client's session: what it said of itself, what runs for it, and the stream that belongs to no call."""

from __future__ import annotations

import secrets
import time
from typing import Literal, Protocol

import attrs

from argus_trio.core.access.principal import ANONYMOUS, Principal
from argus_trio.core.call.abilities import NONE, Abilities, Audience
from argus_trio.core.call.exchange import ClientTransport
from argus_trio.core.memory import Memory
from argus_trio.errors import ClientCannotAnswer, InvalidRequest
from argus_trio.frontend.sessions.client_requests import ClientRequests, SendMessage
from argus_trio.frontend.sessions.hello import Hello
from argus_trio.frontend.sessions.streams import Streams
from argus_trio.frontend.sessions.subscriptions import SubscriptionQuota
from argus_trio.wire.envelope import Params, encode_notification
from argus_trio.wire.revisions import LEGACY_REVISIONS

SessionEnd = Literal["client", "idle", "room", "reload", "expired", "operator", "stop"]
"""Why a session ended: its client said so or is gone, was away too long, or another one needed the room; a reload took
away what it belongs to, its credential ended, an operator closed it, or the gateway stopped."""


class Cancellable(Protocol):
    """A call in flight, as far as a session is concerned."""

    def cancel(self) -> None: ...


class StandaloneStream(Protocol):
    """The stream of a session for what belongs to no call."""

    async def notify(self, message: bytes) -> None:
        """Send an encoded message; stored in bounds, or dropped, while nothing carries the stream."""

    async def route(self) -> SendMessage | None:
        """How to send a message that is sure to go out; None if that cannot be said within a bound."""

    def offer(self, key: str, event: bytes) -> None:
        """Have `event` sent once, however often it is offered under `key` until then. Must not block."""

    def close(self) -> None:
        """End the stream after what waits. Must not block."""

    def end(self) -> None:
        """End the stream at once: the session is over. Must not block."""


@attrs.define(eq=False, repr=False, kw_only=True)
class Session:
    """The `ClientSession` of a legacy client. Call ids are raw JSON, as the client wrote them."""

    id: str
    standalone: StandaloneStream
    principal: Principal = ANONYMOUS
    """Whose it is, as its last request said; the name never changes."""
    endpoint: str = ""
    """The view whose endpoint it began at, and belongs to; empty for the one that shows all."""
    revision: str = LEGACY_REVISIONS[0]
    capabilities: Params = attrs.field(factory=dict)
    abilities: Abilities = NONE
    log_level: str | None = None
    """What the client asked for by `logging/setLevel`."""
    transport: ClientTransport = "streamable-http"
    """What carries its messages."""
    client: str = ""
    client_info: bytes = b""
    """What its client says of itself, as raw JSON."""
    address: str = ""
    """Where its client called from when it began; its network, where that is one of IPv6."""
    last_used: float = 0.0
    calls: dict[bytes, Cancellable] = attrs.field(factory=dict)
    client_requests: ClientRequests = attrs.field(factory=ClientRequests)
    memory: Memory = attrs.field(factory=Memory)
    """Where what is kept for it is accounted."""
    opened: float = attrs.field(factory=time.monotonic, init=False)
    """When it began; see `EndedSession`."""
    handle: str = attrs.field(factory=lambda: secrets.token_hex(8), init=False)
    """What it is called by those who look on and manage: made of nothing that its client sends."""
    quota: SubscriptionQuota = attrs.field(init=False)
    is_over: bool = attrs.field(default=False, init=False)
    ended_by: SessionEnd = attrs.field(default="client", init=False)
    """Who ended it, once it is over."""
    _is_closing: bool = attrs.field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self.quota = SubscriptionQuota(self.memory)

    @property
    def audience(self) -> Audience:
        """Its client, as far as it depends on it what it is shown."""
        return Audience(abilities=self.abilities, principal=self.principal, endpoint=self.endpoint)

    def is_used_by(self, principal: Principal, endpoint: str) -> bool:
        """Whether it belongs to whoever asks, of whom it then knows what this request says. Else it is as unknown."""
        if principal.name != self.principal.name or endpoint != self.endpoint:
            return False
        self.principal = principal
        return True

    def settle(self, hello: Hello) -> None:
        """Take over what the client says at `initialize`."""
        self.revision = hello.revision
        self.capabilities = hello.capabilities
        self.abilities = hello.abilities
        self.client = hello.client
        self.client_info = hello.client_info

    async def notify(self, method: str, params: Params) -> None:
        """Send a notification on the standalone stream; stored, in bounds, while nothing carries it."""
        await self.standalone.notify(encode_notification(method, params))

    async def ask(self, method: str, params: Params) -> bytes:
        """Send a request on the standalone stream and wait for its answer: the raw JSON of the result.

        Raises:
            ClientCannotAnswer: the client did not declare it, or its stream does not open in time.
            ClientRefused: the client answered with an error.
        """
        self.require(method, params)
        return await self.client_requests.ask(self.standalone.route, method, params)

    def require(self, method: str, params: Params) -> None:
        """See that the client declared that it can be asked this.

        Raises:
            ClientCannotAnswer: it did not.
        """
        if not self.abilities.permits(method, params):
            raise ClientCannotAnswer(method, "it did not declare that it can answer")

    def begin(self, message_id: bytes, call: Cancellable) -> None:
        """Enter a call.

        Raises:
            InvalidRequest: a call with this id is in flight; ids must not be used twice (2025-11-25, Requests).
        """
        if message_id in self.calls:
            raise InvalidRequest(f"the id {message_id.decode()} is in use by a call in flight")
        self.calls[message_id] = call

    def finish(self, message_id: bytes) -> None:
        """Take out a call that has ended."""
        del self.calls[message_id]
        if self._is_closing and not self.calls:
            self.standalone.close()

    def cancel(self, message_id: bytes) -> bool:
        """Cancel the call with this id; False if none is in flight under it."""
        call = self.calls.get(message_id)
        if call is None:
            return False
        call.cancel()
        return True

    @property
    def is_attended(self) -> bool:
        """Whether its client is there, or is expected to answer."""
        return True

    def offer(self, key: str, event: bytes) -> None:
        """Have `event` sent once on the standalone stream."""
        self.standalone.offer(key, event)

    def spare(self, wanted: int) -> None:
        """Nothing of the session itself can go; see `MemoryHolder`."""

    def close(self) -> None:
        """End the standalone stream as soon as no call is in flight that may ask on it: the gateway stops."""
        self._is_closing = True
        if not self.calls:
            self.standalone.close()

    def end(self) -> None:
        """End the session: cancel every call and every request to the client, and end the streams."""
        self.is_over = True
        for call in self.calls.values():
            call.cancel()
        self.client_requests.end()
        self.standalone.end()
        self.quota.clear()


@attrs.define(eq=False, repr=False, kw_only=True)
class HttpSession(Session):
    """A session on `/mcp`, whose streams can be resumed."""

    streams: Streams
    size: int = 0
    """The bytes that it holds before it is used."""
    is_used: bool = False
    """Whether its client has asked for anything since `initialize`."""
    posts: int = 0
    """How many of its client's POSTs wait for an answer."""

    @property
    def is_attended(self) -> bool:
        """Whether its client is there, or is expected to answer."""
        return bool(self.posts or self.streams.is_busy or self.client_requests)

    @property
    def is_busy(self) -> bool:
        """Whether something is under way that must not end for another's sake; its client may have lost its POST."""
        return bool(self.calls) or self.is_attended
